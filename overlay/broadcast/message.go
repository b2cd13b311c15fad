package broadcast

import "github.com/martinelli-lang/martinelli/wire"

// The first byte of a body. Tags are only appended.
const (
	tagPush = 1
	tagAck  = 2
)

// Body is a message between two broadcast machines: Push or Ack.
type Body interface{ AppendTo(b []byte) []byte }

// Push carries a batch.
type Push struct {
	No uint64 // the sender's pushes, numbered 1, 2, 3; to one peer with gaps
	Batch
}

// Ack says that the pushes up to No were taken, or will never be.
type Ack struct{ No uint64 }

// AppendTo appends the message's bytes.
func (p Push) AppendTo(b []byte) []byte {
	b = wire.AppendUvarint(append(b, tagPush), p.No)
	b = wire.AppendUvarint(b, uint64(p.Parts))
	return wire.AppendBytes(b, p.Body)
}

// AppendTo appends the message's bytes.
func (a Ack) AppendTo(b []byte) []byte {
	return wire.AppendUvarint(append(b, tagAck), a.No)
}

// Decode reads a body whose batch has at most sizeMax bytes. The batch aliases
// the body. Its errors are those of wire.Reader.
func Decode(body []byte, sizeMax int) (Body, error) {
	r := wire.NewReader(body)
	var m Body
	switch r.Byte() {
	case tagPush:
		m = readPush(r, sizeMax)
	case tagAck:
		m = Ack{r.Uvarint()}
	default:
		r.Fail(wire.ErrMalformed)
	}
	if err := r.Done(); err != nil {
		return nil, err
	}
	return m, nil
}

func readPush(r *wire.Reader, sizeMax int) Push {
	p := Push{No: r.Uvarint()}
	parts := r.Uvarint()
	p.Body = r.Bytes(sizeMax)
	if parts > uint64(len(p.Body)) {
		r.Fail(wire.ErrMalformed) // a part has at least one byte
	}
	p.Parts = int(parts)
	return p
}
