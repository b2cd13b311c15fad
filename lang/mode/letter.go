package mode

import (
	"slices"
	"strings"

	"github.com/martinelli-lang/martinelli/lang/diag"
	"github.com/martinelli-lang/martinelli/lang/token"
	"github.com/martinelli-lang/martinelli/plan"
)

const title = "this acts on a value that may still change"

// ofGuard is the letter about a condition that may turn when it was acted on.
func (a *acts) ofGuard(g *guard, act token.Span, what string) diag.Diagnostic {
	at := a.span(g.on)
	d := diag.Errorf("E201", at, title).Here("tentative: %s", g.reason.Short()).There(act, "%s", what)
	d.Because = reasons(g.reason)
	d.Example = a.example(g.leaf, at.Text(), g.negated, g.isEach)
	return a.ways(d, act, g.reason, g.leaf)
}

// ofArgument is the letter about a value that may be another when it was written down.
func (a *acts) ofArgument(x *plan.Expr, r Reason, leaf int, act token.Span, what string) diag.Diagnostic {
	at := a.span(x)
	if at.File == nil {
		at = act
	}
	d := diag.Errorf("E201", at, title).Here("tentative: %s", r.Short()).There(act, "%s", what)
	d.Because = reasons(r)
	if leaf >= 0 {
		d.Example = "one replica acts on what `" + at.Text() + "` is there, while another has changed `" + a.p.Databases[leaf].Name +
			"` and was not heard of yet; what was written down stays"
	}
	return a.ways(d, act, r, leaf)
}

// reasons are the steps by way of views, which are written elsewhere.
func reasons(r Reason) []diag.Label {
	if slices.ContainsFunc(r.Because, func(b diag.Label) bool { return strings.HasPrefix(b.Text, byWayOf) }) {
		return r.Because
	}
	return nil
}

// example tells how two replicas come to regret it.
func (a *acts) example(leaf int, cond string, negated, isEach bool) string {
	if leaf < 0 {
		return ""
	}
	db := &a.p.Databases[leaf]
	seen := "`" + cond + "`"
	switch {
	case isEach:
		seen = "an element of `" + cond + "`"
	case negated:
		seen = "that `" + cond + "` is false"
	}
	other := map[plan.Kind]string{
		plan.KindORSet: "adds or removes an element", plan.KindRSet: "adds or removes an element",
		plan.KindCounter: "counts it down or up", plan.KindFlag: "turns it on or off",
		plan.KindLWW: "sets it", plan.KindMV: "sets it",
		plan.KindGSet: "adds an element", plan.KindLog: "appends one", plan.KindGCounter: "counts it up",
		plan.KindOnce: "turns it on", plan.KindMax: "sets it higher", plan.KindMin: "sets it lower",
	}[db.Lattice.Kind]
	if other == "" {
		other = "changes it"
	}
	return "a and b both hold `" + db.Name + "`; a finds " + seen + " and acts; b, which a has not heard of yet, " + other +
		"; when they meet it is no longer so, and what a did stays"
}

// ways adds what the programmer may choose.
func (a *acts) ways(d diag.Diagnostic, act token.Span, r Reason, leaf int) diag.Diagnostic {
	d = d.Way("show it instead: a view, which may be tentative", "somebody else acts")
	if leaf >= 0 {
		db := &a.p.Databases[leaf]
		if smaller, ok := grownOnly[db.Lattice.Kind]; ok && !a.isSpoiled(leaf) && isOnlyLattice(r) {
			d = d.Way("declare `"+db.Name+"` a "+smaller+": nothing here takes back what it holds", "nothing ever can", a.declared(leaf, smaller)...)
		}
		if db.Placement != plan.Home {
			d = d.Way("keep `"+db.Name+"` at :"+a.trusted()+", and put this into `atomic :serial do ... end`", "one round trip; refuses offline")
		}
	}
	return d.Way("`tentatively do ... end`", "it stays done when what was read has changed", a.meant(act)...)
}

// meant puts an act, and what its handler does then, into a tentatively.
func (a *acts) meant(act token.Span) []diag.Edit {
	for _, h := range a.typed.Handlers {
		if tail, ok := h.Decl.Block.Tail(act); ok {
			return []diag.Edit{diag.Wrap(tail, "tentatively do")}
		}
	}
	return nil
}

// isOnlyLattice reports whether nothing but a database's lattice is the reason: an
// operator that turns what grows into what changes would do so of another one too.
func isOnlyLattice(r Reason) bool {
	for _, b := range r.Because[:max(len(r.Because)-1, 0)] {
		if !strings.HasPrefix(b.Text, byWayOf) {
			return false
		}
	}
	return true
}

// declared writes another lattice into the declaration of a database, if one is
// written there.
func (a *acts) declared(leaf int, lattice string) []diag.Edit {
	before, _ := plan.LatticeOf(a.p.Databases[leaf].Lattice.Kind)
	t := a.typed.Owners[leaf].Decl.Type
	if t == nil || !strings.HasPrefix(t.Where().Text(), before.Name) || strings.Contains(a.p.Databases[leaf].Name, "@") { // what a function fills is none of its users'
		return nil
	}
	at := t.Where()
	at.End = at.Start + len(before.Name)
	return []diag.Edit{diag.Replace(at, lattice)}
}

// grownOnly are the lattices to which others come down where nothing is taken back.
var grownOnly = map[plan.Kind]string{
	plan.KindORSet: "gset", plan.KindRSet: "gset", plan.KindCounter: "gcounter", plan.KindFlag: "once",
}

func (a *acts) isSpoiled(database int) bool {
	_, ok := a.spoilers[database]
	return ok || a.p.Databases[database].Removable
}

// trusted names a role that binds no user.
func (a *acts) trusted() string {
	for _, r := range a.p.Roles {
		if r.Trusted() {
			return r.Name
		}
	}
	return "server"
}
