package lower

import (
	"slices"
	"strings"

	"github.com/martinelli-lang/martinelli/lang/diag"
	"github.com/martinelli-lang/martinelli/plan"
)

// process places a process. One that is given or fills what lives at a home
// stands there.
func (l *lowerer) process(i int) {
	p, span := &l.p.Processes[i], l.typed.Processes[i].Decl.Span
	t := touched{shows: len(p.Runs) == 0}
	for _, r := range p.Renders {
		l.exprs(&t, r.Expr)
	}
	if p.Source != nil {
		l.exprs(&t, p.Source)
	}
	for _, r := range p.Runs {
		l.exprs(&t, r.Args...)
		for _, cell := range r.Cells {
			l.database(&t, cell.Database)
		}
	}
	if !t.shows || len(p.At) == 0 {
		t.through()
	}
	p.At = l.place(p.At, t, span, pulled(span))
	p.Home = len(t.homes) > 0 || len(t.below) > 0
}

// feed is a run that is given one database and fills another.
type feed struct {
	process  int
	from, to string
}

// feeding refuses processes that feed each other (R9): their results would
// call for each other for ever.
func (l *lowerer) feeding() {
	var feeds []feed
	for i, p := range l.p.Processes {
		for _, r := range p.Runs {
			for _, cell := range r.Cells {
				to, _, _ := strings.Cut(l.p.Databases[cell.Database].Name, "@")
				for _, from := range l.given(r.Args) {
					feeds = append(feeds, feed{i, from, to})
				}
			}
		}
	}
	for i, f := range feeds {
		if through, ok := path(feeds, f.to, f.from, nil); ok && !l.isTold(feeds[:i], f) {
			at := l.typed.Processes[f.process].Decl.Span
			d := diag.Errorf("E204", at, "the results of this process are given to it again: `%s` is filled from `%s`", f.to, f.from)
			for _, next := range through {
				if next.process != f.process {
					d = d.There(l.typed.Processes[next.process].Decl.Span, "which fills `%s` from `%s`", next.to, next.from)
				}
			}
			l.write(d.Hinting("processes have no cycles: fill another database, and read both in a view"))
		}
	}
}

// isTold reports whether an earlier feed of the same circle had its letter.
func (l *lowerer) isTold(before []feed, f feed) bool {
	return slices.ContainsFunc(before, func(b feed) bool {
		_, there := path(append(before, f), b.to, f.from, nil)
		_, back := path(append(before, f), f.to, b.from, nil)
		return (there || b.to == f.from) && (back || f.to == b.from)
	})
}

// path finds feeds that lead from a database to another.
func path(feeds []feed, from, to string, seen []string) ([]feed, bool) {
	if from == to {
		return nil, true
	}
	if slices.Contains(seen, from) {
		return nil, false
	}
	seen = append(seen, from)
	for _, f := range feeds {
		if f.from != from {
			continue
		}
		if rest, ok := path(feeds, f.to, to, seen); ok {
			return append([]feed{f}, rest...), true
		}
	}
	return nil, false
}

// given lists the databases that expressions read, as the program names them.
func (l *lowerer) given(args []*plan.Expr) []string {
	var names []string
	var visit func(es []*plan.Expr)
	visit = func(es []*plan.Expr) {
		for _, e := range es {
			switch e.Op {
			case plan.OpCell, plan.OpDatabase, plan.OpKeys:
				name, _, _ := strings.Cut(l.p.Databases[e.Index].Name, "@")
				add(&names, name)
			case plan.OpView, plan.OpViewAt:
				visit([]*plan.Expr{l.p.Views[e.Index].Expr})
			}
			visit(e.Args)
			if e.Block != nil {
				visit([]*plan.Expr{e.Block.Expr})
			}
		}
	}
	visit(args)
	return names
}
