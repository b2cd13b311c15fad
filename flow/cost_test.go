package flow

import (
	"strconv"
	"testing"

	"github.com/martinelli-lang/martinelli/plan"
	"github.com/martinelli-lang/martinelli/value"
)

// sized is an engine whose sets a and b have n elements each, all different,
// and a history that can go on.
func sized(t testing.TB, n int, view func(w *world) *plan.Expr) (*Engine, *history) {
	w := &world{}
	w.a = w.database("a", lattice(plan.KindORSet, plan.Int))
	w.b = w.database("b", lattice(plan.KindORSet, plan.Int))
	w.ads = w.database("ads", lattice(plan.KindORSet, adType))
	w.counters = w.database("counters", lattice(plan.KindCounter), plan.Dim{Name: "ad_id", Type: plan.ID})
	w.view("v", view(w))
	e, h := w.open(t), &history{}
	var load []Change
	for i := range n {
		id := value.String("x" + strconv.Itoa(i))
		load = append(load, h.add("a", nil, value.Int(int64(i))), h.add("b", nil, value.Int(int64(i))),
			h.add("ads", nil, value.Record(id, value.Int(int64(i)))), h.add("counters", []value.Value{id}, value.Int(1)))
	}
	e.Apply(load)
	if err := e.Watch("v"); err != nil {
		t.Fatal(err)
	}
	e.Drain()
	return e, h
}

// steps is what applying changes costs.
func steps(e *Engine, changes ...Change) uint64 {
	before := e.Steps()
	e.Apply(changes)
	e.Drain()
	return e.Steps() - before
}

var operators = map[string]func(w *world) *plan.Expr{
	"map": func(w *world) *plan.Expr {
		return mapped(w.cell(w.a), func(x *plan.Expr) *plan.Expr { return calc(plan.OpMod, x, num(3)) })
	},
	"filter": func(w *world) *plan.Expr {
		return where(w.cell(w.a), func(x []*plan.Expr) *plan.Expr { return yes(plan.OpGt, x[0], num(0)) })
	},
	"union":        func(w *world) *plan.Expr { return both(plan.OpUnion, w.cell(w.a), w.cell(w.b)) },
	"intersection": func(w *world) *plan.Expr { return both(plan.OpIntersection, w.cell(w.a), w.cell(w.b)) },
	"minus":        func(w *world) *plan.Expr { return both(plan.OpMinus, w.cell(w.a), w.cell(w.b)) },
	"count":        func(w *world) *plan.Expr { return yes(plan.OpGt, count(w.cell(w.a)), num(3)) },
	"count of a map": func(w *world) *plan.Expr {
		return count(mapped(w.cell(w.a), func(x *plan.Expr) *plan.Expr { return calc(plan.OpMod, x, num(3)) }))
	},
	"hash join": func(w *world) *plan.Expr {
		return where(product(w.cell(w.a), w.cell(w.b)), func(x []*plan.Expr) *plan.Expr { return yes(plan.OpEq, x[0], x[1]) })
	},
	"count of a product": func(w *world) *plan.Expr {
		return count(where(product(w.cell(w.a), w.cell(w.b)), func(x []*plan.Expr) *plan.Expr { return yes(plan.OpEq, x[0], x[1]) }))
	},
	"filter that reads": func(w *world) *plan.Expr {
		return where(w.cell(w.ads), func(x []*plan.Expr) *plan.Expr {
			return yes(plan.OpGt, w.cell(w.counters, field(x[0], 0, plan.ID)), num(5))
		})
	},
	"membership": func(w *world) *plan.Expr {
		return where(w.cell(w.a), func(x []*plan.Expr) *plan.Expr { return yes(plan.OpIn, x[0], w.cell(w.b)) })
	},
	"keys": func(w *world) *plan.Expr { return count(w.keys(w.counters)) },
}

// TestStepsFollowTheChange: one change of each database costs a handful of
// steps, at 100 elements and at 4,000.
func TestStepsFollowTheChange(t *testing.T) {
	const stepsMax = 20
	for name, view := range operators {
		for _, n := range []int{100, 4_000} {
			e, h := sized(t, n, view)
			fresh, id := value.Int(int64(n)), value.String("x7")
			for what, c := range map[string]Change{
				"an element comes to a": h.add("a", nil, fresh), "and to b": h.add("b", nil, fresh),
				"an element goes": h.remove(0), "a counter moves": h.add("counters", []value.Value{id}, value.Int(9)),
				"a key comes": h.add("counters", []value.Value{value.String("new")}, value.Int(9)),
			} {
				if got := steps(e, c); got > stepsMax {
					t.Errorf("%s at %d elements: %s: %d steps", name, n, what, got)
				}
			}
		}
	}
}

// TestOneAddIntoAProduct meets every element of the other side once.
func TestOneAddIntoAProduct(t *testing.T) {
	const n = 1000
	e, h := sized(t, n, func(w *world) *plan.Expr { return count(product(w.cell(w.a), w.cell(w.b))) })
	if got := steps(e, h.add("a", nil, value.Int(n))); got > 2*n+8 {
		t.Errorf("%d steps for %d pairs", got, n)
	}
	if r, _ := e.Read("v", nil); r.Value.AsInt() != n*(n+1) {
		t.Errorf("%v pairs", r.Value)
	}
}

// TestUnreadViewsCostNothing: without a reader no operator takes a step.
func TestUnreadViewsCostNothing(t *testing.T) {
	for name, view := range operators {
		e, h := sized(t, 10, view)
		e.Unwatch("v")
		if got := steps(e, h.add("a", nil, value.Int(99)), h.remove(0)); got != 0 {
			t.Errorf("%s: %d steps for nobody", name, got)
		}
	}
}

// TestWatchingAgainAddsNothing: pages that come and go leave no nodes behind.
func TestWatchingAgainAddsNothing(t *testing.T) {
	e, _ := sized(t, 3, operators["hash join"])
	nodes := len(e.graph.nodes)
	for range 50 {
		e.Unwatch("v")
		if err := e.Watch("v"); err != nil {
			t.Fatal(err)
		}
		if _, err := e.Read("v", nil); err != nil {
			t.Fatal(err)
		}
	}
	if len(e.graph.nodes) != nodes {
		t.Errorf("%d nodes became %d", nodes, len(e.graph.nodes))
	}
}

// TestEqualOperatorsAreOneNode, whatever their slots and views are called.
func TestEqualOperatorsAreOneNode(t *testing.T) {
	w := &world{}
	w.a = w.database("a", lattice(plan.KindORSet, plan.Int))
	negate := func(x *plan.Expr) *plan.Expr { return calc(plan.OpNeg, x) }
	w.view("one", mapped(w.cell(w.a), negate))
	w.view("other", mapped(w.cell(w.a), negate))
	e := w.open(t)
	one, other := e.graph.collection(w.Views[0].Expr, nil), e.graph.collection(w.Views[1].Expr, nil)
	if one != other {
		t.Error("equal views are computed twice")
	}
}
