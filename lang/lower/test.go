package lower

import (
	"slices"

	"github.com/martinelli-lang/martinelli/lang/diag"
	"github.com/martinelli-lang/martinelli/lang/trial"
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
