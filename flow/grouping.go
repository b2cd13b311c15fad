package flow

import (
	"github.com/martinelli-lang/martinelli/algebra/order"
	"github.com/martinelli-lang/martinelli/value"
)

// grouping is group: it keeps the elements of every key in order. The element
// for a key is the key with all its elements, so a change costs as many steps
// as its one group has elements, and what stands over it is evaluated again
// for that key alone.
type grouping struct {
	groups map[string]*grouped
}

// grouped is the group of one key.
type grouped struct {
	key     value.Value
	members index
	shown   item // what was emitted of it; its value is nil where nothing is
	isDirty bool
}

// grouped builds group.
func (g *graph) grouped(in *node) *node {
	return g.share(named("group", in), func() *node {
		return g.add(&grouping{}, true, []*node{in}, nil)
	})
}

func (o *grouping) start(g *graph, n *node) {
	o.groups = map[string]*grouped{}
	in := n.inputs[0]
	in.op.each(g, in, func(d delta) { o.update(g, d) })
	for _, k := range o.groups {
		o.renew(g, k)
	}
}

func (o *grouping) stop(*graph, *node) { o.groups = nil }

func (o *grouping) process(g *graph, n *node) {
	var dirty []*grouped
	for _, d := range summed(n.pending[0]) {
		if k := o.update(g, d); !k.isDirty {
			k.isDirty = true
			dirty = append(dirty, k)
		}
	}
	for _, k := range dirty {
		was := k.shown
		o.renew(g, k)
		if !was.value.IsNil() {
			g.emit(n, was, -1)
		}
		if !k.shown.value.IsNil() {
			g.emit(n, k.shown, 1)
		}
	}
}

// update changes the weight of an element in its group. d is (key, element).
func (o *grouping) update(g *graph, d delta) *grouped {
	g.steps++
	key := d.value.Field(0)
	path := value.Encode(key)
	k := o.groups[path]
	if k == nil {
		k = &grouped{key: key}
		o.groups[path] = k
	}
	k.members.add(d.value.Field(1), d.weight)
	return k
}

// renew makes the element of a group anew, and forgets an empty group.
func (o *grouping) renew(g *graph, k *grouped) {
	k.isDirty, k.shown = false, item{}
	n := k.members.len()
	g.steps += uint64(n)
	if n == 0 {
		delete(o.groups, value.Encode(k.key))
		return
	}
	elems := make([]value.Value, 0, n)
	k.members.each(func(v value.Value) bool {
		elems = append(elems, v)
		return true
	})
	k.shown.value = value.Tuple(k.key, value.List(elems...))
}

func (o *grouping) each(_ *graph, _ *node, yield func(delta)) {
	for _, path := range sortedKeys(o.groups) {
		yield(delta{o.groups[path].shown, 1})
	}
}

// groups returns the groups of (key, element) pairs, ascending by key. The
// elements of a group ascend where isSorted asks for it, and otherwise stay in
// the order they have.
func groups(pairs []value.Value, isSorted bool) []value.Value {
	at := map[string]int{}
	var keys []value.Value
	var members [][]value.Value
	for _, p := range pairs {
		path := value.Encode(p.Field(0))
		i, known := at[path]
		if !known {
			i = len(keys)
			at[path] = i
			keys, members = append(keys, p.Field(0)), append(members, nil)
		}
		members[i] = append(members[i], p.Field(1))
	}
	out := make([]value.Value, len(keys))
	for i, key := range keys {
		if isSorted {
			order.Sort(members[i], value.Compare)
		}
		out[i] = value.Tuple(key, value.List(members[i]...))
	}
	order.Sort(out, value.Compare)
	return out
}
