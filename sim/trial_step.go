package sim

import (
	"fmt"
	"slices"

	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/flow"
	"github.com/martinelli-lang/martinelli/lang/trial"
	"github.com/martinelli-lang/martinelli/plan"
	"github.com/martinelli-lang/martinelli/sim/fault"
	"github.com/martinelli-lang/martinelli/sim/load"
	"github.com/martinelli-lang/martinelli/value"
)

const (
	stretchSpan = 20 * causal.Second // over which what is raised up to a settle is spread, with its faults
	calmSpan    = 2 * causal.Second  // the same where nothing goes wrong
	patience    = 5 * causal.Second  // without an answer the next step begins
	burstMax    = 64                 // events that a node raises at once
	burstsMin   = 64                 // in so many, where there are more
	ownCut      = 1 << 20            // the first number of the cuts that steps make
)

// steps does one step after the other.
func (r *trialRun) steps(steps []trial.Step) error {
	for i := range steps {
		if r.failure != nil {
			return nil
		}
		s := &steps[i]
		r.doing = s
		if r.isOver && r.mark != nil && s.Kind != trial.Settle && s.Kind != trial.Wait && s.Kind != trial.Check {
			r.strain()
		}
		writers, err := r.begin(s, r.share(steps, i))
		if err != nil {
			return err
		}
		r.await(writers)
	}
	return nil
}

// share is how long a step may take of its stretch.
func (r *trialRun) share(steps []trial.Step, at int) causal.Instant {
	from, to := at, at
	for from > 0 && steps[from-1].Kind != trial.Settle {
		from--
	}
	for to < len(steps) && steps[to].Kind != trial.Settle {
		to++
	}
	raises := 0
	for _, s := range steps[from:to] {
		if s.Kind == trial.Raise || s.Kind == trial.Together {
			raises++
		}
	}
	limit := causal.Instant(calmSpan)
	if r.mark != nil && r.world.cfg.Faults.Any() {
		limit = stretchSpan
	}
	return limit / causal.Instant(max(raises, 1))
}

// begin does what a step does at once, and returns who raises its events.
func (r *trialRun) begin(s *trial.Step, span causal.Instant) ([]*writer, error) {
	w := r.world
	switch s.Kind {
	case trial.Raise:
		return r.raise(s, span)
	case trial.Settle:
		r.settle()
	case trial.Wait:
		r.until(causal.Instant(s.For)*causal.Millisecond, func() bool { return false })
	case trial.Together:
		var all []*writer
		for i := range s.Steps {
			writers, err := r.begin(&s.Steps[i], span)
			if err != nil {
				return nil, err
			}
			all = append(all, writers...)
		}
		return all, nil
	case trial.Cut:
		w.Cut(r.cut(s))
	case trial.Heal:
		r.world.healThose(func(cut int) bool { return cut >= ownCut })
	case trial.Crash:
		for _, m := range r.machines(s.Nodes[0]) {
			r.crash(m)
		}
	case trial.Check:
		i := slices.Index(r.checks(), s.Expect)
		r.askAll("expect", fmt.Sprint(checkMark, i), s.Expect)
	}
	return nil, nil
}

// machines returns the machines that a node of the test stands for.
func (r *trialRun) machines(n trial.Node) (list []*Machine) {
	i := 0
	for _, m := range r.world.machines {
		if m.role.Name != n.Role {
			continue
		}
		if n.Index == trial.Each || n.Index == i {
			list = append(list, m)
		}
		i++
	}
	return list
}

// raise lets each machine of a step raise its events, spread over span.
func (r *trialRun) raise(s *trial.Step, span causal.Instant) ([]*writer, error) {
	w := r.world
	r.isOver = false
	r.writers++
	var list []*writer
	var args []value.Value
	for i, m := range r.machines(s.Nodes[0]) {
		if i == 0 || s.ByUser {
			var err error
			if args, err = arguments(r.Program, s, m.user()); err != nil {
				return nil, err
			}
		}
		wr := &writer{
			world: w, machine: m, stream: fmt.Sprintf("%s.%d", m.name, r.writers),
			events: slices.Repeat([]load.Event{{Name: s.Event, Args: args}}, s.Times),
			burst:  min(max(s.Times/burstsMin, 1), burstMax),
			token:  r.tokens[m], isAlone: true,
		}
		wr.pause = span / causal.Instant(s.Times/wr.burst+1) / 2
		wr.told = func() { r.tokens[m] = wr.token }
		m.writers = append(m.writers, wr)
		w.writers = append(w.writers, wr)
		list = append(list, wr)
		wr.begin()
	}
	return list, nil
}

// arguments computes the arguments of an event for a user. They read nothing
// but functions of the program.
func arguments(p *plan.Program, s *trial.Step, user string) ([]value.Value, error) {
	small := &plan.Program{Types: p.Types, Funcs: p.Funcs, Roles: p.Roles}
	for i, a := range s.Args {
		if s.ByUser {
			who := &plan.Expr{Op: plan.OpConst, Type: plan.ID, Const: value.String(user)}
			a = &plan.Expr{Op: plan.OpLet, Type: a.Type, Index: 0, Args: []*plan.Expr{who, a}}
		}
		small.Views = append(small.Views, plan.View{Name: fmt.Sprint(i), Slots: s.Slots, Expr: a})
	}
	engine, err := flow.New(flow.Config{Program: small})
	if err != nil {
		return nil, err
	}
	args := make([]value.Value, len(s.Args))
	for i := range args {
		reading, err := engine.Read(fmt.Sprint(i), nil)
		if err != nil {
			return nil, err
		}
		args[i] = reading.Value
	}
	return args, nil
}

// until lets things happen until done holds or the test has failed, at most for limit.
func (r *trialRun) until(limit causal.Instant, done func() bool) bool {
	return r.world.Until(limit, func() bool { return r.failure != nil || done() })
}

// await lets things happen until the writers have their answers, or one of
// them has waited too long for one: then the load goes on beside the next step.
func (r *trialRun) await(writers []*writer) {
	w := r.world
	r.until(settleLimit, func() bool {
		for _, wr := range writers {
			if !wr.done() && (wr.since == 0 || w.now-wr.since <= patience) {
				return false
			}
		}
		return true
	})
}

// strain begins a stretch of faults.
func (r *trialRun) strain() {
	w := r.world
	r.stretch++
	r.isOver, r.ends = false, w.now+stretchSpan
	w.net.rates = w.cfg.Faults
	schedule := fault.Generate(w.cfg.Faults, die(w.cfg.Seed, fmt.Sprint("faults", r.stretch)), len(w.machines), stretchSpan)
	now := r.stretch
	for i, a := range schedule {
		w.after(a.At, func() {
			if r.stretch == now {
				w.befall(a, schedule[i:])
			}
		})
	}
}

// settle lets the faults of the stretch happen, ends them, and waits until
// everything raised is answered and nothing moves any more.
func (r *trialRun) settle() {
	w := r.world
	if r.ends > w.now && !w.answered() {
		r.until(r.ends-w.now, w.answered)
	}
	r.calm()
	if !r.until(settleLimit, w.answered) {
		r.fail(&Failure{Part: partRest, Text: w.unanswered()})
		return
	}
	if r.failure == nil && !r.rest() && r.failure == nil {
		r.fail(&Failure{Part: partRest, Text: "the replicas still differ after " + span(settleLimit) + " without faults"})
	}
	w.writers = w.writers[:0]
	for _, m := range w.machines {
		m.writers = nil
	}
	r.isOver = true
}

// rest waits for quiet, as World.Settle does.
func (r *trialRun) rest() bool {
	w := r.world
	for end := w.now + settleLimit; w.now < end; {
		if !r.until(end-w.now, w.AtRest) || r.failure != nil {
			return false
		}
		parts := w.stats.Parts
		r.until(quiet, func() bool { return false })
		if w.AtRest() && w.stats.Parts == parts {
			return true
		}
	}
	return false
}

// calm ends every fault, and starts what is down.
func (r *trialRun) calm() {
	w := r.world
	r.stretch++
	w.net.rates = fault.Spec{}
	w.HealAll()
	for _, m := range w.machines {
		m.doom = nil
		if !m.Up() {
			r.restart(m)
		}
	}
}

// cut is the cut of a step: nothing passes between its sides.
func (r *trialRun) cut(s *trial.Step) fault.Action {
	r.isOver = false
	sides := make([][]*Machine, len(s.Nodes))
	for i, n := range s.Nodes {
		sides[i] = r.machines(n)
	}
	return r.world.apart(sides)
}

// crash takes the power of a machine, and gives it back after a while.
func (r *trialRun) crash(m *Machine) {
	w := r.world
	r.isOver = false
	if !m.Up() {
		return
	}
	m.Crash(fault.Loss(w.diskDie.IntN(3)))
	life := m.life
	w.after(causal.Second/2+causal.Instant(w.diskDie.Int64N(int64(2*causal.Second))), func() {
		if m.life == life && !m.Up() {
			r.restart(m)
		}
	})
}

func (r *trialRun) restart(m *Machine) {
	if err := m.Start(); err != nil {
		r.world.audit.Report(m.index, ruleReopen, "%v", err)
	}
}
