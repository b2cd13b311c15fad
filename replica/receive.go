package replica

import (
	"slices"

	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/algebra/crdt"
)

// Receive takes parts of others, in any order, any number of times. What is
// ready is applied; Drain has the groups.
func (r *Replica) Receive(parts []*causal.Part) {
	var crowded []*chain
	for _, p := range parts {
		if waits := r.take(p); waits {
			crowded = append(crowded, r.chain(p.Chain()))
		}
	}
	if len(crowded) > 0 {
		r.trim(crowded)
		r.settle()
	}
}

// take applies a part, or lets it wait, or puts it aside as known.
func (r *Replica) take(p *causal.Part) (waits bool) {
	if p.Seq == 0 || !r.cfg.Holds(p.Space) {
		r.counts.Foreign++
		return false
	}
	if known := r.known(p); known != nil {
		r.compare(known, p)
		return false
	}
	if r.isApplied(p.Ref()) {
		r.counts.Duplicates++
		return false
	}
	if !r.isReady(p) {
		r.wait(p)
		r.settle()
		return r.pending.parts[p.Ref()] != nil
	}
	if !r.enter([]*causal.Part{p}) {
		r.countDropped()
		return false
	}
	r.arrived(p.Ref())
	r.settle()
	return false
}

// known returns the part that came before under the name of p.
func (r *Replica) known(p *causal.Part) *causal.Part {
	if w := r.pending.parts[p.Ref()]; w != nil {
		return w.part
	}
	return r.Part(p.Ref())
}

// compare counts a part that came again, or finds the author forking: then
// the part that came second is kept out.
func (r *Replica) compare(known, again *causal.Part) {
	if known == again || isSame(known, again) {
		r.counts.Duplicates++
		return
	}
	r.countFork(again.Ref())
}

func (r *Replica) countFork(ref causal.Ref) {
	r.counts.Forks++
	r.out.Forks = append(r.out.Forks, Fork{ref.Chain(), ref.Seq})
}

func isSame(a, b *causal.Part) bool {
	return a.Stamp == b.Stamp && slices.Equal(a.Seen, b.Seen) && slices.Equal(a.Siblings, b.Siblings) &&
		slices.Equal(a.Grants, b.Grants) && slices.Equal(a.Entries, b.Entries) && slices.Equal(a.Removed, b.Removed)
}

// enter applies a closed set of parts, of each space causes before effects, as
// one group. It fails, and nothing is applied, if a chain hash can't be had.
func (r *Replica) enter(parts []*causal.Part) bool {
	hashes, ok := r.hashes(parts)
	if !ok {
		return false
	}
	g := Group{Parts: parts, Hashes: hashes}
	for i, p := range parts {
		removed := r.keep(p, hashes[i])
		if !r.isLoading {
			g.Changes = slices.Grow(g.Changes, len(p.Entries)+len(removed))
			g.Changes = appendChanges(g.Changes, p, removed)
		}
	}
	if !r.isLoading {
		r.out.Groups = append(r.out.Groups, g)
	}
	return true
}

// keep makes a part one of its space, and returns what it removed until the next one.
func (r *Replica) keep(p *causal.Part, h causal.Hash) (removed []crdt.Live) {
	s := r.space(p.Space)
	c := s.chain(p.Replica)
	r.removed = s.apply(c, p, h, r.removed[:0])
	r.recent.add(c, p, h)
	r.counts.Applied++
	r.unflushed++
	return r.removed
}

// appendChanges says what applying p has changed.
func appendChanges(changes []Change, p *causal.Part, removed []crdt.Live) []Change {
	gone := ownRemovals(p)
	for i := range p.Entries {
		if gone == nil || !gone[i] {
			e := &p.Entries[i]
			changes = append(changes, Change{p.Space, e.Database, e.Key, crdt.Item{ID: p.EntryID(i), Stamp: p.Stamp, Value: e.Value}, false})
		}
	}
	for i := range removed {
		e := &removed[i]
		changes = append(changes, Change{p.Space, e.Database, e.Key, e.Item(), true})
	}
	return changes
}

// ownRemovals says which of its own entries a part removes, so that they were
// never there; nil for none, as of every part made here.
func ownRemovals(p *causal.Part) (gone []bool) {
	for i := range p.Removed {
		id := &p.Removed[i]
		if id.Dot != p.Dot() || uint64(id.Offset) >= uint64(len(p.Entries)) {
			continue
		}
		if gone == nil {
			gone = make([]bool, len(p.Entries))
		}
		gone[id.Offset] = true
	}
	return gone
}

// hashes computes the chain hashes of a closed set of parts in its order.
func (r *Replica) hashes(parts []*causal.Part) ([]causal.Hash, bool) {
	hashes := make([]causal.Hash, len(parts))
	var among map[causal.Ref]causal.Hash // of those that are not applied yet
	if len(parts) > 1 {
		among = make(map[causal.Ref]causal.Hash, len(parts))
	}
	at := func(ref causal.Ref) (causal.Hash, bool) {
		if h, ok := among[ref]; ok {
			return h, true
		}
		return r.HashAt(ref.Space, ref.Replica, ref.Seq)
	}
	for i, p := range parts {
		var prev causal.Hash
		var ok bool
		if p.Seq > 1 {
			if prev, ok = at(p.Chain().At(p.Seq - 1)); !ok {
				return nil, false
			}
		}
		r.heads = r.heads[:0]
		for _, ref := range p.Seen {
			if ref.Space != p.Space {
				continue
			}
			h, ok := at(ref)
			if !ok {
				return nil, false
			}
			r.heads = append(r.heads, h)
		}
		hashes[i] = r.hasher.Chain(prev, p, r.heads)
		if among != nil {
			among[p.Ref()] = hashes[i]
		}
	}
	return hashes, true
}
