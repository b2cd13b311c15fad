package flow

import (
	"github.com/martinelli-lang/martinelli/plan"
	"github.com/martinelli-lang/martinelli/value"
)

// total is a sum or mean under way. A sum of ints wraps; whatever else is
// summed is exact until it is asked for.
type total struct {
	isMean, isFloat bool
	count, ints     int64
	exact           *exact // nil for a sum of ints
}

func newTotal(e *plan.Expr) total {
	t := total{isMean: e.Op == plan.OpAvg, isFloat: e.Type.Kind == plan.KindFloat}
	if t.isMean || t.isFloat {
		t.exact = &exact{}
	}
	return t
}

func (t *total) add(v value.Value, weight int) {
	t.count += int64(weight)
	switch {
	case t.exact == nil:
		t.ints += v.AsInt() * int64(weight)
	case v.Kind() == value.KindInt:
		t.exact.addInt(v.AsInt(), int64(weight))
	default:
		t.exact.addFloat(v.AsFloat(), int64(weight))
	}
}

func (t *total) value() value.Value {
	switch {
	case t.isMean && t.count <= 0:
		return value.Nil
	case t.isMean:
		return value.Float(t.exact.quotient(t.count))
	case t.isFloat:
		return value.Float(t.exact.sum())
	}
	return value.Int(t.ints)
}

// summing is sum and avg: it keeps the total and nothing of the elements, so a
// change costs one step.
type summing struct {
	node  *node
	of    *plan.Expr
	total total
	shown value.Value // the total's value
}

// summing returns the node that sums e.
func (b *builder) summing(e *plan.Expr) *summing {
	in := b.graph.images(e, e.Block, nil)
	name := "sum"
	switch {
	case e.Op == plan.OpAvg:
		name = "avg"
	case e.Type.Kind == plan.KindFloat:
		name = "sum of floats"
	}
	n := b.graph.share(named(name, in), func() *node {
		op := &summing{of: e}
		op.node = b.graph.add(op, true, []*node{in}, nil)
		return op.node
	})
	b.need(n)
	return n.op.(*summing)
}

func (o *summing) start(g *graph, n *node) {
	o.total = newTotal(o.of)
	in := n.inputs[0]
	in.op.each(g, in, func(d delta) {
		g.steps++
		o.total.add(d.value, d.weight)
	})
	o.shown = o.total.value()
}

func (o *summing) stop(*graph, *node) { o.total, o.shown = total{}, value.Nil }

func (o *summing) process(g *graph, n *node) {
	for _, d := range n.pending[0] {
		g.steps++
		o.total.add(d.value, d.weight)
	}
	was := o.shown
	o.shown = o.total.value()
	if n.links > 0 && !value.Equal(was, o.shown) {
		g.touch(dependency{grain: grainNode, source: n.rank})
	}
}

func (o *summing) each(*graph, *node, func(delta)) {}

func (o *summing) read(m *machine) value.Value {
	m.note(grainNode, o.node.rank, nil, "")
	return o.shown
}
