package flow

import (
	"slices"

	"github.com/martinelli-lang/martinelli/plan"
	"github.com/martinelli-lang/martinelli/value"
)

// located is a key of a database that code wants to read: the cell there, if
// there is one. The key's path is in the machine's buffer until other code runs.
type located func(m *machine) *cell

// locate compiles the key of an OpCell.
func (c *compiler) locate(e *plan.Expr) located {
	db := c.engine.databases[e.Index]
	switch len(e.Args) {
	case 0:
		return func(m *machine) *cell {
			m.buf = m.buf[:0]
			m.readSpace(db, nil)
			return db.cells[""]
		}
	case 1:
		key := c.value(e.Args[0])
		return func(m *machine) *cell {
			v := key(m)
			if m.reads != nil {
				m.readSpace(db, []value.Value{v})
			}
			m.buf = value.Append(m.buf[:0], v)
			return db.cells[string(m.buf)]
		}
	}
	keys := c.values(e.Args)
	return func(m *machine) *cell {
		key := evaluate(m, keys)
		m.readSpace(db, key)
		m.buf = value.AppendPath(m.buf[:0], key...)
		return db.cells[string(m.buf)]
	}
}

func evaluate(m *machine, fs []valueFn) []value.Value {
	vs := make([]value.Value, len(fs))
	for i, f := range fs {
		vs[i] = f(m)
	}
	return vs
}

// readSpace notes for a run that it read the space of a key.
func (m *machine) readSpace(db *database, key []value.Value) {
	if m.reads != nil {
		noteSpace(m.reads, db.decl.SpaceName(key))
	}
}

// readDatabase notes for a run that it read a whole database.
func (m *machine) readDatabase(db *database) {
	if m.reads == nil {
		return
	}
	if db.decl.Placement != plan.ByValue {
		noteSpace(m.reads, db.decl.SpaceName(nil))
		return
	}
	for _, c := range db.sorted() {
		noteSpace(m.reads, c.space)
	}
}

// noteSpace puts name into an ascending list, once.
func noteSpace(names *[]string, name string) {
	if i, found := slices.BinarySearch(*names, name); !found {
		*names = slices.Insert(*names, i, name)
	}
}

// cell compiles an OpCell to its value: of a set the list of its elements.
func (c *compiler) cell(e *plan.Expr) valueFn {
	db, locate := c.engine.databases[e.Index], c.locate(e)
	return func(m *machine) value.Value {
		cell := locate(m)
		m.note(grainCell, db.index, m.buf, "")
		if cell == nil {
			return db.bottom.Value()
		}
		m.spend(int64(cell.crdt.Len()))
		return cell.crdt.Value()
	}
}

// in compiles "x in xs". Where xs is kept somewhere, nothing but x is asked for.
func (c *compiler) in(e *plan.Expr) boolFn {
	x, xs := c.value(e.Args[0]), e.Args[1]
	if r, ok := c.readable(xs); ok {
		return func(m *machine) bool { return r.has(m, value.Encode(x(m))) }
	}
	switch {
	case xs.Op == plan.OpCell && c.engine.databases[xs.Index].isSet():
		return c.inCell(x, xs)
	case xs.Op == plan.OpKeys:
		return c.inKeys(x, xs)
	case xs.Op == plan.OpViewAt:
		return c.inView(x, xs)
	}
	list := c.list(xs)
	return func(m *machine) bool {
		v := x(m)
		return slices.ContainsFunc(list(m), func(o value.Value) bool { return value.Equal(v, o) })
	}
}

func (c *compiler) inCell(x valueFn, xs *plan.Expr) boolFn {
	db, locate := c.engine.databases[xs.Index], c.locate(xs)
	return func(m *machine) bool {
		elem := value.Encode(x(m))
		cell := locate(m)
		m.note(grainElem, db.index, m.buf, elem)
		return cell != nil && cell.crdt.Has(elem)
	}
}

func (c *compiler) inKeys(x valueFn, xs *plan.Expr) boolFn {
	db := c.engine.databases[xs.Index]
	isOne := len(db.decl.Dims) == 1
	return func(m *machine) bool {
		v := x(m)
		key := v.Elems()
		if isOne {
			key = []value.Value{v}
		}
		if len(key) == len(db.decl.Dims) {
			m.readSpace(db, key)
		}
		m.buf = value.AppendPath(m.buf[:0], key...)
		m.note(grainKey, db.index, m.buf, "")
		cell := db.cells[string(m.buf)]
		return cell != nil && !cell.crdt.Empty()
	}
}

// count compiles the number of elements of a collection or list.
func (c *compiler) count(e *plan.Expr) intFn {
	xs := e.Args[0]
	if isString(xs.Type) {
		return codePoints(c.value(xs))
	}
	if c.graph != nil && c.graph.counts(xs) {
		return c.graph.count(xs).read
	}
	if r, ok := c.readable(xs); ok {
		return func(m *machine) int64 { return int64(r.size(m)) }
	}
	if xs.Op == plan.OpCell && c.engine.databases[xs.Index].isSet() || c.engine.isLog(xs) {
		return c.countCell(xs)
	}
	list := c.list(xs)
	return func(m *machine) int64 { return int64(len(list(m))) }
}

func (c *compiler) countCell(xs *plan.Expr) intFn {
	db, locate := c.engine.databases[xs.Index], c.locate(xs)
	return func(m *machine) int64 {
		cell := locate(m)
		m.note(grainCell, db.index, m.buf, "")
		if cell == nil {
			return 0
		}
		return int64(cell.crdt.Len())
	}
}

// readable returns the node that keeps the collection xs, if there is one: of
// every view, and in the body of a view of all that does not depend on its element.
func (c *compiler) readable(xs *plan.Expr) (*distinct, bool) {
	switch {
	case formOf(xs.Type) != formSet:
		return nil, false
	case c.graph != nil && c.graph.keeps(xs):
		return c.graph.distinct(xs), true
	case xs.Op == plan.OpView:
		return c.engine.keepView(xs.Index), true
	}
	return nil, false
}

// view compiles the reading of a view.
func (c *compiler) view(e *plan.Expr) valueFn {
	if r, ok := c.readable(e); ok {
		return func(m *machine) value.Value { return value.List(r.list(m)...) }
	}
	if c.graph != nil {
		return c.graph.scalar(e.Index).read
	}
	return c.engine.keepScalar(e.Index).read
}
