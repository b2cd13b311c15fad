package native

import (
	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/node"
	"github.com/martinelli-lang/martinelli/wire"
)

// signal passes on what one page says to another to find to it. This node takes
// no such links itself, so what it hears of its own is dropped. It runs on the
// owner goroutine.
func (h *Host) signal(now causal.Instant, from causal.ReplicaID, _ uint8, body []byte) error {
	_, to, err := h.relay.Receive(now, from, body)
	if err != nil || to == nil {
		return err
	}
	h.links.send(&node.Message{To: *to, Channel: wire.Control, Kind: wire.KindSignal, Body: body})
	return nil
}
