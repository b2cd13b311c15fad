package store

import (
	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/algebra/crdt"
	"github.com/martinelli-lang/martinelli/wire"
)

// Copy is one generation of a space's state on disk. One of them counts, and a
// small record says which: a state that is fetched is written beside it over
// many batches, and then Switch makes it count with one small write. A crash
// leaves the old copy or the new one, whole; what does not count is deleted in
// the background.
//
// The log has no generations: a part is the same in every copy.
type Copy struct {
	store *Store
	space causal.SpaceID
	no    uint64
}

// Copy returns the copy of a space that counts.
func (s *Store) Copy(space causal.SpaceID) Copy { return Copy{s, space, s.counts[space]} }

// NewCopy returns an empty copy of a space that does not count.
func (s *Store) NewCopy(space causal.SpaceID) Copy {
	s.newest[space] = max(s.newest[space], s.counts[space]) + 1
	return Copy{s, space, s.newest[space]}
}

// Switch makes copies count. It is one batch with whatever else is put before
// the next Take.
func (s *Store) Switch(copies []Copy) {
	for _, c := range copies {
		old := s.Copy(c.space)
		s.counts[c.space] = c.no
		s.put(func(b []byte) []byte {
			return append(append(b, kindGeneration), c.space[:]...)
		}, func(b []byte) []byte {
			return wire.AppendUvarint(b, c.no)
		})
		s.Discard(old)
	}
}

// Rebase says what the checkpoint of the copy that counts contains.
func (s *Store) Rebase(space causal.SpaceID, heads []causal.AuthorHead) {
	for _, h := range heads {
		s.bases[causal.Chain{Space: space, Replica: h.Replica}] = h.Head
	}
}

// Discard lets a copy be deleted that does not count, by Sweep.
func (s *Store) Discard(c Copy) {
	for no, chain := range s.byChain {
		if chain.Space == c.space {
			s.discardChain(uint64(no), c.no)
		}
	}
	for _, kind := range []byte{kindMaximal, kindOutside, kindCheckpoint} {
		s.trash = append(s.trash, Op{Key: appendSpaceCopy(nil, kind, c.space, c.no), Delete: true})
	}
}

func (s *Store) discardChain(no, generation uint64) {
	for _, kind := range []byte{kindEntry, kindGone, kindHead, kindBase} {
		lo, hi := copyRange(kind, no, generation)
		s.trash = append(s.trash, Op{Key: lo, Delete: true, End: hi})
	}
}

// Sweep puts some deletions of what does not count into the batch, and reports
// whether more are left.
func (s *Store) Sweep(countMax int) (left bool) {
	n := min(countMax, len(s.trash))
	s.ops = append(s.ops, s.trash[:n]...)
	if s.trash = s.trash[n:]; len(s.trash) == 0 {
		s.trash = nil
	}
	return s.trash != nil
}

// PutEntry adds an entry to the copy.
func (c Copy) PutEntry(id causal.EntryID, e crdt.Entry) { c.putEntry(kindEntry, id, e) }

// PutGone adds an entry that is in the checkpoint and not in the state: a part
// above the checkpoint removed it.
func (c Copy) PutGone(id causal.EntryID, e crdt.Entry) { c.putEntry(kindGone, id, e) }

// DeleteEntry takes an entry out of the copy.
func (c Copy) DeleteEntry(id causal.EntryID) { c.deleteEntry(kindEntry, id) }

// DeleteGone forgets an entry that was put as gone.
func (c Copy) DeleteGone(id causal.EntryID) { c.deleteEntry(kindGone, id) }

// PutHead says that the copy contains a chain up to h.
func (c Copy) PutHead(of causal.ReplicaID, h causal.Head) { c.putHead(kindHead, of, h) }

// PutBase says that the copy's checkpoint contains a chain up to h.
func (c Copy) PutBase(of causal.ReplicaID, h causal.Head) {
	c.putHead(kindBase, of, h)
	if c.no == c.store.counts[c.space] {
		c.store.bases[causal.Chain{Space: c.space, Replica: of}] = h
	}
}

// PutMaximal replaces the maximal parts of the copy.
func (c Copy) PutMaximal(dots []causal.Dot) {
	t := logTables{store: c.store}
	c.store.put(func(b []byte) []byte {
		return appendSpaceCopy(b, kindMaximal, c.space, c.no)
	}, func(b []byte) []byte {
		b = wire.AppendUvarint(b, uint64(len(dots)))
		for _, dot := range dots {
			b = t.AppendRef(b, causal.Ref{Space: c.space, Dot: dot})
		}
		return b
	})
}

// PutOutside replaces what the parts of the copy name of other spaces, as the
// replica keeps it.
func (c Copy) PutOutside(refs []causal.Ref) {
	t := logTables{store: c.store}
	c.store.put(func(b []byte) []byte {
		return appendSpaceCopy(b, kindOutside, c.space, c.no)
	}, func(b []byte) []byte {
		b = wire.AppendUvarint(b, uint64(len(refs)))
		for _, ref := range refs {
			b = t.AppendRef(b, ref)
		}
		return b
	})
}

// PutCheckpoint keeps what the node must know of the copy's checkpoint.
func (c Copy) PutCheckpoint(value []byte) {
	c.store.put(c.appendCheckpointKey, func(b []byte) []byte { return append(b, value...) })
}

// Checkpoint returns what PutCheckpoint kept, as far as it is written.
func (c Copy) Checkpoint() (value []byte, ok bool, err error) {
	return c.store.disk.Get(c.appendCheckpointKey(nil))
}

func (c Copy) appendCheckpointKey(b []byte) []byte {
	return appendSpaceCopy(b, kindCheckpoint, c.space, c.no)
}

// Final yields the entries of the copy's checkpoint whose parts are a chain's
// from the first seq to the last, in the order of their ids, as far as they are written.
func (c Copy) Final(of causal.ReplicaID, first, last uint64, yield func(causal.EntryID, crdt.Entry)) error {
	no, isKnown := c.store.chains[causal.Chain{Space: c.space, Replica: of}]
	if !isKnown {
		return nil
	}
	var lists [2][]crdt.Live // an entry that goes while they are read may be in both
	for i, kind := range []byte{kindEntry, kindGone} {
		lo := appendOrdered(appendCopy(nil, kind, no, c.no), first)
		hi := appendOrdered(appendCopy(nil, kind, no, c.no), last+1)
		err := c.store.scan(lo, hi, func(key, value *wire.Reader) {
			no, _ := c.store.readCopy(key, c.no > 0)
			id, e := c.store.readEntry(no, key, value)
			lists[i] = append(lists[i], crdt.Live{ID: id, Entry: e})
		})
		if err != nil {
			return err
		}
	}
	merge(lists[0], lists[1], func(e crdt.Live) { yield(e.ID, e.Entry) })
	return nil
}

// merge yields what is in two ordered lists, each id once.
func merge(a, b []crdt.Live, yield func(crdt.Live)) {
	for len(a)+len(b) > 0 {
		switch {
		case len(b) == 0 || len(a) > 0 && a[0].ID.Compare(b[0].ID) < 0:
			yield(a[0])
			a = a[1:]
		case len(a) > 0 && a[0].ID == b[0].ID:
			a = a[1:]
		default:
			yield(b[0])
			b = b[1:]
		}
	}
}

func (c Copy) putEntry(kind byte, id causal.EntryID, e crdt.Entry) {
	s := c.store
	s.put(func(b []byte) []byte {
		return c.appendEntryKey(b, kind, id)
	}, func(b []byte) []byte {
		b = wire.AppendUvarint(b, s.name(e.Database))
		b = appendStamp(b, e.Stamp)
		b = wire.AppendString(b, e.Key)
		return append(b, e.Value...)
	})
}

func (c Copy) deleteEntry(kind byte, id causal.EntryID) {
	c.store.ops = append(c.store.ops, Op{Key: c.appendEntryKey(nil, kind, id), Delete: true})
}

func (c Copy) appendEntryKey(b []byte, kind byte, id causal.EntryID) []byte {
	b = appendCopy(b, kind, c.store.chain(causal.Chain{Space: c.space, Replica: id.Replica}), c.no)
	b = appendOrdered(b, id.Seq)
	return appendOrdered(b, uint64(id.Offset))
}

func (c Copy) putHead(kind byte, of causal.ReplicaID, h causal.Head) {
	c.store.put(func(b []byte) []byte {
		return appendCopy(b, kind, c.store.chain(causal.Chain{Space: c.space, Replica: of}), c.no)
	}, func(b []byte) []byte {
		if b = wire.AppendUvarint(b, h.Seq); h.Seq == 1 && kind == kindHead {
			return b // the hash is that of the part in the log, or of the checkpoint: most writers write once
		}
		return append(b, h.Hash[:]...)
	})
}

// appendCopy appends how the keys of a chain's records in a copy begin. Those of
// the first copy, which most spaces never leave, do not bear its number.
func appendCopy(b []byte, kind byte, no, generation uint64) []byte {
	if generation == 0 {
		return appendOrdered(append(b, kind), no)
	}
	return appendOrdered(appendOrdered(append(b, later(kind)), no), generation)
}

// appendSpaceCopy appends the key of a space's record in a copy: for the first
// one the space alone.
func appendSpaceCopy(b []byte, kind byte, space causal.SpaceID, generation uint64) []byte {
	if b = append(append(b, kind), space[:]...); generation > 0 {
		b = appendOrdered(b, generation)
	}
	return b
}

// readSpaceCopy reads what appendSpaceCopy wrote behind the kind, and says
// whether that copy counts.
func (s *Store) readSpaceCopy(kind byte, key *wire.Reader) (space causal.SpaceID, isCounted bool) {
	copy(space[:], key.Raw(len(space)))
	var generation uint64
	if key.Len() > 0 {
		if generation = readOrdered(key); generation == 0 {
			key.Fail(wire.ErrMalformed)
		}
	}
	return space, key.Err() == nil && s.isCopyCounted(kind, space, generation)
}

// later is the kind of a record of a later copy: the capital letter.
func later(kind byte) byte { return kind - 'a' + 'A' }

// copyRange returns the keys of a chain's records in a copy as the bounds of a Scan.
func copyRange(kind byte, no, generation uint64) (lo, hi []byte) {
	if generation == 0 {
		return appendCopy(nil, kind, no, 0), appendCopy(nil, kind, no+1, 0)
	}
	return appendCopy(nil, kind, no, generation), appendCopy(nil, kind, no, generation+1)
}

// readCopy reads what appendCopy wrote behind the kind.
func (s *Store) readCopy(key *wire.Reader, isLater bool) (no, generation uint64) {
	no = s.readChainNo(key)
	if isLater {
		if generation = readOrdered(key); generation == 0 {
			key.Fail(wire.ErrMalformed)
		}
	}
	return no, generation
}

// scanCopies reads all records of a kind that chains have in copies.
func (s *Store) scanCopies(kind byte, read func(no, generation uint64, key, value *wire.Reader)) error {
	for _, isLater := range []bool{false, true} {
		of := kind
		if isLater {
			of = later(kind)
		}
		err := s.scanKind(of, func(key, value *wire.Reader) {
			no, generation := s.readCopy(key, isLater)
			read(no, generation, key, value)
		})
		if err != nil {
			return err
		}
	}
	return nil
}
