package node_test

import (
	"slices"
	"strconv"
	"testing"

	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/node"
	"github.com/martinelli-lang/martinelli/overlay/broadcast"
	"github.com/martinelli-lang/martinelli/plan"
	"github.com/martinelli-lang/martinelli/replica"
	"github.com/martinelli-lang/martinelli/value"
)

// clients returns what n clients wrote who each wrote once, alone, and share
// nothing yet: one parcel each.
func clients(n int) []causal.Parcel {
	var hasher causal.Hasher
	list := make([]causal.Parcel, n)
	for i := range list {
		key := causal.Key{Public: [32]byte{200, byte(i >> 8), byte(i)}, Incarnation: 1}
		p := &causal.Part{
			Space: causal.SpaceOf("test", plan.SharedSpace), Replica: key.ID(), Seq: 1, Stamp: causal.StampAt(epoch),
			Entries: []causal.Entry{{Database: "words", Key: "", Value: value.Encode(value.String(strconv.Itoa(i)))}},
		}
		statement := causal.SealStatement(p.Chain(), causal.Head{Seq: 1, Hash: hasher.Chain(causal.Hash{}, p)})
		list[i] = causal.Parcel{Key: &key, Parts: []*causal.Part{p}, Seal: causal.Seal{Seq: 1, Signature: sign(p.Replica, statement)}}
	}
	return list
}

// push gives a node parcels as if a neighbour had pushed them, in frames of the given size.
func (w *world) push(to, from *guest, parcels []causal.Parcel, size int) {
	w.t.Helper()
	for no := uint64(1); len(parcels) > 0; no++ {
		n := min(size, len(parcels))
		body := broadcast.Push{No: no, Batch: broadcast.Batch{Parts: n, Body: replica.AppendFrame(nil, parcels[:n])}}.AppendTo(nil)
		if err := to.Receive(w.now, from.id(), node.KindBroadcast, body); err != nil {
			w.t.Fatal(err)
		}
		parcels = parcels[n:]
		for w.deliver() {
		}
	}
}

const wordsProgram = `
database :words, set<string>, :replicated => true
on_say do |word: string| words.add(word) end
`

// TestMergeParts: ten thousand clients that each wrote once leave few heads at
// the hub and everywhere. The hub merges, once a batch; others only what comes
// faster than its merge parts.
func TestMergeParts(t *testing.T) {
	for _, c := range []struct{ clients, batch, mergesMax int }{{300, 1, 20}, {600, 40, 15}, {10_000, 2000, 12}} {
		w := newWorld(t, wordsProgram, 3)
		w.linkAll()
		w.run(2 * causal.Second)
		w.push(w.guests[0], w.guests[1], clients(c.clients), c.batch)
		w.run(5 * causal.Second)
		merges := w.merges()
		for i, g := range w.guests {
			if isHub := i == 0; merges[i] > c.mergesMax || isHub && merges[i] == 0 || !isHub && c.clients < 1024 && merges[i] > 0 {
				t.Errorf("%d clients in batches of %d: merge parts %v", c.clients, c.batch, merges)
			}
			a := w.read(g, "words")
			token, err := replica.DecodeSession(a.Token)
			if err != nil || len(token) > 17 || len(a.Reading.Value.Elems()) != c.clients {
				t.Errorf("%d clients: %s shows %d words, a token has %d references (%v)", c.clients, g.cfg.Name, len(a.Reading.Value.Elems()), len(token), err)
			}
		}
		w.run(5 * causal.Second)
		if after := w.merges(); !slices.Equal(after, merges) {
			t.Errorf("%d clients: at rest merging goes on: %v, then %v", c.clients, merges, after)
		}
	}
}

func (w *world) merges() (list []int) {
	for _, g := range w.guests {
		list = append(list, int(g.Status().Counts.Merges))
	}
	return list
}
