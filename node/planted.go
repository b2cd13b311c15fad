package node

import (
	"github.com/martinelli-lang/martinelli/replica"
	"github.com/martinelli-lang/martinelli/store"
)

// Planted are mistakes on purpose, for tests that show that the judges of a
// history see a rule that is missing. All are false but in such tests; no flag
// of a program reaches them.
type Planted struct {
	Replica      replica.Planted
	SplitsWrites bool // what belongs into one store write goes into two
	LosesHeads   bool // a restart does not read which parts nobody has seen
}

// holdBack keeps the last part of a store write back until the next one.
func (n *Node) holdBack(ops []store.Op) []store.Op {
	ops = append(n.heldBack, ops...)
	n.heldBack = nil
	for i := len(ops) - 1; i > 0; i-- {
		if ops[i].Key[0] == 'p' {
			n.heldBack = append(n.heldBack, ops[i])
			return append(ops[:i:i], ops[i+1:]...)
		}
	}
	return ops
}
