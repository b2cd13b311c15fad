package replica_test

import (
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/algebra/crdt"
	"github.com/martinelli-lang/martinelli/replica"
)

// TestVerdictsOnDemand: a replica that was loaded with the word that the state
// was judged shows what one shows that never stopped, wherever the flush fell
// and the stop, whatever control records come then; and asked, it names the same
// parts void. It tells of no verdict that was told before.
func TestVerdictsOnDemand(t *testing.T) {
	cfg := lawful()
	cfg.Escrow = nil
	for seed := range seeds(120) {
		rnd := rand.New(rand.NewPCG(seed, 13))
		c := newCourt(rnd)
		c.play(80)
		flushAt := rnd.IntN(len(c.parts))
		stopAt := flushAt + rnd.IntN(len(c.parts)-flushAt)
		stayed := replica.New(cfg)
		disk, toldUntil := c.flushed(stayed, flushAt, stopAt)
		reading := cfg
		reading.Log = memory{c}
		back := replica.New(reading)
		back.LoadJudged()
		disk.load(c, back, stopAt)
		if err := back.Loaded(); err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		told := maps.Clone(toldUntil)
		for _, p := range c.parts[stopAt+1:] {
			stayed.Receive(0, c.vouched(p))
			back.Receive(0, c.vouched(p))
			note(toldUntil, stayed.Drain())
			note(told, back.Drain())
		}
		if got, want := text(back), text(stayed); !slices.Equal(got, want) {
			t.Fatalf("seed %d: live after a restart:\n%s\nwithout one:\n%s", seed, strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
		for _, p := range c.parts {
			if got, want := back.Verdict(p.Ref()), stayed.Verdict(p.Ref()); got != want {
				t.Fatalf("seed %d: %v is %v after a restart, %v without one", seed, p.Ref(), got, want)
			}
		}
		if !maps.Equal(told, toldUntil) {
			t.Fatalf("seed %d: told %v after a restart, %v without one", seed, told, toldUntil)
		}
	}
}

// note counts how often each verdict is told.
func note(told map[replica.Void]int, o replica.Output) {
	for _, v := range o.Voids {
		told[v]++
	}
}

// disk is what a replica has flushed.
type disk struct {
	heads   []replica.Flush
	entries map[causal.EntryID]crdt.Live
}

// flushed plays parts to a replica up to one, with its last flush after another,
// as soon as no verdict waits; and returns what it has told.
func (c *court) flushed(r *replica.Replica, flushAt, stopAt int) (*disk, map[replica.Void]int) {
	d, told := &disk{entries: map[causal.EntryID]crdt.Live{}}, map[replica.Void]int{}
	for i, p := range c.parts[:stopAt+1] {
		r.Receive(0, c.vouched(p))
		note(told, r.Drain())
		if i > flushAt || !r.IsSettled() {
			continue
		}
		for _, f := range r.Flush() {
			for _, e := range f.Added {
				d.entries[e.ID] = e
			}
			for _, id := range f.Removed {
				delete(d.entries, id)
			}
			d.heads = append(d.heads, replica.Flush{Space: f.Space, Chains: f.Chains})
		}
	}
	return d, told
}

func (d *disk) load(c *court, r *replica.Replica, stopAt int) {
	for _, f := range d.heads {
		r.Load(f)
	}
	for _, e := range d.entries {
		r.Load(replica.Flush{Space: space(0), Added: []crdt.Live{e}})
	}
	for _, p := range c.parts[:stopAt+1] {
		if len(c.vouched(p)[0].Proven) > 0 {
			r.LoadProven(p.Ref())
		}
	}
	for _, p := range c.parts[:stopAt+1] {
		r.Replay(p)
	}
}
