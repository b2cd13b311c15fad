package crdt

import (
	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/value"
)

// once is a switch that goes on and stays on, with the verb on.
//
// Being on is having an entry; no verb removes one. Two replicas that turn it
// on without knowing of each other leave two entries, which say the same. So
// the order in which they come cannot matter, nor that they come twice.
//
// Turning on what is on adds nothing. Once a replica has seen true no replica
// can make it false: the value is settled as soon as it is seen. Where it may
// be removed, inside a map, turning it on again replaces the entries seen, so
// that it survives a removal that knew of those alone.
//
// The two-element lattice false < true; N. Conway et al., "Logic and Lattices
// for Distributed Programming", SoCC 2012, lbool.
type once struct {
	lights
	removable bool
}

func newOnce(removable bool) *once { return &once{removable: removable} }

func (o *once) Do(verb string, _ causal.ReplicaID, _ value.Value) (Delta, error) {
	if verb != "on" {
		return Delta{}, ErrVerb
	}
	if !o.removable && !o.Empty() {
		return Delta{}, nil
	}
	return Delta{Add: []string{on}, Remove: o.entries.items(on)}, nil
}
