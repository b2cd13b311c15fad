package judge

import (
	"slices"

	"github.com/martinelli-lang/martinelli/lang/diag"
	"github.com/martinelli-lang/martinelli/lang/mode"
	"github.com/martinelli-lang/martinelli/lang/token"
	"github.com/martinelli-lang/martinelli/lang/types"
	"github.com/martinelli-lang/martinelli/plan"
)

// Keep says what upholds an invariant.
type Keep uint8

const (
	Unkept   Keep = iota // nothing known of
	Free                 // no update can break it
	ByEscrow             // rights to break it, which are counted
	BySerial             // the home, one update after another
	ByRepair             // its `else`, when it is broken
)

// Verdict is what is known of an invariant, and why.
type Verdict struct {
	Keep Keep
	Why  string // may be empty
}

// Verdicts finds the verdict of each invariant of a program.
type Verdicts func(p *plan.Program) []Verdict

// Judge judges a typed program whose plan is complete but for what its letters
// say. The letters are about what the topology cannot give. verdicts may be
// nil: then an invariant is what its declaration says. Cost: linear in the
// plan and its views as they are read, times the number of roles.
func Judge(typed *types.Typed, verdicts Verdicts) (*Report, []diag.Diagnostic) {
	p := typed.Program
	j := newJudge(typed)
	for i := range p.Handlers {
		j.handler(i)
	}
	for i := range p.Views {
		j.view(i)
	}
	for i := range p.Processes {
		j.process(i)
	}
	if verdicts == nil {
		verdicts = asWritten
	}
	for i, v := range verdicts(p) {
		j.invariant(i, v)
	}
	return j.report, j.letters
}

// asWritten takes the word of each declaration.
func asWritten(p *plan.Program) []Verdict {
	vs := make([]Verdict, len(p.Invariants))
	for i := range p.Invariants {
		if len(p.Invariants[i].Repair) > 0 {
			vs[i].Keep = ByRepair
		}
	}
	return vs
}

type judge struct {
	p       *plan.Program
	typed   *types.Typed
	report  *Report
	letters []diag.Diagnostic

	modes     *mode.Program
	viewCells [][]cell         // the cells that each view reads, those it reads looked through
	writers   map[int][]string // the roles at which each database is written; see breakers
}

func newJudge(typed *types.Typed) *judge {
	p := typed.Program
	j := &judge{p: p, typed: typed, report: &Report{}, modes: mode.New(typed)}
	j.viewFootprints()
	return j
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
