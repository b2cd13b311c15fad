package types

import (
	"slices"

	"github.com/martinelli-lang/martinelli/lang/diag"
	"github.com/martinelli-lang/martinelli/lang/syntax"
	"github.com/martinelli-lang/martinelli/plan"
)

// shape is what a reader of collections takes.
type shape uint8

const (
	takesBlock shape = iota // map, filter, flat_map
	takesOther              // another collection
	takesBoth               // join
	takesNone               // count
)

// readers are what this version reads collections by.
var readers = map[string]struct {
	op    plan.Op
	shape shape
}{
	"map": {plan.OpMap, takesBlock}, "filter": {plan.OpFilter, takesBlock}, "flat_map": {plan.OpFlatMap, takesBlock},
	"product": {plan.OpProduct, takesOther}, "union": {plan.OpUnion, takesOther},
	"intersection": {plan.OpIntersection, takesOther}, "minus": {plan.OpMinus, takesOther},
	"join": {plan.OpJoin, takesBoth},
}

// readersToCome are the language's, with what to use until this version has them.
var readersToCome = map[string]string{"keys": "`.keys` is what a database has", "seal": ""}

func (c *checker) reader(at syntax.Expr, on *plan.Expr, m *syntax.Member, call *syntax.Call) *plan.Expr {
	c.body.over = m.X
	if _, ok := aggregates[m.Name.Text]; ok {
		return c.aggregate(at, on, m, call)
	}
	r, ok := readers[m.Name.Text]
	if !ok {
		c.noReader(m, on.Type)
		return bad()
	}
	var args []syntax.Arg
	var block *syntax.Block
	if call != nil {
		args, block = call.Args, call.Block
	}
	if on.Type.Kind == plan.KindList && (r.shape == takesOther || r.shape == takesBoth) {
		c.write(diag.Errorf("E108", m.Name.Span, "a list has no `%s`: it is for collections", m.Name.Text).
			Hinting("a list has map, filter, flat_map, each and what counts, sums and orders"))
		return bad()
	}
	if !c.takes(m, r.shape, args, block) {
		return bad()
	}
	if r.shape == takesBlock {
		return c.elementwise(r.op, on, block, at)
	}
	other := c.infer(args[0].Value)
	if !isCollection(other.Type) {
		if !absorbs(other.Type) {
			c.write(diag.Errorf("E510", args[0].Span, "`%s` takes a collection, and this is `%s`", m.Name.Text, other.Type.Label()))
		}
		return bad()
	}
	if r.op == plan.OpProduct || r.op == plan.OpJoin {
		return c.pairs(r.op, on, other, block, at)
	}
	return c.combined(r.op, on, other, args[0].Value)
}

// takes checks that a reader has the arguments and the block it needs.
func (c *checker) takes(m *syntax.Member, s shape, args []syntax.Arg, block *syntax.Block) bool {
	wantArgs, wantBlock := 0, s == takesBlock || s == takesBoth
	if s == takesOther || s == takesBoth {
		wantArgs = 1
	}
	name := m.Name.Text
	switch {
	case len(args) != wantArgs || len(args) == 1 && args[0].Name.Text != "":
		c.write(diag.Errorf("E107", m.Name.Span, "`%s` takes %s", name, counted(wantArgs, "argument")))
	case wantBlock && block == nil:
		example := "xs." + name + " do |x| ... end"
		if wantArgs == 1 {
			example = "xs." + name + "(ys) do |x, y| ... end"
		}
		c.write(diag.Errorf("E107", m.Name.Span, "`%s` takes a block, as in `%s`", name, example))
	case !wantBlock && block != nil:
		c.write(diag.Errorf("E107", block.Span, "`%s` takes no block", name))
	default:
		return true
	}
	return false
}

func (c *checker) noReader(m *syntax.Member, t plan.Type) {
	name := m.Name.Text
	if instead, ok := readersToCome[name]; ok {
		c.notYet(m.Name, "`."+name+"` of a collection", instead)
		return
	}
	if name == "each" {
		c.write(diag.Errorf("E203", m.Name.Span, "`each` is a statement, and has no value").Hinting("`map` gives a collection of values"))
		return
	}
	if slices.Contains(plan.Verbs(), name) {
		c.write(diag.Errorf("E203", m.Name.Span, "`%s` is an update, and this is a computed value", name).
			Hinting("update the database itself, in a handler"))
		return
	}
	c.noMember(m, t)
}

// elementwise types map, filter and flat_map.
func (c *checker) elementwise(op plan.Op, on *plan.Expr, b *syntax.Block, at syntax.Node) *plan.Expr {
	var want *plan.Type
	if op == plan.OpFilter {
		want = &plan.Bool
	}
	block, result := c.block(b, on.Type.Element(), want)
	e := &plan.Expr{Op: op, Args: []*plan.Expr{on}, Block: block}
	elem := result
	switch {
	case absorbs(result):
		return bad()
	case op == plan.OpFilter:
		elem = on.Type.Element()
	case op == plan.OpFlatMap && (isCollection(result) || result.Kind == plan.KindList):
		elem = result.Element()
	case op == plan.OpFlatMap:
		c.write(diag.Errorf("E510", b.Span, "the block of `flat_map` gives a collection or a list, not `%s`", result.Label()).Hinting("`map` takes one value for each element"))
		return bad()
	}
	if !isPlain(elem) {
		c.write(diag.Errorf("E510", b.Span, "an element is a plain value, not a collection").Hinting("`flat_map` joins the collections its block gives"))
		return bad()
	}
	e.Type = c.sized(at, plan.Type{Kind: on.Type.Kind, Args: []plan.Type{elem}})
	return e
}

// block types a function over elements.
func (c *checker) block(b *syntax.Block, elem plan.Type, want *plan.Type) (*plan.Block, plan.Type) {
	defer c.body.scoped()()
	c.noSources(b.Params)
	params := c.destructure(b, elem)
	x := c.value(b.Body, b, want)
	return &plan.Block{Params: params, Expr: x}, x.Type
}

// destructure binds the parameters of a block: one to the whole element, n to
// the parts of an n-tuple.
func (c *checker) destructure(b *syntax.Block, elem plan.Type) []int {
	ps := b.Params
	parts := []plan.Type{elem}
	if len(ps) > 1 && elem.Kind == plan.KindTuple {
		parts = elem.Args
	}
	fits := len(ps) == len(parts)
	if !fits && !absorbs(elem) {
		c.wrongParams(b, elem)
	}
	slots := make([]int, len(ps))
	for i := range ps {
		t := absorbing
		if fits {
			t = parts[i]
		}
		slots[i] = c.body.bind(c.prog.Params[&ps[i]], c.paramType(&ps[i], t))
	}
	return slots
}

// noSources refuses "x in xs" where parameters are given what they are.
func (c *checker) noSources(ps []syntax.Param) {
	for i := range ps {
		if p := &ps[i]; p.Source != nil {
			c.write(diag.Errorf("E107", p.Span, "`%s in` ranges over a collection; here stands a parameter", p.Name.Text))
		}
	}
}

func (c *checker) wrongParams(b *syntax.Block, elem plan.Type) {
	at := b.Span
	if len(b.Params) > 0 {
		at = b.Params[0].Span.To(b.Params[len(b.Params)-1].Span)
	}
	d := diag.Errorf("E110", at, "this block has %s, and an element is `%s`", counted(len(b.Params), "parameter"), elem.Label())
	d = c.isSlice(d, c.body.over)
	if elem.Kind == plan.KindTuple {
		c.write(d.Hinting("take 1 parameter for the whole, or %d for its parts", len(elem.Args)))
		return
	}
	c.write(d.Hinting("take 1 parameter"))
}

// paramType compares what a parameter declares with what it gets.
func (c *checker) paramType(p *syntax.Param, t plan.Type) plan.Type {
	if p.Type == nil {
		return t
	}
	declared := c.plainType(p.Type)
	if !absorbs(declared) && !absorbs(t) && !t.AssignableTo(declared) {
		c.mismatch(t, declared, p)
		return absorbing
	}
	return declared
}

// pairs types product and join. Products of products are flat tuples.
func (c *checker) pairs(op plan.Op, a, b *plan.Expr, block *syntax.Block, at syntax.Node) *plan.Expr {
	elem := plan.TupleOf(append(slices.Clone(components(a.Type.Element())), components(b.Type.Element())...)...)
	e := &plan.Expr{Op: op, Type: c.sized(at, plan.SetOf(elem)), Args: []*plan.Expr{a, b}}
	if op == plan.OpJoin {
		e.Block, _ = c.block(block, elem, &plan.Bool)
	}
	return e
}

// components returns what an element is destructured into.
func components(t plan.Type) []plan.Type {
	if t.Kind == plan.KindTuple {
		return t.Args
	}
	return []plan.Type{t}
}

// combined types union, intersection and minus.
func (c *checker) combined(op plan.Op, a, b *plan.Expr, at syntax.Node) *plan.Expr {
	t, ok := a.Type.Unify(b.Type)
	if !ok {
		c.mismatch(b.Type, a.Type, at)
		return bad()
	}
	if op != plan.OpUnion {
		t = a.Type
	}
	return &plan.Expr{Op: op, Type: t, Args: []*plan.Expr{a, b}}
}
