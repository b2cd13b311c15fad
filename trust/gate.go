package trust

import (
	"slices"

	"github.com/martinelli-lang/martinelli/algebra/causal"
)

// gate is where the parcels of one chain wait: for those before them, then for
// the host's word on their seals. What each peer sent waits in a lane of its
// own and is judged by itself, in turn; so what one peer forges delays what
// others send by its turn, and does no more.
type gate struct {
	chain causal.Chain
	tip   causal.Head // up to here all is vouched for and handed out; behind the replica's own tip it means nothing
	key   *causal.Key // that came with the first part, for as long as the replica may not have it
	lanes []*lane     // the one whose turn is next first

	turn        *lane     // whose run it is
	run         []*bundle // consecutive from the tip on, with the host
	open        int       // how many of run are not answered
	isForgotten bool      // the replica let parts fall that lie before the run
}

// Receive takes the parcels of a frame that a peer sent, in their order.
func (m *Machine) Receive(from causal.ReplicaID, parcels []causal.Parcel) {
	p := m.peer(from)
	var touched []*lane
	for i := range parcels {
		l := m.hold(p, &parcels[i])
		if l != nil && !l.isOwed {
			l.owe()
			touched = append(touched, l)
		}
	}
	for _, l := range touched {
		m.advance(l.gate)
	}
	if len(touched) == 0 {
		m.settled(p)
	}
	m.sweep()
}

func (m *Machine) gate(c causal.Chain) *gate {
	g := m.gates[c]
	if g == nil {
		g = &gate{chain: c}
		m.gates[c] = g
	}
	return g
}

// lane returns the lane of a peer.
func (g *gate) lane(p *peer) *lane {
	for _, l := range g.lanes {
		if l.peer == p {
			return l
		}
	}
	l := &lane{gate: g, peer: p}
	g.lanes = append(g.lanes, l)
	return l
}

// advance gives the turn to the first lane that has something to verify, if no
// lane has it.
func (m *Machine) advance(g *gate) {
	for left := len(g.lanes); g.open == 0 && left > 0; left-- {
		l := g.lanes[0]
		g.back(l)
		switch m.connect(l); {
		case len(g.run) == 0:
			if len(l.queue) == 0 {
				m.leave(l)
			}
			m.done(l)
		case !m.ask(g):
			left = len(g.lanes) + 1
		}
	}
	if m.isIdle(g) {
		delete(m.gates, g.chain)
	}
}

// back makes a lane's turn the last.
func (g *gate) back(l *lane) {
	at := slices.Index(g.lanes, l)
	copy(g.lanes[at:], g.lanes[at+1:])
	g.lanes[len(g.lanes)-1] = l
}

// tip returns behind which part the next one is awaited.
func (m *Machine) tip(g *gate) causal.Head {
	if applied := m.cfg.Source.Tip(g.chain); applied.Seq >= g.tip.Seq {
		return applied
	}
	return g.tip
}

// Forget says that the replica has let parts of a chain fall that were handed
// to it: they will come again.
func (m *Machine) Forget(c causal.Chain) {
	if g := m.gates[c]; g != nil {
		g.tip, g.key, g.isForgotten = causal.Head{}, nil, g.open > 0
	}
}

// isIdle reports whether nothing waits at a gate, and it is not ahead of the
// replica.
func (m *Machine) isIdle(g *gate) bool {
	return g.open == 0 && len(g.lanes) == 0 && g.tip.Seq <= m.cfg.Source.Tip(g.chain).Seq
}

// sweep forgets the gates at which nothing waits any more, when there are many
// and twice as many as the last time.
func (m *Machine) sweep() {
	const gatesMin = 1024
	if len(m.gates) < max(gatesMin, 2*m.swept) {
		return
	}
	for c, g := range m.gates {
		if m.isIdle(g) {
			delete(m.gates, c)
		}
	}
	m.swept = len(m.gates)
}
