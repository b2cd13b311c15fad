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

const moments = `
type :Poll, { id: id, ends: time }
database :polls,  gset<Poll>, :replicated => true
database :closes, max<time>
on_open do |poll: id, last: time| polls.add({ id: poll, ends: now + last }) end
on_until do |last: time| closes.set(now + last) end
on_vote do |poll: id|
  if clock > closes.or(0)
    abort :closed
  end
  closes.set(0)
end
view :closed do polls.filter do |p| clock >= p.ends end.count end
process do render(closed) end
`

// TestAMomentWakesTheNode: what has ended is shown at its moment, although
// nothing else happens, and the node asked to be woken then.
func TestAMomentWakesTheNode(t *testing.T) {
	w := newWorld(t, moments, 1)
	a := w.guests[0]
	w.raise(a, node.RaiseRequest{Event: "open", Args: []value.Value{value.String("tea"), value.Int(3_600_000)}})
	w.run(3_599 * causal.Second)
	if n := w.number(a, "closed"); n != 0 {
		t.Fatalf("%d polls are closed before the time", n)
	}
	a.shown = nil
	w.run(2 * causal.Second)
	if len(a.shown) != 1 || a.shown[0].Added[0].AsInt() != 1 || !a.shown[0].Settled {
		t.Errorf("at its end the poll shows %+v", a.shown)
	}
	if late := a.shown[0].AsOf - epoch - 3600*causal.Second; late < 0 || late > 2*causal.Millisecond {
		t.Errorf("it was shown %d ns after its end", late)
	}
}

// TestWhatIsPastStaysPast: a host whose clock is set back, or that starts again
// with one, takes nothing back that it has shown.
func TestWhatIsPastStaysPast(t *testing.T) {
	w := newWorld(t, moments, 1)
	a := w.guests[0]
	w.raise(a, node.RaiseRequest{Event: "open", Args: []value.Value{value.String("tea"), value.Int(60_000)}})
	w.run(61 * causal.Second)
	w.now -= 3600 * causal.Second
	for range 2 {
		if n := w.number(a, "closed"); n != 1 {
			t.Fatalf("%d polls are closed by a clock that went back", n)
		}
		a.disk.Crash(0)
		w.open(a)
	}
}

// TestTheHomeActsByItsClock: a raise is judged at the moment at which it runs.
func TestTheHomeActsByItsClock(t *testing.T) {
	w := newWorld(t, moments, 1)
	a := w.guests[0]
	w.raise(a, node.RaiseRequest{Event: "until", Args: []value.Value{value.Int(60_000)}})
	vote := node.RaiseRequest{Event: "vote", Args: []value.Value{value.String("tea")}}
	w.now += 60 * causal.Second
	if got := w.raise(a, vote); !got.Committed && got.Abort != "" {
		t.Errorf("at the last moment: %+v", got)
	}
	w.now += causal.Millisecond
	if got := w.raise(a, vote); got.Abort != "closed" {
		t.Errorf("behind it: %+v", got)
	}
}
