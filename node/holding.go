package node

import (
	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/plan"
)

// A node of a user keeps what all keep and what is his, and a node gives a peer
// nothing that the peer would not keep. Whose node a peer is it says with its
// first words; who may say so is decided when a node is admitted to the cluster.

// Holding returns which of the spaces that nodes exchange one of the role keeps
// for its user; nil: all. A trusted role keeps all, and so does every node of a
// program that is not private (plan.IsPrivate).
func Holding(cluster string, p *plan.Program, role, user string) func(causal.SpaceID) bool {
	if r, known := p.Role(role); !known || r.Trusted() || !p.IsPrivate() {
		return nil
	}
	mine := map[causal.SpaceID]bool{
		causal.SpaceOf(cluster, plan.SharedSpace): true,
		causal.SpaceOf(cluster, bulkSpace):        true,
	}
	for i := range p.Databases {
		if d := &p.Databases[i]; d.Placement == plan.ByValue && user != "" {
			mine[causal.SpaceOf(cluster, d.Dims[d.Space].Name+"="+user)] = true
		}
	}
	return func(space causal.SpaceID) bool { return mine[space] }
}

// keeps reports whether a space that nodes exchange is one that this node keeps.
func (n *Node) keeps(space causal.SpaceID) bool {
	return n.shared(space) && (n.holding == nil || n.holding(space))
}

// mayHave reports whether a peer keeps the space.
func (n *Node) mayHave(peer causal.ReplicaID, space causal.SpaceID) bool {
	holding := n.facing[peer]
	return holding == nil || holding(space)
}

// face notes whose node a new neighbour is.
func (n *Node) face(peer causal.ReplicaID, role, user string) {
	n.facing[peer] = Holding(n.cfg.Cluster, n.cfg.Program, role, user)
}

// commonTo returns which exchanged spaces every node keeps; nil: all.
func commonTo(cluster string, p *plan.Program) func(causal.SpaceID) bool {
	for _, r := range p.Roles {
		if !r.Trusted() {
			return Holding(cluster, p, r.Name, "")
		}
	}
	return nil
}

// isKeptByAll reports whether every node keeps an exchanged space.
func (n *Node) isKeptByAll(space causal.SpaceID) bool { return n.common == nil || n.common(space) }

// holdsNamed tells a run whether a space it writes is kept here; nil: all are.
func (n *Node) holdsNamed() func(space string) bool {
	if n.holding == nil {
		return nil
	}
	return func(space string) bool { return space == plan.HomeSpace || n.holding(n.space(space)) }
}

// relay passes parcels on to the neighbours who keep their spaces: together
// those of the spaces that all keep, the others one by one.
func (n *Node) relay(now causal.Instant, from causal.ReplicaID, parcels []causal.Vouched) {
	var common []causal.Vouched
	for i := range parcels {
		space := parcels[i].Chain().Space
		if n.isKeptByAll(space) {
			common = append(common, parcels[i])
			continue
		}
		for _, b := range n.batches(parcels[i : i+1]) {
			n.cast.RelayTo(now, from, b, func(peer causal.ReplicaID) bool { return n.mayHave(peer, space) })
		}
	}
	for _, b := range n.batches(common) {
		n.cast.Relay(now, from, b)
	}
}
