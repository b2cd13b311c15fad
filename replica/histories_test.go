package replica_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strconv"
	"testing"

	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/replica"
)

// These are the histories of docs/histories.md that a replica can tell by
// itself. Each is played under the rule it led to, and again without it: then
// it must break.

// orders yields the parts in every order.
func orders(parts []*causal.Part, yield func([]*causal.Part)) {
	var place func(n int)
	place = func(n int) {
		if n == len(parts) {
			yield(parts)
			return
		}
		for i := n; i < len(parts); i++ {
			parts[n], parts[i] = parts[i], parts[n]
			place(n + 1)
			parts[n], parts[i] = parts[i], parts[n]
		}
	}
	place(0)
}

// TestHistory1EveryOrderOneVerdict: ann lets bob write, bob writes, ann takes
// it back beside him, and he writes on. In all 120 orders of arrival every
// receiver comes to one verdict; none is stuck.
func TestHistory1EveryOrderOneVerdict(t *testing.T) {
	c := newCourt(rand.New(rand.NewPCG(1, 1)))
	c.commit(steward, replica.Write{Space: space(0), Entries: []causal.Entry{
		causal.EntryOf(&causal.Registration{Replica: author(anns), User: "ann"}),
		causal.EntryOf(&causal.Registration{Replica: author(bobs), User: "bob"}),
	}})
	c.meetAll()
	grant := &causal.Grant{User: "bob", Scopes: []causal.Scope{{Database: "d", Prefix: "b"}}}
	c.commit(anns, replica.Write{Space: space(0), Entries: []causal.Entry{causal.EntryOf(grant)}})
	c.meetAll()
	allowed := replica.Write{Space: space(0), Entries: []causal.Entry{{Database: "d", Key: "b1", Value: "1"}}, Grants: c.grants}
	c.commit(bobs, allowed)
	c.commit(anns, replica.Write{Space: space(0), Entries: []causal.Entry{causal.EntryOf(&causal.Cut{Grant: c.grants[0]})}})
	c.commit(bobs, allowed)

	want := map[causal.Ref]replica.Reason{at(0, bobs, 1): replica.VoidGrant, at(0, bobs, 2): replica.VoidGrant}
	for _, isOnce := range []bool{false, true} {
		outcomes, stuck, played := map[string]bool{}, 0, 0
		orders(c.parts, func(parts []*causal.Part) {
			cfg := lawful()
			cfg.Planted.JudgesOnce = isOnce
			r := replica.New(cfg)
			v := verdict{void: map[causal.Ref]replica.Reason{}, view: map[causal.EntryID]bool{}}
			for _, p := range parts {
				r.Receive(0, c.vouched(p))
				v.note(t, r.Drain())
			}
			played++
			stuck += r.Status().Pending
			outcomes[fmt.Sprint(text(r))] = true
			if !isOnce && !maps.Equal(v.void, want) {
				t.Fatalf("order %d: void %v, want %v", played, v.void, want)
			}
		})
		if played != 120 || stuck > 0 || len(outcomes) == 1 == isOnce {
			t.Errorf("judged once %v: %d outcomes of %d orders, %d parts stuck", isOnce, len(outcomes), played, stuck)
		}
	}
}

// TestHistory2InManyHistories: in random histories one author's parts in one
// space never come. No replica waits for ever; without the rule most do.
func TestHistory2InManyHistories(t *testing.T) {
	frozen := map[bool]int{}
	for seed := range seeds(150) {
		rnd := rand.New(rand.NewPCG(seed, 17))
		h := record(rnd, 3, 2+rnd.IntN(2), 40)
		parts := slices.DeleteFunc(h.shuffled(rnd), func(p *causal.Part) bool { return p.Space == space(0) && p.Replica == author(0) })
		for _, waits := range []bool{false, true} {
			r := replica.New(replica.Config{LateAfter: lateAfter, Planted: replica.Planted{WaitsForever: waits}})
			r.Receive(1, h.voucher.Vouch(parts...))
			r.Wake(1 + lateAfter)
			r.Searched(1 + lateAfter)
			if isFrozen(r, parts) {
				frozen[waits]++
			}
		}
	}
	if frozen[false] > 0 || frozen[true] == 0 {
		t.Errorf("%d histories freeze a replica, %d where parts wait for ever", frozen[false], frozen[true])
	}
	t.Logf("without the rule %d of %d histories freeze a replica", frozen[true], seeds(150))
}

// isFrozen reports whether a part waits that has all it needs of its own space.
func isFrozen(r *replica.Replica, parts []*causal.Part) bool {
	return slices.ContainsFunc(parts, func(p *causal.Part) bool {
		return r.Part(p.Ref()) == nil && !slices.ContainsFunc(needs(p), func(ref causal.Ref) bool {
			return ref.Space == p.Space && r.Head(ref.Space, ref.Replica).Seq < ref.Seq
		}) && !slices.ContainsFunc(p.Removed, func(id causal.EntryID) bool {
			return r.Head(p.Space, id.Replica).Seq < id.Seq
		})
	})
}

// TestHistory12NumberedCrosswise: two handlers of one author run side by side,
// and their commits are numbered c1 = X1, Y2 and c2 = X2, Y1. Neither can come
// before the other, so both come together, in every order of arrival.
func TestHistory12NumberedCrosswise(t *testing.T) {
	const x, y = 0, 1
	c1 := []*causal.Part{part(x, 1, 1), part(y, 1, 2)}
	c2 := []*causal.Part{part(x, 1, 2), part(y, 1, 1)}
	for _, c := range [][]*causal.Part{c1, c2} {
		c[0].Siblings, c[1].Siblings = []causal.Ref{c[1].Ref()}, []causal.Ref{c[0].Ref()}
	}
	for _, isApart := range []bool{false, true} {
		orders(append(slices.Clone(c1), c2...), func(parts []*causal.Part) {
			r := replica.New(replica.Config{Planted: replica.Planted{AppliesEachApart: isApart}})
			for i, p := range parts {
				r.Receive(0, vouch(p))
				groups := r.Drain().Groups
				if isWhole := i == 3 && !isApart; len(groups) > 0 != isWhole || isWhole && len(groups[0].Parts) != 4 {
					t.Fatalf("apart %v: after %d parts %d groups are shown", isApart, i+1, len(groups))
				}
			}
		})
	}
}

// TestHistory12OneStep: an author numbers all parts of a commit in one step,
// so that its commits stand in one order in every space.
func TestHistory12OneStep(t *testing.T) {
	r := replica.New(replica.Config{})
	for i := range uint64(20) {
		first, second := int(i%2), 1-int(i%2)
		g := r.Commit(replica.Draft{Author: author(1), Writes: []replica.Write{adding(first, strconv.Itoa(int(i))), adding(second, strconv.Itoa(int(i)))}})
		if g.Parts[0].Seq != i+1 || g.Parts[1].Seq != i+1 {
			t.Fatalf("commit %d is %v and %v", i+1, g.Parts[0].Ref(), g.Parts[1].Ref())
		}
	}
}
