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
	open   []*signing // seals with the host, by seq
}

// signing is a seal that is made.
type signing struct {
	pen    *pen
	seal   causal.Seal
	isMade bool // but one before it is not
}

// Grew says that an own chain ends at head now, one part of about size bytes
// further.
func (m *Machine) Grew(c causal.Chain, head causal.Head, size int) {
	p := m.pens[c]
	if p == nil {
		p = &pen{chain: c}
		m.pens[c] = p
	}
	if p.parts == 0 { // what is behind the last point is another stretch
		p.points = append(p.points, head)
	}
	p.points[len(p.points)-1] = head
	p.parts++
	p.size += size
	if p.parts >= causal.ParcelPartsMax || p.size >= causal.ParcelSizeMax {
		p.parts, p.size = 0, 0
	}
}

// Seal asks for the seals that are due, of chains none is being made of. It is
// called once a Drain, so that what was minted together shares a seal.
func (m *Machine) Seal(chains []causal.Chain) {
	for _, c := range chains {
		if p := m.pens[c]; p != nil && len(p.open) == 0 {
			m.request(p)
		}
	}
}

func (m *Machine) request(p *pen) {
	for _, head := range p.points {
		id := m.nextID()
		s := &signing{pen: p, seal: causal.Seal{Seq: head.Seq}}
		m.signs[id] = s
		p.open = append(p.open, s)
		m.out.Sign = append(m.out.Sign, SignRequest{ID: id, Author: p.chain.Replica, Statement: causal.SealStatement(p.chain, head)})
	}
	p.points, p.parts, p.size = p.points[:0], 0, 0
}

// Signed takes the host's signatures. The seals of a chain are made in its
// order: one that comes early waits for those before it, as whoever takes a
// part needs a seal not far behind it.
func (m *Machine) Signed(answers []Signed) {
	for _, a := range answers {
		if m.isAside(a.ID) {
			m.out.Statements = append(m.out.Statements, a)
			continue
		}
		s, ok := m.signs[a.ID]
		if !ok {
			continue
		}
		delete(m.signs, a.ID)
		m.stats.Signed++
		s.seal.Signature, s.isMade = a.Signature, true
		m.hand(s.pen)
	}
}

// hand hands out the seals that are made, up to one that is not.
func (m *Machine) hand(p *pen) {
	for len(p.open) > 0 && p.open[0].isMade {
		m.out.Sealed = append(m.out.Sealed, Sealed{p.chain, p.open[0].seal})
		p.open = p.open[1:]
	}
	if len(p.open) == 0 {
		m.request(p)
	}
}
