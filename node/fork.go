package node

import (
	"cmp"
	"math"
	"strconv"

	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/algebra/order"
	"github.com/martinelli-lang/martinelli/overlay/repair"
	"github.com/martinelli-lang/martinelli/replica"
	"github.com/martinelli-lang/martinelli/trust"
)

// This file makes proofs of forks known. Many nodes find a fork at once, and
// one record is enough: so each waits a random while and writes it only if no
// other's has come.

// due is a proof that is to be written.
type dueProof struct {
	proof causal.Proof
	at    causal.Instant
}

// Bounds of the proofs that are to be written.
const (
	proofsMax  = 1024 // chains
	proofDelay = 250 * causal.Millisecond
)

// heedForks puts proofs on the list, and stops a node whose own chain has forked.
func (n *Node) heedForks(now causal.Instant, o trust.Output) {
	for i := range o.Forks {
		f := &o.Forks[i]
		c := causal.Chain{Space: f.Space, Replica: f.Replica()}
		known, isDue := n.proofs[c]
		switch {
		case n.isProven(c, &f.Proof):
		case isDue && known.proof.Before.Seq <= f.Before.Seq:
		case isDue:
			known.proof = f.Proof
		case len(n.proofs) < proofsMax: // the others are found again
			n.proofs[c] = &dueProof{f.Proof, now + n.someOf(proofDelay)}
		}
	}
	for _, c := range o.Clones {
		n.copied(c)
	}
	for _, peer := range o.Liars {
		n.shun(now, peer)
	}
}

// isProven reports whether a proof says nothing new.
func (n *Node) isProven(c causal.Chain, p *causal.Proof) bool {
	first, ok := n.replica.Forked(c)
	return ok && first <= p.Before.Seq+1
}

// prove writes the proofs that are due and that nobody has written yet. A node
// whose own chain has forked writes none: nobody would look at it. The others
// find the same.
func (n *Node) prove(now causal.Instant) {
	for _, c := range n.dueProofs(now) {
		d := n.proofs[c]
		delete(n.proofs, c)
		if n.isProven(c, &d.proof) || n.barred[n.self] != replica.Valid {
			continue
		}
		n.govern(now, c.Space, &d.proof)
		n.event(EventFork, c.Replica, "replica "+c.Replica.Short()+" has two histories from its part "+
			strconv.FormatUint(d.proof.Before.Seq+1, 10)+" on in space "+c.Space.String()+
			": one store was copied, or it lies. That is proven now, and what it wrote from there on has no effect")
	}
}

func (n *Node) dueProofs(now causal.Instant) []causal.Chain {
	var list []causal.Chain
	for c, d := range n.proofs {
		if d.at <= now {
			list = append(list, c)
		}
	}
	order.Sort(list, func(a, b causal.Chain) int {
		return cmp.Or(cmp.Compare(n.proofs[a].at, n.proofs[b].at), a.Compare(b))
	})
	return list
}

// copied notes that somebody else writes under an own replica id: whatever
// this node wrote from now on would be void as soon as that is proven.
func (n *Node) copied(c causal.Chain) {
	if n.clones[c.Replica] {
		return
	}
	n.clones[c.Replica] = true
	n.event(EventFork, c.Replica, "somebody else writes under this node's replica id in space "+c.Space.String()+
		": its store was copied and runs twice")
	n.judgeSelf()
}

// shunning is how long a peer that was hung up on for its bad seals is refused.
const shunning = 60 * causal.Second

// shunsMax bounds the peers that are refused at a time.
const shunsMax = 1024

// shun hangs up on a peer that sent many bad seals, and refuses it for a while.
func (n *Node) shun(now causal.Instant, peer causal.ReplicaID) {
	for id, until := range n.shunned {
		if until <= now {
			delete(n.shunned, id)
		}
	}
	if len(n.shunned) < shunsMax {
		n.shunned[peer] = now + shunning
	}
	n.counts.Shunned++
	n.refuse(now, peer, "it keeps sending parts with bad seals: it forges, or its memory fails")
}

// Limit makes source a repair.Source.
func (s source) Limit(space causal.SpaceID, author causal.ReplicaID) uint64 {
	if first, ok := s.n.replica.Forked(causal.Chain{Space: space, Replica: author}); ok {
		return first - 1
	}
	return math.MaxUint64
}

// Branch makes source a repair.Source.
func (s source) Branch(space causal.SpaceID, author causal.ReplicaID, after, over uint64) (causal.Branch, bool) {
	return s.n.trust.Branch(causal.Chain{Space: space, Replica: author}, after, over)
}

// heedContended has the branches looked at that peers sent as evidence.
func (n *Node) heedContended(list []repair.Contended) {
	for i := range list {
		c := &list[i]
		if n.shared(c.Space) {
			n.trust.Evidence(c.Peer, causal.Chain{Space: c.Space, Replica: c.Author}, c.After, c.Branch)
		}
	}
}
