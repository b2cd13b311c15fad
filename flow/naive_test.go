package flow

import (
	"github.com/martinelli-lang/martinelli/flow/flowtest"
	"github.com/martinelli-lang/martinelli/plan"
	"github.com/martinelli-lang/martinelli/value"
)

// recompute evaluates an expression over the engine's databases as they stand.
func recompute(e *Engine, x *plan.Expr) value.Value {
	return flowtest.Recompute(e.program, func(name string, key []value.Value) (value.Value, []flowtest.Row) {
		r, err := e.Read(name, key)
		if err != nil {
			panic(err)
		}
		var rows []flowtest.Row
		for _, p := range r.Pairs {
			rows = append(rows, flowtest.Row(p))
		}
		return r.Value, rows
	}, x)
}

// set is the canonical form of a set: a list in order, without repetition.
func set(vs []value.Value) value.Value { return flowtest.Set(vs) }
