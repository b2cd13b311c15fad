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

// enclose puts what a run uploads into the share that it writes in the shared space.
func (n *Node) enclose(o *flow.Outcome) {
	if len(o.Uploads) == 0 {
		return
	}
	w := flow.SpaceWrite{Space: plan.SharedSpace}
	for i, up := range o.Uploads {
		req := request{Op: opRaise, Name: up.Event, Values: up.Args, User: up.User}
		key := encodeSeq(n.outbox.last + 1 + uint64(i))
		w.Entries = append(w.Entries, causal.Entry{Database: outboxItems, Key: key, Value: string(req.appendTo(nil))})
	}
	o.Writes = joinWrite(o.Writes, w)
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
