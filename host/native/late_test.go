package native

import (
	"context"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/node"
	"github.com/martinelli-lang/martinelli/overlay/broadcast"
	"github.com/martinelli-lang/martinelli/replica"
	"github.com/martinelli-lang/martinelli/trust/trusttest"
	"github.com/martinelli-lang/martinelli/wire"
)

// TestLateOverLinks: an author dies between sending the two parts of a commit.
// Over real links all nodes show the one they have, say so in the log, the
// status and the figures, and still say so after a restart.
func TestLateOverLinks(t *testing.T) {
	a, b := pair(t)
	c := join(t, a, Config{Name: "cora", Listen: "127.0.0.1:0"})
	b.log.await(t, "peer=cora")
	half := halfCommit()
	for _, to := range []*testHost{a, b} {
		c.awaitLink(to)
	}
	c.links.send(&node.Message{To: a.Self(), Channel: wire.Commits, Kind: node.KindBroadcast,
		Body: broadcast.Push{No: 1 << 30, Batch: broadcast.Batch{Parts: 1, Body: replica.AppendFrame(nil, []causal.Parcel{half})}}.AppendTo(nil)})
	a.await("the part, waiting", func() bool { st := a.status(); return st.Pending == 1 && st.Counts.Late == 0 })
	for _, h := range []*testHost{a, b} {
		h.log.await(t, "shown without 1 parts of other spaces")
		if st := h.status(); st.Counts.Late != 1 || st.Missing != 1 || st.Pending != 0 {
			t.Errorf("%s: late %d, missing %d, pending %d", st.Name, st.Counts.Late, st.Missing, st.Pending)
		}
	}
	if got := a.figures(); !strings.Contains(got, "martinelli_late_total 1\n") || !strings.Contains(got, "martinelli_parts_missing 1\n") {
		t.Errorf("the figures are\n%s", got)
	}
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	if st := open(t, b.cfg).status(); st.Missing != 1 {
		t.Errorf("after a restart %d pieces are missing", st.Missing)
	}
}

// halfCommit is one part of a commit whose other part, in another space, nobody has.
func halfCommit() causal.Parcel {
	author := trusttest.NewAuthor("a dead one", causal.SpaceOf("anywhere", "shared"), 0)
	p := &causal.Part{
		Space: author.Space, Replica: author.Replica, Seq: 1, Stamp: causal.StampAt(1_700_000_000 * causal.Second),
		Siblings: []causal.Ref{causal.Chain{Space: causal.SpaceOf("anywhere", "room=gone"), Replica: author.Replica}.At(1)},
		Entries:  []causal.Entry{{Database: "tags", Value: "half"}},
	}
	var hasher causal.Hasher
	end := causal.Head{Seq: 1, Hash: hasher.Chain(causal.Hash{}, p)}
	return causal.Parcel{Key: &author.Key, Parts: []*causal.Part{p}, Seal: causal.Seal{Seq: 1, Signature: author.Sign(author.Chain, end)}}
}

func (h *testHost) status() Status {
	h.t.Helper()
	st, err := h.Status(context.Background())
	if err != nil {
		h.t.Fatal(err)
	}
	return st
}

// figures returns what Prometheus would read.
func (h *testHost) figures() string {
	h.t.Helper()
	r, err := http.Get("http://" + h.HTTPAddr() + "/metrics")
	if err != nil {
		h.t.Fatal(err)
	}
	defer r.Body.Close()
	text, err := io.ReadAll(r.Body)
	if err != nil {
		h.t.Fatal(err)
	}
	return string(text)
}
