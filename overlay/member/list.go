package member

import (
	"cmp"
	"slices"

	"github.com/martinelli-lang/martinelli/algebra/causal"
)

// supersedes reports whether description a of a member holds against b. Equal
// epochs with different words should not happen; if they do, everyone must
// choose alike or the digests would differ for ever.
func supersedes(a, b Member) bool {
	return cmp.Or(
		cmp.Compare(a.Epoch, b.Epoch),
		cmp.Compare(a.Addr, b.Addr),
		cmp.Compare(a.Name, b.Name),
		cmp.Compare(a.Role, b.Role)) > 0
}

// learn takes a description of a member and reports whether it was news.
func (m *Machine) learn(now causal.Instant, p Member) bool {
	if p.ID == m.self.ID {
		m.refute(p)
		return false
	}
	r := m.known[p.ID]
	switch {
	case p.ID == (causal.ReplicaID{}):
		return false
	case r == nil && len(m.known) >= m.cfg.MembersMax:
		m.event(Refused, p, "")
		return false
	case r == nil:
		m.add(now, p)
	case supersedes(p, r.Member):
		m.digest ^= r.digest() ^ p.digest()
		if p.Addr != r.Addr {
			r.tries = 0
			m.redial(now, r)
		}
		r.Member = p
	default:
		return false
	}
	m.event(Learned, p, "")
	return true
}

// add remembers a member and plans to dial it.
func (m *Machine) add(now causal.Instant, p Member) {
	r := &record{Member: p, since: now, target: target{dialAt: now}}
	m.known[p.ID] = r
	i, _ := slices.BinarySearchFunc(m.order, p.ID, causal.ReplicaID.Compare)
	m.order = slices.Insert(m.order, i, p.ID)
	m.digest ^= p.digest()
	if m.self.ID.Compare(p.ID) > 0 {
		m.redial(now, r)
	}
}

// refute answers what is newer about this node than it said itself: an earlier
// life of it, with a clock that ran ahead, or a lie.
func (m *Machine) refute(p Member) {
	if !supersedes(p, m.self) || p.Epoch >= epochMax {
		return
	}
	m.digest ^= m.self.digest()
	m.self.Epoch = p.Epoch + 1
	m.digest ^= m.self.digest()
	m.tell([]Member{m.self}, causal.ReplicaID{})
}

// tell sends news to all linked members but one.
func (m *Machine) tell(news []Member, except causal.ReplicaID) {
	for _, id := range m.order {
		if id != except && m.known[id].link != nil {
			m.send(id, List{news})
		}
	}
}

// compare sends the whole list to a peer whose digest differs: its own list is
// on its way here for the same reason. A difference that lasts, because one of
// the two knows as many members as it can, costs ever fewer lists.
func (m *Machine) compare(now causal.Instant, r *record, digest uint64) {
	switch {
	case digest == m.digest:
		r.link.lists = 0
		return
	case now < r.link.listAt:
		return
	}
	r.link.listAt = now + m.cfg.PingEvery/2<<min(r.link.lists, 6)
	r.link.lists++
	all := append(make([]Member, 0, 1+len(m.order)), m.self)
	for _, id := range m.order {
		all = append(all, m.known[id].Member)
	}
	m.send(r.ID, List{all})
}
