package types

import (
	"github.com/martinelli-lang/martinelli/lang/diag"
	"github.com/martinelli-lang/martinelli/lang/resolve"
	"github.com/martinelli-lang/martinelli/lang/syntax"
	"github.com/martinelli-lang/martinelli/plan"
	"github.com/martinelli-lang/martinelli/value"
)

// allow types a rule of access. In this version its condition is true.
func (c *checker) allow(a *resolve.Allow) {
	d := a.Decl
	for _, o := range d.Options {
		c.notYet(o, "`:"+o.Name.Text+"` of an `allow`", "")
	}
	db, ok := a.Target.(*resolve.Database)
	switch {
	case a.Target == nil:
		return
	case !ok:
		c.notYet(d.Target, "an `allow` on a view", "")
		return
	case d.Verb.Text == "append":
		c.notYet(d.Verb, "`allow :append`", "`allow :write` permits every verb")
		return
	case d.Verb.Text == "write" && db.Sharing == resolve.AtHome:
		c.notYet(d.Verb, "`allow :write` on a home database", "leave it out: only handlers change it, and they run at its home")
		return
	case len(d.Block.Params) != 1:
		c.write(diag.Errorf("E107", d.Block.Span, "an `allow` has one parameter, the user, as in `do |me| true end`"))
		return
	}
	if !isTrue(d.Block.Body) {
		c.notYet(d.Block, "an `allow` whose condition is not `true`", "without a rule, the user whose key it is may write, and so may servers")
		return
	}
	yes := constant(plan.Bool, value.Bool(true))
	c.layouts[db].leaves(func(i int) {
		c.out.Allows = append(c.out.Allows, plan.Allow{Verb: d.Verb.Text, Database: i, Me: 0, Slots: 1, Cond: yes})
	})
}

func isTrue(ss []syntax.Stmt) bool {
	if len(ss) != 1 {
		return false
	}
	x, ok := ss[0].(*syntax.ExprStmt)
	if !ok {
		return false
	}
	b, ok := x.X.(*syntax.Bool)
	return ok && b.Value
}
