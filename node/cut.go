package node

import (
	"github.com/martinelli-lang/martinelli/algebra/causal"
)

// AbortSteward says that only the steward may do this.
const AbortSteward = "not_steward"

// Cut takes the right to write away from a replica, in every space in which it
// has written: what it wrote behind what this node has of it is void; with
// isWhole, all it ever wrote but what is final. Only the steward may. The
// answer bears the number of spaces.
func (n *Node) Cut(now causal.Instant, t Ticket, who causal.ReplicaID, isWhole bool) {
	c := caller{ticket: t}
	switch {
	case n.self != n.cfg.Steward:
		n.abort(c, AbortSteward, "only the steward, node "+n.cfg.Steward.Short()+", may cut a replica")
		return
	case who == n.self || who == n.homeID:
		n.abort(c, AbortSteward, "the steward does not cut itself")
		return
	}
	spaces := 0
	for _, space := range n.replica.Spaces() {
		head := n.replica.Head(space, who)
		if head.Seq == 0 || !n.shared(space) {
			continue
		}
		cut := &causal.Cut{Replica: who, After: head.Seq}
		if isWhole {
			cut.After = 0
		}
		n.govern(now, space, cut)
		spaces++
	}
	n.answer(c, Answer{Committed: true, Spaces: spaces})
	n.settle(now)
}
