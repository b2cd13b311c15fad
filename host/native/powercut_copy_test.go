package native

import (
	"fmt"
	"math/rand/v2"

	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/algebra/crdt"
	"github.com/martinelli-lang/martinelli/store"
)

// copying is what a life of a store does with checkpoints: a log grows, a copy of
// the state is written over many batches, made to count, and the log below it and
// the copy before are deleted in pieces.
type copying struct {
	seq, base uint64 // of the log, and of the last copy that counts
	staged    *store.Copy
	name      string // of staged; every entry of a copy bears it
	entries   uint64
}

var copiedChain = causal.Chain{Space: causal.SpaceID{9}, Replica: causal.ReplicaID{9}}

// resume begins another life with what the store has. A copy that did not count
// yet is garbage.
func (c *copying) resume(s *store.Store) error {
	*c = copying{entries: c.entries}
	return s.Restore(store.Visitor{
		Base: func(_ causal.Chain, h causal.Head) { c.base, c.seq = h.Seq, h.Seq },
		Part: func(p *causal.Part) { c.seq = p.Seq },
	})
}

// step puts one of these things into the batch under way.
func (c *copying) step(s *store.Store, n uint64, rnd *rand.Rand) {
	switch rnd.IntN(4) {
	case 0, 1:
		c.seq++
		p := &causal.Part{Space: copiedChain.Space, Replica: copiedChain.Replica, Seq: c.seq, Stamp: causal.Stamp(n << 16)}
		s.PutPart(p, causal.Hash{1})
	case 2:
		if c.staged == nil {
			begun := s.NewCopy(copiedChain.Space)
			c.staged, c.name = &begun, fmt.Sprint("copy ", n)
		}
		for range 3 {
			c.entries++
			id := causal.EntryID{Dot: causal.Dot{Replica: copiedChain.Replica, Seq: c.entries}}
			c.staged.PutEntry(id, crdt.Entry{Entry: causal.Entry{Database: "d", Key: "k", Value: c.name}})
		}
	case 3:
		if c.staged == nil || c.seq < 2 {
			break
		}
		head := causal.Head{Seq: c.seq, Hash: causal.Hash{2}}
		c.staged.PutHead(copiedChain.Replica, head)
		c.staged.PutBase(copiedChain.Replica, head)
		c.staged.PutCheckpoint([]byte(c.name))
		s.Switch([]store.Copy{*c.staged})
		s.Rebase(copiedChain.Space, []causal.AuthorHead{{Replica: copiedChain.Replica, Head: head}})
		s.Truncate(copiedChain, c.base, c.seq)
		c.base, c.staged = c.seq, nil
	}
	s.Sweep(2)
}

// checkCopies reads a store back: what counts is one copy, whole, and of the log
// all above it.
func checkCopies(d store.Reader) error {
	s, err := store.Open(d)
	if err != nil {
		return err
	}
	note, mixed := "", ""
	var base, last uint64
	err = s.Restore(store.Visitor{
		Checkpoint: func(_ causal.SpaceID, b []byte) { note = string(b) },
		Base:       func(_ causal.Chain, h causal.Head) { base, last = h.Seq, h.Seq },
		Entry: func(_ causal.SpaceID, _ causal.EntryID, e crdt.Entry) {
			if e.Value != note {
				mixed = e.Value
			}
		},
		Part: func(p *causal.Part) {
			if p.Seq == last+1 {
				last = p.Seq
			} else {
				mixed = fmt.Sprint("part ", p.Seq, " behind ", last)
			}
		},
	})
	if err == nil && mixed != "" {
		err = fmt.Errorf("the state is %q up to %d, with %q in it", note, base, mixed)
	}
	return err
}
