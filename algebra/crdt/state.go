package crdt

import (
	"maps"

	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/algebra/order"
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
func (l Live) Item() Item { return Item{ID: l.ID, Stamp: l.Stamp, Value: l.Value} }

// State is what a space holds: which parts have been seen, and the entries of
// theirs that nobody has removed. It joins without knowing any type.
//
// There are no tombstones. That a part was seen and its entry is not here
// means that the entry was removed; so of two states the join keeps what both
// have, and what one has whose dot the other has not seen. The same rule read
// backwards says why a context must never be joined before its entries come:
// what is missing would count as removed.
//
// A dot says one indivisible thing, which entries of its part are live, and
// only ever says fewer; what different dots say is independent. So the pieces
// of a state are its dots, each with its live entries.
//
// P. S. Almeida et al., "Delta State Replicated Data Types", JPDC 2018,
// section 7 (causal contexts and dot stores); V. Enes et al., ICDE 2019,
// appendix B (decomposition of causal CRDTs), with a part where they have an
// element.
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

// Apply adds what part p says: its entries, and then its removals. It appends
// to removed what was live and is no longer, in the order of p.Removed; an
// entry that someone else removed before is not among them, nor is one that p
// itself both added and removed. O(part).
//
// The part must be the next one of its author, and the parts whose entries it
// removes must have been applied: replica's apply rule sees to both. A part
// out of order is a bug and panics.
func (s *State) Apply(p *causal.Part, removed []Live) []Live {
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

// Skip notes a part as seen without what it says: it is void. It must be the
// next one of its author.
func (s *State) Skip(d causal.Dot) {
	if d.Seq != s.Context[d.Replica]+1 {
		panic("crdt: a part is applied only after its predecessor")
	}
	s.Context[d.Replica] = d.Seq
}

// Seen reports whether d is in s's context.
func (s *State) Seen(d causal.Dot) bool {
	return s.Context.Contains(d) || s.inCloud(d)
}

// Join keeps the entries both have, and those one has whose dot the other has
// not seen. O(s + o); where o says nothing about dots that s has seen, as a
// delta of new parts does, O(o).
func (s *State) Join(o *State) (grew bool) {
	if s.overlaps(o) {
		grew = s.removeRemoved(o)
	}
	for id, e := range o.Entries {
		if !s.Seen(id.Dot) {
			s.Entries[id] = e
		}
	}
	return s.see(o) || grew
}

// overlaps reports whether both have seen a dot. O(o's context).
func (s *State) overlaps(o *State) bool {
	for r, n := range o.Context {
		if n > 0 && s.Seen(causal.Dot{Replica: r, Seq: 1}) {
			return true
		}
	}
	for d := range s.Cloud {
		if o.Context.Contains(d) {
			return true
		}
	}
	for d := range o.Cloud {
		if s.Seen(d) {
			return true
		}
	}
	return false
}

// removeRemoved takes out the entries whose dots o has seen and which o does
// not have.
func (s *State) removeRemoved(o *State) (removed bool) {
	for id := range s.Entries {
		if _, both := o.Entries[id]; !both && o.Seen(id.Dot) {
			delete(s.Entries, id)
			removed = true
		}
	}
	return removed
}

// see joins o's context into s's. It comes after the entries: until then s's
// context tells what s had not seen. O(o), and what becomes connected.
func (s *State) see(o *State) (grew bool) {
	for r, n := range o.Context {
		if was := s.Context[r]; n > was {
			s.Context[r] = n
			s.connect(r, was)
			grew = true
		}
	}
	for d := range o.Cloud {
		if !s.Seen(d) {
			s.addDot(d)
			grew = true
		}
	}
	return grew
}

// addDot notes that d was seen.
func (s *State) addDot(d causal.Dot) {
	was := s.Context[d.Replica]
	if d.Seq != was+1 {
		s.addCloud(d)
		return
	}
	s.Context[d.Replica] = d.Seq
	s.connect(d.Replica, was)
}

func (s *State) addCloud(d causal.Dot) {
	if s.Cloud == nil {
		s.Cloud = map[causal.Dot]struct{}{}
	}
	s.Cloud[d] = struct{}{}
}

// connect moves from the cloud to the vector what has become connected there
// as the vector's part of r grew from was: what it has passed, and what
// continues it. It looks at each dot once and never again, so that a state
// put together of n dots costs O(n) in whatever order they come.
func (s *State) connect(r causal.ReplicaID, was uint64) {
	if s.Cloud == nil {
		return
	}
	if passed := s.Context[r] - was; passed <= uint64(len(s.Cloud)) {
		for seq := was + 1; seq <= s.Context[r]; seq++ {
			delete(s.Cloud, causal.Dot{Replica: r, Seq: seq})
		}
	} else {
		maps.DeleteFunc(s.Cloud, func(d causal.Dot, _ struct{}) bool { return s.Context.Contains(d) })
	}
	for next := (causal.Dot{Replica: r, Seq: s.Context[r] + 1}); s.inCloud(next); next.Seq++ {
		s.Context[r] = next.Seq
		delete(s.Cloud, next)
	}
	if len(s.Cloud) == 0 {
		s.Cloud = nil
	}
}

func (s *State) inCloud(d causal.Dot) bool {
	_, in := s.Cloud[d]
	return in
}

// Leq reports whether o has seen all that s has, and has no entry that s has
// seen removed. O(s + o).
func (s *State) Leq(o *State) bool {
	if !s.contextLeq(o) {
		return false
	}
	for id := range o.Entries {
		if _, both := s.Entries[id]; !both && s.Seen(id.Dot) {
			return false
		}
	}
	return true
}

// contextLeq reports whether o has seen all parts that s has.
func (s *State) contextLeq(o *State) bool {
	for d := range s.Cloud {
		if !o.Seen(d) {
			return false
		}
	}
	for r, n := range s.Context {
		for seq := o.Context[r] + 1; seq <= n; seq++ {
			if _, in := o.Cloud[causal.Dot{Replica: r, Seq: seq}]; !in {
				return false
			}
		}
	}
	return true
}

// Clone returns an independent copy.
func (s *State) Clone() *State {
	return &State{Context: s.Context.Clone(), Cloud: maps.Clone(s.Cloud), Entries: maps.Clone(s.Entries)}
}

// Decompose returns one delta for each dot seen, in their order: the dot and
// its live entries. A dot whose entries are all removed is a piece too, for it
// says so; a state that has seen n parts has n pieces. O(n + entries).
func (s *State) Decompose() []*State {
	pieces := map[causal.Dot]*State{}
	s.eachDot(func(d causal.Dot) { pieces[d] = atom(d) })
	for id, e := range s.Entries {
		pieces[id.Dot].Entries[id] = e
	}
	inOrder := make([]*State, 0, len(pieces))
	for _, d := range order.Sorted(maps.Keys(pieces), causal.Dot.Compare) {
		inOrder = append(inOrder, pieces[d])
	}
	return inOrder
}

// atom returns the delta that has seen d alone, without entries.
func atom(d causal.Dot) *State {
	s := NewState()
	s.addDot(d)
	return s
}

// eachDot calls yield with every dot seen, in no order.
func (s *State) eachDot(yield func(causal.Dot)) {
	for r, n := range s.Context {
		for seq := range n {
			yield(causal.Dot{Replica: r, Seq: seq + 1})
		}
	}
	for d := range s.Cloud {
		yield(d)
	}
}

// Difference returns the smallest delta that makes o know all that s knows:
// the dots o has not seen, and those of which it still has an entry that s has
// seen removed, each with its live entries. O(s + o), and no more than the
// difference in memory.
func (s *State) Difference(o *State) *State {
	d := difference{of: s, to: o, delta: NewState(), dots: map[causal.Dot]struct{}{}}
	d.findUnseen()
	d.findRemoved()
	return d.take()
}

// difference is one computation of what state of knows and to does not.
type difference struct {
	of, to *State
	delta  *State
	dots   map[causal.Dot]struct{} // what the delta is to say something about
	steps  int                     // dots and entries looked at: at most as many as both states and the delta have
}

// findUnseen finds the dots that to has not seen.
func (d *difference) findUnseen() {
	for r, n := range d.of.Context {
		d.steps++
		for seq := d.to.Context[r] + 1; seq <= n; seq++ {
			d.note(causal.Dot{Replica: r, Seq: seq})
		}
	}
	for dot := range d.of.Cloud {
		d.note(dot)
	}
}

func (d *difference) note(dot causal.Dot) {
	d.steps++
	if !d.to.Seen(dot) {
		d.dots[dot] = struct{}{}
	}
}

// findRemoved finds the dots of entries that to has and that of has seen removed.
func (d *difference) findRemoved() {
	for id := range d.to.Entries {
		d.steps++
		if _, both := d.of.Entries[id]; !both && d.of.Seen(id.Dot) {
			d.dots[id.Dot] = struct{}{}
		}
	}
}

// take makes the delta: the dots, and what is live of them.
func (d *difference) take() *State {
	for dot := range d.dots {
		d.steps++
		d.delta.addDot(dot)
	}
	for id, e := range d.of.Entries {
		d.steps++
		if _, in := d.dots[id.Dot]; in {
			d.delta.Entries[id] = e
		}
	}
	return d.delta
}

// Live returns the entries in the order of their ids. O(n log n).
func (s *State) Live() []Live {
	live := make([]Live, 0, len(s.Entries))
	for id, e := range s.Entries {
		live = append(live, Live{id, e})
	}
	order.Sort(live, func(a, b Live) int { return a.ID.Compare(b.ID) })
	return live
}
