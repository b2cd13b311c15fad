package types

import "github.com/martinelli-lang/martinelli/plan"

// mode says what the value of an expression does as databases learn more.
func (c *checker) mode(e *plan.Expr) plan.Mode {
	return plan.Modes{Databases: c.stored, Views: c.modes, Imports: c.hosts}.Of(e)
}
