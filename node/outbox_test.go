package node_test

import (
	"strings"
	"testing"

	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/node"
	"github.com/martinelli-lang/martinelli/value"
)

// sales counts at the home alone; :sold aborts when nothing is there.
const sales = `
database :stock, counter
database :seen, set<string>, :replicated => true

on_deliver do |qty: nat|
  stock.inc(qty)
  seen.add("delivered")
end
on_sell do |qty: nat|
  stock.dec(qty)
end
on_look do |what: string|
  seen.add(what)
end
`

func supply(qty int64) node.RaiseRequest {
	return node.RaiseRequest{Event: "deliver", Args: []value.Value{value.Int(qty)}, Outbox: node.OutboxAway}
}

// TestOutbox: what is raised while the home is away is durable at once, runs
// when the home is back, once, and its outcome is found at the sender.
func TestOutbox(t *testing.T) {
	w := newWorld(t, sales, 2)
	home, away := w.guests[0], w.guests[1]
	got := w.raise(away, supply(5))
	if !got.Pending || got.Committed || got.Item == "" {
		t.Fatalf("with the home away: %+v", got)
	}
	if list := away.Outbox(); len(list) != 1 || !list[0].Open || list[0].Name != got.Item || list[0].Event != "deliver" {
		t.Fatalf("the outbox is %+v", list)
	}
	away.disk.Crash(0)
	w.open(away)
	if n := away.Status().Outbox; n != 1 {
		t.Fatalf("%d items after a restart", n)
	}
	w.linkAll()
	w.run(5 * causal.Second)
	if n := w.number(home, "stock"); n != 5 {
		t.Errorf("the stock is %d, want 5", n)
	}
	if list := away.Outbox(); len(list) != 1 || list[0].Open || !list[0].Committed || list[0].Name != got.Item {
		t.Errorf("its outcome is %+v", list)
	}
	if again := w.raise(away, supply(1)); !again.Committed || again.Pending {
		t.Errorf("with the home there: %+v", again)
	}
	always := supply(1)
	always.Outbox = node.OutboxAlways
	if last := w.raise(away, always); !last.Pending || last.Item == got.Item {
		t.Errorf("asked for always: %+v", last)
	}
	w.run(5 * causal.Second)
	for _, g := range w.guests {
		w.cut(g)
		g.disk.Crash(0)
		w.open(g)
	}
	w.linkAll()
	w.run(5 * causal.Second)
	if n := w.number(home, "stock"); n != 7 {
		t.Errorf("the stock is %d, want 7", n)
	}
}

// TestHistory14RetriedAtASecondServer: a client raises an event at one server,
// hears nothing, and raises it again at another. Both outboxes bring it to the
// home, and a third try comes directly; it runs once.
func TestHistory14RetriedAtASecondServer(t *testing.T) {
	w := newWorld(t, sales, 3)
	home, one, two := w.guests[0], w.guests[1], w.guests[2]
	q := supply(5)
	q.Stream, q.Seq = "till", 1
	for _, g := range []*guest{one, two, one} {
		if got := w.raise(g, q); !got.Pending {
			t.Fatalf("%+v", got)
		}
	}
	if n := len(one.Outbox()); n != 1 {
		t.Errorf("raised twice at one node, it is in its outbox %d times", n)
	}
	next := q
	next.Seq, next.Outbox = 2, node.OutboxNever
	if got := w.raise(one, next); got.Abort != node.AbortStalled {
		t.Errorf("a raise overtakes one of its stream in the outbox: %+v", got)
	}
	w.linkAll()
	w.run(5 * causal.Second)
	if got := w.raise(two, q); !got.Committed || !got.Duplicate {
		t.Errorf("raised once more: %+v", got)
	}
	if n := w.number(home, "stock"); n != 5 {
		t.Errorf("the stock is %d, want 5", n)
	}
	duplicates := 0
	for _, g := range []*guest{one, two} {
		for _, it := range g.Outbox() {
			if it.Open || !it.Committed {
				t.Errorf("%s: %+v", g.cfg.Name, it)
			}
			if it.Duplicate {
				duplicates++
			}
		}
	}
	if duplicates != 1 {
		t.Errorf("%d items were told to be duplicates, want 1", duplicates)
	}
}

// TestOutboxTellsWhyNot: an event that aborts at the home has its outcome too,
// and those behind it go on.
func TestOutboxTellsWhyNot(t *testing.T) {
	w := newWorld(t, strings.Replace(sales, "  stock.dec(qty)\n", "  stock.dec(qty)\n  abort :closed\n", 1), 2)
	away := w.guests[1]
	first := w.raise(away, node.RaiseRequest{Event: "sell", Args: []value.Value{value.Int(1)}, Outbox: node.OutboxAway})
	second := w.raise(away, supply(2))
	w.linkAll()
	w.run(5 * causal.Second)
	list := away.Outbox()
	if len(list) != 2 || list[0].Name != first.Item || list[0].Abort != "closed" || list[0].Committed || list[1].Name != second.Item || !list[1].Committed {
		t.Errorf("outcomes: %+v", list)
	}
	if n := w.number(w.guests[0], "stock"); n != 2 {
		t.Errorf("the stock is %d, want 2", n)
	}
}

// TestOutboxIsBounded: beyond its bound it takes nothing, and the shared space
// keeps few outcomes.
func TestOutboxIsBounded(t *testing.T) {
	w := newWorld(t, sales, 2)
	away := w.guests[1]
	away.cfg.Limits.OutboxMax = 100
	w.open(away)
	for i := range 101 {
		got := w.raise(away, supply(1))
		if want := i < 100; got.Pending != want || !want && got.Abort != node.AbortBusy {
			t.Fatalf("item %d: %+v", i+1, got)
		}
	}
	w.linkAll()
	w.run(5 * causal.Second)
	if n := w.number(w.guests[0], "stock"); n != 100 {
		t.Errorf("the stock is %d, want 100", n)
	}
	if n := len(away.Outbox()); n != 64 {
		t.Errorf("%d outcomes are kept, want 64", n)
	}
	if got := w.raise(away, supply(1)); !got.Committed {
		t.Errorf("afterwards: %+v", got)
	}
}
