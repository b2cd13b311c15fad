package types

import (
	"slices"

	"github.com/martinelli-lang/martinelli/plan"
)

// mode says what the value of an expression does as databases learn more: K, M
// or T, after rules R1 to R8 of the language. Local names are elements, which
// are what they are. What is not known to grow is tentative.
func (c *checker) mode(e *plan.Expr) plan.Mode {
	switch e.Op {
	case plan.OpCell, plan.OpDatabase, plan.OpKeys:
		return c.readMode(e)
	case plan.OpView:
		return c.modes[e.Index]
	case plan.OpNow, plan.OpNewID, plan.OpImport:
		return plan.Tentative
	case plan.OpMap, plan.OpFilter, plan.OpFlatMap, plan.OpJoin:
		if c.mode(e.Block.Expr) != plan.Constant {
			return plan.Tentative // elements may come and go with what it reads
		}
		return c.worst(e.Args)
	case plan.OpProduct, plan.OpUnion, plan.OpIntersection, plan.OpCount:
		return c.worst(e.Args)
	case plan.OpAdd, plan.OpSub, plan.OpMul:
		return c.sumMode(e)
	}
	if c.worst(e.Args) == plan.Constant {
		return plan.Constant
	}
	return plan.Tentative
}

// worst is the mode of what is mergeable in all its inputs.
func (c *checker) worst(es []*plan.Expr) plan.Mode {
	m := plan.Constant
	for _, e := range es {
		m = max(m, c.mode(e))
	}
	if m == plan.Falls {
		return plan.Tentative
	}
	return m
}

// readMode is the mode of a reading of a database.
func (c *checker) readMode(e *plan.Expr) plan.Mode {
	db := &c.stored[e.Index]
	l, _ := plan.LatticeOf(db.Lattice.Kind)
	switch {
	case c.worst(e.Args) != plan.Constant:
		return plan.Tentative // the key moves
	case e.Op == plan.OpKeys && db.Placement == plan.ByValue:
		return plan.Tentative // the keys held here are not all keys
	case e.Op == plan.OpDatabase && len(db.Dims) > 0 && db.Scalar():
		return plan.Tentative // a row is replaced when its value grows
	case db.Lattice.Kind == plan.KindMax:
		return plan.Tentative // it may be unset
	}
	return l.Mode
}

// sumMode is the mode of arithmetic: sums of what grows grow, and so does a
// growing number times a constant that is not negative.
func (c *checker) sumMode(e *plan.Expr) plan.Mode {
	a, b := c.mode(e.Args[0]), c.mode(e.Args[1])
	isScale := func(k *plan.Expr) bool { return k.Op == plan.OpConst && k.Const.AsInt() >= 0 }
	switch {
	case a == plan.Constant && b == plan.Constant:
		return plan.Constant
	case !isInteger(e.Type):
		return plan.Tentative
	case e.Op == plan.OpAdd && a <= plan.Grows && b <= plan.Grows,
		e.Op == plan.OpSub && a == plan.Grows && b == plan.Constant,
		e.Op == plan.OpMul && a == plan.Grows && isScale(e.Args[1]),
		e.Op == plan.OpMul && b == plan.Grows && isScale(e.Args[0]):
		return plan.Grows
	}
	return plan.Tentative
}

// isBound reports whether cond says that something growing stays at or below a
// constant: what breaks it once breaks it for ever.
func (c *checker) isBound(cond *plan.Expr) bool {
	low, high := 0, 1
	switch cond.Op {
	case plan.OpLe, plan.OpLt:
	case plan.OpGe, plan.OpGt:
		low, high = 1, 0
	default:
		return false
	}
	return c.mode(cond.Args[low]) == plan.Grows && c.mode(cond.Args[high]) == plan.Constant
}

// allConstant reports whether none of es changes.
func (c *checker) allConstant(es []*plan.Expr) bool {
	return !slices.ContainsFunc(es, func(e *plan.Expr) bool { return c.mode(e) != plan.Constant })
}
