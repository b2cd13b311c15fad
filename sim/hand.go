package sim

import (
	"fmt"
	"slices"

	"github.com/martinelli-lang/martinelli/flow"
	"github.com/martinelli-lang/martinelli/lang/trial"
	"github.com/martinelli-lang/martinelli/plan"
	"github.com/martinelli-lang/martinelli/sim/fault"
	"github.com/martinelli-lang/martinelli/value"
)

// A world may be moved by hand: what a person at a terminal does to it, one
// thing after the other.

// Step lets the next thing happen. It returns false if nothing will.
func (w *World) Step() bool { return w.step() }

// Strain lets faults happen from now on: the rates until another Strain, the
// cuts and crashes spread over the span of the config. A zero Spec ends the
// rates and what of an earlier Strain has not happened yet.
func (w *World) Strain(spec fault.Spec) {
	w.net.rates = spec
	w.strains++
	now := w.strains
	schedule := fault.Generate(spec, die(w.cfg.Seed, fmt.Sprint("strain", now)), len(w.machines), w.cfg.Span)
	for i, a := range schedule {
		w.after(a.At, func() {
			if w.strains == now {
				w.befall(a, schedule[i:])
			}
		})
	}
}

// Apart begins a cut between the machines of each side; those of no side are
// on none, or, where there is one side alone, on the other. It returns the
// cut's number, for Heal.
func (w *World) Apart(sides ...[]*Machine) int {
	a := w.apart(sides)
	w.Cut(a)
	return a.Cut
}

// apart is the cut between the machines of each side, under the first free
// number from ownCut on. A machine that is on both is on the first.
func (w *World) apart(sides [][]*Machine) fault.Action {
	a := fault.Action{Kind: fault.Cut, Cut: ownCut, Groups: make([]int, len(w.machines))}
	for _, taken := w.net.cuts[a.Cut]; taken; _, taken = w.net.cuts[a.Cut] {
		a.Cut++
	}
	rest := fault.BothSides
	if len(sides) == 1 {
		rest = 1
	}
	for i := range a.Groups {
		a.Groups[i] = rest
	}
	for side, machines := range slices.Backward(sides) {
		for _, m := range machines {
			a.Groups[m.index] = side
		}
	}
	return a
}

// HealAll ends every cut, in the order of their numbers, and returns how many there were.
func (w *World) HealAll() int {
	return w.healThose(func(int) bool { return true })
}

// healThose ends the cuts that are meant, in the order of their numbers.
func (w *World) healThose(meant func(cut int) bool) int {
	var cuts []int
	for number := range w.net.cuts {
		if meant(number) {
			cuts = append(cuts, number)
		}
	}
	slices.Sort(cuts)
	for _, number := range cuts {
		w.Heal(number)
	}
	return len(cuts)
}

// Reaches reports whether what a machine sends to another would pass the cuts.
func (w *World) Reaches(from, to *Machine) bool { return !w.net.blocked(from, to) }

// Replace gives a machine another program and starts it again on its disk, as
// a new version of the program is rolled out.
func (m *Machine) Replace(p *plan.Program) error {
	m.program = p
	if m.Up() {
		m.Crash(fault.KeepAll)
	}
	return m.Start()
}

// Ask reads what a view would show at the machine that its program does not
// have. It refers to the machine's program. A machine that is down shows nothing.
func (m *Machine) Ask(v *plan.View) (flow.Reading, error) {
	n, ok := m.node.(interface {
		Ask(*plan.View) (flow.Reading, error)
	})
	if !ok {
		return flow.Reading{}, ErrDown
	}
	return n.Ask(v)
}

// ErrDown is the error of asking a machine that is not up.
const ErrDown = flow.Error("the machine is down")

// Arguments computes the arguments of an event that a step raises, for a user.
func Arguments(p *plan.Program, s *trial.Step, user string) ([]value.Value, error) {
	return arguments(p, s, user)
}
