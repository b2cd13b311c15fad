package native

import (
	"context"
	"sync"
	"testing"

	"github.com/martinelli-lang/martinelli/lang"
	"github.com/martinelli-lang/martinelli/node"
	"github.com/martinelli-lang/martinelli/value"
)

// The benchmarks of this room stand beside what they are compared with, in
// one run: a shared machine varies by two between runs, a ratio by much less.
// docs/figures.md has the table and the commands.

func benchHost(b *testing.B, cfg Config) *Host {
	b.Helper()
	cfg.Program, _ = lang.Compile([]lang.Source{{Name: "test.mrt", Text: impressions}}, nil)
	h, err := Open(context.Background(), cfg)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { h.Close() })
	return h
}

// benchPair opens two nodes, each with a store of its own, and returns when
// they are linked and have exchanged a commit.
func benchPair(b *testing.B) (a, z *Host) {
	b.Helper()
	a = benchHost(b, Config{Name: "ada", Dir: b.TempDir(), Listen: "127.0.0.1:0", HTTP: "127.0.0.1:0"})
	token, err := a.NewToken(0)
	if err != nil {
		b.Fatal(err)
	}
	z = benchHost(b, Config{Name: "zoe", Dir: b.TempDir(), Listen: "127.0.0.1:0", Join: a.LinkAddr(), Token: token})
	awaitAll(b, a, z)
	return a, z
}

// awaitAll returns when z shows everything that a has committed.
func awaitAll(b *testing.B, a, z *Host) {
	b.Helper()
	last, err := a.Raise(context.Background(), shown("last"))
	for err == nil {
		var seen node.Answer
		seen, err = z.Read(context.Background(), node.ReadRequest{Name: "counters", Session: last.Token})
		if err == nil && seen.Abort == "" {
			return
		}
		if err == nil && seen.Abort != node.AbortBehind {
			b.Fatal(seen.Abort, seen.Detail)
		}
	}
	b.Fatal(err)
}

func shown(ad string) node.RaiseRequest {
	return node.RaiseRequest{Event: "shown", Args: []value.Value{value.String(ad)}}
}

// each runs f b.N times, by so many at once, and reports how many ran in a second.
func each(b *testing.B, many int, f func(one int) error) {
	b.ResetTimer()
	var all sync.WaitGroup
	for one := range many {
		all.Go(func() {
			for i := one; i < b.N; i += many {
				if err := f(one); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	all.Wait()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "runs/s")
}
