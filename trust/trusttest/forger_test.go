package trusttest_test

import (
	"crypto/ed25519"
	"math/rand/v2"
	"testing"

	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/replica"
	"github.com/martinelli-lang/martinelli/trust/trusttest"
)

// TestEveryLieIsOne: no frame of the forger's is the truth and news, or a test
// that counts what was applied would blame the wrong one.
func TestEveryLieIsOne(t *testing.T) {
	space := causal.SpaceOf("test", "s")
	f := &trusttest.Forger{
		Rnd: rand.New(rand.NewPCG(1, 1)), Known: map[causal.Chain]uint64{},
		Authors: []*trusttest.Author{trusttest.NewAuthor("erin", space, 60), trusttest.NewAuthor("finn", space, 60)},
		Others:  []causal.Key{trusttest.NewAuthor("vera", space, 0).Key},
		Spaces:  []causal.SpaceID{causal.SpaceOf("test", "void")},
		Secret:  trusttest.NewAuthor("mallory", space, 0),
	}
	for _, a := range f.Authors {
		f.Known[a.Chain] = 20
	}
	for range 3000 {
		lie := f.Next()
		parcels, err := replica.DecodeFrame(lie.Frame)
		if err != nil {
			continue
		}
		for _, p := range parcels {
			for _, a := range f.Authors {
				if p.Chain() == a.Chain && p.Last() > f.Known[a.Chain] && isTrue(a, &p) {
					t.Fatalf("%s: parts %d to %d are as their author sealed them", lie.Kind, p.First(), p.Last())
				}
			}
		}
	}
}

func isTrue(a *trusttest.Author, p *causal.Parcel) bool {
	if p.Last() > uint64(len(a.Parts)) {
		return false
	}
	var h causal.Hasher
	var at causal.Head
	if p.First() > 1 {
		at.Hash = a.Hashes[p.First()-2]
	}
	for _, part := range p.Parts {
		at = causal.Head{Seq: part.Seq, Hash: h.Chain(at.Hash, part)}
	}
	return ed25519.Verify(a.Key.Public[:], causal.SealStatement(a.Chain, at), p.Seal.Signature[:])
}
