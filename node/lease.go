package node

import (
	"errors"
	"maps"

	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/algebra/order"
	"github.com/martinelli-lang/martinelli/entity/escrow"
	"github.com/martinelli-lang/martinelli/flow"
	"github.com/martinelli-lang/martinelli/overlay/member"
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

// watchLeases retires, at the steward, who holds rights on a lease and has been
// away for as long as its role may be. A steward that was started since knows
// of no absence before, and nothing of one that others alone are linked with.
func (n *Node) watchLeases(now causal.Instant) {
	every := n.leaseEvery()
	if every == 0 || now < n.rights.looked+every {
		return
	}
	n.rights.looked = now
	away := map[causal.ReplicaID]causal.Instant{}
	for _, m := range n.member.Members() {
		role, ok := n.cfg.Program.Role(m.Role)
		if _, isOwn := n.synced[m.ID]; !ok || role.OfflineMax == 0 || m.State != member.Down || !isOwn {
			continue
		}
		since, isKnown := n.rights.away[m.ID]
		if !isKnown {
			since = now
		}
		if away[m.ID] = since; now-since < causal.Instant(role.OfflineMax)*causal.Millisecond || len(n.holdings(m.ID)) == 0 {
			continue
		}
		if n.retire(now, m.ID) > 0 {
			n.event(EventAccess, m.ID, "replica "+m.ID.Short()+" of "+m.Name+" held rights and was away for longer than its role may be: it is retired. It goes on under a new id when it comes back")
		}
	}
	n.rights.away = away
}

// leaseEvery returns how often leases are looked at here; 0: never.
func (n *Node) leaseEvery() (every causal.Instant) {
	if n.bounds == nil || n.self != n.cfg.Steward {
		return 0
	}
	for _, r := range n.cfg.Program.Roles {
		if t := causal.Instant(r.OfflineMax) * causal.Millisecond / 16; t > 0 && (every == 0 || t < every) {
			every = max(t, causal.Second)
		}
	}
	return every
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
