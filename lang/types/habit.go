package types

import (
	"slices"
	"strings"

	"github.com/martinelli-lang/martinelli/lang/diag"
	"github.com/martinelli-lang/martinelli/lang/resolve"
	"github.com/martinelli-lang/martinelli/lang/syntax"
	"github.com/martinelli-lang/martinelli/plan"
)

// habits are what members are called in other languages, with what is written here.
var habits = map[string]string{
	"size": "`.count` is how many there are", "length": "`.count` is how many there are", "len": "`.count` is how many there are",
	"empty": "write `.count == 0`", "is_empty": "write `.count == 0`", "isEmpty": "write `.count == 0`",
	"contains": "write `x in xs`", "include": "write `x in xs`", "includes": "write `x in xs`", "has": "write `x in xs`", "member": "write `x in xs`",
	"select": "`.filter` keeps those for which its block holds", "where": "`.filter` keeps those for which its block holds",
	"find": "`.filter` keeps those for which its block holds", "reject": "`.filter` keeps those for which its block holds",
	"collect": "`.map` gives a value for each", "forEach": "a handler goes over them with `.each do |x| ... end`",
	"reduce": "there is no fold: `.sum`, `.max`, `.min`, `.avg` and `.count` take a block", "fold": "there is no fold: `.sum`, `.max`, `.min`, `.avg` and `.count` take a block",
	"inject": "there is no fold: `.sum`, `.max`, `.min`, `.avg` and `.count` take a block",
	"sort":   "`.sort_by do |x| key end` gives a list in order", "order_by": "`.sort_by do |x| key end` gives a list in order", "sorted": "`.sort_by do |x| key end` gives a list in order",
	"average": "`.avg` is the mean", "mean": "`.avg` is the mean", "maximum": "`.max` is the largest", "minimum": "`.min` is the smallest",
	"group_by": "`.group do |x| key end` gives (key, list) pairs", "some": "`.any do |x| condition end` says whether there is one", "exists": "`.any do |x| condition end` says whether there is one",
	"take": "`.top(n) do |x| key end` gives the first n by their key", "limit": "`.top(n) do |x| key end` gives the first n by their key",
	"difference": "`.minus` is the difference", "except": "`.minus` is the difference", "intersect": "`.intersection` is what both have",
	"flatten": "`.flat_map` joins what its block gives", "flatMap": "`.flat_map` joins what its block gives",
	"value": "a database is read by its name, `db` or `db[key]`", "get": "a database is read by its name, `db` or `db[key]`", "read": "a database is read by its name, `db` or `db[key]`",
	"insert": "`add(x)` puts an element into a set", "push": "`add(x)` puts an element into a set", "put": "`set(x)` gives a register its value, `add(x)` puts an element into a set",
	"delete": "`remove(x)` takes an element out of a set", "erase": "`remove(x)` takes an element out of a set", "clear": "`.each do |x| db.remove(x) end` empties a set",
	"increment": "`inc(n)` adds to a counter", "incr": "`inc(n)` adds to a counter", "decrement": "`dec(n)` takes from a counter", "decr": "`dec(n)` takes from a counter",
	"write": "`set(x)` gives a register its value", "update": "`set(x)` gives a register its value", "assign": "`set(x)` gives a register its value",
	"enable": "`on()` turns a once on", "to_s": "there are no conversions", "to_string": "there are no conversions", "toString": "there are no conversions", "to_i": "there are no conversions",
}

// typeHabits are what types are called in other languages.
var typeHabits = map[string]string{
	"integer": "int", "long": "int", "Int64": "int", "int64": "int", "int32": "int", "number": "int, or float", "uint": "nat", "double": "float", "real": "float",
	"decimal": "float", "boolean": "bool", "str": "string", "text": "string", "char": "string", "array": "list<T>", "Array": "list<T>", "vector": "list<T>",
	"date": "time", "datetime": "time", "timestamp": "time", "duration": "time", "instant": "time", "uuid": "id", "key": "id", "object": "any",
}

// noMember is the letter about a member that what stands before it does not have.
func (c *checker) noMember(m *syntax.Member, t plan.Type) {
	name := m.Name.Text
	d := diag.Errorf("E108", m.Name.Span, "`%s` has no `%s`", t.Label(), name)
	var known []string
	if isCollection(t) || t.Kind == plan.KindList {
		known = readerNames(t)
	}
	if p, ok := c.target(m.X); ok && !p.isRecord() {
		lattice := c.stored[p.layout.index].Lattice
		if l, isLattice := plan.LatticeOf(lattice.Kind); isLattice {
			if known = append(verbNames(l), known...); slices.Contains(plan.Verbs(), name) {
				known = verbNames(l)
			}
			d = diag.Errorf("E108", m.Name.Span, "`%s` is a %s, which has no `%s`", m.X.Where().Text(), lattice.Label(), name).
				There(p.db.Decl.Name.Span, "declared here")
		}
	}
	d = c.isSlice(c.hides(d, m.X), m.X)
	hint := resolve.DidYouMean(name, known)
	for _, k := range known {
		if hint == "" && len(name) > 1 && strings.HasPrefix(k, name) {
			hint = "did you mean `" + k + "`?"
		}
	}
	if hint == "" {
		hint = habits[name]
	}
	if hint == "" && len(known) > 0 {
		hint = "it has " + resolve.Quoted(known)
	}
	if hint == "" {
		hint = hintUnknown(t)
	}
	c.write(resolve.Meant(d.Hinting("%s", hint), m.Name.Span, name, known))
}

// hides adds to a letter that a local name stands before a database of its name.
func (c *checker) hides(d diag.Diagnostic, x syntax.Expr) diag.Diagnostic {
	id, ok := x.(*syntax.Ident)
	if !ok {
		return d
	}
	l, isLocal := c.prog.Uses[id].(*resolve.Local)
	if !isLocal || l.Name.File == nil || !slices.ContainsFunc(c.prog.Databases, func(db *resolve.Database) bool { return db.Name == l.Name.Text }) {
		return d
	}
	return d.There(l.Name.Span, "this `%s` hides the database", l.Name.Text)
}

// Readers lists what a collection or a list can be read by, and each.
func Readers(t plan.Type) []string { return readerNames(t) }

func readerNames(t plan.Type) []string {
	names := []string{"each"}
	for n, r := range readers {
		if t.Kind == plan.KindList && (r.shape == takesOther || r.shape == takesBoth) {
			continue
		}
		names = append(names, n)
	}
	for n := range aggregates {
		if t.Kind != plan.KindList || n != "closure" {
			names = append(names, n)
		}
	}
	slices.Sort(names)
	return names
}
