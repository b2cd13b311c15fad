package journal

import (
	"bytes"
	"errors"

	"github.com/martinelli-lang/martinelli/wire"
)

// A log that has grown is replaced by a snapshot while it goes on: a fuzzy
// checkpoint (Mohan et al., ARIES, TODS 17:1, 1992, §5.4). The other log is
// begun, and a cursor walks the keys and writes each with the value it has
// when the cursor comes by, a piece with every batch. A value may be older or
// younger than its neighbours'; but whatever changed since the new log began
// stands in that log, and replayed over the snapshot it sets each key it names
// to what it was last. So the snapshot counts once it has ended and the new log
// is durable as far as the snapshot has seen it, and only then do the old
// snapshot and the old log go.
type dump struct {
	file  file
	next  []byte // the first key that is not written
	count uint64 // records written
	piece uint64 // frames written
}

// A log is compacted when it is larger than compactMin and than what is live.
// A snapshot is written in pieces of a sixteenth of compactMin; with each batch
// at least one of them, and pace bytes for every one of the batch.
const (
	compactMin = 1 << 20
	pace       = 4
)

func (j *Journal) pieceSize() int { return int(j.compactMin/16) + 1 }

// compact goes on with the snapshot that is under way, or begins one.
func (j *Journal) compact(batchSize uint64) {
	if j.dump == nil && j.sealed == 0 && j.log.size <= max(j.compactMin, uint64(j.records.size)) {
		return
	}
	j.startDump()
	for budget := max(uint64(j.pieceSize()), pace*batchSize); budget > 0; {
		size := j.writePiece()
		if j.dump == nil {
			return
		}
		budget -= min(budget, size)
	}
}

// Compact makes a snapshot at once, or ends the one under way. It is for a
// moment when nobody waits.
func (j *Journal) Compact() {
	if j.isClosed || j.log.size <= headerSize && j.sealed == 0 {
		return
	}
	j.startDump()
	for j.dump != nil {
		j.writePiece()
	}
}

func (j *Journal) startDump() {
	if j.dump != nil {
		return
	}
	if j.sealed == 0 {
		j.sync()
		j.sealed, j.before = j.log.number, j.log.size
		j.log = j.begin(other(j.sealed, fileLog), header{kind: kindLog, first: j.number + 1})
	}
	j.dump = &dump{file: j.begin(other(j.base, fileSnap), header{kind: kindSnapshot, first: j.log.first})}
}

// other returns the file of a pair that is not the given one; the first if it is none.
func other(number, pair int) int {
	if number == pair {
		return pair + 1
	}
	return pair
}

// writePiece writes the next records, or the end.
func (j *Journal) writePiece() (size uint64) {
	d := j.dump
	var body []byte
	n := uint64(0)
	isLast := true
	j.records.scan(d.next, nil, func(r record) bool {
		if len(body) >= j.pieceSize() {
			d.next, isLast = bytes.Clone(r.key()), false
			return false
		}
		body = wire.AppendBytes(wire.AppendBytes(body, r.key()), r.value())
		n++
		return true
	})
	if n > 0 {
		d.count += n
		size = j.addPiece(bodyRecords, n, body)
	}
	if isLast {
		j.endDump()
	}
	return size
}

func (j *Journal) addPiece(kind byte, n uint64, body []byte) uint64 {
	j.dump.piece++
	return j.add(&j.dump.file, j.dump.piece, 0, func(b []byte) []byte {
		return append(wire.AppendUvarint(append(b, kind), n), body...)
	})
}

// endDump makes the snapshot count, and frees what it replaces.
func (j *Journal) endDump() {
	j.sync()
	j.addPiece(bodyEnd, j.dump.count, wire.AppendUvarint(nil, j.number))
	j.flush(j.dump.file.number)
	if j.base != 0 {
		j.cutFile(j.base, 0)
	}
	j.cutFile(j.sealed, 0)
	j.flush(fileHead)
	j.base, j.sealed, j.before, j.dump = j.dump.file.number, 0, 0, nil
}

// errUnfinished says that a snapshot has no end.
var errUnfinished = errors.New("a snapshot was not finished")

// readSnapshot returns what a snapshot holds, and how far its log must go at least.
func readSnapshot(b []byte, h header) (m records, through uint64, err error) {
	m.chunk = make([]byte, 0)
	var last []byte
	at, before, count := uint64(headerSize), h.sum, 0
	for piece := uint64(1); ; piece++ {
		f, ok := readFrame(b[at:], h.salt)
		if !ok || f.number != piece || f.before != before {
			return m, 0, errUnfinished
		}
		at, before = at+uint64(f.size), f.sum
		r := wire.NewReader(f.body)
		kind := r.Byte()
		if kind == bodyEnd {
			wantCount := r.Uvarint()
			through = r.Uvarint()
			if err := r.Done(); err != nil || wantCount != uint64(count) || at != uint64(len(b)) {
				return m, 0, errors.Join(wire.ErrMalformed, err)
			}
			return m, through, nil
		}
		if last, err = m.load(kind, r, last); err != nil {
			return m, 0, err
		}
		count = m.count
	}
}

// load adds a piece of a snapshot behind the last key before it, and returns its
// own last key.
func (m *records) load(kind byte, r *wire.Reader, last []byte) ([]byte, error) {
	if kind != bodyRecords {
		return nil, wire.ErrMalformed
	}
	size := r.Len()
	for range r.Count(size, 2) {
		key, value := r.Bytes(size), r.Bytes(size)
		if r.Err() != nil {
			break
		}
		if m.count > 0 && bytes.Compare(last, key) >= 0 {
			return nil, wire.ErrMalformed
		}
		m.put(key, value)
		last = key
	}
	return last, r.Done()
}
