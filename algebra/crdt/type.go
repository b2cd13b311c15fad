package crdt

import (
	"unicode/utf8"

	"github.com/martinelli-lang/martinelli/value"
)

// Limits of a type.
const (
	TypeDepthMax = 8  // lattices inside one another; a plain set has depth 1
	FieldsMax    = 64 // of one record
)

// Type says what a cell keeps: a lattice and, where it has places, the
// lattices inside it.
type Type struct {
	Lattice string
	Args    []Type  // "map": that of its values; "pair": both; "lex": the second
	Fields  []Field // "record": ascending by name
}

// Field is a place of a record.
type Field struct {
	Name string
	Type Type
}

// New returns an empty cell of type t: of "map", "record", "pair" or "lex", or of
// a lattice without arguments: "gset", "set", "rset", "twopset", "gcounter",
// "counter", "bcounter", "once", "flag", "dwflag", "lww", "mv", "max", "min" or
// "log". Errors: ErrLattice for a type there is
// none of, of more than TypeDepthMax lattices inside one another, or with a
// bounded counter below a map.
func (t Type) New() (Cell, error) { return t.open(false) }

// NewRemovable is New for a cell all of whose entries may be removed at once,
// as Clear does: below a map this holds by itself, and whoever expires keys
// asks for it. There a removal takes back the updates it saw and nothing else,
// so every update leaves an entry of its own: counters do not sum theirs up,
// and what is known already is written again. A bounded counter is ErrLattice.
func (t Type) NewRemovable() (Cell, error) { return t.open(true) }

func (t Type) open(removable bool) (Cell, error) {
	if err := t.check(TypeDepthMax, removable); err != nil {
		return nil, err
	}
	c := t.build(removable)
	if in, ok := c.(nested); ok {
		return &root{in}, nil
	}
	return c, nil
}

// check finds what makes t no type.
func (t Type) check(depth int, removable bool) error {
	places := len(t.Args) + len(t.Fields)
	switch {
	case depth == 0, len(t.Fields) > 0 && t.Lattice != "record":
		return ErrLattice
	case t.Lattice == "map" && len(t.Args) == 1:
		return t.Args[0].check(depth-1, true)
	case t.Lattice == "lex" && len(t.Args) == 1:
		return t.Args[0].check(depth-1, removable)
	case t.Lattice == "pair" && len(t.Args) == 2:
		if err := t.Args[0].check(depth-1, removable); err != nil {
			return err
		}
		return t.Args[1].check(depth-1, removable)
	case t.Lattice == "record" && len(t.Args) == 0 && 0 < places && places <= FieldsMax:
		return checkFields(t.Fields, depth, removable)
	case places == 0 && leaf(t.Lattice, removable) != nil:
		return nil
	}
	return ErrLattice
}

func checkFields(fields []Field, depth int, removable bool) error {
	for i, f := range fields {
		if !utf8.ValidString(f.Name) || f.Name == "" || len(f.Name) > nameMax || i > 0 && fields[i-1].Name >= f.Name {
			return ErrLattice
		}
		if err := f.Type.check(depth-1, removable); err != nil {
			return err
		}
	}
	return nil
}

// build returns an empty cell of a type that check has passed.
func (t Type) build(removable bool) Cell {
	switch t.Lattice {
	case "map":
		return newMap(t.Args[0])
	case "record":
		return newRecord(t.Fields, removable)
	case "pair":
		return newPair(t.Args[0], t.Args[1], removable)
	case "lex":
		return newLex(t.Args[0], removable)
	}
	return leaf(t.Lattice, removable)
}

// leaf returns an empty cell of a lattice without places inside, or nil if
// there is none of that name that may be removed.
func leaf(name string, removable bool) Cell {
	switch {
	case name == "twopset":
		return newTwoPSet(removable)
	case name == "dwflag":
		return newDWFlag()
	case removable:
		return removableLeaf(name)
	case name == "bcounter":
		return newBCounter()
	}
	return plain(name)
}

// removableLeaf is plain where every update leaves an entry of its own.
func removableLeaf(name string) Cell {
	switch name {
	case "gset":
		return newGSet(true)
	case "once":
		return newOnce(true)
	case "max":
		return newMax(true)
	case "min":
		return newMin(true)
	case "gcounter":
		return newLedger("inc")
	case "counter":
		return newLedger("inc", "dec")
	}
	return plain(name)
}

// Clear is the delta that takes back everything the cell holds: of a cell that
// NewRemovable made, the updates seen here, so that those that were not seen
// read as if they alone had been. O(n log n).
func Clear(c Cell) Delta { return Delta{Remove: held(c)} }

// encodeTuple is value.EncodeBounded of a tuple.
func encodeTuple(elems ...value.Value) (string, error) {
	return value.EncodeBounded(value.Tuple(elems...))
}
