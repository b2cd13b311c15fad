package node

import (
	"cmp"

	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/algebra/order"
	"github.com/martinelli-lang/martinelli/flow"
	"github.com/martinelli-lang/martinelli/replica"
)

// Processes run functions of the host when what they are given has changed,
// each for one key, as a commit of its own. Every replica that holds what a
// function is given may run it: so each waits a random while, in which changes
// gather and another's result may come, and writes nothing where that says the
// same.

// computation is a run of a process that is due.
type computation struct {
	at    causal.Instant
	tries int
}

// computeMax bounds the runs of one Wake, so that a start with many keys does
// not keep the node from its peers.
const computeMax = 64

// schedule puts runs that became due on the list.
func (n *Node) schedule(now causal.Instant, dues []flow.Due) {
	for _, d := range dues {
		if n.computing[d] == nil {
			n.computing[d] = &computation{at: now + n.someOf(n.cfg.Limits.ProcessDelay)}
		}
	}
}

// compute runs what is due. What fails is tried again, ever more seldom.
func (n *Node) compute(now causal.Instant) {
	for i, d := range n.ready(now) {
		if i == computeMax {
			return
		}
		c := n.computing[d]
		switch n.fill(now, d) {
		case filled:
			delete(n.computing, d)
			n.doneDue(d)
		case failed:
			c.tries++
			c.at = now + max(n.cfg.Limits.ProcessDelay, causal.Millisecond)<<min(c.tries, 10)
			n.doneDue(d)
			n.tryAgain(d, c.at)
		}
	}
}

// ready returns the runs whose time has come, the earliest first.
func (n *Node) ready(now causal.Instant) []flow.Due {
	var list []flow.Due
	for d, c := range n.computing {
		if c.at <= now {
			list = append(list, d)
		}
	}
	order.Sort(list, func(a, b flow.Due) int {
		return cmp.Or(
			cmp.Compare(n.computing[a].at, n.computing[b].at),
			cmp.Compare(a.Process, b.Process),
			cmp.Compare(a.Run, b.Run),
			cmp.Compare(a.Key, b.Key))
	})
	return list
}

// progress is what came of a run.
type progress uint8

const (
	filled progress = iota // it is due no more
	failed                 // it is tried again
	waits                  // it waits for a function of the host
)

// fill computes one run. Its session is empty: what it read is what it has seen.
func (n *Node) fill(now causal.Instant, d flow.Due) progress {
	process := &n.cfg.Program.Processes[d.Process]
	author := n.author(process.Home && n.isHome())
	if !n.engine.IsDue(d) {
		return filled
	}
	if n.barred[author] != replica.Valid {
		return failed // it may be let in again
	}
	env := n.env(now, author, n.cfg.User)
	env.Holds = func(space string) bool { return n.holds(n.space(space)) }
	o := n.engine.Compute(d, env)
	if len(o.Calls) > 0 {
		n.awaitCall(now, d, o.Calls[0])
		return waits
	}
	if o.Abort != "" {
		name := n.cfg.Program.Imports[process.Runs[d.Run].Import].Name
		n.event(EventProcess, n.self, name+" could not fill its cell: "+o.Abort+" "+o.Detail)
		return failed
	}
	n.commit(now, author, env.Stamp, nil, o)
	return filled
}

// tellUnlinked tells the operator which functions this node does without.
func (n *Node) tellUnlinked() {
	for _, name := range n.engine.Unlinked() {
		n.event(EventProcess, n.self, name+" is not linked here: what it fills comes from other nodes")
	}
}
