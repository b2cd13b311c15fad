package node

import (
	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/flow"
	"github.com/martinelli-lang/martinelli/replica"
)

// A user's first write may come before the first link is up, or before the
// directory says here whose node this is: nobody could grant it yet, and that
// is no answer to whether he may. So what lacks a grant waits, for as long after
// the start as a session's past is waited for, until somebody is there to ask. A
// node that has been without anybody for longer answers at once: then it is away.

// earlyRun is a run that waits for somebody who may grant what it lacks.
type earlyRun struct {
	caller  caller
	handler int
	raise   RaiseRequest
	session replica.Session
	space   causal.SpaceID
	until   causal.Instant
}

// awaitGiver lets a run wait; false: it is answered now.
func (n *Node) awaitGiver(now causal.Instant, c caller, h int, q RaiseRequest, session replica.Session, w flow.Wanted) bool {
	space := n.space(n.cfg.Program.Databases[w.Database].SpaceName(w.Key))
	until := n.opened + n.cfg.Limits.BehindAfter
	if !n.isUsers() || now >= until || len(n.early) >= n.cfg.Limits.WaitingMax || n.canAsk(space) {
		return false
	}
	n.stall(now, q.Stream, q.Seq)
	n.early = append(n.early, earlyRun{c, h, q, session, space, until})
	return true
}

// canAsk reports whether somebody is there who may grant in a space and can know
// for whom, and whether the grant would reach this node.
func (n *Node) canAsk(space causal.SpaceID) bool {
	_, ok := n.giver(space, causal.ReplicaID{})
	return ok && n.userOf(n.self) != nil && n.keeps(space)
}

// runEarly runs again what somebody can now be asked about, and what has waited
// long enough, which is then answered.
func (n *Node) runEarly(now causal.Instant) {
	if len(n.early) == 0 {
		return
	}
	list := n.early
	n.early = nil
	for _, w := range list {
		if now < w.until && !n.canAsk(w.space) {
			n.early = append(n.early, w)
			continue
		}
		n.run(now, w.caller, w.handler, w.raise, w.session)
	}
}
