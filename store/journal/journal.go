package journal

import (
	"errors"
	"math"

	"github.com/martinelli-lang/martinelli/store"
)

// Journal is a store.Disk in memory that asks for what makes it durable. One
// goroutine calls it.
type Journal struct {
	records    records
	compactMin uint64
	salt       uint64 // no two opens of a store have the same

	number  uint64 // of the last batch
	flushed uint64 // the last batch that a Flush among the actions, or before them, covers
	headAt  int64  // the slot of the head that was written last

	log    file   // takes the batches
	sealed int    // the log before it, while a snapshot is made that stands on log; 0 for none
	before uint64 // bytes of the sealed log
	base   int    // the snapshot that log, or sealed, stands on; 0 for none
	dump   *dump  // the snapshot under way

	actions  []Action
	isClosed bool
}

// Options are what Open may be told.
type Options struct {
	// Salt is random, and another one at each Open: what is left of an earlier
	// life of a file is then never taken for this one's.
	Salt uint64

	// Written says that something was acknowledged out of this store before, so
	// that an empty one is refused.
	Written bool

	// NewReplica accepts a log that is shorter than its head mark. The caller goes
	// on under a new replica id.
	NewReplica bool

	// CompactMin is how many bytes a log has at least before it is replaced by a
	// snapshot; 0 takes 1 MiB.
	CompactMin uint64
}

// batchMax bounds the bytes of a batch: a frame says its size in 32 bits.
const batchMax = math.MaxInt32

// errLarge is what Write says of a batch over batchMax.
var errLarge = errors.New("store/journal: a batch is over 2 GiB")

// Write applies a batch whole or, with an error, not at all, and asks for it to
// be written. Cost: the batch, encoded once, and at most four times as many
// bytes of a snapshot that is under way.
func (j *Journal) Write(batch []store.Op) error {
	switch {
	case j.isClosed:
		return store.ErrClosed
	case sizeOf(batch) > batchMax:
		return errLarge
	}
	if j.log.size == 0 {
		j.log = j.begin(fileLog, header{kind: kindLog, first: j.number + 1})
	}
	j.number++
	size := j.add(&j.log, j.number, j.flushed, func(b []byte) []byte { return appendBatch(b, batch) })
	for i := range batch {
		j.records.apply(&batch[i])
	}
	j.compact(size)
	return nil
}

func sizeOf(batch []store.Op) (n int) {
	for i := range batch {
		n += len(batch[i].Key) + len(batch[i].Value) + len(batch[i].End) + 16
	}
	return n
}

func (m *records) apply(op *store.Op) {
	switch {
	case op.End != nil:
		m.deleteRange(op.Key, op.End)
	case op.Delete:
		m.delete(op.Key)
	default:
		m.put(op.Key, op.Value)
	}
}

// Sync asks for all batches written so far to be made durable: they are when
// the actions that Take returns next are done.
func (j *Journal) Sync() error {
	if j.isClosed {
		return store.ErrClosed
	}
	j.sync()
	return nil
}

func (j *Journal) sync() {
	if j.flushed == j.number {
		return
	}
	j.flush(j.log.number)
	j.flushed = j.number
	j.writeHead(headMark{j.number, j.log.sum})
}

// Take returns what is to be done, in order, and forgets it.
func (j *Journal) Take() []Action {
	actions := j.actions
	j.actions = nil
	return actions
}

// Get returns a copy of the value of a key.
func (j *Journal) Get(key []byte) ([]byte, bool, error) {
	if j.isClosed {
		return nil, false, store.ErrClosed
	}
	value, ok := j.records.get(key)
	if !ok {
		return nil, false, nil
	}
	return append([]byte{}, value...), true, nil
}

// Scan calls yield for each key in [lo, hi) in order until it returns false.
// A nil hi is the end. yield writes nothing; key and value are valid during
// the call only.
func (j *Journal) Scan(lo, hi []byte, yield func(key, value []byte) bool) error {
	if j.isClosed {
		return store.ErrClosed
	}
	j.records.scan(lo, hi, func(r record) bool { return yield(r.key(), r.value()) })
	return nil
}

// Size returns the bytes of all keys and values, and those of the files.
func (j *Journal) Size() (live, files uint64) {
	files = j.log.size + j.before + headEnd
	if j.base != 0 {
		files += uint64(j.records.size)
	}
	return uint64(j.records.size), files
}

// Close ends the use of the journal. What was not synced is, by the actions
// that Take returns next.
func (j *Journal) Close() error {
	if !j.isClosed {
		j.sync()
		j.flush(fileHead)
	}
	j.isClosed = true
	return nil
}

var _ store.Disk = (*Journal)(nil)
