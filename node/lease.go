package node

import (
	"errors"
	"maps"

	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/algebra/order"
	"github.com/martinelli-lang/martinelli/entity/escrow"
	"github.com/martinelli-lang/martinelli/flow"
	"github.com/martinelli-lang/martinelli/wire"
)

// A node of a role that may be away holds its rights on a lease: for as long as
// `:offline` says, less what clocks may differ by, since it was last in touch
// with a node that is nearly always there. Then it spends none, until they have
// met again. So the steward can retire one that stays away for longer, and take
// its rights back: nobody else will spend them, and what a liar or a wrong clock
// spends all the same is void, as it is behind the end of its chain.

// clockBound is what clocks may differ by.
const clockBound = 60 * causal.Second

// metaMet is where the store says when this node was last in touch.
const metaMet = "met"

// lease returns for how long rights are leased to this node; 0: for ever.
func (n *Node) lease() causal.Instant {
	if n.bounds == nil {
		return 0
	}
	role, ok := n.cfg.Program.Role(n.cfg.Role)
	if !ok || role.OfflineMax == 0 {
		return 0
	}
	away := causal.Instant(role.OfflineMax) * causal.Millisecond
	return max(away-clockBound, away/2)
}

// isSteady reports whether the nodes of a role are nearly always there.
func (n *Node) isSteady(name string) bool {
	role, ok := n.cfg.Program.Role(name)
	return ok && role.Trusted() && role.OfflineMax == 0
}

// loadLease reads when this node was last in touch. One that never was holds
// nothing from before it was opened.
func (n *Node) loadLease(now causal.Instant) error {
	n.rights.met = now
	stored, ok, err := n.store.Meta(metaMet)
	if err != nil || !ok {
		return err
	}
	r := wire.NewReader(stored)
	n.rights.met = causal.Instant(r.Uint64())
	n.rights.kept = n.rights.met
	if err := r.Done(); err != nil {
		return errors.New("node: the store's note of when this node was last in touch is malformed: " + err.Error())
	}
	return nil
}

// touch notes that all a steady neighbour had at an instant is here, and what
// this node had is there.
func (n *Node) touch(peer causal.ReplicaID, at causal.Instant) {
	if n.lease() == 0 || at <= n.rights.met || !n.isSteady(n.facing[peer].role) {
		return
	}
	n.rights.met = at
	if at-n.rights.kept >= n.lease()/64 {
		n.rights.kept = at
		n.store.PutMeta(metaMet, wire.AppendUint64(nil, uint64(at)))
	}
}

// hasLapsedRights looks whether the lease of this node's rights has ended.
func (n *Node) hasLapsedRights(now causal.Instant) bool {
	lease := n.lease()
	n.rights.isLapsed = lease > 0 && now-n.rights.met > lease && !n.cfg.Planted.SpendsLapsed
	return n.rights.isLapsed
}

// reclaim takes back, at the steward, what retired replicas hold of a cell.
func (n *Node) reclaim(now causal.Instant, c escrow.Cell) {
	e, ok := n.engine.Escrow(c.Database, c.Key)
	if !ok || n.self != n.cfg.Steward {
		return
	}
	held := map[causal.ReplicaID]int64{}
	for r, rights := range e.Holders {
		if rights > 0 && n.replica.IsRetired(causal.Chain{Space: c.Space, Replica: r}) {
			held[r] = rights
		}
	}
	for _, r := range order.Sorted(maps.Keys(held), causal.ReplicaID.Compare) {
		if n.moveRights(now, n.self, c, flow.Move{Verb: "take", With: r, N: held[r]}) {
			n.event(EventAccess, r, count(held[r], "right")+" of "+n.cellText(c)+" came back from the retired replica "+r.Short())
		}
	}
}

// holdings returns the spaces in which a replica holds rights, and has the cells
// looked at.
func (n *Node) holdings(who causal.ReplicaID) map[causal.SpaceID]bool {
	spaces := map[causal.SpaceID]bool{}
	for at := range n.engine.Escrows {
		if at.Rights.Rights(who) <= 0 {
			continue
		}
		c := n.cellAt(&at)
		spaces[c.Space] = true
		n.stirRights(c.Space, c.Database, c.Key)
	}
	return spaces
}
