package sim

import (
	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/flow"
	"github.com/martinelli-lang/martinelli/node"
	"github.com/martinelli-lang/martinelli/sim/audit"
	"github.com/martinelli-lang/martinelli/value"
)

// ask returns a fresh ticket whose answer goes to f.
func (m *Machine) ask(f func(node.Answer)) node.Ticket {
	m.tickets++
	m.asked[m.tickets] = f
	return m.tickets
}

// Raise raises an event; f is given the answer, unless the machine crashes first.
func (m *Machine) Raise(q node.RaiseRequest, f func(node.Answer)) {
	if m.node == nil {
		return
	}
	w := m.world
	w.stats.Raised++
	t := m.ask(f)
	w.attempt = audit.Attempt{Stream: q.Stream, Seq: q.Seq}
	m.call(didRaise, []byte(q.Event), func(now causal.Instant) { m.node.Raise(now, t, q) })
	w.attempt = audit.Attempt{}
}

// RaiseAll raises events in one step of the node, as a stream's writer does
// that does not wait for answers; f is given each answer with the number of its
// event, unless the machine crashes first.
func (m *Machine) RaiseAll(requests []node.RaiseRequest, f func(i int, a node.Answer)) {
	if m.node == nil {
		return
	}
	m.world.stats.Raised += uint64(len(requests))
	m.call(didRaise, []byte(requests[0].Event), func(now causal.Instant) {
		for i, q := range requests {
			m.node.Raise(now, m.ask(func(a node.Answer) { f(i, a) }), q)
		}
	})
}

// Request reads as a client of the machine does: what lives at the home is asked
// for there. f is given the answer, unless the machine crashes first.
func (m *Machine) Request(q node.ReadRequest, f func(node.Answer)) {
	if m.node == nil {
		return
	}
	t := m.ask(f)
	m.call(didRead, []byte(q.Name), func(now causal.Instant) { m.node.Read(now, t, q) })
}

// Read returns what the machine shows at this moment, without waiting for
// anything. It fails where the value lives elsewhere or does not exist.
func (m *Machine) Read(name string, key ...value.Value) (flow.Reading, bool) {
	if m.node == nil {
		return flow.Reading{}, false
	}
	var reading *flow.Reading
	t := m.ask(nil)
	delete(m.asked, t)
	m.node.Read(m.clock(), t, node.ReadRequest{Name: name, Key: key})
	out := m.node.Drain(m.clock())
	answers := out.Answers[:0]
	for _, a := range out.Answers {
		if a.Ticket == t {
			reading = a.Reading
		} else {
			answers = append(answers, a)
		}
	}
	out.Answers = answers
	m.take(out)
	if reading == nil {
		return flow.Reading{}, false
	}
	return *reading, true
}
