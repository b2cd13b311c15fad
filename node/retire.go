package node

import (
	"slices"

	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/plan"
	"github.com/martinelli-lang/martinelli/replica"
)

// AbortUnheard says that nobody has heard of such a replica.
const AbortUnheard = "no_such_replica"

// Retire ends the chains of a replica that will not be back, in every space:
// what it wrote and this node does not have is void, whoever brings it. A
// replica that comes back all the same takes a new id and writes those parts
// again under it (reissue.go). Only the steward may. The answer bears the
// number of spaces in which it was not retired yet.
func (n *Node) Retire(now causal.Instant, t Ticket, who causal.ReplicaID) {
	c := caller{ticket: t}
	switch {
	case n.self != n.cfg.Steward:
		n.abort(c, AbortSteward, "only the steward, node "+n.cfg.Steward.Short()+", may retire a replica")
	case who == n.self || who == n.homeID:
		n.abort(c, AbortSteward, "the steward does not retire itself")
	case slices.Contains(n.member.Neighbors(), who):
		n.abort(c, AbortSteward, "replica "+who.Short()+" is here: one that still runs is not retired. Stop it first, or cut it")
	case !slices.ContainsFunc(n.replica.Spaces(), func(id causal.SpaceID) bool { return n.replica.Head(id, who).Seq > 0 }):
		n.abort(c, AbortUnheard, "nothing of a replica "+who.String()+" is here")
	default:
		n.answer(c, Answer{Committed: true, Spaces: n.retire(now, who)})
	}
	n.settle(now)
}

// retire writes, as one commit, that a replica is retired in the shared space
// and in every other where it has written. It returns in how many it was not.
func (n *Node) retire(now causal.Instant, who causal.ReplicaID) (spaces int) {
	d := replica.Draft{Author: n.self, Stamp: n.clock.Tick(now)}
	shared := n.space(plan.SharedSpace)
	list := n.replica.Spaces()
	if !slices.Contains(list, shared) {
		list = append(list, shared)
	}
	held := n.holdings(who)
	for _, space := range list {
		chain := causal.Chain{Space: space, Replica: who}
		head := n.replica.Shown(chain)
		if !n.shared(space) || head.Seq == 0 && space != shared && !held[space] || n.replica.IsRetired(chain) {
			continue
		}
		record := causal.EntryOf(&causal.Retire{Replica: who, Head: head})
		d.Writes = append(d.Writes, replica.Write{Space: space, Entries: []causal.Entry{record}})
	}
	if len(d.Writes) > 0 {
		n.mint(now, d)
	}
	return len(d.Writes)
}
