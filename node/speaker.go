package node

import (
	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/overlay/member"
	"github.com/martinelli-lang/martinelli/wire"
)

// Speaker returns whose first words a hello is, so that a host can compare it
// with what the peer proved before the node hears of the link. It is false for
// words that can't be read; LinkUp says what is wrong with them.
func Speaker(hello []byte) (causal.ReplicaID, bool) {
	r := wire.NewReader(hello)
	version := r.Uvarint()
	r.String(clusterMax)
	peer := member.ReadMember(r)
	return peer.ID, r.Err() == nil && version == wire.Version
}
