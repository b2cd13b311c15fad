package replica_test

import (
	"math/rand/v2"
	"testing"

	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/replica"
)

// TestHistory5CauseInASpaceNotHeld: a commit in X is seen by one in W, and that
// by one in Z. Who holds X and Z does not show the last without the first.
func TestHistory5CauseInASpaceNotHeld(t *testing.T) {
	const x, w, z = 0, 1, 2
	h := &history{held: []uint{1 << x, 1<<x | 1<<w, 1<<w | 1<<z, 1<<x | 1<<z}}
	one := replica.New(h.config(h.held[0]))
	first := one.Commit(replica.Draft{Author: author(1), Writes: []replica.Write{adding(x, "c1")}}).Parts[0]
	two := replica.New(h.config(h.held[1]))
	two.Receive(0, vouch(first))
	second := two.Commit(replica.Draft{Author: author(2), Reads: []causal.SpaceID{space(x)}, Writes: []replica.Write{adding(w, "c2")}}).Parts[0]
	three := replica.New(h.config(h.held[2]))
	three.Receive(0, vouch(second))
	third := three.Commit(replica.Draft{Author: author(3), Reads: []causal.SpaceID{space(w)}, Writes: []replica.Write{adding(z, "c3")}}).Parts[0]

	reader := replica.New(h.config(h.held[3]))
	reader.Receive(0, vouch(third))
	if len(reader.Drain().Groups) > 0 {
		t.Fatal("c3 is shown without c1")
	}
	reader.Receive(0, vouch(first))
	if groups := reader.Drain().Groups; len(groups) != 2 {
		t.Errorf("%d groups became visible", len(groups))
	}
}

// TestHistory5InManyHistories is promise 2 among replicas that each hold other
// spaces: what a replica shows lacks no cause that lies in a space it holds,
// though it came about through spaces it does not.
func TestHistory5InManyHistories(t *testing.T) {
	for seed := range uint64(400) {
		rnd := rand.New(rand.NewPCG(seed, 11))
		spaces := 2 + rnd.IntN(3)
		held := make([]uint, 2+rnd.IntN(3))
		for i := range held {
			held[i] = 1 + uint(rnd.IntN(1<<spaces-1))
		}
		h := record(rnd, len(held), spaces, 80, held...)
		for _, mine := range held {
			cfg := h.config(mine)
			r := replica.New(cfg)
			a := auditor{t, h, map[int]bool{}, false, cfg.Holds}
			for _, p := range h.shuffled(rnd) {
				r.Receive(0, h.voucher.Vouch(p))
				a.watch(r.Drain().Groups)
			}
			for n := range h.commits {
				if a.held(n) > 0 && !a.visible[n] {
					t.Fatalf("seed %d: commit %d never became visible", seed, n)
				}
			}
		}
	}
}

// TestOutsideIsBounded: a space whose parts have named two thousand chains of
// another needs no more of it than its heads.
func TestOutsideIsBounded(t *testing.T) {
	h := &history{held: []uint{1, 3}}
	r := replica.New(h.config(3))
	var token replica.Session
	for i := range 2000 {
		r.Receive(0, vouch(&causal.Part{Space: space(0), Replica: causal.ReplicaID{1, byte(i >> 8), byte(i)}, Seq: 1, Seen: r.Heads(space(0))}))
		r.Commit(replica.Draft{Author: author(1), Reads: []causal.SpaceID{space(0)}, Writes: []replica.Write{adding(1, "seen")}})
		token = r.Advance(token, space(1))
		if len(token) > 20 {
			t.Fatalf("after %d chains a token has %d references", i+1, len(token))
		}
	}
	r.Flush()
	if n := len(r.Needs(space(1))); n > 20 {
		t.Errorf("the space names %d parts of the other", n)
	}
}

// TestImpliedIsBounded: a chain forgets what it has named when that is too much.
func TestImpliedIsBounded(t *testing.T) {
	if n, boundary := replica.Implying(1<<17 + 1000); n != boundary {
		t.Errorf("a chain remembers %d names, its bound is %d", n, boundary)
	}
}
