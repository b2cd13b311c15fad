package flow

import (
	"slices"
	"strings"

	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/algebra/crdt"
	"github.com/martinelli-lang/martinelli/algebra/order"
	"github.com/martinelli-lang/martinelli/plan"
	"github.com/martinelli-lang/martinelli/value"
)

// database is the cells of one database of the program, and who listens to them.
type database struct {
	index   int
	decl    *plan.Database
	lattice string    // its name
	element plan.Type // of what an entry holds, where its lattice has a type argument
	typed   bool      // the lattice has one
	cells   map[string]*cell
	spaces  map[string]int // the names of the spaces of its cells, and how many are in each
	bottom  crdt.Cell      // what a key without a cell reads as

	mates []*database // that expire with it, itself too, in the order of the program: the fields of a record

	was, heir *database                 // whose entries it reads too, and which one reads its entries; nil: none
	grow      func(crdt.Item) crdt.Item // with was: an item of it in the form of this one

	// Who listens. Where nobody does, a write costs the cell and no more.
	rows   *source            // of the whole database
	keys   *source            // of its non-empty keys
	byPath map[string]*source // of one key
	links  [grains]int        // dependencies of evaluations, by grain

	noting *cell     // whose changes emit notes
	emit   crdt.Emit // made once
}

// cell is one key of a database.
type cell struct {
	db    *database
	path  string // canonical bytes of key
	key   []value.Value
	space string
	crdt  crdt.Cell
	shown bool // it was not empty when it last settled, so its key is among the keys

	// Until it settles: whether it waits for that, and what became of its
	// visible value, not yet summed up.
	touched bool
	changes []change

	isAging bool         // its host knows that it expires
	newest  causal.Stamp // of what was written, where it expires
}

// change is an element of a cell that came or went.
type change struct {
	elem   string
	weight int
}

func newDatabase(index int, decl *plan.Database) (*database, error) {
	row, _ := plan.LatticeOf(decl.Lattice.Kind)
	bottom, err := newCell(decl, row.Name)
	if err != nil {
		return nil, Error("database " + decl.Name + " is of a type this version does not run: " + decl.Lattice.Label())
	}
	db := &database{
		index:   index,
		decl:    decl,
		lattice: row.Name,
		element: decl.Lattice.Element(),
		typed:   len(decl.Lattice.Args) > 0,
		cells:   map[string]*cell{},
		spaces:  map[string]int{},
		bottom:  bottom,
		byPath:  map[string]*source{},
	}
	db.emit = func(elem string, weight int) {
		db.noting.changes = append(db.noting.changes, change{elem, weight})
	}
	return db, nil
}

// listen returns what notes the changes of c, or nil where nobody listens.
func (db *database) listen(c *cell) crdt.Emit {
	if !db.observed() {
		return nil
	}
	db.noting = c
	return db.emit
}

func newCell(decl *plan.Database, lattice string) (crdt.Cell, error) {
	if b := decl.Bound; b.Side != plan.Unbounded {
		return crdt.NewBounded(crdt.Bound{IsUpper: b.Side == plan.AtMost, Opening: b.Opening()}), nil
	}
	if decl.Removable {
		return crdt.NewRemovable(lattice)
	}
	return crdt.New(lattice)
}

// isSet reports whether a key of db reads as a collection.
func (db *database) isSet() bool { return !db.decl.Scalar() }

// observed reports whether anybody listens to the values of db.
func (db *database) observed() bool {
	return db.rows != nil || len(db.byPath) > 0 || db.links[grainCell]+db.links[grainElem]+db.links[grainRows] > 0
}

// open returns a new cell at key, which is copied, and of which path is the
// canonical bytes.
func (db *database) open(path string, key []value.Value) *cell {
	data, _ := newCell(db.decl, db.lattice) // newDatabase has tried it
	if db.was != nil {
		data = newHeir(db, data)
	}
	c := cellAt(key)
	c.db, c.path, c.space, c.crdt = db, path, db.decl.SpaceName(key), data
	db.cells[path] = c
	db.spaces[c.space]++
	return c
}

// cellAt returns a cell with its key and, in one piece with it, room for the one
// value that most keys are.
func cellAt(key []value.Value) *cell {
	if len(key) != 1 {
		return &cell{key: slices.Clone(key)}
	}
	one := &struct {
		cell
		room [1]value.Value
	}{room: [1]value.Value{key[0]}}
	one.key = one.room[:]
	return &one.cell
}

// drop forgets a cell.
func (db *database) drop(c *cell) {
	delete(db.cells, c.path)
	if db.spaces[c.space]--; db.spaces[c.space] == 0 {
		delete(db.spaces, c.space)
	}
}

// decodeKey decodes a path that came from outside. It is false where the path
// is no key of this database: such entries are kept and passed on by the
// replica, and mean nothing here, at every replica alike.
func (db *database) decodeKey(path string) ([]value.Value, bool) {
	key, err := value.DecodePath(path)
	return key, err == nil && db.isKey(key)
}

// isKey reports whether key has the dimensions of db.
func (db *database) isKey(key []value.Value) bool {
	if len(key) != len(db.decl.Dims) {
		return false
	}
	for i, v := range key {
		if !db.decl.Dims[i].Type.Takes(v) {
			return false
		}
	}
	return true
}

// accepts reports whether an entry's value is one of db's type. Other ones
// read as absent, at every replica alike.
func (db *database) accepts(bytes string) bool {
	if !db.typed || db.element.Kind == plan.KindAny {
		return true // the cell itself skips what it can't read
	}
	if db.decl.Lattice.Kind == plan.KindRSet {
		_, bytes, _ = value.CutPair(bytes) // whether it is in, and the element
	}
	v, err := value.DecodeAll(bytes)
	return err == nil && db.element.Takes(v)
}

// sorted returns the cells in the order of their keys.
func (db *database) sorted() []*cell {
	cells := make([]*cell, 0, len(db.cells))
	for _, c := range db.cells {
		cells = append(cells, c)
	}
	order.Sort(cells, func(a, b *cell) int { return strings.Compare(a.path, b.path) })
	return cells
}

// keyElem returns the element that stands for key among the keys.
func keyElem(key []value.Value) value.Value {
	if len(key) == 1 {
		return key[0]
	}
	return value.Tuple(key...)
}

// row returns the element of the whole database for v at the cell's key.
func (c *cell) row(v value.Value) value.Value {
	if len(c.key) == 0 {
		return v
	}
	parts := make([]value.Value, 0, len(c.key)+1)
	return value.Tuple(append(append(parts, c.key...), v)...)
}

// each yields the elements of the cell in order: of a set its elements, of a
// scalar its value unless the cell is empty.
func (c *cell) each(yield func(value.Value)) {
	c.crdt.Each(func(elem string) bool {
		yield(decoded(elem))
		return true
	})
}

// decoded decodes bytes a cell holds, which it has checked.
func decoded(elem string) value.Value {
	v, _ := value.DecodeAll(elem)
	return v
}
