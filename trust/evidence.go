package trust

import (
	"bytes"
	"slices"

	"github.com/martinelli-lang/martinelli/algebra/causal"
)

// evidence is the branch of a chain that a peer has, while the host looks at
// its seal.
type evidence struct {
	from  causal.ReplicaID
	chain causal.Chain
	proof causal.Proof
	isOne bool // the proof has our branch too; only of an own chain it may lack it
}

// evidenceMax bounds the branches that are with the host, one a chain. What
// comes beyond is found again by the next exchange.
const evidenceMax = 256

// Evidence takes the branch of a chain that a peer has behind the given part.
// If it is another one than here, and its seal is good, there is a proof.
func (m *Machine) Evidence(from causal.ReplicaID, c causal.Chain, after uint64, b causal.Branch) {
	if before, ok := m.headAt(c, after); ok {
		m.contend(from, c, before, b)
	}
}

// contend compares a branch with what is here from the same part on, and asks
// the host about its seal if they differ.
func (m *Machine) contend(from causal.ReplicaID, c causal.Chain, before causal.Head, b causal.Branch) {
	theirs := m.differing(c, before, b)
	key, ok := m.keyHere(c)
	if !ok || theirs == nil || m.isPast(c, theirs.before.Seq+1) || m.contended[c] || len(m.contended) >= evidenceMax {
		return
	}
	ours, ok := m.Branch(c, theirs.before.Seq, theirs.before.Seq+1)
	if !ok && !m.isOwn(c.Replica) {
		return // applied under a seal that is further on than what is here; there is another exchange
	}
	e := &evidence{from: from, chain: c, isOne: ok, proof: causal.Proof{Key: key, Before: theirs.before}}
	e.proof.Branches = [2]causal.Branch{theirs.Branch, ours}
	if ok && bytes.Compare(ours.Headers[0][:], theirs.Headers[0][:]) < 0 {
		e.proof.Branches = [2]causal.Branch{ours, theirs.Branch} // so that who finds the same writes the same
	}
	m.contended[c] = true
	m.stats.Contended++
	_, last := theirs.Heads(c, theirs.before)
	m.verify(question{evidence: e}, key.Public, causal.SealStatement(c, last), theirs.Signature)
}

// keyHere returns the key of a chain of which something is here.
func (m *Machine) keyHere(c causal.Chain) (causal.Key, bool) {
	if g := m.gates[c]; g != nil && g.key != nil {
		return *g.key, true
	}
	return m.Key(c.Replica)
}

// branch is a branch and what it is behind.
type branch struct {
	before causal.Head
	causal.Branch
}

// differing returns b from its first part on that is another one here; nil if
// there is none.
func (m *Machine) differing(c causal.Chain, before causal.Head, b causal.Branch) *branch {
	if len(b.Headers) == 0 || len(b.Headers) > causal.BranchMax {
		return nil
	}
	for i, header := range b.Headers {
		ref := c.At(before.Seq + 1)
		ours, isKnown := m.cfg.Source.HashOf(ref)
		if !isKnown {
			return nil
		}
		hash := m.hasher.ChainOf(before.Hash, ref, header)
		if hash != ours {
			return &branch{before, causal.Branch{Headers: slices.Clone(b.Headers[i:]), Signature: b.Signature}}
		}
		before = causal.Head{Seq: ref.Seq, Hash: hash}
	}
	return nil
}

// Branch returns the headers of a chain behind one part, up to the first seal
// over another one that is not before it; false if they can't be had.
func (m *Machine) Branch(c causal.Chain, after, over uint64) (b causal.Branch, ok bool) {
	seal, ok := m.cfg.Source.SealOver(c, over)
	if !ok || seal.Seq-after > causal.BranchMax {
		return b, false
	}
	b.Signature = seal.Signature
	for seq := after + 1; seq <= seal.Seq; seq++ {
		p := m.cfg.Source.Part(c.At(seq))
		if p == nil {
			return b, false
		}
		b.Headers = append(b.Headers, m.hasher.Header(p))
	}
	return b, true
}

// judged takes the host's word on the seal of a branch.
func (m *Machine) judged(e *evidence, isGood bool) {
	delete(m.contended, e.chain)
	if !isGood {
		m.strike(e.from, e.chain)
		return
	}
	clear(m.strikes) // some of them were the other branch
	if m.isOwn(e.chain.Replica) {
		m.out.Clones = append(m.out.Clones, e.chain)
	}
	if e.isOne {
		m.stats.Forks++
		m.out.Forks = append(m.out.Forks, Fork{e.chain.Space, e.proof})
	}
}
