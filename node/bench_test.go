package node_test

import (
	"testing"

	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/node"
	"github.com/martinelli-lang/martinelli/store"
	"github.com/martinelli-lang/martinelli/value"
)

// BenchmarkRun is a whole handler run in memory: from the event to the
// recorded part and the answer, drained in groups of 64 as a host under load
// would.
func BenchmarkRun(b *testing.B) {
	disk := store.NewMem()
	n, err := node.Open(epoch, node.Config{
		Key: keyOf(1), Steward: replicaOf(1), HomeKey: keyOf(100), Role: "server", Cluster: "bench",
		Program: compiled(b, shop), Disk: disk, Seed: 1,
	})
	if err != nil {
		b.Fatal(err)
	}
	pages := make([][]value.Value, 500)
	for i := range pages {
		pages[i] = []value.Value{value.String(string(rune('a'+i%26)) + string(rune('a'+i/26)))}
	}
	now := causal.Instant(epoch)
	b.ReportAllocs()
	records := 0
	for i := 0; b.Loop(); i++ {
		now += causal.Microsecond
		n.Raise(now, node.Ticket(i), node.RaiseRequest{Event: "hit", Args: pages[i%len(pages)]})
		if i%64 == 63 {
			for _, op := range n.Drain(now).Records {
				records += len(op.Key) + len(op.Value)
			}
		}
	}
	b.ReportMetric(float64(records)/float64(b.N), "B/record")
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "runs/s")
}
