package types

import (
	"github.com/martinelli-lang/martinelli/lang/diag"
	"github.com/martinelli-lang/martinelli/lang/resolve"
	"github.com/martinelli-lang/martinelli/lang/syntax"
	"github.com/martinelli-lang/martinelli/plan"
)

// value types a body whose last statement is its expression: lets, and then
// one value. want may be nil.
func (c *checker) value(ss []syntax.Stmt, at syntax.Node, want *plan.Type) *plan.Expr {
	defer c.body.scoped()()
	if len(ss) == 0 {
		c.write(diag.Errorf("E518", at.Where(), "a value is asked for here, and there is none"))
		return bad()
	}
	return c.valueFrom(ss, want)
}

func (c *checker) valueFrom(ss []syntax.Stmt, want *plan.Type) *plan.Expr {
	last := len(ss) == 1
	switch s := ss[0].(type) {
	case *syntax.Let:
		x := c.let(s)
		slot := c.body.bind(c.prog.Lets[s], x.Type)
		if last {
			c.write(diag.Errorf("E518", s.Span, "a value is asked for here; this only names one").Hinting("end with the value: `%s`", s.Name.Text))
			return bad()
		}
		rest := c.valueFrom(ss[1:], want)
		return &plan.Expr{Op: plan.OpLet, Type: rest.Type, Index: slot, Args: []*plan.Expr{x, rest}}
	case *syntax.ExprStmt:
		if last {
			return c.wanted(s.X, want)
		}
		c.unused(s.X)
		return c.valueFrom(ss[1:], want)
	case *syntax.Command:
		c.command(s)
		if !last {
			c.valueFrom(ss[1:], want)
		}
	}
	return bad()
}

// let types the value of a let.
func (c *checker) let(s *syntax.Let) *plan.Expr {
	x := c.infer(s.Value)
	if x.Type.Kind == plan.KindNil {
		c.write(diag.Errorf("E515", s.Value.Where(), "nil alone does not say what `%s` may be", s.Name.Text))
		return bad()
	}
	return x
}

// unused is the letter about an expression whose value goes nowhere.
func (c *checker) unused(x syntax.Expr) {
	if e := c.infer(x); !absorbs(e.Type) {
		c.write(diag.Errorf("E520", x.Where(), "nothing is done with this value").Hinting("name it with `let`, or leave it out"))
	}
}

// stmts types the statements of a handler.
func (c *checker) stmts(ss []syntax.Stmt) []*plan.Stmt {
	defer c.body.scoped()()
	var out []*plan.Stmt
	for _, s := range ss {
		if st := c.stmt(s); st != nil {
			c.stands(st, s.Where())
			out = append(out, st)
		}
	}
	return out
}

func (c *checker) stmt(s syntax.Stmt) *plan.Stmt {
	switch s := s.(type) {
	case *syntax.Let:
		x := c.let(s)
		return &plan.Stmt{Op: plan.StmtLet, Index: c.body.bind(c.prog.Lets[s], x.Type), Args: []*plan.Expr{x}}
	case *syntax.Command:
		return c.command(s)
	case *syntax.ExprStmt:
		return c.exprStmt(s.X)
	}
	return nil
}

// command types a statement with a word of its own.
func (c *checker) command(s *syntax.Command) *plan.Stmt {
	switch s.Word.Text {
	case "abort":
		return c.abort(s)
	case "atomic":
		return c.atomic(s)
	case "step":
		c.write(diag.Errorf("E403", s.Word.Span, "a `step` stands in a saga").Hinting("`atomic :saga, :key => e do step do ... undo ... end end`"))
	case "tentatively":
		return c.tentatively(s)
	}
	return nil
}

func (c *checker) abort(s *syntax.Command) *plan.Stmt {
	if c.body.kind != inHandler {
		c.write(diag.Errorf("E203", s.Span, "`abort` ends a handler; this is %s", kindNames[c.body.kind]))
		return nil
	}
	c.mayAbort(s)
	if len(s.Args) == 1 && s.Block == nil && len(s.Options) == 0 {
		if why, ok := s.Args[0].(*syntax.Symbol); ok {
			return &plan.Stmt{Op: plan.StmtAbort, Name: why.Name}
		}
	}
	c.write(diag.Errorf("E107", s.Span, "`abort` takes one reason, as in `abort :sold_out`"))
	return nil
}

func (c *checker) exprStmt(x syntax.Expr) *plan.Stmt {
	switch x := x.(type) {
	case *syntax.If:
		return c.ifStmt(x, 0)
	case *syntax.Call:
		return c.callStmt(x)
	case *syntax.Member:
		if c.isVerb(x) {
			return c.update(x, nil)
		}
	case *syntax.Bad:
		return nil
	}
	c.unused(x)
	return nil
}

// ifStmt types the arms of an if from i on; an elsif is an if in the else.
func (c *checker) ifStmt(x *syntax.If, i int) *plan.Stmt {
	arm := x.Arms[i]
	st := &plan.Stmt{Op: plan.StmtIf, Args: []*plan.Expr{c.check(arm.Cond, plan.Bool)}, Body: c.stmts(arm.Body)}
	if i+1 < len(x.Arms) {
		st.Else = []*plan.Stmt{c.ifStmt(x, i+1)}
	} else {
		st.Else = c.stmts(x.Else)
	}
	return st
}

func (c *checker) callStmt(x *syntax.Call) *plan.Stmt {
	switch f := x.Fun.(type) {
	case *syntax.Member:
		if c.isVerb(f) {
			return c.update(f, x)
		}
		if f.Name.Text == "each" {
			return c.each(f, x)
		}
	case *syntax.Ident:
		if word, ok := c.prog.Uses[f].(resolve.Prelude); ok && (word == "notify" || word == "upload") {
			return c.tell(string(word), x)
		}
		if _, ok := c.prog.Uses[f].(*resolve.Import); ok {
			e := c.call(x)
			slot := c.body.slots // its result goes nowhere
			c.body.slots++
			return &plan.Stmt{Op: plan.StmtLet, Index: slot, Args: []*plan.Expr{e}}
		}
	}
	c.unused(x)
	return nil
}

// each types "xs.each do |x| ... end".
func (c *checker) each(f *syntax.Member, x *syntax.Call) *plan.Stmt {
	xs := c.infer(f.X)
	if x.Block == nil || len(x.Args) > 0 {
		c.write(diag.Errorf("E107", x.Span, "`each` takes a block, as in `xs.each do |x| ... end`"))
		return nil
	}
	elem := absorbing
	switch {
	case isCollection(xs.Type), xs.Type.Kind == plan.KindList:
		elem = xs.Type.Element()
	case !absorbs(xs.Type):
		c.write(diag.Errorf("E108", f.X.Where(), "`each` goes over a collection or a list, and this is `%s`", xs.Type.Label()).
			Hinting("%s", hintUnknown(xs.Type)))
	}
	defer c.body.scoped()()
	c.noSources(x.Block.Params)
	st := &plan.Stmt{Op: plan.StmtEach, Args: []*plan.Expr{xs}, Params: c.destructure(x.Block, elem)}
	st.Body = c.stmts(x.Block.Body)
	return st
}
