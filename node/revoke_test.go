package node_test

import (
	"strings"
	"testing"

	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/node"
	"github.com/martinelli-lang/martinelli/replica"
	"github.com/martinelli-lang/martinelli/store"
)

// newDiary opens a server, nodes of ann and ben, and another server, all linked.
func newDiary(t *testing.T) (w *world, first, ann, ben, second *guest) {
	w = newClub(t, diary, "ann", "ben")
	w.addAs(w.guests[0].cfg.Program, 1, func(c *node.Config) { c.Key, c.Name, c.Seed = keyOf(50), "second", 50 })
	w.linkAll()
	w.run(3 * causal.Second)
	return w, w.guests[0], w.guests[1], w.guests[2], w.guests[3]
}

// revoke revokes at a node and returns the answer.
func (w *world) revoke(g *guest, who causal.ReplicaID, user string) node.Answer {
	w.t.Helper()
	g.Revoke(w.now, 999, who, [32]byte{}, user)
	w.run(causal.Millisecond)
	return g.answers[999]
}

// TestRevokedByAll: every node, a user's as well, hangs up on a replica that was
// revoked and refuses it, across restarts; what it wrote before stays.
func TestRevokedByAll(t *testing.T) {
	w, first, ann, ben, second := newDiary(t)
	w.tellIt(ann, "befriend", "ben")
	w.tellIt(ann, "note", "milk")
	if a := w.revoke(second, ann.id(), ""); a.Abort != node.AbortSteward {
		t.Errorf("another server revokes: %+v", a)
	}
	if a := w.revoke(first, causal.ReplicaID{1, 2, 3}, ""); a.Abort != node.AbortUnheard {
		t.Errorf("nobody is revoked: %+v", a)
	}
	if a := w.revoke(first, first.id(), ""); a.Abort != node.AbortSteward {
		t.Errorf("the steward revokes itself: %+v", a)
	}
	if a := w.revoke(first, ann.id(), ""); !a.Committed || a.Spaces < 2 {
		t.Errorf("%+v", a)
	}
	w.run(3 * causal.Second)
	if len(ann.links) > 0 {
		t.Errorf("%d are linked to ann's node still", len(ann.links))
	}
	for range 2 {
		for _, g := range []*guest{first, ben, second} {
			if _, err := g.LinkUp(w.now, ann.Hello(), ""); err == nil || !strings.Contains(err.Error(), "was revoked") {
				t.Errorf("%s links to ann's node: %v", g.cfg.Name, err)
			}
			w.have(g, "ann", "milk")
		}
		for _, g := range []*guest{first, ben, second} {
			w.cut(g)
			g.disk.Crash(0)
			w.open(g)
		}
		w.mustLink(first, ben)
		w.mustLink(first, second)
		w.run(3 * causal.Second)
	}
}

// TestRevokedUnderAnotherId: the key of a revoked replica may take another
// incarnation, and what it writes then is void as soon as the steward has it.
func TestRevokedUnderAnotherId(t *testing.T) {
	w, first, ann, ben, second := newDiary(t)
	w.tellIt(ann, "befriend", "ben")
	w.tellIt(ann, "note", "milk")
	w.revoke(first, ann.id(), "")
	w.run(3 * causal.Second)
	ann.disk = store.NewMem()
	ann.cfg.Key.Incarnation, ann.cfg.Disk = 2, ann.disk
	w.open(ann)
	w.mustLink(ann, second) // whose host has looked at no pass
	w.run(3 * causal.Second)
	w.raise(ann, note("poison"))
	w.run(10 * causal.Second)
	for _, g := range []*guest{first, ben, second} {
		w.have(g, "ann", "milk")
	}
}

// TestRevokedUser: of a user all nodes are hung up on and cut; one that is let in
// again finds that out, and goes on under another id.
func TestRevokedUser(t *testing.T) {
	w, first, ann, ben, second := newDiary(t)
	w.tellIt(ben, "note", "tea")
	if a := w.revoke(first, causal.ReplicaID{}, "zoe"); a.Abort != node.AbortUnheard {
		t.Errorf("a user who was never here: %+v", a)
	}
	if a := w.revoke(first, causal.ReplicaID{}, "ben"); !a.Committed {
		t.Errorf("%+v", a)
	}
	w.run(3 * causal.Second)
	if len(ben.links) > 0 || len(ann.links) == 0 {
		t.Errorf("%d are linked to ben's node, %d to ann's", len(ben.links), len(ann.links))
	}
	w.raise(ben, note("poison"))
	w.mustLink(ben, second)
	w.run(10 * causal.Second)
	for _, g := range []*guest{first, second} {
		w.have(g, "ben", "tea")
	}
	if s := ben.Status(); s.Barred == replica.Valid {
		t.Errorf("ben's node does not know: %+v", s)
	}
}
