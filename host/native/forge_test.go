package native

import (
	"context"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/node"
	"github.com/martinelli-lang/martinelli/overlay/broadcast"
	"github.com/martinelli-lang/martinelli/plan"
	"github.com/martinelli-lang/martinelli/replica"
	"github.com/martinelli-lang/martinelli/store"
	"github.com/martinelli-lang/martinelli/trust/trusttest"
	"github.com/martinelli-lang/martinelli/wire"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// TestForgeriesOverLinks throws lies at real nodes over mutual TLS, from an
// admitted member: what its author did not write is not applied, and what the
// honest write arrives. node.TestForgeries throws thirty times as many.
func TestForgeriesOverLinks(t *testing.T) {
	a, b := pair(t)
	c := join(t, a, Config{Name: "mallory", Listen: "127.0.0.1:0"})
	b.log.await(t, "peer=mallory")
	a.shown("a1")
	b.awaitCount("a1", 1)

	const known, parts = 10, 400
	space := causal.SpaceOf("anywhere", "tags")
	forger := &trusttest.Forger{
		Rnd: rand.New(rand.NewPCG(1, 1)), Known: map[causal.Chain]uint64{},
		Authors: []*trusttest.Author{trusttest.NewAuthor("erin", space, parts), trusttest.NewAuthor("finn", space, parts)},
		Others: []causal.Key{
			{Public: [32]byte(a.identity.public()), Incarnation: 1}, {Public: [32]byte(b.identity.public()), Incarnation: 1},
		},
		Spaces: []causal.SpaceID{causal.SpaceOf("anywhere", "nowhere"), causal.SpaceOf("anywhere", plan.HomeSpace)},
		Secret: trusttest.NewAuthor("mallory", space, 0),
	}
	push := uint64(1 << 30)
	send := func(frame []byte, parts int) {
		push++
		for _, to := range []*testHost{a, b} {
			c.awaitLink(to)
			c.links.send(&node.Message{To: to.Self(), Channel: wire.Commits, Kind: node.KindBroadcast,
				Body: broadcast.Push{No: push, Batch: broadcast.Batch{Parts: min(parts, len(frame)), Body: frame}}.AppendTo(nil)})
		}
	}
	for _, author := range forger.Authors {
		forger.Known[author.Chain] = known
		send(replica.AppendFrame(nil, []causal.Parcel{author.Parcel(1, known)}), known)
	}
	for thrown := 0; thrown < 3000; {
		lie := forger.Next()
		if _, err := replica.DecodeFrame(lie.Frame); err != nil && thrown%20 > 0 {
			continue // it costs the link, which must come up again
		}
		thrown += lie.Parts
		send(lie.Frame, lie.Parts)
	}
	a.shown("a1")
	b.shown("a1")
	for _, h := range []*testHost{a, b} {
		h.awaitCount("a1", 3)
		h.await("a thousand forged parts", func() bool {
			st, err := h.Status(context.Background())
			return err == nil && st.Counts.Received >= 1000 && st.Counts.Doubted >= 10
		})
		if err := h.Close(); err != nil {
			t.Fatal(err)
		}
		checkLog(t, h, forger, map[causal.ReplicaID]bool{a.Self(): true, b.Self(): true})
	}
}

// checkLog reads the store of a node that was closed: of others than the
// honest it has what the authors wrote, and nothing else.
func checkLog(t *testing.T, h *testHost, forger *trusttest.Forger, honest map[causal.ReplicaID]bool) {
	t.Helper()
	d, err := openDisk(h.cfg.Dir, diskOptions{fs: vfs.Default, log: silent, written: true})
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	s, err := store.Open(d)
	if err != nil {
		t.Fatal(err)
	}
	theirs := 0
	for c, seq := range lastSeqs(t, s) {
		for ; seq > 0 && !honest[c.Replica]; seq-- {
			p, err := s.Part(c.At(seq))
			if err != nil || p == nil || !forger.IsTrue(p) {
				t.Errorf("a forged part is stored: %+v, %v", p, err)
			}
			theirs++
		}
	}
	if theirs < 20 {
		t.Errorf("%d parts of the authors are stored", theirs)
	}
}

// awaitLink returns when a link of h's is up.
func (h *testHost) awaitLink(to *testHost) {
	h.t.Helper()
	h.await("a link", func() bool { return h.links.get(to.Self()) != nil })
}

// await returns when something is so.
func (h *testHost) await(what string, isSo func() bool) {
	h.t.Helper()
	deadline := time.NewTimer(20 * time.Second)
	defer deadline.Stop()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for !isSo() {
		select {
		case <-tick.C:
		case <-deadline.C:
			h.t.Fatalf("%s: not within 20 s; the log is\n%s", what, h.log)
		}
	}
}
