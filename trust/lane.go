package trust

import (
	"slices"

	"github.com/martinelli-lang/martinelli/algebra/causal"
)

// lane is what one peer sent of one chain.
type lane struct {
	gate    *gate
	peer    *peer
	queue   []held // by first seq; at most queueMax
	isOwed  bool   // the peer is told when nothing here can go to the host any more
	isSplit bool   // a bundle was found bad: one of its parcels is to blame
}

// held is a parcel that waits.
type held struct {
	parcel causal.Parcel
	size   int
}

// queueMax bounds the parcels that wait in one lane. Where a peer sends faster
// than the host verifies, those that follow each other become one, of which the
// last seal is enough; when that does not help, the last of the chain fall out.
const queueMax = 256

// hold puts a parcel into its lane, if it is news and there is room.
func (m *Machine) hold(p *peer, parcel *causal.Parcel) *lane {
	if m.isStale(p, parcel) {
		m.stats.Stale++
		return nil
	}
	h := held{*parcel, sizeOf(parcel)}
	if m.isFull(h) {
		m.relieve()
	}
	if m.isFull(h) { // what is left is with the host
		m.stats.Dropped++
		return nil
	}
	l := m.gate(parcel.Chain()).lane(p)
	i := len(l.queue)
	for i > 0 && l.queue[i-1].parcel.First() > parcel.First() {
		i--
	}
	l.queue = slices.Insert(l.queue, i, h)
	p.lanes[l] = struct{}{}
	m.came(p, h)
	if len(l.queue) > queueMax {
		m.condense(l)
	}
	if last := len(l.queue) - 1; last >= queueMax {
		m.stats.Dropped++
		m.gone(p, l.queue[last])
		l.queue = l.queue[:last]
	}
	return l
}

// condense makes one parcel of those in a queue that follow each other and may
// share a seal. The seals between are let go, so where the last one is bad all
// are refused, the true ones too: they are of the same peer, and repair brings
// them again.
func (m *Machine) condense(l *lane) {
	kept := l.queue[:1]
	for _, h := range l.queue[1:] {
		last := &kept[len(kept)-1]
		if h.parcel.First() != last.parcel.Last()+1 || !last.fits(h) {
			kept = append(kept, h)
			continue
		}
		m.gone(l.peer, *last)
		m.gone(l.peer, h)
		last.parcel.Parts = append(slices.Clip(last.parcel.Parts), h.parcel.Parts...)
		last.parcel.Seal = h.parcel.Seal
		last.size += h.size
		m.came(l.peer, *last)
	}
	clear(l.queue[len(kept):])
	l.queue = kept
}

// fits reports whether one seal may stand for both.
func (h *held) fits(next held) bool {
	return len(h.parcel.Parts)+len(next.parcel.Parts) <= causal.ParcelPartsMax && h.size+next.size <= causal.ParcelSizeMax
}

// isStale reports whether nobody needs a parcel: it came before, is another
// branch of what did, or is behind a fork that is proven.
func (m *Machine) isStale(p *peer, parcel *causal.Parcel) bool {
	c := parcel.Chain()
	at := m.cfg.Source.Tip(c)
	if g := m.gates[c]; g != nil {
		at = m.tip(g)
	}
	if parcel.First() > at.Seq {
		return m.isPast(c, parcel.First())
	}
	return !m.suspect(p.id, parcel, at) || parcel.Last() <= at.Seq
}

// connect makes the run of what connects in the lane's queue.
func (m *Machine) connect(l *lane) {
	g := l.gate
	g.turn = l
	at := m.tip(g)
	n := 0
	for ; n < len(l.queue) && l.queue[n].parcel.First() <= at.Seq+1; n++ {
		h := l.queue[n]
		if h.parcel.First() <= at.Seq && (len(g.run) == 0 && !m.suspect(l.peer.id, &h.parcel, at) || h.parcel.Last() <= at.Seq) {
			m.gone(l.peer, h) // it came before, or is of another branch
			continue
		}
		h.cut(at.Seq)
		if last := len(g.run) - 1; last < 0 || l.isSplit || !g.run[last].fits(h) {
			g.run = append(g.run, &bundle{gate: g, before: at.Hash})
		}
		at = g.run[len(g.run)-1].add(h, at, &m.hasher)
	}
	l.queue = l.queue[n:]
}

// cut takes off the parts up to and including seq.
func (h *held) cut(seq uint64) {
	if first := h.parcel.First(); first <= seq {
		h.parcel.Parts = h.parcel.Parts[seq+1-first:]
	}
}

// again puts what was in a run back into its lane.
func (m *Machine) again(l *lane, run []*bundle) {
	var back []held
	for _, b := range run {
		back = append(back, b.members...)
	}
	l.queue = append(back, l.queue...)
	l.peer.lanes[l] = struct{}{}
}

// owe notes that something of the lane may go to the host, or is there.
func (l *lane) owe() {
	if !l.isOwed {
		l.isOwed = true
		l.peer.owed++
	}
}

// done says that nothing of a lane can go to the host for now.
func (m *Machine) done(l *lane) {
	if l.isOwed {
		l.isOwed = false
		l.peer.owed--
		m.settled(l.peer)
	}
}

// leave takes an empty lane from its gate.
func (m *Machine) leave(l *lane) {
	g := l.gate
	if at := slices.Index(g.lanes, l); at >= 0 {
		g.lanes = slices.Delete(g.lanes, at, at+1)
	}
	delete(l.peer.lanes, l)
	if m.isIdle(g) {
		delete(m.gates, g.chain)
	}
}
