package invariant

import (
	"slices"

	"github.com/martinelli-lang/martinelli/lang/diag"
	"github.com/martinelli-lang/martinelli/lang/token"
	"github.com/martinelli-lang/martinelli/plan"
)

// judgeEscrow refuses rights where there is nothing to hand out.
func (o *opinion) judgeEscrow() {
	switch {
	case !o.isRights():
		o.write(diag.Errorf("E306", o.at(), "`:keep => :escrow` is for a bound of one counter").
			Since(token.Span{}, "what is handed out is the distance of a counter from its bound, `c >= k` or `c <= k`").
			Way(":keep => :serial", "its terms live at one home; one round trip; refuses offline", o.kept("serial")).Leading(afterSerial...).
			Way("else ...", o.costOfRepair()))
	case slices.ContainsFunc(o.databases(), func(i int) bool { return o.p.Databases[i].Placement == plan.Home }):
		o.write(diag.Errorf("E306", o.at(), "`:keep => :escrow` of a database with a home").
			Since(token.Span{}, "rights are held by replicas").
			Way("`:replicated => true` on its database", costOfEscrow, o.replicated()...).Leading(withoutHome...).
			Way(":keep => :serial", "never refused wrongly; one round trip; refuses offline", o.kept("serial")).Leading(afterSerial...))
	default:
		o.handOut()
	}
}

// handOut gives the counter its bound, or says why it can have none.
func (o *opinion) handOut() {
	bound := o.boundOfRights()
	t := o.terms()[0]
	db := &o.p.Databases[t.dbs[0]]
	_, isTaken := o.all.bounds[t.dbs[0]]
	refuse := func(title, why, hint string) {
		o.write(diag.Errorf("E306", o.at(), "%s", title).Since(token.Span{}, "%s", why).Hinting("%s", hint))
	}
	switch {
	case len(o.clauses) > 1:
		refuse("`:keep => :escrow` of more than one condition", "what is handed out is the distance of one counter from one bound", "write the others as invariants of their own")
	case bound.Side == plan.Unbounded:
		refuse("`:keep => :escrow` of a bound that is no constant", "what is handed out is the distance of a counter from its bound, and this bound moves", "write `"+db.Name+" <= 100`, or `>= 0`, with one number for all keys")
	case bound.Opening() < 0:
		refuse("`"+o.text()+"` is broken from the start", "a counter begins at 0, and nothing lies between 0 and this bound to hand out", "put the bound on the other side of 0, or count the distance from it")
	case o.inv.Source == nil && len(db.Dims) > 0:
		refuse("`:keep => :escrow` of one key", "escrow keeps its bound at every key of `"+db.Name+"`", "write `|k in "+db.Name+".keys| "+db.Name+"[k] ...`, or give what is bounded a database of its own")
	case isTaken:
		refuse("`"+db.Name+"` is kept by escrow within another bound already", "a right is a right to one thing", "keep the other bound by `else`, or count it in a database of its own")
	case db.Removable:
		refuse("`:keep => :escrow` of keys that are removed", "who removes a key destroys rights that others are spending at that moment", "leave the removal out: count down instead")
	case o.isInherited(t.dbs[0]):
		refuse("`:keep => :escrow` of a counter with `:was`", "what was counted before is held by nobody", "begin with a new database, and raise an event with what is left")
	default:
		o.all.bounds[t.dbs[0]] = bound
	}
}

// isInherited reports whether a database reads the entries of another, or another its.
func (o *opinion) isInherited(db int) bool {
	d := &o.p.Databases[db]
	return d.Was != "" || slices.ContainsFunc(o.p.Databases, func(other plan.Database) bool { return other.Was == d.Name })
}

// boundOfRights reads the bound of the failing clause; unbounded if it is no constant.
func (o *opinion) boundOfRights() plan.Bound {
	for _, l := range o.failing {
		switch {
		case l.isSource || l.sort != bound || l.symbol != nil:
		case l.coef[0] == 1:
			return plan.Bound{Side: plan.AtLeast, At: l.k}
		case l.coef[0] == -1:
			return plan.Bound{Side: plan.AtMost, At: -l.k}
		}
	}
	return plan.Bound{}
}

// judgeSerial refuses terms without a home, and updates outside of serial blocks.
func (o *opinion) judgeSerial() {
	for _, i := range o.databases() {
		if db := &o.p.Databases[i]; db.Placement != plan.Home {
			d := diag.Errorf("E308", o.at(), "`:keep => :serial` of `%s`, which every replica may change", db.Name).
				Since(token.Span{}, "serial blocks run at a home").
				Way("leave out the :replicated of `"+db.Name+"`", "one round trip; refuses offline", o.all.typed.Owners[i].Decl.Unreplicated()...).Leading(afterSerial...)
			if o.isRights() {
				d = d.Way(":keep => :escrow", costOfEscrow, o.kept("escrow"))
			}
			o.write(d.Way("else ...", o.costOfRepair()))
			return
		}
	}
	for _, l := range o.moving(o.failing) {
		for _, w := range o.writes {
			if w.stmt == nil || w.isSerial || !o.mayBreak(w, l) || l.isSource && !slices.ContainsFunc(o.failing, func(m *literal) bool { return m != l && o.mayBreak(w, m) }) {
				continue
			}
			o.write(diag.Errorf("E305", o.all.typed.Spans.Stmts[w.stmt], "this changes `%s` outside of a serial block", o.p.Databases[w.db].Name).
				Here("%s", o.effect(w, l)).
				There(o.at(), "kept by :serial").
				Hinting("write it into `atomic :serial do ... end`, at the end of the handler").
				Fixed(o.all.intoSerial(o.all.typed.Spans.Stmts[w.stmt])...))
		}
	}
}

// judgeRepair refuses a repair that might run on a guess, or that does harm
// when two replicas run it.
func (o *opinion) judgeRepair() {
	if !o.isMonotoneTest() {
		o.write(diag.Errorf("E303", o.at(), "`%s` may be seen broken, and hold again", o.text()).
			Here("a repair would run on a guess").
			Way("repair what stays broken: a growing value above a constant, of an element that is there for good or that the repair removes", "it may be broken for a while").
			Way(":keep => :serial", "its terms live at one home; one round trip; refuses offline"))
	}
	o.judgeRepairs(o.inv.Repair)
}

func (o *opinion) judgeRepairs(ss []*plan.Stmt) {
	for _, s := range ss {
		if why := o.harm(s); why != "" {
			o.write(diag.Errorf("E304", o.all.typed.Spans.Stmts[s], "%s", why).
				Hinting("two replicas may repair at once: add or remove what the element itself names, set a constant, turn on or off"))
		}
		if s.Op == plan.StmtIf {
			o.judgeRepairs(s.Body)
			o.judgeRepairs(s.Else)
		}
	}
}

// isMonotoneTest reports whether what breaks the invariant breaks it until it
// is repaired. The element counts as constant where the repair only removes it.
func (o *opinion) isMonotoneTest() bool {
	if m := o.modes.Of(o.inv.Cond).Opposite(); m > plan.Grows {
		return false
	}
	return o.inv.Source == nil || o.modes.Of(o.inv.Source) <= plan.Grows || o.removesElement()
}

// removesElement reports whether every update of the repair removes
// something: that does nothing where it is gone.
func (o *opinion) removesElement() bool {
	return !slices.ContainsFunc(o.writes, func(w *write) bool {
		return w.repairs == o.inv && w.verb != "" && w.verb != "remove"
	})
}

// harm says why a statement of a repair must not run twice, or "".
func (o *opinion) harm(s *plan.Stmt) string {
	switch s.Op {
	case plan.StmtClear, plan.StmtLet, plan.StmtIf:
	case plan.StmtWrite:
		switch s.Name {
		case "inc", "dec", "append":
			return "`" + s.Name + "` in a repair counts twice where two replicas repair"
		}
	default:
		return "a repair is made of updates, `let` and `if` alone"
	}
	if slices.ContainsFunc(s.Args, func(e *plan.Expr) bool { return o.modes.Of(e) != plan.Constant }) {
		if s.Op == plan.StmtLet || s.Op == plan.StmtIf {
			return "what a repair looks at is more than the element"
		}
		return "what a repair writes depends on more than the element"
	}
	return ""
}
