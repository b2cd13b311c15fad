package flow

import (
	"strconv"
	"strings"

	"github.com/martinelli-lang/martinelli/plan"
	"github.com/martinelli-lang/martinelli/value"
)

// builder turns expressions into nodes. Needs collects, while a body is
// compiled, the nodes that it reads as a whole.
type builder struct {
	graph *graph
	needs []*node
}

// collection builds the node of a collection. Bound are the locals of the
// frame around it, each with the expression it stands for.
func (g *graph) collection(e *plan.Expr, bound bindings) *node {
	switch e.Op {
	case plan.OpLet:
		first, _ := closed(e.Args[0], bound)
		inner := copied(bound)
		inner[e.Index] = first
		return g.collection(e.Args[1], inner)
	case plan.OpLocal:
		if by, ok := bound[e.Index]; ok {
			return g.collection(by, nil)
		}
	case plan.OpView:
		return g.collection(g.engine.program.Views[e.Index].Expr, nil)
	case plan.OpCell:
		if path, ok := constantPath(e.Args); ok {
			return g.source(sourceCell, e.Index, path)
		}
	case plan.OpDatabase:
		return g.source(sourceRows, e.Index, "")
	case plan.OpKeys:
		return g.source(sourceKeys, e.Index, "")
	case plan.OpMap, plan.OpFlatMap:
		return g.mapped(e, bound)
	case plan.OpFilter:
		return g.filtered(e, bound)
	case plan.OpProduct:
		return g.product(e, bound)
	case plan.OpJoin:
		block, _ := alone(e.Block, paramTypes(e), bound)
		return g.joined(block, e, bound)
	case plan.OpUnion:
		return g.twoSided("union", union{}, false, e, bound)
	case plan.OpIntersection:
		return g.twoSided("intersection", &pairing{holds: inBoth}, true, e, bound)
	case plan.OpMinus:
		return g.twoSided("minus", &pairing{holds: inLeftOnly}, true, e, bound)
	case plan.OpGroup:
		return g.grouped(g.images(e, keyedBlock(e), bound))
	case plan.OpClosure:
		return g.closedOver(g.setOf(g.collection(e.Args[0], bound)))
	}
	return g.evaluated(e, bound)
}

// share returns the node of a shape, made by create where there is none yet.
func (g *graph) share(key string, create func() *node) *node {
	if n, ok := g.byShape[key]; ok {
		return n
	}
	n := create()
	g.byShape[key] = n
	return n
}

// named is the shape of an operator over inputs.
func named(op string, inputs ...*node) string {
	for _, in := range inputs {
		op += " " + strconv.Itoa(in.rank)
	}
	return op
}

// constantPath returns the path of a key that does not depend on anything.
func constantPath(key []*plan.Expr) (string, bool) {
	var b []byte
	for _, e := range key {
		if e.Op != plan.OpConst {
			return "", false
		}
		b = value.Append(b, e.Const)
	}
	return string(b), true
}

func (g *graph) source(kind sourceKind, database int, path string) *node {
	key := "source " + strconv.Itoa(int(kind)) + " " + strconv.Itoa(database) + " " + path
	return g.share(key, func() *node {
		db := g.engine.databases[database]
		isSet := kind == sourceKeys || db.decl.Lattice.Kind != plan.KindLog // a log has an element as often as it was appended
		return g.add(&source{db: db, kind: kind, path: path}, isSet, nil, nil)
	})
}

func (g *graph) twoSided(name string, op operator, isSet bool, e *plan.Expr, bound bindings) *node {
	left, right := g.collection(e.Args[0], bound), g.collection(e.Args[1], bound)
	return g.share(named(name, left, right), func() *node {
		return g.add(op, isSet, []*node{left, right}, nil)
	})
}

// mapped builds map and flat_map.
func (g *graph) mapped(e *plan.Expr, bound bindings) *node {
	return g.mapOver(g.collection(e.Args[0], bound), e.Op, e.Block, paramTypes(e), bound)
}

// mapOver builds map or flat_map over a node.
func (g *graph) mapOver(in *node, op plan.Op, b *plan.Block, types []plan.Type, bound bindings) *node {
	block, slots := alone(b, types, bound)
	key := named("map "+strconv.Itoa(int(op)), in) + shapeOf(block)
	return g.share(key, func() *node {
		b := builder{graph: g}
		c := compiler{engine: g.engine, graph: &b}
		isPure := g.engine.isPure(block.Expr)
		if op == plan.OpFlatMap {
			code := c.list(block.Expr)
			if isPure {
				return g.add(&flattened{body[listFn]{block.Params, slots, code}}, false, []*node{in}, nil)
			}
			return g.tracked(block.Params, slots, trackedList(code), false, []*node{in}, b.needs)
		}
		code := c.value(block.Expr)
		if isPure {
			return g.add(&mapping{body[valueFn]{block.Params, slots, code}}, false, []*node{in}, nil)
		}
		return g.tracked(block.Params, slots, trackedMap(code), false, []*node{in}, b.needs)
	})
}

func shapeOf(block *plan.Block) string {
	var b strings.Builder
	blockShape(&b, block)
	return b.String()
}

// tracked adds a node that evaluates a body and notes what it reads.
func (g *graph) tracked(params []int, slots int, code func(*machine, item) []item, isSet bool, inputs, needs []*node) *node {
	op := &tracking{params: params, slots: slots, evaluate: code}
	op.node = g.add(op, isSet, inputs, needs)
	return op.node
}

// filtered builds a filter; over a product it becomes a join where its
// condition lets it.
func (g *graph) filtered(e *plan.Expr, bound bindings) *node {
	block, slots := alone(e.Block, paramTypes(e), bound)
	if product, inner, ok := g.productIn(e.Args[0], bound); ok {
		return g.joined(block, product, inner)
	}
	return g.filter(g.collection(e.Args[0], bound), block, slots)
}

func (g *graph) filter(in *node, block *plan.Block, slots int) *node {
	return g.share(named("filter", in)+shapeOf(block), func() *node {
		b := builder{graph: g}
		c := compiler{engine: g.engine, graph: &b}
		code := c.bool(block.Expr)
		if g.engine.isPure(block.Expr) {
			return g.add(&filtering{body[boolFn]{block.Params, slots, code}}, in.isSet, []*node{in}, nil)
		}
		return g.tracked(block.Params, slots, trackedFilter(code), in.isSet, []*node{in}, b.needs)
	})
}

// evaluated builds what no operator of the graph computes, such as the set at
// a key that is computed: one tracked evaluation of the whole collection.
func (g *graph) evaluated(e *plan.Expr, bound bindings) *node {
	alone, slots := closed(e, bound)
	var key strings.Builder
	shape(&key, alone)
	return g.share("evaluated "+key.String(), func() *node {
		b := builder{graph: g}
		c := compiler{engine: g.engine, graph: &b}
		code := c.list(alone)
		return g.tracked(nil, slots, trackedList(code), true, nil, b.needs)
	})
}

// scalarOf builds the node of a scalar expression without free locals.
func (g *graph) scalarOf(e *plan.Expr) *tracking {
	for e.Op == plan.OpView {
		e = g.engine.program.Views[e.Index].Expr
	}
	alone, slots := closed(e, nil)
	var key strings.Builder
	shape(&key, alone)
	n := g.share("scalar "+key.String(), func() *node {
		b := builder{graph: g}
		c := compiler{engine: g.engine, graph: &b}
		code := c.value(alone)
		return g.tracked(nil, slots, trackedMap(code), true, nil, b.needs)
	})
	return n.op.(*tracking)
}

// distinctOf builds a node that keeps a collection.
func (g *graph) distinctOf(in *node) *distinct {
	n := g.share(named("distinct", in), func() *node {
		op := &distinct{}
		op.node = g.add(op, true, []*node{in}, nil)
		return op.node
	})
	return n.op.(*distinct)
}

// setOf returns a node with the elements of in and weights 0 and 1.
func (g *graph) setOf(in *node) *node {
	if in.isSet {
		return in
	}
	return g.distinctOf(in).node
}

// keeps reports whether a body leaves the collection xs to a node: it does not
// depend on the element, and computing it costs something.
func (b *builder) keeps(xs *plan.Expr) bool {
	switch xs.Op {
	case plan.OpView, plan.OpMap, plan.OpFilter, plan.OpFlatMap, plan.OpProduct, plan.OpJoin,
		plan.OpUnion, plan.OpIntersection, plan.OpMinus, plan.OpGroup, plan.OpClosure:
		return formOf(xs.Type) == formSet && len(freeSlots(xs)) == 0 && readsDatabase(xs)
	}
	return false
}

// counts reports whether a body leaves the counting of xs to a node: what keeps
// leaves to one, and the keys and rows of a database, which change one by one.
func (b *builder) counts(xs *plan.Expr) bool {
	if formOf(xs.Type) != formSet {
		return false
	}
	isRows := xs.Op == plan.OpDatabase && !b.graph.engine.isLog(xs) && len(b.graph.engine.databases[xs.Index].decl.Dims) > 0
	return xs.Op == plan.OpKeys || isRows || b.keeps(xs)
}

// readsDatabase reports whether xs changes as databases do. Without one it is
// a constant, and a node would be no gain.
func readsDatabase(xs *plan.Expr) bool {
	return !walk(xs, func(x *plan.Expr) bool {
		return x.Op != plan.OpCell && x.Op != plan.OpDatabase && x.Op != plan.OpKeys && x.Op != plan.OpView && x.Op != plan.OpViewAt
	})
}

func (b *builder) need(n *node) { b.needs = append(b.needs, n) }

// distinct returns the node that keeps xs, and notes that the body needs it.
func (b *builder) distinct(xs *plan.Expr) *distinct {
	d := b.graph.distinctOf(b.graph.collection(xs, nil))
	b.need(d.node)
	return d
}

// count returns the node that counts xs. It keeps the elements only where
// they may come about in several ways.
func (b *builder) count(xs *plan.Expr) *counting {
	in := b.graph.setOf(b.graph.collection(xs, nil))
	n := b.graph.share(named("count", in), func() *node {
		op := &counting{}
		op.node = b.graph.add(op, true, []*node{in}, nil)
		return op.node
	})
	b.need(n)
	return n.op.(*counting)
}

// scalar returns the node of a scalar view.
func (b *builder) scalar(view int) *tracking {
	s := b.graph.scalarOf(b.graph.engine.program.Views[view].Expr)
	b.need(s.node)
	return s
}
