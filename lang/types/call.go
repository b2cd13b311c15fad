package types

import (
	"slices"

	"github.com/martinelli-lang/martinelli/lang/diag"
	"github.com/martinelli-lang/martinelli/lang/resolve"
	"github.com/martinelli-lang/martinelli/lang/syntax"
	"github.com/martinelli-lang/martinelli/plan"
	"github.com/martinelli-lang/martinelli/value"
)

// call types "f(args)", "x.f(args)" and "x.f do ... end".
func (c *checker) call(x *syntax.Call) *plan.Expr {
	switch f := x.Fun.(type) {
	case *syntax.Member:
		return c.method(x, f, x)
	case *syntax.Ident:
		return c.function(x, f)
	}
	return bad()
}

func (c *checker) function(x *syntax.Call, f *syntax.Ident) *plan.Expr {
	object := c.prog.Uses[f]
	if x.Block != nil && object != nil {
		c.write(diag.Errorf("E107", x.Block.Span, "`%s` takes no block", f.Name))
		return bad()
	}
	switch o := object.(type) {
	case *resolve.Def:
		return c.callDef(o, x, x)
	case *resolve.Import:
		return c.callImport(o, x)
	case resolve.Prelude:
		return c.preludeCall(string(o), x)
	case resolve.TestWord:
		return c.testWord(string(o), x)
	case resolve.Linked:
		c.notYet(x, "`"+string(o)+"`, a function that the host links by its name", "import it with its types, and call it in a view or handler")
	case nil:
	default:
		c.write(diag.Errorf("E107", f.Span, "`%s` is not a function", f.Name))
	}
	return bad()
}

// callDef types a call of a def; call is nil for its name alone.
func (c *checker) callDef(f *resolve.Def, x syntax.Node, call *syntax.Call) *plan.Expr {
	e := c.def(f, x)
	if e.state == underway {
		return bad()
	}
	var args []syntax.Arg
	if call != nil {
		args = call.Args
	}
	typed, ok := c.arguments(f.Name, e.params, args, x)
	if !ok || absorbs(e.result) {
		return bad()
	}
	return &plan.Expr{Op: plan.OpCall, Type: e.result, Index: e.index, Args: typed}
}

// arguments checks the arguments of a call against parameters.
func (c *checker) arguments(name string, params []plan.Param, args []syntax.Arg, at syntax.Node) ([]*plan.Expr, bool) {
	if len(args) != len(params) {
		c.write(diag.Errorf("E107", at.Where(), "`%s` takes %s, and here it gets %d", name, counted(len(params), "argument"), len(args)))
		return nil, false
	}
	typed := make([]*plan.Expr, len(args))
	for i, a := range args {
		if a.Name.Text != "" {
			c.write(diag.Errorf("E107", a.Span, "`%s` takes its arguments in order, without names", name))
			return nil, false
		}
		typed[i] = c.check(a.Value, params[i].Type)
	}
	return typed, true
}

func (c *checker) callImport(f *resolve.Import, x *syntax.Call) *plan.Expr {
	i := c.imports[f]
	switch c.body.kind {
	case inDef, inInvariant, inAllow, inRaise:
		c.write(diag.Errorf("E603", x.Span, "%s does not call functions of the host", kindNames[c.body.kind]).
			Hinting("nothing is known of `%s`: call it in a handler or in a view", f.Name))
		return bad()
	}
	if list := c.overloads(f.Name, len(x.Args)); len(list) > 1 {
		return c.callOverloaded(list, x)
	} else if len(list) == 1 {
		i = list[0].host
		if list[0].out >= 0 {
			return c.outsideProcess(f.Name, x)
		}
	}
	host := &c.hosts[i]
	args, ok := c.arguments(f.Name, host.Params, x.Args, x)
	if !ok || absorbs(host.Result) {
		return bad()
	}
	if s := c.signatures[f]; s != nil && s.host == i {
		c.learnSlices(s, args, -1)
	}
	return &plan.Expr{Op: plan.OpImport, Type: host.Result, Index: i, Args: args}
}

// preludeValue types a name of the prelude without parentheses.
func (c *checker) preludeValue(name string, x *syntax.Ident) *plan.Expr {
	switch name {
	case "now":
		if c.body.kind != inHandler {
			c.write(diag.Errorf("E203", x.Span, "`now` is the stamp of a commit, and %s is none", kindNames[c.body.kind]).
				Hinting("store the time in a handler, and read it here"))
			return bad()
		}
		return &plan.Expr{Op: plan.OpNow, Type: plan.Time}
	case "clock":
		return c.clock(x)
	}
	c.write(diag.Errorf("E107", x.Span, "`%s` is a function: call it, as `%s(...)`", name, name))
	return bad()
}

var unitMillis = map[string]int64{"seconds": 1000, "minutes": 60_000, "hours": 3_600_000, "days": 86_400_000}

func (c *checker) preludeCall(name string, x *syntax.Call) *plan.Expr {
	if millis, ok := unitMillis[name]; ok {
		args, ok := c.arguments(name, []plan.Param{{Type: plan.Int}}, x.Args, x)
		if !ok {
			return bad()
		}
		return &plan.Expr{Op: plan.OpMul, Type: plan.Time, Args: []*plan.Expr{args[0], constant(plan.Int, value.Int(millis))}}
	}
	switch name {
	case "new_id":
		if _, ok := c.arguments(name, nil, x.Args, x); !ok {
			return bad()
		}
		if c.body.kind != inHandler {
			c.write(diag.Errorf("E203", x.Span, "`new_id()` is another one each time, so it stands in handlers alone"))
			return bad()
		}
		return &plan.Expr{Op: plan.OpNewID, Type: plan.ID}
	case "render":
		c.write(diag.Errorf("E205", x.Span, "`render` stands in a process").Hinting("write `process do render(...) end`"))
	case "now":
		c.write(diag.Errorf("E107", x.Span, "`now` is a value, written without parentheses"))
	case "upload", "notify":
		c.write(diag.Errorf("E203", x.Span, "`%s` is a statement, and has no value", name).Hinting("it stands in a handler, on a line of its own"))
	default:
		c.notYet(x, "`"+name+"`", "")
	}
	return bad()
}

// method types "x.name", with what follows it. at is the whole expression.
func (c *checker) method(at syntax.Expr, m *syntax.Member, call *syntax.Call) *plan.Expr {
	if p, ok := c.target(m.X); ok {
		if c.isVerb(m) {
			c.updateHere(m)
			return bad()
		}
		if m.Name.Text == "keys" && p.hasKeys() {
			return c.keysOf(p, m, call)
		}
	}
	if v, ok := c.keyedNamed(m.X); ok && m.Name.Text == "keys" {
		return c.viewKeys(v, m, call)
	}
	if p, ok := c.target(m); ok && call == nil {
		return c.read(p, m)
	}
	on := c.infer(m.X)
	if absorbs(on.Type) {
		return bad()
	}
	if m.Name.Text == "or" {
		return c.or(on, m, call)
	}
	switch t := on.Type; t.Kind {
	case plan.KindRecord:
		return c.field(on, m, call)
	case plan.KindAny:
		if call == nil {
			return &plan.Expr{Op: plan.OpMember, Type: plan.Any, Name: m.Name.Text, Args: []*plan.Expr{on}}
		}
	case plan.KindSet, plan.KindList:
		return c.reader(at, on, m, call)
	case plan.KindString, plan.KindID:
		if m.Name.Text == "count" && c.noArguments(m, call) {
			return &plan.Expr{Op: plan.OpCount, Type: plan.Int, Args: []*plan.Expr{on}}
		}
	case plan.KindMaybe:
		d := diag.Errorf("E108", m.X.Where(), "this may be nil, and nil has no `%s`", m.Name.Text).
			Hinting("say what it is then with `.or(%s)`", sample(bare(on.Type)))
		c.write(c.isSlice(d, m.X))
		return bad()
	}
	c.noMember(m, on.Type)
	return bad()
}

// updateHere is the letter about a verb where only reading is allowed.
func (c *checker) updateHere(m *syntax.Member) {
	if c.body.kind == inHandler {
		c.write(diag.Errorf("E203", m.Name.Span, "`%s` is an update, and has no value", m.Name.Text).
			Hinting("write it as a statement of its own"))
		return
	}
	c.write(diag.Errorf("E203", m.Name.Span, "`%s` is an update, and %s only reads", m.Name.Text, kindNames[c.body.kind]).
		Hinting("updates stand in handlers and in the repair of an invariant"))
}

func (c *checker) or(on *plan.Expr, m *syntax.Member, call *syntax.Call) *plan.Expr {
	switch {
	case call == nil || len(call.Args) != 1 || call.Block != nil || call.Args[0].Name.Text != "":
		c.write(diag.Errorf("E107", m.Name.Span, "`or` takes one value, as in `x.or(0)`"))
		return bad()
	case on.Type.Kind != plan.KindMaybe && on.Type.Kind != plan.KindAny:
		c.write(diag.Errorf("E108", m.Name.Span, "`%s` is never nil, so it needs no `or`", on.Type.Label()))
		return bad()
	}
	other := c.check(call.Args[0].Value, widened(bare(on.Type)))
	t, ok := bare(on.Type).Unify(other.Type)
	if !ok {
		t = bare(on.Type) // an absorbing value, which had its letter
	}
	return &plan.Expr{Op: plan.OpOr, Type: t, Args: []*plan.Expr{on, other}}
}

func (c *checker) field(on *plan.Expr, m *syntax.Member, call *syntax.Call) *plan.Expr {
	i := slices.IndexFunc(on.Type.Fields, func(f plan.Field) bool { return f.Name == m.Name.Text })
	switch {
	case i < 0:
		c.noField(m.Name, on.Type)
		return bad()
	case call != nil:
		c.write(diag.Errorf("E107", call.Span, "`%s` is a field, not a function", m.Name.Text))
		return bad()
	}
	return &plan.Expr{Op: plan.OpField, Type: on.Type.Fields[i].Type, Index: i, Args: []*plan.Expr{on}}
}
