package types

import (
	"github.com/martinelli-lang/martinelli/lang/diag"
	"github.com/martinelli-lang/martinelli/lang/syntax"
	"github.com/martinelli-lang/martinelli/plan"
)

// aggregate is a reader that looks at all elements of a collection or list together.
type aggregate struct {
	op    plan.Op
	block need
	usage string // how it is written
}

// need says whether a reader takes a block.
type need uint8

const (
	never need = iota
	perhaps
	always
)

var aggregates = map[string]aggregate{
	"count":   {plan.OpCount, perhaps, "xs.count do |x| condition end"},
	"any":     {plan.OpCount, always, "xs.any do |x| condition end"},
	"sum":     {plan.OpSum, perhaps, "xs.sum do |x| number end"},
	"avg":     {plan.OpAvg, perhaps, "xs.avg do |x| number end"},
	"max":     {plan.OpMax, perhaps, "xs.max do |x| value end"},
	"min":     {plan.OpMin, perhaps, "xs.min do |x| value end"},
	"first":   {plan.OpFirst, never, "xs.first"},
	"last":    {plan.OpLast, never, "xs.last"},
	"sort_by": {plan.OpSort, always, "xs.sort_by do |x| key end"},
	"top":     {plan.OpTop, always, "xs.top(10) do |x| key end"},
	"group":   {plan.OpGroup, always, "xs.group do |x| key end"},
	"closure": {plan.OpClosure, never, "xs.closure"},
}

// aggregate types a reader of all elements together.
func (c *checker) aggregate(at syntax.Expr, on *plan.Expr, m *syntax.Member, call *syntax.Call) *plan.Expr {
	a := aggregates[m.Name.Text]
	var args []syntax.Arg
	var block *syntax.Block
	if call != nil {
		args, block = call.Args, call.Block
	}
	if !c.takesAll(a, m, args, block) {
		return bad()
	}
	e := &plan.Expr{Op: a.op, Args: []*plan.Expr{on}}
	if a.op == plan.OpTop {
		e.Args = append(e.Args, c.check(args[0].Value, plan.Int))
	}
	if block == nil {
		return c.ofElements(e, m)
	}
	if a.op == plan.OpCount {
		return c.counted(e, m.Name.Text, block)
	}
	var result plan.Type
	e.Block, result = c.block(block, on.Type.Element(), nil)
	return c.aggregated(e, result, m.Name.Text, lastOf(block), at)
}

// takesAll checks that a reader has the arguments and the block it needs.
func (c *checker) takesAll(a aggregate, m *syntax.Member, args []syntax.Arg, block *syntax.Block) bool {
	want := 0
	if a.op == plan.OpTop {
		want = 1
	}
	switch name := m.Name.Text; {
	case len(args) != want || want == 1 && args[0].Name.Text != "":
		c.write(diag.Errorf("E107", m.Name.Span, "`%s` takes %s, as in `%s`", name, counted(want, "argument"), a.usage))
	case block == nil && a.block == always:
		c.write(diag.Errorf("E107", m.Name.Span, "`%s` takes a block, as in `%s`", name, a.usage))
	case block != nil && a.block == never:
		c.write(diag.Errorf("E107", block.Span, "`%s` takes no block", name))
	default:
		return true
	}
	return false
}

// counted types count and any with a block: how many elements it holds for,
// and whether there is one.
func (c *checker) counted(e *plan.Expr, name string, b *syntax.Block) *plan.Expr {
	on := e.Args[0]
	block, _ := c.block(b, on.Type.Element(), &plan.Bool)
	e.Type = plan.Int
	e.Args = []*plan.Expr{{Op: plan.OpFilter, Type: on.Type, Args: []*plan.Expr{on}, Block: block}}
	if name == "any" {
		return boolean(plan.OpGt, e, integer(0))
	}
	return e
}

// ofElements types a reader without a block, which takes the elements themselves.
func (c *checker) ofElements(e *plan.Expr, m *syntax.Member) *plan.Expr {
	elem := e.Args[0].Type.Element()
	switch e.Op {
	case plan.OpCount:
		e.Type = plan.Int
		return e
	case plan.OpClosure:
		return c.closure(e, m)
	case plan.OpSum, plan.OpAvg:
		c.warnOfLost(e.Args[0], m)
	}
	return c.aggregated(e, elem, m.Name.Text, m.X, m)
}

// aggregated gives a reader its type, from the type of what it takes of each
// element. from is where that is written.
func (c *checker) aggregated(e *plan.Expr, taken plan.Type, name string, from, at syntax.Node) *plan.Expr {
	elem := e.Args[0].Type.Element()
	if absorbs(taken) || absorbs(elem) {
		return bad()
	}
	fits := isPlain(taken)
	switch e.Op {
	case plan.OpSum:
		e.Type, fits = taken, isNumber(taken)
		if taken.Kind == plan.KindNat {
			e.Type = plan.Int
		}
	case plan.OpAvg:
		e.Type, fits = plan.Maybe(plan.Float), isNumber(taken)
	case plan.OpMax, plan.OpMin:
		e.Type, fits = plan.Maybe(taken), isNumber(taken) || isText(taken)
	case plan.OpFirst, plan.OpLast:
		e.Type = plan.Maybe(elem)
	case plan.OpSort, plan.OpTop:
		e.Type = listOf(elem)
	case plan.OpGroup:
		e.Type = plan.Type{Kind: e.Args[0].Type.Kind, Args: []plan.Type{plan.TupleOf(taken, listOf(elem))}}
	}
	if !fits {
		c.operand(taken, "."+name, from)
		return bad()
	}
	e.Type = c.sized(at, e.Type)
	return e
}

func listOf(t plan.Type) plan.Type { return plan.Type{Kind: plan.KindList, Args: []plan.Type{t}} }

// lastOf is where a block's value is written.
func lastOf(b *syntax.Block) syntax.Node {
	if len(b.Body) == 0 {
		return b
	}
	return b.Body[len(b.Body)-1]
}

// closure types the transitive closure of a collection of pairs.
func (c *checker) closure(e *plan.Expr, m *syntax.Member) *plan.Expr {
	on := e.Args[0].Type
	elem := on.Element()
	if absorbs(elem) {
		return bad()
	}
	if on.Kind == plan.KindSet && elem.Kind == plan.KindTuple && len(elem.Args) == 2 {
		if t, ok := elem.Args[0].Unify(elem.Args[1]); ok {
			e.Type = plan.SetOf(plan.TupleOf(t, t))
			return e
		}
	}
	c.write(diag.Errorf("E510", m.X.Where(), "`closure` takes a collection of pairs of one type, and an element here is `%s`", elem.Label()).
		Hinting("a database of sets by key is one, as `database :links, gset<id>, :by => :page`"))
	return bad()
}

// warnOfLost warns where a map is summed: what it gives twice is there once.
func (c *checker) warnOfLost(xs *plan.Expr, m *syntax.Member) {
	for xs.Op == plan.OpView {
		xs = c.out.Views[xs.Index].Expr
	}
	if xs.Op != plan.OpMap || !isCollection(xs.Type) {
		return
	}
	name := m.Name.Text
	c.write(diag.Warnf("W206", m.Name.Span, "equal values are one element of this collection, and `%s` takes each once", name).
		Hinting("take the number in the block: `xs.%s do |x| ... end`", name))
}
