package serial

import (
	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/algebra/order"
	"github.com/martinelli-lang/martinelli/wire"
)

// Results is the reserved database of the home space that says what came of
// each request: by replica and number, a Result. docs/wire/serial.md draws it.
const Results = "@serial"

// Result is what the home keeps of a request.
type Result struct {
	Floor  uint64 // that the request named
	Abort  string // "": it has had its effect
	Detail string
	Spaces []causal.SpaceID // that it read or wrote
}

// spacesMax bounds the spaces of a result: those a run may write, and as many
// that it read. Of more the token names none.
const spacesMax = 512

// Ledger is what the home knows of requests. It is filled by Heed alone.
type Ledger struct {
	raisers map[causal.ReplicaID]*raiser
}

// raiser is what is known of one replica's requests.
type raiser struct {
	floor   uint64 // the highest that was said: results below are gone
	results map[uint64]kept
}

type kept struct {
	id causal.EntryID
	Result
}

// NewLedger returns a ledger without results.
func NewLedger() *Ledger { return &Ledger{raisers: map[causal.ReplicaID]*raiser{}} }

// Heed takes in an entry of Results that came or went. What is malformed means nothing.
func (l *Ledger) Heed(id causal.EntryID, key, value string, removed bool) {
	name, err := decodeName(key)
	if err != nil {
		return
	}
	if removed {
		l.forget(name, id)
		return
	}
	res, err := decodeResult(value)
	if err != nil {
		return
	}
	r := l.raisers[name.Replica]
	if r == nil {
		r = &raiser{results: map[uint64]kept{}}
		l.raisers[name.Replica] = r
	}
	r.floor = max(r.floor, res.Floor)
	r.results[name.No] = kept{id, res}
}

// forget takes a result out. The floor stays: the entry that raised it is above.
func (l *Ledger) forget(name Name, id causal.EntryID) {
	if r := l.raisers[name.Replica]; r != nil && r.results[name.No].id == id {
		delete(r.results, name.No)
	}
}

// Verdict says what is to be done with a request.
type Verdict uint8

const (
	Fresh  Verdict = iota // it is to be run
	Known                 // it was: the answer is the result's
	Gone                  // its raiser has said that it has the outcome: there is nothing to say
	Beyond                // it is further from what its raiser has outcomes of than requests may be
)

// Judge says what is to be done with a request, and of a Known one its result.
func (l *Ledger) Judge(q *Request) (Verdict, Result) {
	floor := q.Floor
	if r := l.raisers[q.Name.Replica]; r != nil {
		if res, isKnown := r.results[q.Name.No]; isKnown {
			return Known, res.Result
		}
		floor = max(floor, r.floor)
	}
	switch {
	case q.Name.No < floor:
		return Gone, Result{}
	case q.Name.No-q.Floor >= RequestsMax:
		return Beyond, Result{}
	}
	return Fresh, Result{}
}

// Conclude returns the entry that keeps what came of a Fresh request, and the
// entries that it makes room for.
func (l *Ledger) Conclude(q *Request, res Result) (causal.Entry, []causal.EntryID) {
	res.Floor = q.Floor
	if len(res.Spaces) > spacesMax {
		res.Spaces = nil
	}
	var gone []causal.EntryID
	if r := l.raisers[q.Name.Replica]; r != nil {
		for no, old := range r.results {
			if no < q.Floor {
				gone = append(gone, old.id)
				delete(r.results, no)
			}
		}
		order.Sort(gone, causal.EntryID.Compare)
	}
	return causal.Entry{Database: Results, Key: q.Name.encode(), Value: res.encode()}, gone
}

// Len returns how many results are kept.
func (l *Ledger) Len() (n int) {
	for _, r := range l.raisers {
		n += len(r.results)
	}
	return n
}

func (n Name) encode() string {
	b := append([]byte(nil), n.Replica[:]...)
	return string(wire.AppendUvarint(b, n.No))
}

func decodeName(key string) (Name, error) {
	r := wire.NewReader([]byte(key))
	n := readName(r)
	return n, r.Done()
}

func (res Result) encode() string {
	b := wire.AppendUvarint(nil, res.Floor)
	b = wire.AppendString(b, res.Abort)
	b = wire.AppendString(b, res.Detail)
	b = wire.AppendUvarint(b, uint64(len(res.Spaces)))
	for _, s := range res.Spaces {
		b = append(b, s[:]...)
	}
	return string(b)
}

func decodeResult(v string) (Result, error) {
	r := wire.NewReader([]byte(v))
	res := Result{Floor: r.Uvarint(), Abort: r.String(AbortMax), Detail: r.String(DetailMax)}
	for range r.Count(spacesMax, len(causal.SpaceID{})) {
		var s causal.SpaceID
		copy(s[:], r.Raw(len(s)))
		res.Spaces = append(res.Spaces, s)
	}
	return res, r.Done()
}
