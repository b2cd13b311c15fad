package replica

import (
	"slices"

	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/algebra/crdt"
)

// piece is a part with the chain hash at it.
type piece struct {
	part     *causal.Part
	prev     causal.Hash // before it; zero where a chain begins, or if nobody has said
	hash     causal.Hash
	key      *causal.Key // the author's, if it came with the part
	isProven bool        // it holds the proof of a fork, whose signatures are good
}

// Receive takes parcels of others whose seals are good, in any order, any
// number of times. What is ready is applied; Drain has the groups.
func (r *Replica) Receive(now causal.Instant, parcels []causal.Vouched) {
	r.now = max(r.now, now)
	var crowded []*chain
	for i := range parcels {
		v := &parcels[i]
		if v.First() == 0 || !r.cfg.Holds(v.Chain().Space) {
			r.counts.Foreign += uint64(len(v.Parts))
			continue
		}
		r.expect(v)
		for j, p := range v.Parts {
			a := piece{part: p, prev: v.Before, hash: v.Hashes[j], isProven: slices.Contains(v.Proven, p.Seq)}
			if j > 0 {
				a.prev = v.Hashes[j-1]
			}
			if p.Seq == 1 {
				a.key = v.Key
			}
			if waits := r.take(a); waits {
				crowded = append(crowded, r.chain(p.Chain()))
			}
		}
		r.forgetIdle(v.Chain())
	}
	if len(crowded) > 0 {
		r.trim(crowded)
		r.settle()
	}
}

// take applies a part, or lets it wait, or puts it aside as known.
func (r *Replica) take(a piece) (waits bool) {
	p := a.part
	if r.cfg.Planted.isAside(r.now, p) {
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
	if slices.Contains(p.Seen, p.Ref()) { // nobody sees a part that does not exist yet
		r.countDropped(p.Chain())
		return false
	}
	if !r.isReady(p) {
		if r.cfg.Planted.CountsWaiting {
			r.space(p.Space).chain(p.Replica).countWaiting(a)
			return false
		}
		r.wait(a)
		r.settle()
		return r.pending.parts[p.Ref()] != nil
	}
	if pieces := []piece{a}; r.continues(pieces) {
		r.enter(pieces, nil)
		r.arrived(p.Ref())
	} else {
		r.countDropped(p.Chain())
	}
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

// continues reports whether ready parts go on from the chains as they are here.
// A part that waited may be of another branch of its chain than what has come
// before it since: then its author forks.
func (r *Replica) continues(pieces []piece) bool {
	var heads map[causal.Chain]causal.Hash // of those among them
	if len(pieces) > 1 {
		heads = make(map[causal.Chain]causal.Hash, len(pieces))
	}
	for _, a := range pieces {
		id := a.part.Chain()
		prev, isAmong := heads[id]
		if !isAmong {
			prev = r.Head(id.Space, id.Replica).Hash
		}
		if a.prev != prev && a.prev != (causal.Hash{}) {
			r.countFork(a.part.Ref())
			return false
		}
		if heads != nil {
			heads[id] = a.hash
		}
	}
	return true
}

// enter applies a closed set of parts, of each space causes before effects, as
// one group. missing is what late ones lack.
func (r *Replica) enter(pieces []piece, missing []causal.Ref) {
	g := Group{Parts: make([]*causal.Part, len(pieces)), Hashes: make([]causal.Hash, len(pieces)), Missing: missing}
	for i, a := range pieces {
		g.Parts[i], g.Hashes[i] = a.part, a.hash
		if a.key != nil {
			g.Keys = append(g.Keys, *a.key)
		}
		removed, isVoid := r.keep(a)
		if !r.isLoading && !isVoid {
			g.Changes = slices.Grow(g.Changes, len(a.part.Entries)+len(removed))
			g.Changes = appendChanges(g.Changes, a.part, removed)
		}
	}
	if !r.isLoading {
		if g.Missing == nil {
			g.Missing = r.behind(pieces)
		}
		r.out.Groups = append(r.out.Groups, g)
	}
	if r.cfg.Planted.AppliesTwice && !r.isLoading {
		r.out.Groups = append(r.out.Groups, g)
	}
	r.enforce(g.Parts)
}

// keep makes a part one of its space, and returns what it removed until the
// next one, and whether it is void.
func (r *Replica) keep(a piece) (removed []crdt.Live, isVoid bool) {
	p := a.part
	s := r.space(p.Space)
	c := s.chain(p.Replica)
	reason := r.verdict(s, p)
	r.removed = s.apply(c, r.effective(s, p), a.hash, reason != Valid, r.removed[:0])
	r.recent.add(c, p, a.hash)
	r.reach(c)
	r.recap(s, c)
	r.counts.Applied++
	if len(r.missing) > 0 {
		delete(r.missing, p.Ref())
	}
	r.unflushed++
	switch {
	case !hasControl(p):
	case r.isLoading:
		s.held = append(s.held, a)
		r.endEarly(s, a)
	default:
		r.review(s)
		r.govern(s, a)
	}
	return r.removed, reason != Valid
}

// verdict judges a part that is being applied.
func (r *Replica) verdict(s *space, p *causal.Part) Reason {
	if s.law == nil && len(p.Grants) == 0 && r.cfg.Escrow == nil {
		return Valid // nearly always
	}
	l := r.lawOf(s)
	l.use(p)
	reason := l.judge(p)
	if reason == Valid && !r.isLoading { // what is loaded is booked when all of it is there
		isAdmitted, hasCovered := r.bookPart(l, p)
		if !isAdmitted {
			reason = VoidEscrow
		}
		if hasCovered {
			l.hasCovered = true
			r.stale(s)
		}
	}
	if reason != Valid {
		l.void[p.Dot()] = reason
		if !r.isLoading {
			r.out.Voids = append(r.out.Voids, Void{p.Ref(), reason})
		}
	}
	return reason
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
