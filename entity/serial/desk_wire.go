package serial

import "github.com/martinelli-lang/martinelli/wire"

// Bounds of what a record keeps beside the request.
const (
	eventMax  = 256
	streamMax = 256
)

// encode returns the item's record. docs/wire/serial.md draws it.
func (it *Item) encode() []byte {
	b := append([]byte(nil), byte(it.State))
	b = wire.AppendString(b, it.Event)
	b = wire.AppendString(b, it.Stream)
	b = wire.AppendUvarint(b, it.Seq)
	q := it.Request
	q.Floor = 1
	b = q.appendBody(b)
	if it.State == Closed {
		b = wire.AppendString(b, it.Outcome.Abort)
		b = wire.AppendString(b, it.Outcome.Detail)
	}
	return b
}

func decodeItem(record []byte) (Item, error) {
	r := wire.NewReader(record)
	it := Item{State: State(r.Byte()), Event: r.String(eventMax), Stream: r.String(streamMax), Seq: r.Uvarint()}
	it.Request = readRequest(r)
	it.Floor = 0
	switch {
	case it.State == Closed:
		it.Outcome = Outcome{Abort: r.String(AbortMax), Detail: r.String(DetailMax)}
	case it.State > Closed:
		r.Fail(wire.ErrMalformed)
	}
	return it, r.Done()
}
