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
	decl        *syntax.TypeDecl
	state       state
	typ         plan.Type
	hasLattices bool // all its fields are lattices: it is the type of a database, and no plain value has it
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
			if !r.hasLattices { // which is no type of a value
				c.declTypes = append(c.declTypes, plan.TypeDecl{Name: d.Name.Text, Type: r.typ})
			}
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
		r.hasLattices = c.areLattices(d.Type)
	default:
		r.typ = c.plainType(d.Type)
		if !absorbs(r.typ) {
			r.typ.Name = d.Name.Text
		}
	}
	r.state = done
}

// hasLattice reports whether a field of the record is a lattice.
func (c *checker) hasLattice(t *syntax.RecordType) bool {
	return slices.ContainsFunc(t.Fields, func(f syntax.FieldType) bool { return c.isLattice(f.Type) })
}

// isLattice reports whether a type is a lattice or a record of lattices.
func (c *checker) isLattice(t syntax.Type) bool {
	switch t := t.(type) {
	case *syntax.RecordType:
		return c.hasLattice(t)
	case *syntax.NamedType:
		if _, ok := plan.LatticeNamed(t.Name.Text); ok {
			return true
		}
		if r, ok := c.records[t.Name.Text]; ok && r.state != underway {
			c.declareRecord(r)
			return r.hasLattices
		}
	}
	return false
}

// areLattices reports whether all fields of a record are lattices, as they
// must be where one is. The others have letters.
func (c *checker) areLattices(t *syntax.RecordType) bool {
	all := true
	for _, f := range t.Fields {
		if in, ok := f.Type.(*syntax.RecordType); ok && c.isLattice(in) {
			all = c.areLattices(in) && all
		} else if !c.isLattice(f.Type) {
			c.write(diag.Errorf("E512", f.Type.Where(), "`%s` is no lattice, and other fields of this record are", f.Name.Text).
				Hinting("a record is all plain values or all lattices: `lww<T>` keeps the latest of a plain T"))
			all = false
		}
	}
	return all
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
		c.write(diag.Errorf("E511", t.Name.Span, "there is no type `%s`", t.Name.Text).Hinting("%s", c.hintType(t.Name.Text)).Fixed(c.fixType(t.Name)...))
		return absorbing
	case r.state == underway:
		c.write(diag.Errorf("E516", t.Span, "the type `%s` contains itself", t.Name.Text).
			There(r.decl.Name.Span, "declared here").
			Hinting("a record is a finite value: refer to another one by its id"))
		return absorbing
	}
	c.declareRecord(r)
	if r.hasLattices {
		c.write(diag.Errorf("E512", t.Span, "`%s` is a record of lattices, and here stands a plain value", t.Name.Text).
			There(r.decl.Name.Span, "declared here").
			Hinting("it is the type of a database, or of a field of another record of lattices"))
	}
	return r.typ
}

// hintType says what an unknown type may mean.
func (c *checker) hintType(name string) string {
	if here, ok := typeHabits[name]; ok {
		return "write `" + here + "`"
	}
	if near := resolve.DidYouMean(name, c.typeNames()); near != "" {
		return near
	}
	return "the types are any, bool, float, id, int, list<T>, nat, string, symbol, time and those declared by `type`"
}

// fixType is what hintType says to write, where that is one type.
func (c *checker) fixType(name syntax.Name) []diag.Edit {
	instead := typeHabits[name.Text]
	if instead == "" {
		instead = resolve.Nearest(name.Text, c.typeNames())
	}
	if instead == "" || strings.ContainsAny(instead, "<, ") {
		return nil
	}
	return []diag.Edit{diag.Replace(name.Span, instead)}
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
