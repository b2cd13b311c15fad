package judge

import (
	"github.com/martinelli-lang/martinelli/lang/diag"
	"github.com/martinelli-lang/martinelli/lang/invariant"
	"github.com/martinelli-lang/martinelli/lang/token"
	"github.com/martinelli-lang/martinelli/plan"
)

// invariant judges an invariant at every role that watches it.
func (j *judge) invariant(v *invariant.Verdict) {
	inv := &j.p.Invariants[v.Index]
	line := Line{
		Span: j.typed.Invariants[v.Index].Decl.Name.Span, What: "invariant " + inv.Name,
		Settled: true, Mergeable: true,
	}
	switch v.Kind {
	case invariant.Free:
		line.Why = "free: " + v.Why + " (" + v.Shape + ")"
	case invariant.Escrow:
		line.Strength, line.Why = Escrow, "escrow: what could break it spends rights"
	case invariant.Serial:
		line.Strength, line.Mergeable, line.Why = Serial, false, "serial: its home decides"
	case invariant.Repair:
		line.Strength, line.Why = Commit, "repaired where it is broken"
		line.Overshoot = j.overshoot(inv)
		j.mustBeBounded(inv, line)
		line.Settled = j.modes.Value(&plan.Expr{Op: plan.OpNot, Type: plan.Bool, Args: []*plan.Expr{inv.Cond}}).Settled()
	default:
		line.Settled, line.Why = false, "nothing keeps it"
	}
	j.at(inv.At, line, func(r *plan.Role, l *Line) {
		if v.Kind == invariant.Escrow {
			l.Why += "; " + j.rights(inv, r, l.Span)
		}
	})
}

// mustBeBounded warns of an invariant that may be overshot without a bound.
func (j *judge) mustBeBounded(inv *plan.Invariant, line Line) {
	if away := line.Overshoot.Unbounded; len(away) > 0 {
		j.write(diag.Warnf("W401", line.Span, "nothing bounds how far `%s` is overshot: %s may be away for any time", inv.Name, quoted(away)).
			Hinting("`:offline => \"7d\"` on a role of the topology says how long its nodes may be away"))
	}
}

// rights says what becomes of the rights that nodes of a role hold, and warns
// of those that nobody takes back.
func (j *judge) rights(inv *plan.Invariant, r *plan.Role, at token.Span) string {
	switch {
	case !mayBeAway(r):
		return "rights move between nodes that meet"
	case r.OfflineMax > 0 && j.hasHome():
		return "offline it spends the rights it holds, leased for " + span(r.OfflineMax) + " less the clock bound"
	}
	d := diag.Warnf("W402", at, "rights of `%s` may be lost with a node of `%s` that stays away", inv.Name, r.Name)
	if r.OfflineMax == 0 {
		d = d.Hinting("nothing is ever handed out twice; but what it holds, nobody else gets. `role :%s, :offline => \"7d\"` in the topology leases them for so long, and then they come back", r.Name)
	} else {
		d = d.Hinting("a role that is there for others, without :ambient and :offline, takes them back when their lease ends")
	}
	j.write(d)
	return "offline it spends the rights it holds, which may never come back"
}
