package flow

// pairing is an operator over two sets that looks at one element at a time:
// intersection and minus. It keeps for every element its weight on either
// side, so one that leaves one side and comes back is right.
type pairing struct {
	holds func(inLeft, inRight bool) bool
	both  map[string]*paired
}

type paired struct {
	item
	weights [2]int
}

func inBoth(inLeft, inRight bool) bool     { return inLeft && inRight }
func inLeftOnly(inLeft, inRight bool) bool { return inLeft && !inRight }

func (o *pairing) start(g *graph, n *node) {
	o.both = map[string]*paired{}
	for port, in := range n.inputs {
		in.op.each(g, in, func(d delta) { o.update(g, port, d) })
	}
}

func (o *pairing) stop(*graph, *node) { o.both = nil }

func (o *pairing) process(g *graph, n *node) {
	for port := range n.pending {
		for _, d := range summed(n.pending[port]) {
			if change := o.update(g, port, d); change != 0 {
				g.emit(n, d.item, change)
			}
		}
	}
}

// update changes a weight and returns +1 if the element came to the result, -1 if it went.
func (o *pairing) update(g *graph, port int, d delta) (change int) {
	g.steps++
	p := o.both[d.key()]
	if p == nil {
		p = &paired{item: d.item}
		o.both[d.bytes] = p
	}
	was := o.has(p)
	p.weights[port] += d.weight
	if p.weights == [2]int{} {
		delete(o.both, d.bytes)
	}
	switch is := o.has(p); {
	case is == was:
		return 0
	case is:
		return 1
	}
	return -1
}

func (o *pairing) has(p *paired) bool { return o.holds(p.weights[0] > 0, p.weights[1] > 0) }

func (o *pairing) each(_ *graph, _ *node, yield func(delta)) {
	for _, key := range sortedKeys(o.both) {
		if p := o.both[key]; o.has(p) {
			yield(delta{p.item, 1})
		}
	}
}
