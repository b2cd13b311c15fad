package sim

import (
	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/node"
	"github.com/martinelli-lang/martinelli/sim/fault"
	"github.com/martinelli-lang/martinelli/store"
)

// This file does for a machine what a host's owner goroutine and its disk do:
// it carries out the outputs of the node in the order that node's doc.go asks
// for.

// call lets the node do one thing, notes it in the history and carries out
// what comes of it. A machine that is down does nothing.
func (m *Machine) call(what uint8, detail []byte, verb func(causal.Instant)) {
	if m.node == nil {
		return
	}
	m.world.history.note(m.world.now, what, m.index, detail)
	m.act(verb)
}

// act is call for what is noted elsewhere.
func (m *Machine) act(verb func(causal.Instant)) {
	if m.node == nil {
		return
	}
	verb(m.clock())
	m.take(m.node.Drain(m.clock()))
}

// take takes an output of the node: its records are written at once, the rest
// waits for a sync.
func (m *Machine) take(out node.Output) {
	w := m.world
	m.notarize(out)
	out.Sign, out.Verify = nil, nil
	if len(out.Records) > 0 {
		if err := m.disk.Write(out.Records); err != nil {
			panic("sim: a disk in memory without faults failed: " + err.Error())
		}
		m.written++
		m.noteRecords(out.Records)
	}
	if len(m.jump) > 0 {
		m.seen = append(m.seen, sight{group: m.jump})
		m.jump = nil
	}
	sights := m.seen
	m.seen = nil
	for _, s := range sights {
		w.visible(m, s)
	}
	if !out.Empty() {
		m.held = append(m.held, held{m.written, out})
	}
	if len(sights) > 0 {
		w.check(m)
	}
	m.release()
	m.setAlarm()
	if w.heedShown != nil && len(out.Shown) > 0 {
		w.heedShown(m, out.Shown)
	}
}

func (m *Machine) noteRecords(records []store.Op) {
	for _, op := range records {
		m.world.history.note(m.world.now, didWrite, m.index, op.Key, op.Value)
	}
}

// release lets go, in order, what waits for no store write any more, and
// begins a sync for the rest. One sync serves all that was written before it.
func (m *Machine) release() {
	life := m.life
	for m.life == life && len(m.held) > 0 && m.held[0].write <= m.durable {
		out := m.held[0].out
		m.held = m.held[1:]
		m.carryOut(out)
	}
	if m.life != life || m.syncing || len(m.held) == 0 {
		return
	}
	m.syncing = true
	w := m.world
	target, latency := m.written, w.syncLatency()
	w.after(latency, func() {
		if m.life == life {
			m.synced(target)
		}
	})
	if loss := m.doom; loss != nil {
		w.after(latency-1, func() {
			if m.life == life {
				m.Crash(*loss)
			}
		})
	}
}

// Doom crashes the machine in the middle of its next sync, when there is
// something to lose.
func (m *Machine) Doom(loss fault.Loss) { m.doom = &loss }

// synced makes the writes up to target durable; the disk may have taken later
// ones along, but nobody was told.
func (m *Machine) synced(target uint64) {
	w := m.world
	if err := m.disk.Sync(); err != nil {
		panic("sim: a disk in memory without faults failed: " + err.Error())
	}
	w.stats.Syncs++
	w.history.note(w.now, didSync, m.index)
	m.syncing = false
	m.durable = max(m.durable, target)
	m.release()
}

// syncLatency is that of a good disk, and now and then of a bad one.
func (w *World) syncLatency() causal.Instant {
	latency := 100*causal.Microsecond + w.diskDie.Int64N(2*causal.Millisecond)
	if w.diskDie.IntN(100) == 0 {
		latency += w.diskDie.Int64N(100 * causal.Millisecond)
	}
	return causal.Instant(latency)
}

// carryOut acts on an Output whose records are durable, as node's doc.go says.
func (m *Machine) carryOut(out node.Output) {
	w := m.world
	for _, msg := range out.Messages {
		w.net.send(m, msg)
	}
	for _, e := range out.Events {
		w.heed(m, e)
	}
	for _, s := range out.Shown {
		w.history.note(w.now, didShow, m.index, []byte(s.Name))
	}
	if w.cfg.Told != nil && len(out.Shown) > 0 {
		w.cfg.Told(m, out.Shown)
	}
	if w.cfg.Heard != nil && len(out.Notices) > 0 {
		w.cfg.Heard(m, out.Notices)
	}
	m.makeCalls(out.Calls)
	for _, want := range out.Dials {
		w.net.dial(m, want)
	}
	for _, h := range out.Hangups {
		if peer := m.peerOf(h.Peer); peer != nil && m.links[peer.index] != nil {
			w.net.close(m.links[peer.index], m, h.Why)
		}
	}
	for _, a := range out.Answers {
		m.answered(a)
	}
	if life := m.life; out.Renew && m.renews {
		w.after(0, func() {
			if m.life == life {
				m.restartRenewed()
			}
		})
	}
}

func (m *Machine) answered(a node.Answer) {
	w := m.world
	w.history.note(w.now, didAnswer, m.index, []byte(a.Abort), a.Token)
	f := m.asked[a.Ticket]
	delete(m.asked, a.Ticket)
	w.acknowledged(m, a)
	if f != nil {
		f(a)
	}
}

// wakeMin is how soon a node is woken again: a deadline that has passed must
// not stop time.
const wakeMin = 50 * causal.Microsecond

// setAlarm plans the node's next Wake.
func (m *Machine) setAlarm() {
	w := m.world
	at, ok := m.node.Deadline()
	if !ok {
		m.alarm = 0
		return
	}
	at = max(at-m.ahead, w.now+wakeMin)
	if at == m.alarm {
		return
	}
	m.alarm = at
	life := m.life
	w.queue.add(at, func() {
		if m.life == life && m.alarm == at {
			m.alarm = 0
			m.call(didWake, nil, m.node.Wake)
		}
	})
}
