package types

import (
	"slices"

	"github.com/martinelli-lang/martinelli/lang/diag"
	"github.com/martinelli-lang/martinelli/lang/resolve"
	"github.com/martinelli-lang/martinelli/lang/syntax"
	"github.com/martinelli-lang/martinelli/plan"
)

// declareDatabase gives the database its lattice: the declared one, or the
// smallest that has all verbs the program calls on it.
func (c *checker) declareDatabase(db *resolve.Database) {
	d := plan.Database{Name: db.Name, At: db.At, WriteByKey: -1, Users: db.Users, Lattice: absorbing}
	for _, dim := range db.Dims {
		d.Dims = append(d.Dims, plan.Dim{Name: dim.Text, Type: absorbing})
	}
	if d.Expires = db.Expires; d.Expires > 0 {
		d.Removable = true
	}
	switch db.Sharing {
	case resolve.ByAll:
		d.Placement, d.Roles = plan.Shared, db.Roles()
	case resolve.ByValue:
		d.Placement, d.Space = plan.ByValue, db.Space
	}
	c.layouts[db] = c.lay(db, d, db.Decl.Type)
	c.fill(db, c.layouts[db])
}

// latticeType reads the type of a database.
func (c *checker) latticeType(t syntax.Type) plan.Type {
	n, ok := t.(*syntax.NamedType)
	if !ok {
		return absorbing // a signature, which had its letter
	}
	l, ok := plan.LatticeNamed(n.Name.Text)
	switch {
	case !ok:
		return c.notLattice(n)
	case l.Kind == plan.KindMapOf: // with two it is laid out
		c.typeArguments(n, l.Params)
		return absorbing
	case len(n.Args) != l.Params:
		c.typeArguments(n, l.Params)
		return absorbing
	}
	if !l.Available {
		c.notRun(n, "the lattice `"+l.Name+"`", insteadOf(l.Name))
	}
	if l.Params == 0 {
		return plan.Type{Kind: l.Kind}
	}
	elem := c.plainType(n.Args[0])
	if (l.Kind == plan.KindMax || l.Kind == plan.KindMin) && !absorbs(elem) && !isNumber(elem) && !isText(elem) {
		c.write(diag.Errorf("E514", n.Args[0].Where(), "`%s` needs an order that means something: numbers, strings and times have one; `%s` has not", l.Name, elem.Label()))
		return absorbing
	}
	return plan.Type{Kind: l.Kind, Args: []plan.Type{elem}}
}

// notLattice is the letter about a database with a plain or unknown type.
func (c *checker) notLattice(n *syntax.NamedType) plan.Type {
	name := n.Name.Text
	if r, ok := c.records[name]; ok {
		if c.hasLattice(r.decl.Type) && r.decl.Type != nil {
			return absorbing // its declaration had the letter
		}
		c.write(diag.Errorf("E512", n.Span, "`%s` is a plain value, and a database needs a lattice", name).
			Hinting("write `set<%s>` for many of them, or `lww<%s>` for one", name, name))
		return absorbing
	}
	if isBuiltIn(name) {
		c.write(diag.Errorf("E512", n.Span, "`%s` is a plain value, and a database needs a lattice", name).
			Hinting("`set<T>` keeps many values, `lww<T>` the latest, `gcounter` a count"))
		return absorbing
	}
	var names []string
	for _, l := range plan.Lattices() {
		names = append(names, l.Name)
	}
	c.write(resolve.Meant(diag.Errorf("E511", n.Name.Span, "there is no lattice `%s`", name), n.Name.Span, name, names))
	return absorbing
}

// insteadOf says what can be used today in place of a lattice to come.
func insteadOf(lattice string) string {
	return map[string]string{
		"text": "use lww<string>", "seq": "use log<T>, to which elements are only appended",
	}[lattice]
}

// latticeByVerbs infers the lattice of an untyped database.
func (c *checker) latticeByVerbs(db *resolve.Database) plan.Type {
	known := plan.Verbs()
	var verbs []string
	for _, m := range db.Members {
		if slices.Contains(known, m.Text) && !slices.Contains(verbs, m.Text) {
			verbs = append(verbs, m.Text)
		}
	}
	l, ok := c.lockedLattice(db.Name, verbs)
	if !ok {
		l, ok = plan.LatticeWith(verbs)
	}
	if !ok {
		c.noLattice(db, verbs)
		return absorbing
	}
	t := plan.Type{Kind: l.Kind}
	if l.Params == 1 {
		t.Args = []plan.Type{absorbing} // until its element is learned
	}
	return t
}

func (c *checker) noLattice(db *resolve.Database, verbs []string) {
	d := diag.Errorf("E517", db.Decl.Name.Span, "no lattice has all of %s", resolve.Quoted(verbs))
	for _, v := range verbs {
		i := slices.IndexFunc(db.Members, func(n syntax.Name) bool { return n.Text == v })
		d = d.There(db.Members[i].Span, "`%s` here", v)
	}
	c.write(d.Hinting("use two databases, or write the type you mean"))
}
