package node

import (
	"slices"

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
	KindInherit   = wire.KindInherit
	KindEscrow    = wire.KindEscrow
	KindSerial    = wire.KindSerial
)

// Bounds of the home protocol's messages.
const (
	nameMax    = 256
	streamMax  = 256
	sessionMax = 256 << 10 // a token of replica.SessionMax references takes at most 4,096 times 53
	argsMax    = value.SizeMax
	detailMax  = 4 << 10
	replyMax   = wire.FrameMax / 2
	valuesMax  = 1 << 10
)

// requestOp says what a node asks of the home.
type requestOp uint8

const (
	opRaise requestOp = iota
	opRead
	opAdmit // of the steward: Name is the asker's role, User his user
	opGrant // of the steward or an owner: the right to write the key Values of the database Name
	opPull  // of the home: what it holds of Values, each a list of a database and the beginning of a key; Session: a hash of what the asker has
	opSaga  // in an outbox alone: begins the saga whose block has the hash Name, under the key Values[0] and with the values that follow
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

// fits reports whether the home can read the request: users, tokens and
// arguments come from callers, who know no bounds.
func (q *request) fits() bool {
	return len(q.Name) <= nameMax && len(q.Values) <= valuesMax && areBounded(q.Values) &&
		len(q.User) <= nameMax && len(q.Session) <= sessionMax && len(q.Stream) <= streamMax
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
	if q.Op > opSaga {
		r.Fail(wire.ErrMalformed)
	}
	return q, r.Done()
}

// readingForm says how the values of a reply make a reading.
type readingForm uint8

const (
	noReading  readingForm = iota
	oneValue               // the value
	elements               // those of a list, one by one: only each of them is bounded in size
	keysValues             // per pair a list of the key's values, and the value, in a list
)

// reply is the home's answer.
type reply struct {
	ID        uint64
	Committed bool
	Duplicate bool
	Abort     string
	Detail    string
	Token     []byte
	Form      readingForm
	Values    []value.Value
}

// fits reports whether the asker can read the reply.
func (p *reply) fits(body []byte) bool {
	return len(body) <= replyMax && areBounded(p.Values)
}

func (p *reply) appendTo(b []byte) []byte {
	b = wire.AppendUvarint(b, p.ID)
	b = wire.AppendBool(b, p.Committed)
	b = wire.AppendBool(b, p.Duplicate)
	b = wire.AppendString(b, p.Abort)
	b = wire.AppendString(b, p.Detail)
	b = wire.AppendBytes(b, p.Token)
	b = append(b, byte(p.Form))
	return appendValues(b, p.Values)
}

func decodeReply(body []byte) (reply, error) {
	r := wire.NewReader(body)
	p := reply{ID: r.Uvarint(), Committed: r.Bool(), Duplicate: r.Bool()}
	p.Abort = r.String(nameMax)
	p.Detail = r.String(detailMax)
	p.Token = r.Bytes(sessionMax)
	p.Form = readingForm(r.Byte())
	p.Values = readValues(r, replyMax, replyMax)
	if n := len(p.Values); p.Form > keysValues || p.Form == noReading && n > 0 || p.Form == oneValue && n != 1 {
		r.Fail(wire.ErrMalformed)
	}
	return p, r.Done()
}

// areBounded reports whether every value can be decoded again.
func areBounded(vs []value.Value) bool {
	return !slices.ContainsFunc(vs, func(v value.Value) bool {
		_, err := value.EncodeBounded(v)
		return err != nil
	})
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
