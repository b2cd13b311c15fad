package wire

import (
	"encoding/binary"
	"errors"
)

// Errors of a Reader. They say what was wrong with the bytes; the caller adds
// what it was reading.
var (
	ErrTruncated = errors.New("wire: the bytes end too early")
	ErrLimit     = errors.New("wire: a length is over its limit")
	ErrMalformed = errors.New("wire: malformed bytes")
	ErrTrailing  = errors.New("wire: bytes are left over at the end")
)

// Reader takes primitives off the front of a byte slice. The first error
// sticks: from then on every method returns a zero value, so a decoder reads
// all its fields and asks Err once. The zero value reads nothing.
type Reader struct {
	buf []byte
	err error
}

// NewReader returns a Reader over b. The Reader aliases b.
func NewReader(b []byte) *Reader { return &Reader{buf: b} }

// Err returns the first error, or nil.
func (r *Reader) Err() error { return r.err }

// Fail records err as the Reader's error unless it already has one. It is
// rarely run and written in every decoder, so it is kept out of line.
//
//go:noinline
func (r *Reader) Fail(err error) {
	if r.err == nil {
		r.err, r.buf = err, nil
	}
}

// Len returns how many bytes are left.
func (r *Reader) Len() int { return len(r.buf) }

// Done returns the first error, or ErrTrailing when bytes are left.
func (r *Reader) Done() error {
	if r.err == nil && len(r.buf) > 0 {
		r.Fail(ErrTrailing)
	}
	return r.err
}

// Uvarint reads an unsigned varint in its shortest form; a longer form of the
// same number is malformed, so that a value has one encoding.
func (r *Reader) Uvarint() uint64 {
	v, n := binary.Uvarint(r.buf)
	if !r.took(n) {
		return 0
	}
	return v
}

// Varint reads a zig-zag encoded varint in its shortest form.
func (r *Reader) Varint() int64 {
	v, n := binary.Varint(r.buf)
	if !r.took(n) {
		return 0
	}
	return v
}

// took accounts for a varint of n bytes, as encoding/binary reports it.
func (r *Reader) took(n int) bool {
	switch {
	case r.err != nil:
	case n == 0:
		r.Fail(ErrTruncated)
	case n < 0, n > 1 && r.buf[n-1] == 0:
		r.Fail(ErrMalformed)
	default:
		r.buf = r.buf[n:]
		return true
	}
	return false
}

// Byte reads one byte.
func (r *Reader) Byte() byte {
	p := r.Raw(1)
	if len(p) == 0 {
		return 0
	}
	return p[0]
}

// Bool reads one byte, which must be 0 or 1.
func (r *Reader) Bool() bool {
	b := r.Byte()
	if b > 1 {
		r.Fail(ErrMalformed)
	}
	return b == 1
}

// Uint32 reads four bytes, least significant first.
func (r *Reader) Uint32() uint32 {
	p := r.Raw(4)
	if len(p) == 0 {
		return 0
	}
	return binary.LittleEndian.Uint32(p)
}

// Uint64 reads eight bytes, least significant first.
func (r *Reader) Uint64() uint64 {
	p := r.Raw(8)
	if len(p) == 0 {
		return 0
	}
	return binary.LittleEndian.Uint64(p)
}

// Raw reads n bytes. The result aliases the input.
func (r *Reader) Raw(n int) []byte {
	if r.err != nil {
		return nil
	}
	if n < 0 || n > len(r.buf) {
		r.Fail(ErrTruncated)
		return nil
	}
	p := r.buf[:n:n]
	r.buf = r.buf[n:]
	return p
}

// Bytes reads a length and that many bytes, at most sizeMax. The result
// aliases the input.
func (r *Reader) Bytes(sizeMax int) []byte {
	n := r.Uvarint()
	if n > uint64(sizeMax) {
		r.Fail(ErrLimit)
		return nil
	}
	return r.Raw(int(n))
}

// String reads a length and that many bytes, at most sizeMax, as a string of its own.
func (r *Reader) String(sizeMax int) string { return string(r.Bytes(sizeMax)) }

// Count reads the number of items that follow. It fails unless the bytes left
// could hold that many items of at least sizeMin bytes each, so that a caller
// may allocate what it returns.
func (r *Reader) Count(countMax, sizeMin int) int {
	n := r.Uvarint()
	if n > uint64(countMax) {
		r.Fail(ErrLimit)
		return 0
	}
	if n*uint64(max(sizeMin, 1)) > uint64(len(r.buf)) {
		r.Fail(ErrTruncated)
		return 0
	}
	return int(n)
}
