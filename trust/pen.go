package trust

import (
	"github.com/martinelli-lang/martinelli/algebra/causal"
)

// pen makes the seals of one own chain. While one is being made the chain
// grows, and the next seal is over all that has come: under load a seal covers
// many parts.
type pen struct {
	chain  causal.Chain
	points []causal.Head // to be sealed next, by seq; all but the last because a stretch was full
	parts  int           // since the last point that is not the last
	size   int
	open   int // seals with the host
}

// A stretch between two seals of an author has at most this many parts, so
// that what a receiver must hold before it can verify is bounded, and nearly
// as few bytes: a part more may pass the bound.
const (
	stretchMax     = 512
	stretchSizeMax = 256 << 10
)

// signing is a seal with the host.
type signing struct {
	pen *pen
	seq uint64
}

// Grew says that an own chain ends at head now, one part of about size bytes
// further.
func (m *Machine) Grew(c causal.Chain, head causal.Head, size int) {
	p := m.pens[c]
	if p == nil {
		p = &pen{chain: c}
		m.pens[c] = p
	}
	p.parts++
	p.size += size
	if isFull := p.parts >= stretchMax || p.size >= stretchSizeMax; isFull || len(p.points) == 0 || p.isStretchEnd() {
		p.points = append(p.points, head)
		if isFull {
			p.parts, p.size = 0, 0
		}
	} else {
		p.points[len(p.points)-1] = head
	}
}

// isStretchEnd reports whether the last point ends a full stretch, so that it
// stays.
func (p *pen) isStretchEnd() bool { return p.parts == 1 }

// Seal asks for the seals that are due, of chains none is being made of. It is
// called once a Drain, so that what was minted together shares a seal.
func (m *Machine) Seal(chains []causal.Chain) {
	for _, c := range chains {
		if p := m.pens[c]; p != nil && p.open == 0 {
			m.request(p)
		}
	}
}

func (m *Machine) request(p *pen) {
	for _, head := range p.points {
		id := m.nextID()
		m.signs[id] = signing{p, head.Seq}
		p.open++
		m.out.Sign = append(m.out.Sign, SignRequest{ID: id, Author: p.chain.Replica, Statement: causal.SealStatement(p.chain, head)})
	}
	p.points, p.parts, p.size = p.points[:0], 0, 0
}

// Signed takes the host's signatures.
func (m *Machine) Signed(answers []Signed) {
	for _, a := range answers {
		s, ok := m.signs[a.ID]
		if !ok {
			continue
		}
		delete(m.signs, a.ID)
		m.stats.Signed++
		m.out.Sealed = append(m.out.Sealed, Sealed{s.pen.chain, causal.Seal{Seq: s.seq, Signature: a.Signature}})
		if s.pen.open--; s.pen.open == 0 {
			m.request(s.pen)
		}
	}
}
