package invariant

import (
	"slices"

	"github.com/martinelli-lang/martinelli/plan"
)

// workMax bounds the work of each of the three parts of a search: facts that
// are copied and expressions that are computed.
const workMax = 100_000

// search looks for two replicas that each keep the invariant, with at most two
// updates each, and break it when they merge. It tries what is shortest first,
// from worlds that a few updates lead to, then from worlds near a bound.
func (o *opinion) search() string {
	m := o.model()
	if len(m.ops) == 0 {
		return ""
	}
	all := m.ops
	m.limit = workMax
	m.ops = slices.DeleteFunc(slices.Clone(all), isIdle)
	if found := m.breaks(m.reached(), [][2]int{{1, 1}, {2, 1}, {2, 2}}); found != "" {
		return found
	}
	if len(m.ops) < len(all) {
		m.ops = all
		m.limit = m.work + workMax
		if found := m.breaks(m.reached(), [][2]int{{1, 1}, {2, 1}}); found != "" {
			return found
		}
	}
	m.limit = m.work + workMax
	for _, n := range m.far() {
		if found := m.breaks(m.near(n), [][2]int{{1, 1}, {2, 2}}); found != "" {
			return found
		}
	}
	return ""
}

// isIdle reports whether an op counts by nothing: that is said only where
// nothing else breaks the invariant.
func isIdle(o *op) bool {
	return slices.ContainsFunc(o.writes, func(s said) bool { return (s.verb == "inc" || s.verb == "dec") && s.arg.AsInt() == 0 })
}

func (m *model) breaks(starts []world, each [][2]int) string {
	for _, lengths := range each {
		for _, w := range starts {
			if found := m.from(w, lengths[0], lengths[1]); found != "" {
				return found
			}
		}
	}
	return ""
}

// reachedMax bounds the worlds to begin with that updates lead to.
const reachedMax = 96

// reached lists valid worlds that a few updates of the program lead to.
func (m *model) reached() []world {
	worlds := []world{make(world, len(m.places))}
	if !m.holds(worlds[0]) {
		return nil
	}
	for at := 0; at < len(worlds) && len(worlds) < reachedMax && m.work < m.limit; at++ {
		for _, b := range m.branches(worlds[at], 1, 0) {
			if w := b.end(); len(worlds) < reachedMax && !slices.ContainsFunc(worlds, func(o world) bool { return slices.Equal(o, w) }) {
				worlds = append(worlds, w)
			}
		}
	}
	return worlds
}

// far lists what counters and sizes are compared with that few updates do not lead to.
func (m *model) far() []int64 {
	var ns []int64
	for _, c := range m.o.clauses {
		for _, l := range c {
			if l.sort == bound && (l.k > 2 || l.k < -2) {
				for i := range l.terms {
					if n := l.k / l.coef[i]; !slices.Contains(ns, n) {
						ns = append(ns, n)
					}
				}
			}
		}
	}
	return ns
}

// near lists worlds that have counters or sizes near n.
func (m *model) near(n int64) []world {
	var worlds []world
	m.known, m.ballast = map[string]bool{}, 0
	isSize := n > 0 && slices.ContainsFunc(m.o.terms(), func(t *term) bool { return t.reading == size })
	for _, d := range []int64{0, 1, -1, 2, -2, 3, -3} {
		w := make(world, len(m.places))
		for i := range m.places {
			if k := m.places[i].kind; k == plan.KindCounter || k == plan.KindGCounter && n+d >= 0 {
				w[i] = fact{n: n + d, isHere: true}
			}
		}
		if m.holds(w) {
			worlds = append(worlds, w)
		}
	}
	if isSize {
		m.known, m.ballast = map[string]bool{}, n-1
		worlds = append([]world{make(world, len(m.places))}, worlds...)
	}
	return slices.DeleteFunc(worlds, func(w world) bool { return !m.holds(w) })
}

// from tries every run of a updates here and b there.
func (m *model) from(w world, a, b int) string {
	if m.work > m.limit {
		return ""
	}
	as := m.branches(w, a, 1)
	bs, isAlike := as, a == b && !slices.ContainsFunc(m.ops, func(o *op) bool { return o.fresh != 0 })
	if !isAlike {
		bs = m.branches(w, b, 2)
	}
	for i := range as {
		from := 0
		if isAlike {
			from = i // the other half is the same with the replicas changed
		}
		for k := from; k < len(bs); k++ {
			if found := m.meet(w, as[i], bs[k]); found != "" || m.work > m.limit {
				return found
			}
		}
	}
	return ""
}

// meet merges two branches, in each order of their stamps where that matters.
func (m *model) meet(w world, a, b *branch) string {
	isOrdered := false
	for i := range w {
		isOrdered = isOrdered || a.at[i].at > 0 && b.at[i].at > 0 && m.places[i].isRegister()
	}
	n := uint8(len(b.ops))
	for first := range n + 1 {
		for second := first; second <= n; second++ {
			m.work += len(w)
			merged := m.merge(w, a, b, [3]uint8{0, first, second})
			if !m.holds(merged) {
				return m.tell(w, a, b, merged)
			}
			if !isOrdered {
				return ""
			}
		}
	}
	return ""
}

// branches lists the runs of n updates that each keep the invariant, with the
// new ids of one pool.
func (m *model) branches(w world, n, pool int) []*branch {
	branches := []*branch{begin(w)}
	for range n {
		var longer []*branch
		for _, b := range branches {
			for _, o := range m.ops {
				if o.fresh&^(3<<(2*pool)) != 0 || o.fresh&b.fresh != 0 {
					continue
				}
				if m.work += len(w); m.work > m.limit {
					return longer
				}
				if !m.try(b, o) || !m.holds(m.shown) || slices.ContainsFunc(longer, func(l *branch) bool { return slices.Equal(l.at, m.next) }) {
					continue
				}
				if longer = append(longer, m.with(b, o)); len(longer) >= branchesMax {
					return longer
				}
			}
		}
		branches = longer
	}
	return branches
}

// branchesMax bounds the runs of one replica from one world.
const branchesMax = 200
