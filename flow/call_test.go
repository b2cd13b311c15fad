package flow

import (
	"slices"
	"testing"

	"github.com/martinelli-lang/martinelli/plan"
	"github.com/martinelli-lang/martinelli/value"
)

// TestEachCallOfARunIsItsOwn: a step that charges twice charges twice, two
// sagas that charge the same charge twice, and a step that is run again asks
// for the very same calls.
func TestEachCallOfARunIsItsOwn(t *testing.T) {
	charge := &plan.Expr{Op: plan.OpImport, Type: plan.Bool, Args: []*plan.Expr{{Op: plan.OpConst, Type: plan.Int, Const: value.Int(12)}}}
	step := &plan.Stmt{Op: plan.StmtStep, Body: []*plan.Stmt{
		{Op: plan.StmtLet, Index: 0, Args: []*plan.Expr{charge}},
		{Op: plan.StmtLet, Index: 1, Args: []*plan.Expr{charge}},
	}}
	key := &plan.Expr{Op: plan.OpConst, Type: plan.Int, Const: value.Int(1)}
	p := &plan.Program{
		Imports:  []plan.Import{{Name: "charge", From: "go:charge", Params: []plan.Param{{Name: "n", Type: plan.Int}}, Result: plan.Bool}},
		Handlers: []plan.Handler{{Event: "pay", User: -1, Slots: 2, Body: []*plan.Stmt{{Op: plan.StmtSaga, Args: []*plan.Expr{key}, Body: []*plan.Stmt{step}}}}},
	}
	e, err := New(Config{Program: p, Funcs: map[string]Func{"charge": func([]value.Value) (value.Value, error) { return value.Bool(true), nil }}})
	if err != nil {
		t.Fatal(err)
	}
	handed := Handed{Block: p.Atomics()[0].Hash}
	calls := func(run string) (keys []CallKey) {
		env := counted()()
		env.Run = run
		env.Returned = func(c *Call) (Returned, bool) {
			return Returned{Value: value.Bool(true)}, slices.Contains(keys, c.Key())
		}
		for {
			o := e.Step(&handed, 0, env)
			if o.Abort != "" {
				t.Fatalf("%+v", o)
			}
			if len(o.Calls) == 0 {
				return keys
			}
			keys = append(keys, o.Calls[0].Key())
		}
	}
	first, again, other := calls("one"), calls("one"), calls("two")
	if len(first) != 2 || first[0] == first[1] {
		t.Errorf("two calls of a step are %d", len(first))
	}
	if !slices.Equal(first, again) {
		t.Error("a step that is run again asks for other calls")
	}
	if slices.Contains(other, first[0]) || slices.Contains(other, first[1]) {
		t.Error("two sagas share a call")
	}
	if pure := calls(""); len(pure) != 1 {
		t.Errorf("what only computes is called %d times for the same", len(pure))
	}
}
