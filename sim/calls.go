package sim

import (
	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/node"
)

// What functions of the host take here: a while each, now and then a long one,
// and where anything goes wrong in a world, they fail now and then.
const (
	callLatency = 5 * causal.Millisecond
	callSlow    = 400 * causal.Millisecond
	slowCalls   = 16 // one of so many is slow
	lostCalls   = 8  // one of so many fails
)

// makeCalls calls functions of the host for the node, and answers a little
// later. A crash forgets the answer.
func (m *Machine) makeCalls(calls []node.Call) {
	for i := range calls {
		w, life, call := m.world, m.life, &calls[i]
		answer := node.Called{Key: call.Key}
		if w.cfg.Faults.Any() && w.now < w.cfg.Span && w.callDie.IntN(lostCalls) == 0 {
			answer.Err = call.Name + " failed, in an imagined world"
		} else if f := w.cfg.Named[call.Func]; f != nil {
			answer.Returned = call.DoNamed(f)
		} else {
			answer.Returned = call.Do(w.cfg.Funcs)
		}
		latency := causal.Instant(w.callDie.Int64N(int64(callLatency)))
		if w.callDie.IntN(slowCalls) == 0 {
			latency += causal.Instant(w.callDie.Int64N(int64(callSlow)))
		}
		w.after(latency, func() {
			if m.life == life {
				m.call(didReturn, call.Key[:], func(now causal.Instant) { m.node.Called(now, []node.Called{answer}) })
			}
		})
	}
}
