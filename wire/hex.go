package wire

// Hex returns bytes as lower-case hexadecimal digits, for people. Below the
// hosts it stands for encoding/hex, which would bring fmt along, and for
// quoting, whose tables of printable characters a browser would download.
func Hex(p []byte) string {
	const digits = "0123456789abcdef"
	b := make([]byte, 0, 2*len(p))
	for _, c := range p {
		b = append(b, digits[c>>4], digits[c&15])
	}
	return string(b)
}
