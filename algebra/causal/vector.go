package causal

import (
	"maps"

	"github.com/martinelli-lang/martinelli/algebra/order"
)

// Vector maps each replica to how many of its parts are contained: all from 1
// to that number. As parts are applied in order and without gaps, a vector is
// a complete causal context.
type Vector map[ReplicaID]uint64

// Contains reports whether the part named by d is contained.
func (v Vector) Contains(d Dot) bool { return d.Seq <= v[d.Replica] }

// Add makes v contain d and everything before it at its replica.
func (v Vector) Add(d Dot) (grew bool) {
	if v.Contains(d) {
		return false
	}
	v[d.Replica] = d.Seq
	return true
}

// Join makes v contain what o contains.
func (v Vector) Join(o Vector) (grew bool) {
	for r, n := range o {
		grew = v.Add(Dot{r, n}) || grew
	}
	return grew
}

// Leq reports whether o contains all that v contains.
func (v Vector) Leq(o Vector) bool {
	for r, n := range v {
		if n > o[r] {
			return false
		}
	}
	return true
}

// Clone returns an independent copy.
func (v Vector) Clone() Vector { return maps.Clone(v) }

// Replicas returns the replicas with at least one part, in order.
func (v Vector) Replicas() []ReplicaID {
	replicas := make([]ReplicaID, 0, len(v))
	for r, n := range v {
		if n > 0 {
			replicas = append(replicas, r)
		}
	}
	order.Sort(replicas, ReplicaID.Compare)
	return replicas
}

// Decompose returns one vector for each replica: to contain a part is to
// contain all before it, so what one replica contributed is one piece.
func (v Vector) Decompose() []Vector {
	var pieces []Vector
	for _, r := range v.Replicas() {
		pieces = append(pieces, Vector{r: v[r]})
	}
	return pieces
}

// Difference returns the replicas of whose parts v contains more than o, with
// the numbers of v.
func (v Vector) Difference(o Vector) Vector {
	d := Vector{}
	for r, n := range v {
		if n > o[r] {
			d[r] = n
		}
	}
	return d
}
