package native

import (
	"crypto/rand"
	"crypto/subtle"
	"crypto/x509"
	"encoding/base32"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/crypto/blake2b"
)

// A token admits one node, once. It carries the fingerprint of the cluster's
// authority, so that the joiner knows the right server before it sends a word,
// and a secret, of which the steward keeps only the hash.
//
//	mt + base32(fingerprint of the authority's certificate, 16 bytes; secret, 16 bytes)
type token struct {
	authority fingerprint
	secret    [16]byte
}

// fingerprint names an authority by the front of the hash of its certificate.
type fingerprint [16]byte

func fingerprintOf(c *x509.Certificate) fingerprint {
	sum := blake2b.Sum256(c.Raw)
	return fingerprint(sum[:16])
}

func (f fingerprint) String() string { return hex.EncodeToString(f[:]) }

const tokenPrefix = "mt"

var tokenEncoding = base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding)

func (t token) String() string {
	return tokenPrefix + tokenEncoding.EncodeToString(append(t.authority[:], t.secret[:]...))
}

// parseToken reads what String wrote.
func parseToken(s string) (token, error) {
	body, ok := strings.CutPrefix(strings.TrimSpace(s), tokenPrefix)
	raw, err := tokenEncoding.DecodeString(body)
	if !ok || err != nil || len(raw) != 32 {
		return token{}, errors.New("this is not a join token; get one at the first node with: martinelli token --dir DIR")
	}
	return token{fingerprint(raw[:16]), [16]byte(raw[16:])}, nil
}

func (t token) hash() string {
	sum := blake2b.Sum256(t.secret[:])
	return hex.EncodeToString(sum[:])
}

// Bounds of tokens.
const (
	TokenTTL  = 24 * time.Hour // how long a token is good for when nothing else is said
	TokensMax = 1024           // that are kept; spent and expired ones are forgotten first
)

// tokens are the tokens a steward gave out, kept in a file.
type tokens struct {
	files files
	now   func() time.Time

	mu   sync.Mutex
	list []tokenRecord
}

// tokenRecord is one token: what it admits, and whom it admitted.
type tokenRecord struct {
	Hash    string    `json:"hash"` // of the secret
	Expires time.Time `json:"expires"`
	User    string    `json:"user,omitempty"`    // whose node it admits; "" for anybody's
	UsedBy  string    `json:"used_by,omitempty"` // the public key it admitted, as hexadecimal digits
}

const tokensFile = "tokens.json"

func loadTokens(f files, now func() time.Time) (*tokens, error) {
	t := &tokens{files: f, now: now}
	data, err := f.read(tokensFile)
	if errors.Is(err, fs.ErrNotExist) {
		return t, nil
	}
	if err == nil {
		err = json.Unmarshal(data, &t.list)
	}
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", tokensFile, err)
	}
	return t, nil
}

// mint makes a token that is good for ttl, for a node of a user or "" for any. It is durable when mint returns.
func (t *tokens) mint(authority fingerprint, user string, ttl time.Duration) (token, error) {
	k := token{authority: authority}
	rand.Read(k.secret[:])
	t.mu.Lock()
	defer t.mu.Unlock()
	list := t.forgetting(TokensMax - 1)
	if len(list) >= TokensMax {
		return token{}, fmt.Errorf("%d tokens are waiting to be used; use one, or wait until some expire", TokensMax)
	}
	list = append(list, tokenRecord{Hash: k.hash(), Expires: t.now().Add(ttl), User: user})
	return k, t.save(list)
}

// forgetting returns the list without expired tokens, and without the oldest
// spent ones while it is longer than most.
func (t *tokens) forgetting(most int) []tokenRecord {
	now := t.now()
	list := slices.DeleteFunc(slices.Clone(t.list), func(r tokenRecord) bool { return now.After(r.Expires) && r.UsedBy == "" })
	spent := max(0, len(list)-most)
	return slices.DeleteFunc(list, func(r tokenRecord) bool {
		if r.UsedBy == "" || spent == 0 {
			return false
		}
		spent--
		return true
	})
}

// spend uses a token for the node with the given public key. The key that used
// it may use it again: its answer may have been lost on the way. It is durably
// spent when spend returns, with the user whose node it admits. The error is a sentence for both sides.
func (t *tokens) spend(secret [16]byte, key []byte) (user string, err error) {
	hash, who := token{secret: secret}.hash(), hex.EncodeToString(key)
	t.mu.Lock()
	defer t.mu.Unlock()
	i := slices.IndexFunc(t.list, func(r tokenRecord) bool {
		return subtle.ConstantTimeCompare([]byte(r.Hash), []byte(hash)) == 1
	})
	switch {
	case i < 0:
		return "", errors.New("this cluster never gave out that token, or it expired long ago; ask for a new one with: martinelli token")
	case t.list[i].UsedBy == who:
		return t.list[i].User, nil
	case t.list[i].UsedBy != "":
		return "", errors.New("that token was used already; each admits one node. Ask for a new one with: martinelli token")
	case t.now().After(t.list[i].Expires):
		return "", errors.New("that token has expired; ask for a new one with: martinelli token")
	}
	list := slices.Clone(t.list)
	list[i].UsedBy = who
	return t.list[i].User, t.save(list)
}

// spendOfUser is spend of a token that admits a node of a user. Another is left
// as it is.
func (t *tokens) spendOfUser(secret [16]byte, key []byte) (user string, err error) {
	hash := token{secret: secret}.hash()
	t.mu.Lock()
	isAnybodys := slices.ContainsFunc(t.list, func(r tokenRecord) bool { return r.Hash == hash && r.User == "" })
	t.mu.Unlock()
	if isAnybodys {
		return "", errors.New("that token admits a server, and not a user's page; ask for one with: martinelli token --user NAME")
	}
	return t.spend(secret, key)
}

// forgetUser makes the tokens of a user worth nothing.
func (t *tokens) forgetUser(user string) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	list := slices.DeleteFunc(slices.Clone(t.list), func(r tokenRecord) bool { return r.User == user })
	if len(list) == len(t.list) {
		return nil
	}
	return t.save(list)
}

// save makes list the tokens, durably. The caller holds mu.
func (t *tokens) save(list []tokenRecord) error {
	data, err := json.MarshalIndent(list, "", "\t")
	if err == nil {
		err = t.files.write(tokensFile, data)
	}
	if err != nil {
		return fmt.Errorf("keep the tokens: %w", err)
	}
	t.list = list
	return nil
}
