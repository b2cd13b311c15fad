package browser

import (
	"encoding/binary"

	"golang.org/x/crypto/blake2b"
)

// die makes of a secret that was drawn once as many random bytes as are
// wanted: the hashes of the secret with a count. Nobody who has some of them
// knows others.
type die struct {
	secret [32]byte
	drawn  uint64
}

func (d *die) bytes() [32]byte {
	d.drawn++
	return blake2b.Sum256(binary.LittleEndian.AppendUint64(d.secret[:len(d.secret):len(d.secret)], d.drawn))
}

// take returns n bytes, at most 32.
func (d *die) take(n int) []byte {
	b := d.bytes()
	return b[:n]
}

func (d *die) number() uint64 { return binary.LittleEndian.Uint64(d.take(8)) }
