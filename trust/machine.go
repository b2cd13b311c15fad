package trust

import (
	"cmp"

	"github.com/martinelli-lang/martinelli/algebra/causal"
)

// Source is the replica as this machine sees it.
type Source interface {
	// Tip returns how far a chain is applied.
	Tip(causal.Chain) causal.Head
	// HashOf returns the chain hash at a part that is applied or waits; false if
	// it is not to be had.
	HashOf(causal.Ref) (causal.Hash, bool)
	// Part returns a part that is applied or waits, or nil.
	Part(causal.Ref) *causal.Part
	// SealOver returns the first good seal known that is over the seq-th part of
	// a chain or over one behind it.
	SealOver(c causal.Chain, seq uint64) (causal.Seal, bool)
	// Forked returns the first seq that a chain's author is proven to have
	// written twice; false if it is not.
	Forked(causal.Chain) (first uint64, ok bool)
}

// Config is what a Machine is made of. Zero bounds take the defaults.
type Config struct {
	Source Source
	Own    []causal.ReplicaID // under whose names this node writes

	// Bounds of the parcels that wait for those before them or for a verdict.
	// Beyond them the peer that holds most loses what is not with the host, and
	// repair brings it again.
	HeldMax     int // 16,384 parcels
	HeldSizeMax int // 64 MiB
}

func (c Config) withDefaults() Config {
	c.HeldMax = cmp.Or(c.HeldMax, 16384)
	c.HeldSizeMax = cmp.Or(c.HeldSizeMax, 64<<20)
	return c
}

// SignRequest asks the host for an author's signature.
type SignRequest struct {
	ID        uint64
	Author    causal.ReplicaID
	Statement []byte
}

// Signed answers a SignRequest.
type Signed struct {
	ID        uint64
	Signature causal.Signature
}

// VerifyRequest asks the host whether a signature over the statement is by the
// owner of the public key.
type VerifyRequest struct {
	ID        uint64
	Public    [32]byte
	Statement []byte
	Signature causal.Signature
}

// Verified answers a VerifyRequest.
type Verified struct {
	ID     uint64
	IsGood bool
}

// Accepted is a parcel whose seal is good, and who sent it.
type Accepted struct {
	From causal.ReplicaID
	causal.Vouched
}

// Sealed says that an own chain bears a seal from now on.
type Sealed struct {
	Chain causal.Chain
	causal.Seal
}

// Doubt says that a peer sent parts whose seal does not fit what this node has
// of the chain. Either the peer forges, or the author has forked and peer and
// node are on different branches: an exchange of vectors with the peer tells.
type Doubt struct {
	From  causal.ReplicaID
	Chain causal.Chain
}

// Output is what a Drain hands out.
type Output struct {
	Sign       []SignRequest
	Verify     []VerifyRequest
	Accepted   []Accepted
	Sealed     []Sealed
	Settled    []causal.ReplicaID // peers of whose parcels none is with the host any more, or can go there before others come
	Doubts     []Doubt
	Forks      []Fork             // proven, and not known to the Source before; also those of own chains
	Liars      []causal.ReplicaID // peers to hang up on: they sent many bad seals
	Clones     []causal.Chain     // somebody else writes this node's own chain, with a good seal
	Statements []Signed           // answers to Sign
	Verdicts   []Verified         // answers to Verify
}

// Stats counts since the start.
type Stats struct {
	Signed    uint64 // seals made
	Verified  uint64 // seals found good
	Contended uint64 // branches of which a peer has another than this node
	Forks     uint64 // proofs made of these
	Refused   uint64 // seals found bad
	Unknown   uint64 // seals of an author whose key is not known
	Stale     uint64 // parcels that have nothing new
	Dropped   uint64 // parcels beyond a bound
	Held      int    // parcels that wait now
	HeldSize  int
}

// Machine is who may speak for each chain.
type Machine struct {
	cfg   Config
	keys  map[causal.ReplicaID]causal.Key
	gates map[causal.Chain]*gate // of chains under way
	pens  map[causal.Chain]*pen  // of own chains

	hasher    causal.Hasher
	lastID    uint64
	contended map[causal.Chain]bool       // chains of which a branch is with the host; at most evidenceMax
	strikes   map[causal.ReplicaID]strike // by peer; at most strikersMax

	asked  map[uint64]question // with the host
	peers  map[causal.ReplicaID]*peer
	swept  int // gates that the last sweep left
	signs  map[uint64]*signing
	asides map[uint64]bool // statements with the host that are no seals
	stats  Stats
	out    Output
}

// New returns a machine that knows nobody but those told with Learn.
func New(cfg Config) *Machine {
	return &Machine{
		cfg:       cfg.withDefaults(),
		keys:      map[causal.ReplicaID]causal.Key{},
		gates:     map[causal.Chain]*gate{},
		pens:      map[causal.Chain]*pen{},
		asked:     map[uint64]question{},
		contended: map[causal.Chain]bool{},
		strikes:   map[causal.ReplicaID]strike{},
		peers:     map[causal.ReplicaID]*peer{},
		signs:     map[uint64]*signing{},
		asides:    map[uint64]bool{},
	}
}

// Learn tells the machine the key of an author of whom something is applied.
func (m *Machine) Learn(k causal.Key) { m.keys[k.ID()] = k }

// Key returns the key of an author; false if nothing of theirs is applied.
func (m *Machine) Key(author causal.ReplicaID) (causal.Key, bool) {
	k, ok := m.keys[author]
	return k, ok
}

// Drain hands out what has gathered since the last Drain.
func (m *Machine) Drain() Output {
	out := m.out
	m.out = Output{}
	return out
}

// Stats returns the counts since the start.
func (m *Machine) Stats() Stats { return m.stats }

func (m *Machine) nextID() uint64 {
	m.lastID++
	return m.lastID
}

func (m *Machine) isOwn(author causal.ReplicaID) bool {
	for _, own := range m.cfg.Own {
		if own == author {
			return true
		}
	}
	return false
}
