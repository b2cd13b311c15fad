package sim

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/node"
	"github.com/martinelli-lang/martinelli/sim/fault"
	"github.com/martinelli-lang/martinelli/value"
)

const ledgers = `
database :words, set<string>, :replicated => true
database :hits, gcounter, :replicated => true
database :notes, set<string>, :by => :topic, :replicated => :topic
database :marks, counter, :by => :topic, :replicated => :topic
on_say do |word: string, topic: id|
  words.add(word)
  hits.inc(1)
  notes[topic].add(word)
  marks[topic].inc(1)
end
`

// estate is a history in which disks are copied and restored under other ids.
type estate struct {
	t     *testing.T
	w     *World
	rnd   *rand.Rand
	acked map[string]bool // what must not be lost
	said  int

	reissued, renewed int
}

func newEstate(t *testing.T, seed uint64) *estate {
	t.Helper()
	w, err := NewWorld(Config{Program: compile(t, "ledgers.mrt", ledgers), Roles: []Role{{"server", 4}}, Seed: seed})
	if err != nil {
		t.Fatal(err)
	}
	if err := w.StartAll(); err != nil {
		t.Fatal(err)
	}
	for _, m := range w.machines[1:] {
		m.renews = true
	}
	w.Advance(3 * causal.Second)
	return &estate{t: t, w: w, rnd: rand.New(rand.NewPCG(seed, 77)), acked: map[string]bool{}}
}

// say says something new at a machine; then is called when it is durable.
func (e *estate) say(m *Machine, then func()) {
	if !m.Up() {
		return
	}
	e.said++
	word := fmt.Sprintf("%s-%d", m.name, e.said)
	topic := fmt.Sprintf("t%d", e.rnd.IntN(2))
	m.Raise(node.RaiseRequest{Event: "say", Args: []value.Value{value.String(word), value.String(topic)}}, func(a node.Answer) {
		if a.Committed {
			e.acked[word] = true
			if then != nil {
				then()
			}
		}
	})
}

// talk lets everybody write for a while.
func (e *estate) talk(times int) {
	for range times {
		e.say(e.w.machines[e.rnd.IntN(len(e.w.machines))], nil)
		e.w.Advance(causal.Instant(e.rnd.IntN(40)) * causal.Millisecond)
	}
}

// part cuts a machine off from all others, by a cut of its own number.
func (e *estate) part(m *Machine) {
	groups := make([]int, len(e.w.machines)+8)
	groups[m.index] = 1
	e.w.Cut(fault.Action{Kind: fault.Cut, Cut: m.index, Groups: groups})
}

// copyAt copies the machine's disk at the moment a commit becomes durable, when its
// seal is not there yet.
func (e *estate) copyAt(m *Machine, more int) (c *Machine) {
	m.slow = 100 * causal.Millisecond
	for range e.rnd.IntN(4) {
		e.say(m, nil)
	}
	e.say(m, func() {
		if c == nil && m.Up() {
			c = e.w.Restore(m)
		}
	})
	for range more {
		e.say(m, nil)
	}
	if !e.w.Until(2*causal.Second, func() bool { return c != nil }) {
		e.t.Fatal("nothing becomes durable")
	}
	return c
}

// settle lets all who live come to one state, and judges it.
func (e *estate) settle() {
	e.t.Helper()
	up := []*Machine{}
	for _, m := range e.w.machines {
		if m.Up() {
			up = append(up, m)
		}
	}
	isDone := func() bool {
		for _, m := range up {
			if s := m.node.Status(); s.Orphans > 0 || s.Barred != 0 || s.Replica.Pending > 0 {
				return false
			}
		}
		return allEqual(up)
	}
	if !e.w.Until(120*causal.Second, isDone) {
		for _, m := range up {
			s := m.node.Status()
			e.t.Errorf("%s: %d orphans, barred %v, %d pending", m.name, s.Orphans, s.Barred, s.Replica.Pending)
		}
		e.t.Fatalf("the machines do not come to one state; equal: %v", allEqual(up))
	}
	e.w.Advance(3 * causal.Second)
	for _, m := range up {
		e.judge(m)
		e.reissued += int(m.node.Status().Counts.Reissued)
		e.renewed += len(m.former)
	}
}

// judge requires that nothing acknowledged is lost, nothing is there in half,
// and nothing counts twice.
func (e *estate) judge(m *Machine) {
	e.t.Helper()
	words := value2words(e.t, m, "words")
	for word := range e.acked {
		if !words[word] {
			e.t.Errorf("%s has lost %s", m.name, word)
		}
	}
	if got, want := shows(e.t, m, "hits"), fmt.Sprint(len(words)); got != want {
		e.t.Errorf("%s counts %s of %s", m.name, got, want)
	}
	notes := 0
	for _, topic := range []string{"t0", "t1"} {
		n := strings.Count(shows(e.t, m, "notes", value.String(topic)), "-")
		notes += n
		if got := shows(e.t, m, "marks", value.String(topic)); got != fmt.Sprint(n) {
			e.t.Errorf("%s counts %s of %d in %s", m.name, got, n, topic)
		}
	}
	if notes != len(words) {
		e.t.Errorf("%s has %d notes for %d words", m.name, notes, len(words))
	}
	if len(e.w.Findings()) > 0 {
		e.t.Errorf("%v", e.w.Findings())
	}
}

func value2words(t *testing.T, m *Machine, name string) map[string]bool {
	t.Helper()
	r, ok := m.Read(name)
	if !ok {
		t.Fatalf("%s does not show %s", m.name, name)
	}
	words := map[string]bool{}
	for _, v := range r.Value.Elems() {
		words[v.AsString()] = true
	}
	return words
}

// TestRestoredCopies: the disk of a machine is copied in the middle of its work,
// and started under other ids, once or twice, while the machine lives on, is cut
// off, or is dead; everybody goes on writing, and power goes anywhere. All that
// was acknowledged and is on a living disk is there at the end, once, at all.
func TestRestoredCopies(t *testing.T) {
	reissued, renewed, played := 0, 0, 0
	for seed := range seeds(40) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			played++
			e := newEstate(t, seed)
			victim := e.w.machines[1+e.rnd.IntN(3)]
			e.talk(20)
			isAway := e.rnd.IntN(2) == 0
			if isAway {
				e.part(victim)
				e.talk(e.rnd.IntN(30))
			}
			copies := []*Machine{e.copyAt(victim, e.rnd.IntN(4))}
			if e.rnd.IntN(2) == 0 {
				copies = append(copies, e.copyAt(victim, e.rnd.IntN(4)))
			}
			isDead, comesBack := e.rnd.IntN(2) == 0, e.rnd.IntN(2) == 0
			if isDead {
				lost := e.acked
				e.acked = map[string]bool{}
				victim.Crash(fault.Loss(e.rnd.IntN(3)))
				for word := range lost {
					if comesBack || !strings.HasPrefix(word, victim.name+"-") || hasWord(t, e, copies, word) {
						e.acked[word] = true
					}
				}
			}
			for _, c := range copies {
				if !c.Up() {
					if err := c.Start(); err != nil {
						t.Fatal(err)
					}
				}
				e.say(c, nil)
				e.talk(e.rnd.IntN(10))
			}
			for range e.rnd.IntN(6) {
				e.fell(victim)
				e.talk(e.rnd.IntN(12))
			}
			if isDead && comesBack {
				e.w.Advance(causal.Instant(e.rnd.IntN(20)) * causal.Second)
				if err := victim.Start(); err != nil {
					t.Fatal(err)
				}
			}
			e.w.Heal(victim.index)
			e.talk(20)
			e.settle()
			reissued += e.reissued
			renewed += e.renewed
		})
	}
	t.Logf("%d histories: %d commits written again, %d ids taken", played, reissued, renewed)
	if played >= 20 && (reissued < 2*played || renewed < played) {
		t.Error("the histories do not try enough")
	}
}

// hasWord starts the copies, which are down, and asks whether one shows a word.
func hasWord(t *testing.T, e *estate, copies []*Machine, word string) bool {
	for _, c := range copies {
		if !c.Up() {
			if err := c.Start(); err != nil {
				t.Fatal(err)
			}
		}
		if value2words(t, c, "words")[word] {
			return true
		}
	}
	return false
}

// fell crashes a machine other than the victim, and starts it again.
func (e *estate) fell(victim *Machine) {
	m := e.w.machines[e.rnd.IntN(len(e.w.machines))]
	if m == victim || !m.Up() {
		return
	}
	m.Doom(fault.Loss(e.rnd.IntN(3)))
	e.say(m, nil)
	e.w.Advance(causal.Instant(50+e.rnd.IntN(2000)) * causal.Millisecond)
	if m.Up() {
		m.Crash(fault.Loss(e.rnd.IntN(3)))
	}
	if err := m.Start(); err != nil {
		e.t.Fatal(err)
	}
}

// TestCopiesUnderOneID: a disk is copied and both are started under one id, so
// that an honest author forks. Both take new ids, and what they wrote is there
// at the end, once.
func TestCopiesUnderOneID(t *testing.T) {
	for seed := range seeds(20) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			e := newEstate(t, seed)
			victim := e.w.machines[1+e.rnd.IntN(3)]
			e.talk(20)
			e.w.Advance(causal.Second)
			c := e.w.Clone(victim, true)
			c.renews = true
			e.talk(e.rnd.IntN(6))
			if err := c.Start(); err != nil {
				t.Fatal(err)
			}
			for range 3 {
				e.say(victim, nil)
				e.say(c, nil)
				e.talk(e.rnd.IntN(10))
				e.w.Advance(causal.Instant(e.rnd.IntN(2000)) * causal.Millisecond)
			}
			for range e.rnd.IntN(3) {
				e.fell(nil)
			}
			e.w.Advance(10 * causal.Second)
			e.talk(10)
			e.settle()
			if c.id == victim.id {
				t.Error("both go on under one id")
			}
		})
	}
}
