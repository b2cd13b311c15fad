package types

import (
	"slices"

	"github.com/martinelli-lang/martinelli/lang/diag"
	"github.com/martinelli-lang/martinelli/lang/resolve"
	"github.com/martinelli-lang/martinelli/lang/syntax"
	"github.com/martinelli-lang/martinelli/plan"
)

// invariant types an invariant of any form. Whether something keeps it is
// decided later, when the verbs of the whole program are known.
func (c *checker) invariant(i *resolve.Invariant) {
	d, b := i.Decl, i.Decl.Block
	defer c.enter(inInvariant, c.ambients(i.At)...)()
	out := plan.Invariant{Name: d.Name.Text, At: i.At}
	for _, o := range d.Options {
		out.Keep = c.keep(o)
	}
	if len(b.Params) > 0 {
		out.Source, out.Params = c.quantifier(b, "an invariant")
	}
	out.Cond = c.value(b.Body, b, &plan.Bool)
	if b.Else != nil {
		out.Repair = c.repair(b.Else)
	}
	if b.Else != nil && out.Keep != plan.KeepNone {
		c.write(diag.Errorf("E301", b.Else.Span, "`:keep` and `else` exclude each other: what is kept is never repaired").
			Hinting("leave one of them out"))
	}
	out.Slots = c.body.slots
	c.out.Invariants = append(c.out.Invariants, out)
}

// keep reads ":keep => :escrow" or ":keep => :serial".
func (c *checker) keep(o syntax.Option) plan.Keep {
	if s, ok := o.Value.(*syntax.Symbol); ok {
		if k := slices.Index([]string{"escrow", "serial"}, s.Name); k >= 0 {
			return plan.KeepEscrow + plan.Keep(k)
		}
	}
	c.write(diag.Errorf("E105", o.Span, "`:keep` is :escrow or :serial"))
	return plan.KeepNone
}

// quantifier types "|x in xs|", "|x, y in xs|" over pairs, or
// "|x in xs, y in ys|" over all pairs.
func (c *checker) quantifier(b *syntax.Block, what string) (*plan.Expr, []int) {
	var source *plan.Expr
	elem := absorbing
	for i := range b.Params {
		p := &b.Params[i]
		if p.Source == nil {
			continue
		}
		xs := c.infer(p.Source)
		switch {
		case absorbs(xs.Type):
			xs = bad()
		case !isCollection(xs.Type):
			c.write(diag.Errorf("E510", p.Source.Where(), "%s ranges over a collection, and this is `%s`", what, xs.Type.Label()))
			xs = bad()
		case source == nil:
			elem = xs.Type.Element()
		case !absorbs(elem):
			xs = c.pairs(plan.OpProduct, source, xs, nil, p.Source)
			elem = xs.Type.Element()
		}
		source = xs
	}
	if last := &b.Params[len(b.Params)-1]; last.Source == nil {
		c.write(diag.Errorf("E107", last.Span, "nothing says what `%s` ranges over", last.Name.Text).
			Hinting("%s ranges over a collection, `|%s in xs|`", what, last.Name.Text))
		source = bad()
	}
	return source, c.destructure(b, elem)
}

// repair types the else of an invariant.
func (c *checker) repair(e *syntax.Clause) []*plan.Stmt {
	if len(e.Params) > 0 {
		c.write(diag.Errorf("E107", e.Params[0].Span, "the repair sees the invariant's own parameters, and takes none"))
	}
	if len(e.Body) == 0 {
		c.write(diag.Errorf("E301", e.Span, "the repair is empty").Hinting("say how to repair it: `db.remove(x)`"))
	}
	return c.stmts(e.Body)
}
