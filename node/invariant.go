package node

import (
	"cmp"

	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/algebra/order"
	"github.com/martinelli-lang/martinelli/flow"
	"github.com/martinelli-lang/martinelli/replica"
)

// A violated invariant is repaired by whoever is first. So each node waits a
// random while, looks again, and does nothing where another's repair has come;
// the repair is idempotent, so two at once do no harm.

// standing names a violation.
type standing struct {
	invariant int
	key       string
}

// duty is a repair that is due.
type duty struct {
	violation flow.Violation
	at        causal.Instant
	tries     int
}

// judgeViolation puts a violation that began on the list, and takes one that ended off it.
func (n *Node) judgeViolation(now causal.Instant, v flow.Violation) {
	name := standing{v.Invariant, v.Key}
	if !v.Standing {
		delete(n.standing, name)
		return
	}
	n.standing[name] = &duty{violation: v, at: now + n.someOf(n.cfg.Limits.RepairDelay)}
}

// someOf returns a random time up to d.
func (n *Node) someOf(d causal.Instant) causal.Instant {
	return causal.Instant(n.die.Int64N(int64(d) + 1))
}

// fulfil runs the repairs that are due. One that does not help is tried again,
// ever more seldom.
func (n *Node) fulfil(now causal.Instant) {
	for _, name := range n.due(now) {
		d, ok := n.standing[name]
		if !ok {
			continue
		}
		if !n.engine.Standing(d.violation) {
			delete(n.standing, name)
			continue
		}
		d.tries++
		d.at = now + n.cfg.Limits.RepairDelay<<min(d.tries, 10)
		n.mend(now, d.violation)
	}
}

// due returns the names of the repairs that are due, the earliest first.
func (n *Node) due(now causal.Instant) []standing {
	var names []standing
	for name, d := range n.standing {
		if d.at <= now {
			names = append(names, name)
		}
	}
	order.Sort(names, func(a, b standing) int {
		return cmp.Or(
			cmp.Compare(n.standing[a].at, n.standing[b].at),
			cmp.Compare(a.invariant, b.invariant),
			cmp.Compare(a.key, b.key))
	})
	return names
}

// mend runs one repair as a commit of its own. Its session is empty: what it
// read is what it has seen.
func (n *Node) mend(now causal.Instant, v flow.Violation) {
	if n.barred[n.self] != replica.Valid {
		return // another's is needed
	}
	env := n.env(now, n.self, n.cfg.User)
	o := n.engine.Repair(v, env)
	name := n.cfg.Program.Invariants[v.Invariant].Name
	if o.Abort != "" {
		n.event(EventInvariant, n.self, "the repair of "+name+" aborted: "+o.Abort+" "+o.Detail)
		return
	}
	if len(n.commit(now, n.self, env.Stamp, nil, o).Parts) > 0 {
		n.counts.Repairs++
		n.event(EventInvariant, n.self, name+" was violated and is repaired")
	}
	n.heed(now, n.engine.Drain())
}
