package sim

import (
	"math/rand/v2"

	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/node"
	"github.com/martinelli-lang/martinelli/overlay/member"
	"github.com/martinelli-lang/martinelli/sim/fault"
	"github.com/martinelli-lang/martinelli/wire"
)

// network carries frames between machines, as badly as its rates say.
type network struct {
	world *World
	die   *rand.Rand
	rates fault.Spec
	tap   func(node.Message)                        // if not nil, is shown all that is sent
	lie   func(*Machine, node.Message) node.Message // if not nil, says what is sent in its place
	cuts  map[int]fault.Action                      // those that stand; asked in any order, as it is an "or"
}

// How long things take on a link.
const (
	latencyMin  = 100 * causal.Microsecond
	latencyMax  = 2 * causal.Millisecond
	overtakeMax = 200 * causal.Millisecond // how much later an overtaken message may come
	dialTimeout = 1 * causal.Second        // of a dial into a cut
)

// link is one connection between two machines. Its ends are 0, who dialled,
// and 1.
type link struct {
	ends   [2]*Machine
	open   [2]bool                          // this end's node has it up
	latest [2][wire.Channels]causal.Instant // when the last frame sent from an end arrives, by channel
	begins [2]causal.Instant                // before this nothing arrives at an end: the hello comes first
}

// end returns which end of the link m is.
func (l *link) end(m *Machine) int {
	if l.ends[0] == m {
		return 0
	}
	return 1
}

// blocked reports whether a cut stops what from sends to to.
func (n *network) blocked(from, to *Machine) bool {
	for _, c := range n.cuts {
		a, b := c.Groups[from.index], c.Groups[to.index]
		if a != b && min(a, b) > fault.BothSides && (!c.OneWay || a == 0) {
			return true
		}
	}
	return false
}

func (n *network) latency() causal.Instant {
	return latencyMin + causal.Instant(n.die.Int64N(int64(latencyMax-latencyMin)))
}

// dial carries out a node's wish for a link. It ends in LinkUp or DialFailed
// at the dialler, unless that crashes.
func (n *network) dial(from *Machine, want member.Member) {
	to := n.world.machineAt(want.Addr)
	life := from.life
	failed := func() {
		if from.life == life {
			from.call(didDial, nil, func(now causal.Instant) { from.node.DialFailed(now, want) })
		}
	}
	if to == nil || to == from || n.blocked(from, to) || n.blocked(to, from) {
		n.world.after(dialTimeout, failed)
		return
	}
	n.world.after(n.latency(), func() {
		switch {
		case from.life != life:
		case to.node == nil:
			n.world.after(n.latency(), failed)
		case to.links[from.index] != nil && from.links[to.index] == to.links[from.index]:
			// Both dialled at once and the other's link stands: it will do.
			n.world.after(n.latency(), failed)
		default:
			n.accept(from, to, want)
		}
	})
}

// accept lets to answer the first words of from, and from those of to.
func (n *network) accept(from, to *Machine, want member.Member) {
	hello := from.node.Hello()
	l := &link{ends: [2]*Machine{from, to}}
	n.replace(to, from, "the peer dialled again")
	n.replace(from, to, "dialled again")
	from.links[to.index], to.links[from.index] = l, l
	back := n.latency()
	l.begins = [2]causal.Instant{n.world.now + back, n.world.now}
	if !to.linkUp(l, hello, "") {
		return
	}
	answer := to.node.Hello()
	n.world.after(back, func() {
		if from.links[to.index] != l {
			return
		}
		if n.blocked(to, from) {
			n.close(l, from, "the peer did not answer")
			from.call(didDial, nil, func(now causal.Instant) { from.node.DialFailed(now, want) })
			return
		}
		from.linkUp(l, answer, want.Addr)
	})
}

// replace ends m's old link to a peer.
func (n *network) replace(m, peer *Machine, why string) {
	if old := m.links[peer.index]; old != nil {
		m.links[peer.index] = nil
		m.linkDown(old, why)
	}
}

// close ends a link at the end of m. The other end notices, unless a cut is
// between them: then its failure detector has to.
func (n *network) close(l *link, m *Machine, why string) {
	peer := l.ends[1-l.end(m)]
	if m.links[peer.index] != l {
		return
	}
	m.links[peer.index] = nil
	m.linkDown(l, why)
	n.notice(l, m, peer, why)
}

// notice lets the peer learn that m's end of the link is closed.
func (n *network) notice(l *link, m, peer *Machine, why string) {
	if n.blocked(m, peer) {
		return
	}
	n.world.after(n.latency(), func() {
		if peer.links[m.index] == l {
			peer.links[m.index] = nil
			peer.linkDown(l, why)
		}
	})
}

// linkUp shows the node a peer's first words. A refusal ends the link on both sides.
func (m *Machine) linkUp(l *link, hello []byte, dialed string) bool {
	var err error
	l.open[l.end(m)] = true
	m.call(didDial, hello, func(now causal.Instant) { _, err = m.node.LinkUp(now, hello, dialed) })
	peer := l.ends[1-l.end(m)]
	if err == nil {
		if !m.joined {
			m.joined = true
			m.world.story.join(m, peer)
		}
		return true
	}
	l.open[l.end(m)] = false
	m.world.story.say(m.name, "refuses %s: %v", peer.name, err)
	m.world.net.close(l, m, err.Error())
	return false
}

// linkDown tells the node that a link it had up is gone.
func (m *Machine) linkDown(l *link, why string) {
	if end := l.end(m); l.open[end] {
		l.open[end] = false
		peer := l.ends[1-end].id
		m.call(didHangup, []byte(why), func(now causal.Instant) { m.node.LinkDown(now, peer, why) })
	}
}

// send puts one message of a node on its link, as a frame with production's bytes.
func (n *network) send(from *Machine, msg node.Message) {
	w := n.world
	to := from.peerOf(msg.To)
	if to == nil || from.links[to.index] == nil {
		return
	}
	if n.tap != nil {
		n.tap(msg)
	}
	if n.lie != nil {
		msg = n.lie(from, msg)
	}
	frame := wire.AppendFrame(nil, msg.Channel, msg.Kind, msg.Body)
	w.stats.Messages++
	w.stats.Bytes += uint64(len(frame))
	w.history.note(w.now, didSend, from.index, frame)
	switch {
	case n.blocked(from, to):
		w.stats.Cut++
		return
	case n.rates.Drop.Hits(n.die):
		w.stats.Lost++
		return
	case n.rates.Duplicate.Hits(n.die):
		w.stats.Repeated++
		n.transmit(from, to, msg.Channel, frame)
	}
	n.transmit(from, to, msg.Channel, frame)
}

// transmit plans the arrival of a frame: in the order of its channel, unless
// it is overtaken.
func (n *network) transmit(from, to *Machine, channel wire.Channel, frame []byte) {
	w, l := n.world, from.links[to.index]
	end := l.end(from)
	at := max(w.now+n.latency(), l.begins[1-end])
	if n.rates.Reorder.Hits(n.die) {
		w.stats.Overtaken++
		at += causal.Instant(n.die.Int64N(int64(overtakeMax)))
	} else {
		at = max(at, l.latest[end][channel])
		l.latest[end][channel] = at
	}
	damaged := n.rates.Corrupt.Hits(n.die)
	if damaged {
		w.stats.Damaged++
		frame = n.damage(frame)
	}
	w.queue.add(at, func() {
		switch {
		case to.node == nil || n.blocked(from, to):
		case to.links[from.index] != l:
			n.notice(l, to, from, "the peer does not know the link any more")
		case l.open[1-end]:
			n.deliver(l, from, to, frame, damaged)
		}
	})
}

// damage flips one bit of a copy of the frame, or cuts its end off.
func (n *network) damage(frame []byte) []byte {
	if n.die.IntN(2) == 0 {
		return frame[:n.die.IntN(len(frame))]
	}
	frame = append([]byte(nil), frame...)
	bit := n.die.IntN(8 * len(frame))
	frame[bit/8] ^= 1 << (bit % 8)
	return frame
}

// deliver hands a frame to its receiver, as a host does: a frame that is
// refused ends the link.
func (n *network) deliver(l *link, from, to *Machine, frame []byte, damaged bool) {
	w := n.world
	w.history.note(w.now, didDeliver, to.index, frame)
	f, rest, err := wire.ReadFrame(frame)
	if err == nil && len(rest) > 0 {
		err = wire.ErrTrailing
	}
	if err != nil {
		if !damaged {
			w.audit.Report(to.index, ruleHonest, "a frame from %s: %v", from.name, err)
		}
		n.close(l, to, err.Error())
		return
	}
	if damaged {
		w.audit.Report(to.index, ruleDamaged, "%d bytes from %s", len(frame), from.name)
	}
	to.act(func(now causal.Instant) { err = to.node.Receive(now, from.id, f.Kind, f.Body) })
	if err != nil {
		w.audit.Report(to.index, ruleHonest, "a message of kind %d from %s: %v", f.Kind, from.name, err)
		n.close(l, to, err.Error())
	}
}

// Rules of the network.
const (
	ruleHonest  = "what an honest node sends is understood"
	ruleDamaged = "a damaged frame is refused"
)
