package trust

import (
	"github.com/martinelli-lang/martinelli/algebra/causal"
)

// This file counts the bad seals of each peer, and says which one is to be hung
// up on. A link that goes down and comes up again makes nobody honest, so the
// count outlives it.

// strike is what a peer has sent that nobody vouches for.
type strike struct {
	count int
	chain causal.Chain // of the last
}

// strikesMax is how many parcels with bad seals a peer may send before it is
// hung up on. An honest peer sends some while it is on another branch of a fork
// that is not proven yet: they are forgiven when it is.
const strikesMax = 1024

// strikersMax bounds the peers whose bad seals are counted. Beyond it the one
// with the fewest is forgotten.
const strikersMax = 1024

// strike notes that a peer has sent a bad seal.
func (m *Machine) strike(peer causal.ReplicaID, c causal.Chain) {
	s, isKnown := m.strikes[peer]
	if !isKnown && len(m.strikes) >= strikersMax {
		m.pardon()
	}
	if s.count > 0 && s.chain != c && m.isPast(s.chain, 1<<62) {
		s.count = 0 // the chain has forked since: those were its other branch
	}
	s.count++
	s.chain = c
	if s.count < strikesMax {
		m.strikes[peer] = s
		return
	}
	delete(m.strikes, peer)
	if !m.isPast(c, 1<<62) {
		m.out.Liars = append(m.out.Liars, peer)
	}
}

// pardon forgets the peer with the fewest strikes.
func (m *Machine) pardon() {
	var least causal.ReplicaID
	for id, s := range m.strikes {
		if fewest := m.strikes[least].count; fewest == 0 || s.count < fewest || s.count == fewest && id.Compare(least) < 0 {
			least = id
		}
	}
	delete(m.strikes, least)
}
