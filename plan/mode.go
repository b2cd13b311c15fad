package plan

// Modes says what the values of expressions do as databases learn more: rules
// R1 to R8 of the reference, stated once, for the compiler, which decides by
// them, and for the runtime, which says of what it shows whether it is settled
// (CALM: J. Hellerstein and P. Alvaro, "Keeping CALM", CACM 2020; Bloom^L: N.
// Conway et al., "Logic and Lattices for Distributed Programming", SoCC 2012).
// They err on the side of tentative.
type Modes struct {
	Databases []Database
	Views     []Mode // of the views that may be read, by index
}

// ViewModes returns the mode of each view of p: views read only those before them.
func ViewModes(p *Program) []Mode {
	m := Modes{Databases: p.Databases}
	for i := range p.Views {
		m.Views = append(m.Views, m.Of(p.Views[i].Expr))
	}
	return m.Views
}

// Of returns the mode of an expression. Local names are elements and
// arguments, which are what they are.
func (m Modes) Of(x *Expr) Mode {
	switch x.Op {
	case OpCell, OpDatabase, OpKeys:
		return m.ofDatabase(x)
	case OpView:
		return m.Views[x.Index]
	case OpNow, OpNewID, OpImport:
		return Tentative
	case OpMap:
		return worse(m.worst(x.Args), frozen(m.Of(x.Block.Expr)))
	case OpFilter, OpFlatMap, OpJoin:
		return worse(m.worst(x.Args), growing(m.Of(x.Block.Expr)))
	case OpProduct, OpUnion, OpIntersection, OpCount, OpAnd, OpEither:
		return m.worst(x.Args)
	case OpMinus:
		return worse(m.Of(x.Args[0]), opposite(m.Of(x.Args[1])))
	case OpNot:
		return opposite(m.Of(x.Args[0]))
	case OpGt, OpGe:
		return worse(m.Of(x.Args[0]), opposite(m.Of(x.Args[1])))
	case OpLt, OpLe:
		return worse(opposite(m.Of(x.Args[0])), m.Of(x.Args[1]))
	case OpIn:
		return worse(frozen(m.Of(x.Args[0])), growing(m.Of(x.Args[1])))
	case OpAdd, OpSub, OpMul:
		return m.ofSum(x)
	}
	return frozen(m.worst(x.Args))
}

// ofDatabase is the mode of a reading of a database.
func (m Modes) ofDatabase(x *Expr) Mode {
	db := &m.Databases[x.Index]
	lattice, _ := LatticeOf(db.Lattice.Kind)
	switch {
	case db.Removable:
		return Tentative // a key may go as a whole
	case m.worst(x.Args) != Constant:
		return Tentative // the key moves
	case x.Op == OpKeys && db.Placement == ByValue:
		return Tentative // the keys held here are not all keys
	case x.Op == OpDatabase && len(db.Dims) > 0 && db.Scalar():
		return Tentative // a row is replaced when its value grows
	case db.Lattice.Kind == KindMax || db.Lattice.Kind == KindMin:
		return Tentative // it may be unset
	}
	return lattice.Mode
}

// ofSum is the mode of arithmetic: sums of what grows grow, and so does a
// growing number times a constant that is not negative.
func (m Modes) ofSum(x *Expr) Mode {
	a, b := m.Of(x.Args[0]), m.Of(x.Args[1])
	isScale := func(k *Expr) bool { return k.Op == OpConst && k.Const.AsInt() >= 0 }
	switch {
	case a == Constant && b == Constant:
		return Constant
	case !x.Type.isInteger():
		return Tentative
	case x.Op == OpAdd && a <= Grows && b <= Grows,
		x.Op == OpSub && a == Grows && b == Constant,
		x.Op == OpMul && a == Grows && isScale(x.Args[1]),
		x.Op == OpMul && b == Grows && isScale(x.Args[0]):
		return Grows
	}
	return Tentative
}

// worst is the mode of what is monotone in all its inputs.
func (m Modes) worst(xs []*Expr) Mode {
	mode := Constant
	for _, x := range xs {
		mode = worse(mode, m.Of(x))
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

// opposite swaps growing and falling.
func opposite(m Mode) Mode {
	switch m {
	case Grows:
		return Falls
	case Falls:
		return Grows
	}
	return m
}

// frozen is the mode of what is settled only where its input never changes.
func frozen(m Mode) Mode {
	if m == Constant {
		return Constant
	}
	return Tentative
}

// growing is the mode of what keeps an element once its condition holds, and
// loses it where the condition may turn.
func growing(m Mode) Mode {
	if m <= Grows {
		return m
	}
	return Tentative
}
