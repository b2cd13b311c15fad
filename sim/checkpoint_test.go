package sim

import (
	"fmt"
	"testing"

	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/plan"
	"github.com/martinelli-lang/martinelli/sim/fault"
	"github.com/martinelli-lang/martinelli/value"
)

// closing returns a started world whose steward makes everything final that is
// two seconds old.
func closing(t *testing.T, p *plan.Program, n int) *World {
	t.Helper()
	w, err := NewWorld(Config{Program: p, Roles: []Role{{"server", n}}, FinalAfter: causal.Second})
	if err != nil {
		t.Fatal(err)
	}
	if err := w.StartAll(); err != nil {
		t.Fatal(err)
	}
	w.Advance(3 * causal.Second)
	return w
}

// logged returns how many parts a machine's disk has.
func logged(t *testing.T, m *Machine) (parts int) {
	t.Helper()
	if err := m.disk.Scan([]byte{'p'}, []byte{'q'}, func([]byte, []byte) bool { parts++; return true }); err != nil {
		t.Fatal(err)
	}
	return parts
}

// churn lets every machine that is up say and unsay words, one each round.
func churn(t *testing.T, w *World, rounds, words int, pause causal.Instant) {
	t.Helper()
	for i := range rounds {
		for _, m := range w.machines {
			if !m.Up() {
				continue
			}
			raise(t, m, "say", value.String(fmt.Sprint(m.name, i%words)))
			raise(t, m, "unsay", value.String(fmt.Sprint(w.machines[i%len(w.machines)].name, (i+words/2)%words)))
		}
		w.Advance(pause)
	}
}

// TestLogStaysBounded: under a steady load every node keeps about as much log
// as comes between two checkpoints, through crashes of everybody.
func TestLogStaysBounded(t *testing.T) {
	w := closing(t, compile(t, "words.mrt", words), 3)
	for round := range 12 {
		churn(t, w, 20, 8, 100*causal.Millisecond)
		victim := w.machines[round%3]
		victim.Crash(fault.Loss(round % 3))
		w.Advance(causal.Second / 2)
		if err := victim.Start(); err != nil {
			t.Fatal(err)
		}
	}
	rest(t, w)
	w.Advance(10 * causal.Second)
	for _, m := range w.machines {
		counts := m.node.Status().Counts
		if counts.Checkpoints == 0 || counts.Differing > 0 || counts.Unweighed > 0 {
			t.Errorf("%s took %d checkpoints, differed from %d, could not compare %d", m.name, counts.Checkpoints, counts.Differing, counts.Unweighed)
		}
		if n := logged(t, m); n > 10 {
			t.Errorf("%s has %d parts in its log at rest, of %d", m.name, n, w.audit.Parts(m.index))
		}
	}
	rest(t, w)
}

// TestHistory4Absence: a node is away for many checkpoints, writes on its own
// meanwhile, and comes back to logs that do not reach back to it. It takes
// checkpoints of several spaces at once, loses nothing of its own, and shows
// no half commit on the way.
func TestHistory4Absence(t *testing.T) {
	w := closing(t, compile(t, "shelves.mrt", shelves), 3)
	away := w.machines[2]
	w.Cut(fault.Action{Groups: []int{0, 0, 1}})
	for i := range 60 {
		for _, m := range w.machines {
			raise(t, m, "say", value.String(fmt.Sprint("r", i%5)), value.String(fmt.Sprint("r", (i+1)%5)), value.String(fmt.Sprint(m.name, i)))
		}
		if i > 10 {
			raise(t, w.machines[0], "unsay", value.String(fmt.Sprint("r", i%5)), value.String(fmt.Sprint(w.machines[1].name, i-10)))
		}
		w.Advance(200 * causal.Millisecond)
	}
	if got := away.node.Status().Counts.Checkpoints; got > 1 {
		t.Fatalf("a node that is cut off took %d checkpoints", got)
	}
	w.Heal(0)
	rest(t, w)
	counts := away.node.Status().Counts
	if counts.Installs == 0 || counts.Untrue > 0 {
		t.Errorf("%d checkpoints were taken, %d pages were untrue", counts.Installs, counts.Untrue)
	}
	w.Advance(10 * causal.Second)
	rest(t, w)
	for _, m := range w.machines {
		if n := logged(t, m); n > 30 {
			t.Errorf("%s has %d parts in its log at rest", m.name, n)
		}
	}
}

const shelves = `
database :words, set<string>, :by => :room, :replicated => :room
on_say do |a: string, b: string, word: string|
  words[a].add(word)
  words[b].add(word)
end
on_unsay do |a: string, word: string| words[a].remove(word) end
`

// TestJoinsLate: a new node joins an old cluster whose logs have gone.
func TestJoinsLate(t *testing.T) {
	w, err := NewWorld(Config{Program: compile(t, "shelves.mrt", shelves), Roles: []Role{{"server", 4}}, FinalAfter: causal.Second})
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range w.machines[:3] {
		if err := m.Start(); err != nil {
			t.Fatal(err)
		}
	}
	w.Advance(3 * causal.Second)
	for i := range 30 {
		raise(t, w.machines[i%3], "say", value.String(fmt.Sprint("r", i%5)), value.String(fmt.Sprint("r", (i+1)%5)), value.String(fmt.Sprint("w", i)))
		w.Advance(200 * causal.Millisecond)
	}
	late := w.machines[3]
	if err := late.Start(); err != nil {
		t.Fatal(err)
	}
	rest(t, w)
	if late.node.Status().Counts.Installs == 0 {
		t.Error("no checkpoint was taken")
	}
	late.Crash(fault.KeepNone)
	if err := late.Start(); err != nil {
		t.Fatal(err)
	}
	rest(t, w)
}

// TestCrashAtEveryWriteOfAnInstall: a node that takes checkpoints crashes at
// each of its store writes in turn. It then has the old state or the new, and
// comes to the same end.
func TestCrashAtEveryWriteOfAnInstall(t *testing.T) {
	p := compile(t, "shelves.mrt", shelves)
	for at := uint64(1); at < 40; at++ {
		w := closing(t, p, 2)
		away := w.machines[1]
		w.Cut(fault.Action{Groups: []int{0, 1}})
		for i := range 12 {
			for _, m := range w.machines {
				raise(t, m, "say", value.String(fmt.Sprint("r", i%3)), value.String(fmt.Sprint("r", (i+1)%3)), value.String(fmt.Sprint(m.name, i)))
			}
			w.Advance(600 * causal.Millisecond)
		}
		w.Heal(0)
		begun := away.written
		w.Until(20*causal.Second, func() bool { return away.written >= begun+at })
		done := away.node.Status().Counts.Installs
		away.Crash(fault.Loss(at % 3))
		if err := away.Start(); err != nil {
			t.Fatal(err)
		}
		rest(t, w)
		if t.Failed() {
			t.Fatalf("crashed at write %d, with %d installs done", at, done)
		}
	}
}
