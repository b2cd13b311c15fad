package judge

import "github.com/martinelli-lang/martinelli/plan"

// finder goes through a body and finds the first expression that is acted on
// though it may change. In a serial block, in a saga and at the home, what has
// a home stands still.
type finder struct {
	home  plan.Modes // what holds at the home
	found *plan.Expr

	says      bool // the statements stand under the word `tentatively`
	foundSaid bool // so did what was found
}

// why says that what was found is acted on.
func (f *finder) why() string {
	if f.foundSaid {
		return "acts tentatively on what may change: "
	}
	return "acts on what may change: "
}

// unsettled looks for what a handler acts on though it may change.
func (j *judge) unsettled(h *plan.Handler) *finder {
	f, m := &finder{home: j.home}, j.run
	if h.Home {
		m = j.home
	}
	f.stmts(h.Body, m)
	return f
}

// stmts goes through statements where m holds at their beginning.
func (f *finder) stmts(ss []*plan.Stmt, m plan.Modes) {
	for _, s := range ss {
		switch s.Op {
		case plan.StmtLet:
			m = m.With(s.Index, m.Mark(s.Args[0])) // it counts where it is used
			continue
		case plan.StmtSerial, plan.StmtSaga, plan.StmtStep:
			f.acts(s, m)
			f.stmts(s.Body, f.carried(m))
			f.stmts(s.Else, f.undone(s, m))
			continue
		case plan.StmtTentatively:
			outer := f.says
			f.says = true
			f.stmts(s.Body, m)
			f.says = outer
			continue
		}
		f.acts(s, m)
		f.stmts(s.Body, m)
		f.stmts(s.Else, m)
		if s.Op == plan.StmtSeal {
			m = m.Sealed(s.Index, s.Args)
		}
	}
}

// carried are the modes at the home of what goes there with a block: its own
// names keep their marks, since their values are sent.
func (f *finder) carried(m plan.Modes) plan.Modes {
	m.AtHome, m.Views = true, f.home.Views
	return m
}

// undone are the modes of the else of a block, which runs at the raiser, and of
// the undoing of a step, which runs where the step did.
func (f *finder) undone(s *plan.Stmt, m plan.Modes) plan.Modes {
	if s.Op == plan.StmtStep {
		return f.carried(m)
	}
	return m
}

// acts notes what a statement acts on.
func (f *finder) acts(s *plan.Stmt, m plan.Modes) {
	for _, x := range s.Args {
		if f.found == nil && m.Of(x) > plan.Grows {
			f.found, f.foundSaid = x, f.says
		}
	}
}
