package crdt

import (
	"github.com/martinelli-lang/martinelli/algebra/causal"
)

// Entry is a live fact with the stamp of the commit that wrote it.
type Entry struct {
	causal.Entry
	Stamp causal.Stamp
}

// Live is an entry with its id.
type Live struct {
	ID causal.EntryID
	Entry
}

// Item returns the entry as the cell of its key takes it.
func (l Live) Item() Item { return Item{l.ID, l.Stamp, l.Value} }

// State is what a space holds: which parts have been seen, and the entries of
// theirs that nobody has removed. It joins without knowing any type.
//
// There are no tombstones. That a part was seen and its entry is not here
// means that the entry was removed; so of two states the join keeps what both
// have, and what one has whose dot the other has not seen. The same rule read
// backwards says why a context must never be joined before its entries come:
// what is missing would count as removed.
//
// P. S. Almeida et al., "Delta State Replicated Data Types", JPDC 2018,
// section 7 (dotted causal containers); the decomposition is that of V. Enes
// et al., ICDE 2019, with one piece per dot.
type State struct {
	// Context names the parts seen, for each replica all from the first on.
	Context causal.Vector

	// Cloud names further parts seen, apart from the others. Only deltas have
	// one; what connects to Context is moved there, so that equal states are
	// equal in form. Nil when empty.
	Cloud map[causal.Dot]struct{}

	// Entries are live, and each one's dot is in Context or Cloud.
	Entries map[causal.EntryID]Entry
}

// NewState returns the bottom: nothing seen, nothing held.
func NewState() *State {
	return &State{Context: causal.Vector{}, Entries: map[causal.EntryID]Entry{}}
}

// Apply adds what part p says: its entries, and then its removals. It returns
// what was live and is no longer, in the order of p.Removed; an entry that
// someone else removed before is not among them, nor is one that p itself both
// added and removed. O(part).
//
// The part must be the next one of its author, and the parts whose entries it
// removes must have been applied: replica's apply rule sees to both. A part
// out of order is a bug and panics.
func (s *State) Apply(p *causal.Part) (removed []Live) {
	if p.Seq != s.Context[p.Replica]+1 {
		panic("crdt: a part is applied only after its predecessor")
	}
	s.Context[p.Replica] = p.Seq
	for i, e := range p.Entries {
		s.Entries[p.EntryID(i)] = Entry{e, p.Stamp}
	}
	for _, id := range p.Removed {
		e, isLive := s.Entries[id]
		delete(s.Entries, id)
		if isLive && id.Dot != p.Dot() {
			removed = append(removed, Live{id, e})
		}
	}
	return removed
}
