package node

import (
	"github.com/martinelli-lang/martinelli/overlay/member"
	"github.com/martinelli-lang/martinelli/wire"
)

// Speaker returns whose first words a hello is, and of which user if it is one's node, so that a host can compare it
// with what the peer proved before the node hears of the link. It is false for
// words that can't be read; LinkUp says what is wrong with them.
func Speaker(hello []byte) (peer member.Member, user string, ok bool) {
	r := wire.NewReader(hello)
	version := r.Uvarint()
	r.String(clusterMax)
	peer = member.ReadMember(r)
	readSchema(r)
	if r.Len() > 0 {
		user = r.String(nameMax)
	}
	return peer, user, r.Done() == nil && version == wire.Version
}
