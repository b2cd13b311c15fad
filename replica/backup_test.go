package replica_test

import (
	"math/rand/v2"
	"testing"

	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/replica"
	"github.com/martinelli-lang/martinelli/replica/replicatest"
	"github.com/martinelli-lang/martinelli/value"
)

// TestHistory7RestoredBackupSpendsTwice: bob's store is copied, and both copies
// spend the rights it holds. Under another replica id, as restore gives it one,
// the second spending overdraws what that id holds, which is nothing. Under
// the old one the two are a fork, and once that is proven neither counts.
func TestHistory7RestoredBackupSpendsTwice(t *testing.T) {
	for _, id := range []int{bobsToo, bobs} {
		for seed := range uint64(50) {
			c := newCourt(rand.New(rand.NewPCG(seed, 7)))
			first, second := c.spendTwice(id)
			if got := c.stock(replica.Config{}, append(c.parts, second)); id != bobs && got >= 0 {
				t.Fatalf("without verdicts the stock is %d, and is not overdrawn", got)
			}
			want := int64(3) // of 7 the first spending took 4
			if id == bobs {
				want = 7
				proof := &causal.Proof{Key: replicatest.KeyOf(bobs), Before: causal.Head{Seq: first.Seq - 1}}
				c.commit(anns, replica.Write{Space: space(0), Entries: []causal.Entry{causal.EntryOf(proof)}})
			}
			parts := append(c.parts, second)
			c.rnd.Shuffle(len(parts), func(i, j int) { parts[i], parts[j] = parts[j], parts[i] })
			if got := c.stock(lawful(), parts); got != want {
				t.Fatalf("seed %d: the stock is %d, want %d", seed, got, want)
			}
		}
	}
}

// spendTwice has bob spend all he holds, and the copy of his store too, under
// an id. What the court keeps ends with the first spending.
func (c *court) spendTwice(id int) (first, second *causal.Part) {
	stock := func(label value.Value, total int64) replica.Write {
		v := value.Encode(value.Tuple(label, value.Int(total)))
		return replica.Write{Space: space(0), Entries: []causal.Entry{{Database: "stock", Key: "tea", Value: v}}}
	}
	c.commit(anns, stock(value.Bool(true), 7))
	c.commit(anns, stock(value.String(author(bobs).String()), 4))
	c.commit(bobs, replica.Write{Space: space(0), Entries: []causal.Entry{{Database: "d", Key: "a1", Value: "before the backup"}}})
	c.meetAll()
	copied := replica.New(lawful())
	copied.Receive(0, c.vouched(c.parts...))
	copied.Drain()

	c.commit(bobs, stock(value.Bool(false), 4))
	first = c.parts[len(c.parts)-1]
	g := copied.Commit(replica.Draft{Author: author(id), Stamp: c.stamp + 1, Writes: []replica.Write{stock(value.Bool(false), 4)}})
	return first, g.Parts[0]
}
