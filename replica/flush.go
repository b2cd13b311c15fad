package replica

import (
	"cmp"
	"errors"
	"iter"

	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/algebra/crdt"
)

// Flush is what the store lacks of a space's state: with it written in one
// batch, a restart replays the log above Chains only. An entry that came and
// went since the last Flush is not in it.
type Flush struct {
	Space   causal.SpaceID
	Chains  []ChainHead  // those that grew since the last Flush
	Maximal []causal.Dot // the space's heads, all of them
	Outside []causal.Ref // what its parts name of other spaces, all of it; nil if it is as it was
	Added   []crdt.Live
	Removed []causal.EntryID
	Gone    []crdt.Live // those of Removed that are in the checkpoint
}

// Unflushed returns how many parts were applied since the last Flush.
func (r *Replica) Unflushed() int { return r.unflushed }

// FlushRefs returns how many references a Flush writes however little has come:
// the heads of the spaces that have grown, and what they name of others.
func (r *Replica) FlushRefs() (refs int) {
	for _, s := range r.spaces {
		if len(s.grown) == 0 {
			continue
		}
		refs += len(s.maximal)
		if s.isOutsideGrown {
			for _, v := range s.outside {
				refs += len(v)
			}
		}
	}
	return refs
}

// Flush returns what the store lacks of each space's state, in the order of
// the spaces. The cost is that of the parts applied since the last one.
func (r *Replica) Flush() []Flush {
	var list []Flush
	for _, id := range sorted(r.spaces, causal.SpaceID.Compare) {
		if s := r.spaces[id]; len(s.grown)+len(s.added)+len(s.removed) > 0 {
			if s.isOutsideGrown {
				r.condense(s)
			}
			list = append(list, s.flush())
		}
	}
	r.unflushed = 0
	return list
}

func (s *space) flush() Flush {
	f := Flush{Space: s.id, Removed: s.removed}
	for _, c := range s.grown {
		f.Chains = append(f.Chains, ChainHead{c.id, c.head})
		c.flushed, c.isGrown = c.head.Seq, false
	}
	for _, c := range s.maximal {
		f.Maximal = append(f.Maximal, causal.Dot{Replica: c.id.Replica, Seq: c.head.Seq})
	}
	f.Added = make([]crdt.Live, 0, len(s.added))
	for _, id := range s.added {
		if e, isLive := s.state.Entries.Get(id); isLive {
			f.Added = append(f.Added, crdt.Live{ID: id, Entry: e})
		}
	}
	if s.isOutsideGrown {
		f.Outside, s.isOutsideGrown = s.needs(), false
	}
	for _, id := range s.removed {
		if !s.below.Contains(id.Dot) {
			continue
		}
		if e, isGone := s.rest.gone[id]; isGone {
			f.Gone = append(f.Gone, crdt.Live{ID: id, Entry: e})
		}
	}
	s.grown, s.added, s.removed = s.grown[:0], s.added[:0], nil
	return f
}

// ErrDamaged says that what was loaded and replayed does not fit together: the
// store has lost something in its middle.
var ErrDamaged = errors.New("replica: the store's log does not fit its state; it has lost records. Take a new replica id and catch up from a neighbour")

// Load takes back what was flushed. What the store has of a space may come in
// any number of pieces in any order, each with some of a Flush's fields.
func (r *Replica) Load(f Flush) {
	r.isLoading = true
	s := r.space(f.Space)
	for _, h := range f.Chains {
		c := s.chain(h.Chain.Replica)
		c.head, c.flushed = h.Head, h.Seq
		s.state.Context[h.Chain.Replica] = h.Seq
	}
	for _, dot := range f.Maximal {
		s.setMaximal(s.chain(dot.Replica))
	}
	for _, ref := range f.Outside {
		s.noteRef(ref)
	}
	s.isOutsideGrown = false
	for _, e := range f.Added {
		s.state.Entries.Put(e.ID, e.Entry)
		if e.Database == causal.ControlDatabase {
			r.endEarly(s, r.recordPiece(s, e.ID, e.Entry))
		}
	}
}

// Replay takes back a part of the log, after everything is loaded, each chain
// in its order; one that is contained in what was loaded is ignored.
func (r *Replica) Replay(p *causal.Part) {
	r.isLoading = true
	r.enactFlushed()
	if r.isApplied(p.Ref()) || r.pending.parts[p.Ref()] != nil {
		return
	}
	c := r.space(p.Space).chain(p.Replica)
	if c.replayed.Seq == 0 {
		c.replayed = c.head
	}
	a := piece{part: p, prev: c.replayed.Hash, hash: r.hasher.Chain(c.replayed.Hash, p), isProven: r.proven[p.Ref()]}
	c.replayed = causal.Head{Seq: p.Seq, Hash: a.hash}
	r.take(a)
}

// Loaded ends a restart. It returns ErrDamaged if a part that was applied
// before can't be applied now, or if a chain hash is another one than before.
func (r *Replica) Loaded() error {
	r.enactFlushed()
	r.settle()
	isLawful := r.relaw()
	r.isLoading = false
	err := r.out.Err
	r.out = Output{}
	switch {
	case err != nil:
		return err
	case !isLawful || len(r.pending.parts) > 0 || r.counts.Dropped > 0:
		return ErrDamaged
	}
	for _, s := range r.spaces {
		if !r.isIntact(s) || !r.reseal(s) {
			return ErrDamaged
		}
	}
	r.recallMissing()
	return nil
}

// LoadProven takes back that the proof of a fork that a part holds was found
// good. It comes before the part and before the entries.
func (r *Replica) LoadProven(ref causal.Ref) {
	if r.proven == nil {
		r.proven = map[causal.Ref]bool{}
	}
	r.proven[ref] = true
}

// relaw makes the law of every space that has one from its control records, and
// the spaces what the law says.
func (r *Replica) relaw() bool {
	for _, id := range sorted(r.spaces, causal.SpaceID.Compare) {
		if !r.relawSpace(r.spaces[id]) {
			return false
		}
	}
	r.proven = nil
	return true
}

func (r *Replica) relawSpace(s *space) bool {
	records := s.held
	s.held = nil
	if s.isUnread && len(records) == 0 {
		return true
	}
	if !s.isUnread {
		records = append(r.flushedRecords(s), records...)
	}
	if len(records) == 0 && len(s.below) == 0 && s.law == nil && !r.hasBounded(s) {
		return true
	}
	r.enactAll(s, records)
	s.isUnread, s.concerned = false, nil
	parts, ok := r.above(s)
	if ok {
		r.use(s, parts)
	}
	return ok && r.rebuild(s)
}

// compareFinal orders parts without a final before those with one.
func compareFinal(a, b piece) int {
	return cmp.Compare(finals(a.part), finals(b.part))
}

func finals(p *causal.Part) (n int) {
	for i := range p.Entries {
		if rec, err := causal.RecordOf(&p.Entries[i]); err == nil {
			if _, isFinal := rec.(*causal.Final); isFinal {
				n = 1
			}
		}
	}
	return n
}

// recordPiece returns a control record of the flushed state as the part it came in.
func (r *Replica) recordPiece(s *space, id causal.EntryID, e crdt.Entry) piece {
	p := &causal.Part{Space: s.id, Replica: id.Replica, Seq: id.Seq, Stamp: e.Stamp, Entries: []causal.Entry{e.Entry}}
	return piece{part: p, isProven: r.proven[p.Ref()]}
}

// endEarly ends the chains that a part's records end, while the log is replayed
// and before the law is made: what others name of behind their end is awaited no
// more than it was when those parts came.
func (r *Replica) endEarly(s *space, a piece) {
	for i := range a.part.Entries {
		rec, err := causal.RecordOf(&a.part.Entries[i])
		if err != nil {
			continue
		}
		switch rec := rec.(type) {
		case *causal.Retire:
			if r.cfg.IsSteward(a.part.Replica) {
				r.endChain(s, r.lawOf(s), rec.Replica, rec.Head.Seq+1)
			}
		case *causal.Proof:
			if a.isProven {
				r.endChain(s, r.lawOf(s), rec.Replica(), rec.Before.Seq+1)
			}
		}
	}
}

// flushedRecords returns the control records of the flushed state, as parts.
func (r *Replica) flushedRecords(s *space) (records []piece) {
	for id, e := range s.state.Entries.All() {
		if e.Database == causal.ControlDatabase && id.Seq <= s.chains[id.Replica].flushed {
			records = append(records, r.recordPiece(s, id, e))
		}
	}
	return records
}

// LoadSeal takes back a seal, each chain's in their order.
func (r *Replica) LoadSeal(id causal.Chain, s causal.Seal) {
	c := r.space(id.Space).chain(id.Replica)
	c.seals.kept = append(c.seals.kept, stretch{s, causal.ParcelSizeMax})
}

// reseal says what the chains of a space show after a restart.
func (r *Replica) reseal(s *space) bool {
	for author, c := range s.chains {
		n := len(c.seals.kept)
		if n == 0 || c.seals.kept[n-1].Seq <= c.base.Seq {
			continue
		}
		seq := c.seals.kept[n-1].Seq
		hash, ok := r.HashAt(s.id, author, seq)
		if !ok {
			return false
		}
		c.seals.shown = causal.Head{Seq: seq, Hash: hash}
	}
	return true
}

// isIntact compares what a space has become with what the log says it was.
func (r *Replica) isIntact(s *space) bool {
	for _, c := range s.maximal {
		if c.head.Seq == 0 {
			return false
		}
	}
	for author, c := range s.chains {
		if c.head.Seq == c.flushed {
			continue
		}
		was, isKnown, err := r.cfg.Log.Hash(c.id.At(c.head.Seq))
		if err != nil || isKnown && was != c.head.Hash || s.state.Context[author] != c.head.Seq {
			return false
		}
	}
	return true
}

// EntriesIn yields the live entries of a space, in the order of their ids.
func (r *Replica) EntriesIn(id causal.SpaceID) iter.Seq[crdt.Live] {
	return func(yield func(crdt.Live) bool) {
		s := r.spaces[id]
		if s == nil {
			return
		}
		for dot, e := range s.state.Entries.All() {
			if !yield(crdt.Live{ID: dot, Entry: e}) {
				return
			}
		}
	}
}

// Entries yields the live entries of all spaces, in no order.
func (r *Replica) Entries() iter.Seq2[causal.SpaceID, crdt.Live] {
	return func(yield func(causal.SpaceID, crdt.Live) bool) {
		for id, s := range r.spaces {
			for dot, e := range s.state.Entries.All() {
				if !yield(id, crdt.Live{ID: dot, Entry: e}) {
					return
				}
			}
		}
	}
}
