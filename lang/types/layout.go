package types

import (
	"slices"

	"github.com/martinelli-lang/martinelli/lang/diag"
	"github.com/martinelli-lang/martinelli/lang/resolve"
	"github.com/martinelli-lang/martinelli/lang/syntax"
	"github.com/martinelli-lang/martinelli/plan"
)

// A record of lattices is no lattice of its own in a plan. The join of two
// records is the join of each field, and no field looks at another, so its
// fields are stored as databases side by side: `orders` of
// { lines: gset<Line>, paid: once } is stored as orders.lines and orders.paid,
// under the same keys and in the same spaces. What is written in one run is
// one commit, whatever fields it touches.

// layout is how a database, or a field of one, is stored.
type layout struct {
	index  int     // of the stored database; meaningless for a record
	fields []field // of a record, ascending by name
}

type field struct {
	name string
	*layout
}

// isRecord reports whether the fields are stored each by itself.
func (l *layout) isRecord() bool { return len(l.fields) > 0 }

// field returns the field's layout.
func (l *layout) field(name string) (*layout, bool) {
	i := slices.IndexFunc(l.fields, func(f field) bool { return f.name == name })
	if i < 0 {
		return nil, false
	}
	return l.fields[i].layout, true
}

// leaves calls f with every database that is stored.
func (l *layout) leaves(f func(index int)) {
	if !l.isRecord() {
		f(l.index)
	}
	for _, in := range l.fields {
		in.leaves(f)
	}
}

// lay stores what d says under a type: d itself, or a database for each field.
func (c *checker) lay(db *resolve.Database, d plan.Database, t syntax.Type) *layout {
	if r, ok := c.latticeRecord(t); ok {
		return c.layRecord(db, d, r)
	}
	if t != nil {
		d.Lattice = c.latticeType(t)
	} else {
		d.Lattice = c.latticeByVerbs(db)
	}
	d.Dims = slices.Clone(d.Dims)
	c.stored = append(c.stored, d)
	c.owners = append(c.owners, db)
	c.learned = append(c.learned, learned{dims: make([]plan.Type, len(d.Dims)), known: make([]bool, len(d.Dims))})
	return &layout{index: len(c.stored) - 1}
}

func (c *checker) layRecord(db *resolve.Database, d plan.Database, r *syntax.RecordType) *layout {
	l := &layout{}
	for _, f := range r.Fields {
		in := d
		in.Name += "." + f.Name.Text
		l.fields = append(l.fields, field{f.Name.Text, c.lay(db, in, f.Type)})
	}
	slices.SortFunc(l.fields, func(a, b field) int {
		if a.name < b.name {
			return -1
		}
		return 1
	})
	return l
}

// latticeRecord returns the record of lattices that t is, if it is one: a
// declared one by its name, or one that is written out.
func (c *checker) latticeRecord(t syntax.Type) (*syntax.RecordType, bool) {
	switch t := t.(type) {
	case *syntax.RecordType:
		return t, true
	case *syntax.NamedType:
		if r, ok := c.records[t.Name.Text]; ok && r.decl.Type != nil && r.hasLattices && len(t.Args) == 0 {
			return r.decl.Type, true
		}
	}
	return nil, false
}

// place is a database, one of its keys, or a field there.
type place struct {
	db    *resolve.Database
	index *syntax.Index // nil: without a key
	*layout
}

// target returns the place that x names, if it names one.
func (c *checker) target(x syntax.Expr) (p place, ok bool) {
	switch x := x.(type) {
	case *syntax.Ident:
		p.db, ok = c.prog.Uses[x].(*resolve.Database)
		p.layout = c.layouts[p.db]
	case *syntax.Index:
		p, ok = c.target(x.X)
		ok = ok && p.index == nil && p.layout == c.layouts[p.db]
		p.index = x
	case *syntax.Member:
		if p, ok = c.target(x.X); ok {
			p.layout, ok = p.field(x.Name.Text)
		}
	}
	return p, ok
}

// read types what is read at a place.
func (c *checker) read(p place, x syntax.Node) *plan.Expr {
	if !c.mayRead(x) || p.index != nil && c.prog.Faulty[p.index] {
		return bad()
	}
	var keys []*plan.Expr
	if p.index != nil {
		keys = c.key(p.db, p.index)
	} else if dim := c.boundDim(p.db); dim != "" {
		c.notYet(x, "a slice: where `"+dim+"` is bound, `"+p.db.Name+"` alone means its value at that key",
			"write `"+p.db.Name+"[:"+dim+"]`; to read the whole map, write a view under `at` a role that binds nothing")
		return bad()
	}
	return c.readAt(p, keys, x)
}

// readAt reads a record as the record of its fields.
func (c *checker) readAt(p place, keys []*plan.Expr, x syntax.Node) *plan.Expr {
	if !p.isRecord() {
		return c.readStored(p, keys)
	}
	if len(p.db.Dims) > 0 && p.index == nil {
		c.notYet(x, "all of `"+p.db.Name+"`, whose fields are stored each by itself",
			"read a field of all, as `"+p.db.Name+"."+p.fields[0].name+"`, or one key, as `"+p.db.Name+"[k]`; `"+p.db.Name+".keys` are its keys")
		return bad()
	}
	e := &plan.Expr{Op: plan.OpRecord, Type: plan.Type{Kind: plan.KindRecord}}
	for _, f := range p.fields {
		in := p
		in.layout = f.layout
		v := c.readAt(in, keys, x)
		e.Args = append(e.Args, v)
		e.Type.Fields = append(e.Type.Fields, plan.Field{Name: f.name, Type: v.Type})
	}
	return e
}

// readStored reads one stored database: a key of it, or all of it.
func (c *checker) readStored(p place, keys []*plan.Expr) *plan.Expr {
	stored := &c.stored[p.layout.index]
	if stored.Lattice.Kind == absorbing.Kind {
		return bad()
	}
	t := stored.Lattice.Reading()
	switch {
	case p.index != nil:
		return &plan.Expr{Op: plan.OpCell, Type: t, Index: p.layout.index, Args: keys}
	case len(stored.Dims) > 0:
		return &plan.Expr{Op: plan.OpDatabase, Type: plan.SetOf(stored.Rows()), Index: p.layout.index}
	case isCollection(t) && c.body.kind != inHandler:
		return &plan.Expr{Op: plan.OpDatabase, Type: t, Index: p.layout.index}
	}
	return &plan.Expr{Op: plan.OpCell, Type: t, Index: p.layout.index}
}

// keysOf reads the keys of a place: of a record those that any of its fields has.
func (c *checker) keysOf(p place, m *syntax.Member, call *syntax.Call) *plan.Expr {
	switch {
	case !c.mayRead(m) || !c.noArguments(m, call):
		return bad()
	case len(p.db.Dims) == 0:
		c.write(diag.Errorf("E104", m.Span, "`%s` has no dimensions, so it has no keys", p.db.Name).There(p.db.Decl.Name.Span, "declared here"))
		return bad()
	}
	var all *plan.Expr
	p.leaves(func(i int) {
		e := &plan.Expr{Op: plan.OpKeys, Type: plan.SetOf(c.stored[i].KeyType()), Index: i}
		if all != nil {
			e = &plan.Expr{Op: plan.OpUnion, Type: all.Type, Args: []*plan.Expr{all, e}}
		}
		all = e
	})
	return all
}
