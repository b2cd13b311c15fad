package trust

import (
	"github.com/martinelli-lang/martinelli/algebra/causal"
)

// A fork is found where a good seal is over other parts than those here. The
// two branches come together in three ways: a peer pushes parts that are here
// already and are not the same; repair finds that hashes differ and fetches
// what the peer has instead; or somebody has put them into a proof already.

// Fork is a proof of a fork in a space: both of its signatures are good.
type Fork struct {
	Space causal.SpaceID
	causal.Proof
}

// suspect looks at a parcel of which some parts are here, whether they are the
// same, and reports whether they are. What comes twice bears the same seal
// nearly always, and costs nothing.
func (m *Machine) suspect(from causal.ReplicaID, p *causal.Parcel, at causal.Head) (isSame bool) {
	c, last := p.Chain(), min(p.Last(), at.Seq)
	if seal, ok := m.cfg.Source.SealOver(c, last); ok && seal == p.Seal {
		return true
	}
	before, ok := m.headAt(c, p.First()-1)
	if !ok {
		return true // below what can be read here
	}
	branch := causal.Branch{Headers: make([]causal.Hash, len(p.Parts)), Signature: p.Seal.Signature}
	head, isSame := before, true
	for i, part := range p.Parts {
		branch.Headers[i] = m.hasher.Header(part)
		head = causal.Head{Seq: part.Seq, Hash: m.hasher.ChainOf(head.Hash, part.Ref(), branch.Headers[i])}
		if head.Seq == last {
			ours, isKnown := m.headAt(c, last)
			isSame = !isKnown || ours.Hash == head.Hash
		}
	}
	if !isSame {
		m.contend(from, c, before, branch)
	}
	return isSame
}

// headAt returns the chain at a part that is here; zero before the first.
func (m *Machine) headAt(c causal.Chain, seq uint64) (causal.Head, bool) {
	if seq == 0 {
		return causal.Head{}, true
	}
	hash, ok := m.cfg.Source.HashOf(c.At(seq))
	return causal.Head{Seq: seq, Hash: hash}, ok
}

// isPast reports whether a chain is proven to have forked before or at a part,
// so that nobody needs the part.
func (m *Machine) isPast(c causal.Chain, seq uint64) bool {
	first, ok := m.cfg.Source.Forked(c)
	return ok && seq >= first
}
