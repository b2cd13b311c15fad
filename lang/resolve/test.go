package resolve

import (
	"slices"

	"github.com/martinelli-lang/martinelli/lang/syntax"
)

// Test is a declared test.
type Test struct {
	Decl *syntax.Test
	User *Local // what user_id, and every other ambient name, stands for in the arguments of an event
}

// TestWord is a function of tests alone, by its name.
type TestWord string

func (TestWord) object() {}

// tests walks the bodies of the tests, once all databases have their
// dimensions: what a test says changes no program.
func (r *resolver) tests() {
	r.at, r.inTest = nil, true
	for _, t := range r.prog.Tests {
		r.push()
		r.scope.names["truth"] = TestWord("truth")
		for _, b := range []*syntax.Block{t.Decl.Given, t.Decl.When, t.Decl.Always, t.Decl.Then} {
			if b != nil {
				r.push()
				r.params(b.Params)
				r.steps(t, b.Body)
				r.pop()
			}
		}
		r.pop()
	}
	r.inTest = false
}

// steps walks what the steps of a test compute. The words of the steps and the
// names of nodes are no names of the program: types reads them.
func (r *resolver) steps(t *Test, ss []syntax.Stmt) {
	for _, s := range ss {
		switch s := s.(type) {
		case *syntax.Let:
			r.expr(s.Value)
			r.prog.Lets[s] = r.local(s.Name)
		case *syntax.Command:
			if s.Block != nil {
				r.push()
				r.steps(t, s.Block.Body)
				r.pop()
			}
		case *syntax.ExprStmt:
			r.step(t, s.X)
		}
	}
}

func (r *resolver) step(t *Test, x syntax.Expr) {
	call, ok := x.(*syntax.Call)
	if !ok {
		return
	}
	f, isWord := call.Fun.(*syntax.Ident)
	if isWord && slices.Contains([]string{"cut", "crash"}, f.Name) {
		return
	}
	r.push()
	if !isWord {
		r.bindUser(t.User)
	}
	for _, a := range call.Args {
		r.expr(a.Value)
	}
	r.pop()
}
