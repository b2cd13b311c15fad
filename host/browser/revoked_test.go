package browser_test

import (
	"testing"

	"github.com/martinelli-lang/martinelli/algebra/causal"
)

// TestRevokedByPages: pages that know of a revocation hang up on whom it means
// and let him in under no id, with no server there and after a restart too.
func TestRevokedByPages(t *testing.T) {
	w := newWorld(t, "chat")
	w.rtc = true
	ann, ben := w.add("ann", "client"), w.add("ben", "client")
	w.settle(10 * causal.Second)
	ben.raise(1, "say", `{"room":"kitchen","text":"hello"}`)
	w.settle(5 * causal.Second)
	if len(ann.linked(ben)) != 1 {
		t.Fatalf("ann and ben have %d links", len(ann.linked(ben)))
	}
	w.steward.host.Node().Revoke(w.now, 999, ben.id(), [32]byte{}, "")
	w.steward.deliver()
	w.settle(5 * causal.Second)
	if n, m := len(w.steward.linked(ben)), len(ann.linked(ben)); n+m != 0 {
		t.Errorf("after it was revoked ben's page has %d links to the server and %d to ann's", n, m)
	}
	w.steward.cut = true
	w.steward.die()
	ann.die()
	ann.start()
	ben.die()
	ben.inc++ // the same key
	ben.peers = []string{"ann"}
	ben.start()
	w.settle(20 * causal.Second)
	if n := len(ann.linked(ben)); n != 0 {
		t.Errorf("under another id ben's page has %d links to ann's", n)
	}
	if got := ann.read("speakers"); got != `{"kitchen":["ben"]}` {
		t.Errorf("what was said before is gone: %s", got)
	}
}
