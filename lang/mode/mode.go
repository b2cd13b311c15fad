package mode

import (
	"strings"

	"github.com/martinelli-lang/martinelli/lang/diag"
	"github.com/martinelli-lang/martinelli/lang/token"
	"github.com/martinelli-lang/martinelli/lang/types"
	"github.com/martinelli-lang/martinelli/plan"
)

// Program is a typed and lowered program whose values can be asked for their modes.
type Program struct {
	p        *plan.Program
	spans    types.Spans
	typed    *types.Typed
	standing plan.Modes  // of views, renders and invariants
	home     []plan.Mark // of the views, as a run at the home reads them
	unsure   []plan.Mark // of the views, as a run at a role of users reads them
	spoilers map[int]spoiler
	ends     map[question]end
	off      plan.Rule // the rule that a test does without: R12
}

// Reason is what is known of a value: its mark, and why it is so. Because
// begins with the value itself; each of its lines follows from the next one. A
// line may be nowhere, where the compiler wrote what it speaks of.
type Reason struct {
	plan.Mark
	Because []diag.Label
}

// Settled reports whether what was seen of the value is never taken back.
func (r Reason) Settled() bool { return r.Mode <= plan.Grows }

// Short says in one line where the mode comes from.
func (r Reason) Short() string {
	if len(r.Because) == 0 {
		return "the compiler wrote it"
	}
	last := len(r.Because) - 1
	text := r.Because[last].Text
	if r.Settled() {
		return text
	}
	for _, b := range r.Because[:last] {
		if !strings.HasPrefix(b.Text, byWayOf) {
			return text + ", and " + b.Text
		}
	}
	if r.Mode == plan.Falls {
		return text + ", and this holds only until then"
	}
	return text
}

// New returns the modes of a program that types and lower found no error in.
// Cost: linear in the plan.
func New(typed *types.Typed) *Program {
	p := typed.Program
	m := &Program{p: p, spans: typed.Spans, typed: typed, ends: map[question]end{}}
	m.standing = plan.ModesOf(p)
	home := m.standing
	home.Run, home.AtHome = true, true
	m.home = home.ViewsOf(p)
	m.unsure = m.standing.Views
	if p.ViewsReadClock() {
		unsure := m.standing
		unsure.Unsure = true
		m.unsure = unsure.ViewsOf(p)
	}
	m.spoilers = spoilers(p)
	return m
}

// View says what is known of the view of that index.
func (p *Program) View(i int) Reason { return p.Value(p.p.Views[i].Expr) }

// Value says what is known of an expression that stands: of a view, a render
// or the condition of an invariant.
func (p *Program) Value(x *plan.Expr) Reason {
	return p.reason(p.standing, nil, x)
}

// reason says what is known of an expression under modes, where lets have
// given the values in lets to slots.
func (p *Program) reason(m plan.Modes, lets map[int]*plan.Expr, x *plan.Expr) Reason {
	w := why{Program: p, modes: m, lets: lets}
	mark := m.Mark(x)
	if mark.Mode == plan.Constant {
		return Reason{mark, []diag.Label{{Span: w.span(x), Text: "it never changes"}}}
	}
	if mark.Mode == plan.Grows {
		w.because(x, plan.Constant)
	} else {
		w.because(x, plan.Grows)
	}
	return Reason{mark, w.chain}
}

// span is where an expression is written: of what the compiler wrote, where
// its first written part is.
func (p *Program) span(x *plan.Expr) token.Span {
	if s, ok := p.spans.Exprs[x]; ok {
		return s
	}
	for _, a := range x.Args {
		if s := p.span(a); s.File != nil {
			return s
		}
	}
	return token.Span{}
}

// spoiler is a statement that lowers or overwrites what a database holds.
type spoiler struct {
	verb string
	at   *plan.Stmt
}

// spoilers finds the first such statement of each database.
func spoilers(p *plan.Program) map[int]spoiler {
	found := map[int]spoiler{}
	var walk func(ss []*plan.Stmt)
	walk = func(ss []*plan.Stmt) {
		for _, s := range ss {
			if s.Op == plan.StmtWrite {
				l, _ := plan.LatticeOf(p.Databases[s.Index].Lattice.Kind)
				v, ok := l.Verb(s.Name)
				if _, known := found[s.Index]; ok && !known && (v.Effect == plan.Lowers || v.Effect == plan.Overwrites) {
					found[s.Index] = spoiler{s.Name, s}
				}
			}
			walk(s.Body)
			walk(s.Else)
		}
	}
	for i := range p.Handlers {
		walk(p.Handlers[i].Body)
	}
	for i := range p.Invariants {
		walk(p.Invariants[i].Repair)
	}
	return found
}
