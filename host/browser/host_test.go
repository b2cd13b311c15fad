package browser_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/host/browser"
)

func TestTwoPagesAndAServerMeet(t *testing.T) {
	w := newWorld(t, "chat", "ann", "ben")
	w.settle(5 * causal.Second)
	ann, ben := w.page("ann"), w.page("ben")
	ben.put(&browser.Watch{Ticket: 7, Name: "speakers"})
	ann.raise(1, "say", `{"room":"kitchen","text":"hello"}`)
	w.settle(5 * causal.Second)
	if got := ben.read("speakers"); got != `{"kitchen":["ann"]}` {
		t.Errorf("ben reads %s", got)
	}
	if c := ben.changes[7]; len(c) != 2 || !c[0].IsFull || string(c[0].Value) != "{}" || string(c[1].Added) != `[["kitchen","ann"]]` {
		t.Errorf("ben saw %+v", c)
	}
	if !ann.has(1, browser.Durable) || !ann.has(1, browser.Synced) {
		t.Errorf("ann was told %+v", ann.answers[1])
	}
	ann.put(&browser.AskStatus{})
	ann.deliver()
	var status struct {
		Online, Server    bool
		Unsynced, Pending int
		Peers             []struct {
			Via, State string
			RTT        int
		}
	}
	if err := json.Unmarshal(ann.status, &status); err != nil || !status.Online || !status.Server || status.Unsynced != 0 || len(status.Peers) != 1 {
		t.Errorf("ann's status is %s, %v", ann.status, err)
	}
}

// TestAPageAloneWaits: what is written without anybody is durable, counted as
// nowhere else, and goes on when somebody is there.
func TestAPageAloneWaits(t *testing.T) {
	w := newWorld(t, "chat", "ann", "ben")
	w.settle(5 * causal.Second)
	ann, ben := w.page("ann"), w.page("ben")
	ann.cut = true
	ann.die()
	ann.start()
	ann.raise(1, "say", `{"room":"kitchen","text":"alone"}`)
	w.settle(5 * causal.Second)
	if !ann.has(1, browser.Durable) || ann.has(1, browser.Synced) {
		t.Errorf("alone ann was told %+v", ann.answers[1])
	}
	ann.die()
	ann.start() // a reload
	if got := ann.read("speakers"); got != `{"kitchen":["ann"]}` {
		t.Errorf("after a reload ann reads %s", got)
	}
	ann.put(&browser.AskStatus{})
	ann.deliver()
	if !strings.Contains(string(ann.status), `"unsynced":1,`) {
		t.Errorf("after a reload the status is %s", ann.status)
	}
	ann.cut = false
	ann.put(&browser.Online{})
	w.settle(10 * causal.Second)
	if got := ben.read("speakers"); got != `{"kitchen":["ann"]}` {
		t.Errorf("ben reads %s", got)
	}
	ann.put(&browser.AskStatus{})
	ann.deliver()
	if !strings.Contains(string(ann.status), `"unsynced":0,`) {
		t.Errorf("back again the status is %s", ann.status)
	}
}

// TestKilledAtEveryLetter kills a page before each letter of a story in turn,
// and opens it again from its files: nothing that was answered is lost, and
// nothing that another node has is given out twice.
func TestKilledAtEveryLetter(t *testing.T) {
	for at := 0; ; at++ {
		w := newWorld(t, "chat", "ann")
		ann := w.page("ann")
		count, killed := 0, false
		ann.kill = func(browser.Out) bool {
			count++
			if killed || count <= at {
				return false
			}
			killed = true
			return true
		}
		acked := map[string]bool{}
		for i := range 4 {
			text := fmt.Sprint("word ", i)
			ticket := uint64(10 + i)
			ann.raise(ticket, "say", fmt.Sprintf(`{"room":"kitchen","text":%q}`, text))
			for range 5 {
				w.step()
				if ann.has(ticket, browser.Durable) {
					acked[text] = true
				}
			}
		}
		w.settle(8 * causal.Second)
		ann.kill = nil
		for text := range acked {
			for _, p := range w.workers {
				if got := p.read("transcript"); strings.Count(got, `"`+text+`"`) != 1 {
					t.Fatalf("killed at letter %d: %s was acknowledged, and %s reads %s", at, text, p.name, got)
				}
			}
		}
		if ann.failed != nil || ann.renewed {
			t.Fatalf("killed at letter %d: %+v, renewed %v", at, ann.failed, ann.renewed)
		}
		if !killed {
			t.Logf("killed at each of %d letters", at)
			return
		}
	}
}

// TestAFullStorage: raises are refused in words, reads go on, and with space
// everything does.
func TestAFullStorage(t *testing.T) {
	w := newWorld(t, "chat", "ann", "ben")
	w.settle(5 * causal.Second)
	ann, ben := w.page("ann"), w.page("ben")
	ann.full = true
	ann.raise(1, "say", `{"room":"kitchen","text":"too late"}`)
	ben.raise(1, "say", `{"room":"hall","text":"meanwhile"}`)
	w.settle(8 * causal.Second)
	if ann.has(1, browser.Durable) {
		t.Error("what is not durable was answered")
	}
	ann.raise(2, "say", `{"room":"kitchen","text":"refused"}`)
	w.settle(causal.Second)
	if a := ann.answers[2]; len(a) != 1 || a[0].Why != browser.AbortFull {
		t.Errorf("a raise on a full storage was answered %+v", a)
	}
	if got := ann.read("speakers"); !strings.HasPrefix(got, "{") {
		t.Errorf("on a full storage ann reads %s", got)
	}
	ann.space()
	w.settle(8 * causal.Second)
	if !ann.has(1, browser.Durable) {
		t.Error("with space again it was not answered")
	}
	for _, p := range []*worker{ann, ben} {
		if got := p.read("speakers"); got != `{"hall":["ben"],"kitchen":["ann"]}` {
			t.Errorf("in the end %s reads %s", p.name, got)
		}
	}
}

// TestManyRaisesShareAWrite: one envelope of a tab is one flush.
func TestManyRaisesShareAWrite(t *testing.T) {
	w := newWorld(t, "chat", "ann")
	ann := w.page("ann")
	before := ann.writes
	for i := range 1000 {
		ann.raise(uint64(i+1), "say", fmt.Sprintf(`{"room":"kitchen","text":"%d"}`, i))
	}
	ann.deliver()
	if n := ann.writes - before; n != 1 || !ann.has(1000, browser.Durable) {
		t.Errorf("a thousand raises took %d writes", n)
	}
}

func TestSchema(t *testing.T) {
	w := newWorld(t, "orders", "ann")
	var schema struct {
		Databases []struct{ Name string }
		Views     []struct{ Name string }
		Events    []struct {
			Name, Runs string
			Params     []struct{ Name string }
		}
	}
	if err := json.Unmarshal(w.page("ann").opened.Schema, &schema); err != nil {
		t.Fatal(err)
	}
	runs := map[string]string{}
	for _, e := range schema.Events {
		runs[e.Name] = e.Runs
	}
	if runs["purchase"] != "serial" || runs["pay"] != "saga" || runs["deliver"] != "" {
		t.Errorf("the events run %v", runs)
	}
}

// TestSerialBlocksHaveAnOutcome: with the home reachable committed or aborted,
// without it unreachable.
func TestSerialBlocksHaveAnOutcome(t *testing.T) {
	w := newWorld(t, "orders", "ann")
	w.steward.raise(1, "deliver", `{"sku":"tea","qty":3}`)
	w.settle(5 * causal.Second)
	ann := w.page("ann")
	ann.raise(1, "purchase", `{"order_id":"o1","sku":"tea","qty":2}`)
	ann.raise(2, "purchase", `{"order_id":"o2","sku":"tea","qty":2}`)
	w.settle(10 * causal.Second)
	if !ann.has(1, browser.Committed) || !ann.has(2, browser.Aborted) || ann.answers[2][0].Why != "sold_out" {
		t.Errorf("ann was told %+v and %+v", ann.answers[1], ann.answers[2])
	}
	ann.cut = true
	ann.die()
	ann.start()
	ann.raise(3, "purchase", `{"order_id":"o3","sku":"tea","qty":1}`)
	w.settle(10 * causal.Second)
	if a := ann.answers[3]; len(a) != 1 || a[0].Why != "unreachable" {
		t.Errorf("without its home ann was told %+v", a)
	}
}

// TestMalformedLettersEndTheHost: a worker with a bug is told so.
func TestMalformedLettersEndTheHost(t *testing.T) {
	h := browser.New(browser.Config{})
	out := h.Deliver(browser.Delivery{Now: epoch, Letters: []browser.In{&browser.Raise{Ticket: 1}}})
	if f, ok := out[0].(*browser.Failed); !ok || f.Kind != browser.Refused {
		t.Errorf("a raise before the node was open is answered %+v", out)
	}
}
