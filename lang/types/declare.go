package types

import (
	"slices"
	"strings"

	"github.com/martinelli-lang/martinelli/lang/diag"
	"github.com/martinelli-lang/martinelli/lang/resolve"
	"github.com/martinelli-lang/martinelli/lang/syntax"
	"github.com/martinelli-lang/martinelli/plan"
)

// record is a declared record type.
type record struct {
	decl  *syntax.TypeDecl
	state state
	typ   plan.Type
}

func (c *checker) declareTypes() {
	for _, d := range c.prog.Types {
		if isBuiltIn(d.Name.Text) {
			c.write(diag.Errorf("E102", d.Name.Span, "`%s` is a type of the language", d.Name.Text).Hinting("choose another name"))
			continue
		}
		c.records[d.Name.Text] = &record{decl: d}
	}
	for _, d := range c.prog.Types {
		if r, ok := c.records[d.Name.Text]; ok {
			c.declareRecord(r)
			c.declTypes = append(c.declTypes, plan.TypeDecl{Name: d.Name.Text, Type: r.typ})
		}
	}
}

func isBuiltIn(name string) bool {
	_, plain := plan.PlainNamed(name)
	_, lattice := plan.LatticeNamed(name)
	return plain || lattice || name == "list"
}

// declareRecord gives the record its type, when its own or another's
// declaration asks for it.
func (c *checker) declareRecord(r *record) {
	if r.state != untouched {
		return
	}
	r.state, r.typ = underway, absorbing
	d := r.decl
	switch {
	case d.Type == nil:
	case c.hasLattice(d.Type):
		c.notYet(d.Name, "a record of lattices", "give each field a database of its own, or keep plain values in the record")
	default:
		r.typ = c.plainType(d.Type)
		if !absorbs(r.typ) {
			r.typ.Name = d.Name.Text
		}
	}
	r.state = done
}

// hasLattice reports whether a field of the record names a lattice.
func (c *checker) hasLattice(t *syntax.RecordType) bool {
	return slices.ContainsFunc(t.Fields, func(f syntax.FieldType) bool {
		n, ok := f.Type.(*syntax.NamedType)
		if !ok {
			return false
		}
		_, lattice := plan.LatticeNamed(n.Name.Text)
		return lattice
	})
}

// plainType reads the type of a plain value.
func (c *checker) plainType(t syntax.Type) plan.Type {
	switch t := t.(type) {
	case *syntax.NamedType:
		return c.sized(t, c.namedType(t))
	case *syntax.RecordType:
		fields := make([]plan.Field, len(t.Fields))
		for i, f := range t.Fields {
			fields[i] = plan.Field{Name: f.Name.Text, Type: c.plainType(f.Type)}
		}
		return c.sized(t, recordOf(fields))
	case *syntax.Signature:
		c.write(diag.Errorf("E511", t.Span, "a signature is no type of a value").Hinting("it stands in `import` alone"))
	}
	return absorbing
}

// recordOf returns the record type with the given fields, in any order.
func recordOf(fields []plan.Field) plan.Type {
	slices.SortFunc(fields, func(a, b plan.Field) int { return strings.Compare(a.Name, b.Name) })
	return plan.Type{Kind: plan.KindRecord, Fields: fields}
}

// sized refuses a type that is too large to be worked with.
func (c *checker) sized(at syntax.Node, t plan.Type) plan.Type {
	if size(t) <= typeSizeMax && depth(t) < plan.TypeDepthMax {
		return t
	}
	c.write(diag.Errorf("E191", at.Where(), "this type is too large").
		Hinting("a type has at most %d parts and %d levels", typeSizeMax, plan.TypeDepthMax))
	return absorbing
}

func (c *checker) namedType(t *syntax.NamedType) plan.Type {
	name := t.Name.Text
	if name == "list" {
		if len(t.Args) != 1 {
			c.typeArguments(t, 1)
			return absorbing
		}
		return plan.Type{Kind: plan.KindList, Args: []plan.Type{c.plainType(t.Args[0])}}
	}
	if l, ok := plan.LatticeNamed(name); ok {
		c.write(diag.Errorf("E512", t.Span, "`%s` is a lattice, and here stands a plain value", l.Name).
			Hinting("a lattice is the type of a database; `list<T>` is a plain value"))
		return absorbing
	}
	if len(t.Args) > 0 {
		c.typeArguments(t, 0)
		return absorbing
	}
	if p, ok := plan.PlainNamed(name); ok {
		return p
	}
	return c.declaredType(t)
}

func (c *checker) declaredType(t *syntax.NamedType) plan.Type {
	r, ok := c.records[t.Name.Text]
	switch {
	case !ok:
		c.write(diag.Errorf("E511", t.Name.Span, "there is no type `%s`", t.Name.Text).
			Hinting("%s", resolve.DidYouMean(t.Name.Text, c.typeNames())))
		return absorbing
	case r.state == underway:
		c.write(diag.Errorf("E516", t.Span, "the type `%s` contains itself", t.Name.Text).
			There(r.decl.Name.Span, "declared here").
			Hinting("a record is a finite value: refer to another one by its id"))
		return absorbing
	}
	c.declareRecord(r)
	return r.typ
}

func (c *checker) typeNames() []string {
	var names []string
	for _, d := range c.prog.Types {
		names = append(names, d.Name.Text)
	}
	return append(names, "any", "bool", "float", "id", "int", "list", "nat", "string", "symbol", "time")
}

func (c *checker) typeArguments(t *syntax.NamedType, n int) {
	c.write(diag.Errorf("E511", t.Span, "`%s` takes %s", t.Name.Text, counted(n, "type argument")))
}

// declareDatabase gives the database its lattice: the declared one, or the
// smallest that has all verbs the program calls on it.
func (c *checker) declareDatabase(db *resolve.Database) {
	c.databases[db] = len(c.stored)
	d := plan.Database{Name: db.Name, At: db.At, WriteByKey: -1, Lattice: absorbing}
	for _, dim := range db.Dims {
		d.Dims = append(d.Dims, plan.Dim{Name: dim.Text, Type: absorbing})
	}
	switch db.Sharing {
	case resolve.ByAll:
		d.Placement = plan.Shared
	case resolve.ByValue:
		d.Placement, d.Space = plan.ByValue, db.Space
	}
	if db.Decl.Type != nil {
		d.Lattice = c.latticeType(db.Decl.Type)
	} else {
		d.Lattice = c.latticeByVerbs(db)
	}
	c.stored = append(c.stored, d)
	c.learned = append(c.learned, learned{dims: make([]plan.Type, len(d.Dims))})
}

// latticeType reads the type of a database.
func (c *checker) latticeType(t syntax.Type) plan.Type {
	n, ok := t.(*syntax.NamedType)
	if !ok {
		if r, isRecord := t.(*syntax.RecordType); isRecord {
			c.notYet(r, "a record of lattices", "give each field a database of its own")
		}
		return absorbing
	}
	l, ok := plan.LatticeNamed(n.Name.Text)
	switch {
	case !ok:
		return c.notLattice(n)
	case !l.Available:
		c.notYet(n, "the lattice `"+l.Name+"`", insteadOf(l.Name))
		return absorbing
	case len(n.Args) != l.Params:
		c.typeArguments(n, l.Params)
		return absorbing
	case l.Params == 0:
		return plan.Type{Kind: l.Kind}
	}
	elem := c.plainType(n.Args[0])
	if l.Kind == plan.KindMax && !absorbs(elem) && !isNumber(elem) && !isText(elem) {
		c.write(diag.Errorf("E514", n.Args[0].Where(), "`max` needs an order that means something: numbers, strings and times have one; `%s` has not", elem.Label()))
		return absorbing
	}
	return plan.Type{Kind: l.Kind, Args: []plan.Type{elem}}
}

// notLattice is the letter about a database with a plain or unknown type.
func (c *checker) notLattice(n *syntax.NamedType) plan.Type {
	name := n.Name.Text
	if r, ok := c.records[name]; ok {
		if c.hasLattice(r.decl.Type) {
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
	c.write(diag.Errorf("E511", n.Name.Span, "there is no lattice `%s`", name).Hinting("%s", resolve.DidYouMean(name, names)))
	return absorbing
}

// insteadOf says what can be used today in place of a lattice to come.
func insteadOf(lattice string) string {
	return map[string]string{
		"mv": "write lww<T>, which keeps the latest value", "min": "use max<T> of the negated number",
		"rset": "use set<T>, in which an add wins over a removal", "flag": "use once, or lww<bool>",
		"log": "use gset<T>, whose elements have no order", "text": "use lww<string>", "seq": "use set<T>",
		"map": "give the database a dimension with :by",
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
	l, ok := plan.LatticeWith(verbs)
	if !ok {
		c.noLattice(db, verbs)
		return absorbing
	}
	if !l.Available {
		c.notYet(db.Decl.Name, "the lattice `"+l.Name+"`, which "+resolve.Quoted(verbs)+" asks for", insteadOf(l.Name))
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

func (c *checker) declareImport(f *resolve.Import) {
	c.imports[f] = len(c.hosts)
	d, host := f.Decl, plan.Import{Name: f.Name, Result: plan.Type{Kind: plan.KindNil}}
	for _, o := range d.Options {
		c.importOption(&host, o)
	}
	if d.Signature == nil {
		c.write(diag.Errorf("E601", d.Name.Span, "`%s` has no signature", f.Name).
			Hinting("write the types of its arguments and of its result, as in `import :%s, (int, id) -> bool, :from => \"go:%s\"`", f.Name, f.Name))
		host.Result = absorbing
		c.hosts = append(c.hosts, host)
		return
	}
	for _, p := range d.Signature.Params {
		if p.Out {
			c.notYet(p, "an `out` cell", "return the value, and let a handler write it")
			host.Params = append(host.Params, plan.Param{Type: absorbing})
			continue
		}
		host.Params = append(host.Params, plan.Param{Type: c.importType(p.Type)})
	}
	if d.Signature.Result != nil {
		host.Result = c.importType(d.Signature.Result)
	}
	c.hosts = append(c.hosts, host)
}

// importType reads a type of a signature, where a lattice's name would mean
// the slice of a database.
func (c *checker) importType(t syntax.Type) plan.Type {
	if n, ok := t.(*syntax.NamedType); ok {
		if l, isLattice := plan.LatticeNamed(n.Name.Text); isLattice {
			c.notYet(n, "a `"+l.Name+"` as an argument of an imported function", "take a list<T>, or one element at a time")
			return absorbing
		}
	}
	return c.plainType(t)
}

func (c *checker) importOption(host *plan.Import, o syntax.Option) {
	if o.Name.Text != "from" {
		c.notYet(o, "the promise `:"+o.Name.Text+"` of an import", "leave it out: it is not relied on")
		return
	}
	s, ok := o.Value.(*syntax.String)
	switch {
	case ok && strings.HasPrefix(s.Value, "go:") && len(s.Value) > len("go:"):
		host.From = s.Value
	case ok && strings.HasPrefix(s.Value, "wasm:"):
		c.notYet(o, "functions from WebAssembly modules", "import a Go function: :from => \"go:name\"")
	default:
		c.write(diag.Errorf("E602", o.Span, "an import comes from \"go:name\" or \"wasm:path\""))
	}
}
