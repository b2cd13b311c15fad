package crdt

import (
	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/value"
)

// gset is the grow-only set, with the verb add.
//
// Every add is an entry, and no verb removes one. So the entries two replicas
// hold can only be joined by taking them all, and taking them all gives both
// the same set whatever came first, twice or late.
//
// Adding what is already there adds no entry: the state that says so exists,
// and no one can take it back. Two replicas that add the same element before
// they hear of each other leave two entries, which read as one element; once
// seen, an element is settled. Where the set may be removed, inside a map,
// adding again replaces the entries seen, so that the element survives a
// removal that knew of those alone.
//
// M. Shapiro et al., "A comprehensive study of Convergent and Commutative
// Replicated Data Types", INRIA RR-7506, 2011, section 3.3.1.
type gset struct {
	elements
	removable bool
}

func newGSet(removable bool) *gset { return &gset{elements{}, removable} }

func (s *gset) Insert(it Item, emit Emit) bool { return s.insert(it, emit) }

func (s *gset) Remove(it Item, emit Emit) bool { return s.remove(it, emit) }

func (s *gset) Do(verb string, _ causal.ReplicaID, arg value.Value) (Delta, error) {
	if verb != "add" {
		return Delta{}, ErrVerb
	}
	elem, err := value.EncodeBounded(arg)
	if err != nil || !s.removable && s.Has(elem) {
		return Delta{}, err
	}
	return s.supersede(elem), nil
}
