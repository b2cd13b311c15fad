package replica_test

import (
	"math/rand/v2"
	"testing"

	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/replica"
)

// TestClosedSets draws parts that name each other across spaces at random,
// far wilder than authors do, and compares the replica after every arrival
// with the rule itself: applied is the largest set of received parts that
// names nothing outside, and no group could have been two.
func TestClosedSets(t *testing.T) {
	for seed := range uint64(800) {
		rnd := rand.New(rand.NewPCG(seed, 4))
		parts := tangle(rnd)
		r := replica.New(replica.Config{})
		came := map[causal.Ref]*causal.Part{}
		for _, i := range rnd.Perm(len(parts)) {
			came[parts[i].Ref()] = parts[i]
			before := applied(r, came)
			r.Receive(0, vouch(parts[i]))
			for _, g := range r.Drain().Groups {
				checkMinimal(t, seed, g, before)
				for _, p := range g.Parts {
					before[p.Ref()] = true
				}
			}
			if err := replica.CheckPending(r); err != nil {
				t.Fatalf("seed %d: %v", seed, err)
			}
			closed := largestClosed(came)
			for ref := range came {
				if want := closed[ref]; r.Part(ref) != nil != want {
					t.Fatalf("seed %d: after %d parts %v: applied %v, want %v", seed, len(came), ref, !want, want)
				}
			}
		}
		if st := r.Status(); st.Dropped != 0 || int(st.Applied)+st.Pending != len(parts) {
			t.Fatalf("seed %d: %+v", seed, st)
		}
	}
}

// tangle returns chains of a few authors in a few spaces, with references
// between the spaces in all directions.
func tangle(rnd *rand.Rand) []*causal.Part {
	var parts []*causal.Part
	for n := range 3 {
		for by := range 2 {
			for seq := range uint64(rnd.IntN(4)) {
				parts = append(parts, part(n, by, seq+1))
			}
		}
	}
	for _, p := range parts {
		for range rnd.IntN(3) {
			o := parts[rnd.IntN(len(parts))]
			if o.Space != p.Space {
				p.Siblings = append(p.Siblings, o.Ref())
			}
		}
		if rnd.IntN(20) == 0 {
			p.Seen = append(p.Seen, at((rnd.IntN(3)), 5, 1)) // never comes
		}
	}
	return parts
}

func needs(p *causal.Part) []causal.Ref {
	refs := append(append([]causal.Ref(nil), p.Seen...), p.Siblings...)
	if p.Seq > 1 {
		refs = append(refs, p.Chain().At(p.Seq-1))
	}
	return refs
}

func applied(r *replica.Replica, came map[causal.Ref]*causal.Part) map[causal.Ref]bool {
	set := map[causal.Ref]bool{}
	for ref := range came {
		set[ref] = r.Part(ref) != nil
	}
	return set
}

// largestClosed takes away what names something outside until nothing does.
func largestClosed(came map[causal.Ref]*causal.Part) map[causal.Ref]bool {
	set := map[causal.Ref]bool{}
	for ref := range came {
		set[ref] = true
	}
	for isShrinking := true; isShrinking; {
		isShrinking = false
		for ref, p := range came {
			for _, need := range needs(p) {
				if set[ref] && !set[need] {
					set[ref], isShrinking = false, true
				}
			}
		}
	}
	return set
}

// checkMinimal follows the needs from each part of a group: the whole group is
// reached from every one, or it should have been several.
func checkMinimal(t *testing.T, seed uint64, g replica.Group, applied map[causal.Ref]bool) {
	t.Helper()
	byRef := map[causal.Ref]*causal.Part{}
	for _, p := range g.Parts {
		byRef[p.Ref()] = p
	}
	for _, p := range g.Parts {
		reached := map[causal.Ref]bool{p.Ref(): true}
		queue := []*causal.Part{p}
		for len(queue) > 0 {
			for _, need := range needs(queue[0]) {
				switch next := byRef[need]; {
				case next == nil && !applied[need]:
					t.Fatalf("seed %d: a group needs %v, which is not applied", seed, need)
				case next != nil && !reached[need]:
					reached[need] = true
					queue = append(queue, next)
				}
			}
			queue = queue[1:]
		}
		if len(reached) != len(g.Parts) {
			t.Fatalf("seed %d: %d parts became visible together, though %d could alone", seed, len(g.Parts), len(reached))
		}
	}
}

// TestTangleInASmallCache lets parts of such tangles fall out again and again:
// the counts stay right, and what is applied is closed.
func TestTangleInASmallCache(t *testing.T) {
	for seed := range uint64(300) {
		rnd := rand.New(rand.NewPCG(seed, 6))
		parts := tangle(rnd)
		r := replica.New(replica.Config{PendingMax: 1 + rnd.IntN(3), PendingBytesMax: 1000 + rnd.IntN(3000)})
		came := map[causal.Ref]*causal.Part{}
		for _, p := range parts {
			came[p.Ref()] = p
		}
		for range 8 * len(parts) {
			r.Receive(0, vouch(parts[rnd.IntN(len(parts))], parts[rnd.IntN(len(parts))]))
			if err := replica.CheckPending(r); err != nil {
				t.Fatalf("seed %d: %v", seed, err)
			}
		}
		set := applied(r, came)
		for ref, isApplied := range set {
			for _, need := range needs(came[ref]) {
				if isApplied && !set[need] {
					t.Fatalf("seed %d: %v is applied without %v", seed, ref, need)
				}
			}
		}
	}
}
