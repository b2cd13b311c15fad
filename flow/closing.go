package flow

import (
	"github.com/martinelli-lang/martinelli/algebra/order"
	"github.com/martinelli-lang/martinelli/value"
)

// closing is closure: all pairs (a, b) with a way of one or more edges from a
// to b. It keeps the edges and what reaches what.
//
// An edge (a, b) that comes adds pairs of what reaches a, and a, with b and
// what b reaches: a step for every such pair. An edge that goes may have been
// on the way of whatever reached a: what these reach is searched anew among
// the edges that are left, a step for every edge on the way. So it is right on
// circles too, where counting ways is not (A. Gupta, I. Mumick, V.
// Subrahmanian, "Maintaining Views Incrementally", SIGMOD 1993, section 7).
type closing struct {
	vertices map[string]*vertex // the ends of edges
}

// vertex is an end of edges, by canonical bytes.
type vertex struct {
	item
	out, in        vertices // over one edge
	reach, reached vertices // over one edge or more, forward and backward
}

type vertices map[string]*vertex

// closedOver builds closure over a set of pairs.
func (g *graph) closedOver(in *node) *node {
	return g.share(named("closure", in), func() *node {
		return g.add(&closing{}, true, []*node{in}, nil)
	})
}

func (o *closing) start(g *graph, n *node) {
	o.vertices = vertices{}
	in := n.inputs[0]
	in.op.each(g, in, func(d delta) {
		a, b := o.ends(d.value)
		o.join(g, a, b, func(a, b *vertex) {})
	})
}

func (o *closing) stop(*graph, *node) { o.vertices = nil }

func (o *closing) process(g *graph, n *node) {
	ds := summed(n.pending[0])
	o.cut(g, ds, func(a, b *vertex) { g.emit(n, pairOf(a, b), -1) })
	for _, d := range ds {
		if d.weight > 0 {
			a, b := o.ends(d.value)
			o.join(g, a, b, func(a, b *vertex) { g.emit(n, pairOf(a, b), 1) })
		}
	}
	for _, d := range ds {
		a, b := o.ends(d.value)
		o.drop(a)
		o.drop(b)
	}
}

func pairOf(a, b *vertex) item { return item{value: value.Tuple(a.value, b.value)} }

// ends returns the two ends of an edge.
func (o *closing) ends(edge value.Value) (a, b *vertex) {
	return o.vertex(edge.Field(0)), o.vertex(edge.Field(1))
}

func (o *closing) vertex(v value.Value) *vertex {
	it := item{value: v}
	found := o.vertices[it.key()]
	if found == nil {
		found = &vertex{it, vertices{}, vertices{}, vertices{}, vertices{}}
		o.vertices[it.bytes] = found
	}
	return found
}

// drop forgets a vertex without edges.
func (o *closing) drop(v *vertex) {
	if len(v.out)+len(v.in) == 0 {
		delete(o.vertices, v.bytes)
	}
}

// join adds an edge and yields the pairs that are new by it.
func (o *closing) join(g *graph, a, b *vertex, yield func(a, b *vertex)) {
	a.out[b.bytes], b.in[a.bytes] = b, a
	starts, ends := a.reached.with(a), b.reach.with(b)
	for _, start := range starts {
		for _, end := range ends {
			g.steps++
			if _, known := start.reach[end.bytes]; !known {
				start.reach[end.bytes], end.reached[start.bytes] = end, start
				yield(start, end)
			}
		}
	}
}

// with returns the vertices and one more, in order.
func (vs vertices) with(v *vertex) []*vertex {
	out := make([]*vertex, 0, len(vs)+1)
	if vs[v.bytes] == nil {
		out = append(out, v)
	}
	for _, key := range sortedKeys(vs) {
		out = append(out, vs[key])
	}
	return out
}

// cut takes away the edges of negative weight and yields the pairs that are lost by it.
func (o *closing) cut(g *graph, ds []delta, yield func(a, b *vertex)) {
	affected := vertices{}
	for _, d := range ds {
		if d.weight > 0 {
			continue
		}
		a, b := o.ends(d.value)
		for _, start := range a.reached.with(a) {
			g.steps++
			affected[start.bytes] = start
		}
		delete(a.out, b.bytes)
		delete(b.in, a.bytes)
	}
	for _, key := range sortedKeys(affected) {
		start := affected[key]
		left := start.search(func() bool {
			g.steps++
			return true
		})
		for _, key := range sortedKeys(start.reach) {
			if end := start.reach[key]; left[key] == nil {
				delete(start.reach, key)
				delete(end.reached, start.bytes)
				yield(start, end)
			}
		}
	}
}

// search returns what v reaches over the edges, until step says false, which
// it is asked at every edge.
func (v *vertex) search(step func() bool) vertices {
	found := vertices{}
	for open := []*vertex{v}; len(open) > 0; {
		last := open[len(open)-1]
		open = open[:len(open)-1]
		for key, next := range last.out {
			if !step() {
				return found
			}
			if found[key] == nil {
				found[key] = next
				open = append(open, next)
			}
		}
	}
	return found
}

func (o *closing) each(_ *graph, _ *node, yield func(delta)) {
	for _, a := range sortedKeys(o.vertices) {
		start := o.vertices[a]
		for _, b := range sortedKeys(start.reach) {
			yield(delta{pairOf(start, start.reach[b]), 1})
		}
	}
}

// closureOf returns the closure of edges in order.
func closureOf(m *machine, edges []value.Value) []value.Value {
	o := closing{vertices{}}
	for _, edge := range edges {
		a, b := o.ends(edge)
		a.out[b.bytes] = b
	}
	var out []value.Value
	for _, a := range sortedKeys(o.vertices) {
		start := o.vertices[a]
		for _, end := range start.search(func() bool { return m.spend(1) }) {
			out = append(out, pairOf(start, end).value)
		}
	}
	order.Sort(out, value.Compare)
	return out
}
