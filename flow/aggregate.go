package flow

import (
	"github.com/martinelli-lang/martinelli/algebra/order"
	"github.com/martinelli-lang/martinelli/plan"
	"github.com/martinelli-lang/martinelli/value"
)

// aggregate compiles a reader of all elements together. In the body of a view
// a node keeps its answer, unless it depends on the body's element.
func (c *compiler) aggregate(e *plan.Expr) valueFn {
	if e.Op == plan.OpTop {
		return c.top(e)
	}
	if c.graph != nil && c.graph.aggregates(e) {
		return c.graph.aggregate(e)
	}
	list := c.list(e.Args[0])
	if (e.Op == plan.OpFirst || e.Op == plan.OpLast) && c.engine.isLog(e.Args[0]) {
		list = c.appended(e.Args[0])
	}
	switch e.Op {
	case plan.OpSum, plan.OpAvg:
		return c.summed(e, list)
	case plan.OpMax:
		return c.extreme(e, list, 1)
	case plan.OpMin:
		return c.extreme(e, list, -1)
	case plan.OpFirst:
		return func(m *machine) value.Value { return endOf(list(m), false) }
	case plan.OpLast:
		return func(m *machine) value.Value { return endOf(list(m), true) }
	}
	sorted := c.sorted(e, list)
	return func(m *machine) value.Value { return value.List(sorted(m)...) }
}

// top compiles the first of a collection by a key.
func (c *compiler) top(e *plan.Expr) valueFn {
	n := c.int(e.Args[1])
	if c.graph != nil && c.graph.aggregates(e) {
		read := c.graph.ordering(e).top
		return func(m *machine) value.Value { return read(m, n(m)) }
	}
	sorted := c.sorted(e, c.list(e.Args[0]))
	return func(m *machine) value.Value {
		elems := sorted(m)
		return value.List(elems[:min(max(n(m), 0), int64(len(elems)))]...)
	}
}

// aggregates reports whether a body leaves e to a node: it does not depend on
// the element, and what it is computed from changes. What a log begins and
// ends with is read of the log, which has an order of its own.
func (b *builder) aggregates(e *plan.Expr) bool {
	xs := e.Args[0]
	if (e.Op == plan.OpFirst || e.Op == plan.OpLast) && b.graph.engine.isLog(xs) {
		return false
	}
	alone := &plan.Expr{Args: e.Args[:1], Block: e.Block}
	return formOf(xs.Type) == formSet && len(freeSlots(alone)) == 0 && readsDatabase(xs)
}

func (e *Engine) isLog(xs *plan.Expr) bool {
	isOne := xs.Op == plan.OpCell || xs.Op == plan.OpDatabase && len(e.program.Databases[xs.Index].Dims) == 0
	return isOne && e.program.Databases[xs.Index].Lattice.Kind == plan.KindLog
}

// aggregate returns what reads the node of e.
func (b *builder) aggregate(e *plan.Expr) valueFn {
	switch e.Op {
	case plan.OpSum, plan.OpAvg:
		return b.summing(e).read
	case plan.OpMax, plan.OpLast:
		return b.ordering(e).last
	case plan.OpMin, plan.OpFirst:
		return b.ordering(e).first
	}
	return b.ordering(e).list
}

// images builds the node of what a block gives for the elements, as often as
// it gives it; without a block, of the elements.
func (g *graph) images(e *plan.Expr, b *plan.Block, bound bindings) *node {
	in := g.setOf(g.collection(e.Args[0], bound))
	if b == nil {
		return in
	}
	return g.mapOver(in, plan.OpMap, b, paramTypes(e), bound)
}

// keyedBlock is e's block with the element beside what it gives.
func keyedBlock(e *plan.Expr) *plan.Block {
	b, types := e.Block, paramTypes(e)
	parts := make([]*plan.Expr, len(b.Params))
	for i, slot := range b.Params {
		parts[i] = local(slot, types[i])
	}
	elem := parts[0]
	if len(parts) > 1 {
		elem = &plan.Expr{Op: plan.OpTuple, Type: plan.TupleOf(types...), Args: parts}
	}
	pair := &plan.Expr{Op: plan.OpTuple, Type: plan.TupleOf(b.Expr.Type, elem.Type), Args: []*plan.Expr{b.Expr, elem}}
	return &plan.Block{Params: b.Params, Expr: pair}
}

// eachImage runs a block for the elements of a list.
func (c *compiler) eachImage(e *plan.Expr, list listFn) func(m *machine, yield func(elem, image value.Value)) {
	if e.Block == nil {
		return func(m *machine, yield func(elem, image value.Value)) {
			for _, elem := range list(m) {
				if !m.spend(1) {
					return
				}
				yield(elem, elem)
			}
		}
	}
	params, body := e.Block.Params, c.value(e.Block.Expr)
	return func(m *machine, yield func(elem, image value.Value)) {
		for _, elem := range list(m) {
			if !m.spend(1) {
				return
			}
			m.bind(params, elem)
			yield(elem, body(m))
		}
	}
}

func (c *compiler) summed(e *plan.Expr, list listFn) valueFn {
	each := c.eachImage(e, list)
	return func(m *machine) value.Value {
		t := newTotal(e)
		each(m, func(_, image value.Value) { t.add(image, 1) })
		return t.value()
	}
}

// extreme compiles the largest image, or with sign -1 the smallest.
func (c *compiler) extreme(e *plan.Expr, list listFn, sign int) valueFn {
	each := c.eachImage(e, list)
	return func(m *machine) value.Value {
		best, found := value.Nil, false
		each(m, func(_, image value.Value) {
			if !found || value.Compare(image, best)*sign > 0 {
				best, found = image, true
			}
		})
		return best
	}
}

func endOf(elems []value.Value, isLast bool) value.Value {
	switch {
	case len(elems) == 0:
		return value.Nil
	case isLast:
		return elems[len(elems)-1]
	}
	return elems[0]
}

// sorted compiles the elements in the order of sort_by or top.
func (c *compiler) sorted(e *plan.Expr, list listFn) listFn {
	each, compare := c.eachImage(e, list), orderOf(e.Op)
	return func(m *machine) []value.Value {
		var pairs []value.Value
		each(m, func(elem, key value.Value) { pairs = append(pairs, value.Tuple(key, elem)) })
		m.spend(int64(len(pairs)))
		order.Sort(pairs, compare)
		for i, p := range pairs {
			pairs[i] = p.Field(1)
		}
		return pairs
	}
}

// grouped compiles group.
func (c *compiler) grouped(e *plan.Expr) listFn {
	each, isSet := c.eachImage(e, c.list(e.Args[0])), formOf(e.Type) == formSet
	return func(m *machine) []value.Value {
		var pairs []value.Value
		each(m, func(elem, key value.Value) { pairs = append(pairs, value.Tuple(key, elem)) })
		return groups(pairs, isSet)
	}
}

// orderOf is the order of (key, element): of sort_by ascending, of top
// descending by the key and then ascending by the element.
func orderOf(op plan.Op) func(a, b value.Value) int {
	if op != plan.OpTop {
		return value.Compare
	}
	return func(a, b value.Value) int {
		if c := value.Compare(b.Field(0), a.Field(0)); c != 0 {
			return c
		}
		return value.Compare(a.Field(1), b.Field(1))
	}
}
