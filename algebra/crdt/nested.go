package crdt

import (
	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/value"
)

// Nested is a cell with cells at places inside it: a map, a record, a pair.
//
// Its entries are those of the cells inside, with the place before their path;
// so it adds no rule of its own to how states join, and replicas that hold the
// same entries hold the same at every place. What it emits and yields are
// pairs of the place and an element inside, so a change costs what it costs
// inside.
type Nested interface {
	Cell

	// Inside returns the cell at a place, and the path by which its entries
	// begin. Where nothing is, the cell is a bottom, which must not be changed.
	// Errors: ErrPlace; for a place that cannot be stored those of
	// value.EncodeBounded.
	Inside(place value.Value) (c Cell, path string, err error)
}

// DoAt runs a verb at the place inside c that the values of at name, each
// inside the one before; without any, at c itself. Errors are those of
// Cell.Do; ErrPlace where the lattice has no such place; value.ErrSize or
// value.ErrDepth where place and argument together are too large.
func DoAt(c Cell, at []value.Value, verb string, self causal.ReplicaID, arg value.Value) (Delta, error) {
	in, path, err := inside(c, at)
	if err != nil {
		return Delta{}, err
	}
	d, err := in.Do(verb, self, arg)
	if err != nil {
		return Delta{}, err
	}
	d = d.under(path)
	for _, v := range d.Add {
		if err := fits(d.Path, v); err != nil {
			return Delta{}, err
		}
	}
	return d, nil
}

// At returns the cell at the place inside c that the values of at name. It
// must not be changed. Errors are those of Nested.Inside.
func At(c Cell, at ...value.Value) (Cell, error) {
	in, _, err := inside(c, at)
	return in, err
}

func inside(c Cell, at []value.Value) (in Cell, path string, err error) {
	for _, place := range at {
		n, ok := c.(Nested)
		if !ok {
			return nil, "", ErrPlace
		}
		var step string
		if c, step, err = n.Inside(place); err != nil {
			return nil, "", err
		}
		path += step
	}
	return c, path, nil
}

// under returns the delta of a cell at path as one of the cell it is inside.
func (d Delta) under(path string) Delta {
	if d.Empty() || path == "" {
		return d
	}
	if len(d.Add) > 0 {
		d.Path = path + d.Path
	}
	for i := range d.Remove {
		d.Remove[i].Path = path + d.Remove[i].Path
	}
	return d
}

// An element of a nested cell is pairs of a place and an element inside, one
// pair for each level. It must stay within the limits of a value, so what
// stands at its end must be that much smaller.
const (
	insideDepthMax = value.DepthMax - TypeDepthMax
	insideSizeMax  = value.SizeMax - 4*TypeDepthMax
)

// fits reports whether an entry at a path inside a cell is within the limits.
// Errors are those of value.Decode.
func fits(path, entry string) error {
	if len(path)+len(entry) > insideSizeMax {
		return value.ErrSize
	}
	if path == "" {
		return nil
	}
	if err := value.CheckPath(path, insideDepthMax); err != nil {
		return err
	}
	return value.CheckPath(entry, insideDepthMax)
}

// nested is what the lattices with places implement.
type nested interface{ Nested }

// root is the outermost nested cell: it looks at the limits once for all that
// are inside it.
type root struct{ nested }

func (r *root) Insert(it Item, emit Emit) (changed bool) {
	return fits(it.Path, it.Value) == nil && r.nested.Insert(it, emit)
}

// Do is DoAt of no place: it looks at the limits.
func (r *root) Do(verb string, self causal.ReplicaID, arg value.Value) (Delta, error) {
	return DoAt(r.nested, nil, verb, self, arg)
}

// at returns what tells emit of the elements at a place.
func (emit Emit) at(place string) Emit {
	if emit == nil {
		return nil
	}
	return func(elem string, weight int) { emit(value.EncodePair(place, elem), weight) }
}

// eachAt yields the elements of c, which is at place, and reports whether
// yield wants more.
func eachAt(place string, c Cell, yield func(elem string) bool) (more bool) {
	more = true
	c.Each(func(elem string) bool {
		more = yield(value.EncodePair(place, elem))
		return more
	})
	return more
}

// itemsAt yields the items of c, which is at path, and reports whether yield
// wants more.
func itemsAt(path string, c Cell, yield func(Item) bool) (more bool) {
	more = true
	c.Items(func(it Item) bool {
		it.Path = path + it.Path
		more = yield(it)
		return more
	})
	return more
}
