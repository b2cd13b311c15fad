package flow

import (
	"maps"
	"slices"

	"github.com/martinelli-lang/martinelli/value"
)

// distinct keeps a collection: it is what handlers and bodies read, and it
// makes a set of weights.
type distinct struct {
	node    *node
	members map[string]*delta
	sorted  []value.Value // of members; nil when they have changed since
	reads   []*database   // what the collection is computed from; set where a handler reads it
}

func (o *distinct) start(g *graph, n *node) {
	o.members = map[string]*delta{}
	in := n.inputs[0]
	in.op.each(g, in, func(d delta) { o.update(g, d) })
}

func (o *distinct) stop(*graph, *node) { o.members, o.sorted = nil, nil }

func (o *distinct) process(g *graph, n *node) {
	isChanged := false
	for _, d := range summed(n.pending[0]) {
		change := o.update(g, d)
		if change == 0 {
			continue
		}
		isChanged = true
		g.emit(n, d.item, change)
		if n.links > 0 {
			g.touch(dependency{grain: grainMember, source: n.rank, elem: d.key()})
		}
	}
	if isChanged && n.links > 0 {
		g.touch(dependency{grain: grainNode, source: n.rank})
	}
}

func (o *distinct) update(g *graph, d delta) (change int) {
	g.steps++
	kept, known := o.members[d.key()]
	if !known {
		o.members[d.bytes] = &d
		o.sorted = nil
		return 1
	}
	if kept.weight += d.weight; kept.weight != 0 {
		return 0
	}
	delete(o.members, d.bytes)
	o.sorted = nil
	return -1
}

func (o *distinct) each(_ *graph, _ *node, yield func(delta)) {
	for _, key := range sortedKeys(o.members) {
		yield(delta{o.members[key].item, 1})
	}
}

// list returns the elements in order. They are sorted once after a change.
func (o *distinct) list(m *machine) []value.Value {
	o.note(m)
	m.note(grainNode, o.node.rank, nil, "")
	m.spend(int64(len(o.members)))
	if o.sorted == nil && len(o.members) > 0 {
		for _, key := range sortedKeys(o.members) {
			o.sorted = append(o.sorted, o.members[key].value)
		}
	}
	return o.sorted
}

func (o *distinct) has(m *machine, elem string) bool {
	o.note(m)
	m.note(grainMember, o.node.rank, nil, elem)
	_, ok := o.members[elem]
	return ok
}

func (o *distinct) size(m *machine) int {
	o.note(m)
	m.note(grainNode, o.node.rank, nil, "")
	return len(o.members)
}

// note notes for a run which spaces it reads.
func (o *distinct) note(m *machine) { m.readDatabases(o.reads) }

// readDatabases notes for a run that it read a view over databases.
func (m *machine) readDatabases(dbs []*database) {
	if m.reads != nil {
		for _, db := range dbs {
			m.readDatabase(db)
		}
	}
}

// counting is the number of elements of a set.
type counting struct {
	node *node
	n    int
}

func (o *counting) start(g *graph, n *node) {
	o.n = 0
	in := n.inputs[0]
	in.op.each(g, in, func(d delta) {
		g.steps++
		o.n += d.weight
	})
}

func (o *counting) stop(*graph, *node) {}

func (o *counting) process(g *graph, n *node) {
	was := o.n
	for _, d := range n.pending[0] {
		g.steps++
		o.n += d.weight
	}
	if o.n != was && n.links > 0 {
		g.touch(dependency{grain: grainNode, source: n.rank})
	}
}

func (o *counting) each(*graph, *node, func(delta)) {}

func (o *counting) read(m *machine) int64 {
	m.note(grainNode, o.node.rank, nil, "")
	return int64(o.n)
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
