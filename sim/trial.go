package sim

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/flow"
	"github.com/martinelli-lang/martinelli/lang/trial"
	"github.com/martinelli-lang/martinelli/node"
	"github.com/martinelli-lang/martinelli/plan"
	"github.com/martinelli-lang/martinelli/sim/audit"
	"github.com/martinelli-lang/martinelli/sim/fault"
	"github.com/martinelli-lang/martinelli/value"
)

// Trial is one run of a test of a program: the same nodes as everywhere, in an
// imagined world.
type Trial struct {
	Program *plan.Program
	Funcs   map[string]flow.Func
	Named   map[string]flow.NamedFunc // those that are told the ID of their call
	Test    *trial.Test               // run by one Try at a time: its truths are filled in
	Seed    uint64
}

// Verdict is what came of a Trial.
type Verdict struct {
	Span    causal.Instant // how long it was, in virtual time
	Events  uint64         // how many things happened
	Raised  uint64
	Aborts  []Abort
	Hash    string   // of all that happened, in hexadecimal
	Failure *Failure // nil: everything held
}

// Abort is how often an event aborted for a reason.
type Abort struct {
	Event, Why string
	Times      uint64
}

// Try runs a test. What does not hold is a Failure; an error means that the
// test can't be run at all. Cost: as Run, without the naive states: about a
// second for a million visible parts.
func Try(t Trial) (Verdict, error) {
	r, err := newTrialRun(t)
	if err != nil {
		return Verdict{}, err
	}
	if err := r.play(); err != nil {
		return Verdict{}, err
	}
	w := r.world
	return Verdict{
		Span: w.Now(), Events: w.history.events, Hash: w.Hash(), Failure: r.failure,
		Raised: w.stats.Acknowledged + w.stats.Aborted, Aborts: w.story.abortCounts(),
	}, nil
}

// trialRun is a test under way. It is the witness of its world.
type trialRun struct {
	Trial
	world   *World
	failure *Failure // the first; from then on nothing more is done

	doing   *trial.Step // the step under way; nil before and after
	writers int         // begun, to name their streams
	tokens  map[*Machine][]byte
	stretch int            // counts the stretches of faults, so that one that is over does nothing any more
	ends    causal.Instant // of the stretch under way
	isOver  bool           // nothing was raised since the last settle

	truths []value.Value // of the test, once they are known

	mark    *audit.Mark  // what every replica has when the given is settled
	reached map[int]bool // the machines that show at least that
}

// newTrialRun makes the world of a test. Its program has the expectations as
// views, which are read, and those of always as renders, which tell by
// themselves when they change.
func newTrialRun(t Trial) (*trialRun, error) {
	r := &trialRun{Trial: t, tokens: map[*Machine][]byte{}, reached: map[int]bool{}}
	f, p := t.Test.Faults, r.program()
	cfg := Config{
		Name: t.Test.Title, Program: p, Funcs: r.linkTruths(p), Named: t.Named, Seed: t.Seed, IsTrial: true, Users: map[string][]string{},
		Faults: fault.Spec{
			Drop: fault.Rate(f.Drop), Duplicate: fault.Rate(f.Duplicate), Reorder: fault.Rate(f.Reorder), Corrupt: fault.Rate(f.Corrupt),
			Cuts: f.Cuts, Crashes: f.Crashes, Skew: f.Skew,
		},
	}
	for _, role := range t.Test.Nodes {
		cfg.Roles = append(cfg.Roles, Role{role.Name, role.Nodes})
		cfg.Users[role.Name] = role.Users
	}
	w, err := NewWorld(cfg)
	if err != nil {
		return nil, err
	}
	r.world, w.witness, w.heedShown = w, r, r.shown
	return r, nil
}

// The names of the views that a test adds. No program can write one.
const (
	alwaysMark = "@always."
	thenMark   = "@then."
	checkMark  = "@check."
	partMark   = ".part."
)

func (r *trialRun) program() *plan.Program {
	p := *r.Program
	p.Views = append([]plan.View(nil), p.Views...)
	p.Processes = append([]plan.Process(nil), p.Processes...)
	for i, x := range r.Test.Always {
		name := alwaysMark + strconv.Itoa(i)
		expectAs(&p, name, x)
		asked := &plan.Expr{Op: plan.OpView, Type: plan.Bool, Index: viewNamed(&p, name)}
		p.Processes = append(p.Processes, plan.Process{At: x.At, Renders: []plan.Render{{Name: name, Expr: asked}}})
	}
	for i, x := range r.Test.Then {
		expectAs(&p, thenMark+strconv.Itoa(i), x)
	}
	for i, x := range r.checks() {
		expectAs(&p, checkMark+strconv.Itoa(i), x)
	}
	return &p
}

func viewNamed(p *plan.Program, name string) int {
	i, ok := p.View(name)
	if !ok {
		panic("sim: a view that was just added is not there")
	}
	return i
}

func expectAs(p *plan.Program, name string, x *trial.Expect) {
	for i, part := range x.Parts {
		p.Views = append(p.Views, plan.View{Name: name + partMark + strconv.Itoa(i), At: x.At, Slots: x.Slots, Expr: part.Expr, Home: x.Home})
	}
	p.Views = append(p.Views, plan.View{Name: name, At: x.At, Slots: x.Slots, Expr: x.Cond, Home: x.Home})
}

// checks lists what the steps expect, in the order of the text.
func (r *trialRun) checks() (list []*trial.Expect) {
	for _, steps := range [][]trial.Step{r.Test.Given, r.Test.When} {
		for i := range steps {
			if steps[i].Kind == trial.Check {
				list = append(list, steps[i].Expect)
			}
		}
	}
	return list
}

// play lives through the test, until it ends or something does not hold.
func (r *trialRun) play() error {
	w := r.world
	if err := w.StartAll(); err != nil {
		return err
	}
	r.isOver = true
	if err := r.steps(r.Test.Given); err != nil {
		return err
	}
	r.settle()
	if r.failure != nil {
		return nil
	}
	r.given()
	r.isOver = !w.cfg.Faults.Any()
	if err := r.steps(r.Test.When); err != nil {
		return err
	}
	r.settle()
	r.doing = nil
	if r.failure != nil {
		return nil
	}
	return r.then()
}

// given notes what every replica has now: from here on `always` is asked of
// whoever shows at least that.
func (r *trialRun) given() {
	r.mark = r.world.audit.Mark()
	r.doing = nil
	for _, m := range r.world.machines {
		r.settled(m)
	}
}

// then asks at the end what every holder must show.
func (r *trialRun) then() error {
	if err := r.fillTruths(); err != nil {
		return err
	}
	for i, x := range r.Test.Then {
		r.askAll("then", thenMark+strconv.Itoa(i), x)
	}
	r.world.audit.Rest()
	r.promises()
	return nil
}

// promises fails the test where the runtime has broken one of its own.
func (r *trialRun) promises() {
	if found := r.world.Findings(); len(found) > 0 && r.failure == nil {
		r.fail(&Failure{Part: partRuntime, Node: found[0].Replica, Text: found[0].Rule + ": " + found[0].Text})
	}
}

func (r *trialRun) fail(f *Failure) {
	if r.failure == nil {
		f.At, f.Step = r.world.Now(), r.doing
		r.failure = f
	}
}

// holds reports whether a machine holds all that an expectation reads.
func (r *trialRun) holds(m *Machine, x *trial.Expect) bool {
	return m.Up() && (!x.Home || m.index == 0) && plan.Runs(x.At, m.role.Name)
}

// askAll asks an expectation of every holder.
func (r *trialRun) askAll(part, name string, x *trial.Expect) {
	for _, m := range r.world.machines {
		if r.failure == nil && r.holds(m, x) {
			r.ask(m, part, name, x)
		}
	}
}

// ask reads an expectation at a machine.
func (r *trialRun) ask(m *Machine, part, name string, x *trial.Expect) {
	reading, ok := m.Read(name)
	if ok && reading.Value.Kind() == boolKind && reading.Value.AsBool() {
		return
	}
	f := &Failure{Part: part, Node: m.name, Expect: x}
	if !ok || reading.Value.Kind() != boolKind {
		f.Text = "it has no value there: it took too many steps, or a function of the host failed"
	}
	for i, p := range x.Parts {
		if reading, ok := m.Read(name + partMark + strconv.Itoa(i)); ok {
			f.Values = append(f.Values, PartValue{p.Text, shortened(reading)})
		}
	}
	r.fail(f)
}

// shown hears what a machine renders. What it says of `always` counts once the
// machine has reached the given.
func (r *trialRun) shown(m *Machine, changes []node.Shown) {
	if r.failure != nil || !r.reached[m.index] {
		return
	}
	for _, s := range changes {
		number, isAlways := strings.CutPrefix(s.Name, alwaysMark)
		if !isAlways || !s.Render || len(s.Added) == 0 || s.Added[0].Kind() == boolKind && s.Added[0].AsBool() {
			continue
		}
		i, err := strconv.Atoi(number)
		if err != nil {
			panic("sim: a test's own view has no number: " + s.Name)
		}
		if x := r.Test.Always[i]; r.holds(m, x) {
			r.ask(m, "always", s.Name, x)
			return
		}
	}
}

// The witness of the world: who has reached the given.

func (r *trialRun) started(*Machine)        {}
func (r *trialRun) visible(*Machine, sight) {}

func (r *trialRun) crashed(m *Machine) { delete(r.reached, m.index) }

func (r *trialRun) settled(m *Machine) {
	if r.mark == nil || r.reached[m.index] || !r.world.audit.Reached(m.index, r.mark) {
		return
	}
	r.reached[m.index] = true
	for i, x := range r.Test.Always {
		if r.failure == nil && r.holds(m, x) {
			r.ask(m, "always", fmt.Sprint(alwaysMark, i), x)
		}
	}
}
