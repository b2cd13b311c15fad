package replica

import (
	"slices"

	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/algebra/crdt"
	"github.com/martinelli-lang/martinelli/algebra/order"
)

// When a verdict flips, a part loses its effect or has it again: its entries
// go or come, and what it removed comes or goes. What else removed the same
// entries is not kept anywhere, so the space is rebuilt: from the state below
// the log, and the parts of the log that are not void. That is rare, and costs
// what lies above the last checkpoint.

// stale notes that a space is to be rebuilt.
func (r *Replica) stale(s *space) {
	if !s.isStale {
		s.isStale = true
		r.staleSpaces = append(r.staleSpaces, s)
	}
}

// Refresh rebuilds the spaces in which a verdict has flipped, as far as the
// Log has their parts. One whose newest parts are not written yet stays as it
// is: call Refresh again when they are. Free while nothing is to be done.
func (r *Replica) Refresh() {
	if len(r.staleSpaces) == 0 {
		return
	}
	list := r.staleSpaces
	r.staleSpaces = nil
	order.Sort(list, func(a, b *space) int { return a.id.Compare(b.id) })
	for _, s := range list {
		s.isStale = false
		r.finalize(s, r.lawOf(s))
		if !s.isStale && !r.rebuild(s) {
			r.stale(s)
		}
	}
}

// rebuild makes the space what its parts and their verdicts say. It fails, and
// changes nothing, if a part can't be read.
func (r *Replica) rebuild(s *space) bool {
	parts, ok := r.above(s)
	if !ok {
		return false
	}
	base := map[causal.EntryID]crdt.Entry{}
	s.eachFinal(func(id causal.EntryID, e crdt.Entry) { base[id] = e })
	if s.isUnread {
		s.isUnread = false
		r.use(s, parts)
	}
	void := r.verdicts(s, base, parts)
	live := base
	for _, p := range parts {
		if void[p.Dot()] == Valid {
			for i := range p.Entries {
				live[p.EntryID(i)] = crdt.Entry{Entry: p.Entries[i], Stamp: p.Stamp}
			}
		}
	}
	for _, p := range parts {
		if void[p.Dot()] == Valid {
			r.unlive(s, p, live)
		}
	}
	r.pronounce(s, parts, void)
	r.replace(s, live)
	return true
}

// unlive takes out what a part removes.
func (r *Replica) unlive(s *space, p *causal.Part, live map[causal.EntryID]crdt.Entry) {
	for _, id := range p.Removed {
		if e, isLive := live[id]; isLive && r.mayRemoveEntry(s, p, id, &e) {
			delete(live, id)
		}
	}
}

// above returns all parts above the base, author by author.
func (r *Replica) above(s *space) (parts []*causal.Part, ok bool) {
	for _, author := range sorted(s.chains, causal.ReplicaID.Compare) {
		c := s.chains[author]
		for seq := s.below[author] + 1; seq <= c.head.Seq; seq++ {
			p := r.Part(c.id.At(seq))
			if p == nil {
				return nil, false
			}
			parts = append(parts, p)
		}
	}
	return parts, true
}

// verdicts judges all parts, and keeps the books anew. What is not covered
// within a final is void for ever, whatever comes later: so the books are
// closed at each final.
func (r *Replica) verdicts(s *space, base map[causal.EntryID]crdt.Entry, parts []*causal.Part) map[causal.Dot]Reason {
	l := r.lawOf(s)
	void := map[causal.Dot]Reason{}
	l.books = r.newBooks(l, base)
	var before causal.Vector
	for _, final := range append(slices.Clone(l.finals), nil) {
		for _, p := range parts {
			if before.Contains(p.Dot()) || final != nil && !final.Contains(p.Dot()) {
				continue
			}
			if reason := l.judge(p); reason != Valid {
				void[p.Dot()] = reason
			} else if _, hasCovered := r.bookPart(l, p); hasCovered {
				l.hasCovered = true
			}
		}
		for _, d := range l.books.overdrawn() {
			void[d] = VoidEscrow
		}
		if before = final; final != nil {
			l.books.debts = map[causal.ReplicaID][]debt{}
		}
	}
	return void
}

// pronounce tells whose verdict has flipped.
func (r *Replica) pronounce(s *space, parts []*causal.Part, void map[causal.Dot]Reason) {
	for _, p := range parts {
		if was, is := s.law.void[p.Dot()], void[p.Dot()]; was != is && !r.isLoading {
			r.out.Voids = append(r.out.Voids, Void{p.Ref(), is})
		}
	}
	s.law.void = void
}

// replace makes live the entries of the space, and tells the difference as a
// group without parts.
func (r *Replica) replace(s *space, live map[causal.EntryID]crdt.Entry) {
	var gone, come []crdt.Live
	for id, e := range s.state.Entries.All() {
		if _, stays := live[id]; !stays {
			gone = append(gone, crdt.Live{ID: id, Entry: e})
		}
	}
	for id, e := range live {
		if !s.state.Entries.Has(id) {
			come = append(come, crdt.Live{ID: id, Entry: e})
		}
	}
	order.Sort(come, compareLive)
	for _, e := range gone {
		s.state.Entries.Delete(e.ID)
	}
	for _, e := range come {
		s.state.Entries.Put(e.ID, e.Entry)
	}
	var g Group
	for _, e := range come {
		g.Changes = append(g.Changes, Change{s.id, e.Database, e.Key, e.Item(), false})
		s.added = append(s.added, e.ID)
	}
	for _, e := range gone {
		s.keepGone(e)
		g.Changes = append(g.Changes, Change{s.id, e.Database, e.Key, e.Item(), true})
		if e.ID.Seq <= s.chains[e.ID.Replica].flushed {
			s.removed = append(s.removed, e.ID)
		}
	}
	if len(g.Changes) > 0 && !r.isLoading {
		r.out.Groups = append(r.out.Groups, g)
	}
}

func compareLive(a, b crdt.Live) int { return a.ID.Compare(b.ID) }

// effective returns p without the removals that do not count.
func (r *Replica) effective(s *space, p *causal.Part) *causal.Part {
	counts := func(id causal.EntryID) bool { return r.mayRemove(s, p, id) }
	if r.removesFreely(s, p) || !slices.ContainsFunc(p.Removed, func(id causal.EntryID) bool { return !counts(id) }) {
		return p
	}
	limited := *p
	limited.Removed = nil
	for _, id := range p.Removed {
		if counts(id) {
			limited.Removed = append(limited.Removed, id)
		}
	}
	return &limited
}
