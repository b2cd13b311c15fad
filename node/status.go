package node

import (
	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/entity/saga"
	"github.com/martinelli-lang/martinelli/overlay/broadcast"
	"github.com/martinelli-lang/martinelli/overlay/member"
	"github.com/martinelli-lang/martinelli/overlay/repair"
	"github.com/martinelli-lang/martinelli/replica"
)

// Status is what an operator may want to know of a node.
type Status struct {
	Self    member.Member
	Steward causal.ReplicaID
	Cluster string
	Members []Peer
	Counts  Counts
	Replica replica.Status
	Cast    broadcast.Stats
	Repair  repair.Stats
	Waiting int         // commands that wait for their session's past
	Asked   int         // requests under way to the home
	Outbox  int         // events of this node that wait in the outbox for the home
	Sagas   saga.Status // at the home
	Due     int         // violations of invariants not repaired yet
	Watches int
	Barred  replica.Reason // why this node may not write any more; Valid if it may
	Unnamed []Unnamed      // databases that have entries and that the program does not name, in the order of their names; at most 4,096
	Orphans int            // parts of former ids that nobody else may have, which wait to be written again under this one
}

// Peer is a member as seen from here.
type Peer struct {
	member.Status
	Synced causal.Instant // when the last exchange began that brought all the peer had then; what is older than this is here. 0: none has
}

// Status returns the state of the node now.
func (n *Node) Status() Status {
	s := Status{
		Self: n.member.Self(), Steward: n.cfg.Steward, Cluster: n.cfg.Cluster,
		Counts: n.counts, Replica: n.replica.Status(), Cast: n.cast.Stats(), Repair: n.repair.Stats(),
		Waiting: len(n.waiting), Asked: len(n.asked), Outbox: n.outbox.open, Due: len(n.standing), Watches: len(n.watches), Barred: n.barred[n.self], Orphans: n.legacy.open, Unnamed: n.unnamed.list(),
	}
	if n.isHome() {
		s.Sagas = n.sagas.machine.Status()
	}
	for _, m := range n.member.Members() {
		s.Members = append(s.Members, Peer{Status: m, Synced: n.synced[m.ID]})
	}
	return s
}
