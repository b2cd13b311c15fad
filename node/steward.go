package node

import (
	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/overlay/place"
)

// MoveHome says that the cluster's first node, and with it the home, goes on
// under another replica id: its store was restored or had lost its end. What
// was under way to the old one is answered, and the next request goes to the
// new one. The host knows the first node by its certificate.
func (n *Node) MoveHome(now causal.Instant, steward causal.ReplicaID) {
	if n.isHome() || steward == n.cfg.Steward {
		return
	}
	n.homeLost(now)
	n.addSteward(steward)
	n.cfg.Steward, n.place = steward, place.New(n.self, steward)
	n.settle(now)
}
