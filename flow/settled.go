package flow

import "github.com/martinelli-lang/martinelli/plan"

// isSettled reports whether nothing shown of e is ever taken back: the rules
// R1 to R8 of the language, as far as a reader needs them. It errs on the
// side of tentative.
func (e *Engine) isSettled(x *plan.Expr) bool {
	m := e.mode(x)
	return m == plan.Grows || m == plan.Constant
}

// mode is what happens to the value of x as databases learn more.
func (e *Engine) mode(x *plan.Expr) plan.Mode {
	switch x.Op {
	case plan.OpConst, plan.OpLocal:
		return plan.Constant // a block's element; what it came from counts where the block stands
	case plan.OpCell, plan.OpDatabase:
		return worse(e.modeOfDatabase(x), e.modeOf(x.Args...))
	case plan.OpKeys:
		return e.modeOfDatabase(x)
	case plan.OpView:
		return e.mode(e.program.Views[x.Index].Expr)
	case plan.OpMap, plan.OpFlatMap, plan.OpFilter, plan.OpJoin:
		return worse(e.modeOf(x.Args...), e.modeOfBody(x))
	case plan.OpProduct, plan.OpUnion, plan.OpIntersection, plan.OpCount, plan.OpAnd, plan.OpEither:
		return e.modeOf(x.Args...)
	case plan.OpMinus:
		return worse(e.mode(x.Args[0]), opposite(e.mode(x.Args[1])))
	case plan.OpNot:
		return opposite(e.mode(x.Args[0]))
	case plan.OpGt, plan.OpGe:
		return worse(e.mode(x.Args[0]), opposite(e.mode(x.Args[1])))
	case plan.OpLt, plan.OpLe:
		return worse(opposite(e.mode(x.Args[0])), e.mode(x.Args[1]))
	case plan.OpIn:
		if e.mode(x.Args[0]) == plan.Constant {
			return e.mode(x.Args[1])
		}
	case plan.OpAdd:
		return e.modeOf(x.Args...)
	}
	if e.modeOf(x.Args...) == plan.Constant && e.isPure(x) {
		return plan.Constant
	}
	return plan.Tentative
}

func (e *Engine) modeOf(xs ...*plan.Expr) plan.Mode {
	m := plan.Constant
	for _, x := range xs {
		m = worse(m, e.mode(x))
	}
	return m
}

// modeOfDatabase is the mode of the lattice; at a key that changes nothing is settled.
func (e *Engine) modeOfDatabase(x *plan.Expr) plan.Mode {
	if e.modeOf(x.Args...) != plan.Constant {
		return plan.Tentative
	}
	db := &e.program.Databases[x.Index]
	row, _ := plan.LatticeOf(db.Lattice.Kind)
	switch {
	case x.Op == plan.OpDatabase && len(db.Dims) > 0 && db.Scalar():
		return plan.Tentative // (key, old value) goes when (key, new value) comes
	case x.Op == plan.OpKeys && db.Placement == plan.ByValue:
		return plan.Tentative // the keys held here are not all keys
	case db.Lattice.Kind == plan.KindMax && x.Op == plan.OpCell:
		return plan.Tentative // unset, it is nil, and then no longer
	}
	return row.Mode
}

// modeOfBody is the mode of an operator's body: a filter may read what grows,
// a map must not read at all.
func (e *Engine) modeOfBody(x *plan.Expr) plan.Mode {
	m := e.mode(x.Block.Expr)
	if (x.Op == plan.OpFilter || x.Op == plan.OpFlatMap || x.Op == plan.OpJoin) && m == plan.Grows {
		return plan.Grows
	}
	if m == plan.Constant {
		return plan.Constant
	}
	return plan.Tentative
}

// worse is the mode of what depends on both: constant gives way to either, and
// what grows and falls at once is tentative.
func worse(a, b plan.Mode) plan.Mode {
	switch {
	case a == plan.Constant:
		return b
	case b == plan.Constant || a == b:
		return a
	}
	return plan.Tentative
}

func opposite(m plan.Mode) plan.Mode {
	switch m {
	case plan.Grows:
		return plan.Falls
	case plan.Falls:
		return plan.Grows
	}
	return m
}
