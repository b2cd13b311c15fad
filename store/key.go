package store

import (
	"math/bits"

	"github.com/martinelli-lang/martinelli/wire"
)

// The first byte of a key says what the record is. docs/wire/store.md draws
// all of them.
const (
	kindVersion = 0x00
	kindMark    = 0x01
	kindChain   = 'c' // number -> chain
	kindEntry   = 'e' // chain, seq, offset -> an entry of the flushed state
	kindHead    = 'h' // chain -> how far the flushed state contains it
	kindKey     = 'k' // chain -> its author's key, at the author's first chain
	kindMeta    = 'm' // name -> what the node keeps there
	kindName    = 'n' // number -> a database's name
	kindPart    = 'p' // chain, seq -> a part of the log
	kindSeal    = 'q' // chain, seq -> a seal
	kindStream  = 's' // stream -> its mark
	kindMaximal = 'x' // space -> the maximal parts of the flushed state
)

var (
	keyVersion = []byte{kindVersion}
	keyMark    = []byte{kindMark}
)

// appendOrdered appends a number so that the order of the bytes is that of the
// numbers: how many bytes it takes, and these, the most significant first.
func appendOrdered(b []byte, v uint64) []byte {
	n := (bits.Len64(v) + 7) / 8
	b = append(b, byte(n))
	for i := n - 1; i >= 0; i-- {
		b = append(b, byte(v>>(8*i)))
	}
	return b
}

// readOrdered reads what appendOrdered wrote.
func readOrdered(r *wire.Reader) (v uint64) {
	n := r.Byte()
	if n > 8 {
		r.Fail(wire.ErrMalformed)
	}
	for i, c := range r.Raw(int(n)) {
		if i == 0 && c == 0 {
			r.Fail(wire.ErrMalformed)
		}
		v = v<<8 | uint64(c)
	}
	return v
}

// kindRange returns the keys of a kind as the bounds of a Scan.
func kindRange(kind byte) (lo, hi []byte) { return []byte{kind}, []byte{kind + 1} }
