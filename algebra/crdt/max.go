package crdt

import (
	"cmp"

	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/value"
)

// maximum keeps the largest value ever set, with the verb set.
//
// The largest of a set of values is the same in whatever order they are looked
// at, however often each is seen. Entries that are not the largest contribute
// nothing, so a larger value may remove those it saw, and a value that is not
// larger need not be written at all.
//
// Two values set concurrently both stay, and the larger is read. Values are
// compared by their canonical bytes, which are in the order of values, so the
// type needs to know nothing of numbers, times or strings. Where it may be
// removed, inside a map, a value that is not larger is written too: it is what
// is left when a removal has seen only the larger one.
//
// M. Shapiro et al., INRIA RR-7506, 2011, section 2.2 (the join of a
// semilattice); N. Conway et al., SoCC 2012, lmax.
type maximum struct{ extreme }

func newMax(removable bool) *maximum { return &maximum{extreme{ranking{order: byValue}, removable}} }

// byValue orders items by value, then id.
func byValue(a, b Item) int {
	return cmp.Or(cmp.Compare(a.Value, b.Value), a.ID.Compare(b.ID))
}

// extreme is what max and min are made of: values that rank by themselves, the
// last of which is read.
type extreme struct {
	ranking
	removable bool
}

func (r *extreme) Do(verb string, _ causal.ReplicaID, arg value.Value) (Delta, error) {
	if verb != "set" {
		return Delta{}, ErrVerb
	}
	elem, err := value.EncodeBounded(arg)
	if err != nil {
		return Delta{}, err
	}
	below := r.upTo(elem)
	if !r.removable && (below < len(r.items) || r.Has(elem)) {
		return Delta{}, nil
	}
	return Delta{Add: []string{elem}, Remove: r.first(below)}, nil
}

// upTo returns how many items do not outrank elem.
func (r *extreme) upTo(elem string) int {
	n := len(r.items)
	for n > 0 && r.order(Item{Value: r.items[n-1].Value}, Item{Value: elem}) > 0 {
		n--
	}
	return n
}
