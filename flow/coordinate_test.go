package flow

import (
	"testing"

	"github.com/martinelli-lang/martinelli/plan"
)

// TestWhatCoordinatesIsNotRun gives an engine plans with statements that only later versions run.
func TestWhatCoordinatesIsNotRun(t *testing.T) {
	for _, op := range []plan.StmtOp{plan.StmtSerial, plan.StmtSaga, plan.StmtStep, plan.StmtSeal} {
		inner := []*plan.Stmt{{Op: plan.StmtTentatively, Body: []*plan.Stmt{{Op: op}}}}
		if _, err := New(Config{Program: &plan.Program{Handlers: []plan.Handler{{Event: "x", User: -1, Body: inner}}}}); err == nil {
			t.Errorf("a plan with statement %d is run", op)
		}
	}
}
