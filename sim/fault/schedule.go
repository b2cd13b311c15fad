package fault

import (
	"cmp"
	"math/rand/v2"
	"slices"

	"github.com/martinelli-lang/martinelli/algebra/causal"
)

// Kind says what an Action does.
type Kind uint8

const (
	Cut     Kind = iota // messages between the sides of Action.Groups stop
	Heal                // the cut numbered Action.Cut ends
	Crash               // Action.Machine stops in the middle of its next store write
	Restart             // Action.Machine starts again from its disk; if it still runs, it stops first
)

// BothSides in Action.Groups is a machine that a cut does not touch.
const BothSides = -1

// Loss says what a crash does to the writes that were not yet synced.
type Loss uint8

const (
	KeepAll  Loss = iota // the process was killed: the system still has them
	KeepSome             // the power failed during a sync: a prefix survives
	KeepNone             // the power failed
)

func (l Loss) String() string {
	return [...]string{"killed", "power lost during a sync", "power lost"}[l]
}

// Action is one entry of a Schedule.
type Action struct {
	At      causal.Instant // from the start of the history
	Kind    Kind
	Cut     int   // Cut, Heal: which cut
	Groups  []int // Cut: the side of each machine, or BothSides
	OneWay  bool  // Cut: only messages from side 0 to side 1 stop
	Machine int   // Crash, Restart
	Loss    Loss  // Crash and its Restart
}

// Schedule is what a seed makes of a Spec: actions ascending in time. Every
// cut is healed and every crashed machine restarted at the latest at the end
// of the span.
type Schedule []Action

// Generate makes the schedule for machines over span. Cuts may overlap;
// crashes of one machine do not.
func Generate(s Spec, die *rand.Rand, machines int, span causal.Instant) Schedule {
	g := generator{die: die, machines: machines, span: span}
	for i := range s.Cuts {
		g.cut(i)
	}
	for i := range s.Crashes {
		g.crash(i, s.Crashes)
	}
	slices.SortStableFunc(g.actions, func(a, b Action) int { return cmp.Compare(a.At, b.At) })
	return g.actions
}

type generator struct {
	die      *rand.Rand
	machines int
	span     causal.Instant
	actions  Schedule
}

// cut separates the machines into two sides, neither of them empty, for a
// twentieth to a quarter of the span.
func (g *generator) cut(number int) {
	if g.machines < 2 {
		return
	}
	groups := make([]int, g.machines)
	for i := range groups {
		groups[i] = g.die.IntN(2)
	}
	lone := g.die.IntN(g.machines) // makes sure of two sides
	groups[lone] = 1 - groups[(lone+1)%g.machines]
	begin := g.within(g.span * 3 / 4)
	length := g.span/20 + g.within(g.span/5)
	g.add(Action{At: begin, Kind: Cut, Cut: number, Groups: groups, OneWay: g.die.IntN(4) == 0})
	g.add(Action{At: begin + length, Kind: Heal, Cut: number})
}

// crash stops one machine inside the i-th of n slices of the span, so that
// crashes of one machine never overlap.
func (g *generator) crash(i, n int) {
	slice := g.span / causal.Instant(n)
	begin := slice*causal.Instant(i) + g.within(slice/2)
	machine := g.die.IntN(g.machines)
	loss := Loss(g.die.IntN(3))
	g.add(Action{At: begin, Kind: Crash, Machine: machine, Loss: loss})
	g.add(Action{At: begin + 1 + g.within(slice/2-1), Kind: Restart, Machine: machine, Loss: loss})
}

func (g *generator) add(a Action) { g.actions = append(g.actions, a) }

// within returns an instant in [0, limit).
func (g *generator) within(limit causal.Instant) causal.Instant {
	return causal.Instant(g.die.Int64N(int64(max(limit, 1))))
}

// Century is how far ahead the wrong clock of Skew is.
const Century = 100 * 36_525 * 24 * 36 * causal.Second

// Clocks returns for each machine how far its clock is ahead of the world's.
func Clocks(s Spec, die *rand.Rand, machines int) []causal.Instant {
	ahead := make([]causal.Instant, machines)
	if !s.Skew {
		return ahead
	}
	for i := range ahead {
		ahead[i] = causal.Instant(die.Int64N(100*causal.Millisecond)) - 50*causal.Millisecond
	}
	ahead[die.IntN(machines)] = Century
	return ahead
}
