package lens

import (
	"strings"

	"github.com/martinelli-lang/martinelli/lang/resolve"
	"github.com/martinelli-lang/martinelli/lang/syntax"
	"github.com/martinelli-lang/martinelli/lang/token"
	"github.com/martinelli-lang/martinelli/plan"
)

// walker notes every name of the program with what it stands for.
type walker struct {
	lens   *Lens
	page   *page
	allows map[*syntax.Allow]*resolve.Allow
}

func (w *walker) thing(k key, object any) *Thing {
	t := w.lens.things[k]
	if t == nil {
		t = &Thing{Kind: k.kind, Name: k.name, Owner: k.owner, object: object}
		w.lens.things[k] = t
	}
	return t
}

// use notes a name.
func (w *walker) use(n syntax.Name, k key, object any, x syntax.Expr) *Thing {
	if n.File == nil || n.Text == "" {
		return nil
	}
	k.name = n.Text
	t := w.thing(k, object)
	u := Use{Span: named(n)}
	t.Uses = append(t.Uses, u)
	w.page.marks = append(w.page.marks, mark{u, t, x})
	return t
}

// declare notes a name where it is declared.
func (w *walker) declare(n syntax.Name, k key, object any) {
	if t := w.use(n, k, object, nil); t != nil {
		t.Decls = append(t.Decls, named(n))
	}
}

func (w *walker) decls(ds []syntax.Decl) {
	for _, d := range ds {
		w.decl(d)
	}
}

func (w *walker) decl(d syntax.Decl) {
	w.head(d)
	switch d := d.(type) {
	case *syntax.At:
		for _, n := range d.Roles {
			w.use(n, key{kind: Role}, nil, nil)
		}
		w.decls(d.Decls)
	case *syntax.Database:
		w.declare(d.Name, key{kind: Database}, w.lens.database(d.Name.Text))
		w.typ(d.Type, "")
		w.options(d.Options)
	case *syntax.View:
		w.declare(d.Name, key{kind: View}, nil)
		w.block(d.Block)
	case *syntax.Handler:
		w.declare(d.Event, key{kind: Event}, nil)
		w.block(d.Block)
	case *syntax.Process:
		w.block(d.Block)
	case *syntax.Invariant:
		w.declare(d.Name, key{kind: Invariant}, nil)
		w.options(d.Options)
		w.block(d.Block)
	case *syntax.Import:
		w.declare(d.Name, key{kind: Import}, nil)
		if d.Signature != nil {
			w.typ(d.Signature, "")
		}
		w.options(d.Options)
	case *syntax.Def:
		w.declare(d.Name, key{kind: Def}, nil)
		w.block(d.Block)
	case *syntax.TypeDecl:
		w.declare(d.Name, key{kind: Record}, d)
		if d.Type != nil {
			w.typ(d.Type, d.Name.Text)
		}
	case *syntax.Allow:
		w.allow(d)
	case *syntax.Test:
		for _, b := range []*syntax.Block{d.Given, d.When, d.Always, d.Then} {
			w.block(b)
		}
	}
}

// head notes the word that a declaration begins with.
func (w *walker) head(d syntax.Decl) {
	s := d.Where()
	if s.File == nil {
		return
	}
	end := s.Start
	for end < s.End && isLetter(s.File.Text[end]) {
		end++
	}
	word := token.Span{File: s.File, Start: s.Start, End: end}
	if _, isHandler := d.(*syntax.Handler); !isHandler {
		w.use(syntax.Name{Span: word, Text: word.Text()}, key{kind: Word}, nil, nil)
	}
}

func (w *walker) allow(d *syntax.Allow) {
	if a := w.allows[d]; a != nil {
		switch a.Target.(type) {
		case *resolve.Database:
			w.use(d.Target, key{kind: Database}, a.Target, nil)
		case *resolve.View:
			w.use(d.Target, key{kind: View}, a.Target, nil)
		}
	}
	w.options(d.Options)
	w.block(d.Block)
}

// options notes options, and the names that stand in them.
func (w *walker) options(os []syntax.Option) {
	for _, o := range os {
		w.use(o.Name, key{kind: Option}, nil, nil)
		kind := Dimension
		switch o.Name.Text {
		case "at":
			kind = Role
		case "by", "replicated", "is", "ambient":
		default:
			continue
		}
		values := []syntax.Expr{o.Value}
		if l, ok := o.Value.(*syntax.List); ok {
			values = l.Elems
		}
		for _, v := range values {
			if s, ok := v.(*syntax.Symbol); ok {
				w.use(syntax.Name{Span: s.Span, Text: s.Name}, key{kind: kind}, nil, nil)
			}
		}
	}
}

// typ notes the names of a type; owner is the declared type whose record it is.
func (w *walker) typ(t syntax.Type, owner string) {
	switch t := t.(type) {
	case *syntax.NamedType:
		k := key{kind: Record}
		if !w.lens.isDeclared(t.Name.Text) {
			k.kind = BuiltIn
		}
		w.use(t.Name, k, nil, nil)
		for _, a := range t.Args {
			w.typ(a, "")
		}
	case *syntax.RecordType:
		for _, f := range t.Fields {
			w.declare(f.Name, key{kind: Field, owner: owner}, nil)
			w.typ(f.Type, "")
		}
	case *syntax.Signature:
		for _, p := range t.Params {
			w.typ(p.Type, "")
		}
		w.typ(t.Result, "")
	}
}

func (w *walker) block(b *syntax.Block) {
	if b == nil {
		return
	}
	w.params(b.Params)
	w.body(b.Body)
	for _, c := range []*syntax.Clause{b.Else, b.Undo} {
		if c != nil {
			w.params(c.Params)
			w.body(c.Body)
		}
	}
}

func (w *walker) params(ps []syntax.Param) {
	for i := range ps {
		if l := w.lens.names.Params[&ps[i]]; l != nil {
			w.declare(ps[i].Name, key{kind: Local, local: l}, l)
		}
		w.typ(ps[i].Type, "")
		if ps[i].Source != nil {
			w.expr(ps[i].Source)
		}
	}
}

func (w *walker) body(ss []syntax.Stmt) {
	for _, s := range ss {
		switch s := s.(type) {
		case *syntax.Let:
			w.expr(s.Value)
			if l := w.lens.names.Lets[s]; l != nil {
				w.declare(s.Name, key{kind: Local, local: l}, l)
			}
		case *syntax.ExprStmt:
			w.expr(s.X)
		case *syntax.Command:
			w.use(s.Word, key{kind: Word}, nil, nil)
			w.exprs(s.Args)
			for _, o := range s.Options {
				w.use(o.Name, key{kind: Option}, nil, nil)
				w.expr(o.Value)
			}
			w.block(s.Block)
		}
	}
}

func (w *walker) exprs(xs []syntax.Expr) {
	for _, x := range xs {
		w.expr(x)
	}
}

func (w *walker) expr(x syntax.Expr) {
	w.page.exprs = append(w.page.exprs, x)
	switch x := x.(type) {
	case *syntax.Ident:
		w.ident(x)
	case *syntax.List:
		w.exprs(x.Elems)
	case *syntax.Record:
		owner := w.recordName(x)
		for _, f := range x.Fields {
			w.use(f.Name, key{kind: Field, owner: owner}, nil, nil)
			w.expr(f.Value)
		}
	case *syntax.Unary:
		w.expr(x.X)
	case *syntax.Binary:
		w.expr(x.X)
		w.expr(x.Y)
	case *syntax.Member:
		w.member(x)
	case *syntax.Index:
		w.expr(x.X)
		for _, k := range x.Keys {
			w.key(k)
		}
	case *syntax.Call:
		w.expr(x.Fun)
		for i, a := range x.Args {
			if f, ok := x.Fun.(*syntax.Ident); ok && i == 0 && f.Name == "nodes" {
				w.role(a.Value)
			}
			w.expr(a.Value)
		}
		w.block(x.Block)
	case *syntax.If:
		for _, arm := range x.Arms {
			w.expr(arm.Cond)
			w.body(arm.Body)
		}
		w.body(x.Else)
	}
}

func (w *walker) role(x syntax.Expr) {
	if s, ok := x.(*syntax.Symbol); ok {
		w.use(syntax.Name{Span: s.Span, Text: s.Name}, key{kind: Role}, nil, nil)
	}
}

func (w *walker) ident(x *syntax.Ident) {
	n := syntax.Name{Span: x.Span, Text: x.Name}
	if k, object, ok := keyOf(w.lens.names.Uses[x]); ok {
		w.use(n, k, object, x)
	}
}

// keyOf returns the thing that an object of resolve is.
func keyOf(o resolve.Object) (key, any, bool) {
	switch o := o.(type) {
	case *resolve.Database:
		return key{kind: Database}, o, true
	case *resolve.View:
		return key{kind: View}, o, true
	case *resolve.Import:
		return key{kind: Import}, o, true
	case *resolve.Def:
		return key{kind: Def}, o, true
	case *resolve.Local:
		if o.Name.File == nil { // the user of a handler, or the key of a rule
			return key{kind: Ambient}, o, true
		}
		return key{kind: Local, local: o}, o, true
	case *resolve.Ambient:
		return key{kind: Ambient}, o, true
	case resolve.Prelude, resolve.TestWord:
		return key{kind: Prelude}, o, true
	case resolve.Linked:
		return key{kind: Import}, o, true
	}
	return key{}, nil, false
}

// key notes a key of an index: a symbol is the value of a name in scope.
func (w *walker) key(x syntax.Expr) {
	s, ok := x.(*syntax.Symbol)
	if !ok {
		w.expr(x)
		return
	}
	w.page.exprs = append(w.page.exprs, x)
	n := syntax.Name{Span: s.Span, Text: s.Name}
	k, object, ok := keyOf(w.lens.names.Uses[s])
	if !ok {
		w.use(n, key{kind: Dimension}, nil, x)
		return
	}
	if t := w.use(n, k, object, x); t != nil {
		t.Uses[len(t.Uses)-1].IsKey = true
		w.page.marks[len(w.page.marks)-1].use.IsKey = true
	}
}

// member notes "x.name": a field, an event of a test, or a verb or reader.
func (w *walker) member(x *syntax.Member) {
	if role, ok := w.lens.nodeOf(x.X); ok && strings.HasPrefix(x.Name.Text, "on_") {
		w.use(syntax.Name{Span: role.Span, Text: role.Name}, key{kind: Role}, nil, nil)
		if call, isCall := x.X.(*syntax.Call); isCall {
			for _, a := range call.Args {
				w.expr(a.Value)
			}
		}
		event := syntax.Name{Span: x.Name.Span, Text: strings.TrimPrefix(x.Name.Text, "on_")}
		w.use(event, key{kind: Event}, nil, nil)
		return
	}
	w.expr(x.X)
	owner, isField := w.fieldOf(x)
	if isField {
		w.use(x.Name, key{kind: Field, owner: owner}, nil, x)
		return
	}
	w.use(x.Name, key{kind: Member}, nil, x)
}

// nodeOf returns the role of a node of a test: `client`, or `client("ann")`.
func (l *Lens) nodeOf(x syntax.Expr) (*syntax.Ident, bool) {
	if call, ok := x.(*syntax.Call); ok {
		x = call.Fun
	}
	role, ok := x.(*syntax.Ident)
	if !ok || l.names.Uses[role] != nil {
		return nil, false
	}
	_, ok = l.insight.Topology.Role(role.Name)
	return role, ok
}

// fieldOf returns the declared type whose field a member is; "" where the
// record has no name, or where nothing is known of it.
func (w *walker) fieldOf(x *syntax.Member) (owner string, isField bool) {
	spans := w.lens.typed.Spans
	if p, ok := spans.Places[x.X]; ok && len(p.Fields) > 0 {
		return latticeRecord(p.Database.Decl.Type, w.lens), true
	}
	e := spans.At[x.X]
	if e == nil {
		return "", false
	}
	switch e.Type.Kind {
	case plan.KindRecord:
		return e.Type.Name, true
	case plan.KindAny:
		return "", x.Name.Text != "or"
	}
	return "", false
}

// latticeRecord is the declared record of lattices that a database is of.
func latticeRecord(t syntax.Type, l *Lens) string {
	n, ok := t.(*syntax.NamedType)
	if !ok {
		return ""
	}
	if n.Name.Text == "map" && len(n.Args) == 2 {
		return latticeRecord(n.Args[1], l)
	}
	return n.Name.Text
}

// recordName is the declared type that a record literal has.
func (w *walker) recordName(x *syntax.Record) string {
	if e := w.lens.typed.Spans.At[x]; e != nil && e.Type.Kind == plan.KindRecord {
		return e.Type.Name
	}
	return ""
}

func (w *walker) topology(t *syntax.Topology) {
	for _, r := range t.Roles {
		w.declare(r.Name, key{kind: Role}, nil)
		w.options(r.Options)
	}
	for _, l := range t.Links {
		w.use(l.From, key{kind: Role}, nil, nil)
		w.use(l.To, key{kind: Role}, nil, nil)
		w.options(l.Options)
	}
}

// database returns the declared database of a name, or nil.
func (l *Lens) database(name string) *resolve.Database {
	for _, db := range l.names.Databases {
		if db.Name == name {
			return db
		}
	}
	return nil
}

// isDeclared reports whether the program declares a type of that name.
func (l *Lens) isDeclared(name string) bool {
	for _, d := range l.names.Types {
		if d.Name.Text == name {
			return true
		}
	}
	return false
}

func isLetter(c byte) bool {
	return c == '_' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9'
}
