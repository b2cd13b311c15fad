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
	Begun   int         // sagas raised here whose outcome has not come, or whose else has not run
	Serial  int         // serial blocks of this node that have no outcome yet
	Parked  int         // serial blocks that wait here, at their home, for functions of the host
	Sagas   saga.Status // at the home
	Due     int         // violations of invariants not repaired yet
	Watches int
	Barred  replica.Reason // why this node may not write any more; Valid if it may
	Unnamed []Unnamed      // databases that have entries and that the program does not name, in the order of their names; at most 4,096
	Rights  []Rights       // where escrow keeps something, in the order of the program and of the keys; at most 64 of them
	Lapsed  bool           // the lease of this node's rights has ended
	Orphans int            // parts of former ids that nobody else may have, which wait to be written again under this one

	Functions []Function // of the host, that were called
}

// Rights is who holds the rights of one key that escrow keeps.
type Rights struct {
	Cell         string // as people write it: stock["tea"]
	Here, Others int64
}

// rightsMax bounds how many keys a Status tells of.
const rightsMax = 64

// listRights says who holds the rights of the first keys that escrow keeps.
func (n *Node) listRights() (list []Rights) {
	for at := range n.engine.Escrows {
		c := n.cellAt(&at)
		list = append(list, Rights{n.cellText(c), ledger{n}.Held(c), ledger{n}.Others(c)})
		if len(list) == rightsMax {
			break
		}
	}
	return list
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
		Waiting: len(n.waiting), Asked: len(n.asked), Outbox: n.outbox.open, Begun: n.outbox.sagas, Serial: n.serial.desk.Open(), Parked: len(n.serial.parked), Due: len(n.standing), Watches: len(n.watches), Barred: n.barred[n.self], Orphans: n.legacy.open, Unnamed: n.unnamed.list(),
	}
	if n.isHome() {
		s.Sagas = n.sagas.machine.Status()
	}
	s.Functions = n.functions()
	s.Rights, s.Lapsed = n.listRights(), n.rights.isLapsed
	for _, m := range n.member.Members() {
		s.Members = append(s.Members, Peer{Status: m, Synced: n.synced[m.ID]})
	}
	return s
}
