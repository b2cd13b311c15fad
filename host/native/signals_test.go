package native

import (
	"bytes"
	"testing"

	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/overlay/signal"
	"github.com/martinelli-lang/martinelli/wire"
)

// TestSignals: a node passes on, once, what one of its links says to another,
// and hangs up on who says something malformed.
func TestSignals(t *testing.T) {
	h := open(t, Config{})
	ann, bob := newLink(causal.ReplicaID{1}, preface{}), newLink(causal.ReplicaID{2}, preface{})
	say := func(f wire.Frame) {
		t.Helper()
		if err := h.receive(ann, f); err != nil {
			t.Fatal(err)
		}
	}
	err := h.ask(h.ctx, func(now causal.Instant) {
		for _, l := range []*link{ann, bob} {
			h.links.put(l)
			h.relay.Up(now, l.peer)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	m := signal.Message{To: bob.peer, From: ann.peer, Kind: signal.Offer, Attempt: 7, Text: "an offer"}
	say(wire.Frame{Channel: wire.Control, Kind: wire.KindSignal, Body: m.AppendTo(nil)})
	passed, ok := bob.queues[wire.Control].take(nil)
	f, _, err := wire.ReadFrame(passed)
	if !ok || err != nil || f.Kind != wire.KindSignal || !bytes.Equal(f.Body, m.AppendTo(nil)) {
		t.Fatalf("passed on: %x, %v", passed, err)
	}
	say(wire.Frame{Channel: wire.Control, Kind: wire.KindSignal, Body: []byte("no message")})
	<-ann.done
	h.links.forget(bob.peer)
}
