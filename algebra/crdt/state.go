package crdt

import (
	"maps"
	"math"

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
	Entries Entries
}

// NewState returns the bottom: nothing seen, nothing held.
func NewState() *State { return &State{Context: causal.Vector{}} }

// Apply adds what part p says: its entries, and then its removals. It appends
// to removed what was live and is no longer, in the order of p.Removed; an
// entry that someone else removed before is not among them, nor is one that p
// itself both added and removed. O(part), and O(log n) for each removal.
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
		s.Entries.put(p.Replica, slot{p.Seq, uint32(i), Entry{e, p.Stamp}})
	}
	for _, id := range p.Removed {
		was, wasLive := s.Entries.Delete(id)
		if wasLive && id.Dot != p.Dot() {
			removed = append(removed, Live{id, was})
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
// not seen. O(s + o) for the replicas of which o has seen all from the first
// part on; of other parts, as a delta has them, O(o log s).
func (s *State) Join(o *State) (grew bool) {
	for r, n := range o.Context {
		grew = s.joinParts(o, r, 1, n) || grew
	}
	for d := range o.Cloud {
		grew = s.joinParts(o, d.Replica, d.Seq, d.Seq) || grew
	}
	return s.see(o) || grew
}

// joinParts joins the entries of r's parts from one seq to another, all of
// which o has seen: what s has of them and o has not was removed there, and what
// o has of those that s has not seen is new here.
func (s *State) joinParts(o *State, r causal.ReplicaID, from, to uint64) (removed bool) {
	if theirs := o.Entries.runs[r]; theirs != nil && from == 1 && theirs.last() <= to && s.neverMet(r) {
		s.Entries.take(r, theirs)
		return false
	}
	theirs := o.Entries.runs[r].from(from)
	if mine := s.Entries.runs[r]; mine != nil {
		cut := mine.retain(from, to, theirs.meets)
		s.Entries.size -= cut
		s.Entries.dropEmpty(r, mine)
		removed = cut > 0
	}
	fresh := max(from, s.Context[r]+1)
	if fresh > to {
		return removed
	}
	theirs = o.Entries.runs[r].from(fresh)
	for e := theirs.next(to); e != nil; e = theirs.next(to) {
		if !s.inCloud(causal.Dot{Replica: r, Seq: e.seq}) {
			s.Entries.put(r, *e)
		}
	}
	return removed
}

// neverMet reports whether s has seen no part of r. False may also mean that
// telling would take a search.
func (s *State) neverMet(r causal.ReplicaID) bool { return s.Context[r] == 0 && s.Cloud == nil }

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
	for r, theirs := range o.Entries.runs {
		at, mine := theirs.from(0), s.Entries.runs[r].from(0)
		for e := at.next(math.MaxUint64); e != nil; e = at.next(math.MaxUint64) {
			if !mine.meets(e) && s.Seen(causal.Dot{Replica: r, Seq: e.seq}) {
				return false
			}
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
	return &State{Context: s.Context.Clone(), Cloud: maps.Clone(s.Cloud), Entries: s.Entries.clone()}
}

// Decompose returns one delta for each dot seen, in their order: the dot and
// its live entries. A dot whose entries are all removed is a piece too, for it
// says so; a state that has seen n parts has n pieces. O(n + entries).
func (s *State) Decompose() []*State {
	pieces := map[causal.Dot]*State{}
	s.eachDot(func(d causal.Dot) { pieces[d] = atom(d) })
	for id, e := range s.Entries.All() {
		pieces[id.Dot].Entries.Put(id, e)
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

// Live returns the entries in the order of their ids. O(n).
func (s *State) Live() []Live {
	live := make([]Live, 0, s.Entries.Len())
	for id, e := range s.Entries.All() {
		live = append(live, Live{id, e})
	}
	return live
}
