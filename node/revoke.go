package node

import (
	"errors"
	"slices"

	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/algebra/order"
	"github.com/martinelli-lang/martinelli/plan"
	"github.com/martinelli-lang/martinelli/replica"
)

// Who is let in no more stands in the shared space, which every node has: so each
// comes to know it with the other parts, hangs up, and refuses whoever comes
// again. What somebody was let in by, a pass or a certificate, is the host's to
// judge: it is told of every revocation once.

// AbortRevoked says that somebody was let in here and is no more.
const AbortRevoked = "revoked"

// Revoke lets a replica in no more, nor any other of its key, or with a user all
// nodes that are his now; and it cuts them, so that what they write from now on is
// void everywhere. The key may be zero where the host does not know it; this node
// knows that of every author. Only the steward may. The answer bears the number
// of spaces in which somebody was cut.
func (n *Node) Revoke(now causal.Instant, t Ticket, who causal.ReplicaID, public [32]byte, user string) {
	c := caller{ticket: t}
	rec := causal.Revocation{Replica: who, Public: public, User: user, Until: now}
	if key, ok := n.trust.Key(who); ok {
		rec.Public = key.Public
	}
	all := n.revokedBy(&rec)
	switch {
	case n.self != n.cfg.Steward:
		n.abort(c, AbortSteward, "only the steward, node "+n.cfg.Steward.Short()+", may revoke")
	case who == n.self || who == n.homeID:
		n.abort(c, AbortSteward, "the steward does not revoke itself")
	case user == "" && !n.isHeardOf(who) && rec.Public == [32]byte{}:
		n.abort(c, AbortUnheard, "nothing of a replica "+who.String()+" is here")
	case user != "" && len(all) == 0:
		n.abort(c, AbortUnheard, "no node of a user "+user+" has ever been here")
	default:
		n.answer(c, Answer{Committed: true, Spaces: n.revokeAll(now, &rec, all)})
		n.heedRevocations(now)
	}
	n.settle(now)
}

// isHeardOf reports whether anything of a replica is here: a part, or a link.
func (n *Node) isHeardOf(who causal.ReplicaID) bool {
	if _, isFacing := n.facing[who]; isFacing || n.userOf(who) != nil {
		return true
	}
	for _, space := range n.replica.Spaces() {
		if n.replica.Head(space, who).Seq > 0 {
			return true
		}
	}
	return false
}

// revokedBy returns the replicas that a revocation means, ascending.
func (n *Node) revokedBy(rec *causal.Revocation) (all []causal.ReplicaID) {
	if rec.User == "" {
		return []causal.ReplicaID{rec.Replica}
	}
	for who, at := range n.replica.Enrolled(n.space(plan.SharedSpace), rec.User) {
		if at <= causal.StampAt(rec.Until+causal.Millisecond) {
			all = append(all, who)
		}
	}
	order.Sort(all, causal.ReplicaID.Compare)
	return all
}

// revokeAll writes a revocation, and a cut for each replica it means in each space
// where it has written and in the shared one, as one commit.
func (n *Node) revokeAll(now causal.Instant, rec *causal.Revocation, all []causal.ReplicaID) (spaces int) {
	d := replica.Draft{Author: n.self, Stamp: n.clock.Tick(now)}
	shared, list := n.space(plan.SharedSpace), n.replica.Spaces()
	if !slices.Contains(list, shared) {
		list = append(list, shared)
	}
	for _, space := range list {
		w := replica.Write{Space: space}
		for _, who := range all {
			if head := n.replica.Head(space, who); n.shared(space) && (head.Seq > 0 || space == shared) {
				w.Entries = append(w.Entries, causal.EntryOf(&causal.Cut{Replica: who, After: head.Seq}))
			}
		}
		if len(w.Entries) > 0 {
			spaces++
		}
		if space == shared {
			w.Entries = append(w.Entries, causal.EntryOf(rec))
		}
		if len(w.Entries) > 0 {
			d.Writes = append(d.Writes, w)
		}
	}
	n.mint(now, d)
	return spaces
}

// heedRevocations tells the host of what is revoked since it was told last, and
// hangs up on whom that means.
func (n *Node) heedRevocations(now causal.Instant) {
	isNew := false
	for _, rec := range n.replica.Revocations(n.space(plan.SharedSpace)) {
		if !n.revocations[rec] {
			n.revocations[rec], isNew = true, true
			n.out.Revocations = append(n.out.Revocations, rec)
		}
	}
	if !isNew || n.member == nil { // while the node is opened nobody is linked
		return
	}
	for _, peer := range n.member.Neighbors() {
		if err := errors.Join(n.revoked(peer), n.revokedUser(peer)); err != nil {
			n.refuse(now, peer, err.Error())
		}
	}
}

// revoked says that a replica is let in no more, nor another of its key; nil
// where nothing is known against it.
func (n *Node) revoked(who causal.ReplicaID) error {
	if len(n.revocations) == 0 {
		return nil
	}
	key, isKnown := n.trust.Key(who)
	for rec := range n.revocations {
		if rec.User == "" && (rec.Replica == who || isKnown && rec.Public == key.Public) {
			return errors.New("replica " + who.Short() + " was revoked: it is let in nowhere, nor is another of its key. Ask whoever runs the cluster to admit it anew, with another key")
		}
	}
	return nil
}

// revokedUser says that a replica is one of those that a user had when he was
// revoked. He may have been let in again since, under the same id: what he shows at
// the door tells, which the host judges.
func (n *Node) revokedUser(who causal.ReplicaID) error {
	reg := n.userOf(who)
	if reg == nil || reg.User == "" {
		return nil
	}
	for rec := range n.revocations {
		if rec.User == reg.User && slices.Contains(n.revokedBy(&rec), who) {
			return errors.New("the user " + rec.User + " was revoked, with all nodes there were of his: log in again, if that is still allowed")
		}
	}
	return nil
}

// cutRevoked cuts, at the steward, an author who is revoked where he has written
// all the same: under another id of his key, or in a space that is new.
func (n *Node) cutRevoked(now causal.Instant, g replica.Group) {
	if len(n.revocations) == 0 || n.self != n.cfg.Steward {
		return
	}
	for _, p := range g.Parts {
		if n.shared(p.Space) && n.replica.Bars(p.Space, p.Replica) == replica.Valid && (n.revoked(p.Replica) != nil || n.revokedUser(p.Replica) != nil) {
			n.govern(now, p.Space, &causal.Cut{Replica: p.Replica, After: p.Seq - 1})
			n.event(EventAccess, p.Replica, "replica "+p.Replica.Short()+" was revoked and has written all the same: that is void")
		}
	}
}
