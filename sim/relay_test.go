package sim

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/node"
	"github.com/martinelli-lang/martinelli/overlay/repair"
	"github.com/martinelli-lang/martinelli/sim/fault"
	"github.com/martinelli-lang/martinelli/value"
)

// lies are ways to alter a page of a checkpoint. Each returns false where the
// page has nothing of the kind.
var lies = []struct {
	name string
	all  bool // every space has something of it, so that nothing can be taken
	tell func(*rand.Rand, *repair.Taken) bool
}{
	{"an entry", false, altered(repair.SectionBuckets)},
	{"a head", true, altered(repair.SectionHeads)},
	{"a reference", false, altered(repair.SectionNeeds)},
	{"a leaf", true, altered(repair.SectionLeaves)},
	{"what is signed", true, func(rnd *rand.Rand, m *repair.Taken) bool {
		if m.Section != repair.SectionSigned || len(m.Body) == 0 {
			return false
		}
		m.Body[len(m.Body)-65-rnd.IntN(96)] ^= 1 // one of the three hashes
		return true
	}},
	{"the signature", true, func(rnd *rand.Rand, m *repair.Taken) bool {
		if m.Section != repair.SectionSigned || len(m.Body) == 0 {
			return false
		}
		m.Body[len(m.Body)-1-rnd.IntN(64)] ^= 1
		return true
	}},
	{"nothing at all: entries are left out", true, func(_ *rand.Rand, m *repair.Taken) bool {
		if m.Section != repair.SectionLeaves || len(m.Body) == 0 {
			return false
		}
		m.Body, m.Next = nil, 0
		return true
	}},
}

// altered flips a bit of a section's page.
func altered(of repair.Section) func(*rand.Rand, *repair.Taken) bool {
	return func(rnd *rand.Rand, m *repair.Taken) bool {
		if m.Section != of || len(m.Body) == 0 {
			return false
		}
		m.Body[rnd.IntN(len(m.Body))] ^= 1 << rnd.IntN(8)
		return true
	}
}

// TestHistory3RelayThatLies: a node that was away is served its checkpoints by a
// relay that alters or leaves out a part of them. State that nobody has signed
// would let it delete what others wrote; nothing it altered is taken, its
// operator is told, and the node gets what is true from another neighbour.
func TestHistory3RelayThatLies(t *testing.T) {
	for i, lie := range lies {
		t.Run(lie.name, func(t *testing.T) {
			w := closing(t, compile(t, "shelves.mrt", shelves), 4)
			liar, away := w.machines[1], w.machines[3]
			w.Cut(fault.Action{Groups: []int{0, 0, 0, 1}})
			for round := range 20 {
				for _, m := range w.machines[:3] {
					raise(t, m, "say", value.String(fmt.Sprint("r", round%3)), value.String(fmt.Sprint("r", (round+1)%3)), value.String(fmt.Sprint(m.name, round)))
				}
				w.Advance(300 * causal.Millisecond)
			}
			told, rnd := 0, rand.New(rand.NewPCG(uint64(i), 3))
			w.net.lie = func(from *Machine, msg node.Message) node.Message {
				if from != liar || msg.Kind != node.KindRepair {
					return msg
				}
				b, err := repair.Decode(msg.Body)
				page, ok := b.(repair.Taken)
				if err != nil || !ok {
					return msg
				}
				page.Body = append([]byte(nil), page.Body...)
				if lie.tell(rnd, &page) {
					told++
					msg.Body = page.AppendTo(nil)
				}
				return msg
			}
			w.Heal(0)
			w.Cut(fault.Action{Groups: []int{0, fault.BothSides, 0, 1}}) // at first it hears the relay alone
			w.Until(30*causal.Second, func() bool { return told > 0 })
			w.Advance(causal.Second)
			if installs := away.node.Status().Counts.Installs; installs > 0 && lie.all {
				t.Errorf("%d checkpoints were taken from the liar", installs)
			}
			w.Heal(0)
			rest(t, w)
			counts := away.node.Status().Counts
			if counts.Installs == 0 || counts.Untrue == 0 {
				t.Errorf("the relay lied %d times; %d lies were found and %d checkpoints taken", told, counts.Untrue, counts.Installs)
			}
		})
	}
}

// TestHistory11StaleCopy: an author says something and dies, somebody unsays it,
// and checkpoints sum both up; the author is retired. A copy that was away
// since before comes back and still shows what was said. As the author's entry
// stays in the vector, that is known to be gone, and not taken for news.
func TestHistory11StaleCopy(t *testing.T) {
	w := closing(t, compile(t, "words.mrt", words), 4)
	home, dead, stale := w.machines[0], w.machines[2], w.machines[3]
	raise(t, dead, "say", value.String("ghost"))
	w.Until(5*causal.Second, func() bool { return shows(t, stale, "words") == `["ghost"]` })
	w.Cut(fault.Action{Groups: []int{0, 0, 0, 1}})
	dead.Crash(fault.KeepAll)
	raise(t, home, "unsay", value.String("ghost"))
	w.Advance(30 * causal.Second) // until nobody takes the dead for a neighbour
	var answer node.Answer
	home.act(func(now causal.Instant) {
		home.node.(*node.Node).Retire(now, home.ask(func(a node.Answer) { answer = a }), dead.id)
	})
	if w.Until(5*causal.Second, func() bool { return answer.Committed || answer.Abort != "" }); !answer.Committed {
		t.Fatalf("not retired: %s", answer.Detail)
	}
	churn(t, w, 60, 4, 200*causal.Millisecond)
	w.Advance(10 * causal.Second)
	if n := logged(t, home); n > 20 {
		t.Fatalf("the home has %d parts in its log: nothing was summed up", n)
	}
	w.Heal(0)
	w.Until(30*causal.Second, func() bool { return stale.node.Status().Counts.Installs > 0 })
	w.Advance(20 * causal.Second)
	for _, m := range []*Machine{home, w.machines[1], stale} {
		if got := shows(t, m, "words"); got != shows(t, home, "words") || got == "" {
			t.Errorf("%s shows %s, the home %s", m.name, got, shows(t, home, "words"))
		}
	}
}
