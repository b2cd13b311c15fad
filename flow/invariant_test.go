package flow

import (
	"errors"
	"testing"

	"github.com/martinelli-lang/martinelli/plan"
	"github.com/martinelli-lang/martinelli/value"
)

// adCounter is the advertisement counter: ads over budget are removed.
func adCounter(budget int64) *schema {
	s := &schema{}
	ads := s.database("ads", lattice(plan.KindORSet, adType))
	contracts := s.database("contracts", lattice(plan.KindORSet, contractType))
	counters := s.database("counters", lattice(plan.KindGCounter), plan.Dim{Name: "ad_id", Type: plan.ID})
	pairs := s.view("ads_x_contracts", product(s.cell(ads), s.cell(contracts)))
	paid := s.view("ads_with_contracts", where(pairs, func(x []*plan.Expr) *plan.Expr {
		return yes(plan.OpEq, field(x[0], 0, plan.ID), field(x[1], 0, plan.ID))
	}))
	s.view("ads_to_display", over(plan.OpMap, plan.SetOf(adType), paid, block(sideTypes(paid), func(x []*plan.Expr) *plan.Expr { return x[0] })))
	ad := slot()
	s.Invariants = []plan.Invariant{{
		Name: "budget", Source: s.cell(ads), Params: []int{ad}, Slots: ad + 1,
		Cond:   yes(plan.OpLe, s.cell(counters, field(local(ad, adType), 0, plan.ID)), num(budget)),
		Repair: []*plan.Stmt{write(ads, "remove", 0, local(ad, adType))},
	}}
	slots = 0
	slot()
	s.on("shown", []plan.Param{{Name: "ad_id", Type: plan.ID}}, write(counters, "inc", 1, local(0, plan.ID), num(1)))
	s.on("load", []plan.Param{{Name: "ad", Type: adType}}, write(ads, "add", 0, local(0, adType)))
	return s
}

func ad(id string) value.Value { return value.Record(value.String(id), value.Int(0)) }

// TestAnInvariantStandsWatch: the violation begins with the impression over
// budget, is repaired once, and ends.
func TestAnInvariantStandsWatch(t *testing.T) {
	e, a := adCounter(3).open(t), newAuthor(1)
	a.raise(e, "load", ad("x"))
	a.raise(e, "load", ad("y"))
	for range 3 {
		a.raise(e, "shown", value.String("x"))
	}
	if out := e.Drain(); len(out.Violations) != 0 {
		t.Fatalf("within budget: %v", out.Violations)
	}
	a.raise(e, "shown", value.String("x"))
	vs := e.Drain().Violations
	if len(vs) != 1 || !vs[0].Standing || !value.Equal(vs[0].Elem, ad("x")) || !e.Standing(vs[0]) {
		t.Fatalf("over budget: %v", vs)
	}
	out := e.Repair(vs[0], a.env())
	if out.Abort != "" || len(out.Writes) != 1 || len(out.Writes[0].Removed) != 1 {
		t.Fatalf("the repair: %v", out)
	}
	a.seqs["shared"]++
	if again := e.Repair(vs[0], a.env()); len(again.Writes) != 0 || e.Standing(vs[0]) {
		t.Fatalf("a second repair: %v", again)
	}
	if vs := e.Drain().Violations; len(vs) != 1 || vs[0].Standing {
		t.Fatalf("after the repair: %v", vs)
	}
	a.raise(e, "load", ad("x"))
	if vs := e.Drain().Violations; len(vs) != 1 || !vs[0].Standing {
		t.Fatalf("added again over budget: %v", vs)
	}
}

// TestAnInvariantWithoutSource may be broken from the start.
func TestAnInvariantWithoutSource(t *testing.T) {
	s := &schema{}
	n := s.database("n", lattice(plan.KindGCounter))
	s.Invariants = []plan.Invariant{{
		Name: "some", Cond: yes(plan.OpGe, s.cell(n), num(1)),
		Repair: []*plan.Stmt{write(n, "inc", 0, num(1))},
	}}
	e, a := s.open(t), newAuthor(1)
	vs := e.Drain().Violations
	if len(vs) != 1 || !vs[0].Standing {
		t.Fatalf("begins with %v", vs)
	}
	e.Repair(vs[0], a.env())
	if vs := e.Drain().Violations; len(vs) != 1 || vs[0].Standing {
		t.Fatalf("after the repair: %v", vs)
	}
}

// TestAFailingImportInAView leaves the element out, and takes back exactly
// what it gave, whatever it answers later.
func TestAFailingImportInAView(t *testing.T) {
	s := &schema{}
	xs := s.database("xs", lattice(plan.KindORSet, plan.Int))
	s.Imports = []plan.Import{{Name: "f", Params: []plan.Param{{Name: "n", Type: plan.Int}}, Result: plan.Int, From: "go:F"}}
	s.view("ys", mapped(s.cell(xs), func(x *plan.Expr) *plan.Expr {
		return &plan.Expr{Op: plan.OpImport, Type: plan.Int, Args: []*plan.Expr{x}}
	}))
	answer := int64(10)
	f := func(args []value.Value) (value.Value, error) {
		if args[0].AsInt() == 2 {
			return value.Nil, errors.New("not today")
		}
		answer++
		return value.Int(answer), nil
	}
	e, err := New(Config{Program: &s.Program, Funcs: map[string]Func{"F": f}})
	if err != nil {
		t.Fatal(err)
	}
	if err := e.Watch("ys"); err != nil {
		t.Fatal(err)
	}
	h := &history{}
	e.Apply([]Change{h.add("xs", nil, value.Int(1)), h.add("xs", nil, value.Int(2))})
	if got := e.Drain().Shown; len(got) != 1 || len(got[0].Added) != 1 || got[0].Added[0].AsInt() != 11 || e.Skipped() != 1 {
		t.Fatalf("shown: %v, skipped %d", got, e.Skipped())
	}
	e.Apply([]Change{h.remove(0), h.remove(0)})
	if got := e.Drain().Shown; len(got) != 1 || len(got[0].Removed) != 1 || got[0].Removed[0].AsInt() != 11 {
		t.Fatalf("shown: %v", got)
	}
}

// TestWhatIsSettled follows rules R1 to R8.
func TestWhatIsSettled(t *testing.T) {
	s := &schema{}
	g := s.cell(s.database("g", lattice(plan.KindGSet, plan.Int)))
	o := s.cell(s.database("o", lattice(plan.KindORSet, plan.Int)))
	n := s.cell(s.database("n", lattice(plan.KindGCounter)))
	negate := func(x *plan.Expr) *plan.Expr { return calc(plan.OpNeg, x) }
	for name, c := range map[string]struct {
		e    *plan.Expr
		want bool
	}{
		"gset": {g, true}, "set": {o, false}, "gcounter": {n, true},
		"map":          {mapped(g, negate), true},
		"map of a set": {mapped(o, negate), false},
		"product":      {product(g, g), true}, "mixed product": {product(g, o), false},
		"minus": {both(plan.OpMinus, g, g), false}, "count": {count(g), true},
		"above": {yes(plan.OpGt, n, num(3)), true}, "below": {yes(plan.OpLt, n, num(3)), false},
		"equal": {yes(plan.OpEq, n, num(3)), false}, "not below": {yes(plan.OpNot, yes(plan.OpLt, n, num(3))), true},
		"filter that reads":    {where(g, func(x []*plan.Expr) *plan.Expr { return yes(plan.OpIn, x[0], g) }), true},
		"filter that may turn": {where(g, func(x []*plan.Expr) *plan.Expr { return yes(plan.OpIn, x[0], o) }), false},
	} {
		if got := s.open(t).modes.Of(c.e) <= plan.Grows; got != c.want {
			t.Errorf("%s: settled %v, want %v", name, got, c.want)
		}
	}
}
