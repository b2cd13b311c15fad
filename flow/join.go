package flow

import "github.com/martinelli-lang/martinelli/value"

// join is the product of two collections, or that part of it in which a key
// of the left element equals a key of the right one. It is bilinear: the
// change of the output is dA x B + A x dB + dA x dB. Only the two sides are
// kept, never the pairs.
type join struct {
	flat        flattening
	left, right side
}

// side is one side of a join, by key. It is a set: weights above one count
// once, and so never multiply.
type side struct {
	key    body[[]valueFn] // none: all elements have one key, the empty one
	groups map[string]*group
}

// group is the elements of a side with one key. They stand in a slice, so that
// the pairs of a step come in an order that the history decides, not a map.
type group struct {
	members []delta
	at      map[string]int // position in members
}

func (o *join) start(g *graph, n *node) {
	for port, s := range []*side{&o.left, &o.right} {
		s.groups = map[string]*group{}
		in := n.inputs[port]
		in.op.each(g, in, func(d delta) { s.update(g, d) })
	}
}

func (o *join) stop(*graph, *node) { o.left.groups, o.right.groups = nil, nil }

// process adds dA x B while B is as it was, then A x dB with A as it is now.
// Together they are the three terms of the rule.
func (o *join) process(g *graph, n *node) {
	for _, d := range summed(n.pending[0]) {
		if key, change := o.left.update(g, d); change != 0 {
			o.right.meet(g, key, func(other delta) { g.emit(n, o.pair(d, other), change) })
		}
	}
	for _, d := range summed(n.pending[1]) {
		if key, change := o.right.update(g, d); change != 0 {
			o.left.meet(g, key, func(other delta) { g.emit(n, o.pair(other, d), change) })
		}
	}
}

func (o *join) each(g *graph, n *node, yield func(delta)) {
	in := n.inputs[0]
	seen := map[string]bool{}
	in.op.each(g, in, func(d delta) {
		if !in.isSet {
			if seen[d.key()] {
				return
			}
			seen[d.bytes] = true
		}
		if key, ok := o.left.keyOf(g, d.value); ok {
			o.right.meet(g, key, func(other delta) { yield(delta{o.pair(d, other), 1}) })
		}
	})
}

func (o *join) pair(a, b delta) item { return item{value: o.flat.pair(a.value, b.value)} }

// keyOf computes the key of an element. One without a key meets nothing.
func (s *side) keyOf(g *graph, v value.Value) (string, bool) {
	if len(s.key.code) == 0 {
		return "", true
	}
	m := g.enter(s.key.params, s.key.slots, v)
	var room [64]byte
	b := room[:0]
	for _, part := range s.key.code {
		b = value.Append(b, part(m))
	}
	return string(b), g.left(m)
}

// update changes the weight of an element. Change is +1 if it came, -1 if it went.
func (s *side) update(g *graph, d delta) (key string, change int) {
	g.steps++
	key, ok := s.keyOf(g, d.value)
	if !ok {
		return "", 0
	}
	members := s.groups[key]
	if members == nil {
		members = &group{at: map[string]int{}}
		s.groups[key] = members
	}
	change = members.update(d)
	if len(members.members) == 0 {
		delete(s.groups, key)
	}
	return key, change
}

func (m *group) update(d delta) (change int) {
	i, known := m.at[d.key()]
	if !known {
		m.at[d.bytes] = len(m.members)
		m.members = append(m.members, d)
		return 1
	}
	if m.members[i].weight += d.weight; m.members[i].weight != 0 {
		return 0
	}
	last := len(m.members) - 1
	m.members[i] = m.members[last]
	m.at[m.members[i].bytes] = i
	m.members[last] = delta{}
	m.members = m.members[:last]
	delete(m.at, d.bytes)
	return -1
}

// meet yields every element of s with the key.
func (s *side) meet(g *graph, key string, yield func(delta)) {
	members := s.groups[key]
	if members == nil {
		return
	}
	for _, other := range members.members {
		g.steps++
		yield(other)
	}
}
