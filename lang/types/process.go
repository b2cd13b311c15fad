package types

import (
	"github.com/martinelli-lang/martinelli/lang/diag"
	"github.com/martinelli-lang/martinelli/lang/resolve"
	"github.com/martinelli-lang/martinelli/lang/syntax"
	"github.com/martinelli-lang/martinelli/plan"
)

// process types a process: a list of renders. With a parameter it is one for
// each key, and what it renders is the collection of all keys, as of a view.
func (c *checker) process(p *resolve.Process) {
	b := p.Decl.Block
	defer c.enter(inView, c.ambients(p.At)...)()
	out := plan.Process{At: p.At}
	var source *plan.Expr
	var params []int
	ok := true
	if len(b.Params) > 0 {
		source, params, ok = c.perKey(b, "a process")
	}
	for _, s := range b.Body {
		if call, isOut := outOf(p, s); isOut {
			if r, ok := c.run(call, params); ok {
				out.Runs = append(out.Runs, r)
			}
			continue
		}
		r, isRender := c.render(p, s)
		if !isRender {
			continue
		}
		if r.Notice && (ok || source == nil) {
			r.Expr = c.notices(source, params, r.Expr)
		} else if source != nil && ok && !absorbs(r.Expr.Type) {
			r.Expr = c.rows(s, source, params, r.Expr)
		}
		out.Renders = append(out.Renders, r)
	}
	if len(out.Runs) > 0 {
		out.Source, out.Params = source, params
	}
	out.Slots = c.body.slots
	c.out.Processes = append(c.out.Processes, out)
}

// render types one statement of a process.
func (c *checker) render(p *resolve.Process, s syntax.Stmt) (plan.Render, bool) {
	call, object := c.calledBy(s)
	switch o := object.(type) {
	case resolve.Prelude:
		switch o {
		case "render":
		case "notify":
			return c.notice(call)
		case "refresh":
			c.refresh(p, call)
			return plan.Render{}, false
		default:
			c.write(diag.Errorf("E205", call.Span, "`%s` does not show anything, and a process only shows", string(o)).
				Hinting("it says `render(x)` or `notify(k, v)`"))
			return plan.Render{}, false
		}
	case resolve.Linked:
		c.write(diag.Errorf("E107", call.Span, "`%s` fills a cell, and is given none", string(o)).
			Hinting("its last argument is the database that its result goes to"))
		return plan.Render{}, false
	case *resolve.Import:
		c.write(diag.Errorf("E205", call.Span, "`%s` fills no cell, so nothing becomes of its result", o.Name).
			Hinting("render it, or let its import fill an `out`"))
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
