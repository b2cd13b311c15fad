package lower

import (
	"github.com/martinelli-lang/martinelli/lang/diag"
	"github.com/martinelli-lang/martinelli/lang/token"
	"github.com/martinelli-lang/martinelli/plan"
)

// limits refuses a program whose plan no node would decode: one nested too
// deeply, or too large as a whole.
func (l *lowerer) limits() {
	if len(l.letters) > 0 && diag.HasErrors(l.letters) {
		return
	}
	if l.deep() {
		return
	}
	if n := len(plan.Encode(l.p)); n > plan.SizeMax {
		l.write(diag.Errorf("E191", token.Span{}, "the program is too large: its plan has %d bytes, and %d is the most", n, plan.SizeMax))
	}
}

// deep writes a letter for each body that is nested too deeply.
func (l *lowerer) deep() bool {
	before := len(l.letters)
	for i, v := range l.p.Views {
		l.bounded(exprDepth(v.Expr), l.typed.Views[i].Decl.Name.Span)
	}
	for i, h := range l.p.Handlers {
		l.bounded(stmtsDepth(h.Body), l.typed.Handlers[i].Decl.Event.Span)
	}
	for i, p := range l.p.Processes {
		for _, r := range p.Renders {
			l.bounded(exprDepth(r.Expr), l.typed.Processes[i].Decl.Span)
		}
	}
	for i, v := range l.p.Invariants {
		depth := max(exprDepth(v.Cond), stmtsDepth(v.Repair))
		if v.Source != nil {
			depth = max(depth, exprDepth(v.Source))
		}
		l.bounded(depth, l.typed.Invariants[i].Decl.Name.Span)
	}
	for _, f := range l.p.Funcs {
		l.bounded(exprDepth(f.Expr), token.Span{})
	}
	return len(l.letters) > before
}

func (l *lowerer) bounded(depth int, span token.Span) {
	if depth > plan.ExprDepthMax {
		l.write(diag.Errorf("E191", span, "this is nested too deeply").
			Hinting("%d levels are the most: name parts of it with `let`, `view` or `def`", plan.ExprDepthMax))
	}
}

func exprDepth(e *plan.Expr) int {
	n := 0
	for _, a := range e.Args {
		n = max(n, exprDepth(a))
	}
	if e.Block != nil {
		n = max(n, exprDepth(e.Block.Expr))
	}
	return n + 1
}

func stmtsDepth(ss []*plan.Stmt) int {
	n := 0
	for _, s := range ss {
		n = max(n, 1+stmtsDepth(s.Body), 1+stmtsDepth(s.Else))
		for _, a := range s.Args {
			n = max(n, 1+exprDepth(a))
		}
	}
	return n
}
