package node_test

import (
	"strings"
	"testing"

	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/node"
	"github.com/martinelli-lang/martinelli/overlay/member"
	"github.com/martinelli-lang/martinelli/value"
)

const shop = `
database :hits,  gcounter, :by => :page_id, :replicated => true
database :tags,  set<string>, :replicated => true
database :stock, counter, :by => :sku

on_hit do |page_id: id|
  hits[:page_id].inc(1)
end
on_tag do |tag: string|
  tags.add(tag)
end
on_refuse do
  tags.add("never")
  abort :no
end
on_deliver do |sku: id, qty: nat|
  stock[:sku].inc(qty)
  tags.add(sku)
end
view :tag_count do
  tags.count
end
`

func hit(page string) node.RaiseRequest {
	return node.RaiseRequest{Event: "hit", Args: []value.Value{value.String(page)}}
}

func tag(text string) node.RaiseRequest {
	return node.RaiseRequest{Event: "tag", Args: []value.Value{value.String(text)}}
}

func TestACommitIsReadBackAfterARestart(t *testing.T) {
	w := newWorld(t, shop, 1)
	a := w.guests[0]
	for range 3 {
		if got := w.raise(a, hit("p")); !got.Committed {
			t.Fatalf("aborted: %s %s", got.Abort, got.Detail)
		}
	}
	a.disk.Crash(0)
	w.open(a)
	if got := w.number(a, "hits", value.String("p")); got != 3 {
		t.Errorf("hits after a restart: %d, want 3", got)
	}
	if got := w.raise(a, hit("p")); !got.Committed {
		t.Fatalf("aborted after a restart: %s %s", got.Abort, got.Detail)
	}
	if got := w.number(a, "hits", value.String("p")); got != 4 {
		t.Errorf("hits: %d, want 4", got)
	}
}

func TestAnAbortLeavesNothing(t *testing.T) {
	w := newWorld(t, shop, 1)
	a := w.guests[0]
	if got := w.raise(a, node.RaiseRequest{Event: "refuse"}); got.Abort != "no" {
		t.Errorf("got %+v, want an abort :no", got)
	}
	if got := w.number(a, "tag_count"); got != 0 {
		t.Errorf("an aborted run left %d tags", got)
	}
	if got := w.raise(a, node.RaiseRequest{Event: "nonsense"}); got.Abort != node.AbortNoEvent {
		t.Errorf("an unknown event: %+v", got)
	}
}

func TestAnUpdateIsPushedToNeighboursAtOnce(t *testing.T) {
	w := newWorld(t, shop, 3)
	w.linkAll()
	w.run(2 * causal.Second)
	before := w.now
	w.raise(w.guests[1], hit("p"))
	for i, g := range w.guests {
		if got := w.number(g, "hits", value.String("p")); got != 1 {
			t.Errorf("node %d reads %d, want 1", i, got)
		}
	}
	if w.now != before {
		t.Errorf("it took %d ns of virtual time: repair brought it, not the push", w.now-before)
	}
}

func TestRepairBringsWhatACutNodeMissed(t *testing.T) {
	w := newWorld(t, shop, 3)
	w.linkAll()
	w.run(causal.Second)
	c := w.guests[2]
	w.cut(c)
	for range 10 {
		w.raise(w.guests[0], hit("p"))
		w.raise(c, hit("p"))
	}
	w.raise(c, tag("mine"))
	w.linkAll()
	w.run(3 * causal.Second)
	for i, g := range w.guests {
		if got := w.number(g, "hits", value.String("p")); got != 20 {
			t.Errorf("node %d reads %d, want 20", i, got)
		}
		if got := w.number(g, "tag_count"); got != 1 {
			t.Errorf("node %d has %d tags, want 1", i, got)
		}
	}
}

func TestWhatIsNotReplicatedIsForwardedToTheHome(t *testing.T) {
	w := newWorld(t, shop, 2)
	w.linkAll()
	b := w.guests[1]
	deliver := node.RaiseRequest{Event: "deliver", Args: []value.Value{value.String("tea"), value.Int(5)}, Stream: "s", Seq: 1}
	for range 2 {
		if got := w.raise(b, deliver); !got.Committed {
			t.Fatalf("aborted: %s %s", got.Abort, got.Detail)
		}
	}
	if got := w.number(b, "stock", value.String("tea")); got != 5 {
		t.Errorf("stock read through the home: %d, want 5 (a retry applies once)", got)
	}
	w.run(causal.Millisecond) // without a token the read waits for nothing, and the home's part for its seal
	if got := w.number(b, "tag_count"); got != 1 {
		t.Errorf("what the home wrote elsewhere: %d tags, want 1", got)
	}
	w.cut(b)
	deliver.Seq = 2
	if got := w.raise(b, deliver); got.Abort != node.AbortHomeAway {
		t.Errorf("with the home away: %+v", got)
	}
	if got := w.read(b, "stock", value.String("tea")); got.Abort != node.AbortHomeAway {
		t.Errorf("reading with the home away: %+v", got)
	}
}

func TestASessionMovesBetweenNodes(t *testing.T) {
	w := newWorld(t, shop, 2)
	a, b := w.guests[0], w.guests[1]
	token := w.raise(a, hit("p")).Token

	b.last++
	b.Read(w.now, b.last, node.ReadRequest{Name: "hits", Key: []value.Value{value.String("p")}, Session: token})
	w.run(causal.Second)
	if _, ok := b.answers[b.last]; ok {
		t.Fatal("a node answered a session whose past it has not seen")
	}
	w.linkAll()
	if got := w.await(b); got.Reading == nil || got.Reading.Value.AsInt() != 1 {
		t.Errorf("after catching up: %+v", got)
	}

	w.cut(b)
	token = w.raise(a, hit("p")).Token
	q := hit("p")
	q.Session = token
	if got := w.raise(b, q); got.Abort != node.AbortBehind {
		t.Errorf("a session's past that never comes: %+v, want %s", got, node.AbortBehind)
	}
	q.Session = []byte("not a token")
	if got := w.raise(b, q); got.Abort != node.AbortSession {
		t.Errorf("a token that is none: %+v", got)
	}
}

func TestARetryInAStreamAppliesOnce(t *testing.T) {
	w := newWorld(t, shop, 1)
	a := w.guests[0]
	q := hit("p")
	q.Stream = "loader"
	for _, seq := range []uint64{1, 1, 2, 5, 4, 5, 6} {
		q.Seq = seq
		w.raise(a, q)
	}
	a.disk.Crash(0)
	w.open(a)
	if got := w.raise(a, q); !got.Committed || !got.Duplicate || len(got.Token) == 0 {
		t.Errorf("a retry after a restart: %+v", got)
	}
	if got := w.number(a, "hits", value.String("p")); got != 4 {
		t.Errorf("hits: %d, want 4: seqs 1 2 5 6", got)
	}
	a.last++
	a.StreamMark(w.now, a.last, "loader")
	if got := w.await(a); got.Mark != 6 {
		t.Errorf("mark: %d, want 6", got.Mark)
	}
}

func TestAnotherTypeOfAKnownDatabaseIsRefused(t *testing.T) {
	w := newWorld(t, shop, 2)
	a, b := w.guests[0], w.guests[1]
	w.raise(b, hit("p"))
	changed := strings.Replace(shop, "set<string>, :replicated", "gset<string>, :replicated", 1)
	other := compiled(t, strings.Replace(changed, "  tags.add(\"never\")\n", "", 1))

	kept := b.cfg
	b.cfg.Program = other
	if _, err := node.Open(w.now, b.cfg); err == nil || !strings.Contains(err.Error(), "database tags") {
		t.Errorf("the store accepted another type: %v", err)
	}
	b.cfg = kept
	b.cfg.Program = compiled(t, shop+"\ndatabase :more, gset<string>, :replicated => true\n")
	w.open(b)
	if err := w.link(a, b); err != nil {
		t.Errorf("an added database was refused: %v", err)
	}

	fresh := newWorld(t, shop, 2)
	fresh.guests[1].cfg.Program = other
	fresh.open(fresh.guests[1])
	// A store that was opened once remembers the schema, so take a new disk.
	if err := fresh.link(fresh.guests[0], fresh.guests[1]); err == nil || !strings.Contains(err.Error(), "database tags") {
		t.Errorf("a peer with another type: %v", err)
	}
}

func TestAHelloOfAnotherWorldIsRefused(t *testing.T) {
	w := newWorld(t, shop, 2)
	a, b := w.guests[0], w.guests[1]
	hello := b.Hello()
	for name, words := range map[string][]byte{
		"another version": append([]byte{99}, hello[1:]...),
		"truncated":       hello[:len(hello)/2],
		"empty":           nil,
		"itself":          a.Hello(),
	} {
		if _, err := a.LinkUp(w.now, words, ""); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	b.cfg.Cluster = "other"
	w.open(b)
	if _, err := a.LinkUp(w.now, b.Hello(), ""); err == nil || !strings.Contains(err.Error(), "another cluster") {
		t.Errorf("another cluster: %v", err)
	}
}

func TestAWatchBearsItsTicket(t *testing.T) {
	w := newWorld(t, shop, 2)
	w.linkAll()
	a := w.guests[0]
	a.Watch(w.now, 1000, "tags")
	w.run(causal.Millisecond)
	if got := a.answers[1000]; got.Reading == nil {
		t.Fatalf("a watch begins with the value: %+v", got)
	}
	w.raise(w.guests[1], tag("tea"))
	if len(a.shown) != 1 || len(a.shown[0].Tickets) != 1 || a.shown[0].Added[0].AsString() != "tea" {
		t.Errorf("shown: %+v", a.shown)
	}
	a.Unwatch(1000)
	w.raise(w.guests[1], tag("milk"))
	if len(a.shown) != 1 {
		t.Errorf("shown after unwatch: %+v", a.shown)
	}
}

func TestAClockFarAheadMovesNoOther(t *testing.T) {
	w := newWorld(t, shop, 2)
	a, b := w.guests[0], w.guests[1]
	w.linkAll()
	const century = 100 * 365 * 24 * 3600 * causal.Second
	b.Raise(w.now+century, 7, tag("future"))
	for w.deliver() {
	}
	if got := w.number(a, "tag_count"); got != 1 {
		t.Errorf("a part from the future waits: %d tags, want 1", got)
	}
	if a.Status().Counts.Ahead == 0 {
		t.Error("its stamp moved the clock")
	}
}

const ads = `
type :Ad, { id: id }
database :ads,      set<Ad>,  :replicated => true
database :counters, gcounter, :by => :ad_id, :replicated => true
on_load do |ad: Ad|
  ads.add(ad)
end
on_shown do |ad_id: id|
  counters[:ad_id].inc(1)
end
invariant :budget do |ad in ads|
  counters[ad.id] <= 5
else
  ads.remove(ad)
end
view :on_show do
  ads.count
end
`

func TestAnInvariantIsRepairedOnceAndAfterItsReason(t *testing.T) {
	w := newWorld(t, ads, 3)
	w.linkAll()
	w.raise(w.guests[0], node.RaiseRequest{Event: "load", Args: []value.Value{value.Record(value.String("a1"))}})
	for i := range 5 {
		w.raise(w.guests[i%3], node.RaiseRequest{Event: "shown", Args: []value.Value{value.String("a1")}})
	}
	w.run(5 * causal.Second)
	for _, g := range w.guests {
		if got := w.number(g, "on_show"); got != 1 {
			t.Fatalf("removed at its budget: %d ads", got)
		}
	}
	w.raise(w.guests[2], node.RaiseRequest{Event: "shown", Args: []value.Value{value.String("a1")}})
	w.run(5 * causal.Second)
	repairs := uint64(0)
	for i, g := range w.guests {
		if got := w.number(g, "on_show"); got != 0 {
			t.Errorf("node %d still shows it", i)
		}
		repairs += g.Status().Counts.Repairs
	}
	if repairs != 1 {
		t.Errorf("%d repairs, want 1: the random delay lets the first one win", repairs)
	}
}

func TestAStaticRingRelaysAndRepairs(t *testing.T) {
	w := newWorld(t, shop, 5)
	for i, g := range w.guests {
		g.cfg.Mode = member.Static
		w.open(g)
		if i > 0 {
			w.mustLink(w.guests[i-1], g)
		}
	}
	w.mustLink(w.guests[4], w.guests[0])
	w.run(2 * causal.Second)
	before := w.now
	w.raise(w.guests[0], hit("p"))
	for i, g := range w.guests {
		if got := w.number(g, "hits", value.String("p")); got != 1 {
			t.Errorf("node %d reads %d, want 1", i, got)
		}
	}
	if w.now != before {
		t.Error("a relay waited for something")
	}
	w.cut(w.guests[2])
	w.raise(w.guests[0], hit("p"))
	w.raise(w.guests[2], hit("p"))
	w.mustLink(w.guests[1], w.guests[2])
	w.run(5 * causal.Second)
	for i, g := range w.guests {
		if got := w.number(g, "hits", value.String("p")); got != 3 {
			t.Errorf("after a cut node %d reads %d, want 3", i, got)
		}
	}
}
