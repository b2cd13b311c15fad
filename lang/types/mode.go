package types

import (
	"slices"

	"github.com/martinelli-lang/martinelli/plan"
)

// mode says what the value of an expression does as databases learn more.
func (c *checker) mode(e *plan.Expr) plan.Mode {
	return plan.Modes{Databases: c.stored, Views: c.modes}.Of(e)
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
