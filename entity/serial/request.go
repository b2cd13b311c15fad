package serial

import (
	"cmp"
	"strconv"

	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/plan"
	"github.com/martinelli-lang/martinelli/value"
	"github.com/martinelli-lang/martinelli/wire"
)

// Bounds of what travels.
const (
	SlotsMax       = 1 << 10   // values of a request
	SlotsSizeMax   = 256 << 10 // bytes of all of them
	UserMax        = 256       // bytes of a user
	AbortMax       = 256       // bytes of a reason
	DetailMax      = 4 << 10   // bytes of the sentence beside it
	TokenMax       = 256 << 10 // bytes of a token
	RequestsMax    = 1024      // of one raiser without an outcome: from its floor to its newest number
	requestSizeMax = SlotsSizeMax + 4*SlotsMax + 1024
)

// Name names a request: who raised it, and its number there, from 1.
type Name struct {
	Replica causal.ReplicaID
	No      uint64
}

// String is the name as people see it.
func (n Name) String() string { return n.Replica.String() + ".s" + strconv.FormatUint(n.No, 10) }

// Compare orders names by replica, then by number.
func (n Name) Compare(o Name) int {
	return cmp.Or(n.Replica.Compare(o.Replica), cmp.Compare(n.No, o.No))
}

// Request asks the home to run a serial block.
type Request struct {
	Name  Name
	Floor uint64 // the raiser has the outcome of all numbers below
	Block plan.BlockHash
	User  string        // who raised the event; "" for nobody
	Slots []value.Value // of the block's free slots
}

// Outcome is what came of a request: an effect, or a reason without colon.
type Outcome struct {
	Abort  string // "": it has had its effect
	Detail string // a sentence more
	Token  []byte // the causal context after it
}

// Reply is the home's answer.
type Reply struct {
	Name Name
	Outcome
}

// The messages, by their first byte.
const (
	messageRequest byte = iota
	messageReply
)

// Fits reports whether the home can read the request: arguments come from
// callers, who know no bounds.
func (q *Request) Fits() bool {
	size := 0
	for _, v := range q.Slots {
		b, err := value.EncodeBounded(v)
		if err != nil {
			return false
		}
		size += len(b)
	}
	return len(q.Slots) <= SlotsMax && size <= SlotsSizeMax && len(q.User) <= UserMax
}

// AppendTo appends the request as a message.
func (q *Request) AppendTo(b []byte) []byte { return q.appendBody(append(b, messageRequest)) }

func (q *Request) appendBody(b []byte) []byte {
	b = append(b, q.Name.Replica[:]...)
	b = wire.AppendUvarint(b, q.Name.No)
	b = wire.AppendUvarint(b, q.Floor)
	b = append(b, q.Block[:]...)
	b = wire.AppendString(b, q.User)
	b = wire.AppendUvarint(b, uint64(len(q.Slots)))
	for _, v := range q.Slots {
		b = wire.AppendString(b, value.Encode(v))
	}
	return b
}

func readRequest(r *wire.Reader) Request {
	var q Request
	q.Name = readName(r)
	q.Floor = r.Uvarint()
	copy(q.Block[:], r.Raw(len(q.Block)))
	q.User = r.String(UserMax)
	n := r.Count(SlotsMax, 1)
	if r.Len() > requestSizeMax {
		r.Fail(wire.ErrMalformed)
	}
	for range n {
		v, err := value.DecodeAll(string(r.Bytes(value.SizeMax)))
		if err != nil {
			r.Fail(err)
		}
		if r.Err() != nil {
			return q
		}
		q.Slots = append(q.Slots, v)
	}
	if q.Floor == 0 || q.Floor > q.Name.No {
		r.Fail(wire.ErrMalformed)
	}
	return q
}

func readName(r *wire.Reader) (n Name) {
	copy(n.Replica[:], r.Raw(len(n.Replica)))
	if n.No = r.Uvarint(); n.No == 0 {
		r.Fail(wire.ErrMalformed)
	}
	return n
}

// AppendTo appends the reply as a message. A token that is too large is left
// out: without it the raiser waits for nothing.
func (p *Reply) AppendTo(b []byte) []byte {
	b = append(append(b, messageReply), p.Name.Replica[:]...)
	b = wire.AppendUvarint(b, p.Name.No)
	return p.Outcome.appendTo(b)
}

func (o *Outcome) appendTo(b []byte) []byte {
	token := o.Token
	if len(token) > TokenMax {
		token = nil
	}
	b = wire.AppendString(b, o.Abort)
	b = wire.AppendString(b, o.Detail)
	return wire.AppendBytes(b, token)
}

func readOutcome(r *wire.Reader) Outcome {
	return Outcome{Abort: r.String(AbortMax), Detail: r.String(DetailMax), Token: r.Bytes(TokenMax)}
}

// Decode reads a message: a request or a reply, the other is nil.
func Decode(body []byte) (*Request, *Reply, error) {
	r := wire.NewReader(body)
	switch r.Byte() {
	case messageRequest:
		q := readRequest(r)
		return &q, nil, r.Done()
	case messageReply:
		p := Reply{Name: readName(r)}
		p.Outcome = readOutcome(r)
		return nil, &p, r.Done()
	}
	r.Fail(wire.ErrMalformed)
	return nil, nil, r.Done()
}
