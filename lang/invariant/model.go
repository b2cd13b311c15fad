package invariant

import (
	"slices"
	"strconv"

	"github.com/martinelli-lang/martinelli/plan"
	"github.com/martinelli-lang/martinelli/value"
)

// model is the little world in which two replicas break an invariant: a cell
// for each term of one instance, and the updates of the program on them.
type model struct {
	o     *opinion
	cs    []clause
	cells []cell
	ops   []op
	steps int
}

type cellKind uint8

const (
	isNumber cellKind = iota
	isSize
	isPresence
	isRegister
)

// cell is one term.
type cell struct {
	kind       cellKind
	term       *term
	name       string
	database   string
	isHidden   bool         // in what is written down
	address    []*plan.Expr // at which key, and of which element
	removesWin bool
	domain     []value.Value // of a register, the first is unset
	starts     []content
}

// content is what a replica has in a cell: a number; elements, of which four
// have names; or a register's value.
type content struct {
	n      int64
	has4   uint8 // which named elements are there
	added  uint8 // which it has added itself, last
	gone   uint8 // which it has removed itself, last
	stamp  int   // of a register: when it was set here, 0 for not
	change int64 // of a number: what was added here
}

func (c content) has(i int) bool { return c.has4&(1<<i) != 0 }

func (c content) count() int64 {
	n := c.n
	for i := range 4 {
		if c.has(i) {
			n++
		}
	}
	return n
}

type state []content

// op is one block of updates on the cells.
type op struct {
	text    string
	effects []effect
}

// effect is one update of one cell.
type effect struct {
	cell int
	verb string // "" for a removal of keys
	n    int64  // an amount, the number of an element, or of a value
}

// model builds the world of an invariant, nil where one of its literals cannot
// be computed.
func (o *opinion) model() *model {
	m := &model{o: o}
	for _, c := range o.clauses {
		if o.lists {
			c = append(clause{o.normal.source}, c...)
		}
		m.cs = append(m.cs, c)
		for _, l := range c {
			if l.sort == other {
				return nil
			}
			for _, t := range l.terms {
				m.add(t)
			}
		}
	}
	for i := range m.cells {
		m.begin(&m.cells[i])
	}
	var seen []*group
	for _, w := range o.writes {
		if w.stmt != nil && !slices.Contains(seen, w.group) {
			seen = append(seen, w.group)
			m.offer(w.group)
		}
	}
	return m
}

// add adds the cell of a term, unless it is there.
func (m *model) add(t *term) {
	name := m.o.p.Databases[t.dbs[0]].Name
	c := cell{term: t, name: name, database: name, address: t.keys}
	switch t.reading {
	case number:
		c.kind = isNumber
	case size:
		c.kind, c.name = isSize, c.name+".count"
	case register:
		c.kind, c.domain = isRegister, []value.Value{value.Nil}
	case presence:
		c.kind, c.name = isPresence, m.o.spanText(t.expr)
		if t.x != nil {
			c.address = append(slices.Clip(t.keys), t.x)
		}
		c.removesWin = m.o.p.Databases[t.dbs[0]].Lattice.Kind == plan.KindRSet
		if m.o.lists && t == m.o.normal.source.terms[0] {
			c.name = "in " + m.o.spanText(t.expr)
		}
	}
	for i := range m.cells {
		if old := &m.cells[i]; old.kind == c.kind && same(old.term.expr, t.expr) {
			return
		}
	}
	m.cells = append(m.cells, c)
}

// cellOf returns the cell of a term.
func (m *model) cellOf(t *term) int {
	return slices.IndexFunc(m.cells, func(c cell) bool { return c.term.reading == t.reading && same(c.term.expr, t.expr) })
}

// begin finds what a cell may begin with, and a register's values.
func (m *model) begin(c *cell) {
	raises, lowers := false, false
	unit := int64(0)
	for _, w := range m.o.writes {
		r, l := m.o.moves(w, c.term)
		if c.kind == isNumber && (w.verb == "inc" || w.verb == "dec") && (r || l) {
			unit = divisor(unit, amountOf(w, 1))
		}
		raises, lowers = raises || r, lowers || l
	}
	switch c.kind {
	case isPresence:
		if raises {
			c.starts = append(c.starts, content{has4: 1})
		}
		c.starts = append(c.starts, content{})
	case isRegister:
		m.values(c)
	default:
		for _, v := range m.boundary(c) {
			switch {
			case v > 0 && !raises, v < 0 && (!lowers || c.kind == isSize), unit > 0 && v%unit != 0:
			case c.kind == isSize:
				named := min(v, 2)
				c.starts = append(c.starts, content{n: v - named, has4: 1<<named - 1})
			default:
				c.starts = append(c.starts, content{n: v})
			}
		}
	}
}

func divisor(a, b int64) int64 {
	for b != 0 {
		a, b = b, a%b
	}
	return max(a, -a)
}

// amountOf returns what a verb counts; unknown stands for what is not constant.
func amountOf(w *write, unknown int64) int64 {
	if w.arg != nil {
		if v, ok := fold(w.arg, nil); ok && v.Kind() == value.KindInt {
			return v.AsInt()
		}
	}
	return unknown
}

// boundary lists values at which a bound is about to break, then small ones.
func (m *model) boundary(c *cell) []int64 {
	var vs []int64
	put := func(v int64) {
		if !slices.Contains(vs, v) {
			vs = append(vs, v)
		}
	}
	for _, cl := range m.cs {
		for _, l := range cl {
			for i, t := range l.terms {
				if l.sort != bound || !same(t.expr, c.term.expr) || t.reading != c.term.reading {
					continue
				}
				k := l.k - l.symbolBy // what depends on the element counts as 1
				for slack := range int64(3) {
					put((k + slack) / l.coef[i])
					put((k + slack*l.coef[i]) / l.coef[i])
				}
			}
		}
	}
	for _, v := range []int64{1, 0, 2, -1} {
		put(v)
	}
	return vs
}

// values finds the values of a register that matter: those it is compared
// with, those it is set to, and two others.
func (m *model) values(c *cell) {
	put := func(v value.Value) {
		if len(c.domain) < 12 && !slices.ContainsFunc(c.domain, func(o value.Value) bool { return value.Equal(o, v) }) {
			c.domain = append(c.domain, v)
		}
	}
	isAny := false
	for _, w := range m.o.writes {
		if w.verb == "set" && w.mayMeet(c.term) {
			if v, ok := fold(w.arg, nil); ok {
				put(v)
			} else {
				isAny = true
			}
		}
	}
	set := len(c.domain)
	for _, cl := range m.cs {
		for _, l := range cl {
			if l.sort == predicate || l.sort == twins {
				constants(l.expr, put)
			}
		}
	}
	for _, v := range samples(m.o.p.Databases[c.term.dbs[0]].Lattice.Element()) {
		put(v)
	}
	for i := range c.domain {
		if i < set || isAny {
			c.starts = append(c.starts, content{n: int64(i)})
		}
	}
}

// constants calls f with the constants of an expression, and for numbers with those beside.
func constants(e *plan.Expr, f func(value.Value)) {
	if e.Op == plan.OpConst && !e.Const.IsNil() && !isBool(e.Type) {
		f(e.Const)
		if e.Const.Kind() == value.KindInt {
			f(value.Int(e.Const.AsInt() + 1))
			f(value.Int(e.Const.AsInt() - 1))
		}
	}
	for _, a := range e.Args {
		constants(a, f)
	}
}

// samples returns two values of a type.
func samples(t plan.Type) []value.Value {
	switch t.Kind {
	case plan.KindString, plan.KindID:
		return []value.Value{value.String("p"), value.String("q")}
	case plan.KindSymbol:
		return []value.Value{value.Symbol("p"), value.Symbol("q")}
	case plan.KindBool:
		return []value.Value{value.Bool(true), value.Bool(false)}
	}
	return []value.Value{value.Int(1), value.Int(2)}
}

// holds computes the whole invariant.
func (m *model) holds(s state) bool {
	for _, c := range m.cs {
		if !slices.ContainsFunc(c, func(l *literal) bool { return m.is(l, s) }) {
			return false
		}
	}
	return true
}

func (m *model) is(l *literal, s state) bool {
	at := func(i int) content { return s[m.cellOf(l.terms[i])] }
	switch l.sort {
	case truth:
		return at(0).has(0) != l.isNot
	case predicate:
		is, _ := l.of(m.cells[m.cellOf(l.terms[0])].domain[at(0).n])
		return is
	case twins:
		a, b := m.cells[m.cellOf(l.terms[0])].domain[at(0).n], m.cells[m.cellOf(l.terms[1])].domain[at(1).n]
		return value.Equal(a, b)
	case bound:
		sum := l.symbolBy - l.k
		for i := range l.terms {
			sum += l.coef[i] * at(i).count()
		}
		return l.rel == atLeast && sum >= 0 || l.rel == equal && sum == 0 || l.rel == unequal && sum != 0
	}
	return false // a constant that depends on the element, as bad as it may be
}

// offer adds the updates that a block of the program may be, on the cells.
func (m *model) offer(g *group) {
	addresses := [][]*plan.Expr{}
	for _, w := range g.writes {
		if a := addressOf(w); !slices.ContainsFunc(addresses, func(b []*plan.Expr) bool { return sameAll(a, b) }) {
			addresses = append(addresses, a)
		}
	}
	for choice := range 1 << min(len(addresses), 4) {
		for variant := range int64(variantsMax) {
			m.offerOne(g, addresses, 1<<min(len(addresses), 4)-1-choice, variant)
		}
	}
}

// variantsMax is how many elements, amounts and values a block is tried with.
const variantsMax = 4

func addressOf(w *write) []*plan.Expr {
	if w.arg != nil && (w.verb == "add" || w.verb == "remove") {
		return append(slices.Clip(w.keys), w.arg)
	}
	return w.keys
}

// offerOne adds the block where the addresses in the mask are those of the cells.
func (m *model) offerOne(g *group, addresses [][]*plan.Expr, mask int, variant int64) {
	var o op
	for _, w := range g.writes {
		a := addressOf(w)
		i := slices.IndexFunc(addresses, func(b []*plan.Expr) bool { return sameAll(a, b) })
		isHit := i >= 4 || mask&(1<<i) != 0
		for k := range m.cells {
			c := &m.cells[k]
			raises, lowers := m.o.moves(w, c.term)
			if !raises && !lowers || !isHit && len(c.address) > 0 {
				continue
			}
			n, ok := m.amount(w, c, variant)
			if !ok {
				continue
			}
			o.effects = append(o.effects, effect{k, w.verb, n})
		}
		verb := w.verb
		if verb == "" {
			verb = "remove"
		}
		if o.text != "" {
			o.text += " and "
		}
		o.text += m.o.p.Databases[w.db].Name + "." + verb
	}
	if len(o.effects) == 0 || slices.ContainsFunc(m.ops, func(p op) bool { return p.text == o.text && slices.Equal(p.effects, o.effects) }) {
		return
	}
	for _, e := range o.effects {
		if c := &m.cells[e.cell]; c.kind == isRegister && e.verb == "set" {
			o.text += "(" + c.valueText(content{n: e.n}) + ")"
			break
		} else if c.kind == isSize && e.verb != "" {
			o.text += "(" + string(rune('e'+e.n)) + ")"
			break
		} else if c.kind == isNumber && e.n != 1 {
			o.text += "(" + strconv.FormatInt(e.n, 10) + ")"
		}
	}
	m.ops = append(m.ops, o)
}

// amount returns what a write does to a cell in a variant.
func (m *model) amount(w *write, c *cell, variant int64) (int64, bool) {
	switch c.kind {
	case isNumber:
		return amountOf(w, 1+variant%2), variant < 2 || !isLone(w)
	case isSize:
		return variant, true
	case isRegister:
		if w.verb != "set" {
			return 0, variant == 0
		}
		if v, ok := fold(w.arg, nil); ok {
			i := slices.IndexFunc(c.domain, func(o value.Value) bool { return value.Equal(o, v) })
			return int64(i), i >= 0
		}
		i := int(variant) + 1
		return int64(i), i < len(c.domain) && (w.arg.Type.Kind != plan.KindNat || c.domain[i].AsInt() >= 0)
	}
	return 0, true
}

// isLone reports whether a write stands in a block of its own.
func isLone(w *write) bool { return len(w.group.writes) == 1 }

// apply does an update at a replica, as its i-th; it is false where that is none.
func (m *model) apply(s state, o *op, i int) (state, bool) {
	next := slices.Clone(s)
	isDone := false
	for _, e := range o.effects {
		c, was := &next[e.cell], next[e.cell]
		switch m.cells[e.cell].kind {
		case isNumber:
			c.add(e)
		case isRegister:
			c.n, c.stamp = e.n, i
		case isPresence, isSize:
			c.place(e, m.cells[e.cell].kind)
		}
		isDone = isDone || *c != was
	}
	return next, isDone
}

func (c *content) add(e effect) {
	by := e.n
	switch e.verb {
	case "dec":
		by = -by
	case "":
		by = -c.n
	}
	c.n, c.change = c.n+by, c.change+by
}

// place adds or removes one element, or all of them.
func (c *content) place(e effect, k cellKind) {
	bit := uint8(1)
	if k == isSize {
		bit <<= e.n
	}
	switch e.verb {
	case "add", "append", "on", "inc", "dec", "set":
		c.has4, c.added, c.gone = c.has4|bit, c.added|bit, c.gone&^bit
	case "remove", "off":
		if c.has4&bit != 0 {
			c.has4, c.added, c.gone = c.has4&^bit, c.added&^bit, c.gone|bit
		}
	default:
		c.gone |= c.has4
		c.has4, c.added = 0, 0
	}
}

// merge joins what two replicas made of one state. The schedule says whose
// registers are the later ones.
func (m *model) merge(start state, a, b *run, schedule int) state {
	merged := make(state, len(start))
	for i := range start {
		s, x, y := start[i], a.end[i], b.end[i]
		switch m.cells[i].kind {
		case isNumber:
			merged[i].n = s.n + x.change + y.change
		case isRegister:
			merged[i] = later(x, y, schedule)
		default:
			merged[i] = m.cells[i].union(s, x, y)
		}
	}
	return merged
}

func later(x, y content, schedule int) content {
	switch {
	case x.stamp == 0:
		return y
	case y.stamp == 0:
		return x
	case schedule == 0, schedule == 1 && x.stamp <= y.stamp:
		return y
	}
	return x
}

// union merges elements: an addition survives a removal that did not see it,
// but where removals win.
func (c *cell) union(s, x, y content) content {
	added, gone := x.added|y.added, x.gone|y.gone
	kept := s.has4 &^ gone
	if c.removesWin {
		return content{n: s.n, has4: (kept | added) &^ gone}
	}
	return content{n: s.n, has4: kept | added}
}
