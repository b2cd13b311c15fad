package replica

import (
	"slices"

	"github.com/martinelli-lang/martinelli/algebra/causal"
)

// Planted are mistakes on purpose, for tests that show that the judges of a
// history see a rule that is missing. All are false but in such tests; no flag
// of a program reaches them.
type Planted struct {
	SkipsSiblings    bool // a part does not wait for the rest of its commit
	SkipsSeen        bool // a part does not wait for what it names of its own space
	SkipsSeenAbroad  bool // a part does not wait for what it names of other spaces
	OmitsHeads       bool // a commit does not name the heads of the spaces it writes
	OmitsReads       bool // a commit does not name the heads of the spaces it read
	OmitsSession     bool // a commit does not name what its session had seen
	CountsWaiting    bool // a part that can't be applied yet is counted as applied
	RemovesUnseen    bool // a commit removes, with what it has seen, what its author will write next elsewhere
	SplitsGroups     bool // the parts of a commit become visible one by one
	AppliesTwice     bool // a group becomes visible twice
	IgnoresSessions  bool // every session is taken to be covered
	WaitsForever     bool // a part waits for what it names of other spaces without a limit
	JudgesOnce       bool // a verdict stays what it was when the part came
	AppliesEachApart bool // commits that need each other are not applied together
	HoldsAside       bool // a part whose stamp is ahead of the clock is kept out until its time
}

// ignores reports whether the part does not wait for something it names.
func (m *Planted) ignores(p *causal.Part, ref causal.Ref) bool {
	switch {
	case !m.SkipsSiblings && !m.SkipsSeen && !m.SkipsSeenAbroad:
		return false
	case slices.Contains(p.Siblings, ref):
		return m.SkipsSiblings
	case ref.Space == p.Space:
		return m.SkipsSeen
	}
	return m.SkipsSeenAbroad
}

// isSplit reports whether parts are to be applied together and are not of one commit.
func (m *Planted) isSplit(component []*waiting) bool {
	first := component[0].part
	return m.AppliesEachApart && slices.ContainsFunc(component[1:], func(w *waiting) bool {
		return !slices.Contains(first.Siblings, w.part.Ref())
	})
}

// isAside reports whether a part is kept out because its stamp lies ahead.
func (m *Planted) isAside(now causal.Instant, p *causal.Part) bool {
	return m.HoldsAside && p.Stamp > causal.StampAt(now+causal.AheadMax)
}

// removeUnseen lets a write remove an entry that does not exist yet.
func (w *Write) removeUnseen(s *space) {
	for _, c := range s.maximal {
		w.Removed = append(w.Removed, causal.EntryID{Dot: causal.Dot{Replica: c.id.Replica, Seq: c.head.Seq + 1}})
	}
}

// countWaiting counts a part as applied that is not.
func (c *chain) countWaiting(a piece) {
	c.head = causal.Head{Seq: a.part.Seq, Hash: a.hash}
	c.recent = queue[kept]{}
}
