package native

import (
	"context"
	"crypto/ed25519"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/lang"
	"github.com/martinelli-lang/martinelli/node"
	"github.com/martinelli-lang/martinelli/overlay/broadcast"
	"github.com/martinelli-lang/martinelli/plan"
	"github.com/martinelli-lang/martinelli/replica"
	"github.com/martinelli-lang/martinelli/store"
	"github.com/martinelli-lang/martinelli/trust"
	"github.com/martinelli-lang/martinelli/trust/trusttest"
)

// BenchmarkMerge measures how fast a host takes what a peer sends, from the
// frame to the durable record, beside the same host with a notary that finds
// every seal good without looking: "of-free" is what seals leave of that, by
// the clock and by the processor's time. One author seals so many parts at a
// time; or many authors wrote so many parts, once, under one seal each. There is
// no network: with one the seals' share is smaller.
func BenchmarkMerge(b *testing.B) {
	const parts = 16384
	for _, size := range []int{1, 16, 64, 512} {
		b.Run(fmt.Sprintf("author/sealed=%d", size), func(b *testing.B) {
			a := trusttest.AuthorOf("ada", writtenBy(b, "ada", parts))
			var parcels []causal.Parcel
			for first := uint64(1); first <= parts; first += uint64(size) {
				parcels = append(parcels, a.Parcel(first, first+uint64(size)-1))
			}
			benchMerge(b, parcels, parts)
		})
	}
	for _, size := range []int{1, 16, 64, 512} {
		b.Run(fmt.Sprintf("authors/sealed=%d", size), func(b *testing.B) {
			const parts = parts / 4 // it must end before the peer, who answers no ping, is given up
			var parcels []causal.Parcel
			for i := range parts / size {
				name := fmt.Sprint("writer ", i)
				parcels = append(parcels, trusttest.AuthorOf(name, writtenBy(b, name, size)).Parcel(1, uint64(size)))
			}
			benchMerge(b, parcels, parts)
		})
	}
}

// BenchmarkSeal measures how fast 64 clients raise at a host in memory, beside
// one whose signatures cost nothing.
func BenchmarkSeal(b *testing.B) {
	const raises = 20_000
	var seals atomic.Int64
	compareNotaries(b, raises, func(isFree bool) cost {
		h := benchHost(b, Config{Name: "zoe"})
		defer h.Close()
		sign := h.owner.notary.make
		h.owner.notary.make = func(list []trust.SignRequest) []trust.Signed {
			if isFree {
				return allSigned(list)
			}
			seals.Add(int64(len(list)))
			return sign(list)
		}
		return timed(func() {
			var all sync.WaitGroup
			for client := range 64 {
				all.Go(func() {
					for i := client; i < raises; i += 64 {
						if _, err := h.Raise(context.Background(), shown(fmt.Sprint("ad", i%500))); err != nil {
							b.Error(err)
						}
					}
				})
			}
			all.Wait()
		})
	})
	b.ReportMetric(float64(b.N*raises)/float64(seals.Load()), "parts/seal")
}

func benchMerge(b *testing.B, parcels []causal.Parcel, parts int) {
	bodies := make([][]byte, len(parcels))
	for i, p := range parcels {
		frame := replica.AppendFrame(nil, []causal.Parcel{p})
		bodies[i] = broadcast.Push{No: uint64(i + 1), Batch: broadcast.Batch{Parts: len(p.Parts), Body: frame}}.AppendTo(nil)
	}
	compareNotaries(b, parts, func(isFree bool) cost { return merge(b, bodies, parts, isFree) })
}

// compareNotaries runs something of so many parts with seals that cost what they
// cost, and with free ones, and reports both.
func compareNotaries(b *testing.B, parts int, run func(isFree bool) cost) {
	var sealed, free cost
	for i := 0; b.Loop(); i++ {
		for turn := range 2 { // who begins takes turns too
			if isFree := (i+turn)%2 == 1; isFree {
				free.add(run(isFree))
			} else {
				sealed.add(run(isFree))
			}
		}
	}
	b.ReportMetric(float64(b.N*parts)/sealed.wall.Seconds(), "parts/s")
	b.ReportMetric(free.wall.Seconds()/sealed.wall.Seconds(), "of-free")
	b.ReportMetric(free.cpu.Seconds()/sealed.cpu.Seconds(), "of-free-cpu")
	b.ReportMetric(sealed.cpu.Seconds()*1e6/float64(b.N*parts), "cpu-us/part")
	b.ReportMetric(0, "ns/op")
}

// cost is what something took. Where others are at work on the machine too,
// the processor's time says more than the clock's.
type cost struct{ wall, cpu time.Duration }

func (c *cost) add(d cost) { c.wall, c.cpu = c.wall+d.wall, c.cpu+d.cpu }

// timed returns what f takes, of all processors.
func timed(f func()) cost {
	var before, after syscall.Rusage
	runtime.GC()
	begun := time.Now()
	syscall.Getrusage(syscall.RUSAGE_SELF, &before)
	f()
	syscall.Getrusage(syscall.RUSAGE_SELF, &after)
	return cost{time.Since(begun), time.Duration(after.Utime.Nano() + after.Stime.Nano() - before.Utime.Nano() - before.Stime.Nano())}
}

// merge has a new host take the frames, and returns how long that takes until
// the last is durable.
func merge(b *testing.B, bodies [][]byte, parts int, isFree bool) cost {
	h := benchHost(b, Config{Name: "zoe", Dir: b.TempDir()})
	defer h.Close()
	if isFree {
		h.owner.notary.check = allGood
	}
	peer := memNode(b, "ada", h.identity.cluster(), nil)
	h.ask(context.Background(), func(now causal.Instant) {
		if _, err := h.owner.node.LinkUp(now, peer.Hello(), ""); err != nil {
			b.Error(err)
		}
	})
	return timed(func() { takeAll(b, h, peer.Status().Self.ID, bodies, parts) })
}

// takeAll returns when the last part is durable.
func takeAll(b *testing.B, h *Host, peer causal.ReplicaID, bodies [][]byte, parts int) {
	for _, body := range bodies {
		h.submit(context.Background(), h.owner.ordinary, func(now causal.Instant) {
			if err := h.owner.node.Receive(now, peer, node.KindBroadcast, body); err != nil {
				b.Error(err)
			}
		})
	}
	limit := time.Now().Add(time.Minute)
	for applied := 0; applied < parts; {
		h.ask(context.Background(), func(causal.Instant) { applied = int(h.owner.node.Status().Counts.Applied) })
		if time.Now().After(limit) {
			b.Fatalf("%d of %d parts are applied", applied, parts)
		}
	}
	if _, err := h.Raise(context.Background(), shown("last")); err != nil { // durable, and so is what came before
		b.Fatal(err)
	}
}

func allSigned(list []trust.SignRequest) []trust.Signed {
	answers := make([]trust.Signed, len(list))
	for i, q := range list {
		answers[i].ID = q.ID
	}
	return answers
}

func allGood(list []trust.VerifyRequest) []trust.Verified {
	answers := make([]trust.Verified, len(list))
	for i, q := range list {
		answers[i] = trust.Verified{ID: q.ID, IsGood: true}
	}
	return answers
}

// writtenBy returns what a node writes that counts so many impressions.
func writtenBy(b *testing.B, name string, parts int) (written []*causal.Part) {
	n := memNode(b, name, "bench", func(group []*causal.Part, _ []causal.Ref) { written = append(written, group...) })
	now := causal.Instant(time.Now().UnixNano())
	for i := range parts {
		n.Raise(now, node.Ticket(i), shown(fmt.Sprint("ad", i%500)))
		n.Drain(now)
		now += causal.Microsecond
	}
	if len(written) != parts {
		b.Fatalf("%d parts of %d", len(written), parts)
	}
	return written
}

func memNode(b *testing.B, name, cluster string, observe func([]*causal.Part, []causal.Ref)) *node.Node {
	program := impressed()
	key := memKey(name)
	n, err := node.Open(causal.Instant(time.Now().UnixNano()), node.Config{
		Key: key, Steward: key.ID(), HomeKey: memKey("home"), Name: name, Role: "server",
		Cluster: cluster, Program: program, Disk: store.NewMem(), Seed: 1, Observe: observe,
	})
	if err != nil {
		b.Fatal(err)
	}
	return n
}

var impressed = sync.OnceValue(func() *plan.Program {
	program, _ := lang.Compile([]lang.Source{{Name: "test.mrt", Text: impressions}}, nil)
	return program
})

func memKey(name string) causal.Key {
	return causal.Key{Public: [32]byte(trusttest.SecretOf(name).Public().(ed25519.PublicKey)), Incarnation: 1}
}
