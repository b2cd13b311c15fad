package replica

import (
	"slices"

	"github.com/martinelli-lang/martinelli/algebra/causal"
)

// A part whose cause or sibling in another space never comes must not wait for
// ever: its author may have died, or the name may be of nothing at all (of
// 1,500 random histories 910 froze every server, history 2 of the model). So a
// part may be applied without what it names of other spaces once two things
// are true: it has waited LateAfter, and every neighbour was asked since it
// came and has not brought the piece. It is late then: marked in its Group, and
// counted. What it names of its own space it waits for without a limit, as
// every holder of the space waits for the same.
//
// The replica asks for no time. The caller tells it with Receive and Wake, and
// tells with Searched since when all neighbours have been asked.

// missingMax bounds the pieces that are remembered as given up; further ones
// are counted as late and not listed.
const missingMax = 4096

// Wake tells the time: parts that have waited LateAfter are Due.
func (r *Replica) Wake(now causal.Instant) {
	q := &r.pending
	r.now = max(r.now, now)
	for q.timed < len(q.order) && (q.order[q.timed].isGone || r.isOld(q.order[q.timed])) {
		q.timed++
	}
}

func (r *Replica) isOld(w *waiting) bool { return w.since+r.cfg.LateAfter <= r.now }

// Deadline returns when Wake wants to be called; false: not before something arrives.
func (r *Replica) Deadline() (causal.Instant, bool) {
	for _, w := range r.pending.order[r.pending.timed:] {
		if !w.isGone {
			return w.since + r.cfg.LateAfter, true
		}
	}
	return 0, false
}

// Due returns when the newest part came that has waited LateAfter, and whether
// there is one: the neighbours not asked since then are to be asked.
func (r *Replica) Due() (since causal.Instant, isDue bool) {
	list := r.pending.order[:r.pending.timed]
	for i := len(list) - 1; i >= 0; i-- {
		if w := list[i]; !w.isGone && !w.isOverdue && w.part.Space != r.cfg.Bulk {
			return w.since, true
		}
	}
	return 0, false
}

// Searched says that every neighbour there is was asked at begun or later for
// all it has, and that the asking is over. What has waited LateAfter and came
// before need not wait any longer for other spaces. Drain has the groups.
func (r *Replica) Searched(begun causal.Instant) {
	q := &r.pending
	for _, w := range q.order[:q.timed] {
		if w.isGone || r.cfg.Planted.WaitsForever || w.part.Space == r.cfg.Bulk || w.isOverdue || w.since > begun {
			continue
		}
		w.isOverdue = true
		q.overdue++
		if r.isInsideMet(w) {
			q.given = append(q.given, w)
		}
	}
	r.settle()
}

// isInsideMet reports whether all that w needs of its own space is applied.
func (r *Replica) isInsideMet(w *waiting) bool {
	return r.eachNeed(w.part, func(ref causal.Ref) bool { return ref.Space != w.part.Space })
}

// noticeOverdue looks, as ref is applied, for overdue parts that needed it as
// the last of their own space.
func (r *Replica) noticeOverdue(ref causal.Ref) {
	q := &r.pending
	if q.overdue == 0 {
		return
	}
	for _, w := range q.needs[ref] {
		if w.isOverdue && !w.isGone && ref.Space == w.part.Space && r.isInsideMet(w) {
			q.given = append(q.given, w)
		}
	}
}

// giveUp lets overdue parts be applied without what they lack of other spaces.
// They lose no more than they must: what can become visible together with them
// does, a sibling that is here too among it. So first the largest set is found
// that is closed if the overdue parts' references into other spaces are
// wishes, not needs; then each of these parts gives up what is not in the set.
func (r *Replica) giveUp() {
	q := &r.pending
	given := map[*waiting]bool{}
	var list []*waiting
	for _, w := range q.given {
		if !w.isGone && !given[w] {
			given[w] = true
			list = append(list, w)
		}
	}
	q.given = nil
	closed := r.closure(list, given)
	for _, w := range list {
		r.waive(w, closed)
	}
	q.freshen(list)
}

// closure returns the waiting parts that can become visible with the given ones.
func (r *Replica) closure(list []*waiting, given map[*waiting]bool) (closed map[*waiting]bool) {
	closed = map[*waiting]bool{}
	members := list
	for _, w := range list {
		closed[w] = true
	}
	find := func(w *waiting) {
		if !closed[w] {
			closed[w] = true
			members = append(members, w)
		}
	}
	var barred []*waiting
	for i := 0; i < len(members); i++ {
		w := members[i]
		if w.absent > 0 && !given[w] {
			barred = append(barred, w)
			continue
		}
		r.eachNeedOf(w, func(ref causal.Ref) bool {
			if o := r.pending.parts[ref]; o != nil {
				find(o)
			}
			return true
		})
	}
	r.bar(closed, given, barred)
	return closed
}

// bar takes parts out of a set, and whatever can't be without them.
func (r *Replica) bar(closed, given map[*waiting]bool, barred []*waiting) {
	for len(barred) > 0 {
		w := barred[len(barred)-1]
		barred = barred[:len(barred)-1]
		if !closed[w] {
			continue
		}
		closed[w] = false
		for _, o := range r.pending.needs[w.part.Ref()] {
			if closed[o] && !given[o] {
				barred = append(barred, o)
			}
		}
	}
}

// waive lets a part not wait any more for what is not in the set.
func (r *Replica) waive(w *waiting, closed map[*waiting]bool) {
	q := &r.pending
	var lacks []causal.Ref
	r.eachNeedOf(w, func(ref causal.Ref) bool {
		if o := q.parts[ref]; o == nil || !closed[o] {
			lacks = append(lacks, ref)
		}
		return true
	})
	for _, ref := range lacks {
		if q.parts[ref] == nil {
			w.absent--
		}
		q.forgetNeed(ref, w)
	}
	w.waived = append(w.waived, lacks...)
}

// eachNeedOf is eachNeed without what w does not wait for any more.
func (r *Replica) eachNeedOf(w *waiting, yield func(causal.Ref) bool) bool {
	if len(w.waived) == 0 {
		return r.eachNeed(w.part, yield)
	}
	return r.eachNeed(w.part, func(ref causal.Ref) bool { return slices.Contains(w.waived, ref) || yield(ref) })
}

// noteLate counts the late parts of a component that was applied, and returns
// what they lack.
func (r *Replica) noteLate(component []*waiting) (missing []causal.Ref) {
	for _, w := range component {
		if len(w.waived) > 0 {
			r.counts.Late++
		}
		for _, ref := range w.waived {
			missing = append(missing, ref)
			if len(r.missing) < missingMax {
				r.missing[ref] = true
			}
		}
	}
	return missing
}

// freshen lets the parts be searched again, and everything that needs them
// however far behind: what they have given up is no reason to wait any more.
func (q *pending) freshen(list []*waiting) {
	isFresh := map[*waiting]bool{}
	for open := list; len(open) > 0; {
		w := open[len(open)-1]
		open = open[:len(open)-1]
		if isFresh[w] {
			continue
		}
		isFresh[w], w.culprit = true, nil
		q.ready = append(q.ready, w)
		open = append(open, q.needs[w.part.Ref()]...)
	}
}

// recallMissing finds after a restart what late parts had been applied without:
// what applied parts name of spaces held here, and is not applied. Of each chain
// the last is known.
func (r *Replica) recallMissing() {
	for _, id := range sorted(r.spaces, causal.SpaceID.Compare) {
		for _, ref := range r.spaces[id].needs() {
			if !r.isMet(ref) && r.cfg.Holds(ref.Space) && len(r.missing) < missingMax {
				r.missing[ref] = true
			}
		}
	}
}

// Missing returns the parts that late parts were applied without and that have
// not come since: at most 4,096, in order. A restart remembers of each chain
// the last.
func (r *Replica) Missing() []causal.Ref { return sorted(r.missing, causal.Ref.Compare) }
