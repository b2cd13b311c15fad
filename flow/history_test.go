package flow

import (
	"math/rand/v2"
	"strconv"
	"testing"

	"github.com/martinelli-lang/martinelli/plan"
	"github.com/martinelli-lang/martinelli/value"
)

var (
	adType       = plan.Type{Kind: plan.KindRecord, Fields: []plan.Field{{Name: "id", Type: plan.ID}, {Name: "image", Type: plan.Int}}}
	contractType = plan.Type{Kind: plan.KindRecord, Fields: []plan.Field{{Name: "ad", Type: plan.ID}, {Name: "publisher", Type: plan.Int}}}
	pairType     = plan.TupleOf(plan.Int, plan.String)
)

// world is a program with every operator over every kind of element.
type world struct {
	schema
	a, b, words, pairs, ads, contracts, counters, likes, limit, floats int
}

func newWorld() *world {
	w := &world{}
	key := plan.Dim{Name: "ad_id", Type: plan.ID}
	w.a = w.database("a", lattice(plan.KindORSet, plan.Int))
	w.b = w.database("b", lattice(plan.KindORSet, plan.Int))
	w.words = w.database("words", lattice(plan.KindORSet, plan.String))
	w.pairs = w.database("pairs", lattice(plan.KindORSet, pairType))
	w.ads = w.database("ads", lattice(plan.KindORSet, adType))
	w.contracts = w.database("contracts", lattice(plan.KindGSet, contractType))
	w.counters = w.database("counters", lattice(plan.KindCounter), key)
	w.likes = w.database("likes", lattice(plan.KindORSet, plan.Int), key)
	w.limit = w.database("limit", lattice(plan.KindMax, plan.Int))
	w.floats = w.database("floats", lattice(plan.KindORSet, plan.Float))
	w.linear()
	w.bilinear()
	w.reading()
	w.scalars()
	w.aggregates()
	return w
}

func (w *world) linear() {
	a, b := w.cell(w.a), w.cell(w.b)
	w.view("negated", mapped(a, func(x *plan.Expr) *plan.Expr { return calc(plan.OpNeg, x) }))
	w.view("rem3", mapped(a, func(x *plan.Expr) *plan.Expr { return calc(plan.OpMod, x, num(3)) }))
	w.view("doubled", mapped(a, func(x *plan.Expr) *plan.Expr { return calc(plan.OpMul, x, num(2)) }))
	w.view("hashed", mapped(a, func(x *plan.Expr) *plan.Expr {
		return calc(plan.OpMod, calc(plan.OpMul, x, num(-7046029254386353131)), num(101))
	}))
	w.view("even", where(a, func(x []*plan.Expr) *plan.Expr { return yes(plan.OpEq, calc(plan.OpMod, x[0], num(2)), num(0)) }))
	w.view("even_negated", mapped(where(a, func(x []*plan.Expr) *plan.Expr {
		return yes(plan.OpEq, calc(plan.OpMod, x[0], num(2)), num(0))
	}), func(x *plan.Expr) *plan.Expr { return calc(plan.OpNeg, x) }))
	w.view("around", over(plan.OpFlatMap, a.Type, a, block([]plan.Type{plan.Int}, func(x []*plan.Expr) *plan.Expr {
		return op(plan.OpList, plan.Type{Kind: plan.KindList, Args: []plan.Type{plan.Int}},
			x[0], calc(plan.OpAdd, x[0], num(1)), x[0], num(0))
	})))
	w.view("either", both(plan.OpUnion, a, b))
	w.view("either_rem3", mapped(both(plan.OpUnion, a, b), func(x *plan.Expr) *plan.Expr { return calc(plan.OpMod, x, num(3)) }))
	w.view("swapped", over(plan.OpMap, plan.SetOf(plan.String), w.cell(w.pairs), block(pairType.Args, func(x []*plan.Expr) *plan.Expr { return x[1] })))
	w.view("same", both(plan.OpUnion, w.cell(w.words), w.cell(w.words)))
}

func (w *world) bilinear() {
	a, b, ads, contracts := w.cell(w.a), w.cell(w.b), w.cell(w.ads), w.cell(w.contracts)
	rem := func(e *plan.Expr) *plan.Expr {
		return mapped(e, func(x *plan.Expr) *plan.Expr { return calc(plan.OpMod, x, num(3)) })
	}
	all := w.view("ads_x_contracts", product(ads, contracts))
	shown := w.view("ads_with_contracts", where(all, func(x []*plan.Expr) *plan.Expr {
		return yes(plan.OpEq, field(x[0], 0, plan.ID), field(x[1], 0, plan.ID))
	}))
	w.view("to_display", over(plan.OpMap, ads.Type, shown, block(sideTypes(shown), func(x []*plan.Expr) *plan.Expr { return x[0] })))
	w.view("whole_pair", over(plan.OpFilter, all.Type, all, block([]plan.Type{all.Type.Element()}, func(x []*plan.Expr) *plan.Expr {
		return yes(plan.OpAnd,
			yes(plan.OpEq, field(field(x[0], 1, contractType), 0, plan.ID), field(field(x[0], 0, adType), 0, plan.ID)),
			yes(plan.OpGt, field(field(x[0], 0, adType), 1, plan.Int), num(1)))
	})))
	w.view("joined", &plan.Expr{
		Op: plan.OpJoin, Type: product(ads, contracts).Type, Args: []*plan.Expr{ads, contracts},
		Block: block([]plan.Type{adType, contractType}, func(x []*plan.Expr) *plan.Expr {
			return yes(plan.OpAnd, yes(plan.OpEq, field(x[0], 0, plan.ID), field(x[1], 0, plan.ID)),
				yes(plan.OpLt, field(x[0], 1, plan.Int), field(x[1], 1, plan.Int)))
		}),
	})
	w.view("three", where(product(product(a, b), rem(a)), func(x []*plan.Expr) *plan.Expr {
		return yes(plan.OpAnd, yes(plan.OpEq, calc(plan.OpMod, x[0], num(5)), calc(plan.OpMod, x[1], num(5))),
			yes(plan.OpAnd, yes(plan.OpEq, calc(plan.OpMod, x[1], num(3)), x[2]), yes(plan.OpNe, x[0], x[2])))
	}))
	w.view("self", product(rem(a), rem(a)))
	w.view("rows_x_b", product(w.rows(w.counters), b))
	w.view("common", both(plan.OpIntersection, a, b))
	w.view("common_rem3", both(plan.OpIntersection, rem(a), rem(b)))
	w.view("only_a", both(plan.OpMinus, a, b))
	w.view("only_rem3", both(plan.OpMinus, rem(a), rem(b)))
	w.view("none", both(plan.OpMinus, a, a))
	w.view("rest", both(plan.OpMinus, both(plan.OpUnion, a, b), both(plan.OpIntersection, a, b)))
}

// reading has bodies that read databases and views.
func (w *world) reading() {
	a, b, ads := w.cell(w.a), w.cell(w.b), w.cell(w.ads)
	counter := func(x *plan.Expr) *plan.Expr { return w.cell(w.counters, field(x, 0, plan.ID)) }
	w.view("over", where(ads, func(x []*plan.Expr) *plan.Expr { return yes(plan.OpGt, counter(x[0]), num(2)) }))
	w.view("counts", mapped(ads, func(x *plan.Expr) *plan.Expr { return counter(x) }))
	w.view("liked", over(plan.OpFlatMap, a.Type, ads, block([]plan.Type{adType}, func(x []*plan.Expr) *plan.Expr {
		return w.cell(w.likes, field(x[0], 0, plan.ID))
	})))
	w.view("rest_liked", where(a, func(x []*plan.Expr) *plan.Expr {
		return yes(plan.OpAnd, yes(plan.OpNot, yes(plan.OpIn, x[0], b)),
			yes(plan.OpIn, calc(plan.OpMod, x[0], num(3)), w.cell(w.likes, str("x1"))))
	}))
	w.view("in_view", where(b, func(x []*plan.Expr) *plan.Expr {
		return yes(plan.OpIn, x[0], &plan.Expr{Op: plan.OpView, Index: 1, Type: plan.SetOf(plan.Int)})
	}))
	w.view("below_count", where(a, func(x []*plan.Expr) *plan.Expr { return yes(plan.OpLt, x[0], count(both(plan.OpUnion, a, b))) }))
	w.view("dependent", mapped(a, func(x *plan.Expr) *plan.Expr {
		return calc(plan.OpAdd, x, count(where(b, func(y []*plan.Expr) *plan.Expr { return yes(plan.OpLt, y[0], x) })))
	}))
	w.view("keyed", where(ads, func(x []*plan.Expr) *plan.Expr { return yes(plan.OpIn, field(x[0], 0, plan.ID), w.keys(w.counters)) }))
	w.view("limited", where(product(a, b), func(x []*plan.Expr) *plan.Expr {
		limit := op(plan.OpOr, plan.Int, w.cell(w.limit), num(0))
		return yes(plan.OpAnd, yes(plan.OpEq, x[0], x[1]), yes(plan.OpLt, x[0], limit))
	}))
	w.view("chosen", op(plan.OpIf, a.Type, yes(plan.OpGt, count(a), count(b)), a, b))
	w.view("computed_key", w.cell(w.likes, op(plan.OpIf, plan.ID, yes(plan.OpGt, count(a), num(5)), str("x0"), str("x1"))))
	xs := slot()
	w.view("let", &plan.Expr{Op: plan.OpLet, Index: xs, Type: a.Type, Args: []*plan.Expr{
		count(b), where(a, func(x []*plan.Expr) *plan.Expr { return yes(plan.OpGt, x[0], local(xs, plan.Int)) }),
	}})
	ys := slot()
	w.view("let_set", &plan.Expr{Op: plan.OpLet, Index: ys, Type: a.Type, Args: []*plan.Expr{
		both(plan.OpMinus, a, b), both(plan.OpUnion, local(ys, a.Type), mapped(local(ys, a.Type), func(x *plan.Expr) *plan.Expr { return calc(plan.OpNeg, x) })),
	}})
	w.view("keys", w.keys(w.likes))
	w.view("rows", w.rows(w.likes))
	w.view("fixed_key", w.cell(w.likes, str("x0")))
}

func (w *world) scalars() {
	a, b := w.cell(w.a), w.cell(w.b)
	n := w.view("pairs_count", count(product(a, b)))
	w.view("rem3_count", count(mapped(a, func(x *plan.Expr) *plan.Expr { return calc(plan.OpMod, x, num(3)) })))
	w.view("many", yes(plan.OpGt, count(a), num(3)))
	w.view("sum", calc(plan.OpAdd, n, w.cell(w.counters, str("x1"))))
	w.view("has_five", yes(plan.OpIn, num(5), both(plan.OpIntersection, a, b)))
	zs := slot()
	w.view("let_count", &plan.Expr{Op: plan.OpLet, Index: zs, Type: plan.Int, Args: []*plan.Expr{
		both(plan.OpMinus, a, b), calc(plan.OpMul, count(local(zs, a.Type)), count(local(zs, a.Type))),
	}})
}

// step makes one random change.
func (w *world) step(h *history, r *rand.Rand) Change {
	if len(h.live) > 0 && r.IntN(100) < 45 {
		return h.remove(r.IntN(len(h.live)))
	}
	n := value.Int(int64(r.IntN(12) - 2))
	id := value.String("x" + strconv.Itoa(r.IntN(3)))
	switch r.IntN(10) {
	case 9:
		return h.add("floats", nil, value.Float([]float64{0.1, 0.2, -0.3, 1e16, -1e16, 1e-300, 2.5, -7}[r.IntN(8)]))
	case 0, 1:
		return h.add("a", nil, n)
	case 2, 3:
		return h.add("b", nil, n)
	case 4:
		return h.add("words", nil, id)
	case 5:
		return h.add("pairs", nil, value.Tuple(n, id))
	case 6:
		return h.add([]string{"ads", "contracts"}[r.IntN(2)], nil, value.Record(id, value.Int(int64(r.IntN(4)))))
	case 7:
		return h.add("likes", []value.Value{id}, n)
	}
	if r.IntN(4) == 0 {
		return h.add("limit", nil, n)
	}
	return h.add("counters", []value.Value{id}, value.Int(int64(r.IntN(5))))
}

// replica follows what Drain shows of every view.
type follower struct {
	engine *Engine
	sets   map[string]map[string]value.Value
	scalar map[string]value.Value
}

func follow(t *testing.T, e *Engine) *follower {
	f := &follower{e, map[string]map[string]value.Value{}, map[string]value.Value{}}
	for _, v := range e.program.Views {
		f.watch(t, v.Name)
	}
	return f
}

func (f *follower) watch(t *testing.T, name string) {
	if err := f.engine.Watch(name); err != nil {
		t.Fatal(err)
	}
	r, _ := f.engine.Read(name, nil)
	f.scalar[name] = r.Value
	f.sets[name] = map[string]value.Value{}
	for _, v := range r.Value.Elems() {
		f.sets[name][value.Encode(v)] = v
	}
}

func (f *follower) drain(t *testing.T) {
	for _, s := range f.engine.Drain().Shown {
		if s.Type.Kind != plan.KindSet {
			f.scalar[s.Name] = s.Added[0]
			continue
		}
		for _, v := range s.Removed {
			if _, ok := f.sets[s.Name][value.Encode(v)]; !ok {
				t.Fatalf("%s: removed %v, which was not there", s.Name, v)
			}
			delete(f.sets[s.Name], value.Encode(v))
		}
		for _, v := range s.Added {
			if _, ok := f.sets[s.Name][value.Encode(v)]; ok {
				t.Fatalf("%s: added %v, which was there", s.Name, v)
			}
			f.sets[s.Name][value.Encode(v)] = v
		}
	}
}

func (f *follower) check(t *testing.T, v plan.View) {
	t.Helper()
	want := recompute(f.engine, v.Expr)
	got := f.scalar[v.Name]
	if v.Expr.Type.Kind == plan.KindSet {
		var elems []value.Value
		for _, elem := range f.sets[v.Name] {
			elems = append(elems, elem)
		}
		got = set(elems)
	}
	if !value.Equal(got, want) {
		t.Fatalf("%s shows\n%v, recomputed it is\n%v", v.Name, got, want)
	}
	if r, _ := f.engine.Read(v.Name, nil); !value.Equal(r.Value, want) {
		t.Fatalf("%s reads\n%v, recomputed it is\n%v", v.Name, r.Value, want)
	}
}

// TestEveryOperatorEqualsRecomputation runs random histories of additions,
// removals and re-additions in batches, with views coming and going.
func TestEveryOperatorEqualsRecomputation(t *testing.T) {
	for seed := range uint64(25) {
		r := rand.New(rand.NewPCG(seed, 1))
		w, h := newWorld(), &history{}
		e := w.open(t)
		f := follow(t, e)
		for range 25 {
			var batch []Change
			for range 1 + r.IntN(8) {
				batch = append(batch, w.step(h, r))
			}
			e.Apply(batch)
			f.drain(t)
			for _, v := range w.Views {
				f.check(t, v)
			}
			name := w.Views[r.IntN(len(w.Views))].Name
			e.Unwatch(name)
			f.watch(t, name)
		}
	}
}

// TestUnwatchedViewsAreRead reads views that nothing keeps.
func TestUnwatchedViewsAreRead(t *testing.T) {
	for seed := range uint64(10) {
		r := rand.New(rand.NewPCG(seed, 2))
		w, h := newWorld(), &history{}
		e := w.open(t)
		for range 60 {
			e.Apply([]Change{w.step(h, r)})
		}
		for _, v := range w.Views {
			if got, _ := e.Read(v.Name, nil); !value.Equal(got.Value, recompute(e, v.Expr)) {
				t.Fatalf("%s reads %v, recomputed it is %v", v.Name, got.Value, recompute(e, v.Expr))
			}
		}
		for _, n := range e.graph.nodes {
			if n.demand != 0 || len(n.edges) != 0 {
				t.Fatal("a node stays active when nobody reads it any more")
			}
		}
		if len(e.graph.dependents) != 0 {
			t.Fatal("a dependency stays when nobody reads any more")
		}
	}
}

// TestBatchingAndOrderDoNotShow gives the same changes in other batches and
// another order to a second engine.
func TestBatchingAndOrderDoNotShow(t *testing.T) {
	for seed := range uint64(10) {
		r := rand.New(rand.NewPCG(seed, 3))
		w, h := newWorld(), &history{}
		one, other := w.open(t), w.open(t)
		f := follow(t, one)
		follow(t, other)
		for range 80 {
			one.Apply([]Change{w.step(h, r)})
		}
		f.drain(t)
		live := append([]Change(nil), h.live...)
		r.Shuffle(len(live), func(i, j int) { live[i], live[j] = live[j], live[i] })
		other.Apply(live)
		for _, v := range w.Views {
			a, _ := one.Read(v.Name, nil)
			b, _ := other.Read(v.Name, nil)
			if !value.Equal(a.Value, b.Value) {
				t.Fatalf("%s: one reads %v, the other %v", v.Name, a.Value, b.Value)
			}
		}
	}
}
