package foreign_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/martinelli-lang/martinelli/foreign"
	"github.com/martinelli-lang/martinelli/plan"
	"github.com/martinelli-lang/martinelli/value"
)

// all is every promise that is tested by calling.
var all = []string{foreign.Monotone, foreign.Mergeable, foreign.Idempotent}

var ints = plan.SetOf(plan.Int)

// promised is a function f of given types with promises.
func promised(f func(args []value.Value) (value.Value, error), result plan.Type, promises string, params ...plan.Type) foreign.Trial {
	imp := &plan.Import{Name: "f", Result: result, Promises: strings.Fields(promises)}
	for _, t := range params {
		imp.Params = append(imp.Params, plan.Param{Type: t})
	}
	return foreign.Trial{Import: imp, Call: f}
}

func count(args []value.Value) (value.Value, error) {
	return value.Int(int64(len(args[0].Elems()))), nil
}

func odd(args []value.Value) (value.Value, error) {
	return value.Bool(len(args[0].Elems())%2 == 1), nil
}

func second(args []value.Value) (value.Value, error) { return args[1], nil }

// TestPromises: what holds is let be, what does not is shown with the smallest
// example there is.
func TestPromises(t *testing.T) {
	asked := 0
	record := plan.Type{Kind: plan.KindRecord, Fields: []plan.Field{{Name: "n", Type: plan.Int}}}
	for _, c := range []struct {
		trial   foreign.Trial
		witness string
	}{
		{promised(count, plan.Int, "monotone idempotent", ints), ""},
		{promised(count, plan.Int, "mergeable", ints), "f([0]) is 1, f([1]) is 1, and of both f([0, 1]) is 2 instead of 1"},
		{promised(odd, plan.Bool, "", ints), ""},
		{promised(odd, plan.Bool, "monotone", ints), "f([0]) is true, and f([0, 1]) is false, which is not as much or more"},
		{promised(second, ints, "monotone mergeable idempotent", plan.ID, ints), ""},
		{promised(second, plan.Maybe(plan.Nat), "monotone mergeable", ints, plan.Maybe(plan.Nat)), ""},
		{promised(second, plan.Int, "monotone", plan.String, plan.Int), ""},
		{promised(func(args []value.Value) (value.Value, error) { return value.Int(-args[0].AsInt()), nil }, plan.Int, "monotone", plan.Int), "f(0) is 0, and f(1) is -1, which is not as much or more"},
		{promised(func(args []value.Value) (value.Value, error) { return value.Record(args[0]), nil }, record, "monotone", plan.Int), "has no order"},
		{promised(func([]value.Value) (value.Value, error) { asked++; return value.Int(int64(asked)), nil }, plan.Int, "idempotent", plan.Int), "and asked again"},
		{promised(func([]value.Value) (value.Value, error) { return value.Nil, errors.New("never") }, plan.Int, "monotone mergeable idempotent", plan.Int), ""},
		{promised(func([]value.Value) (value.Value, error) { return value.String("no int"), nil }, plan.Int, "monotone", plan.Int), ""},
	} {
		broken := c.trial.Test(all...)
		switch {
		case broken == nil && c.witness != "":
			t.Errorf("not found: %s", c.witness)
		case broken != nil && (c.witness == "" || !strings.Contains(broken.Witness, c.witness)):
			t.Errorf("%v, want %q", broken, c.witness)
		}
	}
}

// TestTrialsAreBounded: they end when there is no more to spend, make the same
// calls each time, and not those that a promise is not asked for.
func TestTrialsAreBounded(t *testing.T) {
	var calls [2]string
	for i := range calls {
		trial := promised(nil, plan.Bool, "monotone", ints, plan.Type{Kind: plan.KindTuple, Args: []plan.Type{plan.Symbol, plan.Float}})
		n := 0
		trial.Call = func(args []value.Value) (value.Value, error) {
			n++
			calls[i] += value.Encode(value.Tuple(args...))
			return odd(args)
		}
		if trial.Test(foreign.Idempotent) != nil || n != 0 {
			t.Error("it was tested for what nobody asked")
		}
		if trial.Test(all...) == nil || n > 3*450 {
			t.Errorf("%d calls", n)
		}
	}
	if calls[0] != calls[1] {
		t.Error("the calls differ from time to time")
	}
	left := 10
	trial := promised(odd, plan.Bool, "monotone", ints)
	trial.More = func() bool { left--; return left > 0 }
	trial.Test(all...)
	if left < 0 {
		t.Error("it went on with nothing left")
	}
}
