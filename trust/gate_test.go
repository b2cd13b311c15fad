package trust_test

import (
	"math/rand/v2"
	"testing"

	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/trust"
)

func TestInOrder(t *testing.T) {
	w := newWorld(t, trust.Config{})
	c := w.chain(1, 0, 9)
	for seq := uint64(1); seq <= 9; seq += 3 {
		w.receive(7, c.parcel(seq, seq+2))
		w.expect(c, seq-1) // not before the host has spoken
		w.answerAll()
		w.expect(c, seq+2)
	}
	w.expectEmpty()
	if w.settled[idOf(7)] != 3 {
		t.Errorf("settled %d times", w.settled[idOf(7)])
	}
}

// TestGapWaits: what comes early waits for what is before it, and is not
// counted among what the host owes.
func TestGapWaits(t *testing.T) {
	w := newWorld(t, trust.Config{})
	c := w.chain(1, 0, 9)
	w.receive(7, c.parcel(7, 9))
	w.receive(7, c.parcel(4, 6))
	if len(w.asked) != 0 || w.settled[idOf(7)] != 2 {
		t.Errorf("%d are asked about, settled %d times", len(w.asked), w.settled[idOf(7)])
	}
	w.receive(7, c.parcel(1, 3))
	w.answerAll()
	w.expect(c, 9)
	w.expectEmpty()
}

// TestAgainIsFree: what came before is neither kept nor asked about, nor is
// what is contained in it.
func TestAgainIsFree(t *testing.T) {
	w := newWorld(t, trust.Config{})
	c := w.chain(1, 0, 9)
	w.receive(7, c.parcel(1, 6))
	w.answerAll()
	w.receive(7, c.parcel(1, 6), c.parcel(2, 4), c.badly(1, 5))
	w.receive(8, c.parcel(1, 3))
	if len(w.asked) != 0 || w.Stats().Stale != 4 || w.settled[idOf(8)] != 1 {
		t.Errorf("%d are asked about, %+v", len(w.asked), w.Stats())
	}
	w.receive(8, c.parcel(4, 8)) // overlaps
	w.answerAll()
	w.expect(c, 8)
	if w.parts != 8 {
		t.Errorf("%d parts were handed out", w.parts)
	}
}

// TestBundle: parcels that come while the host works share a verdict.
func TestBundle(t *testing.T) {
	w := newWorld(t, trust.Config{})
	c := w.chain(1, 0, 1200)
	for seq := uint64(1); seq <= 240; seq++ {
		w.receive(7, c.parcel(5*seq-4, 5*seq))
	}
	w.answer(1, nil)
	w.expect(c, 5)
	if len(w.asked) != 3 {
		t.Errorf("%d seals are asked about for 1,195 parts in 239 parcels", len(w.asked))
	}
	w.answerAll()
	w.expect(c, 1200)
	w.expectEmpty()
}

// TestBadSealInBundle: of parcels that were judged together the good ones
// before the bad one are taken, though the bundle's verdict was bad.
func TestBadSealInBundle(t *testing.T) {
	w := newWorld(t, trust.Config{})
	c := w.chain(1, 0, 12)
	w.receive(7, c.parcel(1, 2))
	w.receive(7, c.parcel(3, 4), c.parcel(5, 6), c.badly(7, 8))
	w.answerAll()
	w.expect(c, 6)
	if len(w.doubts) != 1 || w.doubts[0] != (trust.Doubt{From: idOf(7), Chain: c.Chain}) {
		t.Errorf("doubts: %v", w.doubts)
	}
	w.receive(7, c.parcel(7, 8))
	w.answerAll()
	w.expect(c, 8)
	w.expectEmpty()
}

// TestBadSealBeforeGood: a seal that stands for others in a bundle is good for
// them all, so a bad one among them is never looked at; but nobody is handed it.
func TestBadSealBeforeGood(t *testing.T) {
	w := newWorld(t, trust.Config{})
	c := w.chain(1, 0, 12)
	w.receive(7, c.parcel(1, 2))
	w.receive(7, c.parcel(3, 4), c.badly(5, 6), c.parcel(7, 8))
	w.answerAll()
	w.expect(c, 8) // check has compared every seal handed out
	w.expectEmpty()
}

// TestForgerDelaysNobody: while one peer forges the next parts of a chain
// again and again, what another sends is taken.
func TestForgerDelaysNobody(t *testing.T) {
	w := newWorld(t, trust.Config{})
	c := w.chain(1, 0, 400)
	const forger, honest = 66, 7
	for seq := uint64(1); seq <= 390; seq += 3 {
		for range 5 {
			w.receive(forger, c.badly(max(1, seq-1), seq+1), c.badly(seq, seq), c.badly(seq+1, seq+8))
		}
		w.receive(honest, c.parcel(seq, seq+2))
		w.answer(8, nil)
	}
	w.answerAll()
	w.expect(c, 390)
	w.expectEmpty()
	for _, d := range w.doubts {
		if d.From != idOf(forger) {
			t.Fatalf("the honest one is doubted: %v", d)
		}
	}
}

// TestUnknownKey: nobody can vouch for an author whose key is not here.
func TestUnknownKey(t *testing.T) {
	w := newWorld(t, trust.Config{})
	c := w.chain(1, 0, 4)
	p := c.parcel(1, 2)
	p.Key = nil // no frame can say so
	w.receive(7, p)
	other := keyOf(2)
	p.Key = &other // nor so
	w.receive(7, p)
	if len(w.asked) != 0 || w.Stats().Unknown != 2 || len(w.doubts) != 2 {
		t.Errorf("%d are asked about, %+v", len(w.asked), w.Stats())
	}
	w.expectEmpty()
	w.receive(7, c.parcel(1, 2), c.parcel(3, 4))
	w.answerAll()
	w.expect(c, 4)
}

// TestKeyIsKnownBeforeItIsApplied: a chain goes on at the gate while its first
// part waits at the replica; a chain that fell there brings its key again.
func TestKeyIsKnownBeforeItIsApplied(t *testing.T) {
	w := newWorld(t, trust.Config{})
	w.isSlow = true
	c := w.chain(1, 0, 9)
	w.receive(7, c.parcel(1, 3))
	w.answerAll()
	w.receive(7, c.parcel(4, 6))
	w.answerAll()
	if len(w.waiting) != 2 {
		t.Fatalf("%d parcels were handed out", len(w.waiting))
	}
	if _, known := w.Key(c.Replica); known {
		t.Error("a key is kept of which nothing is applied")
	}
	w.waiting = nil
	w.Forget(c.Chain)
	w.isSlow = false
	w.receive(7, c.parcel(7, 9), c.parcel(1, 6))
	w.answerAll()
	w.expect(c, 9)
	w.expectEmpty()
}

// TestForgetUnderWay: the replica lets parts fall while those behind them are
// with the host. All of them may come again.
func TestForgetUnderWay(t *testing.T) {
	w := newWorld(t, trust.Config{})
	c := w.chain(1, 0, 9)
	w.isSlow = true
	w.receive(7, c.parcel(1, 3))
	w.answerAll()
	w.receive(7, c.parcel(4, 6))
	w.waiting = nil
	w.Forget(c.Chain)
	w.answerAll() // good, but the replica can't use them yet
	w.waiting, w.isSlow = nil, false
	w.receive(7, c.parcel(1, 9))
	w.answerAll()
	w.expect(c, 9)
	w.expectEmpty()
}

// TestNeverAnswered: a request that the host loses holds up its chain, and no other.
func TestNeverAnswered(t *testing.T) {
	w := newWorld(t, trust.Config{})
	lost, other := w.chain(1, 0, 4), w.chain(1, 1, 4)
	w.receive(7, lost.parcel(1, 2))
	w.asked = nil
	w.receive(7, other.parcel(1, 4), lost.parcel(3, 4))
	w.receive(8, lost.parcel(1, 4))
	w.answerAll()
	w.expect(other, 4)
	w.expect(lost, 0)
	w.Verified([]trust.Verified{{ID: 12345, IsGood: true}}) // nobody asked that
	w.heed()
	w.expect(lost, 0)
}

// TestBounds floods a machine with what can't connect: the one who floods
// loses it, what others sent stays, and a link that goes down leaves nothing.
func TestBounds(t *testing.T) {
	w := newWorld(t, trust.Config{HeldMax: 64, HeldSizeMax: 100_000})
	honest := w.chain(1, 0, 9)
	w.receive(7, honest.parcel(4, 6), honest.parcel(7, 9))
	for author := 100; author < 400; author++ {
		c := w.chain(author, 0, 6)
		w.receive(66, c.parcel(2, 3), c.parcel(5, 5))
		if st := w.Stats(); st.Held > 64 || st.HeldSize > 100_000 {
			t.Fatalf("%+v", st)
		}
	}
	if w.Stats().Dropped < 400 {
		t.Errorf("%+v", w.Stats())
	}
	w.receive(7, honest.parcel(1, 3))
	w.answerAll()
	w.expect(honest, 9)
	w.LinkDown(idOf(66))
	w.heed()
	w.expectEmpty()
	if w.Gates() != 0 {
		t.Errorf("%d gates are left", w.Gates())
	}
}

// TestLaneIsBounded: of what waits of one chain from one peer the first stay.
func TestLaneIsBounded(t *testing.T) {
	w := newWorld(t, trust.Config{})
	c := w.chain(1, 0, 1200)
	for seq := uint64(1200); seq > 1; seq -= 3 { // two of three, so that none follow each other
		w.receive(7, c.parcel(seq-1, seq))
	}
	if st := w.Stats(); st.Held != 256 || st.Dropped != 400-256 {
		t.Errorf("%+v", st)
	}
	for seq := uint64(1); seq <= 256; seq++ {
		w.receive(8, c.parcel(3*seq-2, 3*seq-2))
	}
	w.answerAll()
	w.expect(c, 3*256) // the two peers' parcels by turns
	w.expectEmpty()
}

// TestBurst: a peer that sends one part at a time, far faster than the host
// verifies, loses none, and its seals are looked at in passing.
func TestBurst(t *testing.T) {
	w := newWorld(t, trust.Config{})
	c := w.chain(1, 0, 20_000)
	for seq := uint64(1); seq <= 20_000; seq++ {
		w.receive(7, c.parcel(seq, seq))
		if seq%5000 == 0 {
			w.answer(1, nil)
		}
	}
	if st := w.Stats(); st.Dropped > 0 || st.Held > 2*256 {
		t.Errorf("%+v", st)
	}
	w.answerAll()
	w.expect(c, 20_000)
	w.expectEmpty()
	if asked := w.Stats().Verified; asked > 20_000/100 {
		t.Errorf("%d seals were looked at", asked)
	}
}

// TestLieInABurst: what a lie is condensed with is refused with it, and the
// truth is taken when it comes again.
func TestLieInABurst(t *testing.T) {
	w := newWorld(t, trust.Config{})
	c := w.chain(1, 0, 600)
	w.receive(7, c.parcel(1, 1))
	for seq := uint64(2); seq <= 600; seq++ {
		if seq == 300 || seq%64 == 1 {
			w.receive(7, c.badly(seq, seq))
		} else {
			w.receive(7, c.parcel(seq, seq))
		}
	}
	w.answerAll()
	w.receive(8, c.parcel(1, 500), c.parcel(501, 600))
	w.answerAll()
	w.expect(c, 600)
	w.expectEmpty()
}

// TestLinkDownUnderWay: what is with the host is judged all the same.
func TestLinkDownUnderWay(t *testing.T) {
	w := newWorld(t, trust.Config{})
	c := w.chain(1, 0, 9)
	w.receive(7, c.parcel(1, 3))
	w.receive(7, c.parcel(4, 6))
	w.LinkDown(idOf(7))
	w.answerAll()
	w.expect(c, 3)
	w.receive(7, c.parcel(4, 9))
	w.answerAll()
	w.expect(c, 9)
	w.expectEmpty()
}

// TestClone: nobody else goes on with this node's own chain, however good the
// seal is: that is evidence, not news.
func TestClone(t *testing.T) {
	w := newWorld(t, trust.Config{Own: []causal.ReplicaID{idOf(1)}})
	c := w.chain(1, 0, 9)
	w.Learn(c.key)
	w.applied[c.Chain] = c.head(5)
	w.receive(7, c.parcel(3, 5), c.badly(6, 7))
	w.answerAll()
	if len(w.clones) != 0 || len(w.doubts) != 1 {
		t.Errorf("clones %v, doubts %v", w.clones, w.doubts)
	}
	w.receive(7, c.parcel(4, 8))
	w.answerAll()
	if len(w.clones) != 1 || w.parts != 0 {
		t.Errorf("clones %v, %d parts", w.clones, w.parts)
	}
}

// TestAnyOrder is the law of the gate: whatever comes, from honest peers and
// from liars, in any order and any number of times, with answers in any order,
// with a replica that lets parts fall, and peers that come and go: only what its author
// sealed is handed out, in order; and once the honest ones have sent all,
// everything is there and nothing waits.
func TestAnyOrder(t *testing.T) {
	for seed := range uint64(400) {
		rnd := rand.New(rand.NewPCG(seed, 1))
		cfg := trust.Config{}
		if rnd.IntN(3) == 0 {
			cfg.HeldMax = 2 + rnd.IntN(20)
		}
		w := newWorld(t, cfg)
		var chains []*chain
		for i := range 1 + rnd.IntN(4) {
			chains = append(chains, w.chain(i/2, i, 1+rnd.IntN(40)))
		}
		for range 300 {
			w.step(rnd, chains)
		}
		for round := 0; !w.isWhole(); round++ {
			if round > 100 {
				t.Fatalf("seed %d: not all is there after %d rounds", seed, round)
			}
			for _, c := range chains { // as repair does
				if at := w.applied[c.Chain].Seq; at < uint64(len(c.parts)) {
					w.receive(rnd.IntN(3), c.parcel(at+1, uint64(len(c.parts))))
				}
			}
			w.answerAll()
		}
		w.answerAll()
		for i := range 6 {
			w.LinkDown(idOf(i))
		}
		w.heed()
		w.expectEmpty()
		if w.Gates() != 0 || w.Peers() != 0 {
			t.Errorf("seed %d: %d gates and %d peers are left", seed, w.Gates(), w.Peers())
		}
		if t.Failed() {
			t.Fatalf("seed %d", seed)
		}
	}
}

func (w *world) step(rnd *rand.Rand, chains []*chain) {
	c := chains[rnd.IntN(len(chains))]
	switch rnd.IntN(12) {
	case 0, 1, 2, 3: // peers 0 to 2 are honest
		w.receive(rnd.IntN(3), c.some(rnd), c.some(rnd))
	case 4, 5, 6: // 3 to 5 lie
		w.receive(3+rnd.IntN(3), mutate(rnd, chains), c.some(rnd), mutate(rnd, chains))
	case 7:
		w.LinkDown(idOf(rnd.IntN(6)))
		w.heed()
	case 8:
		w.Forget(c.Chain)
	default:
		w.answer(rnd.IntN(4), rnd)
	}
}

func (w *world) isWhole() bool {
	for _, c := range w.chains {
		if w.applied[c.Chain].Seq != uint64(len(c.parts)) {
			return false
		}
	}
	return true
}

// some returns a random parcel of the chain.
func (c *chain) some(rnd *rand.Rand) causal.Parcel {
	first := 1 + rnd.Uint64N(uint64(len(c.parts)))
	return c.parcel(first, first+rnd.Uint64N(min(9, uint64(len(c.parts))-first+1)))
}

// mutate returns a parcel that its author did not send, or one that he did.
func mutate(rnd *rand.Rand, chains []*chain) causal.Parcel {
	c, other := chains[rnd.IntN(len(chains))], chains[rnd.IntN(len(chains))]
	p := c.some(rnd)
	p.Parts = append([]*causal.Part(nil), p.Parts...)
	at := rnd.IntN(len(p.Parts))
	part := *p.Parts[at]
	switch rnd.IntN(8) {
	case 0:
		p.Seal.Signature[rnd.IntN(64)] ^= 1 << rnd.IntN(8)
	case 1:
		p.Seal.Signature = other.some(rnd).Seal.Signature
	case 2:
		part.Entries = []causal.Entry{{Database: "d", Key: "k", Value: "forged"}}
	case 3:
		part.Stamp++
	case 4:
		part.Removed = []causal.EntryID{part.EntryID(0)}
	case 5: // under another name
		for i, o := range p.Parts {
			renamed := *o
			renamed.Space, renamed.Replica = other.Space, other.Replica
			p.Parts[i] = &renamed
		}
		p.Key = &other.key
		return p
	case 6: // other parts under these numbers
		for i, o := range p.Parts {
			renumbered := *c.parts[rnd.IntN(len(c.parts))]
			renumbered.Seq = o.Seq
			p.Parts[i] = &renumbered
		}
		return p
	}
	p.Parts[at] = &part
	return p
}
