package invariant

import (
	"slices"

	"github.com/martinelli-lang/martinelli/lang/diag"
	"github.com/martinelli-lang/martinelli/lang/token"
	"github.com/martinelli-lang/martinelli/plan"
)

// at returns where the condition is written.
func (o *opinion) at() token.Span {
	b := o.all.typed.Invariants[o.index].Decl.Block
	if len(b.Body) == 0 {
		return b.Span
	}
	return b.Body[len(b.Body)-1].Where()
}

// text returns the condition as it is written.
func (o *opinion) text() string { return o.at().Text() }

// costOfEscrow says what rights give and cost.
const costOfEscrow = "never broken, offline too; a run that gets no rights aborts :no_rights"

// shown is how many updates a letter points at.
const shown = 3

// writeOpen is the letter about an invariant that nothing keeps.
func (o *opinion) writeOpen(v Verdict) {
	if o.isUnknown() {
		d := diag.Errorf("E309", o.at(), "nothing is known of the form of `%s`", o.text()).
			Hinting("the forms are: c >= k, c == k, x + y == const, x <= y, a predicate of one element, two registers equal, x in s, `x.y in s` of each x (a foreign key), `a.f != b.f or a == b` of each pair (unique), s.count <= k, p implies q, not (p and q), a total beside a set; of databases, not of views").
			Way(":keep => :serial", "its terms live at one home and change in serial blocks; one round trip; not offline", o.kept("serial")).Leading(afterSerial...).
			Way("else ...", "it may be broken for a while; you say how to repair it")
		d.Example = v.Counterexample
		o.write(d)
		return
	}
	d := diag.Errorf("E301", o.at(), "nothing keeps `%s`", o.text())
	d = o.pointing(d)
	d.Example = v.Counterexample
	home := o.isHome()
	escrow, serial := costOfEscrow, "never refused wrongly; one round trip; not offline"
	if home {
		escrow = "its database then is `:replicated => true`; " + costOfEscrow
	} else {
		serial = "its database then has a home, without :replicated; one round trip; not offline"
	}
	if o.isRights() {
		edits := []diag.Edit{o.kept("escrow")}
		if home {
			edits = append(edits, o.replicated()...)
		}
		if d = d.Way(":keep => :escrow", escrow, edits...); home {
			d = d.Leading(withoutHome...)
		}
	}
	d = d.Way(":keep => :serial", serial, o.kept("serial")).Leading(afterSerial...)
	d = d.Way("else ...", o.costOfRepair())
	if o.shape() == "a total kept by hand beside a set" {
		d = d.Way("a view of the set's count", "it cannot differ from the set")
	}
	o.write(d)
}

func (o *opinion) costOfRepair() string {
	if o.isMonotoneTest() {
		return "it may be broken for a while; you say how to repair it"
	}
	return "only where a broken one stays broken until it is repaired: this one may mend by itself"
}

// pointing adds the updates that break it.
func (o *opinion) pointing(d diag.Diagnostic) diag.Diagnostic {
	n := 0
	for _, l := range o.moving(o.failing) {
		if l.isSource && len(o.moving(o.failing)) > 1 {
			continue
		}
		for _, w := range o.writes {
			if !o.mayBreak(w, l) {
				continue
			}
			at, ok := o.all.typed.Spans.Stmts[w.stmt]
			if n++; n > shown || !ok {
				continue
			}
			d = d.There(at, "%s", o.effect(w, l))
		}
	}
	return d
}

// effect says what a write does to a literal.
func (o *opinion) effect(w *write, l *literal) string {
	if l.sort != bound {
		return "may end that `" + o.textOf(l) + "`"
	}
	for i, t := range l.terms {
		raises, lowers := o.moves(w, t)
		if t.field >= 0 && raises {
			return "what the field is may be chosen twice"
		}
		switch {
		case raises && lowers:
			return "changes `" + o.termText(t) + "`"
		case raises && (l.coef[i] < 0 || l.rel != atLeast):
			return "raises `" + o.termText(t) + "`"
		case lowers && (l.coef[i] > 0 || l.rel != atLeast):
			return "lowers `" + o.termText(t) + "`"
		}
	}
	return "changes it"
}

// textOf returns a literal as it is written, as well as that is known.
func (o *opinion) textOf(l *literal) string {
	if l.isSource {
		return "there is no such element"
	}
	t := o.spanText(l.expr)
	if l.isNot && l.sort == truth {
		t = "not " + t
	}
	return t
}

func (o *opinion) spanText(e *plan.Expr) string {
	if e == nil {
		return "it"
	}
	if s, ok := o.all.typed.Spans.Exprs[e]; ok && s.File != nil {
		return s.Text()
	}
	return o.text()
}

func (o *opinion) termText(t *term) string { return o.spanText(t.expr) }

// isHome reports whether all terms have a home.
func (o *opinion) isHome() bool {
	return !slices.ContainsFunc(o.databases(), func(i int) bool { return o.p.Databases[i].Placement != plan.Home })
}

// databases lists those that the terms are of.
func (o *opinion) databases() []int {
	var is []int
	for _, t := range o.terms() {
		for _, i := range t.dbs {
			if !slices.Contains(is, i) {
				is = append(is, i)
			}
		}
	}
	return is
}

// isRights reports whether the failing clause is a bound of one counter, whose
// distance from it can be handed out as rights.
func (o *opinion) isRights() bool {
	for _, l := range o.failing {
		switch {
		case l.isSource || l.sort == constant:
		case l.sort != bound || l.rel != atLeast || len(l.terms) != 1 || l.terms[0].reading != number:
			return false
		}
	}
	return true
}

// afterSerial are the letters that may follow on :keep => :serial: its databases
// need a home, and their updates a serial block.
var afterSerial = []diag.Code{"E305", "E307", "E308", "E401", "E405", "E408", "E409"}

// withoutHome are the letters about what relied on the home of a database.
var withoutHome = []diag.Code{"E201", "E406", "E408"}

// kept writes how the invariant is kept.
func (o *opinion) kept(how string) diag.Edit {
	return o.all.typed.Invariants[o.index].Decl.Kept(how)
}

// replicated lets every replica hold the databases with a home.
func (o *opinion) replicated() []diag.Edit {
	var edits []diag.Edit
	for _, i := range o.databases() {
		if o.p.Databases[i].Placement == plan.Home {
			edits = append(edits, o.all.typed.Owners[i].Decl.Replicated()...)
		}
	}
	return edits
}

// intoSerial puts a statement of a handler, and what follows it, into a serial block.
func (j *Judgement) intoSerial(at token.Span) []diag.Edit {
	for _, h := range j.typed.Handlers {
		if tail, ok := h.Decl.Block.Tail(at); ok {
			return []diag.Edit{diag.Wrap(tail, "atomic :serial do")}
		}
	}
	return nil
}
