package node

import (
	"github.com/martinelli-lang/martinelli/algebra/crdt"
	"github.com/martinelli-lang/martinelli/flow"
	"github.com/martinelli-lang/martinelli/replica"
)

// showOwn shows a commit of this node that no handler has made, with what it
// removed.
func (n *Node) showOwn(g replica.Group, removed []replica.Change) {
	var changes []flow.Change
	for _, p := range g.Parts {
		for i := range p.Entries {
			if e := &p.Entries[i]; !isReserved(e.Database) {
				changes = append(changes, flow.Change{Database: e.Database, Key: e.Key, Item: crdt.Item{ID: p.EntryID(i), Stamp: p.Stamp, Value: e.Value}})
			}
		}
	}
	for _, c := range removed {
		if isReserved(c.Database) {
			n.heedReserved(c)
			continue
		}
		changes = append(changes, flow.Change{Database: c.Database, Key: c.Key, Item: c.Item, Removed: true})
	}
	n.show(changes)
}
