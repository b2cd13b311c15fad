package flow

import (
	"slices"

	"github.com/martinelli-lang/martinelli/plan"
	"github.com/martinelli-lang/martinelli/value"
)

// naive evaluates expressions as the reference says, over the databases as
// they stand, with nothing kept. It shares no code with the engine but Read of
// databases.
type naive struct {
	engine *Engine
	locals map[int]value.Value
}

func recompute(e *Engine, x *plan.Expr) value.Value {
	n := naive{e, map[int]value.Value{}}
	return n.eval(x)
}

func (n *naive) eval(x *plan.Expr) value.Value {
	switch x.Op {
	case plan.OpConst:
		return x.Const
	case plan.OpLocal:
		return n.locals[x.Index]
	case plan.OpLet:
		n.locals[x.Index] = n.eval(x.Args[0])
		return n.eval(x.Args[1])
	case plan.OpField:
		return n.eval(x.Args[0]).Field(x.Index)
	case plan.OpTuple:
		return value.Tuple(n.all(x.Args)...)
	case plan.OpRecord:
		return value.Record(n.all(x.Args)...)
	case plan.OpList:
		return value.List(n.all(x.Args)...)
	case plan.OpIf:
		if n.eval(x.Args[0]).AsBool() {
			return n.eval(x.Args[1])
		}
		return n.eval(x.Args[2])
	case plan.OpOr:
		if v := n.eval(x.Args[0]); !v.IsNil() {
			return v
		}
		return n.eval(x.Args[1])
	case plan.OpView:
		return n.eval(n.engine.program.Views[x.Index].Expr)
	case plan.OpCell:
		r, err := n.engine.Read(n.engine.program.Databases[x.Index].Name, n.all(x.Args))
		if err != nil {
			panic(err)
		}
		return r.Value
	case plan.OpDatabase, plan.OpKeys:
		return n.whole(x)
	case plan.OpCount:
		return value.Int(int64(len(n.eval(x.Args[0]).Elems())))
	case plan.OpIn:
		v := n.eval(x.Args[0])
		return value.Bool(slices.ContainsFunc(n.eval(x.Args[1]).Elems(), func(o value.Value) bool { return value.Equal(v, o) }))
	case plan.OpMap, plan.OpFilter, plan.OpFlatMap, plan.OpProduct, plan.OpJoin, plan.OpUnion, plan.OpIntersection, plan.OpMinus:
		return n.collection(x)
	case plan.OpSum, plan.OpAvg, plan.OpMax, plan.OpMin, plan.OpFirst, plan.OpLast, plan.OpSort, plan.OpTop:
		return n.together(x)
	case plan.OpGroup:
		return n.groups(x)
	case plan.OpClosure:
		return n.closure(n.eval(x.Args[0]).Elems())
	case plan.OpFloat:
		return value.Float(float64(n.eval(x.Args[0]).AsInt()))
	}
	return n.operator(x)
}

func (n *naive) all(xs []*plan.Expr) []value.Value {
	var out []value.Value
	for _, x := range xs {
		out = append(out, n.eval(x))
	}
	return out
}

func (n *naive) whole(x *plan.Expr) value.Value {
	decl := &n.engine.program.Databases[x.Index]
	r, _ := n.engine.Read(decl.Name, nil)
	if len(decl.Dims) == 0 && x.Op == plan.OpDatabase && !decl.Scalar() {
		return r.Value
	}
	var out []value.Value
	for _, p := range r.Pairs {
		switch {
		case x.Op == plan.OpKeys && len(p.Key) == 1:
			out = append(out, p.Key[0])
		case x.Op == plan.OpKeys:
			out = append(out, value.Tuple(p.Key...))
		case decl.Scalar():
			out = append(out, value.Tuple(append(slices.Clone(p.Key), p.Value)...))
		default:
			for _, v := range p.Value.Elems() {
				out = append(out, value.Tuple(append(slices.Clone(p.Key), v)...))
			}
		}
	}
	return set(out)
}

// set is the canonical form of a set: a list in order, without repetition.
func set(vs []value.Value) value.Value {
	vs = slices.Clone(vs)
	slices.SortFunc(vs, value.Compare)
	return value.List(slices.CompactFunc(vs, value.Equal)...)
}

func (n *naive) block(b *plan.Block, elem value.Value) value.Value {
	if len(b.Params) == 1 {
		n.locals[b.Params[0]] = elem
	} else {
		for i, s := range b.Params {
			n.locals[s] = elem.Field(i)
		}
	}
	return n.eval(b.Expr)
}

func (n *naive) collection(x *plan.Expr) value.Value {
	a := n.eval(x.Args[0]).Elems()
	var b, out []value.Value
	if len(x.Args) > 1 {
		b = n.eval(x.Args[1]).Elems()
	}
	has := func(vs []value.Value, v value.Value) bool {
		return slices.ContainsFunc(vs, func(o value.Value) bool { return value.Equal(v, o) })
	}
	switch x.Op {
	case plan.OpUnion:
		return set(append(slices.Clone(a), b...))
	case plan.OpProduct, plan.OpJoin:
		for _, v := range a {
			for _, w := range b {
				pair := value.Tuple(append(n.spread(v, x.Args[0]), n.spread(w, x.Args[1])...)...)
				if x.Op == plan.OpProduct || n.block(x.Block, pair).AsBool() {
					out = append(out, pair)
				}
			}
		}
		return set(out)
	}
	for _, v := range a {
		switch x.Op {
		case plan.OpMap:
			out = append(out, n.block(x.Block, v))
		case plan.OpFlatMap:
			out = append(out, n.block(x.Block, v).Elems()...)
		case plan.OpFilter:
			if n.block(x.Block, v).AsBool() {
				out = append(out, v)
			}
		case plan.OpIntersection:
			if has(b, v) {
				out = append(out, v)
			}
		case plan.OpMinus:
			if !has(b, v) {
				out = append(out, v)
			}
		}
	}
	return set(out)
}

func (n *naive) spread(v value.Value, side *plan.Expr) []value.Value {
	if side.Type.Args[0].Kind == plan.KindTuple {
		return slices.Clone(v.Elems())
	}
	return []value.Value{v}
}

func (n *naive) operator(x *plan.Expr) value.Value {
	vs := n.all(x.Args)
	a := vs[0]
	if len(vs) == 1 {
		if x.Op == plan.OpNot {
			return value.Bool(!a.AsBool())
		}
		return value.Int(-a.AsInt())
	}
	b := vs[1]
	switch x.Op {
	case plan.OpAdd:
		return value.Int(a.AsInt() + b.AsInt())
	case plan.OpSub:
		return value.Int(a.AsInt() - b.AsInt())
	case plan.OpMul:
		return value.Int(a.AsInt() * b.AsInt())
	case plan.OpMod:
		if b.AsInt() == 0 {
			return value.Int(0)
		}
		return value.Int(a.AsInt() % b.AsInt())
	case plan.OpEq:
		return value.Bool(value.Equal(a, b))
	case plan.OpNe:
		return value.Bool(!value.Equal(a, b))
	case plan.OpLt:
		return value.Bool(value.Compare(a, b) < 0)
	case plan.OpLe:
		return value.Bool(value.Compare(a, b) <= 0)
	case plan.OpGt:
		return value.Bool(value.Compare(a, b) > 0)
	case plan.OpGe:
		return value.Bool(value.Compare(a, b) >= 0)
	case plan.OpAnd:
		return value.Bool(a.AsBool() && b.AsBool())
	case plan.OpEither:
		return value.Bool(a.AsBool() || b.AsBool())
	}
	panic("naive: no such operator")
}
