package node

import (
	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/flow"
	"github.com/martinelli-lang/martinelli/plan"
)

// A run that uploads raises its event at the home: each upload is an item of
// the outbox, and a part of the run's own commit. So an upload is there iff
// what the run wrote is, whenever the node is killed, and the home runs it once.

// outboxRoom is how many events a run may upload under an author's name. The
// home's own author has no outbox: what runs at the home is there already.
func (n *Node) outboxRoom(author causal.ReplicaID) int {
	if author != n.self {
		return 0
	}
	return max(0, n.cfg.Limits.OutboxMax-n.outbox.open)
}

// enclose puts what a run uploads, and the start of a saga that it hands on,
// into the share that it writes in the shared space.
func (n *Node) enclose(o *flow.Outcome, author causal.ReplicaID) {
	w := flow.SpaceWrite{Space: plan.SharedSpace}
	post := func(q request) {
		key := encodeSeq(n.outbox.last[author] + 1 + uint64(len(w.Entries)))
		w.Entries = append(w.Entries, causal.Entry{Database: outboxItems, Key: key, Value: string(q.appendTo(nil))})
	}
	for _, up := range o.Uploads {
		post(request{Op: opRaise, Name: up.Event, Values: up.Args, User: up.User})
	}
	if n.isSaga(o) {
		post(startOf(o.Handed))
	}
	o.Writes = joinWrite(o.Writes, w)
}

// isSaga reports whether a run ends with a saga.
func (n *Node) isSaga(o *flow.Outcome) bool {
	return o.Handed != nil && n.engine.IsSaga(o.Handed.Block)
}

// notify hands out what a run tells; nothing keeps it.
func (n *Node) notify(o flow.Outcome) { n.out.Notices = append(n.out.Notices, o.Notices...) }

// tellNotices hands out what a process tells: the pairs that have come.
func (n *Node) tellNotices(s flow.Shown) {
	pair := s.Type.Element()
	for _, v := range s.Added {
		n.out.Notices = append(n.out.Notices, flow.Notice{Key: v.Field(0), Value: v.Field(1), KeyType: pair.Args[0], ValueType: pair.Args[1]})
	}
}
