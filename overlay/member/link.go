package member

import (
	"strconv"

	"github.com/martinelli-lang/martinelli/algebra/causal"
)

// Link is what a host knows of one of its links to a peer.
type Link struct {
	Dialed bool   // this node dialled it
	Epoch  uint64 // the peer's, from its hello
}

// Replaces reports whether, of two links to one peer, the later one is kept.
//
// A link of a newer incarnation is kept: the older one's process is gone. Of
// two links dialled by the same side the later is kept: its dialler would not
// have dialled while it saw the other. Of two dialled by both, that of the
// lower id is kept. So both ends come to the same answer in whatever order
// they see the links.
func Replaces(self, peer causal.ReplicaID, old, later Link) bool {
	switch {
	case later.Epoch != old.Epoch:
		return later.Epoch > old.Epoch
	case later.Dialed == old.Dialed:
		return true
	}
	return later.Dialed == (self.Compare(peer) < 0)
}

// link is a link that is up.
type link struct {
	dialed string         // the address that led to it, or empty
	addr   string         // of the peer when the link came up
	pingAt causal.Instant // the next ping
	proven causal.Instant // when the newest answered ping was sent; link-up before the first
	listAt causal.Instant // no whole list is sent before
	lists  int            // whole lists sent since the digests were equal
}

// LinkUp says that a link to p is up. dialed is the address this node dialled
// to reach it, or empty if the peer dialled or the caller does not know.
func (m *Machine) LinkUp(now causal.Instant, p Member, dialed string) {
	if p.ID == m.self.ID {
		m.forget(dialed)
		m.schedule(now)
		return
	}
	news := m.learn(now, p)
	r := m.known[p.ID]
	if r == nil {
		m.out.Hangups = append(m.out.Hangups, Hangup{p.ID, "this node knows as many members as it can"})
		m.schedule(now)
		return
	}
	if r.state == Down {
		m.hasten(now)
	}
	m.landed(dialed)
	m.land(&r.target)
	m.unlink(r)
	r.link = &link{dialed: dialed, addr: r.Addr, proven: now, pingAt: now}
	m.leads[dialed]++
	m.leads[r.Addr]++
	m.turn(now, r, Alive, Up, "")
	m.ping(now, r)
	if news {
		m.tell([]Member{r.Member}, p.ID)
	}
	m.schedule(now)
}

// LinkDown says that the link to the peer is down.
func (m *Machine) LinkDown(now causal.Instant, peer causal.ReplicaID, why string) {
	if r := m.known[peer]; r != nil && r.link != nil {
		m.lose(now, r, why)
	}
	m.schedule(now)
}

// lose takes a link down and has its peer dialled again.
func (m *Machine) lose(now causal.Instant, r *record, why string) {
	was := *r.link
	m.unlink(r)
	m.turn(now, r, Down, Lost, why)
	m.redial(now, r)
	for _, s := range m.seeds {
		if s.addr == was.dialed || s.addr == was.addr {
			s.dialAt = now + m.pause(s.tries)
		}
	}
}

// unlink forgets a member's link, if it has one.
func (m *Machine) unlink(r *record) {
	if r.link == nil {
		return
	}
	for _, addr := range []string{r.link.dialed, r.link.addr} {
		if m.leads[addr]--; m.leads[addr] == 0 {
			delete(m.leads, addr)
		}
	}
	r.link = nil
}

// turn changes a member's state and says so.
func (m *Machine) turn(now causal.Instant, r *record, s State, kind EventKind, why string) {
	r.state, r.since = s, now
	m.event(kind, r.Member, why)
}

// watch pings a linked member when it is time, suspects it when it is silent,
// and gives the link up when it stays so.
func (m *Machine) watch(now causal.Instant, r *record) {
	silent := now - r.link.proven
	switch {
	case silent >= m.cfg.DownAfter:
		why := "no answer for " + strconv.FormatInt(int64(silent/causal.Millisecond), 10) + " ms"
		m.out.Hangups = append(m.out.Hangups, Hangup{r.ID, why})
		m.lose(now, r, why)
		return
	case silent >= m.cfg.SuspectAfter && r.state == Alive:
		m.turn(now, r, Suspect, Suspected, "")
	}
	if now >= r.link.pingAt {
		m.ping(now, r)
	}
}

func (m *Machine) ping(now causal.Instant, r *record) {
	r.link.pingAt = now + m.cfg.PingEvery*7/8 + m.die(m.cfg.PingEvery/4)
	m.send(r.ID, Ping{now, m.digest})
}

// pong takes the proof that the link carries both ways.
func (m *Machine) pong(now causal.Instant, r *record, p Pong) {
	if p.At < r.link.proven || p.At > now {
		return // answers an older link, or is late, or is made up
	}
	r.link.proven, r.rtt, r.tries = p.At, now-p.At, 0
	if r.state == Suspect && now-p.At < m.cfg.SuspectAfter {
		m.turn(now, r, Alive, Recovered, "")
	}
}

// watchAt returns when a linked member needs looking at again.
func (m *Machine) watchAt(r *record) causal.Instant {
	at := min(r.link.pingAt, r.link.proven+m.cfg.DownAfter)
	if r.state == Alive {
		at = min(at, r.link.proven+m.cfg.SuspectAfter)
	}
	return at
}

// excuse forgives the silence of a time in which this node itself slept: a
// laptop that was closed would otherwise give up all its links on waking
// (A. Dadgar et al., "Lifeguard", DSN 2018).
func (m *Machine) excuse(now, slept causal.Instant) {
	for _, id := range m.order {
		if l := m.known[id].link; l != nil {
			l.proven = min(l.proven+slept, now)
		}
	}
}
