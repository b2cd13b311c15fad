package node

import (
	"strings"

	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/wire"
)

// Reserved databases begin with a sign that no name of a program has. No
// program and no schema knows them. docs/wire/outbox.md draws their bytes.
const (
	reserved       = "@"
	outboxItems    = "@outbox"  // shared space: seq -> an event that awaits the home
	outboxOutcomes = "@outcome" // shared space: sender, seq -> what came of it
	outboxDone     = "@done"    // home space: sender -> up to where its items have run
)

// itemSizeMax bounds the bytes of an item.
const itemSizeMax = 256 << 10

func isReserved(database string) bool { return strings.HasPrefix(database, reserved) }

func encodeSeq(seq uint64) string { return string(wire.AppendUint64(nil, seq)) }

func decodeSeq(s string) (uint64, bool) {
	r := wire.NewReader([]byte(s))
	seq := r.Uint64()
	return seq, r.Done() == nil && seq > 0
}

func decodeSender(s string) (id causal.ReplicaID, ok bool) {
	copy(id[:], s)
	return id, len(s) == len(id)
}

// key returns the name's bytes: the sender, then the number.
func (i itemName) key() string { return string(i.sender[:]) + encodeSeq(i.seq) }

func decodeItemName(s string) (name itemName, ok bool) {
	if len(s) < len(name.sender) {
		return name, false
	}
	name.sender, _ = decodeSender(s[:len(name.sender)])
	name.seq, ok = decodeSeq(s[len(name.sender):])
	return name, ok
}

// outcomeRecord is what the home says of an item.
type outcomeRecord struct {
	Duplicate bool
	Abort     string // "": it has committed
	Detail    string
}

func (o outcomeRecord) encode() string {
	b := wire.AppendBool(nil, o.Duplicate)
	b = wire.AppendString(b, o.Abort)
	return string(wire.AppendString(b, o.Detail))
}

func decodeOutcome(s string) (outcomeRecord, error) {
	r := wire.NewReader([]byte(s))
	o := outcomeRecord{Duplicate: r.Bool(), Abort: r.String(nameMax), Detail: r.String(detailMax)}
	return o, r.Done()
}
