package invariant

import (
	"slices"

	"github.com/martinelli-lang/martinelli/plan"
	"github.com/martinelli-lang/martinelli/value"
)

// A world is a few places of the databases that an invariant speaks of, and
// what a replica has at each.

// place is one counter, register or mark at its key, or one element at its key.
type place struct {
	db   int
	kind plan.Kind
	keys []value.Value
	elem value.Value // of a collection
}

// isElement reports whether a place is an element, not the value of its key.
func (p *place) isElement() bool {
	return p.kind == plan.KindGSet || p.kind == plan.KindORSet || p.kind == plan.KindRSet || p.kind == plan.KindLog
}

// isRegister reports whether a place has a value that one write gives it.
func (p *place) isRegister() bool {
	return p.kind == plan.KindLWW || p.kind == plan.KindMV || p.isExtreme()
}

// isExtreme reports whether the largest or smallest value stays.
func (p *place) isExtreme() bool { return p.kind == plan.KindMax || p.kind == plan.KindMin }

// fact is what a replica has at a place.
type fact struct {
	n      int64 // the value of a counter, or of a register the number of its value; 0 is unset
	isHere bool  // an element or mark is there, a counter was counted
	isGone bool  // a removal that is remembered, and wins
}

// change is a fact since two replicas had it in common.
type change struct {
	fact
	by          int64 // counted here, behind the last removal of the key
	isDropped   bool  // what the common fact had is removed here
	isPut       bool  // something that was added here is left
	isGonePut   bool  // a removal is remembered here
	isGoneTaken bool  // the remembered removals are taken back here
	at          uint8 // by which commit a register was written last; 0: by none
}

// world is a fact for each place.
type world []fact

// branch is a change for each place, and how it came to be.
type branch struct {
	at    []change
	ops   []*op
	after []world // behind each
	fresh uint    // which new ids it has used
}

func begin(w world) *branch {
	b := &branch{at: make([]change, len(w))}
	for i, f := range w {
		b.at[i].fact = f
	}
	return b
}

// end returns what the replica has in the end.
func (b *branch) end() world {
	if len(b.after) > 0 {
		return b.after[len(b.after)-1]
	}
	w := make(world, len(b.at))
	for i := range b.at {
		w[i] = b.at[i].fact
	}
	return w
}

// try does one more commit, into next and shown. It is false where that
// changes nothing.
func (m *model) try(b *branch, o *op) bool {
	m.next = append(m.next[:0], b.at...)
	for _, e := range o.effects {
		m.next[e.place].take(&m.places[e.place], e, uint8(len(b.ops)+1), m)
	}
	m.shown = m.shown[:0]
	for i := range m.next {
		m.shown = append(m.shown, m.next[i].fact)
	}
	return !slices.Equal(b.at, m.next)
}

// with returns the branch with the commit that was tried last.
func (m *model) with(b *branch, o *op) *branch {
	return &branch{
		at: slices.Clone(m.next), ops: append(slices.Clip(b.ops), o),
		after: append(slices.Clip(b.after), slices.Clone(m.shown)), fresh: b.fresh | o.fresh,
	}
}

// take does one verb at its place.
func (c *change) take(p *place, e effect, commit uint8, m *model) {
	switch e.verb {
	case "inc", "dec":
		n := e.n
		if e.verb == "dec" {
			n = -n
		}
		c.n, c.by, c.isHere, c.isPut = c.n+n, c.by+n, true, true
	case "add", "append", "on":
		c.isHere, c.isPut = true, true
		if c.isGone {
			c.isGone, c.isGonePut, c.isGoneTaken = false, false, true
		}
	case "set":
		if p.isExtreme() && c.n != 0 {
			isLess := value.Compare(m.values[e.n], m.values[c.n]) < 0
			if isLess != (p.kind == plan.KindMin) {
				return
			}
		}
		c.n, c.isHere, c.at = e.n, true, commit
	default:
		c.remove(p, e.verb, commit)
	}
}

// remove takes away what is seen: an element, a mark, or all of a key.
func (c *change) remove(p *place, verb string, commit uint8) {
	if c.isHere {
		c.isDropped, c.at = true, commit
	}
	c.n, c.by, c.isHere, c.isPut = 0, 0, false, false
	switch {
	case p.kind == plan.KindRSet && verb == "remove":
		c.isGone, c.isGonePut = true, true
	case c.isGone:
		c.isGone, c.isGonePut, c.isGoneTaken = false, false, true
	}
}

// merge joins what two replicas made of one world. Of the stamps of a's
// commits, before says how many of b's are earlier. The next merge overwrites it.
func (m *model) merge(w world, a, b *branch, before [3]uint8) world {
	m.merged = append(m.merged[:0], w...)
	merged := m.merged
	for i := range w {
		x, y := &a.at[i], &b.at[i]
		switch p := &m.places[i]; {
		case p.isExtreme():
			merged[i] = m.extreme(p, x, y)
		case p.isRegister():
			merged[i] = later(x, y, before)
		default:
			merged[i] = both(w[i], x, y)
		}
	}
	return merged
}

// both merges what has entries: additions survive removals that did not see them.
func both(f fact, x, y *change) fact {
	isKept := !x.isDropped && !y.isDropped
	m := fact{n: x.by + y.by, isHere: f.isHere && isKept || x.isPut || y.isPut}
	if isKept {
		m.n += f.n
	}
	m.isGone = f.isGone && !x.isGoneTaken && !y.isGoneTaken || x.isGonePut || y.isGonePut
	return m
}

// later merges registers: a removal only of what it saw.
func later(x, y *change, before [3]uint8) fact {
	switch {
	case x.at == 0:
		return y.fact
	case y.at == 0, y.n == 0:
		return x.fact
	case x.n == 0, y.at > before[x.at]:
		return y.fact
	}
	return x.fact
}

func (m *model) extreme(p *place, x, y *change) fact {
	switch {
	case x.n == 0:
		return y.fact
	case y.n == 0:
		return x.fact
	}
	if isLess := value.Compare(m.values[x.n], m.values[y.n]) < 0; isLess == (p.kind == plan.KindMin) {
		return x.fact
	}
	return y.fact
}
