package node

import (
	"errors"
	"math"

	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/wire"
)

// What a program says of the clock is about the clock of this node's host. The
// node wakes when the next moment has passed that something shown depends on. A
// host may set its clock back: the node's does not go back with it, not even
// over a restart, behind a moment that it has shown as past.

// lookAtClock lets moments pass.
func (n *Node) lookAtClock(now causal.Instant) {
	n.engine.Advance(int64(now / causal.Millisecond))
}

// nextMoment returns when something shown turns by itself.
func (n *Node) nextMoment() (causal.Instant, bool) {
	millis, ok := n.engine.NextMoment()
	if !ok || millis > math.MaxInt64/int64(causal.Millisecond) {
		return 0, false
	}
	return causal.Instant(millis) * causal.Millisecond, true
}

// keepPast writes down the latest moment that was found past.
func (n *Node) keepPast() {
	if told := n.engine.Told(); told > n.pastKept {
		n.pastKept = told
		n.store.PutMeta(metaPast, wire.AppendUint64(nil, uint64(told)))
	}
}

// resumeClock begins where the clock was.
func (n *Node) resumeClock(now causal.Instant) error {
	bytes, ok, err := n.store.Meta(metaPast)
	if err != nil {
		return err
	}
	if ok {
		r := wire.NewReader(bytes)
		n.pastKept = int64(r.Uint64())
		if r.Done() != nil {
			return errors.New("node: the store's latest moment is malformed")
		}
	}
	n.engine.Advance(n.pastKept)
	n.lookAtClock(now)
	return nil
}
