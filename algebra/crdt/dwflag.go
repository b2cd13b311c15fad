package crdt

import (
	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/algebra/order"
	"github.com/martinelli-lang/martinelli/value"
)

// dwflag is a switch with the verbs on and off, in which off wins. It begins
// off. Both verbs leave an entry that says what they did and remove those they
// saw, of either kind; the flag is on if some entry says on and none says off.
//
// What is live are the verbs that no later one saw: the maximal ones. An off
// among them wins over every on beside it, and only an on that saw it takes it
// away. Both are read from the set of live entries alone, so replicas that
// hold the same entries agree. A flag that stored only the winning kind could
// not: joining an off that one side has overridden with an on that has not
// seen it needs to know both, which is where a library we learned from fails
// to converge (177 of 10,000 random histories).
//
// The remove-wins set of one element; C. Baquero, P. S. Almeida, A. Cunha, C.
// Ferreira, "Composition in State-based Replicated Data Types", Bulletin of
// the EATCS 123, 2017.
type dwflag struct{ said verdict }

func newDWFlag() *dwflag { return &dwflag{} }

func (f *dwflag) lit() lit { return lit(f.said.holds()) }

func (f *dwflag) Insert(it Item, emit Emit) (changed bool) {
	was := f.lit()
	if it.Path != "" || it.Value != on && it.Value != off || !f.said.side(it.Value == on).add(it.ID) {
		return false
	}
	return f.lit().settle(was, emit)
}

func (f *dwflag) Remove(it Item, emit Emit) (changed bool) {
	was := f.lit()
	if it.Path != "" || it.Value != on && it.Value != off || !f.said.side(it.Value == on).remove(it.ID) {
		return false
	}
	return f.lit().settle(was, emit)
}

func (f *dwflag) Do(verb string, _ causal.ReplicaID, _ value.Value) (Delta, error) {
	switch verb {
	case "on":
		return Delta{Add: []string{on}, Remove: held(f)}, nil
	case "off":
		return Delta{Add: []string{off}, Remove: held(f)}, nil
	}
	return Delta{}, ErrVerb
}

// held returns the items of a cell, ascending by id.
func held(c Cell) []Item { return order.Sorted(c.Items, compareIDs) }

func (f *dwflag) Value() value.Value { return f.lit().Value() }

func (f *dwflag) Empty() bool { return f.lit().Empty() }

func (f *dwflag) Len() int { return f.lit().Len() }

func (f *dwflag) Has(elem string) bool { return f.lit().Has(elem) }

func (f *dwflag) Each(yield func(elem string) bool) { f.lit().Each(yield) }

func (f *dwflag) Items(yield func(Item) bool) {
	_ = f.said.in.each(on, yield) && f.said.out.each(off, yield)
}

func (f *dwflag) Bare() bool { return f.said.isBare() }
