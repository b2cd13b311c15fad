package trust

import (
	"github.com/martinelli-lang/martinelli/algebra/causal"
)

// A proof of a fork travels as a record in an ordinary part, whose own seal
// says only who passed it on. This file has the proof's two signatures judged
// with the seal, so that the replica is told at once which proofs are good.

// claim is a proof that stands as a record in a part under way.
type claim struct {
	seq  uint64
	bad  bool
	open int // signatures with the host
}

func (c *claim) judged(isGood bool) {
	c.open--
	c.bad = c.bad || !isGood
}

// examine asks the host about the proofs that a parcel's parts hold: all of
// them, at most one a part. Which proofs govern must not depend on what was
// judged together.
func (m *Machine) examine(b *bundle) (asked int) {
	for i := range b.members {
		for _, p := range b.members[i].parcel.Parts {
			if proof := proofIn(p); proof != nil {
				asked += m.examineOne(b, p, proof)
			}
		}
	}
	return asked
}

func (m *Machine) examineOne(b *bundle, p *causal.Part, proof *causal.Proof) (asked int) {
	statements, ok := proof.Statements(p.Space)
	if !ok {
		return 0
	}
	c := &claim{seq: p.Seq, open: len(statements)}
	b.claims = append(b.claims, c)
	for i, s := range statements {
		m.verify(question{bundle: b, claim: c}, proof.Key.Public, s, proof.Branches[i].Signature)
	}
	return len(statements)
}

// proofIn returns the proof that a part holds; nil for nearly every part. A part
// is proven as a whole, so where there are two they are none: else a good one
// would vouch for the other.
func proofIn(p *causal.Part) (proof *causal.Proof) {
	for i := range p.Entries {
		if e := &p.Entries[i]; e.Database == causal.ControlDatabase {
			rec, err := causal.RecordOf(e)
			if found, ok := rec.(*causal.Proof); err == nil && ok {
				if proof != nil {
					return nil
				}
				proof = found
			}
		}
	}
	return proof
}

// proven returns the seqs of a parcel's parts whose proofs are good.
func (b *bundle) proven() (seqs []uint64) {
	for _, c := range b.claims {
		if !c.bad && c.open == 0 {
			seqs = append(seqs, c.seq)
		}
	}
	return seqs
}
