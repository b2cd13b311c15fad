package flow

import (
	"testing"

	"github.com/martinelli-lang/martinelli/plan"
	"github.com/martinelli-lang/martinelli/value"
)

// wine is a record with the fields of the benchmark's predicate, by name:
// country, rating, votes, year.
var wine = plan.Type{Kind: plan.KindRecord, Fields: []plan.Field{
	{Name: "country", Type: plan.String}, {Name: "rating", Type: plan.Int}, {Name: "votes", Type: plan.Int}, {Name: "year", Type: plan.Int},
}}

// predicate is rating*10 + votes > 120 and country == "PT" and year >= 2010.
func predicate(x *plan.Expr) *plan.Expr {
	return yes(plan.OpAnd, yes(plan.OpAnd,
		yes(plan.OpGt, calc(plan.OpAdd, calc(plan.OpMul, field(x, 1, plan.Int), num(10)), field(x, 2, plan.Int)), num(120)),
		yes(plan.OpEq, field(x, 0, plan.String), str("PT"))),
		yes(plan.OpGe, field(x, 3, plan.Int), num(2010)))
}

func compiledPredicate() (boolFn, *machine) {
	c := compiler{engine: &Engine{program: &plan.Program{}}}
	m := &machine{}
	m.begin(1, FuelMax)
	m.slots[0] = value.Record(value.String("PT"), value.Int(9), value.Int(40), value.Int(2015))
	return c.bool(predicate(local(0, wine))), m
}

func TestAPredicateAllocatesNothing(t *testing.T) {
	f, m := compiledPredicate()
	if !f(m) {
		t.Fatal("the predicate is false")
	}
	if n := testing.AllocsPerRun(100, func() { f(m) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkPredicate(b *testing.B) {
	f, m := compiledPredicate()
	b.ReportAllocs()
	for b.Loop() {
		f(m)
	}
}

// BenchmarkRun is one impression: a handler run that increments a gcounter.
func BenchmarkRun(b *testing.B) {
	for _, c := range []struct {
		name    string
		watched bool
	}{{"alone", false}, {"invariant", true}} {
		b.Run(c.name, func(b *testing.B) {
			s := adCounter(1 << 40)
			if !c.watched {
				s.Invariants = nil
			}
			e, a := s.open(b), newAuthor(1)
			args := []value.Value{value.String("x")}
			a.raise(e, "load", ad("x"))
			h, _ := e.Handler("shown")
			env := a.env()
			b.ReportAllocs()
			for b.Loop() {
				for _, w := range e.Run(h, args, env).Writes {
					a.seqs[w.Space]++
				}
			}
		})
	}
}

// alternate measures one element that comes and goes.
func alternate(b *testing.B, e *Engine, h *history) {
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		if i%2 == 0 {
			e.Apply([]Change{h.add("a", nil, value.Int(1<<20))})
		} else {
			e.Apply([]Change{h.remove(len(h.live) - 1)})
		}
		e.Drain()
	}
}

// BenchmarkMapFilter is one update of map|filter over 10,000 elements.
func BenchmarkMapFilter(b *testing.B) {
	e, h := sized(b, 10_000, func(w *world) *plan.Expr {
		return where(mapped(w.cell(w.a), func(x *plan.Expr) *plan.Expr { return calc(plan.OpMul, x, num(2)) }),
			func(x []*plan.Expr) *plan.Expr { return yes(plan.OpGt, x[0], num(100)) })
	})
	alternate(b, e, h)
}

// BenchmarkProduct is one update of a 1,000 x 1,000 product, counted, and shown.
func BenchmarkProduct(b *testing.B) {
	for name, view := range map[string]func(e *plan.Expr) *plan.Expr{"counted": count, "shown": func(e *plan.Expr) *plan.Expr { return e }} {
		b.Run(name, func(b *testing.B) {
			e, h := sized(b, 1000, func(w *world) *plan.Expr { return view(product(w.cell(w.a), w.cell(w.b))) })
			alternate(b, e, h)
		})
	}
}

// BenchmarkApply is one impression from another replica, with a watched budget.
func BenchmarkApply(b *testing.B) {
	e, a := adCounter(1<<40).open(b), newAuthor(1)
	a.raise(e, "load", ad("x"))
	h := &history{}
	key := []value.Value{value.String("x")}
	b.ReportAllocs()
	for i := int64(1); b.Loop(); i++ {
		changes := []Change{h.add("counters", key, value.Int(i))}
		if len(h.live) > 1 {
			changes = append(changes, h.remove(0))
		}
		e.Apply(changes)
	}
}
