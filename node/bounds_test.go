package node_test

import (
	"strconv"
	"testing"

	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/flow"
	"github.com/martinelli-lang/martinelli/node"
	"github.com/martinelli-lang/martinelli/overlay/member"
	"github.com/martinelli-lang/martinelli/value"
)

func deliver(sku string) node.RaiseRequest {
	return node.RaiseRequest{Event: "deliver", Args: []value.Value{value.String(sku), value.Int(1)}}
}

// ask raises without waiting for the answer.
func (g *guest) ask(now causal.Instant, q node.RaiseRequest) node.Ticket {
	g.last++
	g.Raise(now, g.last, q)
	return g.last
}

func TestMoreSessionsThanMayWaitAreToldBusy(t *testing.T) {
	w := newWorld(t, shop, 2)
	a, b := w.guests[0], w.guests[1]
	b.cfg.Limits.WaitingMax = 2
	w.open(b)
	later := hit("p")
	later.Session = w.raise(a, hit("p")).Token
	first, second := b.ask(w.now, later), b.ask(w.now, later)
	if got := w.raise(b, later); got.Abort != node.AbortBusy {
		t.Errorf("one session more than may wait: %+v, want %s", got, node.AbortBusy)
	}
	if got := w.raise(b, hit("p")); !got.Committed {
		t.Errorf("without a session nothing is waited for: %+v", got)
	}
	if got := b.Status().Waiting; got != 2 {
		t.Errorf("%d commands wait, want 2", got)
	}
	w.linkAll()
	w.run(2 * causal.Second)
	for _, ticket := range []node.Ticket{first, second} {
		if got := b.answers[ticket]; !got.Committed {
			t.Errorf("after catching up: %+v", got)
		}
	}
	if got := b.Status().Waiting; got != 0 {
		t.Errorf("%d commands wait still", got)
	}
}

func TestMoreRequestsThanMayBeUnderWayAreToldBusy(t *testing.T) {
	w := newWorld(t, shop, 2)
	b := w.guests[1]
	b.cfg.Limits.ForwardMax = 2
	w.open(b)
	w.linkAll()
	w.run(causal.Millisecond)
	under := []node.Ticket{b.ask(w.now, deliver("a")), b.ask(w.now, deliver("b"))}
	over := b.ask(w.now, deliver("c"))
	if got := b.Status().Asked; got != 2 {
		t.Errorf("%d requests are under way, want 2", got)
	}
	w.run(causal.Second)
	if got := b.answers[over]; got.Abort != node.AbortBusy {
		t.Errorf("one request more than may be under way: %+v, want %s", got, node.AbortBusy)
	}
	for _, ticket := range under {
		if got := b.answers[ticket]; !got.Committed {
			t.Errorf("under way: %+v", got)
		}
	}
	if got := w.number(b, "stock", value.String("c")); got != 0 {
		t.Errorf("what was refused was done: %d", got)
	}
}

func TestWhatTheHomeDoesNotAnswerIsUnknown(t *testing.T) {
	w := newWorld(t, shop, 2)
	b := w.guests[1]
	w.linkAll()
	w.run(causal.Millisecond)
	ticket := b.ask(w.now, deliver("tea"))
	b.Drain(w.now) // the request is lost on its way
	w.run(9 * causal.Second)
	if got, ok := b.answers[ticket]; ok {
		t.Fatalf("answered before its time: %+v", got)
	}
	w.run(2 * causal.Second)
	if got := b.answers[ticket]; got.Abort != node.AbortUnknown {
		t.Errorf("no answer in time: %+v, want %s", got, node.AbortUnknown)
	}
	ticket = b.ask(w.now, deliver("tea"))
	b.Drain(w.now)
	w.cut(b)
	w.run(causal.Millisecond)
	if got := b.answers[ticket]; got.Abort != node.AbortUnknown {
		t.Errorf("the link went down: %+v, want %s", got, node.AbortUnknown)
	}
}

// TestAStreamStopsWhereItsOutcomeIsOpen sends raises ahead: when one does not
// reach the home, those behind it must not, or it would be taken for done.
func TestAStreamStopsWhereItsOutcomeIsOpen(t *testing.T) {
	w := newWorld(t, shop, 2)
	w.linkAll()
	b := w.guests[1]
	raise := func(seq uint64) node.Answer {
		q := deliver("tea")
		q.Stream, q.Seq = "s", seq
		return w.raise(b, q)
	}
	raise(1)
	w.cut(b)
	if got := raise(2); got.Abort != node.AbortHomeAway || !got.IsOpen() {
		t.Errorf("the home is away: %+v", got)
	}
	w.linkAll()
	if got := raise(3); got.Abort != node.AbortStalled || !got.IsOpen() {
		t.Errorf("a raise behind one that is open: %+v", got)
	}
	for seq := uint64(2); seq <= 3; seq++ {
		if got := raise(seq); !got.Committed || got.Duplicate {
			t.Errorf("raise %d again, in order: %+v", seq, got)
		}
	}

	q := deliver("tea")
	q.Stream, q.Seq = "s", 4
	b.ask(w.now, q)
	b.Drain(w.now) // the request is lost
	w.cut(b)
	w.linkAll()
	if got := raise(5); got.Abort != node.AbortStalled {
		t.Errorf("a raise behind one that was lost: %+v", got)
	}
	other := deliver("tea")
	other.Stream, other.Seq = "other", 1
	if got := w.raise(b, other); !got.Committed {
		t.Errorf("another stream: %+v", got)
	}
	if got := raise(4); !got.Committed || got.Duplicate {
		t.Errorf("the lost one again: %+v", got)
	}
}

func TestMalformedBodiesAreErrorsAndHarmless(t *testing.T) {
	w := newWorld(t, shop, 2)
	w.linkAll()
	w.run(causal.Second)
	a, b := w.guests[0], w.guests[1]
	refused := a.Status().Counts.Refused
	tries := uint64(0)
	for _, kind := range []uint8{node.KindMember, node.KindBroadcast, node.KindRepair, node.KindRequest, node.KindReply, 99} {
		for _, body := range [][]byte{nil, {255}, {1, 2, 3}, make([]byte, 7)} {
			tries++
			if err := a.Receive(w.now, b.id(), kind, body); err == nil {
				t.Errorf("kind %d: %x is accepted", kind, body)
			}
		}
	}
	if got := a.Status().Counts.Refused - refused; got != tries {
		t.Errorf("%d messages are counted as refused, want %d", got, tries)
	}
	if got := w.raise(b, deliver("tea")); !got.Committed {
		t.Errorf("after them: %+v", got)
	}
}

func TestOnlyTheStewardServes(t *testing.T) {
	w := newWorld(t, shop, 3)
	b, c := w.guests[1], w.guests[2]
	b.cfg.Steward = c.id() // a config that is wrong about the home
	w.open(b)
	w.linkAll()
	w.run(causal.Millisecond)
	if got := w.raise(b, deliver("tea")); got.Abort != node.AbortHomeAway {
		t.Errorf("a node that is not the home: %+v, want %s", got, node.AbortHomeAway)
	}
}

func TestStatus(t *testing.T) {
	w := newWorld(t, shop, 3)
	w.linkAll()
	a, c := w.guests[0], w.guests[2]
	w.raise(a, hit("p"))
	w.raise(a, node.RaiseRequest{Event: "refuse"})
	w.raise(c, hit("p"))
	a.Watch(w.now, 1000, "tags")
	w.run(3 * causal.Second)
	w.cut(c)
	w.run(causal.Second)

	s := a.Status()
	if s.Self.ID != a.id() || s.Self.Name != "a" || s.Steward != a.id() || s.Cluster != "test" {
		t.Errorf("who it is: %+v", s)
	}
	if s.Counts.Commits != 1 || s.Counts.Aborts != 1 || s.Counts.Applied != 1 || s.Watches != 1 {
		t.Errorf("what it did: %+v, %d watches", s.Counts, s.Watches)
	}
	if len(s.Members) != 2 {
		t.Fatalf("%d members, want 2", len(s.Members))
	}
	for _, m := range s.Members {
		if isUp := m.ID != c.id(); (m.State == member.Alive) != isUp {
			t.Errorf("member %s is %v", m.Name, m.State)
		}
		if m.Synced == 0 {
			t.Errorf("member %s: no exchange has ended well", m.Name)
		}
	}
}

func TestAStreamStopsBehindARaiseThatWaits(t *testing.T) {
	w := newWorld(t, shop, 2)
	a, b := w.guests[0], w.guests[1]
	early := hit("p")
	early.Session = w.raise(a, hit("p")).Token // b has not seen this
	early.Stream, early.Seq = "s", 1
	late := hit("p")
	late.Stream, late.Seq = "s", 2

	b.last++
	waits := b.last
	b.Raise(w.now, waits, early)
	if got := w.raise(b, late); got.Abort != node.AbortStalled {
		t.Fatalf("a raise behind one that waits: %+v", got)
	}
	w.run(6 * causal.Second)
	if got := b.answers[waits]; got.Abort != node.AbortBehind {
		t.Fatalf("the raise whose past never came: %+v", got)
	}
	if got := w.raise(b, late); got.Abort != node.AbortStalled {
		t.Fatalf("a raise behind one that is open: %+v", got)
	}
	w.linkAll()
	w.run(causal.Second)
	for _, q := range []node.RaiseRequest{early, late, early, late} {
		if got := w.raise(b, q); !got.Committed {
			t.Fatalf("after catching up: %+v", got)
		}
	}
	if got := w.number(b, "hits", value.String("p")); got != 3 {
		t.Errorf("hits: %d, want 3", got)
	}
}

// TestALocalRaiseDoesNotOvertakeItsStreamAtTheHome: a mark behind a raise that
// is still under way would say that it has run.
func TestALocalRaiseDoesNotOvertakeItsStreamAtTheHome(t *testing.T) {
	w := newWorld(t, shop, 2)
	w.linkAll()
	w.run(causal.Millisecond)
	b := w.guests[1]
	early, late := deliver("tea"), hit("p")
	early.Stream, early.Seq = "s", 1
	late.Stream, late.Seq = "s", 2
	b.ask(w.now, early)
	b.Drain(w.now) // the request is lost
	if got := w.raise(b, late); got.Abort != node.AbortStalled {
		t.Errorf("behind one that is under way: %+v, want %s", got, node.AbortStalled)
	}
	w.run(11 * causal.Second)
	b.last++
	b.StreamMark(w.now, b.last, "s")
	if got := w.await(b); got.Mark != 0 {
		t.Errorf("the mark is %d, and raise 1 has not run", got.Mark)
	}
	for _, q := range []node.RaiseRequest{early, late} {
		if got := w.raise(b, q); !got.Committed || got.Duplicate {
			t.Errorf("again, in order: %+v", got)
		}
	}
}

const letters = `
database :inbox, set<string>, :by => :user_id, :replicated => :user_id

on_tell do |who: list<id>|
  who.each do |u|
    inbox[u].add("x")
  end
end
`

// TestARunWritesABoundedNumberOfSpaces: each part of a commit names all others,
// so their number counts squared.
func TestARunWritesABoundedNumberOfSpaces(t *testing.T) {
	w := newWorld(t, letters, 2)
	w.linkAll()
	tell := func(users int) node.Answer {
		var who []value.Value
		for i := range users {
			who = append(who, value.String("u"+strconv.Itoa(i)))
		}
		return w.raise(w.guests[0], node.RaiseRequest{Event: "tell", Args: []value.Value{value.List(who...)}})
	}
	if got := tell(flow.SpacesMax + 1); got.Abort != flow.AbortSize {
		t.Errorf("one space more than a run may write: %s, want %s", got.Abort, flow.AbortSize)
	}
	if got := tell(flow.SpacesMax); !got.Committed {
		t.Errorf("as many spaces as a run may write: %+v", got)
	}
	w.run(2 * causal.Second)
	if got := w.read(w.guests[1], "inbox"); got.Reading == nil || len(got.Reading.Pairs) != flow.SpacesMax {
		t.Errorf("elsewhere: %s %s", got.Abort, got.Detail)
	}
}

// TestStreamsAreBounded: a stream beyond the bound is refused, those before it
// go on, also across a restart and through the outbox.
func TestStreamsAreBounded(t *testing.T) {
	w := newWorld(t, sales, 2)
	home, away := w.guests[0], w.guests[1]
	home.cfg.Limits.StreamsMax = 3
	w.open(home)
	sell := func(g *guest, stream string, seq uint64, outbox node.Outboxing) node.Answer {
		q := supply(1)
		q.Stream, q.Seq, q.Outbox = stream, seq, outbox
		return w.raise(g, q)
	}
	for i, stream := range []string{"a", "b", "c", "d"} {
		if got := sell(home, stream, 1, node.OutboxNever); got.Committed != (i < 3) || i == 3 && got.Abort != node.AbortStream {
			t.Errorf("stream %d: %+v", i+1, got)
		}
	}
	home.disk.Crash(0)
	w.open(home)
	if got := sell(home, "a", 1, node.OutboxNever); !got.Duplicate {
		t.Errorf("a retry after a restart: %+v", got)
	}
	if got := sell(home, "a", 2, node.OutboxNever); !got.Committed || got.Duplicate {
		t.Errorf("its next: %+v", got)
	}
	sell(away, "e", 1, node.OutboxAway)
	w.linkAll()
	w.run(5 * causal.Second)
	if list := away.Outbox(); len(list) != 1 || list[0].Abort != node.AbortStream {
		t.Errorf("a fourth stream through the outbox: %+v", list)
	}
	if n := w.number(home, "stock"); n != 4 {
		t.Errorf("the stock is %d, want 4", n)
	}
}
