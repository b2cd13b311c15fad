package store

import (
	"encoding/binary"
	"math/bits"

	"github.com/martinelli-lang/martinelli/wire"
)

// The first byte of a key says what the record is. docs/wire/store.md draws
// all of them. Of the kinds b, e, g and h, what is of a later copy than the
// first stands under the capital letter, with the copy's number behind the
// chain's; of the kinds o, x and y that number stands behind the space.
const (
	kindVersion = 0x00
	kindMark    = 0x01
	kindBase    = 'b' // chain -> how far the checkpoint contains it
	kindChain   = 'c' // number -> chain
	kindEntry   = 'e' // chain, seq, offset -> an entry of the flushed state
	kindProven  = 'f' // chain, seq -> nothing: the part holds a proof of a fork that was found good
	kindGone    = 'g' // chain, seq, offset -> an entry of the checkpoint that is not in the state
	kindHead    = 'h' // chain -> how far the flushed state contains it
	kindKey     = 'k' // chain -> its author's key, at the author's first chain
	kindMeta    = 'm' // name -> what the node keeps there
	kindName    = 'n' // number -> a database's name
	kindOutside = 'o' // space -> what its parts name of other spaces, in the flushed state
	kindPart    = 'p' // chain, seq -> a part of the log
	kindSeal    = 'q' // chain, seq -> a seal
	kindRequest = 'r' // number -> a serial request of this node
	kindStream  = 's' // stream -> its mark
	kindMaximal = 'x' // space -> the maximal parts of the flushed state

	kindGeneration = 'v' // space -> which copy of its state counts, if not the first
	kindCheckpoint = 'y' // space -> what the node knows of the checkpoint
)

var (
	keyVersion = []byte{kindVersion}
	keyMark    = []byte{kindMark}
)

// appendOrdered appends a number so that the order of the bytes is that of the
// numbers: the first byte begins with as many ones as bytes follow, and what it
// has left is the most significant. Numbers below 128 take one byte, those
// below 16,384 two.
func appendOrdered(b []byte, v uint64) []byte {
	more := 0
	for more < 8 && v>>(7*more+7) > 0 {
		more++
	}
	if more == 8 {
		return binary.BigEndian.AppendUint64(append(b, 0xff), v)
	}
	b = append(b, ^byte(0xff>>more)|byte(v>>(8*more)))
	for i := more - 1; i >= 0; i-- {
		b = append(b, byte(v>>(8*i)))
	}
	return b
}

// readOrdered reads what appendOrdered wrote, in its shortest form.
func readOrdered(r *wire.Reader) (v uint64) {
	first := r.Byte()
	more := bits.LeadingZeros8(^first)
	v = uint64(first & (0x7f >> more))
	for _, c := range r.Raw(more) {
		v = v<<8 | uint64(c)
	}
	if more > 0 && v>>(7*more) == 0 {
		r.Fail(wire.ErrMalformed)
	}
	return v
}

// kindRange returns the keys of a kind as the bounds of a Scan.
func kindRange(kind byte) (lo, hi []byte) { return []byte{kind}, []byte{kind + 1} }
