package journal

import (
	"encoding/binary"
	"hash/crc32"

	"github.com/martinelli-lang/martinelli/wire"
)

// headMark says how far the log was flushed: the number of the last batch, and
// the sum of its frame. It is written after each flush of the log, and not
// flushed itself but now and then: it costs no second wait, outlives a process
// that is killed, and in a power cut may fall behind, never ahead. A log that
// ends before it has lost what was acknowledged.
type headMark struct {
	number uint64
	sum    uint32
}

//	slot   "MJNH" | version 1 | number 8 | sum 4 | crc32c 4
//
// The two slots lie in different pages and take turns, the second first: a torn
// write spoils one.
const (
	headMagic = "MJNH"
	headSize  = 21
	headSlot  = 4096
	headEnd   = headSlot + headSize
)

// writeHead writes the mark into the slot whose turn it is.
func (j *Journal) writeHead(m headMark) {
	b := append(make([]byte, 0, headSize), headMagic...)
	b = wire.AppendUint32(wire.AppendUint64(append(b, version), m.number), m.sum)
	b = wire.AppendUint32(b, crc32.Checksum(b, castagnoli))
	j.headAt = 1 - j.headAt
	j.write(fileHead, uint64(j.headAt)*headSlot, b)
}

// openHead reads the mark, or forgets it for a new replica.
func (j *Journal) openHead(b []byte, o Options) (m headMark) {
	if o.NewReplica {
		j.cutFile(fileHead, 0)
		return headMark{}
	}
	m, j.headAt = readHead(b)
	return m
}

// readHead returns the newest mark that can be read, and its slot; zero
// where there is none.
func readHead(b []byte) (m headMark, headAt int64) {
	for slot := range int64(2) {
		if len(b) < int(slot)*headSlot+headSize {
			continue
		}
		s := b[slot*headSlot:][:headSize]
		if string(s[:4]) != headMagic || s[4] != version || binary.LittleEndian.Uint32(s[17:]) != crc32.Checksum(s[:17], castagnoli) {
			continue
		}
		if number := binary.LittleEndian.Uint64(s[5:]); number > m.number {
			m, headAt = headMark{number, binary.LittleEndian.Uint32(s[13:])}, slot
		}
	}
	return m, headAt
}
