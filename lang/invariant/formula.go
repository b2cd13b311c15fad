package invariant

import (
	"slices"

	"github.com/martinelli-lang/martinelli/lang/token"
	"github.com/martinelli-lang/martinelli/plan"
	"github.com/martinelli-lang/martinelli/value"
)

// A condition is normalised to clauses, all of which must hold, of literals,
// one of which must. "For every x in xs" is one more literal in each clause:
// "or x is not in xs".

// reading says what a term is of its database.
type reading uint8

const (
	number   reading = iota // the value of a counter
	size                    // how many elements, or keys, there are
	presence                // an element or key is there, or a flag is on
	register                // the value of a register
)

// term is something of the databases that an invariant speaks of.
type term struct {
	reading reading
	dbs     []int        // one, or the fields of a record whose keys are meant
	keys    []*plan.Expr // nil where it is all keys
	isWhole bool         // all keys
	isKeys  bool         // keys are meant, not elements
	x       *plan.Expr   // presence of an element or key: which
	field   int          // size of those with one value in this field of the element; else -1
	expr    *plan.Expr   // as it is read
}

// sort says what a literal asks.
type sort uint8

const (
	constant  sort = iota // nothing of any database
	bound                 // a sum of numbers and sizes compared with a constant
	truth                 // a presence, or its absence
	predicate             // something of one register
	twins                 // that two registers are equal
	other                 // what the catalogue does not have
)

// relation compares a sum with its constant.
type relation uint8

const (
	atLeast relation = iota
	equal
	unequal
)

// literal is one condition on terms.
type literal struct {
	sort     sort
	isNot    bool // truth: of the absence
	isSource bool // the absence from what the invariant ranges over
	terms    []*term
	coef     []int64 // bound: beside terms
	rel      relation
	k        int64      // bound: the constant, but for symbol
	symbol   *plan.Expr // bound: what of the constant depends on the element; nil: nothing
	symbolBy int64      // bound: its coefficient, on the side of the terms
	expr     *plan.Expr // the condition as it is computed

	isDrift, isUp, isDown bool // bound: whether the ways it is pushed are known, and which they are
}

// clause holds where one of its literals does.
type clause []*literal

// clausesMax and expandMax bound the normal form; what is larger is not in the catalogue.
const (
	clausesMax = 32
	expandMax  = 4096
)

// normal brings one invariant to its normal form.
type normal struct {
	p      *plan.Program
	spans  map[*plan.Expr]token.Span // of what was written, and of its copies
	fresh  int                       // the next free slot
	nodes  int                       // copied so far
	source *literal                  // nil: the invariant holds once
	pair   *plan.Expr                // it ranges over the pairs of this; else nil
	params []*plan.Expr
}

// normalize returns the clauses of an invariant, without the literal of its
// source, which is in n.
func (n *normal) normalize(inv *plan.Invariant) []clause {
	n.fresh = max(inv.Slots, 1<<20)
	env := map[int]*plan.Expr{}
	if inv.Source != nil {
		n.quantify(inv, env)
	}
	cs := n.clauses(n.expand(inv.Cond, env), false)
	if n.nodes > expandMax || len(cs) > clausesMax {
		return []clause{{{sort: other, expr: inv.Cond}}}
	}
	if u := n.unique(cs, n.expand(inv.Cond, env)); u != nil {
		n.source = nil
		return []clause{{u}}
	}
	return cs
}

// quantify reads what an invariant ranges over.
func (n *normal) quantify(inv *plan.Invariant, env map[int]*plan.Expr) {
	source := n.expand(inv.Source, nil)
	types := []plan.Type{inv.Source.Type.Element()}
	if len(inv.Params) > 1 {
		types = types[0].Args
	}
	for i, slot := range inv.Params {
		local := &plan.Expr{Op: plan.OpLocal, Type: types[i], Index: slot}
		n.params = append(n.params, local)
	}
	if source.Op == plan.OpProduct && same(source.Args[0], source.Args[1]) && len(n.params) == 2 {
		n.pair = source.Args[0]
	}
	if source.Op == plan.OpDatabase && n.p.Databases[source.Index].Scalar() && len(n.params) > 1 {
		// The row (key, value) of a scalar is there where the key is, and its
		// value is what is read there.
		db, last := &n.p.Databases[source.Index], len(n.params)-1
		cell := &plan.Expr{Op: plan.OpCell, Type: db.Lattice.Reading(), Index: source.Index, Args: n.params[:last]}
		if t := cell.Type; t.Kind == plan.KindMaybe {
			cell.Type = t.Element() // an unset register has no row
		}
		n.spans[cell] = n.spans[inv.Source]
		env[inv.Params[last]] = cell
		n.params = n.params[:last]
		source = &plan.Expr{Op: plan.OpKeys, Type: plan.SetOf(db.KeyType()), Index: source.Index}
	}
	n.source = &literal{sort: other, isNot: true, isSource: true}
	if t, ok := n.collection(source); ok {
		t.reading, t.x, t.expr = presence, tuple(n.params), inv.Source
		n.source.sort, n.source.terms = truth, []*term{t}
	}
}

func tuple(xs []*plan.Expr) *plan.Expr {
	if len(xs) == 1 {
		return xs[0]
	}
	return &plan.Expr{Op: plan.OpTuple, Args: xs}
}

// expand copies an expression, with lets and functions put in their places.
func (n *normal) expand(e *plan.Expr, env map[int]*plan.Expr) *plan.Expr {
	if n.nodes++; n.nodes > expandMax {
		return e
	}
	switch e.Op {
	case plan.OpLocal:
		if x, ok := env[e.Index]; ok {
			if x.Op == plan.OpLocal {
				x = &plan.Expr{Op: plan.OpLocal, Type: e.Type, Index: x.Index}
			}
			return x
		}
		return e
	case plan.OpLet:
		return n.expand(e.Args[1], with(env, e.Index, n.expand(e.Args[0], env)))
	case plan.OpCall:
		f, inside := &n.p.Funcs[e.Index], map[int]*plan.Expr{}
		for i, a := range e.Args {
			inside[i] = n.expand(a, env)
		}
		return n.expand(f.Expr, inside)
	}
	c := *e
	c.Args = make([]*plan.Expr, len(e.Args))
	for i, a := range e.Args {
		c.Args[i] = n.expand(a, env)
	}
	if b := e.Block; b != nil {
		params := make([]int, len(b.Params))
		for i, p := range b.Params {
			params[i] = n.fresh
			env = with(env, p, &plan.Expr{Op: plan.OpLocal, Type: plan.Any, Index: n.fresh})
			n.fresh++
		}
		c.Block = &plan.Block{Params: params, Expr: n.expand(b.Expr, env)}
	}
	n.spans[&c] = n.spans[e]
	return &c
}

func with(env map[int]*plan.Expr, slot int, x *plan.Expr) map[int]*plan.Expr {
	next := make(map[int]*plan.Expr, len(env)+1)
	for k, v := range env {
		next[k] = v
	}
	next[slot] = x
	return next
}

// clauses returns the clauses of e, or of its negation.
func (n *normal) clauses(e *plan.Expr, isNot bool) []clause {
	op := e.Op
	if isNot && op == plan.OpAnd {
		op = plan.OpEither
	} else if isNot && op == plan.OpEither {
		op = plan.OpAnd
	}
	switch op {
	case plan.OpNot:
		return n.clauses(e.Args[0], !isNot)
	case plan.OpAnd:
		return append(n.clauses(e.Args[0], isNot), n.clauses(e.Args[1], isNot)...)
	case plan.OpEither:
		return either(n.clauses(e.Args[0], isNot), n.clauses(e.Args[1], isNot))
	case plan.OpIf:
		c := e.Args[0]
		return append(either(n.clauses(c, true), n.clauses(e.Args[1], isNot)),
			either(n.clauses(c, false), n.clauses(e.Args[2], isNot))...)
	}
	return []clause{{n.literal(e, isNot)}}
}

// either returns the clauses of "a or b".
func either(a, b []clause) []clause {
	var out []clause
	for _, x := range a {
		for _, y := range b {
			out = append(out, slices.Concat(x, y))
			if len(out) > clausesMax {
				return out
			}
		}
	}
	return out
}

var negated = map[plan.Op]plan.Op{
	plan.OpEq: plan.OpNe, plan.OpNe: plan.OpEq, plan.OpLt: plan.OpGe, plan.OpGe: plan.OpLt, plan.OpLe: plan.OpGt, plan.OpGt: plan.OpLe,
}

func (n *normal) literal(e *plan.Expr, isNot bool) *literal {
	l := &literal{sort: other, isNot: isNot, expr: e}
	if op, ok := negated[e.Op]; ok && isNot {
		c := *e
		c.Op = op
		n.spans[&c] = n.spans[e]
		l.expr = &c
	} else if isNot {
		l.expr = &plan.Expr{Op: plan.OpNot, Type: plan.Bool, Args: []*plan.Expr{e}}
		n.spans[l.expr] = n.spans[e]
	}
	reads := n.reads(e, nil)
	switch {
	case len(reads) == 0:
		l.sort = constant
	case n.asTruth(l, e), n.asBound(l), n.asTwins(l):
	case isRegisters(reads):
		l.sort, l.terms = predicate, reads
	}
	return l
}

// asTruth reads a presence.
func (n *normal) asTruth(l *literal, e *plan.Expr) bool {
	switch e.Op {
	case plan.OpCell:
		if k := n.p.Databases[e.Index].Lattice.Kind; k == plan.KindOnce || k == plan.KindFlag {
			l.sort, l.terms = truth, []*term{{reading: presence, dbs: []int{e.Index}, keys: e.Args, field: -1, expr: e}}
			return true
		}
	case plan.OpIn:
		if t, ok := n.collection(e.Args[1]); ok && len(n.reads(e.Args[0], nil)) == 0 {
			t.reading, t.x, t.expr = presence, e.Args[0], e
			l.sort, l.terms = truth, []*term{t}
			return true
		}
	case plan.OpEq, plan.OpNe:
		for i := range 2 {
			if c := e.Args[i]; c.Op == plan.OpConst && c.Type.Kind == plan.KindBool && n.asTruth(l, e.Args[1-i]) {
				l.isNot = l.isNot != (c.Const.AsBool() != (e.Op == plan.OpEq))
				return true
			}
		}
	}
	return false
}

// asBound reads a comparison of sums. Its constant side may depend on the element.
func (n *normal) asBound(l *literal) bool {
	e := l.expr
	if _, ok := negated[e.Op]; !ok || !isInteger(e.Args[0].Type) || !isInteger(e.Args[1].Type) {
		return false
	}
	sum := literal{sort: bound}
	sign, offset := int64(1), int64(0)
	switch e.Op {
	case plan.OpLe, plan.OpLt:
		sign = -1
	case plan.OpEq:
		sum.rel = equal
	case plan.OpNe:
		sum.rel = unequal
	}
	if e.Op == plan.OpLt || e.Op == plan.OpGt {
		offset = 1
	}
	if !n.add(&sum, e.Args[0], sign) || !n.add(&sum, e.Args[1], -sign) || len(sum.terms) == 0 {
		return false
	}
	l.sort, l.terms, l.coef, l.rel, l.symbol, l.symbolBy = bound, sum.terms, sum.coef, sum.rel, sum.symbol, sum.symbolBy
	l.k = offset - sum.k
	if len(l.terms) > 1 || l.coef[0] != -1 || l.rel != atLeast || l.symbol != nil || l.k > -1 {
		for _, t := range l.terms {
			t.field = -1 // only "at most one, or more" bears an element whose field is fresh
		}
	}
	return true
}

func isInteger(t plan.Type) bool {
	return t.Kind == plan.KindInt || t.Kind == plan.KindNat || t.Kind == plan.KindTime
}

// add adds e, times by, to a sum, and reports whether it is one.
func (n *normal) add(s *literal, e *plan.Expr, by int64) bool {
	if v, ok := fold(e, nil); ok {
		s.k += by * v.AsInt()
		return true
	}
	if len(n.reads(e, nil)) == 0 {
		if s.symbol != nil {
			return false
		}
		s.symbol, s.symbolBy = e, by
		return true
	}
	switch e.Op {
	case plan.OpAdd:
		return n.add(s, e.Args[0], by) && n.add(s, e.Args[1], by)
	case plan.OpSub:
		return n.add(s, e.Args[0], by) && n.add(s, e.Args[1], -by)
	case plan.OpNeg:
		return n.add(s, e.Args[0], -by)
	case plan.OpMul:
		for i := range 2 {
			if v, ok := fold(e.Args[i], nil); ok && v.AsInt() != 0 && v.AsInt() < 1<<20 && v.AsInt() > -1<<20 {
				return n.add(s, e.Args[1-i], by*v.AsInt())
			}
		}
	case plan.OpCount:
		t, ok := n.collection(e.Args[0])
		if ok {
			t.reading, t.expr = size, e
			s.put(t, by)
		}
		return ok
	case plan.OpCell:
		if k := n.p.Databases[e.Index].Lattice.Kind; k == plan.KindGCounter || k == plan.KindCounter {
			s.put(&term{reading: number, dbs: []int{e.Index}, keys: e.Args, field: -1, expr: e}, by)
			return true
		}
	}
	return false
}

// put adds a term to a sum; what is there already counts more.
func (l *literal) put(t *term, by int64) {
	for i, o := range l.terms {
		if same(o.expr, t.expr) {
			l.coef[i] += by
			return
		}
	}
	l.terms, l.coef = append(l.terms, t), append(l.coef, by)
}

// asTwins reads "a == b" of two registers.
func (n *normal) asTwins(l *literal) bool {
	e := l.expr
	if e.Op != plan.OpEq {
		return false
	}
	a, okA := n.registerOf(e.Args[0])
	b, okB := n.registerOf(e.Args[1])
	if !okA || !okB || same(a.expr, b.expr) || !sameDefault(e.Args[0], e.Args[1]) {
		return false
	}
	l.sort, l.terms = twins, []*term{a, b}
	return true
}

// registerOf reads a register, or what it is where it is unset.
func (n *normal) registerOf(e *plan.Expr) (*term, bool) {
	if e.Op == plan.OpOr {
		if _, ok := fold(e.Args[1], nil); !ok {
			return nil, false
		}
		e = e.Args[0]
	}
	reads := n.reads(e, nil)
	if e.Op != plan.OpCell || len(reads) != 1 || reads[0].reading != register {
		return nil, false
	}
	k := n.p.Databases[e.Index].Lattice.Kind
	return reads[0], k == plan.KindLWW || k == plan.KindMV
}

func sameDefault(a, b *plan.Expr) bool {
	if a.Op != plan.OpOr || b.Op != plan.OpOr {
		return a.Op == b.Op
	}
	return same(a.Args[1], b.Args[1])
}

// isRegisters reports whether exactly one register is read.
func isRegisters(reads []*term) bool {
	return len(reads) == 1 && reads[0].reading == register
}

// reads lists what e reads of the databases, each once. What is not a term
// stands there as one without databases.
func (n *normal) reads(e *plan.Expr, ts []*term) []*term {
	switch e.Op {
	case plan.OpCell:
		t := &term{reading: register, dbs: []int{e.Index}, keys: e.Args, field: -1, expr: e}
		switch n.p.Databases[e.Index].Lattice.Kind {
		case plan.KindLWW, plan.KindMV, plan.KindMax, plan.KindMin:
		default:
			t.reading = number
		}
		if !slices.ContainsFunc(ts, func(o *term) bool { return same(o.expr, e) }) {
			ts = append(ts, t)
		}
	case plan.OpDatabase, plan.OpKeys, plan.OpView, plan.OpImport, plan.OpNow, plan.OpNewID, plan.OpClock:
		ts = append(ts, &term{reading: size, expr: e})
	}
	for _, a := range e.Args {
		ts = n.reads(a, ts)
	}
	if e.Block != nil {
		ts = n.reads(e.Block.Expr, ts)
	}
	return ts
}

// collection reads the elements or keys of a database, possibly through blocks
// that look at the element alone: who adds to the database adds to it.
func (n *normal) collection(e *plan.Expr) (*term, bool) {
	switch e.Op {
	case plan.OpCell:
		if n.p.Databases[e.Index].Scalar() {
			return nil, false
		}
		return &term{dbs: []int{e.Index}, keys: e.Args, field: -1}, len(n.readsOf(e.Args)) == 0
	case plan.OpDatabase:
		db := &n.p.Databases[e.Index]
		return &term{dbs: []int{e.Index}, isWhole: true, field: -1}, !db.Scalar()
	case plan.OpKeys:
		return &term{dbs: []int{e.Index}, isWhole: true, isKeys: true, field: -1}, true
	case plan.OpMap, plan.OpFilter, plan.OpFlatMap:
		t, ok := n.collection(e.Args[0])
		if !ok || len(n.reads(e.Block.Expr, nil)) > 0 {
			return nil, false
		}
		t.field = -1
		if e.Op == plan.OpFilter && !t.isKeys && e.Args[0].Op != plan.OpMap {
			t.field = pinned(e.Block)
		}
		return t, true
	case plan.OpUnion:
		a, okA := n.collection(e.Args[0])
		b, okB := n.collection(e.Args[1])
		if !okA || !okB || !a.isKeys || !b.isKeys {
			return nil, false
		}
		a.dbs = slices.Concat(a.dbs, b.dbs)
		return a, true
	}
	return nil, false
}

func (n *normal) readsOf(es []*plan.Expr) []*term {
	var ts []*term
	for _, e := range es {
		ts = n.reads(e, ts)
	}
	return ts
}

// pinned returns the field of the element that a filter's block compares with
// something else, in "b.f == x"; -1 for other blocks.
func pinned(b *plan.Block) int {
	e := b.Expr
	if e.Op != plan.OpEq || len(b.Params) != 1 {
		return -1
	}
	isElem := func(x *plan.Expr) bool { return x.Op == plan.OpLocal && x.Index == b.Params[0] }
	for i := range 2 {
		if f := e.Args[i]; f.Op == plan.OpField && isElem(f.Args[0]) && f.Args[0].Type.Kind == plan.KindRecord && !mentions(e.Args[1-i], b.Params[0]) {
			return f.Index
		}
	}
	return -1
}

func mentions(e *plan.Expr, slot int) bool {
	return e.Op == plan.OpLocal && e.Index == slot ||
		slices.ContainsFunc(e.Args, func(a *plan.Expr) bool { return mentions(a, slot) }) ||
		e.Block != nil && mentions(e.Block.Expr, slot)
}

// unique reads "a.f != b.f or a == b" over pairs of one set: at most one
// element has each value of f.
func (n *normal) unique(cs []clause, cond *plan.Expr) *literal {
	if n.pair == nil || len(cs) != 1 {
		return nil
	}
	field, isSelf := -1, false
	for _, l := range cs[0] {
		e := l.expr
		if e == nil || l.sort != constant || e.Op != plan.OpEq && e.Op != plan.OpNe {
			continue
		}
		a, b := e.Args[0], e.Args[1]
		if a.Op == plan.OpField && b.Op == plan.OpField && a.Index == b.Index && n.arePair(a.Args[0], b.Args[0]) {
			isSelf = isSelf || e.Op == plan.OpEq
			if e.Op == plan.OpNe {
				field = a.Index
			}
		}
		isSelf = isSelf || e.Op == plan.OpEq && n.arePair(a, b)
	}
	if field < 0 || !isSelf {
		return nil
	}
	t, ok := n.collection(n.pair)
	if !ok || t.isKeys {
		return nil
	}
	t.reading, t.field, t.expr = size, field, cond
	return &literal{sort: bound, terms: []*term{t}, coef: []int64{-1}, k: -1, expr: cond}
}

func (n *normal) arePair(a, b *plan.Expr) bool {
	is := func(x *plan.Expr, i int) bool { return same(x, n.params[i]) }
	return is(a, 0) && is(b, 1) || is(a, 1) && is(b, 0)
}

// same reports whether two expressions of one body are the same text.
func same(a, b *plan.Expr) bool {
	if a == nil || b == nil {
		return a == b
	}
	if a.Op != b.Op || a.Index != b.Index || a.Name != b.Name || len(a.Args) != len(b.Args) || !value.Equal(a.Const, b.Const) {
		return false
	}
	for i := range a.Args {
		if !same(a.Args[i], b.Args[i]) {
			return false
		}
	}
	return (a.Block == nil) == (b.Block == nil) && (a.Block == nil || same(a.Block.Expr, b.Block.Expr))
}
