package crdt

import (
	"slices"

	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/value"
)

// Lookup returns the live item called id, as Remove takes it and, to undo a
// removal, Insert. A set indexes its entries by element, so elem names the one
// the id belongs to; a scalar does not look at it. Where a lattice does not
// read stamps the item has none. O(log n); O(k) for a register with k
// concurrent values.
func Lookup(c Cell, id causal.EntryID, elem string) (Item, bool) {
	switch c := c.(type) {
	case *gset:
		return c.lookup(id, elem)
	case *orset:
		return c.lookup(id, elem)
	case *gcounter:
		return c.lookup(id)
	case *counter:
		return c.lookup(id)
	case *once:
		return Item{ID: id, Value: on}, c.entries.has(id)
	case *lww:
		return c.lookup(id)
	case *maximum:
		return c.lookup(id)
	}
	return Item{}, false
}

func (s elements) lookup(id causal.EntryID, elem string) (Item, bool) {
	entries := s[elem]
	return Item{ID: id, Value: elem}, entries.has(id)
}

func (d *dots) has(id causal.EntryID) bool {
	if id == d.first {
		return !d.isEmpty()
	}
	_, found := slices.BinarySearchFunc(d.rest, id, causal.EntryID.Compare)
	return found
}

func (t *tally) lookup(id causal.EntryID) (Item, bool) {
	a := t.authors[id.Replica]
	if a == nil {
		return Item{}, false
	}
	c := a.newest
	if c.id(id.Replica) != id {
		i, found := slices.BinarySearchFunc(a.older, credit{seq: id.Seq, offset: id.Offset}, credit.compare)
		if !found {
			return Item{}, false
		}
		c = a.older[i]
	}
	return Item{ID: id, Value: value.Encode(value.Int(c.total))}, true
}

func (r *ranking) lookup(id causal.EntryID) (Item, bool) {
	i := slices.IndexFunc(r.items, func(it Item) bool { return it.ID == id })
	if i < 0 {
		return Item{}, false
	}
	return r.items[i], true
}
