package node

import (
	"cmp"
	"maps"
	"slices"
	"strconv"

	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/algebra/order"
	"github.com/martinelli-lang/martinelli/overlay/repair"
	"github.com/martinelli-lang/martinelli/plan"
)

// A part that lacks a piece of another space is shown without it once every
// neighbour was asked and has not brought it. The replica says what is due;
// this file sees to the asking. A node without neighbours waits: there is
// nobody to know better.

// lateAfter returns the longest :late_after of the topology, or 0.
func lateAfter(p *plan.Program) causal.Instant {
	longest := int64(0)
	for _, l := range p.Links {
		longest = max(longest, l.LateAfter)
	}
	return causal.Instant(longest) * causal.Millisecond
}

// search is what was asked of a neighbour.
type search struct {
	asked causal.Instant // when an exchange was last wished for the sake of late parts
	begun causal.Instant // when the last exchange began that is over
}

// syncedMax bounds the peers of which it is known when all they had was here.
const syncedMax = 8192

// compared notes that an exchange brought all the peer had. At the bound the
// peer longest not compared with is forgotten: it reads as never compared.
func (n *Node) compared(e repair.Ended) {
	if !e.Whole {
		return
	}
	if _, isKnown := n.synced[e.Peer]; !isKnown && len(n.synced) >= syncedMax {
		delete(n.synced, slices.MinFunc(order.Sorted(maps.Keys(n.synced), causal.ReplicaID.Compare), func(a, b causal.ReplicaID) int {
			return cmp.Compare(n.synced[a], n.synced[b])
		}))
	}
	n.synced[e.Peer] = e.Begun
	n.touch(e.Peer, e.Begun)
}

// searched notes that an exchange begun here is over. One that gave way to the
// peer's own says nothing; the peer's does the same work, but nobody here is
// told of its end.
func (n *Node) searched(e repair.Ended) {
	if s := n.searches[e.Peer]; !e.Yielded {
		s.begun = max(s.begun, e.Begun)
		n.searches[e.Peer] = s
	}
}

// hasten asks the neighbours for what parts have waited for long enough, and
// shows those late that nobody could complete.
func (n *Node) hasten(now causal.Instant) {
	n.replica.Wake(now)
	since, isDue := n.replica.Due()
	peers := n.member.Neighbors()
	if !isDue || len(peers) == 0 || n.isFetching() && now < since+installLate {
		return // a checkpoint under way may bring it
	}
	begun := now
	for _, peer := range peers {
		s := n.searches[peer]
		if s.begun < since && s.asked < since {
			s.asked = now
			n.searches[peer] = s
			n.repair.Begin(now, peer)
		}
		begun = min(begun, s.begun)
	}
	n.replica.Searched(begun)
	n.heedReplica(now, n.replica.Drain())
}

// tellLate tells the operator of a group that was shown without all it names.
func (n *Node) tellLate(missing []causal.Ref) {
	if len(missing) > 0 {
		n.counts.Late++
		first := missing[0]
		n.event(EventLate, first.Replica, "shown without "+strconv.Itoa(len(missing))+" parts of other spaces that nobody reachable has, among them number "+
			strconv.FormatUint(first.Seq, 10)+" of "+first.Replica.Short()+" in space "+first.Space.String()+"; they are shown when they come")
	}
}
