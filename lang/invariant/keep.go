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
			Way("`:replicated => true` on its database", "offline, up to the rights a replica holds", o.replicated()...).Leading(withoutHome...).
			Way(":keep => :serial", "never refused wrongly; one round trip; refuses offline", o.kept("serial")).Leading(afterSerial...))
	}
}

// judgeSerial refuses terms without a home, and updates outside of serial blocks.
func (o *opinion) judgeSerial() {
	for _, i := range o.databases() {
		if db := &o.p.Databases[i]; db.Placement != plan.Home {
			d := diag.Errorf("E308", o.at(), "`:keep => :serial` of `%s`, which every replica may change", db.Name).
				Since(token.Span{}, "serial blocks run at a home").
				Way("leave out the :replicated of `"+db.Name+"`", "one round trip; refuses offline", o.all.typed.Owners[i].Decl.Unreplicated()...).Leading(afterSerial...)
			if o.isRights() {
				d = d.Way(":keep => :escrow", "offline, up to the rights a replica holds", o.kept("escrow"))
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
