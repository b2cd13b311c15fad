package node

import (
	"errors"
	"testing"

	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/plan"
	"github.com/martinelli-lang/martinelli/value"
	"github.com/martinelli-lang/martinelli/wire/wiretest"
)

func TestFrozenConversation(t *testing.T) {
	q := request{
		ID: 300, Op: opRead, Name: "buy", Values: []value.Value{value.Int(1), value.String("x")},
		User: "ann", Session: []byte{1, 2}, Stream: "north", Seq: 9,
	}
	wiretest.Frozen(t, "node.request", q, func(q request) []byte { return q.appendTo(nil) }, decodeRequest)
	p := reply{
		ID: 300, Committed: true, Duplicate: true, Abort: "sold_out", Detail: "none is left",
		Token: []byte{1, 2}, Form: elements, Values: []value.Value{value.Int(4), value.Int(5)},
	}
	wiretest.Frozen(t, "node.reply", p, func(p reply) []byte { return p.appendTo(nil) }, decodeReply)
}

func TestFrozenPull(t *testing.T) {
	q := pulling{ID: 300, Page: 2, Digest: []byte{1, 31: 2}, Asks: []asking{{"=result", ""}, {"orders", string(value.AppendPath(nil, value.String("ann")))}}}
	wiretest.Frozen(t, "node.pulling", q, func(q pulling) []byte { return q.appendTo(nil) }, decodePulling)
	p := samplePage()
	wiretest.Frozen(t, "node.page", p, func(p page) []byte { return p.appendTo(nil) }, decodePage)
	no := page{ID: 300, Abort: AbortTooLarge, Detail: "it is", Digest: []byte{}}
	wiretest.Frozen(t, "node.nopage", no, func(p page) []byte { return p.appendTo(nil) }, decodePage)
}

func TestFrozenHold(t *testing.T) {
	w := holdWord{No: 300, Whole: true, Gained: []string{"user_id=ann", "room=7"}, Lost: []string{"user_id=ben"}}
	wiretest.Frozen(t, "node.hold", w, func(w holdWord) []byte { return w.appendTo(nil) }, decodeHoldWord)
	wiretest.Frozen(t, "node.heard", 300, func(no uint64) []byte { return appendHeard(nil, no) }, decodeHeard)
	wiretest.Frozen(t, "node.held", w.Gained, func(names []string) []byte { return appendNames(nil, names) }, decodeHeld)
}

func TestFrozenSchema(t *testing.T) {
	s := plan.Schema{{Name: "ads", Dims: "()", Lattice: "set<id>", Placement: "replicated"}, {Name: "counters", Dims: "(id)", Lattice: "gcounter"}}
	wiretest.Frozen(t, "node.schema", s, func(s plan.Schema) []byte { return appendSchema(nil, s) }, decodeSchema)
}

func TestFrozenOutbox(t *testing.T) {
	name := itemName{sender: causal.ReplicaID{1, 15: 1}, seq: 300}
	wiretest.Frozen(t, "outbox.name", name, func(name itemName) []byte { return []byte(name.key()) },
		func(b []byte) (itemName, error) {
			name, ok := decodeItemName(string(b))
			if !ok {
				return name, errors.New("it is no item's name")
			}
			return name, nil
		})
	start := request{Op: opSaga, Name: string(make([]byte, 32)), Values: []value.Value{value.String("order"), value.Int(5)}, User: "ann", Session: []byte{}}
	wiretest.Frozen(t, "outbox.saga", start, func(q request) []byte { return q.appendTo(nil) }, decodeRequest)
	o := outcomeRecord{Duplicate: true, Abort: "sold_out", Detail: "none is left"}
	wiretest.Frozen(t, "outbox.outcome", o, func(o outcomeRecord) []byte { return []byte(o.encode()) },
		func(b []byte) (outcomeRecord, error) { return decodeOutcome(string(b)) })
}
