package types

import (
	"slices"

	"github.com/martinelli-lang/martinelli/lang/diag"
	"github.com/martinelli-lang/martinelli/lang/resolve"
	"github.com/martinelli-lang/martinelli/lang/syntax"
	"github.com/martinelli-lang/martinelli/lang/token"
	"github.com/martinelli-lang/martinelli/plan"
)

// allow types a rule of access: a condition on the user who asks, the key he
// asks about, and databases that whoever decides holds too.
func (c *checker) allow(a *resolve.Allow) {
	defer c.enter(inAllow)()
	revoke := c.revocation(a.Decl)
	switch t := a.Target.(type) {
	case *resolve.Database:
		c.allowDatabase(a, t, revoke)
	case *resolve.View:
		c.allowView(a, t, revoke)
	}
}

// revocation reads the options of a rule.
func (c *checker) revocation(d *syntax.Allow) (revoke bool) {
	for _, o := range d.Options {
		if s, ok := o.Value.(*syntax.Symbol); ok && s.Name == "future" {
			revoke = true
			continue
		}
		c.write(diag.Errorf("E704", o.Span, "`:revoke` can only be `:future`").
			Hinting("what somebody has read or written under a right stays so: a right is taken back for what comes later"))
	}
	return revoke
}

func (c *checker) allowDatabase(a *resolve.Allow, db *resolve.Database, revoke bool) {
	d := a.Decl
	rule := plan.Allow{Verb: d.Verb.Text, View: -1, Revoke: revoke}
	first := -1
	c.layouts[db].leaves(func(i int) { first = max(i, first) })
	me, ok := c.whom(d)
	if first < 0 || !ok {
		return
	}
	rule.Me = me
	stored := &c.stored[first]
	for i := range stored.Dims {
		rule.Keys = append(rule.Keys, c.ruleKey(a, db, i, stored.Dims[i].Type))
	}
	if d.Verb.Text == "append" {
		c.allowAppend(a, db, me)
		return
	}
	rule.Cond = c.value(d.Block.Body, d.Block, &plan.Bool)
	rule.Slots = c.body.slots
	if !c.learning && !c.mayDecide(a, db, &rule, stored) {
		return
	}
	c.layouts[db].leaves(func(i int) {
		rule.Database = i
		c.out.Allows = append(c.out.Allows, rule)
	})
}

// whom binds the user who asks.
func (c *checker) whom(d *syntax.Allow) (slot int, ok bool) {
	most := 1
	if d.Verb.Text == "append" {
		most = 2
	}
	ps := d.Block.Params
	if len(ps) == 0 || len(ps) > most {
		c.write(diag.Errorf("E107", d.Block.Span, "an `allow` has one parameter, the user, as in `do |me| true end`"))
		return 0, false
	}
	c.noSources(ps)
	return c.body.bind(c.prog.Params[&ps[0]], plan.ID), true
}

// ruleKey gives a dimension of the key a slot.
func (c *checker) ruleKey(a *resolve.Allow, db *resolve.Database, dim int, t plan.Type) int {
	if dim < len(db.Dims) {
		if l := a.Key[db.Dims[dim].Text]; l != nil {
			return c.body.bind(l, t)
		}
	}
	c.body.slots++ // of a map below the key, or of a dimension no name stands for
	return c.body.slots - 1
}

// mayDecide writes the letters about a rule that whoever decides could not
// evaluate, or that promises what nobody keeps.
func (c *checker) mayDecide(a *resolve.Allow, db *resolve.Database, rule *plan.Allow, stored *plan.Database) bool {
	d := a.Decl
	if other := c.beyond(rule, stored, rule.Cond); other != nil {
		span := d.Block.Span
		if at, known := c.spans.Exprs[other]; known {
			span = at
		}
		c.write(diag.Errorf("E702", span, "a rule about `%s` cannot read this", db.Name).
			Since(token.Span{}, "who decides must hold what it reads").
			Way("`:replicated => true` on what it reads", "every node holds it").
			Way("a database in the space of the same key, as `friends[:"+dimName(db)+"]`", "who may is said for each key"))
		return false
	}
	if d.Verb.Text != "read" || rule.Cond.Op == plan.OpConst && rule.Cond.Const.AsBool() {
		return true
	}
	if db.Sharing == resolve.ByAll {
		c.write(diag.Errorf("E703", d.Block.Span, "every replica holds `%s`, so everybody reads it", db.Name).
			There(db.Decl.Name.Span, "it is declared here with :replicated => true").
			Way("`:replicated => :user_id`, or by another dimension", "a node holds the keys that its user may read").
			Way("leave out its :replicated", "its home answers, and says no; one round trip; refuses offline"))
		return false
	}
	if m := c.mode(rule.Cond); !rule.Revoke && m != plan.Constant && m != plan.Grows {
		c.write(diag.Errorf("E701", d.Block.Span, "this right to read may end, and what was read is out already").
			Way("`:revoke => :future`", "it ends for what is written later; what was read stays read").
			Way("a rule that reads what only grows, as a gset", "who has the right keeps it"))
		return false
	}
	return true
}

func dimName(db *resolve.Database) string {
	if len(db.Dims) == 0 {
		return "user_id"
	}
	return db.Dims[db.Space].Text
}

// beyond returns a part of a rule's condition that reads what who decides need
// not hold, or nil.
func (c *checker) beyond(rule *plan.Allow, of *plan.Database, e *plan.Expr) *plan.Expr {
	switch e.Op {
	case plan.OpView:
		return e
	case plan.OpCell, plan.OpDatabase, plan.OpKeys:
		if !isInReach(rule, of, &c.stored[e.Index], e) {
			return e
		}
	}
	for _, arg := range e.Args {
		if x := c.beyond(rule, of, arg); x != nil {
			return x
		}
	}
	if e.Block != nil {
		return c.beyond(rule, of, e.Block.Expr)
	}
	return nil
}

// isInReach reports whether whoever holds the key asked about holds what e reads.
func isInReach(rule *plan.Allow, of, read *plan.Database, e *plan.Expr) bool {
	switch read.Placement {
	case plan.Shared:
		return read.IsCommon() || of.Placement == plan.Home || slices.Equal(read.Roles, of.Roles)
	case plan.Home:
		return of.Placement == plan.Home
	}
	if of.Placement == plan.Home {
		return true // the home holds everything
	}
	if of.Placement != plan.ByValue || e.Op != plan.OpCell || read.Dims[read.Space].Name != of.Dims[of.Space].Name {
		return false
	}
	key := e.Args[read.Space]
	return key.Op == plan.OpLocal && key.Index == rule.Keys[of.Space]
}

// allowAppend types the right to add and to take nothing away: for everybody,
// or for who is named by a field of what he adds.
func (c *checker) allowAppend(a *resolve.Allow, db *resolve.Database, me int) {
	d := a.Decl
	layout := c.layouts[db]
	kind := plan.KindAny
	index := -1
	layout.leaves(func(i int) { kind, index = c.stored[i].Lattice.Kind, i })
	switch {
	case c.learning:
		return
	case db.Sharing == resolve.AtHome:
		c.notYet(d.Verb, "`allow :append` on a home database", "its handlers decide who appends: `if ... abort :why`")
		return
	case kind != plan.KindGSet && kind != plan.KindLog:
		c.write(diag.Errorf("E705", d.Verb.Span, "`:append` is for a gset or a log, and `%s` is `%s`", db.Name, c.stored[index].Lattice.Label()).
			Way("declare it a gset, or a log", "nothing is ever taken out").
			Way("`allow :write`", "permits every verb"))
		return
	}
	elem := c.stored[index].Lattice.Args[0]
	if ps := d.Block.Params; len(ps) == 2 {
		c.body.bind(c.prog.Params[&ps[1]], elem)
	}
	cond := c.value(d.Block.Body, d.Block, &plan.Bool)
	field, ok := c.appendRule(cond, me, len(d.Block.Params) == 2)
	if !ok {
		c.write(diag.Errorf("E706", d.Block.Span, "a right to append is for everybody, or for whom a field names").
			Way("`true`", "everybody, in anybody's name").
			Way("`|me, m| m.from == me`", "every node compares that field with the author").
			Way("`allow :write`", "the steward decides, and permits every verb"))
		return
	}
	c.stored[index].Appends = plan.Appends{Anyone: true, Field: field}
}

// appendRule reads `true` or `m.field == me`.
func (c *checker) appendRule(cond *plan.Expr, me int, hasElement bool) (field []int, ok bool) {
	if cond.Op == plan.OpConst {
		return nil, cond.Const.AsBool()
	}
	if cond.Op != plan.OpEq || !hasElement {
		return nil, false
	}
	x, y := cond.Args[0], cond.Args[1]
	if x.Op == plan.OpLocal {
		x, y = y, x
	}
	if y.Op != plan.OpLocal || y.Index != me {
		return nil, false
	}
	for x.Op == plan.OpField && x.Args[0].Type.Kind == plan.KindRecord {
		field = append([]int{x.Index}, field...)
		x = x.Args[0]
	}
	return field, len(field) > 0 && x.Op == plan.OpLocal && x.Index != me
}

// allowView types a rule about who reads a view that is computed elsewhere.
func (c *checker) allowView(a *resolve.Allow, v *resolve.View, revoke bool) {
	d := a.Decl
	if d.Verb.Text != "read" {
		c.write(diag.Errorf("E706", d.Verb.Span, "a view is read, and `%s` is what it is computed from", v.Name).
			Hinting("write `allow :read, %s`; who may write is said of the databases", v.Name))
		return
	}
	me, ok := c.whom(d)
	if !ok {
		return
	}
	cond := c.value(d.Block.Body, d.Block, &plan.Bool)
	e := c.view(v, d.Target)
	c.out.Allows = append(c.out.Allows, plan.Allow{
		Verb: "read", Database: -1, View: e.index, Me: me, Slots: c.body.slots, Cond: cond, Revoke: revoke,
	})
}
