package sim

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/node"
	"github.com/martinelli-lang/martinelli/plan"
	"github.com/martinelli-lang/martinelli/replica"
	"github.com/martinelli-lang/martinelli/sim/fault"
	"github.com/martinelli-lang/martinelli/value"
)

const chain = `
database :words, set<string>, :replicated => true
database :copies, set<string>
database :notes, set<string>, :by => :room, :replicated => :room
on_say do |word: string| words.add(word) end
on_copy do
  tentatively do
    words.each do |word|
      copies.add(word)
    end
  end
end
on_note do |room: id, word: string| notes[:room].add(word) end
`

// TestHistory5ThroughTheHome: a word is said in one space, copied at the home
// into a space that the home alone holds, and noted by somebody who has seen
// the copy, in a third space. No server shows the note without the word.
func TestHistory5ThroughTheHome(t *testing.T) {
	p := compile(t, "chain.mrt", chain)
	for seed := range uint64(20) {
		w, err := NewWorld(Config{Program: p, Roles: []Role{{"server", 4}}, Seed: seed})
		if err != nil {
			t.Fatal(err)
		}
		if err := w.StartAll(); err != nil {
			t.Fatal(err)
		}
		w.Advance(3 * causal.Second)
		sayer, noter := w.machines[1], w.machines[2]
		w.Cut(fault.Action{Groups: []int{fault.BothSides, 0, 1, 1}}) // only the home hears the sayer
		raise(t, sayer, "say", value.String("w"))
		w.Until(5*causal.Second, func() bool { return shows(t, w.machines[0], "words") == `["w"]` })
		var seen []byte
		noter.Raise(node.RaiseRequest{Event: "copy"}, func(a node.Answer) { seen = a.Token })
		w.Until(causal.Second, func() bool { return seen != nil })
		token, err := replica.DecodeSession(seen)
		said := causal.Chain{Space: causal.SpaceOf(cluster, plan.SharedSpace), Replica: sayer.id}.At(1)
		if err != nil || !slices.Contains(token, said) {
			t.Fatalf("seed %d: who has seen the copy holds %v, which does not name the word", seed, token)
		}
		noter.Raise(node.RaiseRequest{Event: "note", Args: []value.Value{value.String("r"), value.String("n")}, Session: seen}, nil)
		reader := w.machines[3]
		isNoted := false
		for step := 0; step < 2000 && !isNoted; step++ {
			w.Advance(10 * causal.Millisecond)
			isNoted = shows(t, reader, "notes", value.String("r")) == `["n"]`
		}
		if got := shows(t, reader, "words"); !isNoted || got != `["w"]` {
			t.Errorf("seed %d: with the note (%v) a server shows the words %s", seed, isNoted, got)
		}
		w.Heal(0)
		rest(t, w)
	}
}

// TestHistory14KilledAtAnyPoint: events go through the outboxes of two servers,
// some of them through both, and every machine is killed again and again in
// the middle of a write. Each event has its effect once; if the home did not
// ask what has run, some would have it twice.
func TestHistory14KilledAtAnyPoint(t *testing.T) {
	p := compile(t, "till.mrt", `
database :sold, counter
database :heard, set<string>, :replicated => true
on_sell do |n: nat|
  sold.inc(n)
  heard.add("sold")
end`)
	for seed := range seeds(12) {
		w := till(t, p, seed, node.Planted{})
		rest(t, w)
		if got := shows(t, w.machines[0], "sold"); got != allSold {
			t.Errorf("seed %d: %s sold, want %s", seed, got, allSold)
		}
		for _, m := range w.machines {
			if n := m.node.Status().Outbox; n != 0 {
				t.Errorf("seed %d: %d items are open at %s", seed, n, m.name)
			}
		}
	}
	if got := shows(t, till(t, p, 0, node.Planted{ForgetsItems: true}).machines[0], "sold"); got == allSold {
		t.Error("a home that does not ask what has run runs nothing twice")
	}
}

// allSold is the sum of what the tills sell, a power of two each.
const allSold = "4095"

// till sells at two servers, of which and of the home one or the other is
// killed now and then.
func till(t *testing.T, p *plan.Program, seed uint64, planted node.Planted) *World {
	t.Helper()
	w, err := NewWorld(Config{Program: p, Roles: []Role{{"server", 3}}, Seed: seed, FlushEvery: 7, Planted: planted})
	if err != nil {
		t.Fatal(err)
	}
	if err := w.StartAll(); err != nil {
		t.Fatal(err)
	}
	w.Advance(3 * causal.Second)
	rnd := die(seed, "kills")
	for i := range 12 {
		sell(t, w, rnd, node.RaiseRequest{
			Event: "sell", Args: []value.Value{value.Int(1 << i)}, Outbox: node.OutboxAlways, Stream: fmt.Sprint("till", i+1), Seq: 1,
		})
	}
	w.Advance(30 * causal.Second)
	revive(t, w)
	w.Advance(10 * causal.Second)
	return w
}

// sell raises an event at two servers, and again until one has it.
func sell(t *testing.T, w *World, rnd *rand.Rand, q node.RaiseRequest) {
	t.Helper()
	pending := 0
	for try := 0; pending == 0 || try < 2; try++ {
		m := w.machines[1+rnd.IntN(2)]
		if rnd.IntN(3) == 0 {
			m.Doom(fault.Loss(rnd.IntN(3)))
		}
		m.Raise(q, func(a node.Answer) {
			if a.Pending || a.Committed {
				pending++
			} else {
				t.Errorf("%s: %s %s", q.Stream, a.Abort, a.Detail)
			}
		})
		if rnd.IntN(2) == 0 {
			w.machines[0].Doom(fault.Loss(rnd.IntN(3)))
		}
		w.Advance(causal.Instant(rnd.IntN(300)) * causal.Millisecond)
		revive(t, w)
	}
}

// revive starts every machine that is down.
func revive(t *testing.T, w *World) {
	t.Helper()
	for _, m := range w.machines {
		m.doom = nil
		if !m.Up() {
			if err := m.Start(); err != nil {
				t.Fatal(err)
			}
		}
	}
}
