package trust

import (
	"github.com/martinelli-lang/martinelli/algebra/causal"
)

// This file asks the host about what connects, and acts on its word.

// question is what the host was asked: about the seal of a bundle, about a
// proof in one of its parts, or about a branch of a fork.
type question struct {
	bundle   *bundle
	claim    *claim // of the bundle; nil: its seal
	evidence *evidence
}

// ask asks the host about the seals of the run; false if nobody can tell.
func (m *Machine) ask(g *gate) bool {
	key, ok := m.keyOf(g)
	if !ok {
		m.stats.Unknown++
		m.fail(g, g.run)
		g.run = nil
		return false
	}
	g.turn.owe()
	g.open = len(g.run)
	for _, b := range g.run {
		seal, head := b.last()
		m.verify(question{bundle: b}, key.Public, causal.SealStatement(g.chain, head), seal.Signature)
		b.claims = nil
		g.open += m.examine(b)
	}
	return true
}

func (m *Machine) verify(q question, public [32]byte, statement []byte, s causal.Signature) {
	id := m.nextID()
	m.asked[id] = q
	m.out.Verify = append(m.out.Verify, VerifyRequest{ID: id, Public: public, Statement: statement, Signature: s})
}

// keyOf returns the key of a chain's author: known, or brought by the run.
func (m *Machine) keyOf(g *gate) (causal.Key, bool) {
	if k, ok := m.Key(g.chain.Replica); ok {
		return k, true
	}
	if g.key != nil {
		return *g.key, true
	}
	if k := g.run[0].members[0].parcel.Key; k != nil && k.ID() == g.chain.Replica {
		return *k, true
	}
	return causal.Key{}, false
}

// Verified takes the host's answers.
func (m *Machine) Verified(answers []Verified) {
	for _, a := range answers {
		if m.isAside(a.ID) {
			m.out.Verdicts = append(m.out.Verdicts, a)
			continue
		}
		q, ok := m.asked[a.ID]
		if !ok {
			continue
		}
		delete(m.asked, a.ID)
		b := q.bundle
		switch {
		case q.evidence != nil:
			m.judged(q.evidence, a.IsGood)
			continue
		case q.claim != nil:
			q.claim.judged(a.IsGood)
		default:
			b.isGood = a.IsGood
		}
		if b.gate.open--; b.gate.open == 0 {
			m.conclude(b.gate)
		}
	}
}

// conclude hands out the run up to its first bad seal and refuses the rest. A
// bad bundle is judged again, parcel by parcel.
func (m *Machine) conclude(g *gate) {
	run, l := g.run, g.turn
	g.run, l.isSplit = nil, false
	for len(run) > 0 && run[0].isGood {
		m.accept(g, run[0])
		run = run[1:]
	}
	switch {
	case len(run) == 0:
	case len(run[0].members) > 1:
		l.isSplit = true
		m.again(l, run)
	default:
		m.stats.Refused++
		m.strike(l.peer.id, g.chain)
		m.fail(g, run)
	}
	g.isForgotten = false
	m.advance(g)
}

func (m *Machine) accept(g *gate, b *bundle) {
	m.stats.Verified++
	m.release(b)
	parcel := b.parcel()
	if _, head := b.last(); !g.isForgotten {
		g.tip = head
	}
	if g.key == nil {
		g.key = parcel.Key
	}
	if m.isOwn(g.chain.Replica) {
		m.out.Clones = append(m.out.Clones, g.chain)
		return
	}
	m.out.Accepted = append(m.out.Accepted, Accepted{g.turn.peer.id, causal.Vouched{Parcel: parcel, Before: b.before, Hashes: b.hashes, Proven: b.proven()}})
}

func (m *Machine) release(b *bundle) {
	for _, h := range b.members {
		m.gone(b.gate.turn.peer, h)
	}
}

// fail drops parcels that nobody vouches for.
func (m *Machine) fail(g *gate, run []*bundle) {
	for _, b := range run {
		m.release(b)
	}
	m.out.Doubts = append(m.out.Doubts, Doubt{g.turn.peer.id, g.chain})
}
