package browser

import (
	"bytes"
	"reflect"
	"testing"

	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/wire"
)

// ins and outs are one letter of each kind, in the order of the kinds.
func ins() []In {
	return []In{
		&Stored{File: 3, Bytes: []byte("abc")},
		&Open{
			Plan: []byte{1}, Public: [32]byte{2}, Incarnation: 3, Former: []causal.ReplicaID{{4}}, Epoch: 5, Random: [32]byte{7}, Written: true, NewReplica: true, Name: "phone", Role: "client",
			User: "ann", Cluster: "c", Steward: causal.ReplicaID{6}, Root: [32]byte{8}, Pass: []byte("p"), Addr: "page:06", Servers: []string{"ws://a", "ws://b"},
		},
		&Raise{Ticket: 300, Event: "shown", Args: []byte(`{}`), Stream: "tab", Seq: 7, Outbox: true},
		&Read{Ticket: 1, Name: "ads", Key: []byte(`["a"]`)},
		&Watch{Ticket: 2, Name: "ads"},
		&Unwatch{Ticket: 2},
		&AskStatus{},
		&Connected{Link: 4, Via: WebRTC, Addr: "page:06", Binding: []byte("both")},
		&Chunk{Link: 4, Channel: wire.Bulk, Bytes: []byte("frame")},
		&Closed{Link: 4, Why: "gone"},
		&Signed{No: 9, IsGood: true, Signature: causal.Signature{1, 63: 2}},
		&Verified{No: 9, IsGood: true},
		&Space{IsFull: true},
		&Online{},
		&Close{},
		&Signal{To: causal.ReplicaID{7}, Kind: 2, Attempt: 300, Text: "an offer"},
		&Delegate{Ticket: 5, Public: [32]byte{9}, User: "ann", IsTrial: true},
	}
}

func outs() []Out {
	return []Out{
		&Opened{Replica: causal.ReplicaID{1}, Schema: []byte(`{}`), IsFirst: true, Size: 10},
		&Failed{Kind: Damaged, Text: "the journal"},
		&Write{Ops: []FileOp{{Kind: 0, File: 1, At: 3, Bytes: []byte("def")}, {Kind: 1, File: 1}}},
		&Send{Link: 1, Channel: wire.Commits, Bytes: []byte("frame")},
		&Dial{Link: 1, Addr: "ws://a"},
		&Hangup{Link: 1, Why: "enough"},
		&Sign{No: 1, Statement: []byte("s")},
		&Verify{No: 2, Public: [32]byte{3}, Statement: []byte("s"), Signature: causal.Signature{4}},
		&Answer{Ticket: 300, State: Aborted, IsLast: true, Duplicate: true, Why: "busy", Detail: "d", Item: "i", Value: []byte("1"), IsCopied: true, AsOf: 5 * causal.Second},
		&Change{Ticket: 2, IsFull: true, Settled: true, AsOf: causal.Second, Value: []byte("[]"), Added: []byte("[1]"), Removed: []byte("[2]")},
		&Notice{Key: []byte(`"ann"`), Value: []byte("1")},
		&Timer{At: 1_790_000_000 * causal.Second},
		&Note{IsWarning: true, Text: "t"},
		&Status{JSON: []byte(`{}`)},
		&Renew{Why: "cloned"},
		&Ended{},
		&Signalled{From: causal.ReplicaID{8}, Kind: 3, Attempt: 300, Text: "an answer"},
	}
}

func TestLettersComeBack(t *testing.T) {
	d := Delivery{Now: 1_790_000_000*causal.Second + Microsecond, Letters: ins()}
	got, err := DecodeDelivery(d.AppendTo(nil))
	if err != nil || !reflect.DeepEqual(got, d) {
		t.Errorf("a delivery came back as %+v, %v", got, err)
	}
	back, err := DecodeLetters(AppendLetters(nil, outs()))
	if err != nil || !reflect.DeepEqual(back, outs()) {
		t.Errorf("letters came back as %+v, %v", back, err)
	}
}

// TestEveryKindIsThere sees that the samples above, and the constructors, have all kinds.
func TestEveryKindIsThere(t *testing.T) {
	for i, l := range ins() {
		if int(l.kind()) != i+1 || reflect.TypeOf(newIn(l.kind())) != reflect.TypeOf(l) {
			t.Errorf("letter %d in is %T of kind %d", i+1, l, l.kind())
		}
	}
	for i, l := range outs() {
		if int(l.kind()) != i+1 || reflect.TypeOf(newOut(l.kind())) != reflect.TypeOf(l) {
			t.Errorf("letter %d out is %T of kind %d", i+1, l, l.kind())
		}
	}
	if newIn(byte(len(ins())+1)) != nil || newOut(byte(len(outs())+1)) != nil {
		t.Error("a kind has no sample")
	}
}

func TestTornLettersAreErrors(t *testing.T) {
	d := Delivery{Now: causal.Second, Letters: ins()}
	whole := d.AppendTo(nil)
	for n := range whole {
		if _, err := DecodeDelivery(whole[:n]); err == nil {
			t.Fatalf("%d of %d bytes were a delivery", n, len(whole))
		}
	}
}

func FuzzDelivery(f *testing.F) {
	for _, l := range ins() {
		d := Delivery{Now: causal.Second, Letters: []In{l}}
		f.Add(d.AppendTo(nil))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		d, err := DecodeDelivery(b)
		if err == nil && !bytes.Equal(d.AppendTo(nil), b) {
			t.Errorf("%x is written as %x", b, d.AppendTo(nil))
		}
	})
}

func FuzzLetters(f *testing.F) {
	for _, l := range outs() {
		f.Add(AppendLetters(nil, []Out{l}))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		letters, err := DecodeLetters(b)
		if err == nil && !bytes.Equal(AppendLetters(nil, letters), b) {
			t.Errorf("%x is written as %x", b, AppendLetters(nil, letters))
		}
	})
}
