package flow

import (
	"math"
	"testing"

	"github.com/martinelli-lang/martinelli/plan"
	"github.com/martinelli-lang/martinelli/value"
)

// past is "clock > moment", or with an index of 1 "clock >= moment".
func past(index int, moment *plan.Expr) *plan.Expr {
	return &plan.Expr{Op: plan.OpClock, Type: plan.Bool, Index: index, Args: []*plan.Expr{moment}}
}

// TestTheClockTurnsWhatIsShown: each element comes at its moment and not before,
// the engine says when the next one is, and nothing else costs a step.
func TestTheClockTurnsWhatIsShown(t *testing.T) {
	s := &schema{}
	xs := s.database("xs", lattice(plan.KindORSet, plan.Int))
	s.view("over", where(s.cell(xs), func(x []*plan.Expr) *plan.Expr { return past(0, x[0]) }))
	s.view("still", where(s.cell(xs), func(x []*plan.Expr) *plan.Expr { return yes(plan.OpNot, past(1, x[0])) }))
	s.view("any", yes(plan.OpNot, past(1, num(25))))
	e := s.open(t)
	for _, name := range []string{"over", "still", "any"} {
		if err := e.Watch(name); err != nil {
			t.Fatal(err)
		}
	}
	h := &history{}
	e.Apply([]Change{h.add("xs", nil, value.Int(10)), h.add("xs", nil, value.Int(20)), h.add("xs", nil, value.Int(math.MaxInt64)), h.add("xs", nil, value.Int(-5))})
	e.Drain()
	for _, at := range []struct{ now, over, still, next int64 }{
		{0, 1, 3, 10}, {9, 1, 3, 10}, {10, 1, 2, 11}, {11, 2, 2, 20}, {9, 2, 2, 20}, {20, 2, 1, 21}, {21, 3, 1, 25}, {40, 3, 1, math.MaxInt64},
	} {
		e.Advance(at.now)
		if got := size(t, e, "over"); got != at.over {
			t.Errorf("at %d: %d are over, want %d", at.now, got, at.over)
		}
		if got := size(t, e, "still"); got != at.still {
			t.Errorf("at %d: %d are still to come, want %d", at.now, got, at.still)
		}
		if next, ok := e.NextMoment(); !ok || next != at.next {
			t.Errorf("at %d the next moment is %d (%v), want %d", at.now, next, ok, at.next)
		}
	}
	if e.Told() != 25 {
		t.Errorf("the latest moment found past is %d", e.Told())
	}
	e.Drain()
	before := e.Steps()
	e.Advance(1 << 40)
	if e.Steps() != before || len(e.Drain().Shown) != 0 {
		t.Error("a clock that passes no moment costs steps")
	}
}

// TestMomentsAreForgotten: a moment on which nothing depends any more is none.
func TestMomentsAreForgotten(t *testing.T) {
	s := &schema{}
	xs := s.database("xs", lattice(plan.KindORSet, plan.Int))
	s.view("over", where(s.cell(xs), func(x []*plan.Expr) *plan.Expr { return past(0, x[0]) }))
	e := s.open(t)
	if err := e.Watch("over"); err != nil {
		t.Fatal(err)
	}
	h := &history{}
	for range 100 {
		e.Apply([]Change{h.add("xs", nil, value.Int(7))})
		e.Apply([]Change{h.remove(0)})
	}
	if n := len(e.graph.moments.queue); n > 1 {
		t.Errorf("%d moments wait for an element that came and went", n)
	}
	if next, ok := e.NextMoment(); ok {
		t.Errorf("the next moment is %d, of nothing", next)
	}
}

func size(t *testing.T, e *Engine, view string) int64 {
	t.Helper()
	r, err := e.Read(view, nil)
	if err != nil {
		t.Fatal(err)
	}
	return int64(len(r.Value.Elems()))
}
