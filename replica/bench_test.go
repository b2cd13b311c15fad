package replica_test

import (
	"math/rand/v2"
	"strconv"
	"testing"

	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/replica"
	"github.com/martinelli-lang/martinelli/replica/replicatest"
)

// counting raises impressions: each commit adds an author's new total of one
// of 500 counters and removes the one before, as a gcounter does.
type counting struct {
	*replica.Replica
	author causal.ReplicaID
	last   [500]causal.EntryID
	totals [500]int
}

func newCounting(author causal.ReplicaID) *counting {
	return &counting{Replica: replica.New(replica.Config{}), author: author}
}

func (c *counting) raise(ad int, stamp causal.Stamp) *causal.Part {
	return c.raiseGroup(ad, stamp).Parts[0]
}

func (c *counting) raiseGroup(ad int, stamp causal.Stamp) replica.Group {
	c.totals[ad]++
	w := replica.Write{Space: shared, Entries: []causal.Entry{{Database: "counters", Key: keys[ad], Value: values[c.totals[ad]%len(values)]}}}
	if c.totals[ad] > 1 {
		w.Removed = []causal.EntryID{c.last[ad]}
	}
	g := c.Commit(replica.Draft{Author: c.author, Stamp: stamp, Writes: []replica.Write{w}})
	c.last[ad] = g.Parts[0].EntryID(0)
	return g
}

var shared = space(0)

var keys, values = func() (k, v []string) {
	for i := range 500 {
		k = append(k, "\x02ad"+strconv.Itoa(i)+"\x00")
		v = append(v, "\x16"+string([]byte{byte(i >> 8), byte(i)}))
	}
	return k, v
}()

func impressions(n int) []*causal.Part {
	c := newCounting(author(1))
	rnd := rand.New(rand.NewPCG(1, 1))
	parts := make([]*causal.Part, n)
	stamp := causal.StampAt(1_795_000_000 * causal.Second)
	for i := range parts {
		if i%100 == 0 {
			stamp += 1 << 16
		}
		stamp++
		parts[i] = c.raise(rnd.IntN(500), stamp)
	}
	return parts
}

func BenchmarkCommit(b *testing.B) {
	c := newCounting(author(1))
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		c.raise(i%500, causal.Stamp(i))
		if i%16384 == 0 {
			c.Flush()
		}
	}
}

// BenchmarkHash is the chain hash of a part with one entry and one removal.
func BenchmarkHash(b *testing.B) {
	p := impressions(600)[599]
	var h causal.Hasher
	b.ReportAllocs()
	for b.Loop() {
		h.Chain(causal.Hash{}, p)
	}
}

func BenchmarkReceive(b *testing.B) {
	parts := impressions(10_000)
	for _, c := range []struct {
		name  string
		parts []*causal.Part
	}{{"inorder", parts}, {"reversed", reversed(parts[:1000])}} {
		b.Run(c.name, func(b *testing.B) {
			parcels := vouch(c.parts...)
			b.ReportAllocs()
			for b.Loop() {
				r := replica.New(replica.Config{})
				r.Receive(0, parcels)
				if n := len(r.Drain().Groups); n != len(c.parts) {
					b.Fatal(n)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*len(c.parts)), "ns/part")
		})
	}
}

func reversed(parts []*causal.Part) []*causal.Part {
	var back []*causal.Part
	for i := len(parts) - 1; i >= 0; i-- {
		back = append(back, parts[i])
	}
	return back
}

func BenchmarkFrame(b *testing.B) {
	parts := impressions(1600)[600:]
	parcels := replicatest.Stretches(parts...)
	frame := replica.AppendFrame(nil, parcels)
	payload := 0
	for _, p := range parts {
		payload += len(p.Entries[0].Key) + len(p.Entries[0].Value)
	}
	b.Run("encode", func(b *testing.B) {
		for b.Loop() {
			frame = replica.AppendFrame(frame[:0], parcels)
		}
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*len(parts)), "ns/part")
		b.ReportMetric(float64(len(frame))/float64(len(parts)), "B/part")
		b.ReportMetric(float64(len(frame)-payload)/float64(len(parts)), "overhead-B/part")
	})
	b.Run("decode", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := replica.DecodeFrame(frame); err != nil {
				b.Fatal(err)
			}
		}
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*len(parts)), "ns/part")
	})
}
