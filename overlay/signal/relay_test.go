package signal_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/overlay/signal"
	"github.com/martinelli-lang/martinelli/wire"
	"github.com/martinelli-lang/martinelli/wire/wiretest"
)

var a, b, c, hub = causal.ReplicaID{1}, causal.ReplicaID{2}, causal.ReplicaID{3}, causal.ReplicaID{9}

func body(m signal.Message) []byte { return m.AppendTo(nil) }

func relay(links ...causal.ReplicaID) *signal.Relay {
	r := signal.NewRelay(hub)
	for _, id := range links {
		r.Up(0, id)
	}
	return r
}

// TestOneHop: what a peer says goes to whom it is for, if he is linked, and no
// further; nobody speaks in another's name over a hub.
func TestOneHop(t *testing.T) {
	r := relay(a, b)
	offer := signal.Message{To: b, From: a, Kind: signal.Offer, Attempt: 7, Text: "sdp"}
	for name, q := range map[string]struct {
		from   causal.ReplicaID
		m      signal.Message
		passed bool
		heard  bool
	}{
		"a to b":                {a, offer, true, false},
		"to nobody here":        {a, signal.Message{To: c, From: a, Kind: signal.Offer}, false, false},
		"in another's name":     {b, signal.Message{To: a, From: c, Kind: signal.Offer}, false, false},
		"to the hub, passed on": {a, signal.Message{To: hub, From: c, Kind: signal.Call}, false, true},
		"to the hub, from a":    {a, signal.Message{To: hub, From: a, Kind: signal.Call}, false, true},
		"by who is not linked":  {c, signal.Message{To: a, From: c, Kind: signal.Call}, false, false},
		"in the hub's own name": {a, signal.Message{To: b, From: hub, Kind: signal.Call}, false, false},
	} {
		heard, to, err := r.Receive(0, q.from, body(q.m))
		if err != nil || (to != nil) != q.passed || (heard != nil) != q.heard || to != nil && *to != q.m.To {
			t.Errorf("%s: %v, %v, %v", name, heard, to, err)
		}
	}
	r.Down(b)
	if _, to, _ := r.Receive(0, a, body(offer)); to != nil {
		t.Error("it is passed to a link that ended")
	}
}

// TestRate: a flood is dropped at its source, and many sources can't flood one
// page; what is not flooded goes on, and time heals.
func TestRate(t *testing.T) {
	r := relay(a, b, c)
	passed := func(now causal.Instant, from causal.ReplicaID) (n int) {
		for range 1000 {
			if _, to, _ := r.Receive(now, from, body(signal.Message{To: c, From: from, Kind: signal.Offer})); to != nil {
				n++
			}
		}
		return n
	}
	if n := passed(0, a); n != 64 {
		t.Errorf("%d of a flood passed", n)
	}
	if n := passed(0, b); n != 64 {
		t.Errorf("%d of another's passed", n)
	}
	if n := passed(causal.Second, a); n != 16 {
		t.Errorf("a second later %d passed", n)
	}
	many := relay(c)
	total := 0
	for i := range byte(20) {
		r, id := many, causal.ReplicaID{100 + i}
		r.Up(0, id)
		for range 64 {
			if _, to, _ := r.Receive(0, id, body(signal.Message{To: c, From: id, Kind: signal.Offer})); to != nil {
				total++
			}
		}
	}
	if total != 128 {
		t.Errorf("%d messages of twenty peers reached one page at once", total)
	}
}

// TestVia: three links at most, never the one that is wanted, and in time all.
func TestVia(t *testing.T) {
	r := relay(a, b, c, causal.ReplicaID{4}, causal.ReplicaID{5})
	met := map[causal.ReplicaID]bool{}
	for attempt := range uint64(10) {
		via := r.Via(&signal.Message{To: b, Attempt: attempt})
		if len(via) != 3 {
			t.Errorf("via %v", via)
		}
		for _, id := range via {
			met[id] = true
		}
	}
	if len(met) != 4 || met[b] {
		t.Errorf("in ten attempts: %v", met)
	}
	if via := relay().Via(&signal.Message{To: b}); via != nil {
		t.Errorf("without links: %v", via)
	}
}

// TestRefused: what is no message ends the link.
func TestRefused(t *testing.T) {
	r := relay(a, b)
	good := body(signal.Message{To: b, From: a, Kind: signal.Offer, Text: strings.Repeat("x", signal.TextMax)})
	for name, bad := range map[string][]byte{
		"cut":        good[:50],
		"trailing":   append(bytes.Clone(good), 0),
		"to oneself": body(signal.Message{To: a, From: a, Kind: signal.Offer}),
		"no kind":    body(signal.Message{To: b, From: a}),
		"too long":   body(signal.Message{To: b, From: a, Kind: signal.Offer, Text: strings.Repeat("x", signal.TextMax+1)}),
	} {
		if _, _, err := r.Receive(0, a, bad); err == nil {
			t.Errorf("%s is taken", name)
		}
	}
	if _, to, err := r.Receive(0, a, good); err != nil || to == nil {
		t.Errorf("the longest: %v", err)
	}
}

func TestFrozen(t *testing.T) {
	m := signal.Message{To: b, From: a, Kind: signal.Offer, Attempt: 1<<40 + 5, Text: "v=0\r\n"}
	wiretest.Frozen(t, "signal.offer", m, body, signal.Decode)
	if wire.KindSignal != 12 || !signal.Offers(a, b) || signal.Offers(b, a) {
		t.Error("the kind of its frame, or who offers, has changed")
	}
}

// FuzzDecode: a message that can be read is written as the bytes it was read from.
func FuzzDecode(f *testing.F) {
	f.Add(body(signal.Message{To: b, From: a, Kind: signal.Call, Attempt: 3, Text: "x"}))
	f.Fuzz(func(t *testing.T, data []byte) {
		if m, err := signal.Decode(data); err == nil && !bytes.Equal(m.AppendTo(nil), data) {
			t.Error("two encodings of one message")
		}
	})
}
