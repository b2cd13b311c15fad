package types

import (
	"slices"
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
	inView         // views, processes and everything else that stands
	inInvariant
	inDef
	inAllow
	inTest  // what a test expects
	inRaise // what a test raises: known before it runs
)

var kindNames = [...]string{"a handler", "a view", "an invariant", "a def", "an `allow`", "a test", "an event of a test"}

// body is the frame of the body being typed: every local name has a slot of
// its own, since there is no recursion.
type body struct {
	kind   kind
	slots  int
	locals map[*resolve.Local]*variable
	scope  []named // the local names in scope, for the dimensions they bind

	types map[*resolve.Local]plan.Type // the checker's: of all local names; nil in a quiet pass

	section section // of a handler
	handler *resolve.Handler
	last    syntax.Stmt // of a handler: its last statement

	test *testing    // the expect being typed is its
	over syntax.Expr // what the reader being typed is of

	compares int // how many comparisons the expression being typed is in
}

type variable struct {
	slot int
	typ  plan.Type
}

// enter begins a body and returns what ends it.
func (c *checker) enter(k kind, bound ...named) (leave func()) {
	outer := c.body
	c.body = &body{kind: k, locals: map[*resolve.Local]*variable{}, scope: bound}
	if !c.learning {
		c.body.types = c.spans.Locals
	}
	return func() { c.body = outer }
}

// bind gives a local name a slot.
func (b *body) bind(l *resolve.Local, t plan.Type) int {
	slot := b.slots
	b.slots++
	b.locals[l] = &variable{slot, t}
	if b.types != nil {
		b.types[l] = t
	}
	b.scope = append(b.scope, named{l.Name.Text, l})
	return slot
}

// scoped ends the scope that begins now.
func (b *body) scoped() (end func()) {
	n := len(b.scope)
	return func() { b.scope = b.scope[:n] }
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

// cycle completes the letter about a declaration that needs itself: at is where
// the circle closes, and underway lists what is being typed.
func (c *checker) cycle(d diag.Diagnostic, name string, at syntax.Node) diag.Diagnostic {
	if at == nil {
		return d
	}
	through := c.underway[slices.Index(c.underway, name)+1:]
	if len(through) == 0 {
		d.Labels = []diag.Label{{Span: at.Where(), Text: "here"}, d.Labels[0]}
		return d
	}
	return d.There(at.Where(), "here, by way of %s", resolve.Quoted(through))
}

// def types a function when it is first called, at a node or nil, and returns its entry.
func (c *checker) def(f *resolve.Def, at syntax.Node) *entry {
	e := c.defs[f]
	if e == nil {
		e = &entry{result: absorbing}
		c.defs[f] = e
	}
	switch e.state {
	case done:
		return e
	case underway:
		c.write(c.cycle(diag.Errorf("E109", f.Decl.Name.Span, "`%s` calls itself", f.Name), f.Name, at).
			Hinting("every function ends: there is no recursion; `.each`, map and filter go over what is there"))
		return e
	}
	e.state = underway
	c.underway = append(c.underway, f.Name)
	defer func() { c.underway = c.underway[:len(c.underway)-1] }()
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
func (c *checker) view(v *resolve.View, at syntax.Node) *entry {
	e := c.views[v]
	if e == nil {
		e = &entry{result: absorbing}
		c.views[v] = e
	}
	switch e.state {
	case done:
		return e
	case underway:
		c.write(c.cycle(diag.Errorf("E202", v.Decl.Name.Span, "the view `%s` reads itself", v.Name), v.Name, at).
			Hinting("views have no cycles"))
		return e
	}
	e.state = underway
	c.underway = append(c.underway, v.Name)
	defer func() { c.underway = c.underway[:len(c.underway)-1] }()
	leave := c.enter(inView, c.ambients(v.At)...)
	var x *plan.Expr
	if b := v.Decl.Block; len(b.Params) > 0 {
		x = c.keyedView(b, e)
	} else {
		x = c.value(b.Body, b, nil)
		if x.Type.Kind == plan.KindNil {
			c.write(diag.Errorf("E515", b.Span, "nil alone does not say what `%s` may be", v.Name))
		} else if !isPlain(x.Type) && !(isCollection(x.Type) && isPlain(x.Type.Element())) {
			c.write(diag.Errorf("E510", b.Span, "a view is a collection or one plain value, not `%s`", x.Type.Label()))
		}
	}
	slots := c.body.slots
	leave()
	e.state, e.result, e.index = done, x.Type, len(c.out.Views)
	c.out.Views = append(c.out.Views, plan.View{Name: v.Name, At: v.At, Slots: slots, Expr: x, Keys: e.keys, Value: e.value})
	c.viewOrder = append(c.viewOrder, v)
	c.noteView(x)
	return e
}

// noteView notes the mark of the view that was added last.
func (c *checker) noteView(x *plan.Expr) {
	c.modes = append(c.modes, plan.Modes{Databases: c.stored, Views: c.modes, Imports: c.hosts}.Mark(x))
}
