package foreign

// reader takes a module apart. It notes the first thing that is wrong and from
// then on reads zeros, so that its callers look at err where it matters: before
// they allocate, and at the end of a loop's turn.
type reader struct {
	b   []byte
	at  int
	end int
	err *Error
}

func newReader(b []byte) *reader { return &reader{b: b, end: len(b)} }

// fail notes what is wrong here.
func (r *reader) fail(kind Kind, text string) {
	if r.err == nil {
		r.err = &Error{Kind: kind, Offset: r.at, Text: text}
	}
	r.at = r.end
}

func (r *reader) more() bool { return r.err == nil && r.at < r.end }

func (r *reader) byte() byte {
	if r.at >= r.end {
		r.fail(Malformed, "it ends in the middle of something")
		return 0
	}
	r.at++
	return r.b[r.at-1]
}

// bytes cuts n bytes out, which alias the module.
func (r *reader) bytes(n uint32) []byte {
	if uint64(n) > uint64(r.end-r.at) {
		r.fail(Malformed, "it ends in the middle of something")
		return nil
	}
	r.at += int(n)
	return r.b[r.at-int(n) : r.at]
}

// u32 reads an unsigned LEB128 number.
func (r *reader) u32() uint32 {
	var n uint64
	for shift := 0; shift < 35; shift += 7 {
		c := r.byte()
		n |= uint64(c&0x7f) << shift
		if c < 0x80 {
			if n >= 1<<32 {
				break
			}
			return uint32(n)
		}
	}
	r.fail(Malformed, "a number has more than 32 bits")
	return 0
}

// signed passes a signed LEB128 number of at most size bytes and returns it;
// what its bits beyond 64 say is for the engine to refuse.
func (r *reader) signed(size int) int64 {
	var n int64
	for i := range size {
		c := r.byte()
		n |= int64(c&0x7f) << min(7*i, 63)
		if c < 0x80 {
			if c&0x40 != 0 && 7*(i+1) < 64 {
				n |= -1 << (7 * (i + 1))
			}
			return n
		}
	}
	r.fail(Malformed, "a number is longer than its type")
	return 0
}

// count reads how many of something follow, which is never more than max nor
// than the bytes that are left.
func (r *reader) count(max uint32, what string) uint32 {
	n := r.u32()
	if n > max || int(n) > r.end-r.at {
		r.fail(TooLarge, "it has too many "+what)
		return 0
	}
	return n
}

// name reads a text of at most nameMax bytes.
func (r *reader) name() string {
	n := r.u32()
	if n > nameMax {
		r.fail(TooLarge, "a name has more than 256 bytes")
		return ""
	}
	return string(r.bytes(n))
}

// within returns a reader of the next n bytes and passes them.
func (r *reader) within(n uint32) *reader {
	from := r.at
	r.bytes(n)
	return &reader{b: r.b, at: from, end: r.at, err: r.err}
}

// appendU32 writes an unsigned LEB128 number.
func appendU32(b []byte, n uint32) []byte {
	for n >= 0x80 {
		b = append(b, byte(n)|0x80)
		n >>= 7
	}
	return append(b, byte(n))
}

// appendS64 writes a signed LEB128 number.
func appendS64(b []byte, n int64) []byte {
	for {
		c := byte(n & 0x7f)
		n >>= 7
		if n == 0 && c&0x40 == 0 || n == -1 && c&0x40 != 0 {
			return append(b, c)
		}
		b = append(b, c|0x80)
	}
}

func appendName(b []byte, s string) []byte { return append(appendU32(b, uint32(len(s))), s...) }
