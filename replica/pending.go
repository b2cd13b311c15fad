package replica

import (
	"cmp"
	"slices"

	"github.com/martinelli-lang/martinelli/algebra/causal"
)

// pending are the parts that came before what they need.
//
// A part waits with a count of the parts it needs directly that are neither
// applied nor waiting. When the count falls to zero everything it needs
// directly is at hand, and a search follows the needs from there. It finds
// sets of parts that need nothing outside: they are applied. Or it finds a part
// whose count is not zero, a culprit: the search is repeated when the culprit
// is applied, and not before. So parts that come in the reverse of their order
// are searched once or twice each.
type pending struct {
	parts map[causal.Ref]*waiting
	needs map[causal.Ref][]*waiting // by what they need, for whatever is not applied
	order []*waiting                // as they came; those gone are skipped
	bytes int
	ready []*waiting // to be searched

	timed   int        // how many of order have waited LateAfter or are gone
	overdue int        // parts that wait for nothing of other spaces
	given   []*waiting // of these, whose own space has all they need; see giveUp
}

// waiting is one part that waits.
type waiting struct {
	piece
	size   int
	absent int  // needs that are neither applied nor waiting
	isGone bool // applied, or fallen out

	since     causal.Instant // when it came
	isOverdue bool           // it need not wait for other spaces: nobody has brought in time what it lacks
	waived    []causal.Ref   // what it does not wait for any more

	culprit *waiting   // why the last search failed; nil before it
	blocks  []*waiting // those whose culprit this was; some have another by now

	// Of the search under way (Tarjan 1972): the number of the visit, the
	// smallest number it can reach, and whether it awaits its component.
	index, low int
	isOpen     bool
}

func newPending() pending {
	return pending{parts: map[causal.Ref]*waiting{}, needs: map[causal.Ref][]*waiting{}}
}

// eachNeed calls yield for everything p needs that is held here and not there:
// its predecessor, what it names as seen, its siblings, the grants it names and
// the parts whose entries it removes. An honest author has seen the last two;
// they are asked for, as otherwise the order of arrival would decide what the
// part does.
func (r *Replica) eachNeed(p *causal.Part, yield func(causal.Ref) bool) bool {
	if p.Seq > 1 && !r.isApplied(p.Chain().At(p.Seq-1)) && !yield(p.Chain().At(p.Seq-1)) {
		return false
	}
	if r.spaces[p.Space].isPastEnd(p.Dot()) {
		return true
	}
	for _, refs := range [...][]causal.Ref{p.Seen, p.Siblings, p.Grants} {
		for _, ref := range refs {
			if !r.isMet(ref) && ref != p.Ref() && r.awaits(p, ref.Space) && !r.cfg.Planted.ignores(p, ref) && !yield(ref) {
				return false
			}
		}
	}
	for i := range p.Removed {
		ref := causal.Ref{Space: p.Space, Dot: p.Removed[i].Dot}
		if ref.Dot != p.Dot() && !r.isMet(ref) && !yield(ref) {
			return false
		}
	}
	return true
}

// awaits reports whether p waits for what it names of a space. In a restart it
// waits for its own space alone: what the log holds has been applied before,
// late parts among it.
func (r *Replica) awaits(p *causal.Part, id causal.SpaceID) bool {
	return id == p.Space || !r.isLoading && r.cfg.Holds(id)
}

// isReady reports whether p needs nothing more.
func (r *Replica) isReady(p *causal.Part) bool {
	return r.eachNeed(p, func(causal.Ref) bool { return false })
}

// wait puts a part into the cache.
func (r *Replica) wait(a piece) {
	q := &r.pending
	p := a.part
	w := &waiting{piece: a, size: sizeOf(p), since: r.now}
	q.parts[p.Ref()] = w
	q.order = append(q.order, w)
	q.bytes += w.size
	r.eachNeed(p, func(ref causal.Ref) bool {
		if q.parts[ref] == nil {
			w.absent++
		}
		q.needs[ref] = append(q.needs[ref], w)
		return true
	})
	c := r.space(p.Space).chain(p.Replica)
	i, _ := slices.BinarySearchFunc(c.waiting, p.Seq, compareSeq)
	c.waiting = slices.Insert(c.waiting, i, w)
	q.came(p.Ref())
	if w.absent == 0 {
		q.ready = append(q.ready, w)
	}
}

// came lowers the counts of those who need a part that was absent and is not
// any more.
func (q *pending) came(ref causal.Ref) {
	for _, w := range q.needs[ref] {
		if w.absent--; w.absent == 0 && !w.isGone {
			q.ready = append(q.ready, w)
		}
	}
}

// arrived says that a part was applied that did not wait.
func (r *Replica) arrived(ref causal.Ref) {
	if q := &r.pending; len(q.needs) > 0 {
		q.came(ref)
		r.noticeOverdue(ref)
		delete(q.needs, ref)
	}
}

// settle searches from every part whose needs have come, and lets overdue ones
// go without, until none is left.
func (r *Replica) settle() {
	q := &r.pending
	for len(q.ready) > 0 || len(q.given) > 0 {
		if len(q.ready) == 0 {
			r.giveUp()
			continue
		}
		w := q.ready[len(q.ready)-1]
		q.ready = q.ready[:len(q.ready)-1]
		if !w.isGone && w.absent == 0 {
			s := search{replica: r}
			s.visit(w)
			s.end()
		}
	}
}

// release takes a part out of the cache and searches again from those it blocked.
func (r *Replica) release(w *waiting) {
	q := &r.pending
	w.isGone = true
	delete(q.parts, w.part.Ref())
	q.bytes -= w.size
	if w.isOverdue {
		q.overdue--
	}
	r.leave(w)
	for _, b := range w.blocks {
		if b.culprit == w && !b.isGone {
			q.ready = append(q.ready, b)
		}
	}
	w.blocks = nil
}

// drop lets a part fall out of the cache. Those who need it lack it again.
func (r *Replica) drop(w *waiting) {
	q := &r.pending
	for _, o := range q.needs[w.part.Ref()] {
		o.absent++
	}
	r.eachNeedOf(w, func(ref causal.Ref) bool {
		q.forgetNeed(ref, w)
		return true
	})
	r.release(w)
	r.countDropped(w.part.Chain())
}

// oust lets a waiting part fall out because its name is given away here: its
// author is this store's own, and someone else writes under its id.
func (r *Replica) oust(ref causal.Ref) {
	if w := r.pending.parts[ref]; w != nil {
		r.drop(w)
		r.countFork(ref)
	}
}

// countDropped counts a part that was received and is not kept. Its seq is not
// in the vector, so repair asks for it again.
func (r *Replica) countDropped(c causal.Chain) {
	r.out.Dropped = append(r.out.Dropped, c)
	r.counts.Dropped++
}

// forgetNeed takes w out of those who need ref.
func (q *pending) forgetNeed(ref causal.Ref, w *waiting) {
	list := q.needs[ref]
	for i, o := range list {
		if o == w {
			list[i] = list[len(list)-1]
			list = list[:len(list)-1]
			break
		}
	}
	if len(list) == 0 {
		delete(q.needs, ref)
		return
	}
	q.needs[ref] = list
}

// trim lets parts fall out until the cache is within its bounds: of a chain
// with too many the last ones, as they are needed last; of all, those that
// have waited longest, so that whatever comes together has its chance.
func (r *Replica) trim(crowded []*chain) {
	for _, c := range crowded {
		for c != nil && len(c.waiting) > r.cfg.PendingMax {
			r.drop(c.waiting[len(c.waiting)-1])
		}
	}
	q := &r.pending
	for q.bytes > r.cfg.PendingBytesMax {
		w := q.order[0]
		q.order, q.timed = q.order[1:], max(q.timed-1, 0)
		if !w.isGone {
			r.drop(w)
		}
	}
	if len(q.order) > 2*len(q.parts)+64 {
		q.compact()
	}
}

// compact forgets those that are gone.
func (q *pending) compact() {
	list := make([]*waiting, 0, len(q.parts))
	timed := 0
	for i, w := range q.order {
		if w.isGone {
			continue
		}
		list = append(list, w)
		if i < q.timed {
			timed++
		}
	}
	q.order, q.timed = list, timed
}

// leave takes a part out of its chain.
func (r *Replica) leave(w *waiting) {
	c := r.chain(w.part.Chain())
	if i, found := slices.BinarySearchFunc(c.waiting, w.part.Seq, compareSeq); found {
		c.waiting = slices.Delete(c.waiting, i, i+1)
	}
	r.forgetIdle(c.id)
}

// forgetIdle forgets a chain of which nothing was ever applied and nothing
// waits, and its space if there is nothing else.
func (r *Replica) forgetIdle(id causal.Chain) {
	s, c := r.spaces[id.Space], r.chain(id)
	if c == nil || len(c.waiting) > 0 || c.head.Seq > 0 {
		return
	}
	delete(s.chains, id.Replica)
	if len(s.chains) == 0 {
		delete(r.spaces, s.id)
	}
}

func compareSeq(w *waiting, seq uint64) int { return cmp.Compare(w.part.Seq, seq) }
