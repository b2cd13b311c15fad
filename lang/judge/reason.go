package judge

import "github.com/martinelli-lang/martinelli/plan"

// mergeable reports whether an expression is a join homomorphism in the order
// of states: that of a join is the join of what it is of each (rules R1 to R4;
// N. Conway et al., "Logic and Lattices for Distributed Programming", SoCC 2012).
func (j *judge) mergeable(x *plan.Expr) bool {
	switch x.Op {
	case plan.OpCell, plan.OpDatabase, plan.OpKeys, plan.OpConst, plan.OpLocal:
		return true
	case plan.OpView:
		return j.mergeable(j.p.Views[x.Index].Expr)
	case plan.OpMap, plan.OpFilter, plan.OpFlatMap, plan.OpJoin:
		return j.byElement(x.Args) && j.modes.Of(x.Block.Expr) <= plan.Grows
	case plan.OpProduct, plan.OpUnion, plan.OpIntersection:
		return j.byElement(x.Args)
	case plan.OpMinus:
		return j.byElement(x.Args) && j.modes.Of(x.Args[1]) <= plan.Grows
	}
	return false
}

// byElement reports whether collections are mergeable, and an element of one
// replica's stays one in the join. The rows of counters and registers do not:
// their values join.
func (j *judge) byElement(xs []*plan.Expr) bool {
	for _, x := range xs {
		if !j.mergeable(x) {
			return false
		}
		if x.Op == plan.OpDatabase && j.p.Databases[x.Index].Scalar() && len(j.p.Databases[x.Index].Dims) > 0 {
			return false
		}
	}
	return true
}

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
	case plan.OpView:
		return j.changing(j.p.Views[x.Index].Expr)
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
