package sim

import (
	"encoding/binary"
	"encoding/hex"
	"hash"

	"github.com/martinelli-lang/martinelli/algebra/causal"
	"golang.org/x/crypto/blake2b"
)

// The kinds of things a history is made of.
const (
	didOpen uint8 = iota + 1
	didCrash
	didDial
	didSend
	didDeliver
	didHangup
	didWake
	didRaise
	didAnswer
	didWrite
	didSync
	didCut
	didShow
	didRead
	didNotarize
	didReturn
)

// history hashes all that happens, in order.
type history struct {
	sum    hash.Hash
	line   []byte
	events uint64
}

func newHistory() *history {
	sum, err := blake2b.New256(nil)
	if err != nil {
		panic("sim: blake2b without a key can't fail: " + err.Error())
	}
	return &history{sum: sum}
}

// note adds one thing that happened at a machine.
func (h *history) note(at causal.Instant, what uint8, machine int, details ...[]byte) {
	h.events++
	h.line = binary.BigEndian.AppendUint64(h.line[:0], uint64(at))
	h.line = append(h.line, what)
	h.line = binary.BigEndian.AppendUint32(h.line, uint32(machine))
	for _, d := range details {
		h.line = binary.BigEndian.AppendUint32(h.line, uint32(len(d)))
		h.line = append(h.line, d...)
	}
	h.sum.Write(h.line)
}

// hash returns the hash of the history so far, in hexadecimal.
func (h *history) hash() string { return hex.EncodeToString(h.sum.Sum(nil)) }
