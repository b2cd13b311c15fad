package store_test

import (
	"testing"

	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/store/storetest"
	"github.com/martinelli-lang/martinelli/value"
)

// onDisk says of which records a replica's identity is made: the dictionary of
// chains, keys and seals. The log, the entries and the heads are of commits.
var identityOnDisk = map[byte]bool{'c': true, 'k': true, 'q': true}

// TestMetadata measures what a commit takes beyond its delta where every
// writer writes once, which is the worst case: 3 servers and 10,000 clients.
// The aims are 40 bytes a commit, and 160 for who a replica is. They are kept
// on disk, and on the wire where a server passes on many parts at a time. Run
// it with -v for the table of docs/figures.md.
func TestMetadata(t *testing.T) {
	for _, c := range []struct {
		name            string
		together, batch int
		wireMax         float64 // a hop, beyond the delta
		diskMax         float64
	}{
		{"one after the other, passed on one by one", 1, 1, 80, 40.5},
		{"one after the other, passed on by the hundred", 1, 100, 40, 40},
		{"four at a time see the same, by the hundred", 4, 100, 50, 45},
		{"sixteen at a time see the same, by the hundred", 16, 100, 90, 85},
	} {
		crowd := storetest.Crowd{Servers: 3, Clients: 10_000, Together: c.together, Batch: c.batch, Entry: increment}
		b, err := crowd.Run()
		if err != nil {
			t.Fatal(err)
		}
		n := float64(crowd.Clients)
		identity, rest := 0, -2*b.Delta // it stands in the log and in the state
		for kind, bytes := range b.Disk {
			if identityOnDisk[kind] {
				identity += bytes
			} else {
				rest += bytes
			}
		}
		wire, disk := (b.Up.Metadata()+2*b.Across.Metadata())/3, float64(rest)/n
		t.Logf("%s: %.2f references; wire: up %.1f, across %.1f, on average %.1f, and identity up %.1f, across %.1f; disk: %.1f, and identity %.1f; the delta %.1f",
			c.name, float64(b.Refs)/n, b.Up.Metadata(), b.Across.Metadata(), wire, b.Up.Identities(), b.Across.Identities(), disk, float64(identity)/n, float64(b.Delta)/n)
		if wire > c.wireMax || disk > c.diskMax || float64(identity)/n > 160 {
			t.Errorf("%s: over %.0f bytes on the wire, %.1f on disk or 160 of identity", c.name, c.wireMax, c.diskMax)
		}
	}
}

func increment(i int) causal.Entry {
	return causal.Entry{Database: "counters", Key: value.Encode(value.String("a17")), Value: value.Encode(value.Int(1))}
}
