package crdt

import (
	"maps"
	"slices"

	"github.com/martinelli-lang/martinelli/algebra/order"
	"github.com/martinelli-lang/martinelli/value"
)

// verdict is what is said of one element: the entries that say it is in, and
// those that say it is out. One that says out is enough.
type verdict struct{ in, out dots }

func (v *verdict) holds() bool { return !v.in.isEmpty() && v.out.isEmpty() }

func (v *verdict) isBare() bool { return v.in.isEmpty() && v.out.isEmpty() }

func (v *verdict) side(in bool) *dots {
	if in {
		return &v.in
	}
	return &v.out
}

// verdicts is what the sets are made of in which being out is a fact of its
// own. An entry holds the pair of a bool, whether the element is in, and the
// element.
type verdicts struct {
	said    map[string]verdict // by element; none is bare
	visible int                // elements of which the verdict holds
}

func newVerdicts() verdicts { return verdicts{said: map[string]verdict{}} }

// readVerdict splits what an entry holds.
func readVerdict(entry string) (elem string, in, ok bool) {
	first, elem, ok := value.CutPair(entry)
	return elem, first == on, ok && (first == on || first == off)
}

func (s *verdicts) Insert(it Item, emit Emit) (changed bool) {
	elem, in, ok := readVerdict(it.Value)
	if !ok || it.Path != "" {
		return false
	}
	v := s.said[elem]
	was := v.holds()
	v.side(in).add(it.ID)
	s.said[elem] = v
	return s.settle(elem, was, v.holds(), emit)
}

func (s *verdicts) Remove(it Item, emit Emit) (changed bool) {
	elem, in, ok := readVerdict(it.Value)
	v, known := s.said[elem]
	if !ok || !known || it.Path != "" {
		return false
	}
	was := v.holds()
	v.side(in).remove(it.ID)
	s.said[elem] = v
	if v.isBare() {
		delete(s.said, elem)
	}
	return s.settle(elem, was, v.holds(), emit)
}

// settle counts and emits an element that came or went.
func (s *verdicts) settle(elem string, was, is bool, emit Emit) (changed bool) {
	if was == is {
		return false
	}
	weight := 1
	if was {
		weight = -1
	}
	s.visible += weight
	emit.weigh(elem, weight)
	return true
}

// saying returns the entries of elem on one side, or on both, ascending by id.
func (s *verdicts) saying(elem string, sides ...bool) []Item {
	var items []Item
	v := s.said[elem]
	for _, in := range sides {
		items = append(items, v.side(in).items(value.EncodePair(value.Encode(value.Bool(in)), elem))...)
	}
	order.Sort(items, compareIDs)
	return items
}

func (s *verdicts) Value() value.Value {
	elems := make([]value.Value, 0, s.visible)
	s.Each(func(elem string) bool {
		v, _ := value.DecodeAll(elem) // Insert let only valid bytes in
		elems = append(elems, v)
		return true
	})
	return value.List(elems...)
}

func (s *verdicts) Empty() bool { return s.visible == 0 }

func (s *verdicts) Len() int { return s.visible }

func (s *verdicts) Has(elem string) bool {
	v := s.said[elem]
	return v.holds()
}

func (s *verdicts) Each(yield func(elem string) bool) {
	for _, elem := range slices.Sorted(maps.Keys(s.said)) {
		if s.Has(elem) && !yield(elem) {
			return
		}
	}
}

func (s *verdicts) Items(yield func(Item) bool) {
	for elem, v := range s.said {
		if !v.in.each(value.EncodePair(on, elem), yield) || !v.out.each(value.EncodePair(off, elem), yield) {
			return
		}
	}
}

func (s *verdicts) Bare() bool { return len(s.said) == 0 }
