package types

import (
	"slices"
	"strings"

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

//
// A map of lattices is one more dimension: map<id, gcounter> by :room is
// stored as a gcounter by room and key. Its key paths are those that the
// lattice map of the algebra has. A key below a map is removed as a whole, so
// what is stored there is removable: no entry sums up others.

// layout is how a database, or a place inside one, is stored.
type layout struct {
	index  int       // of the stored database; meaningless for a record and a map
	fields []field   // of a record, ascending by name
	inside *layout   // of a map: what stands at each key
	key    plan.Type // of a map
	filled *filled   // by processes; nil where none does

	record *resolve.View // of a whole database that processes fill and that is stored as several: what reads as it
}

type field struct {
	name string
	*layout
}

// isLeaf reports whether the place is stored as one database, with verbs.
func (l *layout) isLeaf() bool { return !l.isRecord() && !l.isMap() }

// isMap reports whether a key is to be given.
func (l *layout) isMap() bool { return l.inside != nil }

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
	switch {
	case l.isMap():
		l.inside.leaves(f)
	case l.isLeaf():
		f(l.index)
		if l.filled != nil {
			for _, i := range l.filled.beside() {
				f(i)
			}
		}
	}
	for _, in := range l.fields {
		in.leaves(f)
	}
}

// eachLeaf calls f with every place that is stored as one database.
func (l *layout) eachLeaf(f func(*layout)) {
	switch {
	case l.isMap():
		l.inside.eachLeaf(f)
	case l.isLeaf():
		f(l)
	}
	for _, in := range l.fields {
		in.eachLeaf(f)
	}
}

// innermost is what stands below the maps.
func (l *layout) innermost() *layout {
	for l.isMap() {
		l = l.inside
	}
	return l
}

// lay stores what d says under a type: d itself, or a database for each field.
func (c *checker) lay(db *resolve.Database, d plan.Database, t syntax.Type) *layout {
	if r, ok := c.latticeRecord(t); ok {
		return c.layRecord(db, d, r)
	}
	if m, ok := t.(*syntax.NamedType); ok && m.Name.Text == "map" && len(m.Args) == 2 {
		key := c.keyType(m.Args[0])
		d.Dims = append(slices.Clone(d.Dims), plan.Dim{Name: "key", Type: key})
		d.Removable = true
		return &layout{inside: c.lay(db, d, m.Args[1]), key: key}
	}
	if d.Expires > 0 && !strings.Contains(d.Name, ".") {
		d.Whole = len(d.Dims)
	}
	if t != nil {
		d.Lattice = c.latticeType(t)
		c.typeAt[len(c.stored)] = t.Where()
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
		if d.Expires > 0 && !strings.Contains(d.Name, ".") {
			in.Whole = len(d.Dims) // the outermost record lives and dies as one
		}
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

// keyType reads the type of a map's keys.
func (c *checker) keyType(t syntax.Type) plan.Type {
	key := c.plainType(t)
	if key.Kind == plan.KindSymbol {
		c.write(diag.Errorf("E519", t.Where(), "a key is never a symbol").Hinting("a key of text is a string or an id"))
		return absorbing
	}
	return key
}

// place is a database, one of its keys, or what stands inside there.
type place struct {
	db    *resolve.Database
	index *syntax.Index // nil: without a key
	steps []step        // the keys of maps
	*layout
}

// step is a key of a map.
type step struct {
	key syntax.Expr
	typ plan.Type
}

// given is how many dimensions of what is stored have a key.
func (p place) given() int {
	if p.index == nil {
		return len(p.steps)
	}
	return len(p.index.Keys) + len(p.steps)
}

// isWhole reports whether every dimension of the database has a key.
func (p place) isWhole() bool {
	return len(p.db.Dims) == 0 || p.index != nil && len(p.index.Keys) == len(p.db.Dims)
}

// target returns the place that x names, if it names one.
func (c *checker) target(x syntax.Expr) (p place, ok bool) {
	switch x := x.(type) {
	case *syntax.Ident:
		p.db, ok = c.prog.Uses[x].(*resolve.Database)
		p.layout = c.layouts[p.db]
	case *syntax.Index:
		if p, ok = c.target(x.X); !ok {
			return p, false
		}
		if len(p.db.Dims) == 0 && resolve.IsSequence(p.db.Decl.Type) {
			return p, false // an element of what it reads as
		}
		if p.index == nil && p.layout == c.layouts[p.db] && (len(p.db.Dims) > 0 || !p.isMap()) {
			p.index = x
			return p, true
		}
		if ok = p.isMap() && len(x.Keys) == 1 && p.isWhole(); ok {
			p.steps, p.layout = append(slices.Clip(p.steps), step{x.Keys[0], p.key}), p.inside
		}
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
	if p.index == nil && !c.slice(&p, x) {
		return bad()
	}
	return c.readAt(p, c.keysAt(p), x)
}

// keysAt types the keys that are given at a place.
func (c *checker) keysAt(p place) []*plan.Expr {
	var keys []*plan.Expr
	if p.index != nil {
		keys = c.key(p.db, p.index)
	}
	for _, s := range p.steps {
		if sym, ok := s.key.(*syntax.Symbol); ok && c.prog.Uses[sym] == nil {
			c.write(diag.Errorf("E103", sym.Span, "`%s` has no value here", sym.Name).
				Hinting("inside `[ ]`, `:%s` is the value of `%s` in scope; a key of text is a string", sym.Name, sym.Name))
			keys = append(keys, bad())
			continue
		}
		keys = append(keys, c.fit(c.keyValue(s.key), s.typ, s.key))
	}
	return keys
}

// leaf returns the one database that a place is stored as, below maps too.
func (l *layout) leaf() (*layout, bool) {
	l = l.innermost()
	return l, l.isLeaf()
}

// readAt reads a record as the record of its fields.
func (c *checker) readAt(p place, keys []*plan.Expr, x syntax.Node) *plan.Expr {
	if leaf, ok := p.leaf(); ok {
		return c.readLeaf(leaf, keys)
	}
	if p.isMap() || p.given() < len(p.db.Dims) {
		return c.wholeAt(p.layout, keys, x)
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

// readLeaf reads what is stored as one database, and the cells beside it.
func (c *checker) readLeaf(leaf *layout, keys []*plan.Expr) *plan.Expr {
	if leaf.filled != nil {
		return c.readFilled(leaf.filled, keys)
	}
	return c.readStored(leaf.index, keys)
}

// readStored reads a stored database: a key of it, or all keys that begin with
// the given ones.
func (c *checker) readStored(i int, keys []*plan.Expr) *plan.Expr {
	stored := &c.stored[i]
	if stored.Lattice.Kind == absorbing.Kind {
		return bad()
	}
	t := stored.Lattice.Reading()
	if len(keys) == len(stored.Dims) && (len(keys) > 0 || !isCollection(t) || c.body.kind == inHandler) {
		return &plan.Expr{Op: plan.OpCell, Type: t, Index: i, Args: keys}
	}
	rows := &plan.Expr{Op: plan.OpDatabase, Type: plan.SetOf(stored.Rows()), Index: i}
	return c.below(rows, keys, len(stored.Dims)+1)
}

// below takes the tuples that begin with the given keys, and of those what
// stands behind, up to the part at end.
func (c *checker) below(xs *plan.Expr, keys []*plan.Expr, end int) *plan.Expr {
	parts := xs.Type.Element().Args
	if absorbs(xs.Type) {
		return bad()
	}
	if len(keys) == 0 && end >= len(parts) {
		return xs
	}
	if len(keys) > 0 {
		slots, locals := c.fresh(parts)
		var cond *plan.Expr
		for i, k := range keys {
			is := &plan.Expr{Op: plan.OpEq, Type: plan.Bool, Args: []*plan.Expr{locals[i], k}}
			if cond != nil {
				is = &plan.Expr{Op: plan.OpAnd, Type: plan.Bool, Args: []*plan.Expr{cond, is}}
			}
			cond = is
		}
		xs = &plan.Expr{Op: plan.OpFilter, Type: xs.Type, Args: []*plan.Expr{xs}, Block: &plan.Block{Params: slots, Expr: cond}}
	}
	slots, locals := c.fresh(parts)
	rest := locals[len(keys):end]
	elem := rest[0]
	if len(rest) > 1 {
		elem = &plan.Expr{Op: plan.OpTuple, Type: plan.TupleOf(parts[len(keys):end]...), Args: rest}
	}
	return &plan.Expr{Op: plan.OpMap, Type: plan.SetOf(elem.Type), Args: []*plan.Expr{xs}, Block: &plan.Block{Params: slots, Expr: elem}}
}

// fresh gives the parts of an element a slot each.
func (c *checker) fresh(parts []plan.Type) (slots []int, locals []*plan.Expr) {
	for _, t := range parts {
		slots = append(slots, c.body.slots)
		locals = append(locals, &plan.Expr{Op: plan.OpLocal, Type: t, Index: c.body.slots})
		c.body.slots++
	}
	return slots, locals
}

// keysOf reads the keys of a place: those of the database, or of a map there;
// of a record those that any of its fields has.
func (c *checker) keysOf(p place, m *syntax.Member, call *syntax.Call) *plan.Expr {
	if !c.mayRead(m) || !c.noArguments(m, call) || p.index != nil && c.prog.Faulty[p.index] {
		return bad()
	}
	if p.given() == 0 && len(p.db.Dims) == 0 && !p.isMap() {
		c.write(diag.Errorf("E104", m.Span, "`%s` has no dimensions, so it has no keys", p.db.Name).There(p.db.Decl.Name.Span, "declared here"))
		return bad()
	}
	keys := c.keysAt(p)
	end := len(keys) + 1
	if !p.isWhole() {
		end = len(p.db.Dims)
	}
	return c.keysBelow(p.layout, keys, end)
}

// keysBelow reads the keys behind the given ones, up to the part at end, at
// which anything in a layout has something.
func (c *checker) keysBelow(l *layout, keys []*plan.Expr, end int) (all *plan.Expr) {
	l.eachLeaf(func(leaf *layout) {
		var e *plan.Expr
		switch stored := &c.stored[leaf.index]; {
		case leaf.filled != nil:
			e = c.below(c.readFilled(leaf.filled, nil), keys, end)
		default:
			e = &plan.Expr{Op: plan.OpKeys, Type: plan.SetOf(stored.KeyType()), Index: leaf.index}
			if len(stored.Dims) > 1 {
				e = c.below(e, keys, end)
			}
		}
		if all != nil && !absorbs(e.Type) {
			e = &plan.Expr{Op: plan.OpUnion, Type: all.Type, Args: []*plan.Expr{all, e}}
		}
		all = e
	})
	return all
}

// hasKeys reports whether keys can be asked of a place.
func (p place) hasKeys() bool {
	return p.index == nil && len(p.steps) == 0 || !p.isWhole() || p.isMap()
}

// asked notes the place before a dot, for who asks what may stand behind it.
func (c *checker) asked(x syntax.Expr, p place, ok bool) {
	if !ok || c.learning {
		return
	}
	noted := Place{Database: p.db, Stored: -1, HasKeys: p.hasKeys(), IsWhole: p.isWhole()}
	if p.isLeaf() {
		noted.Stored = p.layout.index
	}
	for _, f := range p.fields {
		t := plan.Any
		if f.isLeaf() {
			t = c.stored[f.index].Lattice.Reading()
		}
		noted.Fields = append(noted.Fields, plan.Field{Name: f.name, Type: t})
	}
	c.spans.Places[x] = noted
	if m, isMember := x.(*syntax.Member); isMember {
		outer, ok := c.target(m.X)
		c.asked(m.X, outer, ok)
	}
}
