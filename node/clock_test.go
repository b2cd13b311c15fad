package node_test

import (
	"testing"

	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/node"
	"github.com/martinelli-lang/martinelli/value"
)

const centuries = `
database :tickets, gset<id>, :replicated => true
database :title, lww<string>, :replicated => true

on_sell do |n: int|
  tickets.add(new_id())
  tickets.add(new_id())
  tickets.add(new_id())
end
on_name do |text: string|
  title.set(text)
end
view :sold do
  tickets.count
end
`

// TestIDsAreUniqueWhenTheClockGoesBack: the ids of a run take stamps above
// that of its part, so the part alone does not say where the clock was.
func TestIDsAreUniqueWhenTheClockGoesBack(t *testing.T) {
	w := newWorld(t, centuries, 1)
	a := w.guests[0]
	century := 100 * 365 * 24 * 3600 * causal.Instant(causal.Second)
	sell := node.RaiseRequest{Event: "sell", Args: []value.Value{value.Int(3)}}
	for i := range int64(4) {
		w.now += century
		w.open(a)
		w.raise(a, sell)
		w.now -= century
		a.disk.Crash(0)
		w.open(a)
		w.raise(a, sell)
		if got, want := w.number(a, "sold"), 6*(i+1); got != want {
			t.Fatalf("after %d restarts %d tickets are different, want %d", 2*i+1, got, want)
		}
	}
}

// TestARestartForgetsNoStampItHasSeen: b's clock is half a minute ahead. What a
// writes after it saw b's write comes after it, although a was killed between.
func TestARestartForgetsNoStampItHasSeen(t *testing.T) {
	w := newWorld(t, centuries, 2)
	a, b := w.guests[0], w.guests[1]
	name := func(g *guest, title string) {
		w.raise(g, node.RaiseRequest{Event: "name", Args: []value.Value{value.String(title)}})
	}
	w.now += 30 * causal.Second
	name(b, "before")
	b.Drain(w.now)
	w.now -= 30 * causal.Second
	w.linkAll()
	w.run(2 * causal.Second)
	a.disk.Crash(0)
	w.open(a)
	name(a, "after")
	w.cut(b)
	w.linkAll()
	w.run(2 * causal.Second)
	for _, g := range w.guests {
		got := w.read(g, "title")
		if got.Reading == nil || got.Reading.Value.AsString() != "after" {
			t.Errorf("node %s reads %+v, want the title that came after", g.cfg.Name, got.Reading)
		}
	}
}

// TestAStampExceedsThoseSeenBeforeARestart: an effect has the larger stamp also
// where a restart lies between it and its cause.
func TestAStampExceedsThoseSeenBeforeARestart(t *testing.T) {
	w := newWorld(t, centuries, 2)
	a, b := w.guests[0], w.guests[1]
	var stamps []causal.Stamp // of the parts visible at a, in their order
	a.cfg.Observe = func(group []*causal.Part, _ []causal.Ref) { stamps = append(stamps, group[0].Stamp) }
	w.open(a)
	name := node.RaiseRequest{Event: "name", Args: []value.Value{value.String("x")}}
	w.now += 30 * causal.Second
	w.raise(b, name)
	w.now -= 30 * causal.Second
	w.linkAll()
	w.run(2 * causal.Second)
	w.open(a)
	w.raise(a, name)
	if len(stamps) != 2 || stamps[1] <= stamps[0] {
		t.Errorf("the stamps of cause and effect are %d", stamps)
	}
}
