package sim

import (
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"testing"

	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/node"
	"github.com/martinelli-lang/martinelli/replica"
	"github.com/martinelli-lang/martinelli/sim/fault"
	"github.com/martinelli-lang/martinelli/value"
)

// forking is a world in which one author goes on in several ways: its machine
// and the clones of it each speak to some of the honest machines alone.
type forking struct {
	honest     int
	branches   int
	common     int // parts before the fork
	depth      int // parts behind it, on each branch
	shape      shape
	isCut      bool // the honest machines are cut off from each other too while the branches grow
	seed       uint64
	finalAfter causal.Instant // of the steward; 0: nothing becomes final meanwhile
}

func (f forking) String() string {
	return fmt.Sprintf("honest=%d branches=%d common=%d depth=%d shape=%d cut=%v seed=%d", f.honest, f.branches, f.common, f.depth, f.shape, f.isCut, f.seed)
}

// shape is who is linked to whom.
type shape int

const (
	mesh shape = iota
	grid       // each with the next and the one four further on
	line       // each with the next: those between relay, and hear of the forker from others alone
	star       // all with the first, which relays everything
	shapes
)

// dials says whom a machine dials, unless the shape is a mesh. The forker's
// speak each to the first of its side, and the last one to the last.
func (f forking) dials(i int) []int {
	if i >= f.honest {
		if b := i - f.honest; b < f.branches-1 || f.branches == 1 {
			return []int{f.first(b)}
		}
		return []int{f.honest - 1}
	}
	switch f.shape {
	case grid:
		return []int{(i + 1) % f.honest, (i + 4) % f.honest}
	case line:
		return []int{min(i+1, f.honest-1)}
	default:
		return []int{0}
	}
}

// first returns the first honest machine of a side.
func (f forking) first(side int) (i int) {
	for f.side(i) != side {
		i++
	}
	return i
}

// side says to which branch of the fork a machine of the world speaks: the
// honest ones and then the forker's.
func (f forking) side(i int) int {
	if i >= f.honest {
		return i - f.honest
	}
	return i * f.branches / f.honest
}

// twoRounds is how long two periods of repair take at most, with a proof's
// random delay and the way of the messages.
const twoRounds = 2*1250*causal.Millisecond + 400*causal.Millisecond

func say(m *Machine, word string) {
	m.Raise(node.RaiseRequest{Event: "say", Args: []value.Value{value.String(word)}}, nil)
}

// play forks the author and returns the world, with links whole, and who is honest.
func (f forking) play(t *testing.T) (w *World, honest, forkers []*Machine) {
	t.Helper()
	cfg := Config{Program: compile(t, "words.mrt", words), Roles: []Role{{"server", f.honest + 1}}, Seed: f.seed, FinalAfter: f.finalAfter}
	if f.shape != mesh {
		cfg.Neighbors = f.dials
	}
	w, err := NewWorld(cfg)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.StartAll(); err != nil {
		t.Fatal(err)
	}
	w.Advance(3 * causal.Second)
	honest, forker := w.machines[:f.honest:f.honest], w.machines[f.honest]
	for i := range f.common {
		say(forker, fmt.Sprint("common-", i))
	}
	w.Advance(2 * causal.Second)
	forkers = append(forkers, forker)
	for b := 1; b < f.branches; b++ {
		var contacts []*Machine
		for i, m := range honest {
			if f.side(i) == b {
				contacts = append(contacts, m)
			}
		}
		forkers = append(forkers, w.Clone(forker, true, contacts...))
	}
	f.cut(w)
	for _, m := range forkers[1:] {
		if err := m.Start(); err != nil {
			t.Fatal(err)
		}
	}
	w.Advance(8 * causal.Second) // links across the cuts are given up, those of the clones stand
	f.grow(w, honest, forkers)
	for b, m := range forkers {
		if last := fmt.Sprintf("branch-%d-%d", b, f.depth-1); f.isCut && !strings.Contains(shows(t, m, "words"), last) {
			t.Fatalf("%v: the branch %d has not grown", f, b)
		}
	}
	w.Heal(100)
	w.Until(20*causal.Second, func() bool { return f.isWhole(honest) })
	return w, honest, forkers
}

// cut keeps each of the forker's machines to its side, for ever, and with
// isCut the honest ones too, by the cut numbered 100.
func (f forking) cut(w *World) {
	for b := range f.branches {
		groups := make([]int, len(w.machines))
		for i := range groups {
			switch {
			case i == f.honest+b:
				groups[i] = 0
			case f.side(i) == b:
				groups[i] = fault.BothSides
			default:
				groups[i] = 1
			}
		}
		w.Cut(fault.Action{Kind: fault.Cut, Cut: b, Groups: groups})
	}
	if f.isCut {
		groups := make([]int, len(w.machines))
		for i := range groups {
			groups[i] = f.side(i)
		}
		w.Cut(fault.Action{Kind: fault.Cut, Cut: 100, Groups: groups})
	}
}

// grow lets everybody write, so that honest parts see the one branch or the
// other.
func (f forking) grow(w *World, honest, forkers []*Machine) {
	for i := range f.depth {
		for b, m := range forkers {
			say(m, fmt.Sprintf("branch-%d-%d", b, i))
		}
		if i%16 == 0 {
			w.Advance(50 * causal.Millisecond)
			for k, m := range honest {
				say(m, fmt.Sprintf("honest-%d-%d", k, i))
			}
		}
	}
	for k, m := range honest {
		say(m, fmt.Sprintf("honest-%d-last", k))
	}
	w.Advance(300 * causal.Millisecond)
}

// isWhole reports whether the links between honest machines are up again.
func (f forking) isWhole(honest []*Machine) bool {
	for i, m := range honest {
		for k, o := range honest {
			isPair := f.shape == mesh || contains(f.dials(i), k)
			if i != k && isPair && (m.links[o.index] == nil || !m.links[o.index].open[m.links[o.index].end(m)]) {
				return false
			}
		}
	}
	return true
}

func contains(list []int, k int) bool {
	for _, x := range list {
		if x == k {
			return true
		}
	}
	return false
}

func allProven(machines []*Machine) bool {
	for _, m := range machines {
		if m.node.Status().Replica.Forked == 0 {
			return false
		}
	}
	return true
}

func allEqual(machines []*Machine) bool {
	root := machines[0].node.(*node.Node).Root()
	for _, m := range machines[1:] {
		if m.node.(*node.Node).Root() != root {
			return false
		}
	}
	return true
}

// judge requires what is promised of a fork.
func (f forking) judge(t *testing.T, w *World, honest []*Machine) {
	t.Helper()
	begun := w.Now()
	if !w.Until(twoRounds, func() bool { return allProven(honest) }) {
		for _, m := range honest {
			t.Logf("%s: %+v", m.name, m.node.Status().Replica)
		}
		t.Fatalf("%v: not every honest node has the proof after two rounds", f)
	}
	t.Logf("%v: proven everywhere %s after links were whole", f, span(w.Now()-begun))
	if !w.Until(20*causal.Second, func() bool { return allEqual(honest) }) {
		t.Fatalf("%v: the honest nodes show different parts", f)
	}
	w.Advance(3 * causal.Second)
	if !allEqual(honest) {
		t.Errorf("%v: the honest nodes do not stay equal", f)
	}
	want := shows(t, honest[0], "words")
	for _, m := range honest[1:] {
		if got := shows(t, m, "words"); got != want {
			t.Errorf("%v: %s shows\n%s, and %s\n%s", f, m.name, got, honest[0].name, want)
		}
	}
	if strings.Contains(want, "branch-") {
		t.Errorf("%v: what the forker wrote from the fork on has an effect: %s", f, want)
	}
	if got := strings.Count(want, "common-"); got != f.common {
		t.Errorf("%v: %d of the forker's %d parts before the fork are there", f, got, f.common)
	}
	each := (f.depth+15)/16 + 1
	if got := strings.Count(want, "honest-"); got != each*f.honest {
		t.Errorf("%v: %d of %d honest parts are there", f, got, each*f.honest)
	}
}

// TestForks: however many branches a forker shows to whom, wherever they begin
// and however long they are, every honest node has a proof within two rounds of
// repair, and all show the same from then on.
func TestForks(t *testing.T) {
	for i, f := range []forking{
		{honest: 3, branches: 2, common: 3, depth: 1},
		{honest: 3, branches: 2, common: 0, depth: 2, isCut: true},
		{honest: 4, branches: 2, common: 2, depth: 3, shape: grid},
		{honest: 6, branches: 3, common: 5, depth: 4, isCut: true},
		{honest: 5, branches: 2, common: 4, depth: 600, isCut: true},
		{honest: 8, branches: 2, common: 1, depth: 40, shape: grid, isCut: true},
		{honest: 16, branches: 2, common: 2, depth: 5},
		{honest: 16, branches: 3, common: 2, depth: 20, isCut: true},
	} {
		f.seed = uint64(i)
		w, honest, _ := f.play(t)
		f.judge(t, w, honest)
	}
}

// TestForksOfEveryShape plays random forks: in a mesh, a grid, a line and a
// star, so that there are relays in the middle whom no forker speaks to; with
// the honest cut off from each other meanwhile, or not.
func TestForksOfEveryShape(t *testing.T) {
	seeds := uint64(48)
	if os.Getenv("MARTINELLI_SOAK") != "" {
		seeds = 3000
	}
	for seed := range seeds {
		rnd := rand.New(rand.NewPCG(seed, 6))
		f := forking{
			honest: 3 + rnd.IntN(7), branches: 2 + rnd.IntN(2), common: rnd.IntN(40), depth: 1 + rnd.IntN(30),
			shape: shape(seed % uint64(shapes)), isCut: rnd.IntN(2) == 0, seed: seed,
		}
		w, honest, _ := f.play(t)
		f.judge(t, w, honest)
	}
}

// TestHistory6EqualVectors: two branches of equal length make equal vectors,
// and were once compacted into one state. Hashes tell them apart; and what is
// proven stays so over restarts, from flushed state as from the log, without
// asking anybody about signatures again.
func TestHistory6EqualVectors(t *testing.T) {
	f := forking{honest: 4, branches: 2, common: 60, depth: 80, isCut: true, seed: 6}
	w, honest, _ := f.play(t)
	f.judge(t, w, honest)
	want := shows(t, honest[0], "words")
	for i, m := range honest {
		m.Crash(fault.Loss(i % 2))
		if err := m.Start(); err != nil {
			t.Fatal(err)
		}
		if m.node.Status().Replica.Forked != 1 {
			t.Errorf("%s does not know of the fork after a restart", m.name)
		}
		if got := shows(t, m, "words"); got != want {
			t.Errorf("%s shows after a restart\n%s, and before\n%s", m.name, got, want)
		}
	}
	say(honest[1], "after")
	w.Advance(5 * causal.Second)
	if !allEqual(honest) || !strings.Contains(shows(t, honest[3], "words"), "after") {
		t.Error("the honest nodes do not go on together")
	}
}

// TestHistory7CopiedDisk: a disk is copied and started twice, so that an honest
// device equivocates. Both notice, refuse to write and say what to do; neither
// falls over, and all others go on.
func TestHistory7CopiedDisk(t *testing.T) {
	f := forking{honest: 4, branches: 2, common: 5, depth: 2, seed: 7}
	w, honest, clones := f.play(t)
	f.judge(t, w, honest)
	for _, m := range clones {
		for range 2 {
			var answer node.Answer
			m.Raise(node.RaiseRequest{Event: "say", Args: []value.Value{value.String("more")}}, func(a node.Answer) { answer = a })
			w.Advance(2 * causal.Second)
			if answer.Abort != node.AbortCloned || !strings.Contains(answer.Detail, "--new-replica") {
				t.Errorf("%s answers %+v", m.name, answer)
			}
			if m.node.Status().Barred != replica.VoidFork {
				t.Errorf("the status of %s says nothing", m.name)
			}
			m.Crash(fault.KeepAll)
			if err := m.Start(); err != nil {
				t.Fatal(err)
			}
		}
	}
	f.judgeOn(t, w, honest)
}

// judgeOn requires that the honest machines still work together.
func (f forking) judgeOn(t *testing.T, w *World, honest []*Machine) {
	t.Helper()
	for i, m := range honest {
		say(m, fmt.Sprint("later-", i))
	}
	w.Advance(4 * causal.Second)
	if got := strings.Count(shows(t, honest[0], "words"), "later-"); got != len(honest) || !allEqual(honest) {
		t.Errorf("%d of %d later parts are there; equal: %v", got, len(honest), allEqual(honest))
	}
}

// TestForkFromTheFirstPart: a clone that has lost all, even what it should know of
// its own past, begins its chains anew, while the other writes on.
func TestForkFromTheFirstPart(t *testing.T) {
	f := forking{honest: 3, branches: 1, common: 10, seed: 8}
	w, honest, forkers := f.play(t)
	w.Heal(0)
	c := w.Clone(forkers[0], false, honest[1])
	forkers[0].Crash(fault.KeepAll)
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	say(c, "anew") // before it has heard of anybody
	if !w.Until(10*causal.Second, func() bool { return allProven(honest) && allEqual(honest) }) {
		t.Fatal("a chain that begins twice is not proven to")
	}
	for _, m := range honest {
		if got := shows(t, m, "words"); strings.Contains(got, "common") || strings.Contains(got, "anew") {
			t.Errorf("%s shows %s", m.name, got)
		}
	}
}
