package flow

import (
	"github.com/martinelli-lang/martinelli/plan"
	"github.com/martinelli-lang/martinelli/value"
)

// listType is the type of what sort_by and top give.
func listType(elem plan.Type) plan.Type {
	return plan.Type{Kind: plan.KindList, Args: []plan.Type{elem}}
}

// of is a reader of all elements of in by what f gives, or of the elements where f is nil.
func of(o plan.Op, t plan.Type, in *plan.Expr, f func(xs []*plan.Expr) *plan.Expr) *plan.Expr {
	e := op(o, t, in)
	if f != nil {
		e.Block = block(sideTypes(in), f)
	}
	return e
}

func top(n, in *plan.Expr, f func(xs []*plan.Expr) *plan.Expr) *plan.Expr {
	e := of(plan.OpTop, listType(in.Type.Element()), in, f)
	e.Args = append(e.Args, n)
	return e
}

// aggregates has every reader of all elements together, over every kind of element.
func (w *world) aggregates() {
	a, b, ads, words, pairs, floats := w.cell(w.a), w.cell(w.b), w.cell(w.ads), w.cell(w.words), w.cell(w.pairs), w.cell(w.floats)
	negated := func(x []*plan.Expr) *plan.Expr { return calc(plan.OpNeg, x[0]) }
	rem3 := func(x []*plan.Expr) *plan.Expr { return calc(plan.OpMod, x[0], num(3)) }
	image := func(x []*plan.Expr) *plan.Expr { return field(x[0], 1, plan.Int) }
	counter := func(x []*plan.Expr) *plan.Expr { return w.cell(w.counters, field(x[0], 0, plan.ID)) }
	self := func(x []*plan.Expr) *plan.Expr { return x[0] }
	union := both(plan.OpUnion, a, b)
	maybe := plan.Maybe

	w.view("total", of(plan.OpSum, plan.Int, a, nil))
	w.view("total_negated", of(plan.OpSum, plan.Int, a, negated))
	w.view("total_doubled", of(plan.OpSum, plan.Int, a, func(x []*plan.Expr) *plan.Expr { return calc(plan.OpMul, x[0], num(2)) }))
	w.view("total_rem3", of(plan.OpSum, plan.Int, union, rem3))
	w.view("total_hashed", of(plan.OpSum, plan.Int, a, func(x []*plan.Expr) *plan.Expr { return calc(plan.OpMul, x[0], num(-7046029254386353131)) }))
	w.view("total_of_map", of(plan.OpSum, plan.Int, mapped(a, func(x *plan.Expr) *plan.Expr { return calc(plan.OpMod, x, num(3)) }), nil))
	w.view("total_image", of(plan.OpSum, plan.Int, ads, image))
	w.view("total_counted", of(plan.OpSum, plan.Int, ads, counter))
	w.view("total_rows", of(plan.OpSum, plan.Int, w.rows(w.counters), func(x []*plan.Expr) *plan.Expr { return x[1] }))
	w.view("total_pairs", of(plan.OpSum, plan.Int, pairs, self))
	w.view("total_floats", of(plan.OpSum, plan.Float, floats, nil))
	w.view("total_fixed", of(plan.OpSum, plan.Int, w.cell(w.likes, str("x0")), nil))
	w.view("mean", of(plan.OpAvg, maybe(plan.Float), a, nil))
	w.view("mean_hashed", of(plan.OpAvg, maybe(plan.Float), a, func(x []*plan.Expr) *plan.Expr { return calc(plan.OpMul, x[0], num(-7046029254386353131)) }))
	w.view("mean_rem3", of(plan.OpAvg, maybe(plan.Float), a, rem3))
	w.view("mean_floats", of(plan.OpAvg, maybe(plan.Float), floats, nil))
	w.view("largest", of(plan.OpMax, maybe(plan.Int), a, nil))
	w.view("largest_negated", of(plan.OpMax, maybe(plan.Int), a, negated))
	w.view("largest_counted", of(plan.OpMax, maybe(plan.Int), ads, counter))
	w.view("largest_float", of(plan.OpMax, maybe(plan.Float), floats, nil))
	w.view("smallest", of(plan.OpMin, maybe(plan.Int), union, nil))
	w.view("smallest_rem3", of(plan.OpMin, maybe(plan.Int), a, rem3))
	w.view("smallest_word", of(plan.OpMin, maybe(plan.String), words, nil))
	w.view("first", of(plan.OpFirst, maybe(pairType), pairs, nil))
	w.view("last", of(plan.OpLast, maybe(adType), ads, nil))
	w.view("sorted_down", of(plan.OpSort, listType(plan.Int), a, negated))
	w.view("sorted_rem3", of(plan.OpSort, listType(plan.Int), union, rem3))
	w.view("sorted_pairs", of(plan.OpSort, listType(pairType), pairs, func(x []*plan.Expr) *plan.Expr { return x[1] }))
	w.view("sorted_counted", of(plan.OpSort, listType(adType), ads, counter))
	w.view("top_rem3", top(num(3), a, rem3))
	w.view("top_none", top(num(-1), a, self))
	w.view("top_counted", top(num(2), ads, counter))
	w.view("top_rows", top(num(2), w.rows(w.likes), func(x []*plan.Expr) *plan.Expr { return x[1] }))
	w.view("top_moving", top(count(b), a, negated))
	w.view("first_of_top", of(plan.OpFirst, maybe(plan.Int), top(num(2), a, rem3), nil))
	w.view("total_of_top", of(plan.OpSum, plan.Int, top(num(4), a, rem3), negated))
	w.relations()
	w.view("below_mean", where(a, func(x []*plan.Expr) *plan.Expr {
		return yes(plan.OpLt, op(plan.OpFloat, plan.Float, x[0]), op(plan.OpOr, plan.Float, of(plan.OpAvg, maybe(plan.Float), b, nil), &plan.Expr{Op: plan.OpConst, Type: plan.Float, Const: value.Float(1)}))
	}))
	w.view("above_top", where(b, func(x []*plan.Expr) *plan.Expr { return yes(plan.OpIn, x[0], top(num(2), a, negated)) }))
	w.view("total_below", mapped(a, func(x *plan.Expr) *plan.Expr {
		return of(plan.OpSum, plan.Int, where(b, func(y []*plan.Expr) *plan.Expr { return yes(plan.OpLt, y[0], x) }), nil)
	}))
	w.view("totals_by_x", of(plan.OpSum, plan.Int, a, func(x []*plan.Expr) *plan.Expr {
		return of(plan.OpSum, plan.Int, b, func(y []*plan.Expr) *plan.Expr { return calc(plan.OpMul, x[0], y[0]) })
	}))
}

func (w *world) relations() {
	a, pairs, ads := w.cell(w.a), w.cell(w.pairs), w.cell(w.ads)
	group := func(in *plan.Expr, key plan.Type, f func(xs []*plan.Expr) *plan.Expr) *plan.Expr {
		return of(plan.OpGroup, plan.SetOf(plan.TupleOf(key, listType(in.Type.Element()))), in, f)
	}
	closure := func(in *plan.Expr) *plan.Expr { return op(plan.OpClosure, in.Type, in) }
	rem3 := func(x []*plan.Expr) *plan.Expr { return calc(plan.OpMod, x[0], num(3)) }

	by3 := w.view("by_rem3", group(a, plan.Int, rem3))
	w.view("by_word", group(pairs, plan.String, func(x []*plan.Expr) *plan.Expr { return x[1] }))
	w.view("by_count", group(ads, plan.Int, func(x []*plan.Expr) *plan.Expr { return w.cell(w.counters, field(x[0], 0, plan.ID)) }))
	w.view("sizes", over(plan.OpMap, plan.SetOf(plan.Int), by3, block(sideTypes(by3), func(x []*plan.Expr) *plan.Expr {
		return calc(plan.OpAdd, calc(plan.OpMul, x[0], num(1000)), calc(plan.OpSub, of(plan.OpSum, plan.Int, x[1], nil), count(x[1])))
	})))
	w.view("groups_count", count(by3))

	// A few edges, n to n/2 and n to n+1 modulo 5 and so on, so that there are circles.
	next := over(plan.OpFilter, product(a, a).Type, product(a, a), block([]plan.Type{plan.Int, plan.Int}, func(x []*plan.Expr) *plan.Expr {
		return yes(plan.OpEq, calc(plan.OpMod, calc(plan.OpAdd, calc(plan.OpMul, x[0], num(2)), num(1)), num(7)), x[1])
	}))
	ways := w.view("ways", closure(next))
	w.view("ways_count", count(ways))
	w.view("likes_ways", closure(product(w.cell(w.likes, str("x0")), w.cell(w.likes, str("x1")))))
	links := op(plan.OpIntersection, product(a, a).Type, product(a, w.cell(w.b)), where(product(w.cell(w.b), a), func(x []*plan.Expr) *plan.Expr {
		return yes(plan.OpLt, calc(plan.OpMod, calc(plan.OpAdd, x[0], calc(plan.OpMul, x[1], num(5))), num(4)), num(1))
	}))
	w.view("links_ways", closure(links))
}
