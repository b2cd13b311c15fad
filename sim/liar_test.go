package sim

import (
	"testing"

	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/node"
	"github.com/martinelli-lang/martinelli/sim/fault"
	"github.com/martinelli-lang/martinelli/value"
)

const damagedRounds = 2

// TestDamagedBodiesHarmNobody gives a node the real messages of a history,
// truncated and with bits flipped, as a peer could that computes checksums of
// nonsense. Most must be refused, none may bring the node down, and a node
// that took one for good must still be able to restart and to work.
func TestDamagedBodiesHarmNobody(t *testing.T) {
	w := servers(t, compile(t, "words.mrt", words), 3)
	var sent []node.Message
	w.net.tap = func(m node.Message) { sent = append(sent, m) }
	w.net.rates = fault.Spec{Drop: 300_000, Reorder: 300_000}
	for round := range 100 {
		raise(t, w.machines[round%3], "say", value.String(adName(round)))
		w.Advance(50 * causal.Millisecond)
	}
	w.net.tap = nil

	victim := servers(t, compile(t, "words.mrt", words), 2)
	m, liar := victim.machines[0], victim.machines[1]
	refused, total := 0, 0
	for range damagedRounds {
		for _, msg := range sent {
			linked := func() bool { l := m.links[liar.index]; return l != nil && l.open[l.end(m)] }
			if !victim.Until(30*causal.Second, linked) {
				t.Fatalf("after %d damaged bodies the link does not come up again", total)
			}
			total++
			err := error(nil)
			body := victim.net.damage(msg.Body)
			m.act(func(now causal.Instant) { err = m.node.Receive(now, liar.id, msg.Kind, body) })
			if err != nil {
				refused++
				victim.net.close(m.links[liar.index], m, err.Error())
			}
		}
	}
	t.Logf("%d of %d damaged bodies were refused", refused, total)
	if refused < total/2 {
		t.Errorf("only %d of %d damaged bodies were refused", refused, total)
	}
	m.Crash(fault.KeepAll)
	if err := m.Start(); err != nil {
		t.Fatal(err)
	}
	raise(t, m, "say", value.String("well"))
	victim.Advance(causal.Second)
	if r, ok := m.Read("words"); !ok || len(r.Value.Elems()) == 0 {
		t.Error("the node does not work any more")
	}
}
