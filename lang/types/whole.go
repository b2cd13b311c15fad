package types

import (
	"slices"

	"github.com/martinelli-lang/martinelli/lang/syntax"
	"github.com/martinelli-lang/martinelli/plan"
)

// wholeAt reads a record of lattices at all keys that begin with the given
// ones: the collection of (further keys.., record). A key is there if any of
// the fields has it.
func (c *checker) wholeAt(l *layout, keys []*plan.Expr, x syntax.Node) *plan.Expr {
	l = l.innermost()
	dims := c.dimsOf(l)
	all := c.keysBelow(l, keys, len(dims))
	var types []plan.Type
	for _, d := range dims[len(keys):] {
		types = append(types, d.Type)
	}
	slots, parts := c.fresh(types)
	record := c.recordAt(l, slices.Concat(keys, parts), x)
	types, parts = append(types, record.Type), append(parts, record)
	row := &plan.Expr{Op: plan.OpTuple, Type: plan.TupleOf(types...), Args: parts}
	if absorbs(row.Type) {
		return bad()
	}
	return &plan.Expr{
		Op: plan.OpMap, Type: c.sized(x, plan.SetOf(row.Type)), Args: []*plan.Expr{all},
		Block: &plan.Block{Params: slots, Expr: row},
	}
}

// dimsOf returns the dimensions that all fields of a record have.
func (c *checker) dimsOf(record *layout) []plan.Dim {
	at, own := record, 0
	for !at.isLeaf() {
		if at.isMap() {
			at, own = at.inside, own+1
		} else {
			at = at.fields[0].layout
		}
	}
	dims := c.stored[at.index].Dims
	return dims[:len(dims)-own]
}

// recordAt reads what is at a key as one plain value: collections as lists.
func (c *checker) recordAt(l *layout, keys []*plan.Expr, x syntax.Node) *plan.Expr {
	switch leaf, ok := l.leaf(); {
	case l.isLeaf():
		switch {
		case c.stored[l.index].Lattice.Kind == absorbing.Kind:
			return bad()
		case l.filled != nil && isCollection(c.stored[l.index].Lattice.Reading()):
			return c.listed(c.readFilled(l.filled, keys))
		case l.filled != nil:
			return c.readFilled(l.filled, keys)
		}
		t := c.stored[l.index].Lattice.Reading()
		if isCollection(t) {
			t = listOf(t.Element())
		}
		return &plan.Expr{Op: plan.OpCell, Type: t, Index: l.index, Args: keys}
	case l.isMap() && ok:
		return c.listed(c.readLeaf(leaf, keys))
	case l.isMap():
		return c.listed(c.wholeAt(l, keys, x))
	}
	e := &plan.Expr{Op: plan.OpRecord, Type: plan.Type{Kind: plan.KindRecord}}
	for _, f := range l.fields {
		v := c.recordAt(f.layout, keys, x)
		e.Args = append(e.Args, v)
		e.Type.Fields = append(e.Type.Fields, plan.Field{Name: f.name, Type: v.Type})
	}
	return e
}

// listed makes the list of a collection's elements in their order.
func (c *checker) listed(xs *plan.Expr) *plan.Expr {
	if absorbs(xs.Type) {
		return bad()
	}
	slots, elem := c.fresh([]plan.Type{xs.Type.Element()})
	return &plan.Expr{
		Op: plan.OpSort, Type: listOf(xs.Type.Element()), Args: []*plan.Expr{xs},
		Block: &plan.Block{Params: slots, Expr: elem[0]},
	}
}
