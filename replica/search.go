package replica

import (
	"slices"

	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/algebra/order"
)

// hopsMax bounds how far a search follows culprits before it looks for itself.
const hopsMax = 32

// search follows what waiting parts need and applies the strongly connected
// components it completes, each as one group: the smallest sets that can
// become visible together (R. Tarjan, "Depth-First Search and Linear Graph
// Algorithms", 1972). Nearly always a component is one part, or one commit
// whose parts name each other as siblings; two commits of one author that were
// numbered crosswise are one component of four parts.
type search struct {
	replica *Replica
	visited []*waiting
	open    []*waiting // those whose component is not complete
}

// end forgets the numbers of the visits.
func (s *search) end() {
	for _, w := range s.visited {
		w.index = 0
	}
}

// visit applies w with everything it needs, or finds its culprit.
func (s *search) visit(w *waiting) {
	s.visited = append(s.visited, w)
	w.index, w.low = len(s.visited), len(s.visited)
	w.isOpen, w.culprit = true, nil
	s.open = append(s.open, w)
	s.replica.eachNeedOf(w, func(ref causal.Ref) bool {
		w.culprit = s.follow(w, ref)
		return w.culprit == nil
	})
	if w.low == w.index {
		s.complete(w)
	}
}

// follow looks at one need of w. It returns the culprit if w can't be applied now.
func (s *search) follow(w *waiting, ref causal.Ref) (culprit *waiting) {
	o := s.replica.pending.parts[ref]
	switch {
	case o == nil:
		return w // it fell out of the cache during this search
	case o.index != 0 && o.isOpen:
		w.low = min(w.low, o.index)
		return nil
	case o.index != 0:
		return o.culprit
	}
	if culprit = o.blockedBy(); culprit != nil {
		return culprit
	}
	s.visit(o)
	switch {
	case o.isOpen: // one component with w, which shares its culprit
		w.low = min(w.low, o.low)
	case o.isGone && s.replica.isApplied(ref):
		return nil
	case o.isGone:
		return w
	}
	return o.culprit
}

// blockedBy returns a part that w needs, however far behind, and that itself
// lacks something; nil if none is known.
func (w *waiting) blockedBy() *waiting {
	for range hopsMax {
		if w == nil || w.isGone {
			return nil
		}
		if w.absent > 0 {
			return w
		}
		w = w.culprit
	}
	return nil
}

// complete takes the component of root off the open parts and applies it, or
// leaves it with root's culprit.
func (s *search) complete(root *waiting) {
	at := len(s.open) - 1
	for s.open[at] != root {
		at--
	}
	component := slices.Clone(s.open[at:])
	s.open = s.open[:at]
	for _, w := range component {
		w.isOpen = false
		if root.culprit != nil {
			w.culprit = root.culprit
			if w != root.culprit {
				root.culprit.blocks = append(root.culprit.blocks, w)
			}
		}
	}
	if root.culprit == nil && !s.replica.cfg.Planted.isSplit(component) {
		s.replica.enterWaiting(component)
	}
}

// enterWaiting applies a component, or lets it fall out of the cache if that
// can't be done.
func (r *Replica) enterWaiting(component []*waiting) {
	pieces, ok := inOrder(component)
	if !ok || !r.continues(pieces) {
		for _, w := range component {
			r.drop(w)
		}
		return
	}
	missing := r.noteLate(component)
	if r.cfg.Planted.SplitsGroups {
		for i := range pieces[1:] {
			r.enter(pieces[i:i+1], missing)
		}
		pieces = pieces[len(pieces)-1:]
	}
	r.enter(pieces, missing)
	for _, w := range component {
		r.noticeOverdue(w.part.Ref())
		delete(r.pending.needs, w.part.Ref()) // who needs it did not count it as absent
		r.release(w)
	}
}

// inOrder returns the parts so that within a space causes come before effects.
// It fails for parts of one space that name each other, which no honest author
// has written: nobody sees a part that does not exist yet.
func inOrder(component []*waiting) (pieces []piece, ok bool) {
	if len(component) == 1 {
		return []piece{component[0].piece}, true
	}
	order.Sort(component, func(a, b *waiting) int { return a.part.Ref().Compare(b.part.Ref()) })
	byRef := make(map[causal.Ref]*waiting, len(component))
	for _, w := range component {
		byRef[w.part.Ref()] = w
	}
	o := ordering{parts: byRef, isDone: map[causal.Ref]bool{}}
	for _, w := range component {
		if !o.visit(w) {
			return nil, false
		}
	}
	return o.list, true
}

// ordering sorts parts by what they name in their own space.
type ordering struct {
	parts  map[causal.Ref]*waiting
	isDone map[causal.Ref]bool // false while its causes are visited
	list   []piece
}

func (o *ordering) visit(w *waiting) bool {
	p := w.part
	if isDone, isVisited := o.isDone[p.Ref()]; isVisited {
		return isDone
	}
	o.isDone[p.Ref()] = false
	if cause := o.parts[p.Chain().At(p.Seq-1)]; cause != nil && !o.visit(cause) {
		return false
	}
	for _, ref := range p.Seen {
		if cause := o.parts[ref]; ref.Space == p.Space && cause != nil && !o.visit(cause) {
			return false
		}
	}
	for i := range p.Removed {
		ref := causal.Ref{Space: p.Space, Dot: p.Removed[i].Dot}
		if cause := o.parts[ref]; cause != nil && cause != w && !o.visit(cause) {
			return false
		}
	}
	o.isDone[p.Ref()] = true
	o.list = append(o.list, w.piece)
	return true
}
