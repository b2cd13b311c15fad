package bench

import (
	"testing"

	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/algebra/crdt"
	"github.com/martinelli-lang/martinelli/replica"
	"github.com/martinelli-lang/martinelli/replica/replicatest"
	"github.com/martinelli-lang/martinelli/value"
)

// BenchmarkSync is one element that one replica adds to a set of 10,000, until
// another replica has it: encoded, decoded, and merged. "part" sends what the
// commit wrote, as we do; "state" sends the whole state and joins it, as the
// first CRDTs did. Neither has a network: B/update is what it would carry.
func BenchmarkSync(b *testing.B) {
	const size = 10_000
	b.Run("part", func(b *testing.B) {
		from, to := newSet(), replica.New(replica.Config{})
		for range size {
			to.Receive(0, from.voucher.Vouch(from.add()))
		}
		to.Drain()
		sent := 0
		for b.Loop() {
			frame := replica.AppendFrame(nil, replicatest.Parcels(from.add()))
			sent += len(frame)
			parcels, err := replica.DecodeFrame(frame)
			if err != nil {
				b.Fatal(err)
			}
			to.Receive(0, from.voucher.VouchParcels(parcels...))
			if len(to.Drain().Groups) != 1 {
				b.Fatal("the part did not become visible")
			}
		}
		b.ReportMetric(float64(sent)/float64(b.N), "B/update")
	})
	b.Run("state", func(b *testing.B) {
		from, here, there := newSet(), crdt.NewState(), crdt.NewState()
		for range size {
			here.Apply(from.add(), nil)
		}
		sent := 0
		for b.Loop() {
			here.Apply(from.add(), nil)
			bytes := here.AppendTo(nil)
			sent += len(bytes)
			came, err := crdt.DecodeState(bytes)
			if err != nil {
				b.Fatal(err)
			}
			if !there.Join(came) {
				b.Fatal("the state did not grow")
			}
		}
		b.ReportMetric(float64(sent)/float64(b.N), "B/update")
	})
}

// set is a replica that adds the numbers from 0 on to one set.
type set struct {
	replica *replica.Replica
	voucher replicatest.Voucher
	next    int64
}

func newSet() *set { return &set{replica: replica.New(replica.Config{})} }

func (s *set) add() *causal.Part {
	s.next++
	g := s.replica.Commit(replica.Draft{
		Author: replicatest.Author(1), Stamp: causal.StampAt(causal.Instant(s.next) * causal.Millisecond),
		Writes: []replica.Write{{
			Space:   causal.SpaceID{1},
			Entries: []causal.Entry{{Database: "ads", Value: value.Encode(value.Int(s.next))}},
		}},
	})
	if s.replica.Unflushed() >= 1024 {
		s.replica.Flush()
	}
	return g.Parts[0]
}
