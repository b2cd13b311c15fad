package types

import (
	"slices"

	"github.com/martinelli-lang/martinelli/lang/diag"
	"github.com/martinelli-lang/martinelli/lang/syntax"
	"github.com/martinelli-lang/martinelli/lang/token"
	"github.com/martinelli-lang/martinelli/plan"
)

func (c *checker) unary(x *syntax.Unary) *plan.Expr {
	if x.Op == token.Not {
		return boolean(plan.OpNot, c.check(x.X, plan.Bool))
	}
	e := c.infer(x.X)
	switch {
	case absorbs(e.Type):
		return e
	case !isNumber(e.Type):
		c.operand(e.Type, "-", x.X)
		return bad()
	case e.Op == plan.OpConst && isInteger(e.Type):
		return integer(-e.Const.AsInt())
	}
	t := e.Type
	if isInteger(t) {
		t = plan.Int
	}
	return &plan.Expr{Op: plan.OpNeg, Type: t, Args: []*plan.Expr{e}}
}

// operand is the letter about a value an operator does not take.
func (c *checker) operand(t plan.Type, op string, at syntax.Node) {
	d := diag.Errorf("E514", at.Where(), "`%s` does not take `%s`", op, t.Label())
	switch {
	case t.Kind == plan.KindMaybe:
		d = d.Hinting("it may be nil: say what it is then with `.or(x)`")
	case t.Kind == plan.KindAny:
		d = d.Hinting("%s", hintUnknown(t))
	case isCollection(t):
		d = d.Hinting("this is a collection; `.count` is how many elements it has")
	case slices.Contains([]string{"<", "<=", ">", ">="}, op):
		d = d.Hinting("numbers, times and strings have an order")
	}
	c.write(d)
}

var binaryOps = map[token.Kind]struct {
	op   plan.Op
	text string
}{
	token.Or: {plan.OpEither, "or"}, token.And: {plan.OpAnd, "and"},
	token.Equal: {plan.OpEq, "=="}, token.NotEqual: {plan.OpNe, "!="},
	token.Less: {plan.OpLt, "<"}, token.LessEqual: {plan.OpLe, "<="},
	token.Greater: {plan.OpGt, ">"}, token.GreaterEqual: {plan.OpGe, ">="},
	token.Plus: {plan.OpAdd, "+"}, token.Minus: {plan.OpSub, "-"}, token.Star: {plan.OpMul, "*"},
	token.Slash: {plan.OpDiv, "/"}, token.Percent: {plan.OpMod, "%"},
}

func (c *checker) binary(x *syntax.Binary) *plan.Expr {
	switch x.Op {
	case token.Or, token.And:
		return boolean(binaryOps[x.Op].op, c.check(x.X, plan.Bool), c.check(x.Y, plan.Bool))
	case token.Equal, token.NotEqual:
		return c.equality(x)
	case token.In:
		return c.in(x)
	case token.Less, token.LessEqual, token.Greater, token.GreaterEqual:
		return c.order(x)
	}
	return c.arithmetic(x)
}

// equality types == and !=. A literal takes the type of the other side.
func (c *checker) equality(x *syntax.Binary) *plan.Expr {
	a, b := c.pair(x)
	if absorbs(a.Type) || absorbs(b.Type) {
		return boolean(binaryOps[x.Op].op, a, b)
	}
	t, ok := unify(a.Type, b.Type)
	if !ok || !isPlain(t) {
		c.write(diag.Errorf("E514", x.OpSpan, "`%s` and `%s` are never compared", a.Type.Label(), b.Type.Label()).
			Hinting("%s", hintMismatch(bare(a.Type), bare(b.Type))))
		return boolean(binaryOps[x.Op].op, bad(), bad())
	}
	return boolean(binaryOps[x.Op].op, c.fit(a, t, x.X), c.fit(b, t, x.Y))
}

func (c *checker) pair(x *syntax.Binary) (a, b *plan.Expr) {
	if isLiteral(x.X) && !isLiteral(x.Y) {
		b = c.infer(x.Y)
		return c.check(x.X, widened(b.Type)), b
	}
	a = c.infer(x.X)
	if isLiteral(x.Y) && !absorbs(a.Type) {
		return a, c.check(x.Y, widened(a.Type))
	}
	return a, c.infer(x.Y)
}

func isLiteral(x syntax.Expr) bool {
	switch x.(type) {
	case *syntax.Record, *syntax.List:
		return true
	}
	return false
}

func (c *checker) order(x *syntax.Binary) *plan.Expr {
	op := binaryOps[x.Op]
	c.body.compares++
	a, b, ok := c.operands(x, func(t plan.Type) bool { return isNumber(t) || isText(t) })
	c.body.compares--
	if !ok {
		return boolean(op.op, bad(), bad())
	}
	if hasClock(a) || hasClock(b) {
		return c.past(x, op.op, a, b)
	}
	return boolean(op.op, a, b)
}

func (c *checker) arithmetic(x *syntax.Binary) *plan.Expr {
	op := binaryOps[x.Op]
	a, b, ok := c.operands(x, func(t plan.Type) bool {
		return isInteger(t) || t.Kind == plan.KindFloat && op.op != plan.OpMod || isText(t) && op.op == plan.OpAdd
	})
	if !ok {
		return bad()
	}
	t := plan.Int
	switch {
	case isText(a.Type):
		t = plan.String
	case a.Type.Kind == plan.KindFloat:
		t = plan.Float
	case a.Type.Kind == plan.KindTime || b.Type.Kind == plan.KindTime:
		t = plan.Time
	}
	return &plan.Expr{Op: op.op, Type: t, Args: []*plan.Expr{a, b}}
}

// operands infers both sides of an operator that takes two of a kind: numbers
// or texts. An int beside a float becomes one.
func (c *checker) operands(x *syntax.Binary, takes func(plan.Type) bool) (a, b *plan.Expr, ok bool) {
	a, b = c.infer(x.X), c.infer(x.Y)
	if absorbs(a.Type) || absorbs(b.Type) {
		return nil, nil, false
	}
	for i, e := range []*plan.Expr{a, b} {
		if !takes(e.Type) {
			c.operand(e.Type, binaryOps[x.Op].text, []syntax.Node{x.X, x.Y}[i])
			return nil, nil, false
		}
	}
	t, ok := unify(a.Type, b.Type)
	if !ok {
		c.write(diag.Errorf("E514", x.OpSpan, "`%s` does not take `%s` and `%s` together", binaryOps[x.Op].text, a.Type.Label(), b.Type.Label()))
		return nil, nil, false
	}
	if t.Kind == plan.KindFloat {
		return c.fit(a, t, x.X), c.fit(b, t, x.Y), true
	}
	return a, b, true
}

func (c *checker) in(x *syntax.Binary) *plan.Expr {
	xs := c.infer(x.Y)
	if !isCollection(xs.Type) && xs.Type.Kind != plan.KindList {
		if !absorbs(xs.Type) {
			c.write(diag.Errorf("E514", x.Y.Where(), "`in` looks into a collection or a list, and this is `%s`", xs.Type.Label()).
				Hinting("%s", hintUnknown(xs.Type)))
		}
		c.infer(x.X)
		return boolean(plan.OpIn, bad(), xs)
	}
	return boolean(plan.OpIn, c.check(x.X, widened(xs.Type.Element())), xs)
}
