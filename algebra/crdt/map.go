package crdt

import (
	"maps"
	"slices"

	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/value"
)

// mapOf is a map from any values to cells of one lattice, which may be a map
// again, with the verb remove; everything else is done at a key (DoAt).
//
// The entries of a key are those of its cell, with the key before their path.
// Every replica sorts the same entries to the same keys, and what a key reads
// as is up to its lattice, which agrees on equal entries; so the map agrees. A
// key is there while its cell is not empty: there is nothing to create, and two
// replicas that write a new key have written the same one.
//
// Removing a key takes back the updates of it that were seen, all of them and
// no others. So an update beside the removal survives it, and is then read as
// if it alone had been: removal is a reset that leaves nothing behind. That is
// decided on purpose, and it rules what may stand below a map: every update
// there leaves an entry of its own, and none sums up older ones (ledger). A
// library we learned from keeps running totals inside its map, and a counter
// of 5 that one replica removes while another adds 1 reads 6 there; here it
// reads 1 (history 10 of the model).
//
// P. S. Almeida, A. Shoker, C. Baquero, JPDC 2018, section 7.3 (the causal
// map, with its embedding of observed-remove types); C. Baquero et al., PaPoC
// 2016, for the counter.
type mapOf struct {
	of     Type
	bottom Cell            // what a key without a cell reads as
	cells  map[string]Cell // by the canonical bytes of the key; none is bare
	size   int             // elements of all cells

	// While a cell changes: its key, who is told, and what the cell tells it
	// by. The last is made once, not for each change.
	key  string
	emit Emit
	tell Emit
}

func newMap(of Type) *mapOf {
	m := &mapOf{of: of, bottom: of.build(true), cells: map[string]Cell{}}
	m.tell = func(elem string, weight int) { m.emit(value.EncodePair(m.key, elem), weight) }
	return m
}

// at returns what tells emit of the elements at a key, until the next call.
func (m *mapOf) at(key string, emit Emit) Emit {
	if m.key, m.emit = key, emit; emit == nil {
		return nil
	}
	return m.tell
}

func (m *mapOf) Insert(it Item, emit Emit) (changed bool) {
	key, rest, err := value.Cut(it.Path)
	if err != nil {
		return false
	}
	c := m.cells[key]
	if c == nil {
		c = m.of.build(true)
		m.cells[key] = c
	}
	it.Path = rest
	before := c.Len()
	changed = c.Insert(it, m.at(key, emit))
	m.settle(key, c, before)
	return changed
}

func (m *mapOf) Remove(it Item, emit Emit) (changed bool) {
	key, rest, err := value.Cut(it.Path)
	c := m.cells[key]
	if err != nil || c == nil {
		return false
	}
	it.Path = rest
	before := c.Len()
	changed = c.Remove(it, m.at(key, emit))
	m.settle(key, c, before)
	return changed
}

// settle brings the size up to date with a changed cell, and drops one in
// which nothing is left, or was never anything that the lattice reads.
func (m *mapOf) settle(key string, c Cell, before int) {
	m.key, m.emit = "", nil
	m.size += c.Len() - before
	if c.Bare() {
		delete(m.cells, key)
	}
}

// Do runs remove(key).
func (m *mapOf) Do(verb string, _ causal.ReplicaID, arg value.Value) (Delta, error) {
	if verb != "remove" {
		return Delta{}, ErrVerb
	}
	c, key, err := m.Inside(arg)
	if err != nil {
		return Delta{}, err
	}
	return Clear(c).under(key), nil
}

// Inside returns the cell at a key.
func (m *mapOf) Inside(key value.Value) (c Cell, path string, err error) {
	path, err = value.EncodeBounded(key)
	if err != nil {
		return nil, "", err
	}
	if c, ok := m.cells[path]; ok {
		return c, path, nil
	}
	return m.bottom, path, nil
}

// Value returns the list of (key, value) of the keys that are there, in their
// order. O(n log n).
func (m *mapOf) Value() value.Value {
	var pairs []value.Value
	for _, key := range slices.Sorted(maps.Keys(m.cells)) {
		if c := m.cells[key]; !c.Empty() {
			k, _ := value.DecodeAll(key) // Insert let only valid bytes in
			pairs = append(pairs, value.Tuple(k, c.Value()))
		}
	}
	return value.List(pairs...)
}

func (m *mapOf) Empty() bool { return m.size == 0 }

func (m *mapOf) Len() int { return m.size }

func (m *mapOf) Has(elem string) bool {
	key, in, ok := value.CutPair(elem)
	c := m.cells[key]
	return ok && c != nil && c.Has(in)
}

func (m *mapOf) Each(yield func(elem string) bool) {
	for _, key := range slices.Sorted(maps.Keys(m.cells)) {
		if !eachAt(key, m.cells[key], yield) {
			return
		}
	}
}

func (m *mapOf) Items(yield func(Item) bool) {
	for key, c := range m.cells {
		if !itemsAt(key, c, yield) {
			return
		}
	}
}

func (m *mapOf) Bare() bool { return len(m.cells) == 0 }
