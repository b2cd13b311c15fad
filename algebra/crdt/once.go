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
// can make it false: the value is settled as soon as it is seen.
//
// The two-element lattice false < true; N. Conway et al., "Logic and Lattices
// for Distributed Programming", SoCC 2012, lbool.
type once struct{ entries dots }

// on is the one value a once holds.
var on = value.Encode(value.Bool(true))

func newOnce() *once { return &once{} }

func (o *once) Insert(it Item, emit Emit) (changed bool) {
	wasEmpty := o.Empty()
	if it.Value != on || it.Path != "" || !o.entries.add(it.ID) || !wasEmpty {
		return false
	}
	emit.weigh(on, +1)
	return true
}

func (o *once) Remove(it Item, emit Emit) (changed bool) {
	if it.Path != "" || !o.entries.remove(it.ID) || !o.Empty() {
		return false
	}
	emit.weigh(on, -1)
	return true
}

func (o *once) Do(verb string, _ causal.ReplicaID, _ value.Value) (Delta, error) {
	if verb != "on" {
		return Delta{}, ErrVerb
	}
	if !o.Empty() {
		return Delta{}, nil
	}
	return Delta{Add: []string{on}}, nil
}

func (o *once) Value() value.Value { return value.Bool(!o.Empty()) }

func (o *once) Empty() bool { return o.entries.isEmpty() }

func (o *once) Len() int {
	if o.Empty() {
		return 0
	}
	return 1
}

func (o *once) Has(elem string) bool { return elem == on && !o.Empty() }

func (o *once) Each(yield func(elem string) bool) {
	if !o.Empty() {
		yield(on)
	}
}

func (o *once) Items(yield func(Item) bool) { o.entries.each(on, yield) }

func (o *once) Bare() bool { return o.Empty() }
