package lattice

import (
	"cmp"
	"maps"
	"slices"
)

// Set is the lattice of finite sets: join is union, leq is inclusion.
//
// Every element is a piece, and a state is the union of its pieces, so a set
// is the plainest example of all the words above.
type Set[E cmp.Ordered] map[E]struct{}

// SetOf returns the set of the given elements.
func SetOf[E cmp.Ordered](elems ...E) Set[E] {
	s := Set[E]{}
	for _, e := range elems {
		s[e] = struct{}{}
	}
	return s
}

// Join adds the elements of o.
func (s Set[E]) Join(o Set[E]) (grew bool) {
	before := len(s)
	maps.Copy(s, o)
	return len(s) > before
}

// Leq reports whether every element of s is in o.
func (s Set[E]) Leq(o Set[E]) bool {
	for e := range s {
		if _, in := o[e]; !in {
			return false
		}
	}
	return true
}

// Clone returns an independent copy.
func (s Set[E]) Clone() Set[E] { return maps.Clone(s) }

// Decompose returns one set for each element, in their order.
func (s Set[E]) Decompose() []Set[E] {
	var pieces []Set[E]
	for _, e := range slices.Sorted(maps.Keys(s)) {
		pieces = append(pieces, SetOf(e))
	}
	return pieces
}

// Difference returns the elements of s that are not in o.
func (s Set[E]) Difference(o Set[E]) Set[E] {
	d := Set[E]{}
	for e := range s {
		if _, in := o[e]; !in {
			d[e] = struct{}{}
		}
	}
	return d
}
