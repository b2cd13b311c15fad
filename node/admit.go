package node

import (
	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/replica"
)

// admit, when the node first wakes, puts this node's user into the directory of users, durably and once:
// so he is there for everybody before he first raises an event.
func (n *Node) admit(now causal.Instant) {
	if !n.admits {
		return
	}
	n.admits = false
	if n.barred[n.self] != replica.Valid {
		return
	}
	env := n.env(now, n.self, n.cfg.User)
	n.commit(now, n.self, env.Stamp, nil, n.engine.Admit(env))
}
