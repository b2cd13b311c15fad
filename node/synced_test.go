package node

import (
	"testing"

	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/overlay/repair"
)

// TestSyncedIsBounded: of more peers than the bound those compared with
// longest ago are forgotten.
func TestSyncedIsBounded(t *testing.T) {
	n := &Node{synced: map[causal.ReplicaID]causal.Instant{}}
	peer := func(i int) causal.ReplicaID { return causal.ReplicaID{byte(i >> 8), byte(i)} }
	for i := range syncedMax + 10 {
		n.compared(repair.Ended{Peer: peer(i), Begun: causal.Instant(i + 1), Whole: true})
		n.compared(repair.Ended{Peer: peer(i), Begun: causal.Instant(i + 100)})
	}
	for i := range syncedMax + 10 {
		if at, isKnown := n.synced[peer(i)]; isKnown != (i >= 10) || isKnown && at != causal.Instant(i+1) {
			t.Fatalf("of peer %d it is known %v, since %d", i, isKnown, at)
		}
	}
}
