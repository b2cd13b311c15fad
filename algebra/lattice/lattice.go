// Package lattice holds the words of what merges: join, leq, bottom and join
// decomposition.
//
// A join semilattice is a set of states with an order, in which any two states
// have a least upper bound, their join. A state says what is known; x leq y
// means that y knows all that x knows; bottom knows nothing. Because join is
// associative, commutative and idempotent, replicas that join each other's
// states agree once all is known everywhere, however often and in whatever
// order states travel.
//
// A delta is a state too, usually a small one: what a mutator m learned is
// mδ(x) with m(x) = x join mδ(x). The join decomposition of a state is the set
// of smallest pieces that join to it; what another state lacks is the join of
// the pieces it does not know.
//
// V. Enes, P. S. Almeida, C. Baquero, J. Leitão, "Efficient Synchronization of
// State-based CRDTs", ICDE 2019, sections III and IV.
package lattice

// Lattice is a state of type L that joins with others; L is the implementing
// type itself, a pointer or a map.
type Lattice[L any] interface {
	// Join makes the receiver the least upper bound of itself and o, and
	// reports whether that changed it. It does not change o, nor keep parts of
	// o that can change.
	Join(o L) (grew bool)

	// Leq reports whether o knows all that the receiver knows.
	Leq(o L) bool

	// Clone returns an independent copy.
	Clone() L
}

// Decomposable is a lattice whose states have a join decomposition.
type Decomposable[L any] interface {
	Lattice[L]

	// Decompose returns the pieces that join to the receiver: none is below the
	// join of the others, and each is its own only piece. Bottom has none.
	Decompose() []L

	// Difference returns the smallest state that, joined to o, makes it know
	// all that the receiver knows: the join of the receiver's pieces that are
	// not leq o.
	Difference(o L) L
}

// Equal reports whether a and b know the same.
func Equal[L Lattice[L]](a, b L) bool { return a.Leq(b) && b.Leq(a) }

// JoinAll joins the given states into bottom and returns it.
func JoinAll[L Lattice[L]](bottom L, states ...L) L {
	for _, s := range states {
		bottom.Join(s)
	}
	return bottom
}

// Difference computes what a knows and b does not by a's decomposition, into
// bottom. Types for which it is too slow have a way of their own, and are
// tested against this one.
func Difference[L Decomposable[L]](bottom, a, b L) L {
	for _, piece := range a.Decompose() {
		if !piece.Leq(b) {
			bottom.Join(piece)
		}
	}
	return bottom
}
