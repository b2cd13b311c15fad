package types

import (
	"github.com/martinelli-lang/martinelli/lang/diag"
	"github.com/martinelli-lang/martinelli/lang/syntax"
	"github.com/martinelli-lang/martinelli/plan"
)

// The clock is a time that moves by itself. So it has no value that could be
// stored or shown; it is compared with a moment, and what is computed turns at
// that moment, which a node knows beforehand. A comparison of sums in which the
// clock stands once is brought to "clock > moment" or "clock >= moment".

// clock types the word: a place holder, which the comparison around it replaces.
func (c *checker) clock(x *syntax.Ident) *plan.Expr {
	switch c.body.kind {
	case inDef, inAllow, inRaise:
		c.write(diag.Errorf("E203", x.Span, "`clock` is a node's own time, and %s is the same everywhere", kindNames[c.body.kind]).
			Hinting("compare it in a view, a process, an invariant or a handler at trusted roles"))
		return bad()
	}
	if c.body.compares == 0 {
		c.clockAlone(x)
		return bad()
	}
	return &plan.Expr{Op: plan.OpClock, Type: plan.Time}
}

func (c *checker) clockAlone(x syntax.Node) {
	c.write(diag.Errorf("E208", x.Where(), "`clock` is compared, and nothing else").
		Since(x.Where(), "it is another time at each node, and another one at once").
		Hinting("write `clock > t`, or `clock - t > hours(1)`; the time to store is `now`, the stamp of the commit"))
}

// hasClock reports whether a place holder for the clock is left in e.
func hasClock(e *plan.Expr) bool {
	if e.Op == plan.OpClock && len(e.Args) == 0 {
		return true
	}
	for _, a := range e.Args {
		if hasClock(a) {
			return true
		}
	}
	return e.Block != nil && hasClock(e.Block.Expr)
}

// mirrored is the comparison with its sides exchanged.
var mirrored = map[plan.Op]plan.Op{plan.OpGt: plan.OpLt, plan.OpGe: plan.OpLe, plan.OpLt: plan.OpGt, plan.OpLe: plan.OpGe}

// past brings a comparison with the clock on one side, as a term of a sum, to
// what a node can wait for.
func (c *checker) past(x *syntax.Binary, op plan.Op, a, b *plan.Expr) *plan.Expr {
	if hasClock(b) {
		if hasClock(a) {
			c.clockAlone(x)
			return boolean(op, bad(), bad())
		}
		a, b, op = b, a, mirrored[op]
	}
	for len(a.Args) > 0 {
		left, right := a.Args[0], a.Args[len(a.Args)-1]
		switch {
		case a.Op == plan.OpAdd && !hasClock(right):
			a, b = left, moment(plan.OpSub, b, right)
		case a.Op == plan.OpAdd && !hasClock(left):
			a, b = right, moment(plan.OpSub, b, left)
		case a.Op == plan.OpSub && !hasClock(right):
			a, b = left, moment(plan.OpAdd, b, right)
		case a.Op == plan.OpSub && !hasClock(left):
			a, b, op = right, moment(plan.OpSub, left, b), mirrored[op]
		default:
			c.clockAlone(x)
			return boolean(op, bad(), bad())
		}
	}
	switch op {
	case plan.OpGt:
		return isPast(0, b)
	case plan.OpGe:
		return isPast(1, b)
	case plan.OpLt:
		return boolean(plan.OpNot, isPast(1, b))
	}
	return boolean(plan.OpNot, isPast(0, b))
}

func moment(op plan.Op, a, b *plan.Expr) *plan.Expr {
	return &plan.Expr{Op: op, Type: plan.Time, Args: []*plan.Expr{a, b}}
}

// isPast is "clock > moment", or, with an index of 1, "clock >= moment".
func isPast(index int, moment *plan.Expr) *plan.Expr {
	return &plan.Expr{Op: plan.OpClock, Type: plan.Bool, Index: index, Args: []*plan.Expr{moment}}
}
