package types

import (
	"slices"

	"github.com/martinelli-lang/martinelli/lang/diag"
	"github.com/martinelli-lang/martinelli/lang/resolve"
	"github.com/martinelli-lang/martinelli/lang/syntax"
	"github.com/martinelli-lang/martinelli/plan"
	"github.com/martinelli-lang/martinelli/value"
)

// tell types `notify(k, v)` and `upload(x, ...)`, which are statements.
func (c *checker) tell(word string, x *syntax.Call) *plan.Stmt {
	switch {
	case c.body.kind != inHandler:
		c.write(diag.Errorf("E203", x.Span, "`%s` is an effect, and stands in handlers", word))
		return nil
	case x.Block != nil:
		c.write(diag.Errorf("E107", x.Block.Span, "`%s` takes no block", word))
		return nil
	case word == "upload":
		return c.upload(x)
	}
	args, ok := c.noticeOf(x)
	if !ok {
		return nil
	}
	return &plan.Stmt{Op: plan.StmtNotify, Args: args}
}

// noticeOf types the arguments of `notify(k, v)`.
func (c *checker) noticeOf(x *syntax.Call) ([]*plan.Expr, bool) {
	if len(x.Args) != 2 || x.Args[0].Name.Text != "" || x.Args[1].Name.Text != "" || x.Block != nil {
		c.write(diag.Errorf("E107", x.Span, "`notify` takes a key and a value, as in `notify(user_id, :done)`"))
		return nil, false
	}
	args := []*plan.Expr{c.infer(x.Args[0].Value), c.infer(x.Args[1].Value)}
	for i, a := range args {
		if absorbs(a.Type) {
			return nil, false
		}
		if isCollection(a.Type) {
			c.write(diag.Errorf("E510", x.Args[i].Value.Where(), "a notice is about plain values, and this is `%s`", a.Type.Label()).
				Hinting("say how many there are, or which one; a process renders collections"))
			return nil, false
		}
	}
	return args, true
}

// notice types `notify(k, v)` of a process, which tells each new pair.
func (c *checker) notice(x *syntax.Call) (plan.Render, bool) {
	args, ok := c.noticeOf(x)
	if !ok {
		return plan.Render{}, false
	}
	return plan.Render{Name: x.Span.Text(), Expr: tupleOf(args), Notice: true}, true
}

// notices is the collection of what a process tells: a pair for each element of
// its source, and one where it has none.
func (c *checker) notices(source *plan.Expr, params []int, pair *plan.Expr) *plan.Expr {
	if source == nil {
		source = &plan.Expr{Op: plan.OpList, Type: plan.SetOf(plan.Int), Args: []*plan.Expr{constant(plan.Int, value.Int(0))}}
		params, _ = c.fresh([]plan.Type{plan.Int})
	}
	return &plan.Expr{Op: plan.OpMap, Type: plan.SetOf(pair.Type), Args: []*plan.Expr{source}, Block: &plan.Block{Params: params, Expr: pair}}
}

// upload types the raising of the handler's own event at the home.
func (c *checker) upload(x *syntax.Call) *plan.Stmt {
	h := c.body.handler
	home := c.prog.Topology.Home()
	i := slices.IndexFunc(c.prog.Handlers, func(o *resolve.Handler) bool {
		return o != h && o.Decl.Event.Text == h.Decl.Event.Text && (len(o.At) == 0 || slices.Contains(o.At, home))
	})
	switch {
	case c.body.section != inCommit && c.body.section != inElse:
		c.write(diag.Errorf("E403", x.Span, "`upload` stands in the handler's own commit").
			Hinting("what a serial block does is done at the home already"))
		return nil
	case i < 0:
		c.write(diag.Errorf("E111", x.Span, "`upload` raises `on_%s` at `%s`, and no other handler of it stands there", h.Decl.Event.Text, home).
			Hinting("`at :%s do on_%s do ... end end` says what becomes of it, and this one stands at another role", home, h.Decl.Event.Text))
		return nil
	}
	at := c.prog.Handlers[i]
	params := c.paramsOf(at)
	if len(x.Args) != len(params) {
		c.write(diag.Errorf("E107", x.Span, "`on_%s` takes %s at `%s`, and here it gets %d", h.Decl.Event.Text, counted(len(params), "argument"), home, len(x.Args)).
			There(at.Decl.Event.Span, "the handler that runs there"))
		return nil
	}
	args, ok := c.arguments("upload", params, x.Args, x)
	if !ok {
		return nil
	}
	return &plan.Stmt{Op: plan.StmtUpload, Name: h.Decl.Event.Text, Args: args}
}

// paramsOf returns the parameters of another handler, whose letters are its own.
func (c *checker) paramsOf(h *resolve.Handler) []plan.Param {
	before := c.letters
	defer func() { c.letters = before }()
	params := make([]plan.Param, len(h.Decl.Block.Params))
	for i := range params {
		p, t := &h.Decl.Block.Params[i], plan.Any
		switch {
		case p.Type != nil:
			t = c.plainType(p.Type)
		case c.isAmbient(p.Name.Text):
			t = plan.ID
		}
		params[i] = plan.Param{Name: p.Name.Text, Type: t}
	}
	return params
}
