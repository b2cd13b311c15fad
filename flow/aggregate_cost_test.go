package flow

import (
	"testing"

	"github.com/martinelli-lang/martinelli/plan"
	"github.com/martinelli-lang/martinelli/value"
)

func init() {
	negated := func(x []*plan.Expr) *plan.Expr { return calc(plan.OpNeg, x[0]) }
	for name, view := range map[string]func(w *world) *plan.Expr{
		"sum": func(w *world) *plan.Expr { return of(plan.OpSum, plan.Int, w.cell(w.a), negated) },
		"avg": func(w *world) *plan.Expr { return of(plan.OpAvg, plan.Maybe(plan.Float), w.cell(w.a), nil) },
		"max": func(w *world) *plan.Expr { return of(plan.OpMax, plan.Maybe(plan.Int), w.cell(w.a), negated) },
		"min": func(w *world) *plan.Expr { return of(plan.OpMin, plan.Maybe(plan.Int), w.cell(w.a), negated) },
		"top": func(w *world) *plan.Expr { return top(num(10), w.cell(w.a), negated) },
		"sum that reads": func(w *world) *plan.Expr {
			return of(plan.OpSum, plan.Int, w.cell(w.ads), func(x []*plan.Expr) *plan.Expr { return w.cell(w.counters, field(x[0], 0, plan.ID)) })
		},
		"top that reads": func(w *world) *plan.Expr {
			return top(num(3), w.cell(w.ads), func(x []*plan.Expr) *plan.Expr { return w.cell(w.counters, field(x[0], 0, plan.ID)) })
		},
		"filter by a mean": func(w *world) *plan.Expr {
			return yes(plan.OpGt, of(plan.OpSum, plan.Int, w.cell(w.a), nil), calc(plan.OpAdd, count(w.cell(w.b)), num(3)))
		},
		"group": func(w *world) *plan.Expr { return pairsOf(w.cell(w.a)) },
		"sums of groups": func(w *world) *plan.Expr {
			g := pairsOf(w.cell(w.a))
			return over(plan.OpMap, plan.SetOf(plan.Int), g, block(sideTypes(g), func(x []*plan.Expr) *plan.Expr { return of(plan.OpSum, plan.Int, x[1], negated) }))
		},
		"closure of pairs": func(w *world) *plan.Expr {
			return op(plan.OpClosure, product(w.cell(w.a), w.cell(w.b)).Type, where(product(w.cell(w.a), w.cell(w.b)), func(x []*plan.Expr) *plan.Expr {
				return yes(plan.OpEq, x[0], calc(plan.OpSub, num(0), x[1]))
			}))
		},
	} {
		operators[name] = view
	}
}

// pairsOf groups ints by their half: two to a group.
func pairsOf(in *plan.Expr) *plan.Expr {
	return of(plan.OpGroup, plan.SetOf(plan.TupleOf(plan.Int, listType(plan.Int))), in, func(x []*plan.Expr) *plan.Expr {
		return calc(plan.OpDiv, x[0], num(2))
	})
}

// TestTopIsToldOfItsOwn: what stays out of the first ten wakes nobody.
func TestTopIsToldOfItsOwn(t *testing.T) {
	e, h := sized(t, 100, func(w *world) *plan.Expr {
		return top(num(10), w.cell(w.a), func(x []*plan.Expr) *plan.Expr { return x[0] })
	})
	e.Apply([]Change{h.add("a", nil, value.Int(-5)), h.remove(0)})
	if shown := e.Drain().Shown; len(shown) != 0 {
		t.Errorf("%v is shown, of what is not among the first", shown)
	}
	e.Apply([]Change{h.add("a", nil, value.Int(500))})
	shown := e.Drain().Shown
	if len(shown) != 1 || len(shown[0].Added) != 1 || len(shown[0].Added[0].Elems()) != 10 || shown[0].Added[0].Elems()[0].AsInt() != 500 {
		t.Errorf("%v is shown of a new first", shown)
	}
}

// TestClosureOfALongChain: an edge at its end costs what reaches it, and one
// that goes costs no more than searching anew.
func TestClosureOfALongChain(t *testing.T) {
	const n = 60
	w := &world{}
	w.likes = w.database("likes", lattice(plan.KindORSet, plan.Int), plan.Dim{Name: "from", Type: plan.Int})
	rows := w.rows(w.likes)
	w.view("v", op(plan.OpClosure, rows.Type, rows))
	e, h := w.open(t), &history{}
	link := func(i int) Change { return h.add("likes", []value.Value{value.Int(int64(i))}, value.Int(int64(i+1))) }
	for i := range n {
		e.Apply([]Change{link(i)})
	}
	if err := e.Watch("v"); err != nil {
		t.Fatal(err)
	}
	if got := steps(e, link(n)); got > 4*n {
		t.Errorf("an edge at the end of %d costs %d steps", n, got)
	}
	if got := steps(e, h.remove(n)); got > n*n {
		t.Errorf("the last of %d edges goes at %d steps", n, got)
	}
	if got := steps(e, h.remove(0)); got > 4*n {
		t.Errorf("the first of %d edges goes at %d steps", n, got)
	}
}

// TestAggregatesInAHandlerTakeFuel: a run over all elements spends for each.
func TestAggregatesInAHandlerTakeFuel(t *testing.T) {
	for name, view := range operators {
		w := &world{}
		w.a = w.database("a", lattice(plan.KindORSet, plan.Int))
		w.b = w.database("b", lattice(plan.KindORSet, plan.Int))
		w.ads = w.database("ads", lattice(plan.KindORSet, adType))
		w.counters = w.database("counters", lattice(plan.KindCounter), plan.Dim{Name: "ad_id", Type: plan.ID})
		x := view(w)
		s := slot()
		w.on("ask", nil, &plan.Stmt{Op: plan.StmtLet, Index: s, Args: []*plan.Expr{x}})
		e, h, a := w.open(t), &history{}, newAuthor(1)
		e.cfg.FuelMax = 150
		var load []Change
		for i := range 200 {
			load = append(load, h.add("a", nil, value.Int(int64(i))), h.add("b", nil, value.Int(int64(i))))
			load = append(load, h.add("ads", nil, value.Record(value.String(string(rune('a'+i))), value.Int(1))))
			load = append(load, h.add("counters", []value.Value{value.String(string(rune('a' + i)))}, value.Int(1)))
		}
		e.Apply(load)
		if out := a.raise(e, "ask"); out.Abort != AbortFuel && name != "count" && name != "keys" && name != "membership" {
			t.Errorf("%s over 200 elements takes less than 150 steps: %q", name, out.Abort)
		}
	}
}
