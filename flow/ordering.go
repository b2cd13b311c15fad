package flow

import (
	"strconv"

	"github.com/martinelli-lang/martinelli/plan"
	"github.com/martinelli-lang/martinelli/value"
)

// ordering is max, min, first, last, sort_by and top: it keeps an index, so a
// change costs the logarithm of how many there are. Who reads it is told only
// of what changes the part that is read.
type ordering struct {
	node   *node
	isEnds bool // only the ends are read, of plain values; else (key, element) pairs
	limit  int  // how many of the first pairs are read; less than 0: all
	of     plan.Op
	index  index
	kept   []value.Value // the elements that were read last; nil when they have changed since
}

// ordering returns the node that orders what e takes of the elements.
func (b *builder) ordering(e *plan.Expr) *ordering {
	block, op := e.Block, ordering{of: e.Op, isEnds: e.Op != plan.OpSort && e.Op != plan.OpTop, limit: -1}
	name := "ends"
	if !op.isEnds {
		block, name = keyedBlock(e), "sorted"
	}
	if e.Op == plan.OpTop {
		name = "top"
		if n := e.Args[1]; n.Op == plan.OpConst {
			op.limit = int(max(0, min(n.Const.AsInt(), 1<<31-1)))
		}
		name += " " + strconv.Itoa(op.limit)
	}
	in := b.graph.images(e, block, nil)
	n := b.graph.share(named(name, in), func() *node {
		op.node = b.graph.add(&op, true, []*node{in}, nil)
		return op.node
	})
	b.need(n)
	return n.op.(*ordering)
}

func (o *ordering) start(g *graph, n *node) {
	o.index = index{}
	if o.of == plan.OpTop {
		o.index.compare = orderOf(o.of)
	}
	in := n.inputs[0]
	in.op.each(g, in, func(d delta) {
		g.steps++
		o.index.add(d.value, d.weight)
	})
}

func (o *ordering) stop(*graph, *node) { o.index, o.kept = index{}, nil }

func (o *ordering) process(g *graph, n *node) {
	first, last, isChanged := o.index.first(), o.index.last(), false
	for _, d := range summed(n.pending[0]) {
		g.steps++
		if !o.isEnds {
			isChanged = isChanged || o.limit < 0 || o.index.rank(d.value) < o.limit
		}
		o.index.add(d.value, d.weight)
	}
	if o.isEnds {
		isChanged = !value.Equal(first, o.index.first()) || !value.Equal(last, o.index.last())
	}
	if !isChanged {
		return
	}
	o.kept = nil
	if n.links > 0 {
		g.touch(dependency{grain: grainNode, source: n.rank})
	}
}

func (o *ordering) each(*graph, *node, func(delta)) {}

func (o *ordering) note(m *machine) { m.note(grainNode, o.node.rank, nil, "") }

func (o *ordering) first(m *machine) value.Value {
	o.note(m)
	return o.index.first()
}

func (o *ordering) last(m *machine) value.Value {
	o.note(m)
	return o.index.last()
}

// list is all elements in order.
func (o *ordering) list(m *machine) value.Value { return o.top(m, int64(o.index.len())) }

// top is the first n elements.
func (o *ordering) top(m *machine, n int64) value.Value {
	o.note(m)
	n = max(0, min(n, int64(o.index.len())))
	m.spend(n)
	if int64(len(o.kept)) < n {
		kept := make([]value.Value, 0, n)
		o.index.each(func(pair value.Value) bool {
			kept = append(kept, pair.Field(1))
			return int64(len(kept)) < n
		})
		o.kept = kept
	}
	return value.List(o.kept[:n:n]...)
}
