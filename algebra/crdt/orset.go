package crdt

import (
	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/value"
)

// orset is the observed-remove set, in which add wins, with the verbs add and
// remove.
//
// An element is in while at least one entry says so. Add makes a new entry and
// removes those of the element it saw; remove removes those it saw. A removal
// names entries, never the element: so an add that the remover had not seen
// survives it, at every replica, because it is under another dot.
//
// Nothing is left of a removed entry but the context, which remembers that its
// dot was seen. A late or repeated copy of the entry is known by its dot and
// does not come back, and adding the element again is a new dot, which nobody
// has removed. So loss, repetition and order cannot be seen in the outcome.
//
// A. Bieniusa et al., "An optimized conflict-free replicated set", INRIA
// RR-8083, 2012; here with the context shared by all keys of the space.
type orset struct{ elements }

func newORSet() *orset { return &orset{elements{}} }

func (s *orset) Insert(it Item, emit Emit) bool { return s.insert(it, emit) }

func (s *orset) Remove(it Item, emit Emit) bool { return s.remove(it, emit) }

func (s *orset) Do(verb string, _ causal.ReplicaID, arg value.Value) (Delta, error) {
	if verb != "add" && verb != "remove" {
		return Delta{}, ErrVerb
	}
	elem, err := value.EncodeBounded(arg)
	if err != nil {
		return Delta{}, err
	}
	if verb == "add" {
		return s.supersede(elem), nil
	}
	seen := s.elements[elem]
	return Delta{Remove: seen.items(elem)}, nil
}
