package lower

import (
	"slices"

	"github.com/martinelli-lang/martinelli/lang/diag"
	"github.com/martinelli-lang/martinelli/lang/trial"
	"github.com/martinelli-lang/martinelli/plan"
	"github.com/martinelli-lang/martinelli/value"
)

// test finds out which replicas can answer what a test expects.
func (l *lowerer) test(t *trial.Test) {
	for _, x := range t.Always {
		l.expect(x)
	}
	for _, x := range t.Then {
		l.expect(x)
	}
	l.steps(t.Given)
	l.steps(t.When)
	l.strangers(t)
}

// strangers warns of what a test expects of a user whom nothing in it names.
func (l *lowerer) strangers(t *trial.Test) {
	var known []string
	for _, r := range t.Nodes {
		known = append(known, r.Users...)
	}
	expects := append(slices.Clone(t.Always), t.Then...)
	var steps func(ss []trial.Step)
	steps = func(ss []trial.Step) {
		for i := range ss {
			for _, a := range ss[i].Args {
				known = texts(known, a)
			}
			if x := ss[i].Expect; x != nil {
				expects = append(expects, x)
			}
			steps(ss[i].Steps)
		}
	}
	steps(t.Given)
	steps(t.When)
	for _, x := range expects {
		l.stranger(known, x.Cond)
	}
}

// stranger warns of the keys in e that are users, constant, and not known.
func (l *lowerer) stranger(known []string, e *plan.Expr) {
	for i, a := range e.Args {
		l.stranger(known, a)
		if e.Op != plan.OpCell || i >= len(l.p.Databases[e.Index].Dims) || a.Op != plan.OpConst {
			continue
		}
		db := &l.p.Databases[e.Index]
		isUser := db.Users == i+1 || l.topology.Binds(nil, db.Dims[i].Name)
		if span, isWritten := l.typed.Spans.Exprs[a]; isUser && isWritten && !slices.Contains(known, a.Const.AsString()) {
			l.write(diag.Warnf("W801", span, "this test has no user %q", a.Const.AsString()).
				Hinting("those are users whose nodes it names, as `client(%q)`, or whom its events name", a.Const.AsString()))
		}
	}
}

// texts adds the constant texts in e to a list.
func texts(list []string, e *plan.Expr) []string {
	if e.Op == plan.OpConst && e.Const.Kind() == value.KindString {
		list = append(list, e.Const.AsString())
	}
	for _, a := range e.Args {
		list = texts(list, a)
	}
	return list
}

func (l *lowerer) steps(steps []trial.Step) {
	for i := range steps {
		if x := steps[i].Expect; x != nil {
			l.expect(x)
		}
		for _, a := range steps[i].Args {
			l.bounded(exprDepth(a), steps[i].Span)
		}
		l.steps(steps[i].Steps)
	}
}

// expect asks the roles at which all views are that it reads, and the home
// alone where it reads what lives there.
func (l *lowerer) expect(x *trial.Expect) {
	l.bounded(exprDepth(x.Cond), x.Span)
	var t touched
	l.exprs(&t, x.Cond)
	t.through()
	x.Home = len(t.homes) > 0
	var at [][]string
	for _, db := range t.homes {
		at = append(at, l.p.Databases[db].At)
	}
	for _, v := range t.views {
		at = append(at, l.p.Views[v].At)
	}
	for i, roles := range at {
		if i > 0 {
			roles = slices.DeleteFunc(slices.Clone(roles), func(r string) bool { return !slices.Contains(x.At, r) })
		}
		if x.At = roles; len(roles) == 0 {
			l.write(diag.Errorf("E806", x.Span, "no replica holds all that is expected here").
				Hinting("its views and databases live at different roles: expect one thing of each"))
			return
		}
	}
}
