package invariant

import (
	"strings"

	"github.com/martinelli-lang/martinelli/plan"
	"github.com/martinelli-lang/martinelli/value"
)

// fold computes an expression of constants and of what read knows; read may be nil.
func fold(e *plan.Expr, read func(*plan.Expr) (value.Value, bool)) (value.Value, bool) {
	if read != nil {
		if v, ok := read(e); ok {
			return v, true
		}
	}
	if e.Op == plan.OpConst {
		return e.Const, true
	}
	args := make([]value.Value, 0, 3)
	for i, a := range e.Args {
		v, ok := fold(a, read)
		if !ok {
			if i == 1 && (e.Op == plan.OpAnd && !args[0].AsBool() || e.Op == plan.OpEither && args[0].AsBool()) {
				return args[0], true
			}
			return value.Nil, false
		}
		args = append(args, v)
	}
	return compute(e, args)
}

// compute applies the operators that conditions are made of.
func compute(e *plan.Expr, v []value.Value) (value.Value, bool) {
	switch e.Op {
	case plan.OpNot:
		return value.Bool(!v[0].AsBool()), true
	case plan.OpAnd:
		return value.Bool(v[0].AsBool() && v[1].AsBool()), true
	case plan.OpEither:
		return value.Bool(v[0].AsBool() || v[1].AsBool()), true
	case plan.OpIf:
		if v[0].AsBool() {
			return v[1], true
		}
		return v[2], true
	case plan.OpOr:
		if v[0].IsNil() {
			return v[1], true
		}
		return v[0], true
	case plan.OpEq:
		return value.Bool(value.Equal(v[0], v[1])), true
	case plan.OpNe:
		return value.Bool(!value.Equal(v[0], v[1])), true
	case plan.OpLt, plan.OpLe, plan.OpGt, plan.OpGe:
		return ordered(e, v)
	}
	if !isInteger(e.Type) {
		return value.Nil, false
	}
	switch e.Op {
	case plan.OpNeg:
		return value.Int(-v[0].AsInt()), true
	case plan.OpAdd:
		return value.Int(v[0].AsInt() + v[1].AsInt()), true
	case plan.OpSub:
		return value.Int(v[0].AsInt() - v[1].AsInt()), true
	case plan.OpMul:
		return value.Int(v[0].AsInt() * v[1].AsInt()), true
	}
	return value.Nil, false
}

func ordered(e *plan.Expr, v []value.Value) (value.Value, bool) {
	var c int
	switch {
	case v[0].Kind() == value.KindInt && v[1].Kind() == value.KindInt:
		a, b := v[0].AsInt(), v[1].AsInt()
		if a < b {
			c = -1
		} else if a > b {
			c = 1
		}
	case v[0].Kind() == value.KindString && v[1].Kind() == value.KindString:
		c = strings.Compare(v[0].AsString(), v[1].AsString())
	default:
		return value.Nil, false
	}
	switch e.Op {
	case plan.OpLt:
		return value.Bool(c < 0), true
	case plan.OpLe:
		return value.Bool(c <= 0), true
	case plan.OpGt:
		return value.Bool(c > 0), true
	}
	return value.Bool(c >= 0), true
}

// atStart computes a condition over databases that nobody wrote yet. Which
// element it is about does not matter, or it is not known.
func atStart(p *plan.Program, e *plan.Expr) (value.Value, bool) {
	return fold(e, func(e *plan.Expr) (value.Value, bool) {
		switch e.Op {
		case plan.OpCell:
			switch p.Databases[e.Index].Lattice.Reading().Kind {
			case plan.KindInt:
				return value.Int(0), true
			case plan.KindBool:
				return value.Bool(false), true
			case plan.KindMaybe:
				return value.Nil, true
			}
		case plan.OpIn:
			return value.Bool(false), isEmptyAtStart(e.Args[1])
		case plan.OpCount:
			return value.Int(0), isEmptyAtStart(e.Args[0])
		}
		return value.Nil, false
	})
}

// isEmptyAtStart reports whether a collection is made of databases alone.
func isEmptyAtStart(e *plan.Expr) bool {
	switch e.Op {
	case plan.OpCell, plan.OpDatabase, plan.OpKeys:
		return true
	case plan.OpMap, plan.OpFilter, plan.OpFlatMap, plan.OpMinus, plan.OpIntersection:
		return isEmptyAtStart(e.Args[0])
	case plan.OpUnion:
		return isEmptyAtStart(e.Args[0]) && isEmptyAtStart(e.Args[1])
	}
	return false
}
