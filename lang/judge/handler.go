package judge

import (
	"slices"

	"github.com/martinelli-lang/martinelli/plan"
)

// handler judges a handler at every role that has it. What stands before a
// serial block or saga is a commit of its own; the block decides the strength.
func (j *judge) handler(i int) {
	h := &j.p.Handlers[i]
	line := Line{Span: j.typed.Handlers[i].Decl.Event.Span, What: "on_" + h.Event, Settled: j.settled(h.Body, h.Home)}
	own := j.footprint(h.Body)
	line.Strength, line.Why = j.commit(own, h.Home)
	line.Mergeable = !h.Home
	if n := len(h.Body); n > 0 {
		switch last := h.Body[n-1]; last.Op {
		case plan.StmtSerial:
			line.Mergeable = false
			line.Strength, line.Why = j.serial(last)
		case plan.StmtSaga:
			line.Mergeable = false
			j.saga(last, &line)
		}
	}
	j.at(h.At, line, func(r *plan.Role, l *Line) { j.reach(i, r, l) })
}

// commit judges the commit of a handler: where it is raised, or at the home.
func (j *judge) commit(f *footprint, atHome bool) (Strength, string) {
	switch {
	case atHome:
		homes := f.homes()
		return entities(homes), "runs at the home of " + f.names(homes) + ", one run after another"
	case len(f.writes) == 0:
		return Local, "changes nothing"
	case severalEntities(f.writes):
		return Commit, "one causal commit over " + f.names(f.writes)
	}
	return Local, "updates " + f.names(f.writes) + " where it is raised"
}

func entities(cells []cell) Strength {
	if severalEntities(cells) {
		return AcrossSerials
	}
	return Serial
}

// serial judges a serial block, or a step of a saga with a home.
func (j *judge) serial(s *plan.Stmt) (Strength, string) {
	f := j.footprint(s.Body)
	homes := f.homes()
	if severalEntities(homes) {
		return AcrossSerials, "serial across entities of " + f.names(homes)
	}
	return Serial, "serial on one entity of " + f.names(homes)
}

// saga judges a saga, a ladder of its steps.
func (j *judge) saga(s *plan.Stmt, line *Line) {
	line.Strength = Commit
	for _, step := range s.Body {
		strength := Commit
		if len(j.footprint(step.Body).homes()) > 0 {
			strength, _ = j.serial(step)
		}
		line.Steps = append(line.Steps, strength)
		line.Strength = max(line.Strength, strength)
	}
	line.Why = "a saga of steps, each undone where a later one aborts"
}

// settled reports whether a body acts on settled values alone. In a serial
// block, a saga and at the home, what has a home does not change meanwhile.
func (j *judge) settled(ss []*plan.Stmt, atHome bool) bool {
	return !slices.ContainsFunc(ss, func(s *plan.Stmt) bool { return !j.settledStmt(s, atHome) })
}

func (j *judge) settledStmt(s *plan.Stmt, atHome bool) bool {
	switch s.Op {
	case plan.StmtTentatively:
		return true // it accepts what it reads
	case plan.StmtSerial, plan.StmtStep:
		return j.settled(s.Body, true) && j.settled(s.Else, false)
	case plan.StmtLet:
		return true // where it is used it counts
	}
	for _, x := range s.Args {
		if j.acting(x, atHome) > plan.Grows {
			return false
		}
	}
	return j.settled(s.Body, atHome) && j.settled(s.Else, atHome)
}

// acting is the mode of an expression for one who acts on it.
func (j *judge) acting(x *plan.Expr, atHome bool) plan.Mode {
	if atHome {
		x = j.held(x)
	}
	return j.modes.Of(x)
}

// held returns x with a constant for each reading of what has a home.
func (j *judge) held(x *plan.Expr) *plan.Expr {
	switch x.Op {
	case plan.OpCell, plan.OpDatabase, plan.OpKeys:
		if j.p.Databases[x.Index].Placement == plan.Home {
			return &plan.Expr{Op: plan.OpConst, Type: x.Type}
		}
	case plan.OpView:
		return j.held(j.p.Views[x.Index].Expr)
	}
	y := *x
	y.Args = nil
	for _, a := range x.Args {
		y.Args = append(y.Args, j.held(a))
	}
	if x.Block != nil {
		y.Block = &plan.Block{Params: x.Block.Params, Expr: j.held(x.Block.Expr)}
	}
	return &y
}
