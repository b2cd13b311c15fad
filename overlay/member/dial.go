package member

import (
	"slices"

	"github.com/martinelli-lang/martinelli/algebra/causal"
)

// target is an address to dial and when.
type target struct {
	dialAt causal.Instant // when to dial; for a dial in the air, when it counts as failed
	flying bool           // a dial is in the air
	tries  int            // dials that came to nothing since a link last proved sound
}

// seed is a peer known by its address alone. It is dialled like a lost member
// whenever no link leads to that address.
type seed struct {
	addr string
	target
}

// DialFailed says that a dial of an Output came to nothing.
func (m *Machine) DialFailed(now causal.Instant, p Member) {
	if r := m.known[p.ID]; r != nil && r.flying {
		m.failed(now, &r.target)
	}
	for _, s := range m.seeds {
		if p.ID == (causal.ReplicaID{}) && s.addr == p.Addr && s.flying {
			m.failed(now, &s.target)
		}
	}
	m.schedule(now)
}

func (m *Machine) failed(now causal.Instant, t *target) {
	m.land(t)
	t.dialAt = now + m.pause(t.tries)
	t.tries++
}

// pause returns the back-off after so many failures: doubling from DialMin,
// never over DialMax, and never ending. Half of it is chance, so that those
// who lost each other together do not return together.
func (m *Machine) pause(tries int) causal.Instant {
	d := min(m.cfg.DialMin<<min(tries, 20), m.cfg.DialMax)
	return d/2 + m.die(d/2)
}

// redial plans the next dial of a member that is not linked. The side with the
// higher id waits a little longer: mostly the other's dial then arrives first,
// and no second link has to be closed.
func (m *Machine) redial(now causal.Instant, r *record) {
	m.land(&r.target)
	r.dialAt = now + m.pause(r.tries)
	if m.self.ID.Compare(r.ID) > 0 {
		r.dialAt += 2 * m.cfg.DialMin
	}
}

// hasten begins all back-offs anew: one lost member is back, so what kept it
// away, and perhaps others, may be over.
func (m *Machine) hasten(now causal.Instant) {
	soon := func(t *target) {
		t.tries = 0
		if !t.flying {
			t.dialAt = min(t.dialAt, now+m.pause(0))
		}
	}
	for _, s := range m.seeds {
		soon(&s.target)
	}
	for _, id := range m.order {
		soon(&m.known[id].target)
	}
}

// Hasten dials soon whoever is not linked: what kept them away may be over, as
// the host was told that the network is back.
func (m *Machine) Hasten(now causal.Instant) {
	m.hasten(now)
	m.schedule(now)
}

// dial dials what is due, in the order of ids, and at most DialsMax at once.
func (m *Machine) dial(now causal.Instant) {
	for _, s := range m.seeds {
		m.try(now, &s.target, Member{Addr: s.addr})
	}
	for _, id := range m.order {
		if r := m.known[id]; r.link == nil && m.dials(r) {
			m.try(now, &r.target, r.Member)
		}
	}
}

// dials reports whether this node dials the member when no link is up.
func (m *Machine) dials(r *record) bool {
	return r.Addr != "" && (m.cfg.Mode == Mesh || r.fixed)
}

// try dials a target that is due, unless a link leads to its address already
// or too many dials are in the air. A dial in the air that is due has failed.
func (m *Machine) try(now causal.Instant, t *target, p Member) {
	switch {
	case now < t.dialAt:
	case t.flying:
		m.failed(now, t)
	case m.led(p.Addr), m.inAir >= m.cfg.DialsMax:
	default:
		t.flying, t.dialAt = true, now+m.cfg.DialTimeout
		m.inAir++
		m.out.Dials = append(m.out.Dials, p)
	}
}

// dueAt returns when a target needs looking at again, if it does.
func (m *Machine) dueAt(now causal.Instant, t *target, addr string) (causal.Instant, bool) {
	if !t.flying && (m.led(addr) || m.inAir >= m.cfg.DialsMax) {
		return 0, false
	}
	return max(t.dialAt, now), true
}

// led reports whether a link is up that was dialled at the address, or whose
// peer is dialled there. So a member whose store was lost, and whose address
// now belongs to a new replica, is not dialled while that one is linked.
func (m *Machine) led(addr string) bool { return m.leads[addr] > 0 }

// land takes a dial out of the air.
func (m *Machine) land(t *target) {
	if t.flying {
		t.flying = false
		m.inAir--
	}
}

// landed says that a link came of the dialled address.
func (m *Machine) landed(addr string) {
	for _, s := range m.seeds {
		if s.addr == addr {
			m.land(&s.target)
			s.tries = 0
		}
	}
}

// forget drops a seed that turned out to be this node itself.
func (m *Machine) forget(addr string) {
	m.landed(addr)
	m.seeds = slices.DeleteFunc(m.seeds, func(s *seed) bool { return s.addr == addr })
}
