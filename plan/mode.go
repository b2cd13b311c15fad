package plan

import "github.com/martinelli-lang/martinelli/value"

// Mark is what is known of a value without running anything: what it does as
// databases learn more, and whether it may be computed in pieces.
type Mark struct {
	Mode Mode

	// Mergeable says that the value is a join morphism in every place at which
	// it reads a database, the others held still: what it gives for joined
	// states is the join of what it gives for each. Where it falls as that
	// database grows, the join is the dual one: the intersection, the smaller
	// number, and. The order is that of states: of a set with removals its
	// entries and what is known to be gone. So it may be split over replicas
	// and evaluated on changes.
	Mergeable bool

	summed bool // a number or word of which states are joined, not values: two counts make their sum
	unset  Mode // of "x.or(constant)": the mode of x

	ofMergeable bool // of a count: what it counts is mergeable, and so is whether that is anything
}

var constant = Mark{Mode: Constant, Mergeable: true}

// Modes says what the values of expressions do as databases learn more: rules
// R1 to R13 of the reference, stated once, for the compiler, which decides by
// them, and for the runtime, which says of what it shows whether it is settled
// (CALM: J. Hellerstein and P. Alvaro, "Keeping CALM", CACM 2020; Bloom^L: N.
// Conway et al., "Logic and Lattices for Distributed Programming", SoCC 2012;
// Lasp: C. Meiklejohn and P. Van Roy, PPDP 2015; LVars: L. Kuper and R. Newton,
// FHPC 2013). They err on the side of tentative.
//
// A number grows where it never gets smaller, a bool where true stays true, a
// collection where no element leaves; nil is below what grows, and above what falls.
type Modes struct {
	Databases []Database
	Views     []Mark // of the views that may be read, by index
	Imports   []Import

	// Of a body that runs once, as a handler does.
	Run    bool // it is one commit: its stamp, and what the host answered, are facts of it
	AtHome bool // it runs at the home, between all others there: what lives there stands still
	Unsure bool // it may run at a role of users: what its node's clock says is nothing to act on

	filled map[int]Mode // what is filled, by database; see ModesOf
	sealed *sealed
	locals *local
	off    Rule // the rule that a test does without
}

// local is a name that was given a value, and those given before.
type local struct {
	slot  int
	mark  Mark
	outer *local
}

// sealed is a key that a run has sealed, and those sealed before.
type sealed struct {
	database int
	keys     []*Expr
	before   *sealed
}

// ViewsOf returns the mark of each view of p where m holds: a run at the home
// finds views of what lives there as still as that.
func (m Modes) ViewsOf(p *Program) []Mark {
	m.Views = nil
	for i := range p.Views {
		m.Views = append(m.Views, m.Mark(p.Views[i].Expr))
	}
	return m.Views
}

// With returns the modes where the local of that slot has a mark. Others are
// elements and arguments, which are what they are.
func (m Modes) With(slot int, mark Mark) Modes {
	m.locals = &local{slot, mark, m.locals}
	return m
}

// Sealed returns the modes behind the seal of a database at a key.
func (m Modes) Sealed(database int, keys []*Expr) Modes {
	m.sealed = &sealed{database, keys, m.sealed}
	return m
}

// Outside returns the modes where another body stands, whose slots are its own.
func (m Modes) Outside() Modes {
	m.sealed, m.locals = nil, nil
	return m
}

// Of returns the mode of an expression.
func (m Modes) Of(x *Expr) Mode { return m.Mark(x).Mode }

// Mark returns the mark of an expression. Cost: linear in it, times the lets
// that names in it look past.
func (m Modes) Mark(x *Expr) Mark {
	switch x.Op {
	case OpConst:
		return constant
	case OpLocal:
		return m.local(x.Index)
	case OpLet:
		return m.With(x.Index, m.Mark(x.Args[0])).Mark(x.Args[1])
	case OpView:
		return m.Views[x.Index]
	case OpViewAt:
		return m.ofViewAt(x)
	}
	args, block := m.marks(x.Args), constant
	if x.Block != nil {
		block = m.Mark(x.Block.Expr)
	}
	switch x.Op {
	case OpCell, OpDatabase, OpKeys:
		return m.ofDatabase(x, worst(args))
	}
	mark := Mark{Mode: m.ofOperator(x, args, block)}
	mark.Mergeable = mark.Mode == Constant || merges(x, mark.Mode, args, block)
	switch {
	case x.Op == OpOr && args[1].Mode == Constant:
		mark.unset = args[0].Mode
	case x.Op == OpCount:
		mark.ofMergeable = args[0].Mergeable && !args[0].summed
	}
	return mark
}

func (m Modes) marks(xs []*Expr) []Mark {
	marks := make([]Mark, len(xs))
	for i, x := range xs {
		marks[i] = m.Mark(x)
	}
	return marks
}

func (m Modes) local(slot int) Mark {
	for l := m.locals; l != nil; l = l.outer {
		if l.slot == slot {
			return l.mark
		}
	}
	return constant
}

// ofOperator is the mode of what an operator makes of its arguments.
func (m Modes) ofOperator(x *Expr, args []Mark, block Mark) Mode {
	all := worst(args)
	switch x.Op {
	case OpNow, OpNewID:
		return m.ofStamp()
	case OpClock:
		return m.ofClock(all)
	case OpImport:
		return m.ofImport(x, args)
	case OpMap, OpFilter, OpFlatMap, OpJoin:
		return m.ofBlock(x.Op, m.ofInputs(args), block.Mode)
	case OpProduct, OpUnion, OpIntersection:
		return m.ofInputs(args)
	case OpSum:
		return m.ofTotal(x, all, block.Mode)
	case OpClosure:
		return m.ofClosure(all)
	case OpMax, OpMin:
		return ofExtreme(x, all, block.Mode)
	case OpAvg, OpSort, OpTop, OpGroup, OpFirst, OpLast:
		return m.ofOrder(worse(all, block.Mode))
	case OpMinus:
		if m.off == R4 {
			return args[0].Mode
		}
		return worse(args[0].Mode, args[1].Mode.Opposite())
	case OpCount:
		return all
	case OpAdd, OpSub, OpMul, OpDiv, OpNeg:
		return m.ofArithmetic(x, args)
	case OpEq, OpNe, OpGt, OpGe, OpLt, OpLe:
		return m.ofComparison(x, args)
	case OpIn:
		if m.off == R6 {
			return all
		}
		return worse(frozen(args[0].Mode), args[1].Mode)
	case OpNot, OpAnd, OpEither, OpIf:
		return m.ofChoice(x, args)
	case OpOr:
		return ofDefault(x, args)
	}
	return frozen(all)
}

// ofViewAt is the mark of a view at a key. A value may go with its key, and is
// then nil; of a collection per key each element is one of the whole view's.
func (m Modes) ofViewAt(x *Expr) Mark {
	whole, key := m.Views[x.Index], worst(m.marks(x.Args))
	if x.Type.Kind != KindSet {
		return Mark{Mode: frozen(worse(whole.Mode, key)), summed: true}
	}
	return Mark{Mode: worse(whole.Mode, frozen(key)), Mergeable: whole.Mergeable && key == Constant}
}

// ofStamp is the mode of what a run is given once (R13).
func (m Modes) ofStamp() Mode {
	if m.Run && m.off != R13 {
		return Constant
	}
	return Tentative
}

// ofClock is the mode of whether a clock is past a moment: it goes forward, so
// what it has passed it never comes before again (R5), where the moment does not
// move away. A run at the home finds what the home's clock says, which is a fact
// of that run. What a user's own clock says is nothing to act on.
func (m Modes) ofClock(moment Mode) Mode {
	switch {
	case m.AtHome:
		return frozen(moment)
	case m.Unsure:
		return Tentative
	}
	return compared(OpGt, Grows, moment)
}

// ofImport is the mode of what a function of the host gives (R11). It follows
// what it is given where it is promised to. Else in a run its answer is a fact
// of the run; elsewhere the host may be asked again.
func (m Modes) ofImport(x *Expr, args []Mark) Mode {
	mode := m.follow(x.Index, x.Args, args)
	if mode == Tentative && m.Run {
		return frozen(worst(args))
	}
	return mode
}

// follow is the mode of what a function gives for arguments of the given mode.
// Its promise is about values with an order; of what falls, nil is at the other
// end than of what grows, so there the promise says nothing of what may be nil.
func (m Modes) follow(imported int, args []*Expr, marks []Mark) Mode {
	all := worst(marks)
	if m.off == R11 {
		return all
	}
	if imported >= len(m.Imports) || !m.Imports[imported].Follows() {
		return Tentative
	}
	f := &m.Imports[imported]
	if all == Constant {
		return all
	}
	isFit := func(t Type) bool { return t.Ordered() && (all == Grows || t.Kind != KindMaybe) }
	if !isFit(f.Result) {
		return Tentative
	}
	for i, a := range args {
		t := f.Params[i].Type
		if marks[i].Mode != Constant && (!isFit(t) || !isFit(a.Type) || (t.Kind == KindSet) != (a.Type.Kind == KindSet)) {
			return Tentative
		}
	}
	return all
}

// ofInputs is the mode of what depends on all its inputs (R2).
func (m Modes) ofInputs(args []Mark) Mode {
	if m.off == R2 {
		return args[0].Mode
	}
	return worst(args)
}

// ofBlock is the mode of what a block makes of the elements of its inputs
// (R3): a condition that grows lets more of them through; an element that is
// computed must stay what it is.
func (m Modes) ofBlock(op Op, inputs, block Mode) Mode {
	switch {
	case m.off == R3:
		return inputs
	case op == OpMap:
		return worse(inputs, frozen(block))
	}
	return worse(inputs, block)
}

// ofDatabase is the mark of a reading of a database at keys of the given mode
// (R1, R7, R10).
func (m Modes) ofDatabase(x *Expr, keys Mode) Mark {
	db := &m.Databases[x.Index]
	lattice, _ := LatticeOf(db.Lattice.Kind)
	mark := Mark{Mode: lattice.Mode, Mergeable: keys == Constant, summed: db.Scalar() && !lattice.ordered()}
	switch {
	case m.off == R1 && x.Op != OpKeys:
		mark.Mode = Grows
	case m.AtHome && db.Placement == Home, m.isSealed(x):
		return Mark{Mode: frozen(keys), Mergeable: keys == Constant}
	case keys != Constant:
		mark.Mode = Tentative // the key moves
	case x.Op == OpKeys:
		mark.Mode = m.ofKeys(db, lattice)
	case m.isFilled(x.Index):
		mark = Mark{Mode: m.filled[x.Index]}
	case db.Removable:
		mark.Mode = Tentative // a key may go as a whole
	case x.Op == OpDatabase && len(db.Dims) > 0 && db.Scalar():
		mark = Mark{Mode: Tentative} // a row is replaced when its value changes
	}
	return mark
}

func (m Modes) isFilled(database int) bool {
	_, is := m.filled[database]
	return is
}

// ofKeys is the mode of the keys of a database that have a value.
func (m Modes) ofKeys(db *Database, l Lattice) Mode {
	if m.off != R7 && (db.Removable || db.Placement == ByValue || l.Vanishes()) {
		return Tentative
	}
	return Grows
}

// isSealed reports whether the run has sealed the key that x reads.
func (m Modes) isSealed(x *Expr) bool {
	if x.Op != OpCell || m.off == R10 {
		return false
	}
	for s := m.sealed; s != nil; s = s.before {
		if s.database == x.Index && sameKeys(s.keys, x.Args) {
			return true
		}
	}
	return false
}

// sameKeys reports whether two keys are the same constants and names.
func sameKeys(a, b []*Expr) bool {
	if len(a) != len(b) {
		return false
	}
	for i, x := range a {
		y := b[i]
		same := x.Op == OpConst && y.Op == OpConst && value.Equal(x.Const, y.Const) ||
			x.Op == OpLocal && y.Op == OpLocal && x.Index == y.Index
		if !same {
			return false
		}
	}
	return true
}

// ofArithmetic is the mode of a number computed of numbers (R5): sums of what
// grows grow, and so does a growing number times a constant that is not negative.
func (m Modes) ofArithmetic(x *Expr, args []Mark) Mode {
	all := worst(args)
	switch {
	case all == Constant || m.off == R5:
		return all
	case !x.Type.isInteger():
		return Tentative
	case x.Op == OpNeg:
		return all.Opposite()
	case x.Op == OpAdd:
		return all
	case x.Op == OpSub:
		return worse(args[0].Mode, args[1].Mode.Opposite())
	case x.Op == OpMul && x.Args[0].Op == OpConst:
		return scaled(args[1].Mode, x.Args[0])
	case x.Args[1].Op == OpConst:
		return scaled(args[0].Mode, x.Args[1])
	}
	return Tentative
}

// scaled is the mode of a number of the given mode times or by a constant.
func scaled(m Mode, by *Expr) Mode {
	if by.Const.AsInt() < 0 {
		return m.Opposite()
	}
	return m
}

// ofComparison is the mode of a bool that compares (R5).
func (m Modes) ofComparison(x *Expr, args []Mark) Mode {
	switch {
	case m.off == R5:
		return worst(args)
	case x.Op == OpEq || x.Op == OpNe:
		return frozen(worst(args))
	}
	mode := compared(x.Op, args[0].Mode, args[1].Mode)
	if mode == Tentative && isUnsetBelow(x) && compared(x.Op, args[0].unset, Constant) == Grows {
		return Grows
	}
	return mode
}

// ofTotal is the mode of a sum (R5): more elements make it larger where none is negative.
func (m Modes) ofTotal(x *Expr, inputs, block Mode) Mode {
	summed := x.Args[0].Type.Element()
	if x.Block != nil {
		summed = x.Block.Expr.Type
	}
	if mode := worse(inputs, frozen(block)); summed.Kind == KindNat || m.off == R5 {
		return mode
	}
	return frozen(worse(inputs, block))
}

// ofExtreme is the mode of max and min (R6): more elements move it one way.
func ofExtreme(x *Expr, inputs, block Mode) Mode {
	switch {
	case inputs != Grows || block != Constant:
		return frozen(worse(inputs, block))
	case x.Op == OpMax:
		return Grows
	}
	return Falls
}

// ofOrder is the mode of what looks at all elements together (R6): one more
// may change it either way.
func (m Modes) ofOrder(inputs Mode) Mode {
	if m.off == R6 {
		return inputs
	}
	return frozen(inputs)
}

// ofClosure is the mode of a transitive closure (R9), the one circle there is.
func (m Modes) ofClosure(inputs Mode) Mode {
	if m.off == R9 {
		return Grows
	}
	return inputs
}

// compared is the mode of "a > b" or "a < b".
func compared(op Op, a, b Mode) Mode {
	if op == OpGt || op == OpGe {
		return worse(a, b.Opposite())
	}
	return worse(a.Opposite(), b)
}

// isUnsetBelow reports whether x compares "y.or(c)" with a constant, and c does
// not pass: then what is not there yet is as good as below it.
func isUnsetBelow(x *Expr) bool {
	a, k := x.Args[0], x.Args[1]
	if a.Op != OpOr || a.Args[1].Op != OpConst || k.Op != OpConst {
		return false
	}
	order := value.Compare(a.Args[1].Const, k.Const)
	switch x.Op {
	case OpGt:
		return order <= 0
	case OpGe:
		return order < 0
	case OpLt:
		return order >= 0
	}
	return order > 0
}

// ofDefault is the mode of "x.or(y)": what grows has nil below it, so it goes
// on growing from the least value of its type.
func ofDefault(x *Expr, args []Mark) Mode {
	all, y := worst(args), x.Args[1]
	if all == Grows && y.Op == OpConst && isLeast(x.Args[0].Type.bare(), y.Const) {
		return Grows
	}
	return frozen(all)
}

// isLeast reports whether no value of type t is below v.
func isLeast(t Type, v value.Value) bool {
	switch {
	case t.isString():
		return v.AsString() == ""
	case t.Kind == KindNat:
		return v.AsInt() <= 0
	case t.isInteger():
		return v.AsInt() == -1<<63
	}
	return false
}

// ofChoice is the mode of not, and, or and if (R8).
func (m Modes) ofChoice(x *Expr, args []Mark) Mode {
	switch {
	case m.off == R8:
		return args[len(args)-1].Mode
	case x.Op == OpNot:
		return args[0].Mode.Opposite()
	case x.Op == OpIf && args[0].Mode == Grows && isEmpty(x.Args[2]):
		return worst(args[:2])
	case x.Op == OpIf:
		return worse(frozen(args[0].Mode), worst(args[1:]))
	}
	return worst(args)
}

// isEmpty reports whether x is the empty list or collection.
func isEmpty(x *Expr) bool { return x.Op == OpList && len(x.Args) == 0 }

// merges reports whether an operator that is not constant is a morphism in
// each of its arguments, and so wherever they read: see Mark.Mergeable.
func merges(x *Expr, mode Mode, args []Mark, block Mark) bool {
	if x.Op == OpGt && args[0].ofMergeable && isZero(x.Args[1]) {
		return mode != Tentative
	}
	for _, a := range append(args[:len(args):len(args)], block) {
		if !a.Mergeable || a.summed {
			return false
		}
	}
	switch x.Op {
	case OpProduct, OpUnion, OpIntersection:
		return true
	case OpMinus:
		return args[1].Mode <= Grows
	case OpMap:
		return block.Mode == Constant
	case OpFilter, OpJoin:
		return block.Mode != Tentative
	case OpFlatMap:
		return block.Mode <= Grows
	case OpIf:
		return args[0].Mode == Constant
	case OpMax, OpMin, OpIn, OpNot, OpAnd, OpEither, OpGt, OpGe, OpLt, OpLe, OpOr, OpAdd, OpSub, OpMul, OpDiv, OpNeg, OpClock:
		return mode != Tentative // of one number or word there is an order, and no more to know
	}
	return false
}

func isZero(x *Expr) bool { return x.Op == OpConst && x.Type.isInteger() && x.Const.AsInt() == 0 }

// worst is the mode of what is monotone in all its inputs.
func worst(marks []Mark) Mode {
	mode := Constant
	for _, m := range marks {
		mode = worse(mode, m.Mode)
	}
	return mode
}

// worse is the mode of what depends on both: constant gives way to either, and
// what grows and falls at once is tentative.
func worse(a, b Mode) Mode {
	switch {
	case a == Constant:
		return b
	case b == Constant || a == b:
		return a
	}
	return Tentative
}

// frozen is the mode of what is settled only where its input never changes.
func frozen(m Mode) Mode {
	if m == Constant {
		return Constant
	}
	return Tentative
}
