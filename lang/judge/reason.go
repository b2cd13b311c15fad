package judge

import "github.com/martinelli-lang/martinelli/plan"

// reason says why the value of an expression is settled or tentative.
func (j *judge) reason(x *plan.Expr) string {
	switch {
	case j.modes.Of(x) == plan.Constant:
		return "it never changes"
	case j.modes.Of(x) == plan.Grows:
		return "what it reads only grows"
	}
	if db := j.changing(x); db >= 0 {
		d := &j.p.Databases[db]
		return d.Name + " is a " + d.Lattice.Label()
	}
	return "an operator that is not monotone"
}

// changing finds a database whose reading alone is tentative, or -1.
func (j *judge) changing(x *plan.Expr) int {
	switch x.Op {
	case plan.OpCell, plan.OpDatabase, plan.OpKeys:
		if j.modes.Of(x) == plan.Tentative {
			return x.Index
		}
	case plan.OpView, plan.OpViewAt:
		if db := j.viewChanging[x.Index]; db >= 0 {
			return db
		}
	}
	for _, a := range x.Args {
		if db := j.changing(a); db >= 0 {
			return db
		}
	}
	if x.Block != nil {
		return j.changing(x.Block.Expr)
	}
	return -1
}
