package store

import (
	"math"

	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/algebra/crdt"
	"github.com/martinelli-lang/martinelli/wire"
)

// hashEvery is how far apart the chain hashes stand in the log. Those between
// are computed from the parts.
const hashEvery = 32

// PutPart adds a part to the log. hash is the chain hash at p. The parts of a
// group are put before the next Take, so that they are written together.
func (s *Store) PutPart(p *causal.Part, hash causal.Hash) {
	s.tables = logTables{store: s, chain: p.Chain(), no: s.chain(p.Chain()), seq: p.Seq}
	start := len(s.buf)
	b := append(s.buf, kindPart)
	b = appendOrdered(b, s.tables.no)
	b = appendOrdered(b, p.Seq)
	middle := len(b)
	if p.Seq%hashEvery == 0 {
		b = append(b, hash[:]...)
	}
	b = p.AppendTo(b, &s.tables)
	s.buf = b
	s.ops = append(s.ops, Op{Key: b[start:middle:middle], Value: b[middle:len(b):len(b)]})
}

// Part returns a part of the log, or nil if it has not been written.
func (s *Store) Part(ref causal.Ref) (*causal.Part, error) {
	p, _, err := s.part(ref)
	return p, err
}

// part reads a part and the hash beside it, if there is one.
func (s *Store) part(ref causal.Ref) (p *causal.Part, hash *causal.Hash, err error) {
	no, isKnown := s.chains[ref.Chain()]
	if !isKnown {
		return nil, nil, nil
	}
	key := appendOrdered(appendOrdered([]byte{kindPart}, no), ref.Seq)
	value, ok, err := s.disk.Get(key)
	if err != nil || !ok {
		return nil, nil, err
	}
	r := wire.NewReader(value)
	p, hash = s.readPart(r, no, ref.Seq)
	if err := r.Done(); err != nil {
		return nil, nil, &RecordError{key, err}
	}
	return p, hash, nil
}

func (s *Store) readPart(r *wire.Reader, no, seq uint64) (p *causal.Part, hash *causal.Hash) {
	if seq%hashEvery == 0 {
		hash = new(causal.Hash)
		copy(hash[:], r.Raw(len(hash)))
	}
	t := logTables{store: s, chain: s.byChain[no], no: no, seq: seq}
	p = &causal.Part{Space: t.chain.Space, Replica: t.chain.Replica, Seq: seq}
	p.Decode(r, &t)
	return p, hash
}

// Hash returns the chain hash at a part of the log; false if it has not been
// written. It reads at most hashEvery parts.
func (s *Store) Hash(ref causal.Ref) (causal.Hash, bool, error) {
	var after []*causal.Part // from the last back to the first behind a known hash
	var known causal.Hash    // zero before the first part of a chain
	base := s.bases[ref.Chain()]
	for seq := ref.Seq; seq > 0; seq-- {
		if seq == base.Seq {
			known = base.Hash
			break
		}
		p, hash, err := s.part(ref.Chain().At(seq))
		if err != nil || p == nil {
			return causal.Hash{}, false, err
		}
		if hash != nil {
			known = *hash
			break
		}
		after = append(after, p)
	}
	var h causal.Hasher
	for i := len(after) - 1; i >= 0; i-- {
		known = h.Chain(known, after[i])
	}
	return known, ref.Seq > 0, nil
}

// Visitor takes what Restore reads: first all keys, then the proven, the
// checkpoints and their heads, the heads of the state, the seals, the maximal
// parts, what is named of other spaces, the entries, those that are gone, and
// last the parts above the heads. A nil func is not called. Of a space's copies
// only the one that counts is read.
type Visitor struct {
	Key        func(causal.Key)
	Proven     func(causal.Ref)
	Request    func(no uint64, record []byte)
	Checkpoint func(causal.SpaceID, []byte)
	Base       func(causal.Chain, causal.Head)
	Seal       func(causal.Chain, causal.Seal)
	Head       func(causal.Chain, causal.Head)
	Maximal    func(causal.SpaceID, []causal.Dot)
	Outside    func(causal.SpaceID, []causal.Ref)
	Entry      func(causal.SpaceID, causal.EntryID, crdt.Entry)
	Gone       func(causal.SpaceID, causal.EntryID, crdt.Entry)
	Part       func(*causal.Part)
}

// Restore reads the flushed state and the log above it, chain by chain.
func (s *Store) Restore(v Visitor) error {
	flushed := make([]uint64, len(s.byChain))
	steps := []func() error{
		func() error { return s.restoreKeys(v) },
		func() error { return s.restoreProven(v) },
		func() error { return s.restoreRequests(v) },
		func() error { return s.restoreCheckpoints(v) },
		func() error { return s.restoreBases(v) },
		func() error { return s.restoreHeads(v, flushed) },
		func() error { return s.restoreSeals(v) },
		func() error { return s.restoreMaximal(v) },
		func() error { return s.restoreOutside(v) },
		func() error { return s.restoreEntries(kindEntry, v.Entry) },
		func() error { return s.restoreEntries(kindGone, v.Gone) },
	}
	for no := range s.byChain {
		steps = append(steps, func() error { return s.restoreLog(uint64(no), s.bases[s.byChain[no]].Seq) })
		steps = append(steps, func() error { return s.restoreParts(v, uint64(no), flushed[no]) })
	}
	for _, step := range steps {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

func (s *Store) restoreHeads(v Visitor, flushed []uint64) error {
	return s.scanCopies(kindHead, func(no, generation uint64, key, value *wire.Reader) {
		if h, isCounted := s.readHead(kindHead, no, generation, key, value); isCounted {
			flushed[no] = h.Seq
			if v.Head != nil {
				v.Head(s.byChain[no], h)
			}
		}
	})
}

func (s *Store) restoreMaximal(v Visitor) error {
	t := logTables{store: s}
	return s.scanKind(kindMaximal, func(key, value *wire.Reader) {
		space, isCounted := s.readSpaceCopy(kindMaximal, key)
		var dots []causal.Dot
		for range value.Count(math.MaxInt32, 2) {
			ref := t.ReadRef(value)
			if ref.Space != space {
				value.Fail(wire.ErrMalformed)
			}
			dots = append(dots, ref.Dot)
		}
		if key.Err() == nil && value.Err() == nil && isCounted && v.Maximal != nil {
			v.Maximal(space, dots)
		}
	})
}

func (s *Store) restoreCheckpoints(v Visitor) error {
	return s.scanKind(kindCheckpoint, func(key, value *wire.Reader) {
		space, isCounted := s.readSpaceCopy(kindCheckpoint, key)
		b := value.Raw(value.Len())
		if key.Err() == nil && isCounted && v.Checkpoint != nil {
			v.Checkpoint(space, append([]byte(nil), b...))
		}
	})
}

// isCopyCounted reports whether the record of a space in a copy counts.
func (s *Store) isCopyCounted(kind byte, space causal.SpaceID, generation uint64) bool {
	if generation == s.counts[space] {
		return true
	}
	s.newest[space] = max(s.newest[space], generation)
	s.trash = append(s.trash, Op{Key: appendSpaceCopy(nil, kind, space, generation), Delete: true})
	return false
}

func (s *Store) restoreBases(v Visitor) error {
	return s.scanCopies(kindBase, func(no, generation uint64, key, value *wire.Reader) {
		if h, isCounted := s.readHead(kindBase, no, generation, key, value); isCounted && v.Base != nil {
			v.Base(s.byChain[no], h)
		}
	})
}

func (s *Store) restoreEntries(kind byte, yield func(causal.SpaceID, causal.EntryID, crdt.Entry)) error {
	return s.scanCopies(kind, func(no, generation uint64, key, value *wire.Reader) {
		id, e := s.readEntry(no, key, value)
		if key.Err() == nil && value.Err() == nil && s.isCounted(no, generation) && yield != nil {
			yield(s.byChain[no].Space, id, e)
		}
	})
}

// readEntry reads an entry of a chain.
func (s *Store) readEntry(no uint64, key, value *wire.Reader) (id causal.EntryID, e crdt.Entry) {
	seq, offset := readOrdered(key), readOrdered(key)
	if offset > math.MaxUint32 {
		key.Fail(wire.ErrMalformed)
	}
	t := logTables{store: s}
	e.Database, e.Stamp = t.ReadName(value), readStamp(value)
	path, rest := value.Bytes(causal.ValueMax), value.Raw(value.Len())
	s.scratch = append(append(s.scratch[:0], path...), rest...)
	text := string(s.scratch) // one piece of memory for both
	e.Key, e.Value = text[:len(path)], text[len(path):]
	if key.Err() == nil {
		id = causal.EntryID{Dot: causal.Dot{Replica: s.byChain[no].Replica, Seq: seq}, Offset: uint32(offset)}
	}
	return id, e
}

func (s *Store) restoreParts(v Visitor, no, above uint64) error {
	lo := appendOrdered(appendOrdered([]byte{kindPart}, no), above+1)
	hi := appendOrdered([]byte{kindPart}, no+1)
	return s.scan(lo, hi, func(key, value *wire.Reader) {
		s.readChainNo(key)
		p, _ := s.readPart(value, no, readOrdered(key))
		if key.Err() == nil && value.Err() == nil && v.Part != nil {
			v.Part(p)
		}
	})
}

// readChainNo reads the number of a chain that the dictionary has.
func (s *Store) readChainNo(r *wire.Reader) uint64 {
	no := readOrdered(r)
	if no >= uint64(len(s.byChain)) {
		r.Fail(wire.ErrMalformed)
		return 0
	}
	return no
}

// logTables write references with the numbers of the store's dictionaries: that
// of a chain as the difference from the part's own, as chains that see each
// other are met together. The seq of a reference into the part's own chain is
// the difference from its own.
type logTables struct {
	store *Store
	chain causal.Chain // of the part; zero if there is none
	no    uint64       // of that chain
	seq   uint64       // of the part
}

// Last returns nothing: each part of the log is read alone.
func (t *logTables) Last() (causal.Stamp, string) { return 0, "" }

// AppendStamp makes logTables causal.Tables.
func (t *logTables) AppendStamp(b []byte, s causal.Stamp) []byte { return appendStamp(b, s) }

// ReadStamp makes logTables a causal.TablesReader.
func (t *logTables) ReadStamp(r *wire.Reader) causal.Stamp { return readStamp(r) }

// AppendRef makes logTables causal.Tables.
func (t *logTables) AppendRef(b []byte, ref causal.Ref) []byte {
	if t.seq > 0 && ref.Chain() == t.chain {
		b = wire.AppendVarint(b, 0)
		return wire.AppendVarint(b, int64(t.seq-ref.Seq))
	}
	b = wire.AppendVarint(b, int64(t.store.chain(ref.Chain())-t.no))
	return wire.AppendUvarint(b, ref.Seq)
}

// AppendName makes logTables causal.Tables.
func (t *logTables) AppendName(b []byte, name string) []byte {
	return wire.AppendUvarint(b, t.store.name(name))
}

// ReadRef makes logTables a causal.TablesReader.
func (t *logTables) ReadRef(r *wire.Reader) causal.Ref {
	no := t.no + uint64(r.Varint())
	if no >= uint64(len(t.store.byChain)) {
		r.Fail(wire.ErrMalformed)
		return causal.Ref{}
	}
	var seq uint64
	if t.seq > 0 && no == t.no {
		seq = t.seq - uint64(r.Varint())
	} else {
		seq = r.Uvarint()
	}
	if seq == 0 || seq > math.MaxInt64 {
		r.Fail(wire.ErrMalformed)
	}
	return t.store.byChain[no].At(seq)
}

// ReadName makes logTables a causal.TablesReader.
func (t *logTables) ReadName(r *wire.Reader) string {
	no := r.Uvarint()
	if no >= uint64(len(t.store.byName)) {
		r.Fail(wire.ErrMalformed)
		return ""
	}
	return t.store.byName[no]
}
