package lens

import (
	"cmp"
	"slices"
	"strings"

	"github.com/martinelli-lang/martinelli/lang"
	"github.com/martinelli-lang/martinelli/lang/resolve"
	"github.com/martinelli-lang/martinelli/lang/syntax"
	"github.com/martinelli-lang/martinelli/lang/token"
	"github.com/martinelli-lang/martinelli/lang/types"
)

// Lens looks at one insight into a program.
type Lens struct {
	insight *lang.Insight
	names   *resolve.Program
	typed   *types.Typed
	pages   map[string]*page // by the names of their files
	things  map[key]*Thing
}

// Thing is what a name stands for.
type Thing struct {
	Kind  Kind
	Name  string
	Owner string       // of a field: its type; of a member: what it is called on
	Decls []token.Span // where it is declared; without a colon, and without the on_ of a handler
	Uses  []Use        // every place of the name, those of Decls among them, in the order of files and text

	object any // resolve's, for those that have one
}

// Use is a place where a thing is named.
type Use struct {
	token.Span
	IsKey bool // inside an index the value of a name is written with a colon, which stands before the span
}

// Kind is the kind of a thing.
type Kind uint8

// The kinds of things.
const (
	Database Kind = iota
	View
	Event
	Invariant
	Import
	Def
	Record // a declared type
	Field  // of a declared type, or of none
	Role
	Local     // a parameter or a let
	Ambient   // what a role binds
	Dimension //
	Prelude   // of the language: a function or a value
	Member    // a verb or a reader
	BuiltIn   // a type or lattice of the language
	Option    //
	Word      // a head, or the word of a command
)

var kindNames = [...]string{
	"database", "view", "event", "invariant", "import", "def", "type", "field", "role", "name", "name of a role",
	"dimension", "name of the language", "verb or reader", "type of the language", "option", "word of the language",
}

func (k Kind) String() string { return kindNames[k] }

// key is what makes a thing one thing.
type key struct {
	kind  Kind
	name  string
	owner string
	local *resolve.Local
}

// page is one file.
type page struct {
	source *token.File
	decls  []syntax.Decl
	marks  []mark        // in the order of the text
	exprs  []syntax.Expr // each after those it stands in
}

// mark is a name in the text.
type mark struct {
	use   Use
	thing *Thing
	expr  syntax.Expr // nil where it is none
}

// New looks at an insight. Cost: linear in the text.
func New(r *lang.Insight) *Lens {
	l := &Lens{insight: r, names: r.Names(), typed: r.Typed(), pages: map[string]*page{}, things: map[key]*Thing{}}
	w := &walker{lens: l, allows: map[*syntax.Allow]*resolve.Allow{}}
	for _, a := range l.names.Allows {
		w.allows[a.Decl] = a
	}
	for _, f := range r.Files {
		w.page = &page{source: f.Source, decls: f.Decls}
		l.pages[f.Source.Name] = w.page
		w.decls(f.Decls)
	}
	if r.Roles != nil {
		w.page = &page{source: r.Roles.Source}
		l.pages[r.Roles.Source.Name] = w.page
		w.topology(r.Roles)
	}
	l.settle()
	return l
}

// settle puts marks and uses into the order of the text.
func (l *Lens) settle() {
	for _, p := range l.pages {
		slices.SortStableFunc(p.marks, func(a, b mark) int { return cmp.Compare(a.use.Start, b.use.Start) })
	}
	for _, t := range l.things {
		slices.SortStableFunc(t.Uses, func(a, b Use) int {
			return cmp.Or(cmp.Compare(a.File.Name, b.File.Name), cmp.Compare(a.Start, b.Start))
		})
		t.Uses = slices.CompactFunc(t.Uses, func(a, b Use) bool { return a.File == b.File && a.Start == b.Start })
	}
}

// File returns a file of the program by its name.
func (l *Lens) File(name string) (*token.File, bool) {
	p, ok := l.pages[name]
	if !ok {
		return nil, false
	}
	return p.source, true
}

// At returns the thing that is named at a place, and where it stands there; the
// place may be the one behind the last letter.
func (l *Lens) At(file string, offset int) (*Thing, Use, bool) {
	m, ok := l.mark(file, offset)
	return m.thing, m.use, ok
}

// mark returns the name at a place. Of two that meet there it is the one that begins.
func (l *Lens) mark(file string, offset int) (mark, bool) {
	p := l.pages[file]
	if p == nil {
		return mark{}, false
	}
	i, _ := slices.BinarySearchFunc(p.marks, offset+1, func(m mark, at int) int { return cmp.Compare(m.use.Start, at) })
	for i--; i >= 0; i-- {
		m := p.marks[i]
		if m.use.Start <= offset && offset <= m.use.End {
			return m, true
		}
		if m.use.End < offset {
			break
		}
	}
	if i+1 < len(p.marks) {
		if m := p.marks[i+1]; m.use.IsKey && m.use.Start-1 == offset {
			return m, true // at its colon
		}
	}
	return mark{}, false
}

// expr returns the innermost expression at a place.
func (l *Lens) expr(file string, offset int) syntax.Expr {
	var inner syntax.Expr
	if p := l.pages[file]; p != nil {
		for _, x := range p.exprs {
			if s := x.Where(); s.Start <= offset && offset <= s.End {
				if inner == nil || s.End-s.Start <= inner.Where().End-inner.Where().Start {
					inner = x
				}
			}
		}
	}
	return inner
}

// Declarations returns where what is named at a place is declared: several
// places where a name has several declarations, as an event at two roles.
func (l *Lens) Declarations(file string, offset int) []token.Span {
	if t, _, ok := l.At(file, offset); ok {
		return t.Decls
	}
	if p := l.pages[file]; p != nil {
		for _, d := range p.decls {
			i, ok := d.(*syntax.Import)
			if !ok || i.Path == nil || offset < i.Path.Start || offset > i.Path.End {
				continue
			}
			if name, ok := resolve.FileBeside(file, i.Path.Value); ok && l.pages[name] != nil {
				return []token.Span{{File: l.pages[name].source}}
			}
		}
	}
	return nil
}

// named is the span of a name without what is written before it: a colon, or on_.
func named(n syntax.Name) token.Span {
	s := n.Span
	if s.File != nil && strings.HasSuffix(s.Text(), n.Text) {
		s.Start = s.End - len(n.Text)
	}
	return s
}
