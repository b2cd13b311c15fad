package node

import (
	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/replica"
)

// Ten thousand clients that each wrote once leave ten thousand heads, and
// whoever writes or reads next would have to name them all. So the hub, where
// they meet, ends a batch that leaves more than mergeAbove heads in a space
// with a merge part: an empty part that names them, and is the one head from
// then on.
//
// One node merges: the home, or without it among the neighbours the lowest id.
// Where nodes disagree on who that is, as in a partition, each merges for its
// side, and two merge parts are two heads, far from the bound: no merge calls
// for another. A node that is not the hub merges too at mergeAlways heads, so
// that no part and no session there ever names more than about twice as many,
// however long the hub's merge part is under way.
const (
	mergeAbove  = 16
	mergeAlways = 1024
)

// isHub reports whether this node is the one that merges.
func (n *Node) isHub() bool {
	if n.isHome() {
		return true
	}
	for _, peer := range n.member.Neighbors() {
		if peer == n.home() || peer.Compare(n.self) < 0 {
			return false
		}
	}
	return true
}

// merge ends a batch: it merges the heads of the spaces that the groups have
// touched, where there are too many.
func (n *Node) merge(now causal.Instant, groups []replica.Group) {
	if n.barred[n.self] != replica.Valid {
		return
	}
	for _, g := range groups {
		for _, p := range g.Parts {
			width := n.replica.Width(p.Space)
			if width <= mergeAbove || !n.shared(p.Space) || width <= mergeAlways && !n.isHub() {
				continue
			}
			n.mint(now, replica.Draft{Author: n.self, Stamp: n.clock.Tick(now), Writes: []replica.Write{{Space: p.Space}}})
			n.counts.Merges++
		}
	}
}
