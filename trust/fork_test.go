package trust_test

import (
	"slices"
	"testing"

	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/trust"
)

// forkOf returns another chain of the same author: with the same parts up to
// common, and length of its own behind them.
func (w *world) forkOf(c *chain, common, length int) *chain {
	f := &chain{Chain: c.Chain, key: c.key}
	f.parts = append(f.parts, c.parts[:common]...)
	f.hashes = append(f.hashes, c.hashes[:common]...)
	var h causal.Hasher
	for i := range length {
		p := &causal.Part{Space: c.Space, Replica: c.Replica, Seq: uint64(common + i + 1), Stamp: causal.Stamp(i + 1000)}
		f.parts = append(f.parts, p)
		f.hashes = append(f.hashes, h.Chain(f.head(uint64(common+i)).Hash, p))
	}
	return f
}

// branch returns a chain's headers behind after, up to a seal over last.
func (c *chain) branch(after, last uint64) causal.Branch {
	var h causal.Hasher
	b := causal.Branch{Signature: c.sealAt(last).Signature}
	for _, p := range c.parts[after:last] {
		b.Headers = append(b.Headers, h.Header(p))
	}
	return b
}

// expectProof requires one proof, of a fork behind the given part, whose
// signatures are good.
func (w *world) expectProof(c *chain, before uint64) *trust.Fork {
	w.t.Helper()
	if len(w.forks) != 1 {
		w.t.Fatalf("%d proofs, want one", len(w.forks))
	}
	f := &w.forks[0]
	statements, ok := f.Statements(f.Space)
	if !ok || f.Space != c.Space || f.Replica() != c.Replica || f.Before != c.head(before) {
		w.t.Fatalf("the proof %+v is not of a fork behind part %d", f, before)
	}
	for i, s := range statements {
		if sign(c.key.Public, s) != f.Branches[i].Signature {
			w.t.Errorf("the signature of branch %d is not good", i)
		}
	}
	return f
}

// TestPushedBranch: a peer pushes parts that are here already, and are others.
func TestPushedBranch(t *testing.T) {
	for _, x := range []struct{ common, mine, theirs int }{{3, 2, 1}, {3, 1, 4}, {3, 2, 2}, {0, 1, 1}, {0, 5, 7}} {
		w := newWorld(t, trust.Config{})
		c := w.chain(1, 1, x.common+x.mine)
		w.receive(2, c.parcel(1, uint64(x.common+x.mine)))
		w.answerAll()
		f := w.forkOf(c, x.common, x.theirs)
		w.receive(3, f.parcel(uint64(x.common+1), uint64(x.common+x.theirs)))
		w.answerAll()
		w.expectProof(c, uint64(x.common))
		w.expect(c, uint64(x.common+x.mine))
		w.expectEmpty()
	}
}

// TestShownBranch: a peer answers with headers from before the fork on. What
// is not another branch, or has a bad seal, proves nothing.
func TestShownBranch(t *testing.T) {
	w := newWorld(t, trust.Config{})
	c := w.chain(1, 1, 9)
	w.receive(2, c.parcel(1, 9))
	w.answerAll()
	f := w.forkOf(c, 6, 3)
	bad := f.branch(4, 9)
	bad.Signature[3]++
	for _, b := range []causal.Branch{c.branch(4, 8), bad, {}} {
		w.Evidence(idOf(3), c.Chain, 4, b)
		w.heed()
		w.answerAll()
	}
	w.Evidence(idOf(3), c.Chain, 40, f.branch(4, 9))
	w.Evidence(idOf(3), causal.Chain{Space: c.Space, Replica: idOf(77)}, 0, f.branch(4, 9))
	w.heed()
	if len(w.forks) > 0 || len(w.asked) > 0 {
		t.Fatal("something proves a fork that is none")
	}
	w.Evidence(idOf(3), c.Chain, 4, f.branch(4, 9))
	w.Evidence(idOf(4), c.Chain, 4, f.branch(4, 9)) // at the same time
	w.heed()
	w.answerAll()
	proof := w.expectProof(c, 6)

	// Who stands on the other branch finds the very same proof.
	o := newWorld(t, trust.Config{})
	o.chains[c.Chain] = f
	o.receive(2, f.parcel(1, 9))
	o.answerAll()
	o.Evidence(idOf(3), c.Chain, 5, c.branch(5, 9))
	o.heed()
	o.answerAll()
	if theirs := o.expectProof(f, 6); causal.EntryOf(&theirs.Proof) != causal.EntryOf(&proof.Proof) {
		t.Error("two proofs of the same branches differ")
	}

	// Once it is known, nobody looks at it again, nor at parts behind it.
	w.forked[c.Chain] = 7
	w.Evidence(idOf(3), c.Chain, 4, f.branch(4, 9))
	w.receive(3, f.parcel(7, 9))
	if len(w.asked) > 0 {
		t.Error("a fork that is proven is looked at again")
	}
}

// TestProofInPart: a proof that stands in a part counts only if both of its
// signatures are good; and a part with two proofs holds none, so that a good
// one does not vouch for one that is forged.
func TestProofInPart(t *testing.T) {
	w := newWorld(t, trust.Config{})
	c := w.chain(1, 1, 9)
	w.receive(2, c.parcel(1, 9))
	w.answerAll()
	f := w.forkOf(c, 6, 3)
	good := causal.Proof{Key: c.key, Before: c.head(6), Branches: [2]causal.Branch{c.branch(6, 9), f.branch(6, 8)}}
	forged := good
	forged.Branches[1].Signature[0]++
	same := good
	same.Branches[1] = same.Branches[0]

	writer := w.chain(5, 1, 0)
	var h causal.Hasher
	for i, proofs := range [][]causal.Proof{{forged}, {good}, {same}, {good}, {good, forged}, {good, good}, {good}, {good}, {good}} {
		p := &causal.Part{Space: c.Space, Replica: writer.Replica, Seq: uint64(i + 1)}
		for j := range proofs {
			p.Entries = append(p.Entries, causal.EntryOf(&proofs[j]))
		}
		writer.parts = append(writer.parts, p)
		writer.hashes = append(writer.hashes, h.Chain(writer.head(uint64(i)).Hash, p))
	}
	w.receive(2, writer.parcel(1, 9))
	if len(w.asked) != 1+6*2 {
		t.Errorf("%d signatures are looked at, want the seal and those of six proofs", len(w.asked))
	}
	w.answerAll()
	w.expect(writer, 9)
	if want := []uint64{2, 4, 7, 8, 9}; !slices.Equal(w.proven, want) {
		t.Errorf("the proofs of the parts %v hold, want %v", w.proven, want)
	}
}

// TestBranchesAreBounded: of very many chains of which a peer has other
// branches so many are looked at at a time, and the others when they come again.
func TestBranchesAreBounded(t *testing.T) {
	w := newWorld(t, trust.Config{})
	var forks []*chain
	for i := range 300 {
		c := w.chain(100+i, 1, 2)
		w.receive(2, c.parcel(1, 2))
		w.answerAll()
		forks = append(forks, w.forkOf(c, 1, 1))
	}
	for range 2 {
		for _, f := range forks {
			w.receive(3, f.parcel(2, 2))
		}
		if len(w.asked) > 256 {
			t.Fatalf("%d branches are with the host", len(w.asked))
		}
		w.answerAll()
		for _, f := range w.forks {
			w.forked[causal.Chain{Space: f.Space, Replica: f.Replica()}] = 2
		}
	}
	if len(w.forks) != len(forks) {
		t.Errorf("%d of %d forks are proven", len(w.forks), len(forks))
	}
}

// TestOwnBranch: somebody else writes what this node has written otherwise.
func TestOwnBranch(t *testing.T) {
	w := newWorld(t, trust.Config{Own: []causal.ReplicaID{idOf(1)}})
	c := w.chain(1, 1, 5)
	w.Learn(c.key)
	w.applied[c.Chain] = c.head(5)
	f := w.forkOf(c, 3, 2)
	w.receive(2, f.parcel(4, 5))
	w.answerAll()
	w.expectProof(c, 3)
	if len(w.clones) != 1 {
		t.Error("the node is not told of its clone")
	}
}

// TestLiar: a peer that sends nothing but bad seals is to be hung up on; one
// that is on the other branch of a fork is not.
func TestLiar(t *testing.T) {
	for _, isForked := range []bool{false, true} {
		w := newWorld(t, trust.Config{})
		c := w.chain(1, 1, 3)
		w.receive(2, c.parcel(1, 1))
		w.answerAll()
		if isForked {
			w.forked[c.Chain] = 3
		}
		for i := range 1100 {
			w.receive(3, c.badly(2, 3))
			w.answerAll()
			if i%100 == 0 { // who dials again is no better
				w.LinkDown(idOf(3))
				w.heed()
			}
		}
		if got := len(w.liars); got != 1 && !isForked || got != 0 && isForked {
			t.Errorf("with a fork %v: %d times a liar", isForked, got)
		}
	}
}

// TestLiarsAreBounded: of more liars than are counted those with the fewest bad
// seals are forgotten, and the worst is found.
func TestLiarsAreBounded(t *testing.T) {
	w := newWorld(t, trust.Config{})
	c := w.chain(1, 1, 3)
	w.receive(2, c.parcel(1, 1))
	w.answerAll()
	lie := func(peer int) {
		w.receive(peer, c.badly(2, 3))
		w.answerAll()
		w.LinkDown(idOf(peer))
	}
	for i := range 1024 {
		lie(3)
		lie(100 + 2*i)
		lie(101 + 2*i)
		if w.Strikers() > 1024 {
			t.Fatalf("%d are counted", w.Strikers())
		}
	}
	if len(w.liars) != 1 || w.liars[0] != idOf(3) {
		t.Errorf("%d liars are found", len(w.liars))
	}
}
