package crdt

import (
	"strings"

	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/value"
)

// record is the product of lattices: a cell at each of its fields, and nothing
// beside them. All that is done is done at a field (DoAt).
//
// The join of two products is the product of the joins, place by place; here
// that is so by itself, as every entry belongs to one field and the fields do
// not look at each other. Two replicas that write different fields, or the
// same one, never conflict beyond what the field's own lattice resolves.
//
// A field's entries begin with its name, not its number: a version of the
// program that knows more fields reads the older entries where they belong,
// and an older one skips those it does not know, keeps them and passes them
// on.
//
// B. A. Davey, H. A. Priestley, "Introduction to Lattices and Order", section
// 2.15 (products); C. Baquero et al., Bulletin of the EATCS 123, 2017.
type record struct{ product }

func newRecord(fields []Field, removable bool) *record {
	r := &record{}
	for _, f := range fields {
		r.add(value.Symbol(f.Name), f.Type.build(removable))
	}
	return r
}

// Value returns the record of the fields' readings, in the order of their names.
func (r *record) Value() value.Value { return value.Record(r.readings()...) }

// product is what records and pairs are made of: cells at places that are
// there from the start.
type product struct {
	places []place // ascending
}

type place struct {
	name string // canonical bytes: the path of its entries begins with it
	cell Cell
}

func (p *product) add(name value.Value, c Cell) {
	p.places = append(p.places, place{value.Encode(name), c})
}

// at returns the cell of the place that path begins with, and the rest of it.
// No encoding begins another one, so there is at most one. O(places).
func (p *product) at(path string) (in place, rest string, ok bool) {
	for _, in := range p.places {
		if rest, ok := strings.CutPrefix(path, in.name); ok {
			return in, rest, true
		}
	}
	return place{}, "", false
}

func (p *product) Insert(it Item, emit Emit) (changed bool) {
	in, rest, ok := p.at(it.Path)
	it.Path = rest
	return ok && in.cell.Insert(it, emit.at(in.name))
}

func (p *product) Remove(it Item, emit Emit) (changed bool) {
	in, rest, ok := p.at(it.Path)
	it.Path = rest
	return ok && in.cell.Remove(it, emit.at(in.name))
}

// Do is ErrVerb: a product has no verbs of its own.
func (p *product) Do(string, causal.ReplicaID, value.Value) (Delta, error) {
	return Delta{}, ErrVerb
}

// Inside returns the cell at a place.
func (p *product) Inside(name value.Value) (c Cell, path string, err error) {
	path, err = value.EncodeBounded(name)
	if err != nil {
		return nil, "", err
	}
	in, _, ok := p.at(path)
	if !ok {
		return nil, "", ErrPlace
	}
	return in.cell, path, nil
}

func (p *product) readings() []value.Value {
	values := make([]value.Value, len(p.places))
	for i, in := range p.places {
		values[i] = in.cell.Value()
	}
	return values
}

func (p *product) Empty() bool { return p.Len() == 0 }

// Len is O(places).
func (p *product) Len() int {
	n := 0
	for _, in := range p.places {
		n += in.cell.Len()
	}
	return n
}

func (p *product) Has(elem string) bool {
	name, inner, ok := value.CutPair(elem)
	in, rest, known := p.at(name)
	return ok && known && rest == "" && in.cell.Has(inner)
}

func (p *product) Each(yield func(elem string) bool) {
	for _, in := range p.places {
		if !eachAt(in.name, in.cell, yield) {
			return
		}
	}
}

func (p *product) Items(yield func(Item) bool) {
	for _, in := range p.places {
		if !itemsAt(in.name, in.cell, yield) {
			return
		}
	}
}

// Bare is O(places).
func (p *product) Bare() bool {
	for _, in := range p.places {
		if !in.cell.Bare() {
			return false
		}
	}
	return true
}
