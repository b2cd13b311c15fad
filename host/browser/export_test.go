package browser

import "github.com/martinelli-lang/martinelli/node"

// Node is the node, for what no letter asks of it.
func (h *Host) Node() *node.Node { return h.node }

// AppendSchema is what a page is told that a program has.
var AppendSchema = appendSchema
