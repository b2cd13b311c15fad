package journal

import (
	"encoding/binary"
	"hash/crc32"

	"github.com/martinelli-lang/martinelli/store"
	"github.com/martinelli-lang/martinelli/wire"
)

// A file begins with a header; frames follow.
//
//	header   "MJNL" | version 1 | kind 1 | first 8 | salt 8 | crc32c 4
//	frame    size 4 | number 8 | flushed 8 | before 4 | body's crc32c 4 | crc32c 4 | body
//
// The last sum of a frame covers what stands before it and the salt of its
// file; before is that sum of the frame in front, or the header's: so a frame
// stands in one place only.
const (
	magic      = "MJNL"
	headerSize = 26
	frameSize  = 32

	version = 1
)

// Kinds of files.
const (
	kindLog      = 1
	kindSnapshot = 2
)

// Kinds of bodies, their first byte.
const (
	bodyBatch   = 0 // of a log: operations
	bodyRecords = 1 // of a snapshot: records, in order
	bodyEnd     = 2 // of a snapshot: how many records it has, and how far the log must go
)

// Kinds of operations.
const (
	opPut    = 0
	opDelete = 1
	opRange  = 2
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// header says what a file is. first is the number of the first batch of a log,
// or of the log that a snapshot stands on.
type header struct {
	kind  byte
	first uint64
	salt  uint64
	sum   uint32
}

func appendHeader(b []byte, h *header) []byte {
	start := len(b)
	b = append(append(b, magic...), version, h.kind)
	b = wire.AppendUint64(wire.AppendUint64(b, h.first), h.salt)
	h.sum = crc32.Checksum(b[start:], castagnoli)
	return wire.AppendUint32(b, h.sum)
}

// readHeader reads the header of a file of the given kind. ok is false where
// it is not whole. Every later version begins with the same five bytes.
func readHeader(b []byte, kind byte) (h header, ok bool, err error) {
	if len(b) > 4 && string(b[:4]) == magic && b[4] > version {
		return h, false, versionError{b[4]}
	}
	if len(b) < headerSize || string(b[:4]) != magic {
		return h, false, nil
	}
	h.sum = binary.LittleEndian.Uint32(b[headerSize-4:])
	h.kind, h.first, h.salt = b[5], binary.LittleEndian.Uint64(b[6:]), binary.LittleEndian.Uint64(b[14:])
	isWhole := h.sum == crc32.Checksum(b[:headerSize-4], castagnoli)
	return h, isWhole && b[4] == version && h.kind == kind && h.first > 0, nil
}

// frame is one batch of a log, or one piece of a snapshot.
type frame struct {
	number  uint64 // 1, 2, 3, without gaps, over all logs, and from 1 in each snapshot
	flushed uint64 // the last batch that was durable when this one was written
	before  uint32
	sum     uint32
	body    []byte
	size    int // of header and body
}

// closeFrame fills in the header of a frame whose body begins at start+frameSize
// and ends with b. It returns the frame's sum.
func closeFrame(b []byte, start int, salt, number, flushed uint64, before uint32) uint32 {
	head, body := b[start:start+frameSize], b[start+frameSize:]
	binary.LittleEndian.PutUint32(head, uint32(len(body)))
	binary.LittleEndian.PutUint64(head[4:], number)
	binary.LittleEndian.PutUint64(head[12:], flushed)
	binary.LittleEndian.PutUint32(head[20:], before)
	binary.LittleEndian.PutUint32(head[24:], crc32.Checksum(body, castagnoli))
	sum := frameSum(head, salt)
	binary.LittleEndian.PutUint32(head[28:], sum)
	return sum
}

func frameSum(head []byte, salt uint64) uint32 {
	var s [8]byte
	binary.LittleEndian.PutUint64(s[:], salt)
	return crc32.Update(crc32.Checksum(head[:28], castagnoli), castagnoli, s[:])
}

// readFrame reads the frame at the front of b, and says whether it is whole.
func readFrame(b []byte, salt uint64) (f frame, ok bool) {
	if len(b) < frameSize {
		return f, false
	}
	size := binary.LittleEndian.Uint32(b)
	f.sum = binary.LittleEndian.Uint32(b[28:])
	if uint64(size) > uint64(len(b)-frameSize) || f.sum != frameSum(b, salt) {
		return f, false
	}
	f.number, f.flushed = binary.LittleEndian.Uint64(b[4:]), binary.LittleEndian.Uint64(b[12:])
	f.before = binary.LittleEndian.Uint32(b[20:])
	f.size = frameSize + int(size)
	f.body = b[frameSize:f.size]
	return f, binary.LittleEndian.Uint32(b[24:]) == crc32.Checksum(f.body, castagnoli)
}

// appendBatch appends the body of a batch.
func appendBatch(b []byte, batch []store.Op) []byte {
	b = wire.AppendUvarint(append(b, bodyBatch), uint64(len(batch)))
	for i := range batch {
		op := &batch[i]
		switch {
		case op.End != nil:
			b = wire.AppendBytes(wire.AppendBytes(append(b, opRange), op.Key), op.End)
		case op.Delete:
			b = wire.AppendBytes(append(b, opDelete), op.Key)
		default:
			b = wire.AppendBytes(wire.AppendBytes(append(b, opPut), op.Key), op.Value)
		}
	}
	return b
}

// replay applies the body of a batch.
func (m *records) replay(body []byte) error {
	r := wire.NewReader(body)
	if r.Byte() != bodyBatch {
		r.Fail(wire.ErrMalformed)
	}
	for range r.Count(len(body), 2) {
		switch kind := r.Byte(); kind {
		case opPut:
			key, value := r.Bytes(len(body)), r.Bytes(len(body))
			if r.Err() == nil {
				m.put(key, value)
			}
		case opDelete:
			if key := r.Bytes(len(body)); r.Err() == nil {
				m.delete(key)
			}
		case opRange:
			lo, hi := r.Bytes(len(body)), r.Bytes(len(body))
			if r.Err() == nil {
				m.deleteRange(lo, hi)
			}
		default:
			r.Fail(wire.ErrMalformed)
		}
	}
	return r.Done()
}
