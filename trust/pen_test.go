package trust_test

import (
	"math/rand/v2"
	"testing"

	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/trust"
)

// grow tells the machine of the parts from first to last, each of a size.
func (w *world) grow(c *chain, first, last uint64, size int) {
	for seq := first; seq <= last; seq++ {
		w.Grew(c.Chain, c.head(seq), size)
	}
	w.Seal([]causal.Chain{c.Chain})
	w.heed()
}

// sign answers the i-th open request.
func (w *world) signOne(c *chain, i int) {
	q := w.toSign[i]
	w.toSign = append(w.toSign[:i:i], w.toSign[i+1:]...)
	w.Signed([]trust.Signed{{ID: q.ID, Signature: sign(c.key.Public, q.Statement)}})
	w.heed()
}

// checkSealed holds the seals made so far to what an author may seal.
func (w *world) checkSealed(c *chain, last uint64) {
	w.t.Helper()
	var before uint64
	for _, s := range w.sealed {
		if s.Chain != c.Chain || s.Seal != c.sealAt(s.Seq) {
			w.t.Fatalf("the seal over part %d is bad", s.Seq)
		}
		if s.Seq <= before || s.Seq-before > causal.ParcelPartsMax {
			w.t.Fatalf("a seal over part %d behind one over %d", s.Seq, before)
		}
		before = s.Seq
	}
	if before != last {
		w.t.Errorf("sealed up to part %d, want %d", before, last)
	}
}

// TestSealsShareARequest: while a seal is made the chain grows, and the next
// one is over all that came.
func TestSealsShareARequest(t *testing.T) {
	w := newWorld(t, trust.Config{})
	c := w.chain(1, 0, 100)
	w.grow(c, 1, 1, 50)
	w.grow(c, 2, 60, 50)
	w.grow(c, 61, 99, 50)
	if len(w.toSign) != 1 {
		t.Fatalf("%d signatures are asked for", len(w.toSign))
	}
	w.signOne(c, 0)
	w.checkSealed(c, 1)
	if len(w.toSign) != 1 {
		t.Fatalf("%d signatures are asked for", len(w.toSign))
	}
	w.signOne(c, 0)
	w.checkSealed(c, 99)
	if len(w.toSign) != 0 || w.Stats().Signed != 2 {
		t.Errorf("%d signatures are asked for, %+v", len(w.toSign), w.Stats())
	}
}

// TestStretches: what is minted at once is sealed in stretches that fit into a
// parcel, by parts and by size.
func TestStretches(t *testing.T) {
	for _, c := range []struct {
		parts uint64
		size  int
		seals int
	}{
		{512, 10, 1}, {513, 10, 2}, {1024, 10, 2}, {1500, 10, 3},
		{10, causal.ParcelSizeMax, 10}, {10, causal.ParcelSizeMax / 4, 3}, {9, causal.ParcelSizeMax/4 - 1, 2},
	} {
		w := newWorld(t, trust.Config{})
		own := w.chain(1, 0, int(c.parts))
		w.grow(own, 1, c.parts, c.size)
		if len(w.toSign) != c.seals {
			t.Errorf("%d parts of %d bytes: %d seals, want %d", c.parts, c.size, len(w.toSign), c.seals)
		}
		for len(w.toSign) > 0 {
			w.signOne(own, 0)
		}
		w.checkSealed(own, c.parts)
	}
}

// TestSealsComeInOrder: the answers come in any order, the seals in that of
// the chain, each once.
func TestSealsComeInOrder(t *testing.T) {
	for seed := range uint64(50) {
		rnd := rand.New(rand.NewPCG(seed, 1))
		w := newWorld(t, trust.Config{})
		c := w.chain(1, 0, 4000)
		var grown uint64
		for grown < 4000 || len(w.toSign) > 0 {
			if rnd.IntN(2) == 0 && grown < 4000 {
				more := min(4000-grown, rnd.Uint64N(900))
				w.grow(c, grown+1, grown+more, 100)
				grown += more
			} else if n := len(w.toSign); n > 0 {
				w.signOne(c, rnd.IntN(n))
			}
		}
		w.Signed([]trust.Signed{{ID: 1}}) // again
		w.heed()
		w.checkSealed(c, 4000)
	}
}

// TestEachChainHasItsPen: one chain's seal keeps no other waiting.
func TestEachChainHasItsPen(t *testing.T) {
	w := newWorld(t, trust.Config{})
	a, b := w.chain(1, 0, 9), w.chain(1, 1, 9)
	w.grow(a, 1, 3, 50)
	w.grow(b, 1, 3, 50)
	if len(w.toSign) != 2 || w.toSign[0].Author != a.Replica {
		t.Errorf("%+v", w.toSign)
	}
}
