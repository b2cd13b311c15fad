package resolve

import (
	"maps"
	"slices"
	"strings"

	"github.com/martinelli-lang/martinelli/lang/diag"
	"github.com/martinelli-lang/martinelli/lang/syntax"
)

// scope is a list of local names inside another.
type scope struct {
	outer *scope
	names map[string]Object
}

func (r *resolver) push() { r.scope = &scope{outer: r.scope, names: map[string]Object{}} }
func (r *resolver) pop()  { r.scope = r.scope.outer }

// local declares a local name in the innermost scope.
func (r *resolver) local(n syntax.Name) *Local {
	l := &Local{Name: n}
	if first, twice := r.scope.names[n.Text].(*Local); twice {
		r.write(diag.Errorf("E102", n.Span, "`%s` is declared twice here", n.Text).There(first.Name.Span, "first here"))
	}
	r.scope.names[n.Text] = l
	return l
}

// lookup returns what a name stands for in the scope: the nearest local, what
// the role binds, or a global.
func (r *resolver) lookup(name string) (Object, bool) {
	for s := r.scope; s != nil; s = s.outer {
		if o, ok := s.names[name]; ok {
			return o, true
		}
	}
	o, ok := r.globals[name]
	return o, ok
}

// visible lists every name that could have been meant, for hints.
func (r *resolver) visible() []string {
	names := map[string]bool{}
	for s := r.scope; s != nil; s = s.outer {
		for n := range s.names {
			names[n] = true
		}
	}
	for n := range r.globals {
		names[n] = true
	}
	return slices.Sorted(maps.Keys(names))
}

// bodies walks every body with its own outermost scope.
func (r *resolver) bodies() {
	p := r.prog
	for _, h := range p.Handlers {
		r.at = h.At
		r.push()
		r.bindUser(h.User)
		r.block(h.Decl.Block)
		r.pop()
	}
	for _, v := range p.Views {
		r.standing(v.At, v.Decl.Block)
	}
	for _, q := range p.Processes {
		r.inProcess = true
		r.standing(q.At, q.Decl.Block)
		r.inProcess = false
		r.outs(q)
	}
	for _, i := range p.Invariants {
		r.standing(i.At, i.Decl.Block)
	}
	for _, f := range p.Defs {
		r.push()
		r.block(f.Decl.Block)
		r.pop()
	}
	for _, a := range p.Allows {
		r.allow(a)
	}
}

// bindUser gives a handler the raiser's identity under user_id and under every
// other name a role binds it to.
func (r *resolver) bindUser(user *Local) {
	r.scope.names["user_id"] = user
	for _, role := range r.prog.Topology.Roles {
		if role.Ambient != "" {
			r.scope.names[role.Ambient] = user
		}
	}
}

// standing walks the body of a view, process or invariant, where the role may
// bind dimensions.
func (r *resolver) standing(at []string, b *syntax.Block) {
	r.at = at
	r.push()
	for _, role := range r.prog.Topology.Roles {
		if role.Ambient != "" && r.prog.Topology.Binds(at, role.Ambient) {
			r.scope.names[role.Ambient] = &Ambient{Name: role.Ambient}
		}
	}
	r.block(b)
	r.pop()
}

func (r *resolver) allow(a *Allow) {
	r.push()
	defer r.pop()
	target := a.Decl.Target
	o := r.globals[target.Text]
	if named := r.mistaken[target.Text]; named != nil {
		o = named
	}
	switch o := o.(type) {
	case *Database:
		a.Target = o
		a.Key = map[string]*Local{}
		for _, dim := range o.Dims { // a rule sees the key
			a.Key[dim.Text] = &Local{Name: syntax.Name{Text: dim.Text}}
		}
		for _, role := range r.prog.Topology.Roles {
			if role.Ambient != "" && a.Key[role.Ambient] == nil {
				a.Key[role.Ambient] = &Local{Name: syntax.Name{Text: role.Ambient}}
			}
		}
		for name, local := range a.Key {
			r.scope.names[name] = local
		}
	case *View:
		a.Target = o
	default:
		r.write(Meant(diag.Errorf("E101", target.Span, "there is no database or view `%s`", target.Text), target.Span, target.Text, r.stored()))
	}
	r.block(a.Decl.Block)
}

// stored lists the names of databases and views.
func (r *resolver) stored() []string {
	var names []string
	for _, db := range r.prog.Databases {
		names = append(names, db.Name)
	}
	for _, v := range r.prog.Views {
		names = append(names, v.Name)
	}
	return names
}

// block walks a block. Its clauses see its parameters, not its lets.
func (r *resolver) block(b *syntax.Block) {
	if b == nil {
		return
	}
	r.push()
	r.params(b.Params)
	r.body(b.Body)
	r.clause(b.Else)
	r.clause(b.Undo)
	r.pop()
}

func (r *resolver) clause(c *syntax.Clause) {
	if c == nil {
		return
	}
	r.push()
	r.params(c.Params)
	r.body(c.Body)
	r.pop()
}

func (r *resolver) params(ps []syntax.Param) {
	for i := range ps {
		if ps[i].Source != nil {
			r.expr(ps[i].Source)
		}
		r.prog.Params[&ps[i]] = r.local(ps[i].Name)
	}
}

func (r *resolver) body(ss []syntax.Stmt) {
	r.push()
	for _, s := range ss {
		r.stmt(s)
	}
	r.pop()
}

func (r *resolver) stmt(s syntax.Stmt) {
	switch s := s.(type) {
	case *syntax.Let:
		r.expr(s.Value)
		r.prog.Lets[s] = r.local(s.Name)
	case *syntax.ExprStmt:
		r.expr(s.X)
	case *syntax.Command:
		r.command(s)
	}
}

func (r *resolver) command(c *syntax.Command) {
	if !slices.Contains(commands, c.Word.Text) {
		r.write(Meant(diag.Errorf("E101", c.Word.Span, "there is no command `%s`", c.Word.Text), c.Word.Span, c.Word.Text, commands))
	}
	for _, a := range c.Args {
		r.expr(a)
	}
	for _, o := range c.Options {
		r.expr(o.Value)
	}
	r.block(c.Block)
}

func (r *resolver) expr(x syntax.Expr) {
	switch x := x.(type) {
	case *syntax.Ident:
		r.ident(x, false)
	case *syntax.List:
		r.exprs(x.Elems)
	case *syntax.Record:
		for _, f := range x.Fields {
			r.expr(f.Value)
		}
	case *syntax.Unary:
		r.expr(x.X)
	case *syntax.Binary:
		r.expr(x.X)
		r.expr(x.Y)
	case *syntax.Member:
		r.expr(x.X)
		r.member(x)
	case *syntax.Index:
		r.index(x)
	case *syntax.Call:
		r.call(x)
	case *syntax.If:
		r.ifExpr(x)
	}
}

func (r *resolver) exprs(xs []syntax.Expr) {
	for _, x := range xs {
		r.expr(x)
	}
}

func (r *resolver) ident(x *syntax.Ident, called bool) {
	o, ok := r.lookup(x.Name)
	if p, isPrelude := o.(Prelude); isPrelude && !called && r.mistaken[string(p)] != nil {
		o = r.mistaken[string(p)]
	}
	switch {
	case o == Prelude(UsersName):
		r.prog.Uses[x] = r.directory(x)
	case ok:
		r.prog.Uses[x] = o
	case called && r.inProcess:
		r.linked(x)
	default:
		r.unknown(x)
	}
}

func (r *resolver) unknown(x *syntax.Ident) {
	d := diag.Errorf("E101", x.Span, "`%s` is not known here", x.Name)
	for _, role := range r.prog.Topology.Roles {
		if role.Ambient == x.Name && len(r.at) > 0 {
			r.write(d.Hinting("`%s` is bound at %s; this stands at %s", x.Name, role.Name, Quoted(r.at)))
			return
		}
	}
	if hint := r.habit(x.Name); hint != "" {
		d = d.Hinting("%s", hint)
	} else if r.hints++; r.hints <= hintsMax {
		d = Meant(d, x.Span, x.Name, r.visible())
	}
	r.write(d)
}

// habit says what to write for a name that is something else here, or nothing.
func (r *resolver) habit(name string) string {
	_, isType := r.places["type "+name]
	event, _ := strings.CutPrefix(name, "on_")
	switch {
	case name == "abort":
		return "it is a statement with its reason: `abort :why`"
	case slices.Contains(commands, name):
		return "it is a statement with a block"
	case slices.Contains([]string{"null", "None", "NULL", "undefined"}, name):
		return "write `nil`"
	case name == "True" || name == "False":
		return "write `" + strings.ToLower(name) + "`"
	case isType:
		return "it is a type: a record of it is written `{ field: value }`"
	case len(r.events[event]) > 0:
		return "`on_" + event + "` handles an event, which is raised from outside; what handlers share is a `def`"
	}
	return ""
}

// member notes what is called on a database: its verbs decide its lattice.
func (r *resolver) member(x *syntax.Member) {
	on := x.X
	if i, ok := on.(*syntax.Index); ok {
		on = i.X
	}
	if db, ok := r.databaseAt(on); ok && !r.inTest {
		db.Members = append(db.Members, x.Name)
	}
}

func (r *resolver) databaseAt(x syntax.Expr) (*Database, bool) {
	id, ok := x.(*syntax.Ident)
	if !ok {
		return nil, false
	}
	db, ok := r.prog.Uses[id].(*Database)
	return db, ok
}

// index walks an index. Inside one, a symbol is the name of a dimension and
// stands for the dimension's value in scope.
func (r *resolver) index(x *syntax.Index) {
	r.expr(x.X)
	s := site{index: x}
	for _, k := range x.Keys {
		sym, ok := k.(*syntax.Symbol)
		if !ok {
			r.expr(k)
			continue
		}
		switch o, _ := r.lookup(sym.Name); o.(type) {
		case *Local, *Ambient:
			r.prog.Uses[sym] = o
		default:
			if s.unbound == nil {
				s.unbound = map[*syntax.Symbol]bool{}
			}
			s.unbound[sym] = true
		}
	}
	db, ok := r.databaseAt(x.X)
	switch {
	case ok && r.inTest:
		r.checkSite(db, s)
	case ok:
		db.sites = append(db.sites, s)
	}
}

func (r *resolver) call(x *syntax.Call) {
	if id, ok := x.Fun.(*syntax.Ident); ok {
		r.ident(id, true)
	} else {
		r.expr(x.Fun)
	}
	for _, a := range x.Args {
		r.expr(a.Value)
	}
	r.block(x.Block)
}

func (r *resolver) ifExpr(x *syntax.If) {
	for _, arm := range x.Arms {
		r.expr(arm.Cond)
		r.body(arm.Body)
	}
	r.body(x.Else)
}
