package native

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/overlay/member"
	"github.com/martinelli-lang/martinelli/trust/admission"
)

// identity is who this node is: its key, its certificate, its cluster. All of
// it is in files, so a restart needs neither token nor steward.
type identity struct {
	files     files
	authority *authority
	key       ed25519.PrivateKey
	cert      tls.Certificate
	pass      admission.Pass // what it shows pages; without a block at a node that joined before there were any
	secret    string         // admits to the admin verbs; in a file only the owner can read

	mu     sync.Mutex
	record identityRecord
}

// identityRecord is what identityFile holds. It is written last when a node
// founds or joins a cluster: with it, all the other files are there.
type identityRecord struct {
	Incarnation uint64       `json:"incarnation"` // of the replica: another one after each --new-replica, and where its id was at its end
	Stored      bool         `json:"stored"`      // something was acknowledged under this identity: a store without it is not the one
	Steward     string       `json:"steward"`     // the replica id of the first node
	Peers       []peerRecord `json:"peers"`       // whom to dial after a restart
}

// peerRecord is where a member was last.
type peerRecord struct {
	ID   string `json:"id"`
	Name string `json:"name"`
	Role string `json:"role"`
	Addr string `json:"addr"`
}

const (
	identityFile = "identity.json"
)

// peersMax bounds how many members a node remembers the addresses of.
const peersMax = 256

// loadIdentity reads who this node is. Where nobody is there yet it joins a
// cluster, or founds one: founded is true then.
func loadIdentity(ctx context.Context, f files, cfg *Config) (id *identity, founded bool, err error) {
	id = &identity{files: f}
	data, err := f.read(identityFile)
	switch {
	case err == nil:
		err = json.Unmarshal(data, &id.record)
	case !errors.Is(err, fs.ErrNotExist):
	case restoredFrom(f, cfg) != nil:
		err = restoredFrom(f, cfg)
	case cfg.Join != "":
		err = id.join(ctx, cfg)
	default:
		founded, err = true, id.found(cfg)
	}
	if err != nil {
		return nil, false, err
	}
	if err := id.load(); err != nil {
		return nil, false, err
	}
	if cfg.NewReplica && !founded {
		err = id.renew(false) // nothing was stored under the new id
	}
	return id, founded, err
}

// found makes a new cluster: its authority, and this node as its steward.
func (id *identity) found(cfg *Config) error {
	key, err := id.nodeKey()
	if err != nil {
		return err
	}
	ca, err := newAuthority(id.files)
	if err != nil {
		return fmt.Errorf("make the cluster's authority: %w", err)
	}
	public := key.Public().(ed25519.PublicKey)
	cert, err := ca.sign(cfg.Name, "", public, true)
	if err != nil {
		return fmt.Errorf("sign this node's certificate: %w", err)
	}
	if err := writeCert(id.files, nodeCertFile, cert); err != nil {
		return err
	}
	return id.save(identityRecord{Incarnation: 1, Steward: causal.NewReplicaID(public, 1).String()})
}

// join asks the cluster's first node to admit this one.
func (id *identity) join(ctx context.Context, cfg *Config) error {
	if cfg.Token == "" {
		return fmt.Errorf("joining %s needs a token, once: get one there with `martinelli token --dir DIR` and pass it as --token", cfg.Join)
	}
	key, err := id.nodeKey()
	if err != nil {
		return err
	}
	a, err := askToJoin(ctx, cfg, key)
	if err != nil {
		return err
	}
	if err := writeCert(id.files, authorityCertFile, a.Authority); err != nil {
		return err
	}
	if err := writeCert(id.files, nodeCertFile, a.Certificate); err != nil {
		return err
	}
	if len(a.Pass) > 0 {
		if err := id.files.write(passFile, a.Pass); err != nil {
			return err
		}
	}
	steward := peerRecord{ID: a.Steward, Name: a.StewardName, Addr: cfg.Join}
	return id.save(identityRecord{Incarnation: 1, Steward: a.Steward, Peers: []peerRecord{steward}})
}

// nodeKey reads this node's key, or makes it: a join that was cut off goes on
// with the key it began with, so that its token is still good.
func (id *identity) nodeKey() (ed25519.PrivateKey, error) {
	key, err := readKey(id.files, nodeKeyFile)
	if !errors.Is(err, fs.ErrNotExist) {
		return key, err
	}
	if _, key, err = ed25519.GenerateKey(rand.Reader); err != nil {
		return nil, err
	}
	return key, writeKey(id.files, nodeKeyFile, key)
}

// load reads the files that stand beside the record.
func (id *identity) load() (err error) {
	if id.authority, err = loadAuthority(id.files); err != nil {
		return err
	}
	if id.key, err = readKey(id.files, nodeKeyFile); err != nil {
		return err
	}
	cert, err := readCert(id.files, nodeCertFile)
	if err != nil {
		return err
	}
	id.cert = tls.Certificate{
		Certificate: [][]byte{cert.Raw, id.authority.cert.Raw},
		PrivateKey:  id.key,
		Leaf:        cert,
	}
	if err := id.loadPass(); err != nil {
		return err
	}
	return id.loadSecret()
}

// renew takes another incarnation: a new replica id over the same data. It is
// one at random, for a copy of this directory may do the same.
func (id *identity) renew(isStored bool) error {
	if err := id.retireSelf(); err != nil {
		return err
	}
	former, err := loadFormer(id.files)
	if err != nil {
		return err
	}
	r := id.kept()
	r.Incarnation = former.nextIncarnation()
	r.Stored = isStored
	if id.isSteward() {
		r.Steward = causal.NewReplicaID(id.public(), r.Incarnation).String()
	}
	return id.save(r)
}

// isStored reports whether the store was ever written.
func (id *identity) isStored() bool {
	id.mu.Lock()
	defer id.mu.Unlock()
	return id.record.Stored
}

// kept returns the record as it stands: links and the disk goroutine change it.
func (id *identity) kept() identityRecord {
	id.mu.Lock()
	defer id.mu.Unlock()
	return id.record
}

// setStored notes, durably, that the store was written.
func (id *identity) setStored() error {
	id.mu.Lock()
	defer id.mu.Unlock()
	r := id.record
	r.Stored = true
	return id.save(r)
}

func (id *identity) save(r identityRecord) error {
	data, err := json.MarshalIndent(r, "", "\t")
	if err == nil {
		err = id.files.write(identityFile, data)
	}
	if err != nil {
		return fmt.Errorf("keep this node's identity: %w", err)
	}
	id.record = r
	return nil
}

func (id *identity) public() ed25519.PublicKey { return id.key.Public().(ed25519.PublicKey) }

// replicaKey returns the key of this node's replica.
func (id *identity) replicaKey() causal.Key {
	return causal.Key{Public: [32]byte(id.public()), Incarnation: id.kept().Incarnation}
}

// replica returns this node's replica id.
func (id *identity) replica() causal.ReplicaID {
	key := id.replicaKey()
	return key.ID()
}

// homeKey returns the key of the home partition's replica: the authority's,
// which is at the steward alone, so nobody else writes under it.
func (id *identity) homeKey() causal.Key {
	public, err := publicKey(id.authority.cert)
	if err != nil {
		panic("native: an authority's certificate without an ed25519 key was kept")
	}
	return causal.Key{Public: [32]byte(public), Incarnation: id.kept().Incarnation}
}

// signingKey returns the private key of one of this node's replica ids.
func (id *identity) signingKey(author causal.ReplicaID) ed25519.PrivateKey {
	if id.isSteward() {
		if home := id.homeKey(); home.ID() == author {
			return id.authority.key
		}
	}
	return id.key
}

// isSteward reports whether this is the cluster's first node, which has the authority's key.
func (id *identity) isSteward() bool { return id.authority.key != nil }

// cluster names the cluster.
func (id *identity) cluster() string { return fingerprintOf(id.authority.cert).String() }

// steward returns the replica id of the cluster's first node.
func (id *identity) steward() (causal.ReplicaID, error) {
	return causal.ParseReplicaID(id.kept().Steward)
}

// peers returns whom to dial first.
func (id *identity) peers() []member.Member {
	id.mu.Lock()
	defer id.mu.Unlock()
	var ms []member.Member
	for _, p := range id.record.Peers {
		r, err := causal.ParseReplicaID(p.ID)
		if err == nil && p.Addr != "" {
			ms = append(ms, member.Member{ID: r, Name: p.Name, Role: p.Role, Addr: p.Addr})
		}
	}
	return ms
}

// met remembers where a linked peer can be dialled after a restart, and the
// steward's id if it has a new one.
func (id *identity) met(m member.Member, isSteward bool) error {
	id.mu.Lock()
	defer id.mu.Unlock()
	r := id.record
	r.Peers = slices.DeleteFunc(slices.Clone(r.Peers), func(p peerRecord) bool {
		return p.ID == m.ID.String() || p.Addr == m.Addr
	})
	if m.Addr != "" && !isPage(m.Addr) && len(r.Peers) < peersMax {
		r.Peers = append(r.Peers, peerRecord{m.ID.String(), m.Name, m.Role, m.Addr})
	}
	if isSteward {
		r.Steward = m.ID.String()
	}
	slices.SortFunc(r.Peers, func(a, b peerRecord) int { return strings.Compare(a.ID, b.ID) })
	if r.Steward == id.record.Steward && slices.Equal(r.Peers, id.record.Peers) {
		return nil
	}
	return id.save(r)
}

// hostName is what a node is called when nothing else is said.
func hostName() string {
	name, err := os.Hostname()
	if err != nil {
		return "node"
	}
	return name
}

// tokenClock is the clock of tokens, which live too long for a monotonic one.
func tokenClock() time.Time { return time.Now() }
