package flow

// A linear operator has no state: the change of its output is the operator
// applied to the change of its input (DBSP, theorem 3.3). Its body must give
// for an element always the same, so it reads nothing and calls no import;
// bodies that do are tracked.

// mapping is map with a pure body.
type mapping struct{ body body[valueFn] }

func (o *mapping) start(*graph, *node) {}
func (o *mapping) stop(*graph, *node)  {}

func (o *mapping) process(g *graph, n *node) {
	for _, d := range n.pending[0] {
		if d.weight < 0 && g.engine.cfg.Planted.KeepsImages {
			continue
		}
		if image, ok := o.apply(g, d); ok {
			g.emit(n, image.item, image.weight)
		}
	}
}

func (o *mapping) each(g *graph, n *node, yield func(delta)) {
	in := n.inputs[0]
	in.op.each(g, in, func(d delta) {
		if image, ok := o.apply(g, d); ok {
			yield(image)
		}
	})
}

func (o *mapping) apply(g *graph, d delta) (delta, bool) {
	g.steps++
	m := g.enter(o.body.params, o.body.slots, d.value)
	v := o.body.code(m)
	return delta{item{value: v}, d.weight}, g.left(m)
}

// filtering is filter with a pure body.
type filtering struct{ body body[boolFn] }

func (o *filtering) start(*graph, *node) {}
func (o *filtering) stop(*graph, *node)  {}

func (o *filtering) process(g *graph, n *node) {
	for _, d := range n.pending[0] {
		if o.passes(g, d) {
			g.emit(n, d.item, d.weight)
		}
	}
}

func (o *filtering) each(g *graph, n *node, yield func(delta)) {
	in := n.inputs[0]
	in.op.each(g, in, func(d delta) {
		if o.passes(g, d) {
			yield(d)
		}
	})
}

func (o *filtering) passes(g *graph, d delta) bool {
	g.steps++
	m := g.enter(o.body.params, o.body.slots, d.value)
	return o.body.code(m) && g.left(m)
}

// flattened is flat_map with a pure body.
type flattened struct{ body body[listFn] }

func (o *flattened) start(*graph, *node) {}
func (o *flattened) stop(*graph, *node)  {}

func (o *flattened) process(g *graph, n *node) {
	for _, d := range n.pending[0] {
		o.apply(g, d, func(image delta) { g.emit(n, image.item, image.weight) })
	}
}

func (o *flattened) each(g *graph, n *node, yield func(delta)) {
	in := n.inputs[0]
	in.op.each(g, in, func(d delta) { o.apply(g, d, yield) })
}

func (o *flattened) apply(g *graph, d delta, yield func(delta)) {
	g.steps++
	m := g.enter(o.body.params, o.body.slots, d.value)
	images := o.body.code(m)
	if !g.left(m) {
		return
	}
	for _, v := range images {
		g.steps++
		yield(delta{item{value: v}, d.weight})
	}
}

// union adds up weights: an element is visible while either side has it.
type union struct{}

func (union) start(*graph, *node) {}
func (union) stop(*graph, *node)  {}

func (union) process(g *graph, n *node) {
	for _, side := range n.pending {
		for _, d := range side {
			g.steps++
			g.emit(n, d.item, d.weight)
		}
	}
}

func (union) each(g *graph, n *node, yield func(delta)) {
	for _, in := range n.inputs {
		in.op.each(g, in, yield)
	}
}
