package replica

import (
	"slices"

	"github.com/martinelli-lang/martinelli/algebra/causal"
)

// Planted are mistakes on purpose, for tests that show that the judges of a
// history see a rule that is missing. All are false but in such tests; no flag
// of a program reaches them.
type Planted struct {
	SkipsSiblings   bool // a part does not wait for the rest of its commit
	SkipsSeen       bool // a part does not wait for what it names of its own space
	SkipsSeenAbroad bool // a part does not wait for what it names of other spaces
	OmitsHeads      bool // a commit does not name the heads of the spaces it writes
	OmitsReads      bool // a commit does not name the heads of the spaces it read
	OmitsSession    bool // a commit does not name what its session had seen
	CountsWaiting   bool // a part that can't be applied yet is counted as applied
	RemovesUnseen   bool // a commit removes, with what it has seen, what its author will write next elsewhere
	SplitsGroups    bool // the parts of a commit become visible one by one
	AppliesTwice    bool // a group becomes visible twice
	IgnoresSessions bool // every session is taken to be covered
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
