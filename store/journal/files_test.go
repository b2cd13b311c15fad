package journal_test

import (
	"bytes"
	"math/rand/v2"
	"testing"

	"github.com/martinelli-lang/martinelli/store"
	"github.com/martinelli-lang/martinelli/store/journal"
)

// memFiles are files that can lose power, as an operating system keeps them:
// what was not flushed may be there or not, in any order and in part.
type memFiles struct {
	now     [journal.FileCount][]byte           // what is read as long as there is power
	durable [journal.FileCount][]byte           // what was flushed
	pending [journal.FileCount][]journal.Action // since then
	sizeMax int                                 // bytes of all files; 0 for no end
	done    int                                 // actions
}

// Do executes an action. A write beyond sizeMax is done as far as it goes.
func (f *memFiles) Do(a journal.Action) error {
	if a.Kind == journal.Flush {
		f.durable[a.File] = bytes.Clone(f.now[a.File])
		f.pending[a.File] = nil
		f.done++
		return nil
	}
	var err error
	if a.Kind == journal.Write && f.sizeMax > 0 {
		grows := int(a.At) + len(a.Bytes) - len(f.now[a.File])
		if over := f.size() + max(grows, 0) - f.sizeMax; over > 0 {
			a.Bytes, err = a.Bytes[:max(len(a.Bytes)-over, 0)], store.ErrFull
		}
	}
	f.now[a.File] = executed(f.now[a.File], a)
	f.pending[a.File] = append(f.pending[a.File], a)
	if err == nil {
		f.done++
	}
	return err
}

func (f *memFiles) size() (n int) {
	for _, b := range f.now {
		n += len(b)
	}
	return n
}

// executed returns a file after a write or a truncation.
func executed(b []byte, a journal.Action) []byte {
	b = bytes.Clone(b)
	end := int(a.At) + len(a.Bytes)
	if a.Kind == journal.Truncate {
		return b[:min(end, len(b))]
	}
	if end > len(b) {
		b = append(b, make([]byte, end-len(b))...)
	}
	copy(b[a.At:], a.Bytes)
	return b
}

// cut returns what a power cut leaves. torn, if not nil, is an action that was
// under way, of which the first so many bytes were written.
func (f *memFiles) cut(torn *journal.Action, size int, rnd *rand.Rand) *memFiles {
	left := &memFiles{}
	for i := range f.now {
		pending := f.pending[i]
		if torn != nil && torn.File == i && torn.Kind != journal.Flush {
			part := *torn
			part.Bytes = part.Bytes[:min(size, len(part.Bytes))]
			pending = append(pending[:len(pending):len(pending)], part)
		}
		b := f.durable[i]
		for _, a := range pending {
			switch {
			case rnd == nil: // nothing was lost
			case rnd.IntN(3) == 0:
				continue
			case rnd.IntN(3) == 0 && len(a.Bytes) > 0:
				a.Bytes = a.Bytes[:rnd.IntN(len(a.Bytes))]
			}
			b = executed(b, a)
		}
		left.now[i], left.durable[i] = b, b
	}
	return left
}

// dropped returns what a power cut leaves of what was not flushed: nothing.
func (f *memFiles) dropped() *memFiles {
	return &memFiles{now: f.durable, durable: f.durable}
}

// small makes journals compact every few batches.
var small = journal.Options{CompactMin: 400, Salt: 7}

func open(t testing.TB, f *memFiles) *journal.Disk {
	t.Helper()
	j, err := journal.Open(f.now, small)
	if err != nil {
		t.Fatal(err)
	}
	return journal.NewDisk(j, f)
}

// contents reads everything there is, as text.
func contents(t testing.TB, d store.Reader) string {
	t.Helper()
	var b bytes.Buffer
	err := d.Scan(nil, nil, func(key, value []byte) bool {
		b.Write(key)
		b.WriteByte('=')
		b.Write(value)
		b.WriteByte('\n')
		return true
	})
	if err != nil {
		t.Fatal(err)
	}
	return b.String()
}
