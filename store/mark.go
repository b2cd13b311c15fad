package store

import (
	"errors"
	"strconv"

	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/wire"

	"golang.org/x/crypto/blake2b"
)

// HeadMark numbers the batches of a store, and hashes each with all before it:
// equal marks mean equal writes. Every batch carries its own mark.
//
// A disk that loses its tail in a crash may say nothing of it, and a node that
// goes on from there gives names to new parts which it has already given to
// others. So the host keeps the mark of the last synced batch in a second
// place, and a disk that is behind it is refused.
type HeadMark struct {
	Number uint64
	Hash   causal.Hash
}

// headMarkSize is how many bytes a mark takes.
const headMarkSize = 8 + 32

// AppendTo appends the mark: eight bytes of the number, and the hash.
func (m HeadMark) AppendTo(b []byte) []byte {
	return append(wire.AppendUint64(b, m.Number), m.Hash[:]...)
}

// DecodeHeadMark reads what AppendTo wrote.
func DecodeHeadMark(b []byte) (m HeadMark, err error) {
	r := wire.NewReader(b)
	m.Number = r.Uint64()
	copy(m.Hash[:], r.Raw(len(m.Hash)))
	return m, r.Done()
}

// next returns the mark of a batch that follows m.
func (m HeadMark) next(batch []Op, scratch []byte) (HeadMark, []byte) {
	b := append(scratch[:0], m.Hash[:]...)
	for i := range batch {
		op := &batch[i]
		b = wire.AppendBytes(b, op.Key)
		b = wire.AppendBool(b, op.Delete)
		b = wire.AppendBytes(b, op.Value)
		if op.End != nil {
			b = wire.AppendBytes(b, op.End)
		}
	}
	return HeadMark{m.Number + 1, blake2b.Sum256(b)}, b
}

// MarkOf returns the mark of a batch, or of several that were put together: it
// is that of the last. It is false for a batch that was not Taken from a Store.
func MarkOf(batch []Op) (HeadMark, bool) {
	if len(batch) == 0 {
		return HeadMark{}, false
	}
	last := batch[len(batch)-1]
	if len(last.Key) != 1 || last.Key[0] != kindMark {
		return HeadMark{}, false
	}
	m, err := DecodeHeadMark(last.Value)
	return m, err == nil
}

// ReadMark returns the mark of the batch a disk holds last; zero for an empty disk.
func ReadMark(disk Reader) (HeadMark, error) {
	value, ok, err := disk.Get(keyMark)
	if err != nil || !ok {
		return HeadMark{}, err
	}
	m, err := DecodeHeadMark(value)
	if err != nil {
		return HeadMark{}, &RecordError{keyMark, err}
	}
	return m, nil
}

// ErrBehind says that a disk lost batches that were synced; test with errors.Is.
var ErrBehind = errors.New("store: the log is shorter than its head mark")

// CheckMark compares a disk with the mark of the last batch known to be
// synced. A disk that holds more is fine: a crash came between batch and mark.
func CheckMark(disk Reader, synced HeadMark) error {
	m, err := ReadMark(disk)
	if err != nil {
		return err
	}
	if m.Number > synced.Number || m == synced {
		return nil
	}
	return &behindError{got: m.Number, want: synced.Number}
}

type behindError struct{ got, want uint64 }

func (e *behindError) Unwrap() error { return ErrBehind }

// Error says what is lost and what can be done.
func (e *behindError) Error() string {
	return "store: the log is shorter than its head mark: it ends at write " + strconv.FormatUint(e.got, 10) +
		", or differs there, and write " + strconv.FormatUint(e.want, 10) + " was synced. Going on under the same identity would give old names to new writes." +
		" Start with `run --new-replica`: it keeps the data, takes a new replica id and re-issues what only this store has"
}
