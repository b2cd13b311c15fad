// Package flowtest recomputes what views show, for tests that hold an engine
// to it.
package flowtest

import (
	"math/big"
	"slices"

	"github.com/martinelli-lang/martinelli/plan"
	"github.com/martinelli-lang/martinelli/value"
)

// Row is one key of a database and its value there.
type Row struct {
	Key   []value.Value
	Value value.Value
}

// Databases reads a database: at a full key its value, with fewer key values
// the rows of the keys that begin with them.
type Databases func(name string, key []value.Value) (value.Value, []Row)

// Recompute evaluates an expression of p as the reference says, over the
// databases as they stand, with nothing kept. It shares no code with flow. What
// the host answers and what a run is given it does not know: it panics there.
func Recompute(p *plan.Program, read Databases, x *plan.Expr) value.Value {
	n := naive{p, read, map[int]value.Value{}}
	return n.eval(x)
}

type naive struct {
	program *plan.Program
	read    Databases
	locals  map[int]value.Value
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
		return Recompute(n.program, n.read, n.program.Views[x.Index].Expr)
	case plan.OpViewAt:
		return n.viewAt(x)
	case plan.OpCall:
		return n.call(x)
	case plan.OpAt:
		return n.at(x)
	case plan.OpCell:
		v, _ := n.read(n.program.Databases[x.Index].Name, n.all(x.Args))
		return v
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
	decl := &n.program.Databases[x.Index]
	keys := n.all(x.Args)
	all, rows := n.read(decl.Name, keys)
	if len(keys) == len(decl.Dims) {
		return all // of a log what was appended, as often as it was
	}
	var out []value.Value
	for _, p := range rows {
		p.Key = p.Key[len(keys):]
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
	return Set(out)
}

// Set is the canonical form of a set: a list in order, without repetition.
func Set(vs []value.Value) value.Value {
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
		return Set(append(slices.Clone(a), b...))
	case plan.OpProduct, plan.OpJoin:
		for _, v := range a {
			for _, w := range b {
				pair := value.Tuple(append(n.spread(v, x.Args[0]), n.spread(w, x.Args[1])...)...)
				if x.Op == plan.OpProduct || n.block(x.Block, pair).AsBool() {
					out = append(out, pair)
				}
			}
		}
		return Set(out)
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
	return Set(out)
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
	case plan.OpDiv:
		if b.AsInt() == 0 {
			return value.Int(0)
		}
		return value.Int(a.AsInt() / b.AsInt())
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

// viewAt looks for the elements of a view that begin with a key.
func (n *naive) viewAt(x *plan.Expr) value.Value {
	whole, key := Recompute(n.program, n.read, n.program.Views[x.Index].Expr), n.all(x.Args)
	var out []value.Value
	for _, v := range whole.Elems() {
		if !slices.EqualFunc(key, v.Elems()[:len(key)], value.Equal) {
			continue
		}
		if rest := v.Elems()[len(key):]; len(rest) == 1 {
			out = append(out, rest[0])
		} else {
			out = append(out, value.Tuple(rest...))
		}
	}
	switch {
	case x.Type.Kind == plan.KindSet:
		return Set(out)
	case len(out) == 0 && x.Type.Kind == plan.KindBool:
		return value.Bool(false) // its rows are those that are true
	case len(out) == 0:
		return value.Nil
	}
	return out[0]
}

// call evaluates a function, whose parameters are its first slots.
func (n *naive) call(x *plan.Expr) value.Value {
	f := naive{n.program, n.read, map[int]value.Value{}}
	for i, v := range n.all(x.Args) {
		f.locals[i] = v
	}
	return f.eval(n.program.Funcs[x.Index].Expr)
}

func (n *naive) at(x *plan.Expr) value.Value {
	list, i := n.eval(x.Args[0]).Elems(), n.eval(x.Args[1]).AsInt()
	if i < 0 || i >= int64(len(list)) {
		return value.Nil
	}
	return list[i]
}

// closure adds pairs until there are no more to add.
func (n *naive) closure(edges []value.Value) value.Value {
	all := slices.Clone(edges)
	for {
		more := slices.Clone(all)
		for _, p := range all {
			for _, q := range all {
				if value.Equal(p.Field(1), q.Field(0)) {
					more = append(more, value.Tuple(p.Field(0), q.Field(1)))
				}
			}
		}
		if more = Set(more).Elems(); len(more) == len(all) {
			return Set(all)
		}
		all = more
	}
}

// groups filters the elements anew for every key.
func (n *naive) groups(x *plan.Expr) value.Value {
	elems := n.eval(x.Args[0]).Elems()
	var out []value.Value
	for _, v := range elems {
		key := n.block(x.Block, v)
		var same []value.Value
		for _, w := range elems {
			if value.Equal(n.block(x.Block, w), key) {
				same = append(same, w)
			}
		}
		out = append(out, value.Tuple(key, Set(same)))
	}
	return Set(out)
}

// together computes a reader of all elements by sorting and by arbitrary precision.
func (n *naive) together(x *plan.Expr) value.Value {
	elems := n.eval(x.Args[0]).Elems()
	if x.Args[0].Type.Kind == plan.KindSet && x.Op != plan.OpFirst && x.Op != plan.OpLast {
		elems = Set(elems).Elems()
	}
	var images []value.Value
	for _, v := range elems {
		if x.Block != nil {
			v = n.block(x.Block, v)
		}
		images = append(images, v)
	}
	switch x.Op {
	case plan.OpSum:
		if x.Type.Kind == plan.KindFloat {
			return value.Float(rational(images, 1))
		}
		sum := int64(0)
		for _, v := range images {
			sum += v.AsInt()
		}
		return value.Int(sum)
	case plan.OpAvg:
		if len(images) == 0 {
			return value.Nil
		}
		return value.Float(rational(images, int64(len(images))))
	case plan.OpSort, plan.OpTop:
		return n.inOrder(x, elems, images)
	}
	if x.Op == plan.OpMax || x.Op == plan.OpMin {
		slices.SortFunc(images, value.Compare)
	}
	switch {
	case len(images) == 0:
		return value.Nil
	case x.Op == plan.OpMin || x.Op == plan.OpFirst:
		return images[0]
	}
	return images[len(images)-1]
}

func rational(vs []value.Value, by int64) float64 {
	sum := new(big.Rat)
	for _, v := range vs {
		sum.Add(sum, new(big.Rat).SetInt64(v.AsInt()))
		sum.Add(sum, new(big.Rat).SetFloat64(v.AsFloat()))
	}
	f, _ := sum.Quo(sum, new(big.Rat).SetInt64(by)).Float64()
	return f
}

func (n *naive) inOrder(x *plan.Expr, elems, keys []value.Value) value.Value {
	at := make([]int, len(elems))
	for i := range at {
		at[i] = i
	}
	slices.SortFunc(at, func(i, j int) int {
		c := value.Compare(keys[i], keys[j])
		if x.Op == plan.OpTop {
			c = -c
		}
		if c != 0 {
			return c
		}
		return value.Compare(elems[i], elems[j])
	})
	if x.Op == plan.OpTop {
		at = at[:max(0, min(int(n.eval(x.Args[1]).AsInt()), len(at)))]
	}
	out := []value.Value{}
	for _, i := range at {
		out = append(out, elems[i])
	}
	return value.List(out...)
}
