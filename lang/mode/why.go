package mode

import (
	"strconv"

	"github.com/martinelli-lang/martinelli/lang/diag"
	"github.com/martinelli-lang/martinelli/plan"
)

// why finds out where the mode of an expression comes from: it goes down to
// what is not as it is wanted, and notes what happens on the way.
type why struct {
	*Program
	modes plan.Modes
	lets  map[int]*plan.Expr
	chain []diag.Label
	leaf  int // the database at the end of the chain, or -1
	views int // looked through so far
}

// viewsMax bounds the views that a chain of reasons goes through one by one.
// Of a longer one the rest is left out but for its end, which each view
// remembers, so that views upon views are judged in linear time.
const viewsMax = 8

// question is why a view's mode is not the wanted one.
type question struct {
	view   int
	want   plan.Mode
	run    bool
	atHome bool
}

// end is where a chain of reasons ends.
type end struct {
	label diag.Label
	leaf  int
}

func (w *why) note(x *plan.Expr, text string) {
	w.chain = append(w.chain, diag.Label{Span: w.span(x), Text: text})
}

// because explains why the mode of x is not the wanted one: Constant, Grows or Falls.
func (w *why) because(x *plan.Expr, want plan.Mode) {
	w.leaf = -1
	switch x.Op {
	case plan.OpCell, plan.OpDatabase, plan.OpKeys:
		w.database(x)
	case plan.OpLocal:
		w.local(x, want)
	case plan.OpLet:
		w.let(x, want)
	case plan.OpView, plan.OpViewAt:
		w.view(x, want)
	case plan.OpImport:
		w.imported(x, want)
	case plan.OpClock:
		w.clock(x, want)
	case plan.OpEq, plan.OpNe:
		w.note(x, "`"+symbols[x.Op]+"`"+w.onWhat(x)+" is not monotone")
		w.inputs(x, plan.Constant)
	case plan.OpGt, plan.OpGe, plan.OpSub:
		w.sides(x, want, want.Opposite())
	case plan.OpLt, plan.OpLe:
		w.sides(x, want.Opposite(), want)
	case plan.OpMinus:
		w.minus(x, want)
	case plan.OpNot, plan.OpNeg:
		w.because(x.Args[0], want.Opposite())
	case plan.OpMul, plan.OpDiv:
		w.scaled(x, want)
	case plan.OpMap:
		w.mapped(x, want)
	case plan.OpFilter, plan.OpFlatMap, plan.OpJoin:
		w.block(x, want)
	case plan.OpIn:
		w.sides(x, plan.Constant, want)
	case plan.OpIf:
		w.choice(x, want)
	case plan.OpOr:
		w.unset(x, want)
	case plan.OpSum:
		w.total(x, want)
	case plan.OpAdd, plan.OpAnd, plan.OpEither, plan.OpProduct, plan.OpUnion, plan.OpIntersection, plan.OpCount, plan.OpClosure:
		w.inputs(x, want)
	default:
		w.other(x)
	}
}

// clock explains whether the clock is past a moment.
func (w *why) clock(x *plan.Expr, want plan.Mode) {
	switch {
	case w.modes.Unsure:
		w.note(x, "a user sets the clock of his node as he likes: `now` is the stamp of the commit, and trusted roles have clocks to act on")
	case len(x.Args) > 0 && !w.is(x.Args[0], want.Opposite()):
		w.because(x.Args[0], want.Opposite())
	default:
		w.note(x, "the clock goes forward")
	}
}

var symbols = map[plan.Op]string{
	plan.OpEq: "==", plan.OpNe: "!=", plan.OpLt: "<", plan.OpLe: "<=", plan.OpGt: ">", plan.OpGe: ">=",
	plan.OpMul: "*", plan.OpDiv: "/", plan.OpSub: "-",
}

// is reports whether the mode of x is the wanted one.
func (w *why) is(x *plan.Expr, want plan.Mode) bool {
	m := w.modes.Of(x)
	return m == plan.Constant || m == want
}

// inputs goes on with the first argument that is not as it is wanted.
func (w *why) inputs(x *plan.Expr, want plan.Mode) {
	for _, a := range x.Args {
		if !w.is(a, want) {
			w.because(a, want)
			return
		}
	}
}

// sides goes on with the first of two arguments that is not as it is wanted.
// Where that one moves in one direction, the operator is what spoils it.
func (w *why) sides(x *plan.Expr, left, right plan.Mode) {
	for i, want := range []plan.Mode{left, right} {
		a := x.Args[i]
		if w.is(a, want) {
			continue
		}
		if m := w.modes.Of(a); m != plan.Tentative && symbols[x.Op] != "" && want != plan.Constant {
			w.note(x, "`"+symbols[x.Op]+"` turns as that "+moves(m))
		}
		w.because(a, want)
		return
	}
}

func moves(m plan.Mode) string {
	if m == plan.Falls {
		return "falls"
	}
	return "grows"
}

// onWhat says what kind of value is compared, where it has a name.
func (w *why) onWhat(x *plan.Expr) string {
	for _, a := range x.Args {
		switch {
		case w.modes.Of(a) == plan.Constant:
		case a.Op == plan.OpCount:
			return " on a count"
		case w.modes.Of(a) != plan.Tentative:
			return " on what " + moves(w.modes.Of(a))
		}
	}
	return " on what changes"
}

// total explains a sum, which grows with what it is of where nothing is negative.
func (w *why) total(x *plan.Expr, want plan.Mode) {
	if w.is(x.Args[0], want) && (x.Block == nil || w.is(x.Block.Expr, plan.Constant)) {
		w.note(x, "a sum falls when a negative number comes in, and only a `nat` is never one")
	}
	w.other(x)
}

func (w *why) minus(x *plan.Expr, want plan.Mode) {
	if w.is(x.Args[0], want) {
		w.note(x, "`minus` loses what the other side gains")
		w.because(x.Args[1], want.Opposite())
		return
	}
	w.because(x.Args[0], want)
}

func (w *why) scaled(x *plan.Expr, want plan.Mode) {
	k, y := x.Args[1], x.Args[0]
	if x.Op == plan.OpMul && y.Op == plan.OpConst {
		k, y = y, k
	}
	switch {
	case k.Op != plan.OpConst:
		w.note(x, "`"+symbols[x.Op]+"` follows nothing unless one side is a constant")
		w.inputs(x, plan.Constant)
	case k.Const.AsInt() < 0:
		w.because(y, want.Opposite())
	default:
		w.because(y, want)
	}
}

func (w *why) mapped(x *plan.Expr, want plan.Mode) {
	if w.is(x.Block.Expr, plan.Constant) {
		w.inputs(x, want)
		return
	}
	w.note(x, "an element computed of what changes is replaced by another")
	w.because(x.Block.Expr, plan.Constant)
}

func (w *why) block(x *plan.Expr, want plan.Mode) {
	if w.is(x.Block.Expr, want) {
		w.inputs(x, want)
		return
	}
	w.note(x, "an element leaves when its condition turns")
	w.because(x.Block.Expr, want)
}

func (w *why) choice(x *plan.Expr, want plan.Mode) {
	if w.is(x.Args[0], plan.Constant) {
		w.inputs(x, want)
		return
	}
	w.note(x, "an `if` gives another value when its condition turns")
	w.because(x.Args[0], plan.Constant)
}

// unset explains "x.or(y)".
func (w *why) unset(x *plan.Expr, want plan.Mode) {
	if m := w.modes.Of(x.Args[0]); m == plan.Grows || m == plan.Falls {
		w.note(x, "`or` gives way to the first value, which need not be beyond it")
	}
	w.inputs(x, plan.Constant)
}

func (w *why) let(x *plan.Expr, want plan.Mode) {
	outer := w.modes
	w.modes = w.modes.With(x.Index, w.modes.Mark(x.Args[0]))
	lets := map[int]*plan.Expr{x.Index: x.Args[0]}
	for slot, e := range w.lets {
		lets[slot] = e
	}
	w.lets = lets
	w.because(x.Args[1], want)
	w.modes = outer
}

func (w *why) local(x *plan.Expr, want plan.Mode) {
	if e, ok := w.lets[x.Index]; ok {
		w.because(e, want)
		return
	}
	w.note(x, "what is an element of something tentative may be gone")
}

func (w *why) view(x *plan.Expr, want plan.Mode) {
	v := &w.p.Views[x.Index]
	for _, k := range x.Args {
		if !w.is(k, plan.Constant) {
			w.note(x, "the key moves")
			w.because(k, plan.Constant)
			return
		}
	}
	if x.Op == plan.OpViewAt && x.Type.Kind != plan.KindSet {
		w.note(x, "a value of `"+v.Name+"` is replaced, or goes with its key")
		want = plan.Constant
	}
	w.note(x, byWayOf+"the view `"+v.Name+"`")
	if w.views++; w.views <= viewsMax {
		lets, modes := w.lets, w.modes
		w.lets, w.modes = nil, outside(modes)
		w.because(v.Expr, want)
		w.lets, w.modes = lets, modes
		return
	}
	e := w.endOf(x.Index, want)
	w.leaf = e.leaf
	if e.label.Text != "" {
		w.chain = append(w.chain, e.label)
	}
}

// outside is what is known where a view stands, whose slots are its own.
func outside(m plan.Modes) plan.Modes {
	return m.Outside()
}

// endOf returns where the reasons of a view end.
func (w *why) endOf(view int, want plan.Mode) end {
	q := question{view, want, w.modes.Run, w.modes.AtHome}
	if e, known := w.ends[q]; known {
		return e
	}
	rest := why{Program: w.Program, modes: outside(w.modes), views: viewsMax}
	rest.because(w.p.Views[view].Expr, want)
	e := end{leaf: rest.leaf}
	if n := len(rest.chain); n > 0 {
		e.label = rest.chain[n-1]
	}
	w.ends[q] = e
	return e
}

// byWayOf begins a reason that only leads to another one.
const byWayOf = "by way of "

func (w *why) imported(x *plan.Expr, want plan.Mode) {
	f := w.p.Imports[x.Index].Name
	if w.p.Imports[x.Index].Follows() {
		w.note(x, "`"+f+"` follows what it is given, and no more than that")
		w.inputs(x, want)
		return
	}
	w.note(x, "`"+f+"` is a function of the host, and may answer otherwise")
	w.inputs(x, plan.Constant)
}

// other explains what follows none of its inputs.
func (w *why) other(x *plan.Expr) {
	if name, ok := readers[x.Op]; ok {
		w.note(x, "`."+name+"` is replaced when what it is of changes")
	}
	if x.Block != nil && !w.is(x.Block.Expr, plan.Constant) {
		w.because(x.Block.Expr, plan.Constant)
		return
	}
	w.inputs(x, plan.Constant)
}

// database explains a reading, where every chain ends.
func (w *why) database(x *plan.Expr) {
	db := &w.p.Databases[x.Index]
	for _, k := range x.Args {
		if !w.is(k, plan.Constant) {
			w.note(x, "the key moves")
			w.because(k, plan.Constant)
			return
		}
	}
	w.note(x, w.reading(x, db))
	w.leaf = x.Index
}

// reading says what a database does, and by what.
func (w *why) reading(x *plan.Expr, db *plan.Database) string {
	l, _ := plan.LatticeOf(db.Lattice.Kind)
	name := "`" + db.Name + "`"
	switch {
	case x.Op == plan.OpKeys && db.Placement == plan.ByValue:
		return "not every key of " + name + " is held here"
	case db.Expires > 0:
		return "a key of " + name + " expires"
	case db.Removable:
		return "a key of " + name + " may be removed as a whole"
	case x.Op == plan.OpKeys && l.Vanishes():
		return "a key of " + name + " goes when nothing is left there"
	case x.Op == plan.OpKeys:
		return "the keys of " + name + " only grow"
	case x.Op == plan.OpDatabase && len(db.Dims) > 0 && db.Scalar():
		return "a row of " + name + " is replaced when its value changes"
	case l.Mode == plan.Grows:
		return name + " is a " + l.Name + ", which only grows"
	case l.Mode == plan.Falls:
		return name + " is a " + l.Name + ", which only falls"
	}
	return name + " is a " + l.Name + w.spoiledBy(x.Index, l)
}

// spoiledBy names the verb that takes back what was seen, and where the
// program calls it.
func (w *why) spoiledBy(database int, l plan.Lattice) string {
	if s, ok := w.spoilers[database]; ok {
		if span := w.spans.Stmts[s.at]; span.File != nil {
			return " with `." + s.verb + "` (" + span.File.Name + ":" + strconv.Itoa(span.Position().Line) + ")"
		}
	}
	for _, v := range l.Verbs {
		if v.Effect == plan.Lowers || v.Effect == plan.Overwrites {
			return ", which has `." + v.Name + "`"
		}
	}
	return ""
}

// readers are the readers that follow nothing, by their operations.
var readers = map[plan.Op]string{
	plan.OpAt: "[]", plan.OpAvg: "avg", plan.OpSort: "sort_by", plan.OpTop: "top", plan.OpGroup: "group",
	plan.OpFirst: "first", plan.OpLast: "last",
}
