package escrow

import (
	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/value"
	"github.com/martinelli-lang/martinelli/wire"
)

// The first byte of a body. Tags are only appended.
const (
	tagAsk    = 1
	tagAnswer = 2
)

// Bounds of a message.
const (
	nameMax   = 256
	keyMax    = 2 * value.SizeMax
	amountMax = 1 << 62
)

// Cell is one key of one database.
type Cell struct {
	Space         causal.SpaceID
	Database, Key string
}

// Body is a message between two machines: Ask or Answer.
type Body interface{ AppendTo(b []byte) []byte }

// Ask asks for rights.
type Ask struct {
	Cell Cell
	Need uint64 // 0: ahead of demand, for as much as makes both hold the same
	Held uint64 // of the asker
	Hops uint8  // how many links further it may be asked
}

// Answer says what became of an ask.
type Answer struct {
	Cell  Cell
	Given uint64 // 0: nothing; otherwise a part of the space is on its way
}

// AppendTo appends the message's bytes.
func (a Ask) AppendTo(b []byte) []byte {
	b = appendCell(append(b, tagAsk), &a.Cell)
	b = wire.AppendUvarint(b, a.Need)
	b = wire.AppendUvarint(b, a.Held)
	return append(b, a.Hops)
}

// AppendTo appends the message's bytes.
func (a Answer) AppendTo(b []byte) []byte {
	return wire.AppendUvarint(appendCell(append(b, tagAnswer), &a.Cell), a.Given)
}

func appendCell(b []byte, c *Cell) []byte {
	b = append(b, c.Space[:]...)
	return wire.AppendString(wire.AppendString(b, c.Database), c.Key)
}

// Decode reads a body. Its errors are those of wire.Reader.
func Decode(body []byte) (Body, error) {
	r := wire.NewReader(body)
	var m Body
	switch r.Byte() {
	case tagAsk:
		m = Ask{Cell: readCell(r), Need: readAmount(r), Held: readAmount(r), Hops: r.Byte()}
	case tagAnswer:
		m = Answer{Cell: readCell(r), Given: readAmount(r)}
	default:
		r.Fail(wire.ErrMalformed)
	}
	if err := r.Done(); err != nil {
		return nil, err
	}
	return m, nil
}

func readCell(r *wire.Reader) (c Cell) {
	copy(c.Space[:], r.Raw(len(c.Space)))
	c.Database, c.Key = r.String(nameMax), r.String(keyMax)
	return c
}

func readAmount(r *wire.Reader) uint64 {
	n := r.Uvarint()
	if n > amountMax {
		r.Fail(wire.ErrMalformed)
	}
	return n
}
