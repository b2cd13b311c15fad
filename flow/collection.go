package flow

import (
	"slices"

	"github.com/martinelli-lang/martinelli/algebra/order"
	"github.com/martinelli-lang/martinelli/plan"
	"github.com/martinelli-lang/martinelli/value"
)

// list compiles a collection to code that computes it from the cells as they
// are. This is how handlers see collections, since they read their own writes,
// and how a body sees one that depends on its element; views that stand by
// themselves are graphs of nodes (builder). A collection is its elements in
// order, each once; a list is as it is.
func (c *compiler) list(e *plan.Expr) listFn {
	if r, ok := c.readable(e); ok {
		return r.list
	}
	switch e.Op {
	case plan.OpDatabase:
		if c.engine.isLog(e) {
			break
		}
		return c.rows(e)
	case plan.OpKeys:
		return c.keys(e)
	case plan.OpMap:
		return c.mapped(e)
	case plan.OpFilter:
		return c.filtered(e.Block, c.list(e.Args[0]))
	case plan.OpFlatMap:
		return c.flatMapped(e)
	case plan.OpProduct:
		return c.pairs(e)
	case plan.OpJoin:
		return c.filtered(e.Block, c.pairs(e))
	case plan.OpGroup:
		return c.grouped(e)
	case plan.OpClosure:
		edges := c.list(e.Args[0])
		return func(m *machine) []value.Value { return closureOf(m, edges(m)) }
	case plan.OpUnion:
		return merged(c.list(e.Args[0]), c.list(e.Args[1]), func(a, b bool) bool { return true })
	case plan.OpIntersection:
		return merged(c.list(e.Args[0]), c.list(e.Args[1]), func(a, b bool) bool { return a && b })
	case plan.OpMinus:
		return merged(c.list(e.Args[0]), c.list(e.Args[1]), func(a, b bool) bool { return a && !b })
	}
	appended := c.appended(e)
	if c.engine.isLog(e) {
		return func(m *machine) []value.Value { return asSet(slices.Clone(appended(m)), true) }
	}
	return appended
}

// appended compiles what is read as it is: of a log that is all that was
// appended, in its order, what came twice twice. Loops go over it, and it has a
// first and a last; what else is computed of a log is of its elements.
func (c *compiler) appended(e *plan.Expr) listFn {
	if e.Op == plan.OpDatabase {
		one := *e
		one.Op = plan.OpCell // without dimensions it has one key
		e = &one
	}
	f := c.structure(e)
	if f == nil {
		panic("flow: an expression of type collection has an operator that yields none")
	}
	return func(m *machine) []value.Value { return f(m).Elems() }
}

func (c *compiler) rows(e *plan.Expr) listFn {
	db := c.engine.databases[e.Index]
	isLog := db.decl.Lattice.Kind == plan.KindLog
	return func(m *machine) []value.Value {
		m.readDatabase(db)
		m.note(grainRows, db.index, nil, "")
		var rows []value.Value
		for _, cell := range db.sorted() {
			m.spend(int64(cell.crdt.Len()))
			cell.each(func(v value.Value) { rows = append(rows, cell.row(v)) })
		}
		return asSet(rows, isLog)
	}
}

func (c *compiler) keys(e *plan.Expr) listFn {
	db := c.engine.databases[e.Index]
	return func(m *machine) []value.Value {
		m.readDatabase(db)
		m.note(grainKeys, db.index, nil, "")
		var keys []value.Value
		for _, cell := range db.sorted() {
			if !cell.crdt.Empty() {
				keys = append(keys, keyElem(cell.key))
			}
		}
		m.spend(int64(len(keys)))
		return keys
	}
}

func (c *compiler) mapped(e *plan.Expr) listFn {
	list, params, body := c.list(e.Args[0]), e.Block.Params, c.value(e.Block.Expr)
	isSet := formOf(e.Type) == formSet
	return func(m *machine) []value.Value {
		elems := list(m)
		out := make([]value.Value, 0, len(elems))
		for _, elem := range elems {
			if !m.spend(1) {
				return nil
			}
			m.bind(params, elem)
			out = append(out, body(m))
		}
		return asSet(out, isSet)
	}
}

// asSet puts elems in order, each once, if it is to be a set.
func asSet(elems []value.Value, isSet bool) []value.Value {
	if !isSet {
		return elems
	}
	order.Sort(elems, value.Compare)
	return slices.CompactFunc(elems, value.Equal)
}

func (c *compiler) filtered(block *plan.Block, list listFn) listFn {
	params, body := block.Params, c.bool(block.Expr)
	return func(m *machine) []value.Value {
		var out []value.Value
		for _, elem := range list(m) {
			if !m.spend(1) {
				return nil
			}
			m.bind(params, elem)
			if body(m) {
				out = append(out, elem)
			}
		}
		return out
	}
}

func (c *compiler) flatMapped(e *plan.Expr) listFn {
	list, params, body := c.list(e.Args[0]), e.Block.Params, c.list(e.Block.Expr)
	isSet := formOf(e.Type) == formSet
	return func(m *machine) []value.Value {
		var out []value.Value
		for _, elem := range list(m) {
			if !m.spend(1) {
				return nil
			}
			m.bind(params, elem)
			out = append(out, body(m)...)
		}
		return asSet(out, isSet)
	}
}

// pairs compiles a product. The order of the pairs is that of the factors,
// since an encoding never begins another one.
func (c *compiler) pairs(e *plan.Expr) listFn {
	left, right := c.list(e.Args[0]), c.list(e.Args[1])
	flat := flatness(e)
	return func(m *machine) []value.Value {
		as, bs := left(m), right(m)
		if !m.spend(int64(len(as)) * int64(len(bs))) {
			return nil
		}
		out := make([]value.Value, 0, len(as)*len(bs))
		for _, a := range as {
			for _, b := range bs {
				out = append(out, flat.pair(a, b))
			}
		}
		return out
	}
}

// flattening says which sides of a product are tuples whose parts become parts
// of the pair: nested products flatten, and so do the rows of a database.
type flattening struct{ left, right bool }

func flatness(e *plan.Expr) flattening {
	return flattening{isTuple(e.Args[0].Type), isTuple(e.Args[1].Type)}
}

func isTuple(collection plan.Type) bool { return collection.Element().Kind == plan.KindTuple }

// arity is how many parts of a pair come from a side.
func arity(side *plan.Expr) int {
	if isTuple(side.Type) {
		return len(side.Type.Element().Args)
	}
	return 1
}

func (f flattening) pair(a, b value.Value) value.Value {
	parts := make([]value.Value, 0, max(1, len(a.Elems()))+max(1, len(b.Elems())))
	parts = appendSide(parts, a, f.left)
	return value.Tuple(appendSide(parts, b, f.right)...)
}

func appendSide(parts []value.Value, side value.Value, flat bool) []value.Value {
	if flat {
		return append(parts, side.Elems()...)
	}
	return append(parts, side)
}

// merged compiles an operator over two sets: keep says whether an element of
// the one, the other or both is in the result.
func merged(left, right listFn, keep func(inLeft, inRight bool) bool) listFn {
	return func(m *machine) []value.Value {
		as, bs := left(m), right(m)
		var out []value.Value
		for len(as)+len(bs) > 0 {
			if !m.spend(1) {
				return nil
			}
			elem, inLeft, inRight := least(as, bs)
			if keep(inLeft, inRight) {
				out = append(out, elem)
			}
			if inLeft {
				as = as[1:]
			}
			if inRight {
				bs = bs[1:]
			}
		}
		return out
	}
}

// least returns the smallest first element of two lists in order, and which of them have it.
func least(as, bs []value.Value) (elem value.Value, inLeft, inRight bool) {
	switch {
	case len(as) == 0:
		return bs[0], false, true
	case len(bs) == 0:
		return as[0], true, false
	}
	switch c := value.Compare(as[0], bs[0]); {
	case c < 0:
		return as[0], true, false
	case c > 0:
		return bs[0], false, true
	}
	return as[0], true, true
}
