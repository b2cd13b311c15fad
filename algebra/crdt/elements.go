package crdt

import (
	"maps"
	"slices"

	"github.com/martinelli-lang/martinelli/value"
)

// elements is what both sets are made of: each element with the entries that
// say it is in. An element is visible while at least one says so.
type elements map[string]dots

// insert adds an item; only the first entry of an element changes what is visible.
func (s elements) insert(it Item, emit Emit) (changed bool) {
	entries, visible := s[it.Value]
	if it.Path != "" || !visible && !value.Valid(it.Value) {
		return false
	}
	entries.add(it.ID)
	s[it.Value] = entries
	if !visible {
		emit.weigh(it.Value, +1)
	}
	return !visible
}

// remove takes an item out; only the last entry of an element changes what is visible.
func (s elements) remove(it Item, emit Emit) (changed bool) {
	entries, visible := s[it.Value]
	if !visible || it.Path != "" || !entries.remove(it.ID) {
		return false
	}
	if !entries.isEmpty() {
		s[it.Value] = entries
		return false
	}
	delete(s, it.Value)
	emit.weigh(it.Value, -1)
	return true
}

// Value returns the list of the elements in ascending order. O(n log n).
func (s elements) Value() value.Value {
	elems := make([]value.Value, 0, len(s))
	s.Each(func(elem string) bool {
		v, _ := value.DecodeAll(elem) // insert let only valid bytes in
		elems = append(elems, v)
		return true
	})
	return value.List(elems...)
}

func (s elements) Empty() bool { return len(s) == 0 }

func (s elements) Len() int { return len(s) }

func (s elements) Has(elem string) bool {
	_, visible := s[elem]
	return visible
}

func (s elements) Each(yield func(elem string) bool) {
	for _, elem := range slices.Sorted(maps.Keys(s)) {
		if !yield(elem) {
			return
		}
	}
}

func (s elements) Items(yield func(Item) bool) {
	for elem, entries := range s {
		if !entries.each(elem, yield) {
			return
		}
	}
}

func (s elements) Bare() bool { return len(s) == 0 }

// supersede is the delta that says elem is in, and takes back what said so before.
func (s elements) supersede(elem string) Delta {
	seen := s[elem]
	return Delta{Add: []string{elem}, Remove: seen.items(elem)}
}

// weigh tells a listener that may be nil.
func (emit Emit) weigh(elem string, weight int) {
	if emit != nil {
		emit(elem, weight)
	}
}
