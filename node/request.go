package node

import (
	"github.com/martinelli-lang/martinelli/value"
	"github.com/martinelli-lang/martinelli/wire"
)

// Kinds of message bodies: which machine a frame is for.
const (
	KindMember    = wire.KindMember
	KindBroadcast = wire.KindBroadcast
	KindRepair    = wire.KindRepair
	KindRequest   = wire.KindRequest
	KindReply     = wire.KindReply
)

// Bounds of the home protocol's messages.
const (
	nameMax    = 256
	streamMax  = 256
	sessionMax = 64 << 10
	argsMax    = 64 << 10
	detailMax  = 4 << 10
	replyMax   = wire.FrameMax / 2
	valuesMax  = 1 << 10
)

// requestOp says what a node asks of the home.
type requestOp uint8

const (
	opRaise requestOp = iota
	opRead
)

// request asks the home to run a whole event or to read.
type request struct {
	ID      uint64 // the asker's number for it
	Op      requestOp
	Name    string // event, database or view
	Values  []value.Value
	User    string
	Session []byte
	Stream  string
	Seq     uint64
}

func (q *request) appendTo(b []byte) []byte {
	b = wire.AppendUvarint(b, q.ID)
	b = append(b, byte(q.Op))
	b = wire.AppendString(b, q.Name)
	b = appendValues(b, q.Values)
	b = wire.AppendString(b, q.User)
	b = wire.AppendBytes(b, q.Session)
	b = wire.AppendString(b, q.Stream)
	return wire.AppendUvarint(b, q.Seq)
}

func decodeRequest(body []byte) (request, error) {
	r := wire.NewReader(body)
	q := request{ID: r.Uvarint(), Op: requestOp(r.Byte()), Name: r.String(nameMax)}
	q.Values = readValues(r, valuesMax, argsMax)
	q.User = r.String(nameMax)
	q.Session = r.Bytes(sessionMax)
	q.Stream = r.String(streamMax)
	q.Seq = r.Uvarint()
	if q.Op > opRead {
		r.Fail(wire.ErrMalformed)
	}
	return q, r.Done()
}

// reply is the home's answer. Pairs holds key and value alternately when the
// reading is keyed; otherwise Value holds it.
type reply struct {
	ID        uint64
	Committed bool
	Duplicate bool
	Abort     string
	Detail    string
	Token     []byte
	Reading   bool
	Keyed     bool
	Values    []value.Value // one value, or per pair a list of its key's values and its value
}

func (p *reply) appendTo(b []byte) []byte {
	b = wire.AppendUvarint(b, p.ID)
	b = wire.AppendBool(b, p.Committed)
	b = wire.AppendBool(b, p.Duplicate)
	b = wire.AppendString(b, p.Abort)
	b = wire.AppendString(b, p.Detail)
	b = wire.AppendBytes(b, p.Token)
	b = wire.AppendBool(b, p.Reading)
	b = wire.AppendBool(b, p.Keyed)
	return appendValues(b, p.Values)
}

func decodeReply(body []byte) (reply, error) {
	r := wire.NewReader(body)
	p := reply{ID: r.Uvarint(), Committed: r.Bool(), Duplicate: r.Bool()}
	p.Abort = r.String(nameMax)
	p.Detail = r.String(detailMax)
	p.Token = r.Bytes(sessionMax)
	p.Reading = r.Bool()
	p.Keyed = r.Bool()
	p.Values = readValues(r, replyMax, replyMax)
	return p, r.Done()
}

// appendValues appends values in their canonical encoding, counted.
func appendValues(b []byte, vs []value.Value) []byte {
	b = wire.AppendUvarint(b, uint64(len(vs)))
	for _, v := range vs {
		b = wire.AppendString(b, value.Encode(v))
	}
	return b
}

// readValues reads at most countMax values of at most sizeMax bytes each.
func readValues(r *wire.Reader, countMax, sizeMax int) []value.Value {
	n := r.Count(countMax, 1)
	if n == 0 {
		return nil
	}
	vs := make([]value.Value, 0, n)
	for range n {
		v, err := value.DecodeAll(string(r.Bytes(sizeMax)))
		if err != nil {
			r.Fail(err)
		}
		if r.Err() != nil {
			return nil
		}
		vs = append(vs, v)
	}
	return vs
}
