package flow

import (
	"math"

	"github.com/martinelli-lang/martinelli/plan"
	"github.com/martinelli-lang/martinelli/value"
)

// bool compiles an expression of type bool.
func (c *compiler) bool(e *plan.Expr) boolFn {
	switch e.Op {
	case plan.OpNot:
		f := c.bool(e.Args[0])
		return func(m *machine) bool { return !f(m) }
	case plan.OpAnd:
		a, b := c.bool(e.Args[0]), c.bool(e.Args[1])
		return func(m *machine) bool { return a(m) && b(m) }
	case plan.OpEither:
		a, b := c.bool(e.Args[0]), c.bool(e.Args[1])
		return func(m *machine) bool { return a(m) || b(m) }
	case plan.OpIf:
		return choose(c.bool(e.Args[0]), c.bool(e.Args[1]), c.bool(e.Args[2]))
	case plan.OpLet:
		return letIn(e.Index, c.value(e.Args[0]), c.bool(e.Args[1]))
	case plan.OpIn:
		return c.in(e)
	case plan.OpClock:
		return c.past(e)
	case plan.OpEq, plan.OpNe, plan.OpLt, plan.OpLe, plan.OpGt, plan.OpGe:
		return c.comparison(e)
	}
	f := c.value(e)
	return func(m *machine) bool { return f(m).AsBool() }
}

// comparison compiles == != < <= > >= by the form of the operands.
func (c *compiler) comparison(e *plan.Expr) boolFn {
	a, b := e.Args[0], e.Args[1]
	switch operandsOf(e) {
	case formInt:
		if b.Op == plan.OpConst {
			return compareConst(e.Op, c.int(a), b.Const.AsInt())
		}
		return compare(e.Op, c.int(a), c.int(b))
	case formFloat:
		return compare(e.Op, c.float(a), c.float(b))
	case formString, formSymbol:
		if b.Op == plan.OpConst {
			return compareConst(e.Op, c.text(a), b.Const.AsString())
		}
		return compare(e.Op, c.text(a), c.text(b))
	}
	return compareValues(e.Op, c.value(a), c.value(b))
}

// ordered are the forms that Go compares as the language does: NaN never
// enters, and strings are ordered by bytes.
type ordered interface{ int64 | float64 | string }

func compare[T ordered](op plan.Op, a, b func(*machine) T) boolFn {
	switch op {
	case plan.OpEq:
		return func(m *machine) bool { return a(m) == b(m) }
	case plan.OpNe:
		return func(m *machine) bool { return a(m) != b(m) }
	case plan.OpLt:
		return func(m *machine) bool { return a(m) < b(m) }
	case plan.OpLe:
		return func(m *machine) bool { return a(m) <= b(m) }
	case plan.OpGt:
		return func(m *machine) bool { return a(m) > b(m) }
	}
	return func(m *machine) bool { return a(m) >= b(m) }
}

// compareConst saves the call for an operand that is always the same.
func compareConst[T ordered](op plan.Op, a func(*machine) T, b T) boolFn {
	switch op {
	case plan.OpEq:
		return func(m *machine) bool { return a(m) == b }
	case plan.OpNe:
		return func(m *machine) bool { return a(m) != b }
	case plan.OpLt:
		return func(m *machine) bool { return a(m) < b }
	case plan.OpLe:
		return func(m *machine) bool { return a(m) <= b }
	case plan.OpGt:
		return func(m *machine) bool { return a(m) > b }
	}
	return func(m *machine) bool { return a(m) >= b }
}

func compareValues(op plan.Op, a, b valueFn) boolFn {
	return compareConst(op, func(m *machine) int64 { return int64(value.Compare(a(m), b(m))) }, 0)
}

// int compiles an expression of type int, nat or time.
func (c *compiler) int(e *plan.Expr) intFn {
	if slot, i, ok := slotPart(e); ok {
		return func(m *machine) int64 { return part(&m.slots[slot], i).AsInt() }
	}
	switch e.Op {
	case plan.OpConst:
		n := e.Const.AsInt()
		return func(*machine) int64 { return n }
	case plan.OpLocal:
		slot := e.Index
		return func(m *machine) int64 { return m.slots[slot].AsInt() }
	case plan.OpIf:
		return choose(c.bool(e.Args[0]), c.int(e.Args[1]), c.int(e.Args[2]))
	case plan.OpLet:
		return letIn(e.Index, c.value(e.Args[0]), c.int(e.Args[1]))
	case plan.OpNow:
		return now
	case plan.OpCount:
		return c.count(e)
	case plan.OpNeg, plan.OpAdd, plan.OpSub, plan.OpMul, plan.OpDiv, plan.OpMod:
		if operandsOf(e) == formInt {
			return c.arithmetic(e)
		}
	}
	f := c.value(e)
	return func(m *machine) int64 { return f(m).AsInt() }
}

func now(m *machine) int64 {
	if m.env == nil {
		return 0
	}
	return m.env.Stamp.Milli()
}

// arithmetic of ints wraps, so that sums do not depend on their order.
func (c *compiler) arithmetic(e *plan.Expr) intFn {
	a := c.int(e.Args[0])
	if e.Op == plan.OpNeg {
		return func(m *machine) int64 { return -a(m) }
	}
	b := c.int(e.Args[1])
	switch e.Op {
	case plan.OpAdd:
		return func(m *machine) int64 { return a(m) + b(m) }
	case plan.OpSub:
		return func(m *machine) int64 { return a(m) - b(m) }
	case plan.OpMul:
		if arg := e.Args[1]; arg.Op == plan.OpConst {
			n := arg.Const.AsInt()
			return func(m *machine) int64 { return a(m) * n }
		}
		return func(m *machine) int64 { return a(m) * b(m) }
	case plan.OpDiv:
		return func(m *machine) int64 { return quotient(a(m), b(m)) }
	}
	return func(m *machine) int64 { return remainder(a(m), b(m)) }
}

// quotient is total: x/0 = 0, and the smallest int divided by -1 is itself, as
// the Go specification has it.
func quotient(x, y int64) int64 {
	if y == 0 {
		return 0
	}
	return x / y
}

// remainder is total: x%0 = 0. It has the sign of x.
func remainder(x, y int64) int64 {
	if y == 0 {
		return 0
	}
	return x % y
}

// float compiles an expression of type float. Every operator is a call of its
// own, so no compiler fuses a product with a sum, and replicas on different
// processors agree to the last bit.
func (c *compiler) float(e *plan.Expr) floatFn {
	switch e.Op {
	case plan.OpConst:
		x := e.Const.AsFloat()
		return func(*machine) float64 { return x }
	case plan.OpIf:
		return choose(c.bool(e.Args[0]), c.float(e.Args[1]), c.float(e.Args[2]))
	case plan.OpLet:
		return letIn(e.Index, c.value(e.Args[0]), c.float(e.Args[1]))
	case plan.OpFloat:
		f := c.int(e.Args[0])
		return func(m *machine) float64 { return float64(f(m)) }
	case plan.OpNeg, plan.OpAdd, plan.OpSub, plan.OpMul, plan.OpDiv, plan.OpMod:
		if operandsOf(e) == formFloat {
			return c.floatArithmetic(e)
		}
	}
	f := c.value(e)
	return func(m *machine) float64 { return f(m).AsFloat() }
}

func (c *compiler) floatArithmetic(e *plan.Expr) floatFn {
	op, a := e.Op, c.float(e.Args[0])
	if op == plan.OpNeg {
		return func(m *machine) float64 { return tidy(-a(m)) }
	}
	b := c.float(e.Args[1])
	return func(m *machine) float64 { return floatOp(op, a(m), b(m)) }
}

func floatOp(op plan.Op, x, y float64) float64 {
	switch op {
	case plan.OpAdd:
		return tidy(x + y)
	case plan.OpSub:
		return tidy(x - y)
	case plan.OpMul:
		return tidy(float64(x * y))
	}
	if y == 0 {
		return 0
	}
	if op == plan.OpDiv {
		return tidy(x / y)
	}
	return tidy(math.Mod(x, y))
}

// tidy makes NaN and -0.0 zero, as they are in values: what is computed and
// what was stored compare alike.
func tidy(x float64) float64 {
	if x != x || x == 0 {
		return 0
	}
	return x
}

// text compiles an expression of type string, id or symbol.
func (c *compiler) text(e *plan.Expr) textFn {
	if slot, i, ok := slotPart(e); ok {
		return func(m *machine) string { return part(&m.slots[slot], i).AsString() }
	}
	switch e.Op {
	case plan.OpConst:
		s := e.Const.AsString()
		return func(*machine) string { return s }
	case plan.OpLocal:
		slot := e.Index
		return func(m *machine) string { return m.slots[slot].AsString() }
	case plan.OpIf:
		return choose(c.bool(e.Args[0]), c.text(e.Args[1]), c.text(e.Args[2]))
	case plan.OpLet:
		return letIn(e.Index, c.value(e.Args[0]), c.text(e.Args[1]))
	case plan.OpAdd:
		if operandsOf(e) == formString {
			a, b := c.text(e.Args[0]), c.text(e.Args[1])
			return func(m *machine) string { return concat(m, a(m), b(m)) }
		}
	}
	f := c.value(e)
	return func(m *machine) string { return f(m).AsString() }
}

// concat joins two strings, within the size a value may have: otherwise a few
// lines of a program could double a string until the memory is gone.
func concat(m *machine, a, b string) string {
	if len(a)+len(b) > value.SizeMax {
		m.stop(AbortSize, "a string is longer than a value may be")
		return ""
	}
	m.spend(int64(len(a)+len(b)) / 64)
	return a + b
}

// loose compiles arithmetic over operands that may be anything: it looks at
// them when it runs. Where it has no meaning the result is nil.
func (c *compiler) loose(e *plan.Expr) valueFn {
	op, fs := e.Op, c.values(e.Args)
	if op == plan.OpNeg {
		return func(m *machine) value.Value { return looseOp(m, plan.OpSub, value.Int(0), fs[0](m)) }
	}
	return func(m *machine) value.Value { return looseOp(m, op, fs[0](m), fs[1](m)) }
}

func looseOp(m *machine, op plan.Op, a, b value.Value) value.Value {
	switch ka, kb := a.Kind(), b.Kind(); {
	case ka == value.KindInt && kb == value.KindInt:
		return value.Int(intOp(op, a.AsInt(), b.AsInt()))
	case isNumber(ka) && isNumber(kb):
		return value.Float(floatOp(op, number(a), number(b)))
	case ka == value.KindString && kb == value.KindString && op == plan.OpAdd:
		return value.String(concat(m, a.AsString(), b.AsString()))
	}
	return value.Nil
}

func intOp(op plan.Op, x, y int64) int64 {
	switch op {
	case plan.OpAdd:
		return x + y
	case plan.OpSub:
		return x - y
	case plan.OpMul:
		return x * y
	case plan.OpDiv:
		return quotient(x, y)
	}
	return remainder(x, y)
}

func isNumber(k value.Kind) bool { return k == value.KindInt || k == value.KindFloat }

func number(v value.Value) float64 {
	if v.Kind() == value.KindInt {
		return float64(v.AsInt())
	}
	return v.AsFloat()
}
