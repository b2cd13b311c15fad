package sim

import (
	"testing"

	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/node"
	"github.com/martinelli-lang/martinelli/overlay/member"
	"github.com/martinelli-lang/martinelli/sim/fault"
	"github.com/martinelli-lang/martinelli/value"
)

// TestRevokedUnderFaults: while messages are lost and nodes die somebody is
// revoked, at a moment when the others can't be reached. Within one sync of the
// heal no node is linked to him, and what he has written since is void everywhere.
func TestRevokedUnderFaults(t *testing.T) {
	p := compile(t, "friends.mrt", friendsProgram)
	longest := causal.Instant(0)
	for seed := range seeds(4) {
		c := newCircle(t, p, seed, node.Planted{})
		first, ann := c.machines[0], c.machines[2]
		c.note(ann, "milk")
		c.Advance(5 * causal.Second)
		cut := c.Apart([]*Machine{first})
		revoked := false
		ticket := first.ask(func(a node.Answer) { revoked = a.Committed })
		first.call(didRaise, []byte("revoke"), func(now causal.Instant) {
			first.node.(*gossip).participant.(*node.Node).Revoke(now, ticket, ann.id, [32]byte{}, "")
		})
		c.note(ann, "poison")
		c.Advance(2 * causal.Second)
		if !revoked {
			t.Fatalf("seed %d: ann is not revoked", seed)
		}
		c.Heal(cut)
		healed := c.Now()
		if !c.Until(10*causal.Second, func() bool { return !c.linkedTo(ann) }) {
			t.Errorf("seed %d: somebody is linked to ann's node still", seed)
		}
		longest = max(longest, c.Now()-healed)
		c.Strain(fault.Spec{Drop: 100_000, Duplicate: 100_000, Reorder: 100_000, Crashes: 3})
		c.Settle(2*quiet, settleLimit)
		if c.linkedTo(ann) {
			t.Errorf("seed %d: somebody is linked to ann's node again", seed)
		}
		for _, m := range c.machines {
			if all, ok := m.Read("notes", value.String("ann")); ok && m != ann && text(all) != `["milk"]` && (m.user() == "" || text(all) != "[]") {
				t.Errorf("seed %d: %s has %q of ann", seed, m.name, text(all))
			}
		}
	}
	t.Logf("the last node hung up %d ms after the heal", longest/causal.Millisecond)
}

func (c *circle) note(m *Machine, what string) {
	m.Raise(node.RaiseRequest{Event: "note", Args: []value.Value{value.String(what)}}, nil)
}

// linkedTo reports whether any node of another machine has a link to one.
func (c *circle) linkedTo(to *Machine) bool {
	for _, m := range c.machines {
		if m == to || !m.Up() {
			continue
		}
		for _, p := range m.node.Status().Members {
			if p.ID == to.id && (p.State == member.Alive || p.State == member.Suspect) {
				return true
			}
		}
	}
	return false
}
