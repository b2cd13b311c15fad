package flow

import (
	"slices"
	"strings"

	"github.com/martinelli-lang/martinelli/algebra/order"
	"github.com/martinelli-lang/martinelli/value"
)

// tracking is map, filter or flat_map with a body that reads databases or
// views, or calls an import. It remembers what came of every element and what
// its evaluation read. An element is evaluated when it comes, and again when
// something it read has changed; and what is retracted is exactly what was
// emitted, whatever an import would answer today.
//
// Without an input it is one evaluation: a scalar view, or a collection that
// no operator of the graph computes.
type tracking struct {
	params   []int
	slots    int
	evaluate func(m *machine, it item) []item
	node     *node
	reads    []*database // what a scalar is computed from; set where a handler reads it

	elems map[string]*tracked
	dirty []*tracked // to be evaluated again
}

// tracked is one element with what came of it.
type tracked struct {
	item
	weight  int
	out     []item // ascending, each once
	links   []*link
	owner   *tracking
	isDirty bool
}

// unit is the element of a tracking without an input.
var unit = item{value.Nil, value.Encode(value.Nil)}

func (o *tracking) start(g *graph, n *node) {
	o.elems = map[string]*tracked{}
	if len(n.inputs) == 0 {
		o.arrive(g, delta{unit, 1})
		return
	}
	in := n.inputs[0]
	in.op.each(g, in, func(d delta) {
		if t, known := o.elems[d.key()]; known {
			t.weight += d.weight
			return
		}
		o.arrive(g, d)
	})
}

func (o *tracking) stop(g *graph, _ *node) {
	for _, t := range o.elems {
		g.forget(t)
	}
	o.elems, o.dirty = nil, nil
}

func (o *tracking) process(g *graph, n *node) {
	for _, d := range summed(n.pending[0]) {
		o.update(g, n, d)
	}
	for _, t := range o.dirty {
		t.isDirty = false
		if t.weight != 0 {
			o.refresh(g, n, t)
		}
	}
	clear(o.dirty)
	o.dirty = o.dirty[:0]
}

// update changes the weight of an element.
func (o *tracking) update(g *graph, n *node, d delta) {
	t, known := o.elems[d.key()]
	if !known {
		t = o.arrive(g, d)
	} else if t.weight += d.weight; t.weight == 0 {
		delete(o.elems, d.bytes)
		g.forget(t)
	}
	for _, image := range t.out {
		g.steps++
		g.emit(n, image, d.weight)
	}
}

// arrive evaluates a new element.
func (o *tracking) arrive(g *graph, d delta) *tracked {
	t := &tracked{item: d.item, weight: d.weight, owner: o}
	o.elems[d.key()] = t
	t.out = o.run(g, t)
	return t
}

// refresh evaluates an element again and emits the difference.
func (o *tracking) refresh(g *graph, n *node, t *tracked) {
	was := t.out
	t.out = o.run(g, t)
	isChanged := false
	eachDifference(was, t.out, func(it item, sign int) {
		g.steps++
		g.emit(n, it, sign*t.weight)
		isChanged = true
	})
	if isChanged && n.links > 0 {
		g.touch(dependency{grain: grainNode, source: n.rank})
	}
}

// run evaluates an element and ties it to what the evaluation read.
func (o *tracking) run(g *graph, t *tracked) []item {
	g.steps++
	m := g.enter(o.params, o.slots, t.value)
	g.noted = g.noted[:0]
	m.deps = &g.noted
	fuel := m.fuel
	out := o.evaluate(m, t.item)
	g.steps += uint64(fuel - m.fuel)
	m.deps = nil
	g.retie(t, g.noted)
	if !g.left(m) {
		return nil
	}
	return out
}

// retie makes t depend on what its last evaluation read. Most often that is
// what the one before read, and nothing is to be done.
func (g *graph) retie(t *tracked, read []dependency) {
	if slices.EqualFunc(t.links, read, func(l *link, on dependency) bool { return l.on == on }) {
		return
	}
	g.forget(t)
	for _, on := range read {
		t.links = append(t.links, g.tie(on, t))
	}
}

// forget cuts t off from what it read.
func (g *graph) forget(t *tracked) {
	for _, l := range t.links {
		g.loosen(l)
	}
	t.links = nil
}

// eachDifference yields with +1 what only now has, and with -1 what only was
// has. Both are ascending.
func eachDifference(was, now []item, yield func(it item, sign int)) {
	for len(was) > 0 && len(now) > 0 {
		switch c := strings.Compare(was[0].key(), now[0].key()); {
		case c == 0:
			was, now = was[1:], now[1:]
		case c < 0:
			yield(was[0], -1)
			was = was[1:]
		default:
			yield(now[0], +1)
			now = now[1:]
		}
	}
	for _, it := range was {
		yield(it, -1)
	}
	for _, it := range now {
		yield(it, +1)
	}
}

func (o *tracking) each(_ *graph, _ *node, yield func(delta)) {
	for _, key := range sortedKeys(o.elems) {
		t := o.elems[key]
		for _, image := range t.out {
			yield(delta{image, t.weight})
		}
	}
}

// read reads the value of a scalar view.
func (o *tracking) read(m *machine) value.Value {
	m.readDatabases(o.reads)
	m.note(grainNode, o.node.rank, nil, "")
	return o.value()
}

// value is the value of a scalar; nil where it could not be computed.
func (o *tracking) value() value.Value {
	if t := o.elems[unit.bytes]; t != nil && len(t.out) > 0 {
		return t.out[0].value
	}
	return value.Nil
}

// The three bodies a tracking runs.

func trackedMap(code valueFn) func(*machine, item) []item {
	return func(m *machine, _ item) []item { return []item{{value: code(m)}} }
}

func trackedFilter(code boolFn) func(*machine, item) []item {
	return func(m *machine, it item) []item {
		if code(m) {
			return []item{it}
		}
		return nil
	}
}

func trackedList(code listFn) func(*machine, item) []item {
	return func(m *machine, _ item) []item {
		values := code(m)
		out := make([]item, len(values))
		for i, v := range values {
			out[i] = item{value: v}
			out[i].key()
		}
		order.Sort(out, func(a, b item) int { return strings.Compare(a.bytes, b.bytes) })
		return slices.CompactFunc(out, func(a, b item) bool { return a.bytes == b.bytes })
	}
}
