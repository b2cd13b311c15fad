package resolve

import (
	"slices"
	"strings"

	"github.com/martinelli-lang/martinelli/lang/diag"
	"github.com/martinelli-lang/martinelli/lang/syntax"
	"github.com/martinelli-lang/martinelli/lang/token"
)

// hintsMax bounds how many unknown names are compared with every known one, so
// that a text full of them costs no more than its length.
const hintsMax = 100

// Resolve ties the names of the files, which are one program, for a topology.
// Cost: linear in the text.
func Resolve(files []*syntax.File, topology *Topology) (*Program, []diag.Diagnostic) {
	r := &resolver{
		prog: &Program{
			Topology: topology,
			Uses:     map[syntax.Expr]Object{},
			Params:   map[*syntax.Param]*Local{},
			Lets:     map[*syntax.Let]*Local{},
			Faulty:   map[*syntax.Index]bool{},
		},
		globals: map[string]Object{}, mistaken: map[string]Object{},
		places: map[string]token.Span{},
		events: map[string][]*Handler{},
		files:  map[string]bool{},
	}
	for _, f := range files {
		r.files[f.Source.Name] = true
	}
	for _, name := range prelude {
		r.globals[name] = Prelude(name)
	}
	for _, f := range files {
		r.declareAll(f.Decls, r.roleOfFile(f.Source.Name))
	}
	for _, db := range r.prog.Databases {
		r.checkPlace(db)
	}
	r.bodies()
	for _, db := range r.prog.Databases {
		r.dimensions(db)
		if db.Is != nil {
			r.userOf(db)
		}
	}
	r.tests()
	return r.prog, r.letters
}

type resolver struct {
	prog    *Program
	globals map[string]Object

	mistaken map[string]Object // declared under a name of the prelude: what is not called is that, so that it has one letter

	places  map[string]token.Span // where each declared thing stands, by its kind and name
	events  map[string][]*Handler
	files   map[string]bool // by name
	letters []diag.Diagnostic

	hints     int // unknown names that were compared with every known one
	scope     *scope
	users     *Database // the directory, once it is named
	at        []string  // the roles of the body being walked
	inProcess bool      // its unknown functions are linked by the host
	links     map[string]bool
	inTest    bool // what is read teaches nothing of the databases
}

func (r *resolver) write(d diag.Diagnostic) { r.letters = append(r.letters, d) }

// roleOfFile returns where a file named after a role stands: at that role.
func (r *resolver) roleOfFile(name string) []string {
	base := name[strings.LastIndexAny(name, `/\`)+1:]
	role := strings.TrimSuffix(base, ".mrt")
	if _, ok := r.prog.Topology.Role(role); ok {
		return []string{role}
	}
	return nil
}

func (r *resolver) declareAll(decls []syntax.Decl, at []string) {
	for _, d := range decls {
		r.declare(d, at)
	}
}

func (r *resolver) declare(d syntax.Decl, at []string) {
	p := r.prog
	switch d := d.(type) {
	case *syntax.At:
		r.declareAll(d.Decls, r.roles(d.Roles))
	case *syntax.Database:
		r.database(d, at)
	case *syntax.View:
		v := &View{Decl: d, Name: d.Name.Text, At: at}
		p.Views = append(p.Views, v)
		r.global(d.Name, v)
	case *syntax.Import:
		r.importDecl(d)
	case *syntax.Def:
		f := &Def{Decl: d, Name: d.Name.Text}
		p.Defs = append(p.Defs, f)
		r.global(d.Name, f)
	case *syntax.TypeDecl:
		if r.unique("type", d.Name) {
			p.Types = append(p.Types, d)
		}
	case *syntax.Handler:
		r.handler(d, at)
	case *syntax.Process:
		p.Processes = append(p.Processes, &Process{Decl: d, At: at})
	case *syntax.Invariant:
		r.unique("invariant", d.Name)
		p.Invariants = append(p.Invariants, &Invariant{Decl: d, At: at})
	case *syntax.Allow:
		p.Allows = append(p.Allows, &Allow{Decl: d})
	case *syntax.Test:
		p.Tests = append(p.Tests, &Test{Decl: d, User: &Local{Name: syntax.Name{Text: "user_id"}}})
	}
}

// roles reads the names of an "at".
func (r *resolver) roles(names []syntax.Name) []string {
	var at []string
	for _, n := range names {
		if _, ok := r.prog.Topology.Role(n.Text); !ok {
			r.write(UnknownRole(n, r.prog.Topology))
		}
		if slices.Contains(at, n.Text) {
			r.write(diag.Errorf("E102", n.Span, "the role `%s` is named twice", n.Text))
			continue
		}
		at = append(at, n.Text)
	}
	return at
}

func (r *resolver) importDecl(d *syntax.Import) {
	if d.Path != nil {
		r.file(d)
		return
	}
	f := &Import{Decl: d, Name: d.Name.Text}
	r.prog.Imports = append(r.prog.Imports, f)
	if _, again := r.globals[f.Name].(*Import); !again { // others are told apart by the types of their arguments
		r.global(d.Name, f)
	}
}

// handler declares a handler. Handlers of one event must stand at different roles.
func (r *resolver) handler(d *syntax.Handler, at []string) {
	for _, other := range r.events[d.Event.Text] {
		if overlap(other.At, at) {
			r.write(diag.Errorf("E102", d.Event.Span, "`on_%s` is declared twice at one role", d.Event.Text).
				There(other.Decl.Event.Span, "it is first declared here"))
			break
		}
	}
	h := &Handler{Decl: d, At: at, User: &Local{Name: syntax.Name{Text: "user_id"}}}
	r.prog.Handlers = append(r.prog.Handlers, h)
	r.events[d.Event.Text] = append(r.events[d.Event.Text], h)
}

func overlap(a, b []string) bool {
	return len(a) == 0 || len(b) == 0 || slices.ContainsFunc(a, func(role string) bool { return slices.Contains(b, role) })
}

// global declares a name of the one flat space of databases, views, imports and defs.
func (r *resolver) global(n syntax.Name, o Object) {
	if _, ok := r.globals[n.Text].(Prelude); ok {
		r.write(diag.Errorf("E102", n.Span, "`%s` belongs to the prelude", n.Text).Hinting("choose another name"))
		r.mistaken[n.Text] = o
		return
	}
	if r.unique("name", n) {
		r.globals[n.Text] = o
	}
}

func (r *resolver) unique(kind string, n syntax.Name) bool {
	key := kind + " " + n.Text
	first, twice := r.places[key]
	if twice {
		r.write(diag.Errorf("E102", n.Span, "`%s` is declared twice", n.Text).There(first, "it is first declared here"))
		return false
	}
	r.places[key] = n.Span
	return true
}
