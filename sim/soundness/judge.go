package soundness

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/martinelli-lang/martinelli/flow"
	"github.com/martinelli-lang/martinelli/flow/flowtest"
	"github.com/martinelli-lang/martinelli/lang/invariant"
	"github.com/martinelli-lang/martinelli/node"
	"github.com/martinelli-lang/martinelli/plan"
	"github.com/martinelli-lang/martinelli/sim"
	"github.com/martinelli-lang/martinelli/value"
)

// judge holds what machines show to what the compiler said of the views.
type judge struct {
	*Compiled
	die    *rand.Rand
	modes  map[string]plan.Mode // of views
	shown  map[string]*sight    // by machine and view: what it has shown in this life
	kept   map[string]*sight    // and what its host was told, which no crash takes back
	lives  map[string]uint64    // of machines
	apart  map[string]bool      // views of what not every user's node holds
	broken []string
	checks int
}

// sight is what was seen of a view.
type sight struct {
	isKnown  bool
	scalar   value.Value
	elements map[string]bool
}

func newJudge(c *Compiled, die *rand.Rand) *judge {
	j := &judge{
		Compiled: c, die: die, modes: map[string]plan.Mode{},
		shown: map[string]*sight{}, kept: map[string]*sight{}, lives: map[string]uint64{}, apart: map[string]bool{},
	}
	for i, v := range c.Plan.Views {
		j.modes[v.Name] = c.Marks[i].Mode
		j.apart[v.Name] = j.isApart(v.Expr)
	}
	return j
}

// isApart reports whether an expression reads spaces that not every node of a
// user holds: there it is of less than all commits.
func (j *judge) isApart(x *plan.Expr) bool {
	switch x.Op {
	case plan.OpCell, plan.OpDatabase, plan.OpKeys:
		if j.Plan.Databases[x.Index].Placement == plan.ByValue {
			return true
		}
	case plan.OpView, plan.OpViewAt:
		return j.apart[j.Plan.Views[x.Index].Name]
	}
	return slices.ContainsFunc(x.Args, j.isApart) || x.Block != nil && j.isApart(x.Block.Expr)
}

// holdsAll reports whether a machine holds all that a view reads.
func (j *judge) holdsAll(m *sim.Machine, view string) bool { return m.User() == "" || !j.apart[view] }

const brokenMax = 5

func (j *judge) report(format string, args ...any) {
	if len(j.broken) < brokenMax {
		j.broken = append(j.broken, fmt.Sprintf(format, args...))
	}
}

func of(sights map[string]*sight, m *sim.Machine, view string) *sight {
	name := m.Name() + " " + view
	if sights[name] == nil {
		sights[name] = &sight{elements: map[string]bool{}}
	}
	return sights[name]
}

// reborn forgets what a machine showed before it crashed: what its host was
// not told may be gone.
func (j *judge) reborn(m *sim.Machine) bool {
	if j.lives[m.Name()] == m.Starts() {
		return false
	}
	j.lives[m.Name()] = m.Starts()
	for _, v := range j.Plan.Views {
		delete(j.shown, m.Name()+" "+v.Name)
	}
	return true
}

// seen holds each change that a machine shows to the mode of its view.
func (j *judge) seen(m *sim.Machine, changes []node.Shown) {
	j.reborn(m)
	for _, s := range changes {
		mode, ok := j.modes[s.Name]
		if !ok {
			continue
		}
		if s.Settled != (mode <= plan.Grows) && j.isWhole() {
			j.report("%s says that %s is settled: %v, which the compiler denies", m.Name(), s.Name, s.Settled)
		}
		j.empty(m, s)
		j.grown(m, s, mode)
	}
}

// isWhole reports whether no rule was left out.
func (j *judge) isWhole() bool { return j.Planted.Rule == 0 || j.Planted.Rule == plan.R12 }

// empty judges the views that must have nothing in them.
func (j *judge) empty(m *sim.Machine, s node.Shown) {
	if !j.holdsAll(m, s.Name) || !mustBeEmpty(s.Name) || len(s.Added) == 0 || s.Type.Kind == plan.KindBool && !s.Added[0].AsBool() {
		return
	}
	if name, isInvariant := strings.CutPrefix(s.Name, "broken_"); isInvariant {
		if j.verdict(name).Kind == invariant.Free {
			j.report("%s sees the invariant %s broken, which is free (%s): %v", m.Name(), name, j.verdict(name).Shape, s.Added[0])
		}
		return
	}
	j.report("%s sees that a run relied on what does not hold any more: %s has %v", m.Name(), s.Name, s.Added[0])
}

func (j *judge) verdict(name string) invariant.Verdict {
	for i, inv := range j.Plan.Invariants {
		if inv.Name == name {
			return j.Verdicts[i]
		}
	}
	return invariant.Verdict{Kind: invariant.Open}
}

// grown judges a change by the mode of its view.
func (j *judge) grown(m *sim.Machine, s node.Shown, mode plan.Mode) {
	before := of(j.shown, m, s.Name)
	switch {
	case s.Type.Kind != plan.KindSet:
		if before.isKnown && !mayBecome(mode, before.scalar, s.Added[0]) {
			j.report("%s shows %s of mode %d as %v, and before as %v", m.Name(), s.Name, mode, s.Added[0], before.scalar)
		}
		before.scalar = s.Added[0]
	case len(s.Removed) > 0 && mode <= plan.Grows:
		j.report("%s takes back %v of %s, which is settled", m.Name(), s.Removed[0], s.Name)
	case before.isKnown && len(s.Added) > 0 && mode == plan.Falls:
		j.report("%s adds %v to %s, which falls", m.Name(), s.Added[0], s.Name)
	}
	before.isKnown = true
}

// mayBecome reports whether a scalar of a mode may change from a to b; nil is
// below what grows, and above what falls.
func mayBecome(mode plan.Mode, a, b value.Value) bool {
	switch mode {
	case plan.Constant:
		return value.Equal(a, b)
	case plan.Grows:
		return value.Compare(a, b) <= 0
	case plan.Falls:
		return a.IsNil() || !b.IsNil() && value.Compare(a, b) >= 0
	}
	return true
}

// told remembers what the host of a machine was told of settled views.
func (j *judge) told(m *sim.Machine, changes []node.Shown) {
	for _, s := range changes {
		if mode, ok := j.modes[s.Name]; !ok || mode > plan.Grows {
			continue
		}
		k := of(j.kept, m, s.Name)
		k.isKnown = true
		if s.Type.Kind != plan.KindSet {
			k.scalar = s.Added[0]
			continue
		}
		for _, v := range s.Added {
			k.elements[value.Encode(v)] = true
		}
	}
}

const checkEvery = 25

// check compares, behind a restart and now and then, what a machine shows with
// what it was heard to say, and with its recomputation.
func (j *judge) check(m *sim.Machine) string {
	if !j.reborn(m) && j.die.IntN(checkEvery) > 0 {
		return ""
	}
	for i := range j.Plan.Views {
		v := &j.Plan.Views[i]
		if broken := j.stays(m, v); broken != "" {
			return broken
		}
		if broken := j.recomputed(m, v); broken != "" {
			return broken
		}
	}
	return ""
}

func (j *judge) stays(m *sim.Machine, v *plan.View) string {
	k := of(j.kept, m, v.Name)
	r, ok := m.Read(v.Name)
	switch {
	case !k.isKnown || !ok:
	case v.Expr.Type.Kind != plan.KindSet:
		if !mayBecome(plan.Grows, k.scalar, r.Value) {
			return fmt.Sprintf("%s is %v at %s, whose host was told %v", v.Name, r.Value, m.Name(), k.scalar)
		}
	default:
		has := map[string]bool{}
		for _, x := range whole(r).Elems() {
			has[value.Encode(x)] = true
		}
		for x := range k.elements {
			if !has[x] {
				return fmt.Sprintf("%s lacks %q at %s, whose host was told of it", v.Name, x, m.Name())
			}
		}
	}
	return ""
}

// recomputed compares a view with what its machine's databases make of it. A
// reading lets a node do what it was about to, so a difference counts if it
// does not go away.
func (j *judge) recomputed(m *sim.Machine, v *plan.View) string {
	for range 3 {
		r, ok := m.Read(v.Name)
		if !ok || v.Home && !m.IsHome() {
			return ""
		}
		j.checks++
		got, want := whole(r), j.recompute(m, v)
		if value.Equal(got, want) {
			return ""
		}
		if again, ok := m.Read(v.Name); ok && value.Equal(whole(again), got) && value.Equal(want, j.recompute(m, v)) {
			return fmt.Sprintf("%s is %v at %s, where its databases make %v", v.Name, got, m.Name(), want)
		}
	}
	return ""
}

func (j *judge) recompute(m *sim.Machine, v *plan.View) value.Value {
	return flowtest.Recompute(j.Plan, func(name string, key []value.Value) (value.Value, []flowtest.Row) {
		r, ok := m.Read(name, key...)
		if !ok {
			panic("soundness: " + name + " can't be read at " + m.Name())
		}
		return r.Value, rows(r)
	}, v.Expr)
}

// whole is a reading as one value: of a view with keys, the (key.., value).
func whole(r flow.Reading) value.Value {
	if !r.Keyed {
		return r.Value
	}
	var list []value.Value
	for _, p := range r.Pairs {
		list = append(list, value.Tuple(append(slices.Clone(p.Key), p.Value)...))
	}
	return value.List(list...)
}

func rows(r flow.Reading) (list []flowtest.Row) {
	for _, p := range r.Pairs {
		list = append(list, flowtest.Row(p))
	}
	return list
}

// rest compares every machine with an engine that was given all commits in
// another order, and asks whether what is repaired was.
func (j *judge) rest(w *sim.World) error {
	truth, err := j.truth(w)
	if err != nil {
		return err
	}
	for _, m := range w.Machines() {
		if !m.Up() {
			j.report("%s is down at rest", m.Name())
			continue
		}
		for i := range j.Plan.Views {
			v := &j.Plan.Views[i]
			mine, ok := m.Read(v.Name)
			theirs, err := truth.Read(v.Name, nil)
			if err != nil || !ok || v.Home && !m.IsHome() || !j.holdsAll(m, v.Name) {
				continue
			}
			if !value.Equal(whole(mine), whole(theirs)) {
				j.report("at rest %s is %v at %s, and %v of all commits", v.Name, whole(mine), m.Name(), whole(theirs))
			}
			if name, ok := strings.CutPrefix(v.Name, "mended_"); ok && j.verdict(name).Kind == invariant.Repair && !isNothing(mine.Value) {
				j.report("at rest %s sees %s not repaired: %v", m.Name(), name, mine.Value)
			}
		}
	}
	return nil
}

func isNothing(v value.Value) bool {
	if v.Kind() == value.KindBool {
		return !v.AsBool()
	}
	return len(v.Elems()) == 0
}

// truth is an engine that nobody crashed or cut off.
func (j *judge) truth(w *sim.World) (*flow.Engine, error) {
	e, err := flow.New(flow.Config{Program: j.Plan})
	if err != nil {
		return nil, err
	}
	changes := w.AllCommits()
	j.die.Shuffle(len(changes), func(a, b int) { changes[a], changes[b] = changes[b], changes[a] })
	for chunk := range slices.Chunk(changes, 1+j.die.IntN(7)) {
		e.Apply(chunk)
	}
	return e, nil
}
