package node

import (
	"slices"

	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/replica"
)

// A client that lists the notes of twenty thousand rooms has seen twenty
// thousand spaces, and so has a home that all rooms have told something. A
// token reads at most 4,096 references, and a part has room for 16,384. So the
// bulk of what was seen is named by empty parts of a space that serves nothing
// else and that every node keeps: whoever has such a part has all it names,
// and it is named in place of that.

// bulkSpace is the name of that space.
const bulkSpace = reserved + "seen"

// bulk is this node's chain there.
func (n *Node) bulk() causal.Chain { return causal.Chain{Space: n.space(bulkSpace), Replica: n.self} }

// fold sees to it that of a session at most Limits.SeenMax parts are not
// named by the bulk. A node that may not write leaves it as it is.
func (n *Node) fold(now causal.Instant, s replica.Session) {
	if n.barred[n.self] != replica.Valid {
		return
	}
	news := n.replica.Unnamed(n.bulk(), s)
	if len(news) <= n.cfg.Limits.SeenMax {
		return
	}
	for chunk := range slices.Chunk(news, n.cfg.Limits.SeenMax) {
		n.mint(now, replica.Draft{Author: n.self, Stamp: n.clock.Tick(now), Seen: chunk, Writes: []replica.Write{{Space: n.bulk().Space}}})
		n.counts.Merges++
	}
}

// shorten folds what a draft would name, where that is too much.
func (n *Node) shorten(now causal.Instant, d *replica.Draft) {
	if len(d.Reads)+len(d.Writes) < 2 {
		return // then it names what its session has seen at most, and heads
	}
	touched := slices.Clone(d.Reads)
	for i := range d.Writes {
		touched = append(touched, d.Writes[i].Space)
	}
	if n.replica.Breadth(touched)+len(d.Seen) > n.cfg.Limits.SeenMax {
		n.fold(now, n.replica.Advance(d.Seen, touched...))
		d.Through = n.bulk()
	}
}
