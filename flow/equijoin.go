package flow

import (
	"github.com/martinelli-lang/martinelli/plan"
)

// product builds the plain product: a join in which all keys are equal.
func (g *graph) product(e *plan.Expr, bound bindings) *node {
	left, right := g.collection(e.Args[0], bound), g.collection(e.Args[1], bound)
	return g.hashJoin(e, left, right, nil, nil)
}

// hashJoin adds the join of two nodes on the equality of key expressions, one
// list over the slots of a left element and one over those of a right element.
func (g *graph) hashJoin(product *plan.Expr, left, right *node, leftKey, rightKey []*plan.Expr) *node {
	nl, nr := arity(product.Args[0]), arity(product.Args[1])
	flat := flatness(product)
	shape := named("join", left, right) +
		shapeOf(keyBlock(nl, leftKey)) + shapeOf(keyBlock(nr, rightKey)) + flat.String()
	return g.share(shape, func() *node {
		op := &join{flat: flat}
		op.left.key = g.key(keyBlock(nl, leftKey))
		op.right.key = g.key(keyBlock(nr, rightKey))
		return g.add(op, true, []*node{left, right}, nil)
	})
}

func (f flattening) String() string {
	switch f {
	case flattening{true, true}:
		return " both sides flat"
	case flattening{true, false}:
		return " left side flat"
	case flattening{false, true}:
		return " right side flat"
	}
	return ""
}

// keyBlock is the key of a side as a block over the parts of its element.
func keyBlock(params int, key []*plan.Expr) *plan.Block {
	return &plan.Block{Params: upTo(params), Expr: &plan.Expr{Op: plan.OpTuple, Args: key}}
}

func upTo(n int) []int {
	out := make([]int, n)
	for i := range out {
		out[i] = i
	}
	return out
}

func (g *graph) key(b *plan.Block) body[[]valueFn] {
	c := compiler{engine: g.engine}
	return body[[]valueFn]{params: b.Params, slots: slotsOf(b), code: c.values(b.Expr.Args)}
}

// slotsOf returns how many slots a block needs.
func slotsOf(b *plan.Block) int {
	n := 0
	count := func(slots ...int) {
		for _, slot := range slots {
			n = max(n, slot+1)
		}
	}
	count(b.Params...)
	walk(b.Expr, func(e *plan.Expr) bool {
		if e.Op == plan.OpLet || e.Op == plan.OpLocal {
			count(e.Index)
		}
		if e.Block != nil {
			count(e.Block.Params...)
		}
		return true
	})
	return n
}

// productIn looks through views and lets for a product, so that a filter over
// a view that nobody reads joins instead of filtering all pairs.
func (g *graph) productIn(e *plan.Expr, bound bindings) (*plan.Expr, bindings, bool) {
	switch e.Op {
	case plan.OpProduct:
		return e, bound, true
	case plan.OpView:
		return g.productIn(g.engine.program.Views[e.Index].Expr, nil)
	case plan.OpLocal:
		if by, ok := bound[e.Index]; ok {
			return g.productIn(by, nil)
		}
	case plan.OpLet:
		first, _ := closed(e.Args[0], bound)
		inner := copied(bound)
		inner[e.Index] = first
		return g.productIn(e.Args[1], inner)
	}
	return nil, nil, false
}

// condition is the condition of a join, taken apart. Each part is over the
// slots 0 .. arity-1 of what it is about.
type condition struct {
	left, right       []*plan.Expr // about one side alone: it filters before it joins
	leftKey, rightKey []*plan.Expr // equal in every pair
	pairs             []*plan.Expr // about both, to be asked of every pair
}

// joined builds the pairs of a product for which block holds. The block is alone.
func (g *graph) joined(block *plan.Block, product *plan.Expr, bound bindings) *node {
	nl, nr := arity(product.Args[0]), arity(product.Args[1])
	cond := g.takeApart(perPart(block, nl+nr), nl)
	left := g.restricted(product.Args[0], cond.left, bound)
	right := g.restricted(product.Args[1], cond.right, bound)
	n := g.hashJoin(product, left, right, cond.leftKey, cond.rightKey)
	for _, part := range cond.pairs {
		b := &plan.Block{Params: upTo(nl + nr), Expr: part}
		n = g.filter(n, b, slotsOf(b))
	}
	return n
}

// restricted builds a side of a join, with the parts of the condition that are
// about it alone. If the side is a product, they may make it a join in turn.
func (g *graph) restricted(side *plan.Expr, parts []*plan.Expr, bound bindings) *node {
	if len(parts) == 0 {
		return g.collection(side, bound)
	}
	all := parts[0]
	for _, part := range parts[1:] {
		all = &plan.Expr{Op: plan.OpAnd, Type: plan.Bool, Args: []*plan.Expr{all, part}}
	}
	block := &plan.Block{Params: upTo(arity(side)), Expr: all}
	if product, inner, ok := g.productIn(side, bound); ok {
		return g.joined(block, product, inner)
	}
	return g.filter(g.collection(side, bound), block, slotsOf(block))
}

// perPart rewrites a block over whole pairs to one over their n parts.
func perPart(block *plan.Block, n int) *plan.Expr {
	if len(block.Params) == n {
		return block.Expr
	}
	// One parameter stands for the tuple: its fields are the parts.
	whole := block.Params[0]
	parts := make([]*plan.Expr, n)
	r := rewriter{bound: bindings{}, next: n}
	types := tupleTypes(block.Expr, whole, n)
	for i := range parts {
		parts[i] = local(i, types[i])
	}
	r.bound[whole] = &plan.Expr{Op: plan.OpTuple, Type: plan.TupleOf(types...), Args: parts}
	return picked(r.expr(block.Expr))
}

// tupleTypes finds the types of the parts of the tuple in a slot.
func tupleTypes(e *plan.Expr, slot, n int) []plan.Type {
	types := make([]plan.Type, n)
	for i := range types {
		types[i] = plan.Any
	}
	walk(e, func(x *plan.Expr) bool {
		if x.Op == plan.OpLocal && x.Index == slot && len(x.Type.Args) == n {
			types = x.Type.Args
			return false
		}
		return true
	})
	return types
}

// picked replaces a field of a tuple that is written out by the part itself.
func picked(e *plan.Expr) *plan.Expr {
	out := *e
	out.Args = make([]*plan.Expr, len(e.Args))
	for i, arg := range e.Args {
		out.Args[i] = picked(arg)
	}
	if e.Block != nil {
		out.Block = &plan.Block{Params: e.Block.Params, Expr: picked(e.Block.Expr)}
	}
	if out.Op == plan.OpField && out.Args[0].Op == plan.OpTuple {
		part := *out.Args[0].Args[out.Index]
		part.Type = out.Type
		return &part
	}
	return &out
}

// takeApart sorts the parts of a condition over nl left parts and further
// right ones. Only pure ones move: what reads a database is asked of pairs.
func (g *graph) takeApart(e *plan.Expr, nl int) condition {
	var cond condition
	for _, part := range conjuncts(e) {
		switch about := sidesOf(part, nl); {
		case !g.engine.isPure(part):
			cond.pairs = append(cond.pairs, part)
		case about == leftSide:
			cond.left = append(cond.left, part)
		case about == rightSide:
			cond.right = append(cond.right, shifted(part, nl))
		case !cond.takeKey(part, nl):
			cond.pairs = append(cond.pairs, part)
		}
	}
	return cond
}

// takeKey takes an equality between the two sides.
func (cond *condition) takeKey(part *plan.Expr, nl int) bool {
	if part.Op != plan.OpEq {
		return false
	}
	a, b := part.Args[0], part.Args[1]
	if sidesOf(a, nl) == rightSide {
		a, b = b, a
	}
	if sidesOf(a, nl) != leftSide || sidesOf(b, nl) != rightSide {
		return false
	}
	cond.leftKey = append(cond.leftKey, a)
	cond.rightKey = append(cond.rightKey, shifted(b, nl))
	return true
}

func conjuncts(e *plan.Expr) []*plan.Expr {
	if e.Op != plan.OpAnd {
		return []*plan.Expr{e}
	}
	return append(conjuncts(e.Args[0]), conjuncts(e.Args[1])...)
}

// sides says which sides of a join an expression is about.
type sides uint8

const (
	noSide    sides = 0
	leftSide  sides = 1
	rightSide sides = 2
)

func sidesOf(e *plan.Expr, nl int) sides {
	about := noSide
	for slot := range freeSlots(e) {
		if slot < nl {
			about |= leftSide
		} else {
			about |= rightSide
		}
	}
	return about
}

// shifted moves an expression over right parts to slots from zero.
func shifted(e *plan.Expr, nl int) *plan.Expr {
	free := freeSlots(e)
	r := rewriter{bound: bindings{}}
	for slot := range free {
		r.next = max(r.next, slot-nl+1)
	}
	walk(e, func(x *plan.Expr) bool {
		if x.Op == plan.OpLocal && free[x.Index] {
			r.bound[x.Index] = local(x.Index-nl, x.Type)
		}
		return true
	})
	return r.expr(e)
}
