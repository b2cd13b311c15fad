package types

import (
	"strconv"

	"github.com/martinelli-lang/martinelli/lang/diag"
	"github.com/martinelli-lang/martinelli/lang/resolve"
	"github.com/martinelli-lang/martinelli/lang/syntax"
	"github.com/martinelli-lang/martinelli/plan"
)

// kind says which declaration a body belongs to, and so what it may do.
type kind uint8

const (
	inHandler kind = iota
	inView         // views, renders and everything else that stands
	inInvariant
	inDef
	inAllow
)

var kindNames = [...]string{"a handler", "a view", "an invariant", "a def", "an `allow`"}

// body is the frame of the body being typed: every local name has a slot of
// its own, since there is no recursion.
type body struct {
	kind   kind
	slots  int
	locals map[*resolve.Local]variable
	names  []string // the local names in scope, for what they bind
}

type variable struct {
	slot int
	typ  plan.Type
}

// enter begins a body and returns what ends it.
func (c *checker) enter(k kind, names ...string) (leave func()) {
	outer := c.body
	c.body = &body{kind: k, locals: map[*resolve.Local]variable{}, names: names}
	return func() { c.body = outer }
}

// bind gives a local name a slot.
func (b *body) bind(l *resolve.Local, t plan.Type) int {
	slot := b.slots
	b.slots++
	b.locals[l] = variable{slot, t}
	b.names = append(b.names, l.Name.Text)
	return slot
}

// scoped ends the scope that begins now.
func (b *body) scoped() (end func()) {
	n := len(b.names)
	return func() { b.names = b.names[:n] }
}

// ambientNames lists what the roles a declaration exists at bind.
func (c *checker) ambientNames(at []string) []string {
	var names []string
	for _, r := range c.prog.Topology.Roles {
		if r.Ambient != "" && c.prog.Topology.Binds(at, r.Ambient) {
			names = append(names, r.Ambient)
		}
	}
	return names
}

func counted(n int, what string) string {
	switch n {
	case 0:
		return "no " + what
	case 1:
		return "1 " + what
	}
	return strconv.Itoa(n) + " " + what + "s"
}

// def types a function when it is first called, and returns its entry.
func (c *checker) def(f *resolve.Def) *entry {
	e := c.defs[f]
	if e == nil {
		e = &entry{result: absorbing}
		c.defs[f] = e
	}
	switch e.state {
	case done:
		return e
	case underway:
		c.write(diag.Errorf("E109", f.Decl.Name.Span, "`%s` calls itself", f.Name).
			Hinting("every function ends: there is no recursion; `.each`, map and filter go over what is there"))
		return e
	}
	e.state = underway
	leave := c.enter(inDef)
	e.params = c.params(f.Decl.Block.Params, false)
	x := c.value(f.Decl.Block.Body, f.Decl.Block, nil)
	slots := c.body.slots
	leave()
	e.state, e.result, e.index = done, x.Type, len(c.out.Funcs)
	c.out.Funcs = append(c.out.Funcs, plan.Func{Name: f.Name, Params: e.params, Slots: slots, Expr: x})
	return e
}

// params binds the parameters of a handler or def to the first slots.
func (c *checker) params(ps []syntax.Param, isHandler bool) []plan.Param {
	c.noSources(ps)
	var params []plan.Param
	for i := range ps {
		p, t := &ps[i], plan.Any
		switch {
		case p.Type != nil:
			t = c.plainType(p.Type)
		case isHandler && c.isAmbient(p.Name.Text):
			t = plan.ID
		}
		c.body.bind(c.prog.Params[p], t)
		params = append(params, plan.Param{Name: p.Name.Text, Type: t})
	}
	return params
}

// isAmbient reports whether a role binds the name, or would in another topology.
func (c *checker) isAmbient(name string) bool {
	return name == "user_id" || c.prog.Topology.Binds(nil, name)
}

// view types a view when it is first read, and returns its entry. So views are
// finished in an order in which each stands after those it reads.
func (c *checker) view(v *resolve.View) *entry {
	e := c.views[v]
	if e == nil {
		e = &entry{result: absorbing}
		c.views[v] = e
	}
	switch e.state {
	case done:
		return e
	case underway:
		c.write(diag.Errorf("E202", v.Decl.Name.Span, "the view `%s` reads itself", v.Name).
			Hinting("views have no cycles"))
		return e
	}
	e.state = underway
	leave := c.enter(inView, c.ambientNames(v.At)...)
	x := bad()
	if b := v.Decl.Block; len(b.Params) > 0 {
		c.notYet(b.Params[0], "a view with a parameter, one per key", "make the key part of each element, and filter where you read it")
	} else {
		x = c.value(b.Body, b, nil)
		if !isPlain(x.Type) && !(isCollection(x.Type) && isPlain(x.Type.Element())) {
			c.write(diag.Errorf("E510", b.Span, "a view is a collection or one plain value, not `%s`", x.Type.Label()))
		}
	}
	slots := c.body.slots
	leave()
	e.state, e.result, e.index = done, x.Type, len(c.out.Views)
	c.out.Views = append(c.out.Views, plan.View{Name: v.Name, At: v.At, Slots: slots, Expr: x})
	c.viewOrder = append(c.viewOrder, v)
	c.modes = append(c.modes, c.mode(x))
	return e
}

// handler types a handler. Its user has a slot where something asks for it.
func (c *checker) handler(h *resolve.Handler) {
	defer c.enter(inHandler, "user_id")()
	c.body.names = append(c.body.names, c.ambientNames(nil)...)
	out := plan.Handler{Event: h.Decl.Event.Text, At: h.At, User: -1}
	out.Params = c.params(h.Decl.Block.Params, true)
	guard := c.ownIdentity(h, out.Params)
	out.Body = append(guard, c.stmts(h.Decl.Block.Body)...)
	if u, ok := c.body.locals[h.User]; ok {
		out.User = u.slot
	}
	out.Slots = c.body.slots
	c.out.Handlers = append(c.out.Handlers, out)
}

// user returns the user of the handler as an expression.
func (c *checker) user(l *resolve.Local) *plan.Expr {
	v, ok := c.body.locals[l]
	if !ok {
		v = variable{c.body.slots, plan.ID}
		c.body.slots++
		c.body.locals[l] = v
	}
	return &plan.Expr{Op: plan.OpLocal, Type: v.typ, Index: v.slot}
}

// ownIdentity is the check that begins a handler with a parameter named like
// an ambient dimension: a raiser who is a user may only name himself.
func (c *checker) ownIdentity(h *resolve.Handler, params []plan.Param) []*plan.Stmt {
	var checks []*plan.Stmt
	for i, p := range params {
		if !c.isAmbient(p.Name) {
			continue
		}
		if !isText(p.Type) && !absorbs(p.Type) {
			c.write(diag.Errorf("E510", h.Decl.Block.Params[i].Span, "`%s` is the raiser, an id, not a `%s`", p.Name, p.Type.Label()))
			continue
		}
		user := c.user(h.User)
		isUser := boolean(plan.OpNe, user, text(""))
		isOther := boolean(plan.OpNe, user, &plan.Expr{Op: plan.OpLocal, Type: p.Type, Index: i})
		checks = append(checks, &plan.Stmt{
			Op: plan.StmtIf, Args: []*plan.Expr{boolean(plan.OpAnd, isUser, isOther)},
			Body: []*plan.Stmt{{Op: plan.StmtAbort, Name: "forbidden"}},
		})
	}
	return checks
}

// process types a process: a list of renders.
func (c *checker) process(p *resolve.Process) {
	b := p.Decl.Block
	if len(b.Params) > 0 {
		c.notYet(b.Params[0], "a process per key", "leave out the parameter, and render a view of all keys")
	}
	defer c.enter(inView, c.ambientNames(p.At)...)()
	for i := range b.Params {
		c.body.bind(c.prog.Params[&b.Params[i]], absorbing)
	}
	out := plan.Process{At: p.At}
	for _, s := range b.Body {
		if r, ok := c.render(s); ok {
			out.Renders = append(out.Renders, r)
		}
	}
	out.Slots = c.body.slots
	c.out.Processes = append(c.out.Processes, out)
}

// render types one statement of a process.
func (c *checker) render(s syntax.Stmt) (plan.Render, bool) {
	call, object := c.calledBy(s)
	switch o := object.(type) {
	case resolve.Prelude:
		if o != "render" {
			c.notYet(call, "`"+string(o)+"`", "")
			return plan.Render{}, false
		}
	case resolve.Linked:
		c.notYet(call, "`"+string(o)+"`, a function that the host links by its name", "import it with its types, and call it in a view or handler")
		return plan.Render{}, false
	case *resolve.Import:
		c.notYet(call, "an imported function as a process", "call it in a view, and render the view")
		return plan.Render{}, false
	default:
		if cmd, ok := s.(*syntax.Command); ok {
			c.command(cmd)
			return plan.Render{}, false
		}
		c.write(diag.Errorf("E205", s.Where(), "a process only shows values").
			Hinting("it says `render(x)`; updates stand in handlers, computations in views"))
		return plan.Render{}, false
	}
	if len(call.Args) != 1 || call.Args[0].Name.Text != "" || call.Block != nil {
		c.write(diag.Errorf("E107", call.Span, "`render` takes one value"))
		return plan.Render{}, false
	}
	x := call.Args[0].Value
	return plan.Render{Name: x.Where().Text(), Expr: c.infer(x)}, true
}

// calledBy returns the call a statement is, and what it calls by name.
func (c *checker) calledBy(s syntax.Stmt) (*syntax.Call, resolve.Object) {
	x, ok := s.(*syntax.ExprStmt)
	if !ok {
		return nil, nil
	}
	call, ok := x.X.(*syntax.Call)
	if !ok {
		return nil, nil
	}
	if id, ok := call.Fun.(*syntax.Ident); ok {
		return call, c.prog.Uses[id]
	}
	return call, nil
}

// allow types a rule of access. In this version its condition is true.
func (c *checker) allow(a *resolve.Allow) {
	d := a.Decl
	for _, o := range d.Options {
		c.notYet(o, "`:"+o.Name.Text+"` of an `allow`", "")
	}
	db, ok := a.Target.(*resolve.Database)
	switch {
	case a.Target == nil:
		return
	case !ok:
		c.notYet(d.Target, "an `allow` on a view", "")
		return
	case d.Verb.Text == "append":
		c.notYet(d.Verb, "`allow :append`", "`allow :write` permits every verb")
		return
	case d.Verb.Text == "write" && db.Sharing == resolve.AtHome:
		c.notYet(d.Verb, "`allow :write` on a home database", "leave it out: only handlers change it, and they run at its home")
		return
	case len(d.Block.Params) != 1:
		c.write(diag.Errorf("E107", d.Block.Span, "an `allow` has one parameter, the user, as in `do |me| true end`"))
		return
	}
	if !isTrue(d.Block.Body) {
		c.notYet(d.Block, "an `allow` whose condition is not `true`", "without a rule, the user whose key it is may write, and so may servers")
		return
	}
	yes := &plan.Expr{Op: plan.OpConst, Type: plan.Bool, Const: trueValue}
	c.out.Allows = append(c.out.Allows, plan.Allow{Verb: d.Verb.Text, Database: c.databases[db], Me: 0, Slots: 1, Cond: yes})
}

func isTrue(ss []syntax.Stmt) bool {
	if len(ss) != 1 {
		return false
	}
	x, ok := ss[0].(*syntax.ExprStmt)
	if !ok {
		return false
	}
	b, ok := x.X.(*syntax.Bool)
	return ok && b.Value
}
