package trust

import (
	"github.com/martinelli-lang/martinelli/algebra/causal"
)

// Seals are not all that is signed: this file asks the host about statements
// that others make sense of.

// Sign asks for an own author's signature over a statement. The answer is among
// Output.Statements, under the number returned.
func (m *Machine) Sign(author causal.ReplicaID, statement []byte) (id uint64) {
	id = m.nextID()
	m.asides[id] = true
	m.out.Sign = append(m.out.Sign, SignRequest{ID: id, Author: author, Statement: statement})
	return id
}

// Verify asks whether a signature over a statement is good. The answer is
// among Output.Verdicts, under the number returned.
func (m *Machine) Verify(k causal.Key, statement []byte, s causal.Signature) (id uint64) {
	id = m.nextID()
	m.asides[id] = true
	m.out.Verify = append(m.out.Verify, VerifyRequest{ID: id, Public: k.Public, Statement: statement, Signature: s})
	return id
}

// isAside reports whether an answer is to Sign or Verify, the first time.
func (m *Machine) isAside(id uint64) bool {
	is := m.asides[id]
	delete(m.asides, id)
	return is
}
