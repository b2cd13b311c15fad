package trust

import (
	"github.com/martinelli-lang/martinelli/algebra/causal"
)

// This file counts what waits, peer by peer, and keeps it within bounds: who
// holds most pays for the room that another needs.

// peer is what waits of one peer's.
type peer struct {
	id    causal.ReplicaID
	lanes map[*lane]struct{} // with a queue
	held  int
	size  int
	owed  int // lanes
}

func (m *Machine) peer(id causal.ReplicaID) *peer {
	p := m.peers[id]
	if p == nil {
		p = &peer{id: id, lanes: map[*lane]struct{}{}}
		m.peers[id] = p
	}
	return p
}

func (m *Machine) isFull(h held) bool {
	return m.stats.Held >= m.cfg.HeldMax || m.stats.HeldSize+h.size > m.cfg.HeldSizeMax
}

func (m *Machine) came(p *peer, h held) { m.count(p, 1, h.size) }

// gone says that a parcel waits no more.
func (m *Machine) gone(p *peer, h held) { m.count(p, -1, -h.size) }

func (m *Machine) count(p *peer, parcels, size int) {
	p.held += parcels
	p.size += size
	m.stats.Held += parcels
	m.stats.HeldSize += size
}

// relieve makes room: who holds most loses all that waits.
func (m *Machine) relieve() {
	var most *peer
	for _, p := range m.peers {
		if most == nil || p.size > most.size || p.size == most.size && p.id.Compare(most.id) < 0 {
			most = p
		}
	}
	m.stats.Dropped += uint64(m.clear(most))
}

// clear lets all fall that waits of a peer's and is not with the host.
func (m *Machine) clear(p *peer) (dropped int) {
	for l := range p.lanes {
		dropped += len(l.queue)
		for _, h := range l.queue {
			m.gone(p, h)
		}
		l.queue = nil
		if !l.isOwed { // otherwise its turn will come
			m.leave(l)
		}
	}
	clear(p.lanes)
	return dropped
}

// settled tells that nothing of a peer's is with the host or can go there, if
// that is so.
func (m *Machine) settled(p *peer) {
	if p.owed > 0 {
		return
	}
	m.out.Settled = append(m.out.Settled, p.id)
	if p.held == 0 && m.peers[p.id] == p {
		delete(m.peers, p.id)
	}
}

// LinkDown says that a peer sends no more. What it sent and is with the host
// is judged all the same.
func (m *Machine) LinkDown(from causal.ReplicaID) {
	if p := m.peers[from]; p != nil {
		m.clear(p)
		m.settled(p)
	}
}

// sizeOf is about what a parcel takes in memory.
func sizeOf(p *causal.Parcel) int {
	size := 256
	for _, part := range p.Parts {
		size += 256 + 40*(len(part.Seen)+len(part.Siblings)+len(part.Grants)) + causal.BodySize(part.Entries, part.Removed)
	}
	return size
}
