package sim

import (
	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/node"
	"github.com/martinelli-lang/martinelli/trust"
	"golang.org/x/crypto/blake2b"
)

// Here signatures are what nobody else in the world can compute: a hash that
// is keyed with a secret of the world. It stands for ed25519, costs a fortieth
// of it, and refuses what is forged just so.

// keyOf returns the key of who bears a name.
func keyOf(name string) causal.Key {
	return causal.Key{Public: blake2b.Sum256([]byte("sim " + name))}
}

// sign signs a statement as the owner of a public key.
func sign(public [32]byte, statement []byte) causal.Signature {
	return blake2b.Sum512(append(append([]byte("secret of the world"), public[:]...), statement...))
}

// notaryLatency is how long the arithmetic of signatures takes.
const notaryLatency = 60 * causal.Microsecond

// notarize answers the node's requests for signatures and verdicts, a little
// later.
func (m *Machine) notarize(out node.Output) {
	if len(out.Sign)+len(out.Verify) == 0 {
		return
	}
	signed := make([]trust.Signed, len(out.Sign))
	for i, q := range out.Sign {
		signed[i] = trust.Signed{ID: q.ID, Signature: sign(m.publicOf(q.Author), q.Statement)}
	}
	verified := make([]trust.Verified, len(out.Verify))
	for i, q := range out.Verify {
		verified[i] = trust.Verified{ID: q.ID, IsGood: sign(q.Public, q.Statement) == q.Signature}
	}
	life := m.life
	m.world.after(notaryLatency+m.slow, func() {
		if m.life != life {
			return
		}
		m.call(didNotarize, nil, func(now causal.Instant) {
			m.node.Signed(now, signed)
			m.node.Verified(now, verified)
		})
	})
}

// publicOf returns the public key with which the machine signs for an author.
func (m *Machine) publicOf(author causal.ReplicaID) [32]byte {
	if author == homeID {
		return homeKey.Public
	}
	return m.key.Public
}
