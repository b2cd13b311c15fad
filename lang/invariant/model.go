package invariant

import (
	"slices"

	"github.com/martinelli-lang/martinelli/plan"
	"github.com/martinelli-lang/martinelli/value"
)

// model is the little world in which two replicas break an invariant: the
// program's updates of what the invariant reads, with a few arguments each.
type model struct {
	o       *opinion
	source  *plan.Expr // nil: the invariant holds once
	cond    *plan.Expr
	places  []place
	values  []value.Value // of registers; the first is unset
	ops     []*op
	ballast int64 // so many elements that have no names are in every collection
	samples int   // how many values of a type are tried beside constants
	consts  []value.Value
	known   map[string]bool // worlds: whether the invariant holds
	work    int             // so far
	limit   int
	bytes   []byte

	next   []change // of the commit that was tried last
	shown  world    // behind it
	merged world    // of the last merge
}

// op is one block of updates with its arguments.
type op struct {
	effects []effect
	writes  []said
	fresh   uint // which new ids it has
}

// effect is one verb at one place.
type effect struct {
	place int
	verb  string // "" for a removal of keys
	n     int64  // an amount, or the number of a value
}

// said is one update as it is written down.
type said struct {
	db   int
	keys []value.Value
	verb string
	arg  value.Value
	has  bool // whether it has an argument
}

// Bounds of the little world.
const (
	placesMax  = 40
	opsMax     = 90
	choicesMax = 27 // arguments that one block is tried with
)

// newIDs are the ids that new_id() gives: to the replicas before they part, to a, to b.
var newIDs = [3][]value.Value{
	{value.String("id1"), value.String("id2")},
	{value.String("id3"), value.String("id4")},
	{value.String("id5"), value.String("id6")},
}

// model builds the world of an invariant.
func (o *opinion) model() *model {
	m := &model{o: o, values: []value.Value{value.Nil}, samples: 2, known: map[string]bool{}}
	n := *o.normal
	n.nodes = 0
	if o.inv.Source != nil {
		m.source = n.expand(o.inv.Source, nil)
		constants(m.source, m.constant)
	}
	m.cond = n.expand(o.inv.Cond, nil)
	constants(m.cond, m.constant)
	if n.nodes > expandMax {
		return m
	}
	dbs := databasesOf(m.cond, databasesOf(m.source, nil))
	for _, i := range dbs {
		if !o.p.Databases[i].Scalar() {
			m.samples = 3
		}
	}
	var seen []*group
	for _, w := range o.writes {
		if w.stmt != nil && !slices.Contains(seen, w.group) {
			seen = append(seen, w.group)
			m.offer(w.group, dbs)
		}
	}
	m.clearAll()
	return m
}

// constant keeps a constant of the condition, to be tried as an argument.
func (m *model) constant(v value.Value) {
	if len(m.consts) < 6 && !slices.ContainsFunc(m.consts, func(o value.Value) bool { return value.Equal(o, v) }) {
		m.consts = append(m.consts, v)
	}
}

// constants calls f with the constants of an expression.
func constants(e *plan.Expr, f func(value.Value)) {
	if e.Op == plan.OpConst {
		f(e.Const)
	}
	for _, a := range e.Args {
		constants(a, f)
	}
	if e.Block != nil {
		constants(e.Block.Expr, f)
	}
}

// databasesOf lists the databases that an expression reads.
func databasesOf(e *plan.Expr, is []int) []int {
	if e == nil {
		return is
	}
	if (e.Op == plan.OpCell || e.Op == plan.OpDatabase || e.Op == plan.OpKeys) && !slices.Contains(is, e.Index) {
		is = append(is, e.Index)
	}
	for _, a := range e.Args {
		is = databasesOf(a, is)
	}
	if e.Block != nil {
		is = databasesOf(e.Block.Expr, is)
	}
	return is
}

// offer adds the updates that a block of the program may be.
func (m *model) offer(g *group, dbs []int) {
	var c choice
	c.m = m
	for _, w := range g.writes {
		if slices.Contains(dbs, w.db) {
			c.writes = append(c.writes, w)
			for _, k := range w.keys {
				c.open(k, g.lets)
			}
			if w.arg != nil {
				c.open(w.arg, g.lets)
			}
		}
	}
	if len(c.writes) == 0 {
		return
	}
	pools := newIDs[:1]
	if c.ids > 0 {
		pools = newIDs[:]
	}
	for i := range min(c.count(), choicesMax) {
		for k := range pools {
			for from := range pools[k] {
				if c.ids > 0 && from+c.ids > len(pools[k]) || c.ids == 0 && from > 0 {
					break
				}
				if o := c.make(i, pools[k][from:], g.lets); o != nil && len(m.ops) < opsMax {
					o.fresh = (1<<c.ids - 1) << (2*k + from)
					m.ops = append(m.ops, o)
				}
			}
		}
	}
}

// choice is what a block's text does not say.
type choice struct {
	m      *model
	writes []*write
	slots  []binding
	others []guess
	of     [][]value.Value // the values of each slot, then of each other
	ids    int             // how many new ids it takes
	letIDs []int
}

// open finds what an expression does not say.
func (c *choice) open(e *plan.Expr, lets map[int]*plan.Expr) {
	switch e.Op {
	case plan.OpConst:
	case plan.OpNewID:
		c.ids++
	case plan.OpLocal:
		if x, ok := lets[e.Index]; ok {
			if x.Op != plan.OpNewID || !slices.Contains(c.letIDs, e.Index) {
				c.open(x, lets)
			}
			c.letIDs = append(c.letIDs, e.Index)
			return
		}
		if !slices.ContainsFunc(c.slots, func(b binding) bool { return b.slot == e.Index }) {
			c.slots = append(c.slots, binding{slot: e.Index})
			c.of = slices.Insert(c.of, len(c.slots)-1, c.m.domain(e.Type, 0))
		}
	case plan.OpRecord, plan.OpTuple, plan.OpField, plan.OpNot, plan.OpNeg, plan.OpAdd, plan.OpSub, plan.OpMul,
		plan.OpEq, plan.OpNe, plan.OpLt, plan.OpLe, plan.OpGt, plan.OpGe, plan.OpAnd, plan.OpEither, plan.OpIf, plan.OpOr:
		for _, a := range e.Args {
			c.open(a, lets)
		}
	default:
		if !slices.ContainsFunc(c.others, func(g guess) bool { return same(g.e, e) }) {
			c.others = append(c.others, guess{e: e})
			c.of = append(c.of, c.m.domain(e.Type, 0))
		}
	}
}

// domain lists values of a type to try.
func (m *model) domain(t plan.Type, depth int) []value.Value {
	var vs []value.Value
	put := func(v value.Value) { vs = merged(vs, []value.Value{v}) }
	switch t.Kind {
	case plan.KindBool:
		return []value.Value{value.Bool(true), value.Bool(false)}
	case plan.KindString, plan.KindID, plan.KindSymbol:
		of, kind := value.String, value.KindString
		if t.Kind == plan.KindSymbol {
			of, kind = value.Symbol, value.KindSymbol
		}
		for i := range m.samples {
			put(of(string(rune('x' + i))))
		}
		for _, v := range m.consts {
			if v.Kind() == kind {
				put(v)
			}
		}
	case plan.KindInt, plan.KindNat, plan.KindTime, plan.KindAny:
		for _, i := range []int64{1, 2, 3, 0} {
			put(value.Int(i))
		}
		for _, v := range m.consts {
			for d := int64(-1); v.Kind() == value.KindInt && d < 2; d++ {
				if n := v.AsInt() + d; len(vs) < 7 && n < nearMax && (n > 0 || t.Kind == plan.KindInt) {
					put(value.Int(n))
				}
			}
		}
	case plan.KindMaybe:
		return m.domain(t.Element(), depth)
	case plan.KindRecord:
		return m.records(t, depth)
	}
	return vs
}

// nearMax is up to where numbers of the text are tried as arguments.
const nearMax = 1 << 31

// records lists a few records: fields that differ one by one.
func (m *model) records(t plan.Type, depth int) []value.Value {
	if depth > 2 {
		return nil
	}
	base := make([]value.Value, len(t.Fields))
	of := make([][]value.Value, len(t.Fields))
	for i, f := range t.Fields {
		if of[i] = m.domain(f.Type, depth+1); len(of[i]) == 0 {
			return nil
		}
		base[i] = of[i][0]
	}
	vs := []value.Value{value.Record(base...)}
	for _, from := range [2]int{1, 2} {
		for i := range base {
			if from < len(of[i]) {
				fields := slices.Clone(base)
				fields[i] = of[i][from]
				vs = append(vs, value.Record(fields...))
			}
		}
	}
	return vs[:min(len(vs), 9)]
}

// count returns how many choices there are.
func (c *choice) count() int {
	n := 1
	for _, vs := range c.of {
		if n *= len(vs); n > 1<<16 {
			return n
		}
	}
	return n
}

// make returns the i-th choice, nil where it cannot be computed or is too much.
func (c *choice) make(i int, ids []value.Value, lets map[int]*plan.Expr) *op {
	r := reader{m: c.m, ids: ids, lets: lets}
	for k, vs := range c.of {
		v := vs[i%len(vs)]
		i /= len(vs)
		if k < len(c.slots) {
			r.unknown = append(r.unknown, binding{c.slots[k].slot, v})
		} else {
			r.others = append(r.others, guess{c.others[k-len(c.slots)].e, v})
		}
	}
	o := &op{}
	for _, w := range c.writes {
		s := said{db: w.db, verb: w.verb, has: w.arg != nil}
		ok := true
		if s.keys, ok = r.keys(w.keys); !ok {
			return nil
		}
		if s.has {
			if s.arg, ok = r.value(w.arg); !ok {
				return nil
			}
		}
		o.writes = append(o.writes, s)
		if e, ok := c.m.effect(&s); ok {
			o.effects = append(o.effects, e)
		} else if w.verb != "" {
			return nil
		}
	}
	if slices.ContainsFunc(c.m.ops, func(p *op) bool {
		return p.fresh == 0 && slices.Equal(p.effects, o.effects) && len(p.writes) == len(o.writes)
	}) {
		return nil
	}
	return o
}

// effect returns what an update does, and where.
func (m *model) effect(s *said) (effect, bool) {
	p := place{db: s.db, kind: m.o.p.Databases[s.db].Lattice.Kind, keys: s.keys}
	e := effect{verb: s.verb, n: 1}
	switch s.verb {
	case "":
		return e, false // every place of the key, which are not all known yet
	case "inc", "dec":
		e.n = s.arg.AsInt()
	case "set":
		e.n = m.number(s.arg)
	case "add", "remove", "append":
		p.elem = s.arg
	}
	e.place = slices.IndexFunc(m.places, func(q place) bool {
		return q.db == p.db && sameValues(q.keys, p.keys) && value.Equal(q.elem, p.elem)
	})
	if e.place < 0 {
		e.place = len(m.places)
		m.places = append(m.places, p)
	}
	return e, len(m.places) <= placesMax
}

// number returns the number of a register's value.
func (m *model) number(v value.Value) int64 {
	i := slices.IndexFunc(m.values, func(o value.Value) bool { return value.Equal(o, v) })
	if i < 0 {
		i = len(m.values)
		m.values = append(m.values, v)
	}
	return int64(i)
}

// clearAll adds to each op the removals of whole keys, now that all places are known.
func (m *model) clearAll() {
	for _, o := range m.ops {
		var all []effect
		next := 0
		for _, s := range o.writes {
			if s.verb != "" {
				all = append(all, o.effects[next])
				next++
				continue
			}
			for i := range m.places {
				if p := &m.places[i]; p.db == s.db && len(s.keys) <= len(p.keys) && sameValues(p.keys[:len(s.keys)], s.keys) {
					all = append(all, effect{place: i})
				}
			}
		}
		o.effects = all
	}
}

// holds computes the invariant; what cannot be computed holds.
func (m *model) holds(w world) bool {
	m.bytes = m.bytes[:0]
	for _, f := range w {
		m.bytes = append(m.bytes, byte(f.n), byte(f.n>>8), byte(f.n>>16), byte(f.n>>24), byte(f.n>>32), flag(f.isHere)+2*flag(f.isGone))
	}
	if is, ok := m.known[string(m.bytes)]; ok {
		return is
	}
	_, is := m.broken(w)
	m.known[string(m.bytes)] = !is
	return !is
}

func flag(is bool) byte {
	if is {
		return 1
	}
	return 0
}

// broken returns the element of which the invariant does not hold.
func (m *model) broken(w world) (value.Value, bool) {
	r := reader{m: m, w: w}
	if m.source == nil {
		v, ok := r.value(m.cond)
		return value.Nil, ok && !v.AsBool()
	}
	items, _, _ := r.items(m.source)
	for _, x := range items {
		r.env = r.env[:0]
		r.bind(m.o.inv.Params, x)
		if v, ok := r.value(m.cond); ok && !v.AsBool() {
			return x, true
		}
	}
	return value.Nil, false
}
