package flow

import (
	"slices"
	"strings"

	"golang.org/x/crypto/blake2b"

	"github.com/martinelli-lang/martinelli/algebra/crdt"
	"github.com/martinelli-lang/martinelli/algebra/order"
	"github.com/martinelli-lang/martinelli/plan"
	"github.com/martinelli-lang/martinelli/value"
)

// A function's result is kept in the cell of its run; of a record or a map in
// several, each a database of what stands at the end of one way into the
// result. A run compares both, place by place, and writes what differs.

// content is what a cell holds, or is to hold, at a run's key and below it.
type content []placed

// placed is what one key of a cell holds: the elements of a set in order, each
// value that a register was given, true of a flag that is on. It is not empty.
type placed struct {
	path   string // canonical bytes of key
	key    []value.Value
	values []value.Value
}

// held returns what the cells of an instance hold.
func (o *running) held(at *instance) []content {
	held := make([]content, len(o.cells))
	for i, db := range o.cells {
		if o.decl.Cells[i].Below() == 0 {
			held[i] = held[i].with(db.cells[at.path])
			continue
		}
		for _, c := range db.sorted() {
			if strings.HasPrefix(c.path, at.path) {
				held[i] = held[i].with(c)
			}
		}
	}
	return held
}

// with appends what a cell holds, if it is there and holds anything.
func (cs content) with(c *cell) content {
	if c == nil || c.crdt.Empty() {
		return cs
	}
	v := c.crdt.Value()
	values := []value.Value{v}
	if c.db.isSet() {
		values = v.Elems()
	} else if r, ok := c.crdt.(crdt.Conflicted); ok {
		values = append(values, r.Conflicts()...)
	}
	return append(cs, placed{c.path, c.key, values})
}

// spread lays a result out over the cells of an instance.
func (o *running) spread(at *instance, result value.Value) []content {
	out := make([]content, len(o.cells))
	for i, db := range o.cells {
		s := spreading{db: db, found: map[string]*placed{}}
		s.along(o.decl.Cells[i].Path, at.key, result, false)
		for _, path := range sortedKeys(s.found) {
			out[i] = append(out[i], *s.found[path])
		}
	}
	return out
}

// spreading gathers what a result has for one cell.
type spreading struct {
	db    *database
	found map[string]*placed // by path
}

// along follows a way into a result. isRow says that v stands behind the keys
// of a map: of a set it is then an element.
func (s *spreading) along(way []int, key []value.Value, v value.Value, isRow bool) {
	switch {
	case len(way) == 0:
		s.put(key, v, isRow)
	case way[0] >= 0:
		s.along(way[1:], key, v.Field(way[0]), false)
	default:
		for _, row := range v.Elems() {
			s.along(way[1:], slices.Concat(key, row.Elems()[:-way[0]]), row.Field(-way[0]), true)
		}
	}
}

// put notes what is to stand at a key. Of one that a result has twice, a
// register takes the value that comes last.
func (s *spreading) put(key []value.Value, v value.Value, isRow bool) {
	values := []value.Value{v}
	switch isSet := s.db.isSet(); {
	case isSet && !isRow:
		values = slices.Clone(v.Elems())
	case !isSet && v.IsNil(), s.db.decl.Lattice.Kind == plan.KindFlag && !v.AsBool():
		values = nil
	}
	path := string(value.AppendPath(nil, key...))
	at := s.found[path]
	switch {
	case at == nil && len(values) == 0:
		return
	case at == nil:
		at = &placed{path: path, key: key}
		s.found[path] = at
	}
	if s.db.isSet() {
		at.values = asSet(append(at.values, values...), true)
	} else if at.values = values; len(values) == 0 {
		delete(s.found, path)
	}
}

// hashOf is the same for the same contents, in whatever order a register has
// been given its values.
func hashOf(cs []content) [32]byte {
	var all []value.Value
	for _, c := range cs {
		var places []value.Value
		for _, p := range c {
			vs := slices.Clone(p.values)
			order.Sort(vs, value.Compare)
			places = append(places, value.List(value.String(p.path), value.List(vs...)))
		}
		all = append(all, value.List(places...))
	}
	return blake2b.Sum256([]byte(value.Encode(value.List(all...))))
}

// replace makes a cell hold the result and nothing else. Both are in the order
// of their keys; what is in both stays as it is.
func (r *run) replace(m *machine, db *database, held, result content) bool {
	for len(held)+len(result) > 0 {
		var was, is placed
		first := 0 // whose key comes first: the held one's is negative
		switch {
		case len(result) == 0:
			first = -1
		case len(held) == 0:
			first = 1
		default:
			first = strings.Compare(held[0].path, result[0].path)
		}
		if first <= 0 {
			was, held = held[0], held[1:]
		}
		if first >= 0 {
			is, result = result[0], result[1:]
		}
		if !r.replaceAt(m, db, was, is) {
			return false
		}
	}
	return true
}

// replaceAt is replace at one key. One of both may hold nothing.
func (r *run) replaceAt(m *machine, db *database, was, is placed) bool {
	key := is.key
	if len(is.values) == 0 {
		key = was.key
	}
	switch {
	case db.isSet():
		return r.replaceElements(m, db, key, was.values, is.values)
	case len(is.values) == len(was.values) && (len(is.values) == 0 || value.Equal(was.values[0], is.values[0])):
		return true
	case len(is.values) == 0:
		return r.clear(m, db, key)
	case db.decl.Lattice.Kind == plan.KindFlag:
		return r.write(m, db, key, "on", value.Nil)
	}
	return r.write(m, db, key, "set", is.values[0])
}

// replaceElements is replace for a set. Both lists are in order.
func (r *run) replaceElements(m *machine, db *database, key, held, result []value.Value) bool {
	for len(held)+len(result) > 0 {
		elem, isHeld, isResult := least(held, result)
		if isHeld {
			held = held[1:]
		}
		if isResult {
			result = result[1:]
		}
		switch {
		case isHeld && !isResult && !r.write(m, db, key, "remove", elem):
			return false
		case isResult && !isHeld && !r.write(m, db, key, "add", elem):
			return false
		}
	}
	return true
}
