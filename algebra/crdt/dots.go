package crdt

import (
	"slices"

	"github.com/martinelli-lang/martinelli/algebra/causal"
)

// dots is a set of entry ids. Nearly always it holds one, so the smallest
// stands in the struct and costs no allocation. The form is canonical: equal
// sets are equal structs.
type dots struct {
	first causal.EntryID   // the smallest; zero when the set is empty
	rest  []causal.EntryID // the others, ascending; nil when there are none
}

// isEmpty reports whether no id is there; no entry has a zero id, as seqs start at 1.
func (d *dots) isEmpty() bool { return d.first == causal.EntryID{} }

// add puts id in and reports whether it is new. O(log k) comparisons.
func (d *dots) add(id causal.EntryID) bool {
	if d.isEmpty() {
		d.first = id
		return true
	}
	switch c := id.Compare(d.first); {
	case c == 0:
		return false
	case c < 0:
		id, d.first = d.first, id
	}
	i, found := slices.BinarySearchFunc(d.rest, id, causal.EntryID.Compare)
	if !found {
		d.rest = slices.Insert(d.rest, i, id)
	}
	return !found
}

// remove takes id out and reports whether it was there.
func (d *dots) remove(id causal.EntryID) bool {
	if id == d.first && !d.isEmpty() {
		d.first = causal.EntryID{}
		if len(d.rest) > 0 {
			d.first = d.rest[0]
			d.cut(0)
		}
		return true
	}
	i, found := slices.BinarySearchFunc(d.rest, id, causal.EntryID.Compare)
	if found {
		d.cut(i)
	}
	return found
}

// cut takes out rest[i].
func (d *dots) cut(i int) {
	d.rest = slices.Delete(d.rest, i, i+1)
	if len(d.rest) == 0 {
		d.rest = nil
	}
}

// items returns an item of the given value for each id, ascending, in a slice
// of its own; nil if there are none.
func (d *dots) items(value string) []Item {
	if d.isEmpty() {
		return nil
	}
	items := make([]Item, 0, 1+len(d.rest))
	d.each(value, func(it Item) bool {
		items = append(items, it)
		return true
	})
	return items
}

// each yields an item of the given value for each id, ascending, and reports
// whether yield wants more.
func (d *dots) each(value string, yield func(Item) bool) (more bool) {
	if d.isEmpty() {
		return true
	}
	if !yield(Item{ID: d.first, Value: value}) {
		return false
	}
	for _, id := range d.rest {
		if !yield(Item{ID: id, Value: value}) {
			return false
		}
	}
	return true
}
