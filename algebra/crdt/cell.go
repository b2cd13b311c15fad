package crdt

import (
	"cmp"
	"errors"

	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/value"
)

// Errors of New, Cell.Do and DoAt.
var (
	ErrLattice = errors.New("crdt: no such lattice")
	ErrVerb    = errors.New("crdt: the lattice has no such verb")
	ErrRange   = errors.New("crdt: the argument is no nat, or the total would leave its range")
	ErrRights  = errors.New("crdt: this replica has not the rights: it needs some of another's")
	ErrPlace   = errors.New("crdt: the lattice has no such place inside it")
)

// NatMax is the largest argument of inc and dec.
const NatMax = 1<<31 - 1

// Item is one live entry of one key. Items with equal ids are equal.
type Item struct {
	ID    causal.EntryID
	Stamp causal.Stamp
	Path  string // where inside the cell: the key path behind the cell's key; "" where the lattice has no places inside it
	Value string // canonical bytes of one value
}

// Compare orders items by stamp, then id: the order in which lww reads them.
func (it Item) Compare(o Item) int {
	return cmp.Or(cmp.Compare(it.Stamp, o.Stamp), it.ID.Compare(o.ID))
}

func compareIDs(a, b Item) int { return a.ID.Compare(b.ID) }

// Emit is told the change of a cell's visible value as a Z-set: elem leaves
// with weight -1 and comes with +1. A set emits its elements, a scalar its
// value. Summed over time the weights are the visible value: each element 1.
// Elem is the canonical bytes of a value.
type Emit func(elem string, weight int)

// Cell is the index of one key's live entries, kept by the lattice of the
// key's database. A cell is a function of its set of items: no order in which
// they were inserted and removed can be seen afterwards.
//
// The caller inserts an item once, and removes only what it inserted, as a
// State does. An item that no verb of the lattice writes, because its path or
// value is none of the lattice's, reads as absent. Insert a part's entries before removing what it removed, and a
// replaced element does not flicker; in the other order the weights sum to the
// same.
type Cell interface {
	// Insert adds an item and reports whether the visible value changed. Emit
	// may be nil. The cost is O(log n) and no copy of the value.
	Insert(it Item, emit Emit) (changed bool)

	// Remove is the exact inverse of Insert, at its cost. An item that is not
	// there is ignored.
	Remove(it Item, emit Emit) (changed bool)

	// Do is a delta-mutator: it says which entries the verb adds and which it
	// removes when replica self runs it here, and changes nothing. A verb
	// without an argument takes value.Nil. Errors: ErrVerb; ErrRange;
	// ErrRights of a bounded counter; for an argument that cannot be stored those of value.EncodeBounded. The cost is
	// that of Insert, and O(k) for k entries removed.
	Do(verb string, self causal.ReplicaID, arg value.Value) (Delta, error)

	// Value reads the cell: a counter an Int, once a Bool, a register its
	// value or Nil, a set the List of its elements in order.
	Value() value.Value

	// Empty reports whether nothing is there to see: the key is not among its
	// database's keys. A counter that returned to zero is not empty.
	Empty() bool

	// Len returns the number of elements. A scalar has one, its value, unless
	// it is Empty. O(1).
	Len() int

	// Has reports whether elem is an element. O(1) for sets.
	Has(elem string) bool

	// Each yields the elements in ascending order until yield returns false.
	// O(n log n) for sets.
	Each(yield func(elem string) bool)

	// Items yields the items the cell holds, in no order, until yield returns
	// false: also those that nothing visible tells of. Where a lattice does
	// not read stamps they have none. O(n).
	Items(yield func(Item) bool)

	// Bare reports whether the cell holds no item, and so is as New made it. A
	// cell may be Empty and not Bare: what was taken out of an rset is still
	// noted. O(1).
	Bare() bool
}

// Delta is what a verb changes: values of new entries, all at one place, and
// items of the same cell to remove, ascending by id. The zero Delta changes
// nothing.
type Delta struct {
	Path   string // of what is added, as Item has it
	Add    []string
	Remove []Item
}

// Empty reports whether d changes nothing.
func (d Delta) Empty() bool { return len(d.Add) == 0 && len(d.Remove) == 0 }

// New returns an empty cell of the lattice called name: "gset", "set", "rset",
// "gcounter", "counter", "once", "flag", "lww", "mv", "max", "min" or "log",
// those that a database has in this version of the language. Another name is
// ErrLattice. Type.New knows all lattices; that they are not reached from here
// spares the browser, which loads what can be reached.
func New(name string) (Cell, error) {
	if c := plain(name); c != nil {
		return c, nil
	}
	return nil, ErrLattice
}

// NewRemovable is New for a cell all of whose entries may be removed at once;
// see Type.NewRemovable.
func NewRemovable(name string) (Cell, error) {
	if c := removableLeaf(name); c != nil {
		return c, nil
	}
	return nil, ErrLattice
}

// plain returns an empty cell of those lattices, or nil.
func plain(name string) Cell {
	switch name {
	case "gset":
		return newGSet(false)
	case "set":
		return newORSet()
	case "gcounter":
		return newGCounter()
	case "counter":
		return newCounter()
	case "once":
		return newOnce(false)
	case "lww":
		return newLWW()
	case "mv":
		return newMV()
	case "max":
		return newMax(false)
	case "min":
		return newMin(false)
	case "rset":
		return newRSet()
	case "flag":
		return newFlag()
	case "log":
		return newLog()
	}
	return nil
}
