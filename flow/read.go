package flow

import (
	"strings"

	"github.com/martinelli-lang/martinelli/plan"
	"github.com/martinelli-lang/martinelli/value"
)

// Reading is the value of a database or view, and its type. For a database
// with dimensions read with fewer key values than it has, Pairs holds the
// non-empty keys that begin with them, in order, and Type is the type of one
// key's value.
type Reading struct {
	Type   plan.Type
	Value  value.Value // of a collection: the List of its elements in order
	Keyed  bool        // Pairs is meant, not Value
	Pairs  []Pair
	Spaces []string // names of the spaces it was read from, ascending, each once
}

// Pair is one key of a database and the value there.
type Pair struct {
	Key   []value.Value
	Value value.Value
}

// Read reads a database or view, whole or at a key. A key of the wrong type or
// length, and one of a view that has none, is ErrKey; an unknown name is ErrName. A
// cell costs its size; so does a view that something keeps, and any other one
// is computed.
func (e *Engine) Read(name string, key []value.Value) (Reading, error) {
	return e.ReadFor(name, key, "")
}

// ReadFor is Read on behalf of a user, whose views are those that read what a
// role of users binds. Without one, such a view is ErrUser at a node that has
// none itself.
func (e *Engine) ReadFor(name string, key []value.Value, user string) (Reading, error) {
	if i, ok := e.program.View(name); ok {
		i, err := e.viewFor(i, user)
		if err != nil {
			return Reading{}, err
		}
		return e.readView(&e.program.Views[i], key)
	}
	if i, ok := e.program.Database(name); ok {
		return e.readDatabase(e.databases[i], key)
	}
	if fields := e.program.Fields(name); len(fields) > 0 {
		return e.readRecord(name, fields, key)
	}
	return Reading{}, ErrName
}

// Ask reads what a view of the program would show that it does not have. Its
// expression refers to the program, as that of any view does. What it takes is
// computed now, and its operators stay in the graph.
func (e *Engine) Ask(v *plan.View) (Reading, error) {
	bound := bind(&plan.Program{Views: []plan.View{*v}}, e.role, e.cfg.User).Views[0]
	if isOfUser(e.program, bound.Expr) {
		return Reading{}, ErrUser
	}
	return e.readView(&bound, nil)
}

func (e *Engine) readDatabase(db *database, key []value.Value) (Reading, error) {
	if !isKeyOf(key, db.decl.Dims) {
		return Reading{}, ErrKey
	}
	path := string(value.AppendPath(nil, key...))
	out := Reading{Type: db.decl.Lattice.Reading()}
	m := machine{engine: e, reads: &out.Spaces}
	if len(key) == len(db.decl.Dims) {
		m.readSpace(db, key)
		data := db.bottom
		if c, ok := db.cells[path]; ok {
			data = c.crdt
		}
		out.Value = data.Value()
		return out, nil
	}
	m.readDatabase(db)
	out.Keyed = true
	for _, c := range db.sorted() {
		if strings.HasPrefix(c.path, path) && !c.crdt.Empty() {
			out.Pairs = append(out.Pairs, Pair{c.key, c.crdt.Value()})
		}
	}
	return out, nil
}

// readRecord reads a database whose fields are stored each by itself. A key is
// there if any of its fields has it.
func (e *Engine) readRecord(name string, fields []string, key []value.Value) (Reading, error) {
	out := Reading{Type: plan.Type{Kind: plan.KindRecord}}
	var values []value.Value
	keys := map[string][]value.Value{}
	for _, f := range fields {
		r, err := e.Read(name+"."+f, key)
		if err != nil {
			return Reading{}, err
		}
		out.Type.Fields = append(out.Type.Fields, plan.Field{Name: f, Type: r.Type})
		values = append(values, r.Value)
		for _, space := range r.Spaces {
			noteSpace(&out.Spaces, space)
		}
		for _, p := range r.Pairs {
			keys[string(value.AppendPath(nil, p.Key...))] = p.Key
		}
		out.Keyed = r.Keyed
	}
	if !out.Keyed {
		out.Value = value.Record(values...)
		return out, nil
	}
	for _, path := range sortedKeys(keys) {
		r, err := e.readRecord(name, fields, keys[path])
		if err != nil {
			return Reading{}, err
		}
		out.Pairs = append(out.Pairs, Pair{keys[path], r.Value})
	}
	return out, nil
}

// isKeyOf reports whether key is the beginning of one of these dimensions.
func isKeyOf(key []value.Value, dims []plan.Dim) bool {
	if len(key) > len(dims) {
		return false
	}
	for i, v := range key {
		if !dims[i].Type.Takes(v) {
			return false
		}
	}
	return true
}

func (e *Engine) readView(v *plan.View, key []value.Value) (Reading, error) {
	switch {
	case len(v.Keys) > 0:
		return e.readKeyed(v, key)
	case len(key) > 0:
		return Reading{}, ErrKey
	}
	out := Reading{Type: v.Expr.Type}
	m := machine{engine: e, reads: &out.Spaces}
	m.readDatabases(e.databasesOf(v.Expr))
	if formOf(v.Expr.Type) == formSet {
		out.Value = value.List(e.graph.elements(v.Expr)...)
	} else {
		out.Value = e.graph.evaluate(v.Expr)
	}
	return out, nil
}

// elements returns the elements of a collection in order.
func (g *graph) elements(e *plan.Expr) []value.Value {
	n := g.collection(e, nil)
	g.acquire(n)
	defer g.release(n)
	found := map[string]value.Value{}
	n.op.each(g, n, func(d delta) { found[d.key()] = d.value })
	values := make([]value.Value, 0, len(found))
	for _, key := range sortedKeys(found) {
		values = append(values, found[key])
	}
	return values
}

// evaluate returns the value of a scalar expression.
func (g *graph) evaluate(e *plan.Expr) value.Value {
	s := g.scalarOf(e)
	g.acquire(s.node)
	defer g.release(s.node)
	return s.value()
}

// databasesOf returns the databases that e reads, through views too, each once.
func (e *Engine) databasesOf(x *plan.Expr) []*database {
	var dbs []*database
	seen := map[int]bool{}
	e.eachDatabase(x, func(i int) {
		if !seen[i] {
			seen[i] = true
			dbs = append(dbs, e.databases[i])
		}
	})
	return dbs
}

func (e *Engine) eachDatabase(x *plan.Expr, yield func(int)) {
	walk(x, func(x *plan.Expr) bool {
		switch x.Op {
		case plan.OpCell, plan.OpDatabase, plan.OpKeys:
			yield(x.Index)
		case plan.OpView, plan.OpViewAt:
			e.eachDatabase(e.program.Views[x.Index].Expr, yield)
		case plan.OpCall:
			e.eachDatabase(e.program.Funcs[x.Index].Expr, yield)
		}
		return true
	})
}
