package replica_test

import (
	"maps"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/replica"
)

// lateAfter is how long the replicas of these tests wait.
const lateAfter = 10

// rule is what a replica is to have applied, told naively.
type rule struct {
	came    map[causal.Ref]*causal.Part
	since   map[causal.Ref]causal.Instant
	overdue map[causal.Ref]bool
	applied map[causal.Ref]bool
}

func newRule() *rule {
	return &rule{map[causal.Ref]*causal.Part{}, map[causal.Ref]causal.Instant{}, map[causal.Ref]bool{}, map[causal.Ref]bool{}}
}

// receive takes a part in.
func (m *rule) receive(now causal.Instant, p *causal.Part) {
	if m.came[p.Ref()] == nil {
		m.came[p.Ref()], m.since[p.Ref()] = p, now
	}
	m.settle()
}

// searched makes overdue what has waited long enough.
func (m *rule) searched(now, begun causal.Instant) {
	for ref, since := range m.since {
		if !m.applied[ref] && since+lateAfter <= now && since <= begun {
			m.overdue[ref] = true
		}
	}
	m.settle()
}

// settle applies all that can be: parts that need nothing outside, where the
// references of overdue parts into other spaces count only once all they need
// of their own is applied.
func (m *rule) settle() {
	for {
		set := m.closed()
		if len(set) == len(m.applied) {
			return
		}
		m.applied = set
	}
}

func (m *rule) closed() map[causal.Ref]bool {
	set := map[causal.Ref]bool{}
	for ref := range m.came {
		set[ref] = true
	}
	for isShrinking := true; isShrinking; {
		isShrinking = false
		for ref, p := range m.came {
			if set[ref] && !m.applied[ref] && !m.isMet(p, set) {
				delete(set, ref)
				isShrinking = true
			}
		}
	}
	return set
}

func (m *rule) isMet(p *causal.Part, set map[causal.Ref]bool) bool {
	isFree := m.overdue[p.Ref()]
	for _, need := range needs(p) {
		if need.Space == p.Space && !m.applied[need] {
			isFree = false
		}
	}
	return isFree || !slices.ContainsFunc(needs(p), func(need causal.Ref) bool { return !set[need] })
}

// TestLateParts compares a replica with the rule after every step of random
// histories in which parts come in any order, some never, and neighbours have
// been asked or not.
func TestLateParts(t *testing.T) {
	late := uint64(0)
	for seed := range uint64(1500) {
		rnd := rand.New(rand.NewPCG(seed, 9))
		parts := tangle(rnd)
		rnd.Shuffle(len(parts), func(i, j int) { parts[i], parts[j] = parts[j], parts[i] })
		r, m := replica.New(replica.Config{LateAfter: lateAfter}), newRule()
		now := causal.Instant(1)
		for _, p := range parts {
			now += causal.Instant(rnd.IntN(4))
			r.Receive(now, vouch(p))
			m.receive(now, p)
			check(t, seed, r, m)
			if rnd.IntN(4) == 0 {
				begun := now - causal.Instant(rnd.IntN(lateAfter))
				r.Wake(now)
				r.Searched(begun)
				m.searched(now, begun)
				check(t, seed, r, m)
			}
		}
		late += r.Status().Late
	}
	if late < 100 {
		t.Errorf("only %d parts were late", late)
	}
}

// check compares, and looks at the groups: each says what it lacks, all of it
// and nothing else.
func check(t *testing.T, seed uint64, r *replica.Replica, m *rule) {
	t.Helper()
	if err := replica.CheckPending(r); err != nil {
		t.Fatalf("seed %d: %v", seed, err)
	}
	missing := 0
	for _, g := range r.Drain().Groups {
		missing += len(g.Missing)
	}
	for ref := range m.came {
		if got := r.Part(ref) != nil; got != m.applied[ref] {
			t.Fatalf("seed %d: %v: applied %v, want %v", seed, ref, got, m.applied[ref])
		}
	}
	want := map[causal.Ref]bool{}
	for ref, p := range m.came {
		for _, need := range needs(p) {
			if m.applied[ref] && !m.applied[need] {
				want[need] = true
			}
		}
	}
	if got := r.Missing(); !slices.Equal(got, slices.SortedFunc(maps.Keys(want), causal.Ref.Compare)) {
		t.Fatalf("seed %d: missing %v, want %v", seed, got, want)
	}
}

// TestLateSibling: of a commit in two spaces one part never comes. The other is
// shown alone, marked, and not before both the time has passed and everybody
// was asked. What comes then comes alone too.
func TestLateSibling(t *testing.T) {
	a, b := part(0, 1, 1), part(1, 1, 1)
	a.Siblings, b.Siblings = []causal.Ref{b.Ref()}, []causal.Ref{a.Ref()}
	r := replica.New(replica.Config{LateAfter: lateAfter})
	r.Receive(100, vouch(a))
	if at, ok := r.Deadline(); !ok || at != 110 {
		t.Errorf("the deadline is %d, want 110", at)
	}
	r.Wake(109)
	r.Searched(109)
	if r.Part(a.Ref()) != nil {
		t.Fatal("the part is shown before its time")
	}
	r.Wake(110)
	r.Searched(99)
	if since, ok := r.Due(); !ok || since != 100 || r.Part(a.Ref()) != nil {
		t.Fatalf("nobody was asked since it came; due since %d", since)
	}
	r.Searched(100)
	groups := r.Drain().Groups
	if len(groups) != 1 || !slices.Equal(groups[0].Missing, []causal.Ref{b.Ref()}) || !slices.Equal(r.Missing(), groups[0].Missing) {
		t.Fatalf("late: %+v", groups)
	}
	if _, ok := r.Due(); ok || r.Status().Late != 1 {
		t.Errorf("after it: %+v", r.Status())
	}
	r.Receive(200, vouch(b))
	if groups := r.Drain().Groups; len(groups) != 1 || len(groups[0].Parts) != 1 || len(groups[0].Missing) > 0 || len(r.Missing()) > 0 {
		t.Errorf("what was missing came: %+v", groups)
	}
}

// TestLateTogether: a commit in two spaces names a third's part that never
// comes. Its two parts are shown together all the same.
func TestLateTogether(t *testing.T) {
	a, b, gone := part(0, 1, 1), part(1, 1, 1), at(2, 2, 7)
	a.Siblings, b.Siblings = []causal.Ref{b.Ref()}, []causal.Ref{a.Ref()}
	a.Seen = []causal.Ref{gone}
	b.Seen = []causal.Ref{gone}
	r := replica.New(replica.Config{LateAfter: lateAfter})
	r.Receive(100, vouch(a))
	r.Receive(105, vouch(b))
	r.Wake(112)
	r.Searched(100) // b is not due yet, and needs what it lacks
	if r.Part(b.Ref()) != nil || r.Part(a.Ref()) == nil {
		t.Fatal("each part has its own time")
	}
	r = replica.New(replica.Config{LateAfter: lateAfter})
	r.Receive(100, vouch(a, b))
	r.Wake(110)
	r.Searched(100)
	if groups := r.Drain().Groups; len(groups) != 1 || len(groups[0].Parts) != 2 {
		t.Errorf("two parts of one commit came apart: %+v", groups)
	}
}

// TestOwnSpaceHasNoTimeLimit: a part whose own space lacks something waits for
// ever, and is then shown at once, though its sibling never comes.
func TestOwnSpaceHasNoTimeLimit(t *testing.T) {
	first, second, sibling := part(0, 1, 1), part(0, 1, 2), at(1, 1, 1)
	second.Siblings = []causal.Ref{sibling}
	r := replica.New(replica.Config{LateAfter: lateAfter})
	r.Receive(100, vouch(second))
	r.Wake(1 << 40)
	r.Searched(1 << 40)
	if r.Part(second.Ref()) != nil {
		t.Fatal("a part is shown without its predecessor")
	}
	if _, ok := r.Due(); ok {
		t.Error("it was searched for, and asks again")
	}
	r.Receive(1<<40+1, vouch(first))
	if r.Part(second.Ref()) == nil || r.Status().Late != 1 {
		t.Error("its time had passed, and it waits for its sibling")
	}
}
