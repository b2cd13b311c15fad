package causal

import "github.com/martinelli-lang/martinelli/wire"

// Most keys and values are one string, which package value writes between a
// tag and an end; those two bytes are all that a length would say again. So a
// packed string is a number and bytes: the number is twice the length, and one
// more where the bytes stood between the two and are written without them.
const (
	textTag = 0x22 // value.tagString
	textEnd = 0x00
)

// appendPacked appends s. It looks at two of its bytes and needs to know
// nothing of values: whatever stood between them comes back.
func appendPacked(b []byte, s string) []byte {
	if n := len(s) - 2; n >= 0 && s[0] == textTag && s[n+1] == textEnd {
		return append(wire.AppendUvarint(b, uint64(n)<<1|1), s[1:n+1]...)
	}
	return append(wire.AppendUvarint(b, uint64(len(s))<<1), s...)
}

// readPacked reads what appendPacked wrote, of at most ValueMax bytes.
func readPacked(r *wire.Reader) string {
	n := r.Uvarint()
	if n>>1+2*(n&1) > ValueMax {
		r.Fail(wire.ErrLimit)
		return ""
	}
	raw := r.Raw(int(n >> 1))
	if n&1 == 0 {
		return string(raw)
	}
	var room [64]byte
	return string(append(append(append(room[:0], textTag), raw...), textEnd))
}
