package types

import (
	"github.com/martinelli-lang/martinelli/lang/diag"
	"github.com/martinelli-lang/martinelli/lang/resolve"
	"github.com/martinelli-lang/martinelli/lang/syntax"
	"github.com/martinelli-lang/martinelli/plan"
)

// invariant types an invariant. This version keeps one shape: something that
// only grows stays at or below a constant, or else an element is removed. The
// test of a violation is then monotone, so it never fires on a guess, and the
// repair is idempotent, so it may run at several replicas.
func (c *checker) invariant(i *resolve.Invariant) {
	d, ok := i.Decl, true
	for _, o := range d.Options {
		c.notYet(o, "`:keep` of an invariant", "repair what breaks it: `else db.remove(x)`")
		ok = false
	}
	b := d.Block
	if len(b.Params) == 0 || b.Params[len(b.Params)-1].Source == nil {
		c.notYet(d.Name, "an invariant without an element", "say what it ranges over: `do |x in xs|`")
		return
	}
	defer c.enter(inInvariant, c.ambients(i.At)...)()
	out := plan.Invariant{Name: d.Name.Text, At: i.At}
	out.Source, out.Params = c.quantifier(b, "an invariant")
	out.Cond = c.value(b.Body, b, &plan.Bool)
	if ok && !absorbs(out.Cond.Type) && !c.learning {
		c.shape(d, out.Cond)
	}
	if b.Else != nil {
		out.Repair = c.repair(b.Else)
	}
	out.Slots = c.body.slots
	c.out.Invariants = append(c.out.Invariants, out)
}

// quantifier types "|x in xs|", or "|x, y in xs|" over pairs.
func (c *checker) quantifier(b *syntax.Block, what string) (*plan.Expr, []int) {
	last := &b.Params[len(b.Params)-1]
	source := c.infer(last.Source)
	elem := absorbing
	switch {
	case isCollection(source.Type):
		elem = source.Type.Element()
	case !absorbs(source.Type):
		c.write(diag.Errorf("E510", last.Source.Where(), "%s ranges over a collection, and this is `%s`", what, source.Type.Label()))
	}
	c.noSources(b.Params[:len(b.Params)-1])
	return source, c.destructure(b, elem)
}

// shape refuses what is not the one shape this version keeps.
func (c *checker) shape(d *syntax.Invariant, cond *plan.Expr) {
	at := d.Block.Body[len(d.Block.Body)-1]
	switch {
	case !c.isBound(cond):
		c.notYet(at, "an invariant of another form than `growing <= constant`",
			"one side must only grow, as a gcounter or the count of a gset does, and the other must not change")
	case d.Block.Else == nil:
		c.write(diag.Errorf("E301", at.Where(), "nothing keeps `%s`", at.Where().Text()).
			Hinting("say how to repair it: `else db.remove(x)`"))
	}
}

// repair types the else of an invariant: removals of the element, which do
// nothing where it is gone.
func (c *checker) repair(e *syntax.Clause) []*plan.Stmt {
	if len(e.Params) > 0 {
		c.write(diag.Errorf("E107", e.Params[0].Span, "the repair sees the invariant's own parameters, and takes none"))
	}
	var out []*plan.Stmt
	for _, s := range e.Body {
		m, call, ok := c.removal(s)
		if !ok {
			c.notYet(s, "a repair other than `db.remove(x)`", "")
			continue
		}
		st := c.update(m, call)
		if st == nil {
			continue
		}
		if !c.learning && !c.allConstant(st.Args) {
			c.notYet(s, "a repair that reads databases", "remove what the element itself names")
			continue
		}
		out = append(out, st)
	}
	if len(e.Body) == 0 {
		c.write(diag.Errorf("E301", e.Span, "the repair is empty").Hinting("say how to repair it: `db.remove(x)`"))
	}
	return out
}

// removal reports whether s is "db.remove(x)", at a key or without.
func (c *checker) removal(s syntax.Stmt) (*syntax.Member, *syntax.Call, bool) {
	x, ok := s.(*syntax.ExprStmt)
	if !ok {
		return nil, nil, false
	}
	call, ok := x.X.(*syntax.Call)
	if !ok {
		return nil, nil, false
	}
	m, ok := call.Fun.(*syntax.Member)
	return m, call, ok && m.Name.Text == "remove" && c.isVerb(m)
}
