package store

import (
	"errors"
	"slices"
	"strconv"
	"strings"

	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/algebra/crdt"
	"github.com/martinelli-lang/martinelli/wire"
)

// Store gives a node's records their keys and bytes. Its Put verbs gather Ops,
// Take hands them out as one batch, which the host writes; its readers read
// what has been written. Ids and names of databases stand on disk once, under
// numbers that mean nothing elsewhere.
//
// Open is the only door. One goroutine calls a Store.
type Store struct {
	disk Reader

	mark    HeadMark // of the batch taken last
	chains  map[causal.Chain]uint64
	byChain []causal.Chain // by number
	names   map[string]uint64
	byName  []string // by number
	streams map[string]StreamMark
	meta    map[string][]byte
	bases   map[causal.Chain]causal.Head // of the checkpoints that count

	counts    map[causal.SpaceID]uint64 // which copy of a space's state counts; 0 for one that has never been switched
	newest    map[causal.SpaceID]uint64 // the highest copy met
	leftovers map[leftover]bool         // met at the start, and in trash
	trash     []Op                      // deletions that Sweep will put

	// The batch under way. Keys and values lie in buf one behind the other, but
	// for those of the dictionaries, which come up while others are written.
	ops     []Op
	buf     []byte
	scratch []byte
	tables  logTables // of the part being put
}

// StreamMark is how far a stream has been raised, and the commit at its end.
type StreamMark struct {
	Seq   uint64
	Parts []causal.Ref // of the commit, for the token of a repeated answer; none if it wrote nothing
}

// ErrVersion says that a store was written by another version; test with errors.Is.
var ErrVersion = errors.New("store: another version")

// RecordError says which record can't be read, and why.
type RecordError struct {
	Key []byte
	Err error
}

// Unwrap returns why.
func (e *RecordError) Unwrap() error { return e.Err }

// Error names the record by its key.
func (e *RecordError) Error() string {
	return "store: the record at key " + wire.Hex(e.Key) + " can't be read: " + e.Err.Error()
}

type versionError struct{ got byte }

func (e versionError) Unwrap() error { return ErrVersion }

func (e versionError) Error() string {
	return "store: this store was written in version " + strconv.Itoa(int(e.got)) + " and this node writes version " +
		strconv.Itoa(wire.Version) + ": run the release of martinelli that wrote it"
}

// Open reads the version, the dictionaries, the stream marks, the meta values
// and the head mark. An empty disk is a new store. One of another version, or
// with a record that can't be read, is an error.
func Open(disk Reader) (*Store, error) {
	s := &Store{
		disk:    disk,
		chains:  map[causal.Chain]uint64{},
		names:   map[string]uint64{},
		streams: map[string]StreamMark{},
		meta:    map[string][]byte{},
		bases:   map[causal.Chain]causal.Head{},

		counts:    map[causal.SpaceID]uint64{},
		newest:    map[causal.SpaceID]uint64{},
		leftovers: map[leftover]bool{},
	}
	isNew, err := s.readVersion()
	if err != nil {
		return nil, err
	}
	if isNew {
		s.ops = append(s.ops, Op{Key: keyVersion, Value: []byte{wire.Version}})
		return s, nil
	}
	if s.mark, err = ReadMark(disk); err != nil {
		return nil, err
	}
	for _, kind := range []struct {
		kind byte
		read func(key, value *wire.Reader)
	}{{kindChain, s.readChain}, {kindName, s.readName}, {kindStream, s.readStream}, {kindMeta, s.readMeta},
		{kindGeneration, s.readGeneration}} {
		if err := s.scanKind(kind.kind, kind.read); err != nil {
			return nil, err
		}
	}
	return s, s.readBases()
}

func (s *Store) readVersion() (isNew bool, err error) {
	value, ok, err := s.disk.Get(keyVersion)
	switch {
	case err != nil:
		return false, err
	case ok && len(value) == 1 && value[0] == wire.Version:
		return false, nil
	case ok && len(value) == 1:
		return false, versionError{value[0]}
	case ok:
		return false, &RecordError{keyVersion, wire.ErrMalformed}
	}
	isNew = true
	err = s.disk.Scan(nil, nil, func(key, _ []byte) bool {
		isNew = false
		return false
	})
	if err == nil && !isNew {
		return false, &RecordError{keyVersion, errors.New("it is missing, though the disk is not empty: is this a store of martinelli?")}
	}
	return isNew, err
}

// scanKind reads all records of a kind; read gets key and value behind the kind's byte.
func (s *Store) scanKind(kind byte, read func(key, value *wire.Reader)) error {
	lo, hi := kindRange(kind)
	return s.scan(lo, hi, read)
}

func (s *Store) scan(lo, hi []byte, read func(key, value *wire.Reader)) error {
	var damaged error
	k, v := new(wire.Reader), new(wire.Reader)
	err := s.disk.Scan(lo, hi, func(key, value []byte) bool {
		*k, *v = *wire.NewReader(key[1:]), *wire.NewReader(value)
		read(k, v)
		if k.Done() != nil || v.Done() != nil {
			damaged = &RecordError{append([]byte(nil), key...), errors.Join(k.Err(), v.Err())}
		}
		return damaged == nil
	})
	return errors.Join(err, damaged)
}

func (s *Store) readChain(key, value *wire.Reader) {
	var c causal.Chain
	copy(c.Space[:], value.Raw(len(c.Space)))
	copy(c.Replica[:], value.Raw(len(c.Replica)))
	if readOrdered(key) != uint64(len(s.byChain)) {
		key.Fail(wire.ErrMalformed)
	}
	s.chains[c] = uint64(len(s.byChain))
	s.byChain = append(s.byChain, c)
}

func (s *Store) readName(key, value *wire.Reader) {
	name := string(value.Raw(value.Len()))
	if readOrdered(key) != uint64(len(s.byName)) {
		key.Fail(wire.ErrMalformed)
	}
	s.names[name] = uint64(len(s.byName))
	s.byName = append(s.byName, name)
}

func (s *Store) readStream(key, value *wire.Reader) {
	name := string(key.Raw(key.Len()))
	m := StreamMark{Seq: value.Uvarint()}
	t := logTables{store: s}
	for range value.Count(1<<16, 2) {
		m.Parts = append(m.Parts, t.ReadRef(value))
	}
	s.streams[name] = m
}

func (s *Store) readMeta(key, value *wire.Reader) {
	name := string(key.Raw(key.Len()))
	s.meta[name] = append([]byte(nil), value.Raw(value.Len())...)
}

// Mark returns the mark of the batch taken last.
func (s *Store) Mark() HeadMark { return s.mark }

// StreamMark returns the mark put last for the stream, written or not.
func (s *Store) StreamMark(stream string) (StreamMark, bool) {
	m, ok := s.streams[stream]
	return m, ok
}

// Streams returns how many streams have a mark.
func (s *Store) Streams() int { return len(s.streams) }

// Meta returns the value put last under a name, written or not. Nobody may change it.
func (s *Store) Meta(name string) (value []byte, ok bool, err error) {
	value, ok = s.meta[name]
	return value, ok, nil
}

// Metas returns the names that begin with a prefix, ascending.
func (s *Store) Metas(prefix string) []string {
	var names []string
	for name := range s.meta {
		if strings.HasPrefix(name, prefix) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// Take ends the batch: it returns its Ops with the head mark behind them, or
// nil if nothing was put. What is returned is not used again.
func (s *Store) Take() []Op {
	if len(s.ops) == 0 {
		return nil
	}
	s.mark, s.scratch = s.mark.next(s.ops, s.scratch)
	ops := append(s.ops, Op{Key: keyMark, Value: s.mark.AppendTo(make([]byte, 0, headMarkSize))})
	s.ops = make([]Op, 0, min(len(ops), 1024))
	s.buf = make([]byte, 0, min(len(s.buf), 1<<16))
	return ops
}

// put adds a record: key appends its key and value its value.
func (s *Store) put(key func([]byte) []byte, value func([]byte) []byte) {
	start := len(s.buf)
	b := key(s.buf)
	middle := len(b)
	b = value(b)
	s.buf = b
	s.ops = append(s.ops, Op{Key: b[start:middle:middle], Value: b[middle:len(b):len(b)]})
}

// PutStreamMark notes that a stream was raised up to and including m.Seq.
func (s *Store) PutStreamMark(stream string, m StreamMark) {
	s.streams[stream] = m
	t := logTables{store: s}
	s.put(func(b []byte) []byte {
		return append(append(b, kindStream), stream...)
	}, func(b []byte) []byte {
		b = wire.AppendUvarint(b, m.Seq)
		b = wire.AppendUvarint(b, uint64(len(m.Parts)))
		for _, ref := range m.Parts {
			b = t.AppendRef(b, ref)
		}
		return b
	})
}

// PutMeta keeps a small value under a name.
func (s *Store) PutMeta(name string, value []byte) {
	value = append([]byte(nil), value...)
	s.meta[name] = value
	s.ops = append(s.ops, Op{Key: append([]byte{kindMeta}, name...), Value: value})
}

// PutEntry adds an entry to the flushed state of a space.
func (s *Store) PutEntry(space causal.SpaceID, id causal.EntryID, e crdt.Entry) {
	s.Copy(space).PutEntry(id, e)
}

// DeleteEntry takes an entry out of the flushed state of a space.
func (s *Store) DeleteEntry(space causal.SpaceID, id causal.EntryID) {
	s.Copy(space).DeleteEntry(id)
}

// PutHead says that the flushed state contains the chain up to h.
func (s *Store) PutHead(c causal.Chain, h causal.Head) { s.Copy(c.Space).PutHead(c.Replica, h) }

// PutMaximal replaces the maximal parts of a space's flushed state.
func (s *Store) PutMaximal(space causal.SpaceID, dots []causal.Dot) {
	s.Copy(space).PutMaximal(dots)
}

// chain returns the number of a chain, which the batch keeps if it is new.
func (s *Store) chain(c causal.Chain) uint64 {
	no, isKnown := s.chains[c]
	if !isKnown {
		no = uint64(len(s.byChain))
		s.chains[c] = no
		s.byChain = append(s.byChain, c)
		value := append(append(make([]byte, 0, 32), c.Space[:]...), c.Replica[:]...)
		s.ops = append(s.ops, Op{Key: appendOrdered([]byte{kindChain}, no), Value: value})
	}
	return no
}

// name returns the number of a database's name, which the batch keeps if it is new.
func (s *Store) name(name string) uint64 {
	no, isKnown := s.names[name]
	if !isKnown {
		no = uint64(len(s.byName))
		s.names[name] = no
		s.byName = append(s.byName, name)
		s.ops = append(s.ops, Op{Key: appendOrdered([]byte{kindName}, no), Value: []byte(name)})
	}
	return no
}

// appendStamp appends milliseconds and counter apart: together they take two
// bytes more.
func appendStamp(b []byte, stamp causal.Stamp) []byte {
	b = wire.AppendUvarint(b, uint64(stamp)>>16)
	return wire.AppendUvarint(b, uint64(stamp)&0xffff)
}

func readStamp(r *wire.Reader) causal.Stamp {
	milli, counter := r.Uvarint(), r.Uvarint()
	if milli >= 1<<48 || counter >= 1<<16 {
		r.Fail(wire.ErrMalformed)
	}
	return causal.Stamp(milli<<16 | counter)
}
