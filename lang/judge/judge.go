package judge

import (
	"slices"

	"github.com/martinelli-lang/martinelli/lang/diag"
	"github.com/martinelli-lang/martinelli/lang/invariant"
	"github.com/martinelli-lang/martinelli/lang/mode"
	"github.com/martinelli-lang/martinelli/lang/token"
	"github.com/martinelli-lang/martinelli/lang/types"
	"github.com/martinelli-lang/martinelli/plan"
)

// Judge judges a program whose plan is complete but for what its letters say,
// by its modes and by what was decided of its invariants. The letters are about
// what the topology cannot give. Cost: linear in the plan and its views as they
// are read, times the number of roles.
func Judge(typed *types.Typed, modes *mode.Program, invariants []invariant.Verdict) (*Report, []diag.Diagnostic) {
	p := typed.Program
	j := &judge{p: p, typed: typed, report: &Report{}, modes: modes, invariants: invariants}
	j.viewFootprints()
	for i := range p.Handlers {
		j.handler(i)
	}
	for i := range p.Views {
		j.view(i)
	}
	for i := range p.Processes {
		j.process(i)
	}
	for i := range invariants {
		j.invariant(&invariants[i])
	}
	return j.report, j.letters
}

type judge struct {
	p       *plan.Program
	typed   *types.Typed
	report  *Report
	letters []diag.Diagnostic

	modes      *mode.Program
	invariants []invariant.Verdict
	viewCells  [][]cell         // the cells with a home that each view reads, those it reads looked through
	writers    map[int][]string // the roles at which each database is written; see breakers
}

func (j *judge) write(d diag.Diagnostic) { j.letters = append(j.letters, d) }

// at adds the line for each role of at; for every role where it names none.
func (j *judge) at(at []string, line Line, perRole func(r *plan.Role, l *Line)) {
	for i := range j.p.Roles {
		r := &j.p.Roles[i]
		if len(at) > 0 && !slices.Contains(at, r.Name) {
			continue
		}
		l := line
		l.Role = r.Name
		if perRole != nil {
			perRole(r, &l)
		}
		j.report.Lines = append(j.report.Lines, l)
	}
}

func (j *judge) view(i int) {
	v, is := &j.p.Views[i], j.modes.View(i)
	j.at(v.At, Line{
		Span: j.typed.Views[i].Decl.Name.Span, What: "view " + v.Name,
		Settled: is.Settled(), Mergeable: is.Mergeable, Why: is.Short(),
	}, nil)
}

func (j *judge) process(i int) {
	q := &j.p.Processes[i]
	line := Line{Span: head(j.typed.Processes[i].Decl.Span), What: "process", Settled: true, Mergeable: true}
	for _, r := range q.Renders {
		line.What += " render(" + r.Name + ")"
		is := j.modes.Value(r.Expr)
		line.Settled = line.Settled && is.Settled()
		line.Mergeable = line.Mergeable && is.Mergeable
		line.Why = joined(line.Why, is.Short())
	}
	j.at(q.At, line, nil)
}

// head is the first word of a declaration without a name.
func head(s token.Span) token.Span {
	s.End = min(s.End, s.Start+len("process"))
	return s
}

func joined(a, b string) string {
	if a == "" || a == b {
		return b
	}
	return a + "; " + b
}
