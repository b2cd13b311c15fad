package judge

import "github.com/martinelli-lang/martinelli/plan"

// invariant judges an invariant at every role that watches it.
func (j *judge) invariant(i int, v Verdict) {
	inv := &j.p.Invariants[i]
	line := Line{
		Span: j.typed.Invariants[i].Decl.Name.Span, What: "invariant " + inv.Name,
		Settled: true, Mergeable: true,
	}
	switch v.Keep {
	case Free:
		line.Why = "free: no update breaks it"
	case ByEscrow:
		line.Strength, line.Why = Escrow, "escrow: who breaks it spends rights"
	case BySerial:
		line.Strength, line.Mergeable, line.Why = Serial, false, "serial: its home decides"
	case ByRepair:
		line.Strength, line.Why = Commit, "repaired where it is broken"
		line.Settled = j.modes.Of(&plan.Expr{Op: plan.OpNot, Type: plan.Bool, Args: []*plan.Expr{inv.Cond}}) <= plan.Grows
	default:
		line.Settled, line.Why = false, "nothing keeps it"
	}
	if v.Why != "" {
		line.Why = v.Why
	}
	j.at(inv.At, line, nil)
}
