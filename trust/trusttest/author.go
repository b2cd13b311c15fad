// Package trusttest has authors with real ed25519 keys, and a forger who lies
// about them in every way that we could think of.
package trusttest

import (
	"crypto/ed25519"
	"crypto/sha256"
	"slices"
	"strconv"

	"github.com/martinelli-lang/martinelli/algebra/causal"
)

// Author is one author's chain in one space.
type Author struct {
	causal.Chain
	Key    causal.Key
	Parts  []*causal.Part
	Hashes []causal.Hash
	secret ed25519.PrivateKey
}

// NewAuthor returns an author who wrote so many parts into a space. The name
// decides the key.
func NewAuthor(name string, space causal.SpaceID, parts int) *Author {
	a := &Author{secret: SecretOf(name)}
	a.Key = causal.Key{Public: [32]byte(a.secret.Public().(ed25519.PublicKey)), Incarnation: 1}
	a.Chain = causal.Chain{Space: space, Replica: a.Key.ID()}
	for seq := range uint64(parts) {
		a.write(&causal.Part{Space: space, Replica: a.Replica, Seq: seq + 1, Stamp: causal.StampAt(1_700_000_000*causal.Second) + causal.Stamp(seq),
			Entries: []causal.Entry{{Database: "tags", Value: "by " + name + " " + strconv.FormatUint(seq, 10)}}})
	}
	return a
}

// AuthorOf returns an author who wrote the given parts, a whole chain.
func AuthorOf(name string, parts []*causal.Part) *Author {
	a := NewAuthor(name, parts[0].Space, 0)
	for _, p := range parts {
		a.write(p)
	}
	return a
}

// SecretOf returns the key pair of a name.
func SecretOf(name string) ed25519.PrivateKey {
	seed := sha256.Sum256([]byte(name))
	return ed25519.NewKeyFromSeed(seed[:])
}

func (a *Author) write(p *causal.Part) {
	var h causal.Hasher
	var prev causal.Hash
	if n := len(a.Hashes); n > 0 {
		prev = a.Hashes[n-1]
	}
	a.Parts, a.Hashes = append(a.Parts, p), append(a.Hashes, h.Chain(prev, p))
}

// Sign signs that a chain has a hash at a part, whosoever chain it is.
func (a *Author) Sign(c causal.Chain, head causal.Head) causal.Signature {
	return causal.Signature(ed25519.Sign(a.secret, causal.SealStatement(c, head)))
}

// Parcel returns the parts from first to last under the author's seal.
func (a *Author) Parcel(first, last uint64) causal.Parcel {
	p := causal.Parcel{
		Parts: slices.Clone(a.Parts[first-1 : last]),
		Seal:  causal.Seal{Seq: last, Signature: a.Sign(a.Chain, causal.Head{Seq: last, Hash: a.Hashes[last-1]})},
	}
	if first == 1 {
		key := a.Key
		p.Key = &key
	}
	return p
}
