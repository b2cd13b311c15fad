package serial_test

import (
	"bytes"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/entity/serial"
	"github.com/martinelli-lang/martinelli/plan"
	"github.com/martinelli-lang/martinelli/value"
	"github.com/martinelli-lang/martinelli/wire"
	"github.com/martinelli-lang/martinelli/wire/wiretest"
)

var limits = serial.Config{Self: causal.ReplicaID{1}, Wait: 5 * causal.Second, Retry: 2 * causal.Second, Kept: 4}

func item(sku string) serial.Item {
	return serial.Item{Request: serial.Request{Block: plan.BlockHash{7}, User: "ann", Slots: []value.Value{value.String(sku)}}, Event: "buy"}
}

// disk is a store of records.
type disk map[uint64][]byte

func (d disk) write(rs []serial.Record) {
	for _, r := range rs {
		if d[r.No] = r.Value; r.Value == nil {
			delete(d, r.No)
		}
	}
}

// reload opens a desk from its records.
func (d disk) reload(t *testing.T, now causal.Instant) *serial.Desk {
	t.Helper()
	desk := serial.New(limits)
	for no := uint64(1); len(d) > desk.Open()+closed(desk); no++ {
		if r, ok := d[no]; ok {
			if err := desk.Load(now, no, r); err != nil {
				t.Fatal(err)
			}
		}
	}
	return desk
}

func closed(d *serial.Desk) int { return len(d.Items()) - d.Open() }

// TestASentRequestIsNeverWithdrawn follows the two fates of a request: one that
// was never sent is withdrawn, and one that was is awaited for ever.
func TestASentRequestIsNeverWithdrawn(t *testing.T) {
	d, store := serial.New(limits), disk{}
	first := d.Put(1, item("tea"))
	out := d.Drain()
	store.write(out.Records)
	if len(out.Messages) != 0 || len(store) != 1 {
		t.Fatal("without a link nothing leaves, and all is kept: ", out)
	}
	d.Wake(1 + limits.Wait)
	if out = d.Drain(); len(out.Decided) != 1 || out.Decided[0].Outcome.Abort != serial.AbortUnreachable {
		t.Fatal("it was not withdrawn: ", out)
	}
	d.LinkUp(2 + limits.Wait)
	if out = d.Drain(); len(out.Messages) != 0 {
		t.Fatal("what was withdrawn is sent")
	}
	d.Close(first.No, serial.Outcome{Abort: serial.AbortUnreachable})
	second := d.Put(10*causal.Second, item("tea"))
	out = d.Drain()
	store.write(out.Records)
	if len(out.Messages) != 1 || second.No != 2 || out.Messages[0].Floor != 2 {
		t.Fatal("with a link it leaves at once: ", out)
	}
	d.LinkDown()
	d.Wake(1000 * causal.Second)
	if out = d.Drain(); !out.Empty() {
		t.Error("what was sent is awaited: ", out)
	}
	d = store.reload(t, 2000*causal.Second)
	d.Wake(3000 * causal.Second)
	if out = d.Drain(); !out.Empty() {
		t.Error("after a restart too: ", out)
	}
	d.LinkUp(3000 * causal.Second)
	if out = d.Drain(); len(out.Messages) != 1 || out.Messages[0].Name != second {
		t.Error("and said again under its name: ", out)
	}
	for range 2 {
		d.Receive(&serial.Reply{Name: second})
	}
	if out = d.Drain(); len(out.Decided) != 1 {
		t.Error("an outcome is had once: ", out)
	}
}

// TestNumbersAreNeverGivenAgain closes many, out of order, and opens again.
func TestNumbersAreNeverGivenAgain(t *testing.T) {
	d, store := serial.New(limits), disk{}
	old := d.Put(1, item("old"))
	for range 20 {
		d.Close(d.Put(1, item("tea")).No, serial.Outcome{})
	}
	d.Close(old.No, serial.Outcome{Abort: "sold_out"})
	newest := d.Put(1, item("new"))
	d.Close(newest.No, serial.Outcome{})
	for range 3 {
		d.Close(old.No, serial.Outcome{}) // again means nothing
	}
	store.write(d.Drain().Records)
	if len(store) > limits.Kept+1 {
		t.Errorf("%d records are kept", len(store))
	}
	if next := store.reload(t, 1).Put(1, item("tea")); next.No != newest.No+1 {
		t.Errorf("after %v comes %v", newest, next)
	}
}

// TestTheDeskIsBounded: the oldest request without an outcome bounds the newest.
func TestTheDeskIsBounded(t *testing.T) {
	d := serial.New(limits)
	oldest := d.Put(1, item("tea"))
	for d.HasRoom() {
		d.Close(d.Put(1, item("tea")).No, serial.Outcome{})
	}
	last, _ := d.Item(oldest.No)
	if items := d.Items(); items[len(items)-1].Name.No-last.Name.No != serial.RequestsMax-1 {
		t.Error("the desk holds ", items[len(items)-1].Name.No)
	}
	d.Close(oldest.No, serial.Outcome{})
	if !d.HasRoom() {
		t.Error("an outcome makes room")
	}
}

// home runs what is ordered and counts how often each request has had its effect.
type home struct {
	ledger  *serial.Ledger
	sole    serial.Sole
	seq     uint64
	effects map[serial.Name]int
	entries map[causal.EntryID]causal.Entry
}

func newHome() *home {
	return &home{ledger: serial.NewLedger(), effects: map[serial.Name]int{}, entries: map[causal.EntryID]causal.Entry{}}
}

// restart opens the ledger from what was committed.
func (h *home) restart() {
	h.ledger = serial.NewLedger()
	for id, e := range h.entries {
		h.ledger.Heed(id, e.Key, e.Value, false)
	}
}

func (h *home) receive(q serial.Request) (replies []serial.Reply) {
	h.sole.Propose(0, q)
	for _, q := range h.sole.Ordered() {
		verdict, res := h.ledger.Judge(&q)
		switch verdict {
		case serial.Fresh:
			h.effects[q.Name]++
			res.Abort = abortOf(q.Name)
			e, gone := h.ledger.Conclude(&q, res)
			for _, id := range gone {
				delete(h.entries, id)
			}
			h.seq++
			id := causal.EntryID{Dot: causal.Dot{Seq: h.seq}}
			h.entries[id] = e
			h.ledger.Heed(id, e.Key, e.Value, false)
		case serial.Gone, serial.Beyond:
			continue
		}
		replies = append(replies, serial.Reply{Name: q.Name, Outcome: serial.Outcome{Abort: res.Abort}})
	}
	return replies
}

// abortOf makes every third request abort.
func abortOf(n serial.Name) string {
	if n.No%3 == 0 {
		return "sold_out"
	}
	return ""
}

// TestOnceUnderFaults plays a raiser and a home over a network that loses,
// repeats and reorders, and kills either at any time. Every request has its
// effect at most once, its raiser the right outcome exactly once, and the home
// keeps no more results than requests may be open.
func TestOnceUnderFaults(t *testing.T) {
	for seed := range uint64(300) {
		playFaults(t, rand.New(rand.NewPCG(seed, 7)))
	}
}

func playFaults(t *testing.T, die *rand.Rand) {
	t.Helper()
	const requests = 12
	d, store, h := serial.New(limits), disk{}, newHome()
	now := causal.Instant(1)
	var there []serial.Request
	var back []serial.Reply
	outcomes, put := map[uint64]string{}, 0
	drain := func() {
		out := d.Drain()
		store.write(out.Records)
		there = append(there, out.Messages...)
		for _, dec := range out.Decided {
			if _, twice := outcomes[dec.No]; twice {
				t.Errorf("request %d is decided twice", dec.No)
			}
			outcomes[dec.No] = dec.Outcome.Abort
			d.Close(dec.No, dec.Outcome)
		}
		store.write(d.Drain().Records)
	}
	for step := 0; step < 2000 && (put < requests || d.Open() > 0); step++ {
		now += causal.Instant(die.Int64N(int64(causal.Second)))
		isLate := step > 1500 // then the world is well
		switch what := die.IntN(12); {
		case put < requests && what == 0:
			d.Put(now, item("tea"))
			put++
		case what == 1:
			d.LinkUp(now)
		case what == 2 && !isLate:
			d.LinkDown()
		case what == 3 && !isLate: // the raiser is killed: what it has not drained is lost with it
			if d.Drain(); len(store) > 0 {
				put -= lost(d, store)
			} else {
				put = 0
			}
			d = store.reload(t, now)
		case what == 4 && !isLate:
			h.restart()
		case what < 7 && len(there) > 0:
			i := die.IntN(len(there))
			q := there[i]
			if die.IntN(2) == 0 || isLate {
				there = slices.Delete(there, i, i+1)
			}
			if isLate || die.IntN(3) > 0 {
				back = append(back, h.receive(q)...)
			}
		case what < 10 && len(back) > 0:
			i := die.IntN(len(back))
			p := back[i]
			if die.IntN(2) == 0 {
				back = slices.Delete(back, i, i+1)
			}
			d.Receive(&p)
		default:
			d.Wake(now)
		}
		if die.IntN(4) > 0 {
			drain()
		}
	}
	drain()
	if d.Open() > 0 {
		t.Fatalf("%d requests have no outcome", d.Open())
	}
	for name, n := range h.effects {
		if n != 1 {
			t.Errorf("%v ran %d times", name, n)
		}
		if got, had := outcomes[name.No]; had && got != abortOf(name) {
			t.Errorf("%v is %q with its raiser and %q at home", name, got, abortOf(name))
		}
	}
	for no, why := range outcomes {
		if ran := h.effects[serial.Name{Replica: limits.Self, No: no}] == 1; ran == (why == serial.AbortUnreachable) {
			t.Errorf("request %d is %q and ran: %v", no, why, ran)
		}
	}
	if h.ledger.Len() > requests {
		t.Errorf("the home keeps %d results", h.ledger.Len())
	}
}

// lost counts the requests that were put and never kept.
func lost(d *serial.Desk, store disk) (n int) {
	for _, it := range d.Items() {
		if store[it.Name.No] == nil {
			n++
		}
	}
	return n
}

// TestTheHomeForgets: what is below a raiser's floor is forgotten, and asked
// again it is not run.
func TestTheHomeForgets(t *testing.T) {
	h := newHome()
	name := func(no uint64) serial.Name { return serial.Name{Replica: limits.Self, No: no} }
	for no := range uint64(10) {
		h.receive(serial.Request{Name: name(no + 1), Floor: 1})
	}
	h.receive(serial.Request{Name: name(11), Floor: 9})
	if h.ledger.Len() != 3 {
		t.Error("9, 10 and 11 are kept, and there are ", h.ledger.Len())
	}
	h.restart()
	if replies := h.receive(serial.Request{Name: name(4), Floor: 1}); len(replies) > 0 || h.effects[name(4)] != 1 {
		t.Error("what was forgotten is run again")
	}
	if replies := h.receive(serial.Request{Name: name(4000), Floor: 9}); len(replies) > 0 {
		t.Error("what is too far above its floor is run")
	}
}

func TestFrozen(t *testing.T) {
	name := serial.Name{Replica: causal.ReplicaID{1, 15: 1}, No: 300}
	q := serial.Request{Name: name, Floor: 290, Block: plan.BlockHash{1, 31: 2}, User: "ann", Slots: []value.Value{value.String("tea"), value.Int(2)}}
	p := serial.Reply{Name: name, Outcome: serial.Outcome{Abort: "sold_out", Detail: "the handler says so", Token: []byte{1, 2, 3}}}
	wiretest.Frozen(t, "serial.request", q, func(q serial.Request) []byte { return q.AppendTo(nil) }, func(b []byte) (serial.Request, error) {
		q, _, err := serial.Decode(b)
		return *q, err
	})
	wiretest.Frozen(t, "serial.reply", p, func(p serial.Reply) []byte { return p.AppendTo(nil) }, func(b []byte) (serial.Reply, error) {
		_, p, err := serial.Decode(b)
		return *p, err
	})
	l := serial.NewLedger()
	e, _ := l.Conclude(&q, serial.Result{Abort: "sold_out", Detail: "the handler says so", Spaces: []causal.SpaceID{{3, 15: 4}}})
	same := func(b []byte) ([]byte, error) { return b, nil }
	wiretest.Frozen(t, "serial.result-key", []byte(e.Key), slices.Clone[[]byte], same)
	wiretest.Frozen(t, "serial.result", []byte(e.Value), slices.Clone[[]byte], same)
	d := serial.New(limits)
	it := serial.Item{Request: q, Event: "buy", Stream: "till", Seq: 4}
	no := d.Put(1, it).No
	open := d.Drain().Records[0].Value
	d.Close(no, p.Outcome)
	closed := d.Drain().Records[0].Value
	wiretest.Frozen(t, "serial.open", open, slices.Clone[[]byte], same)
	wiretest.Frozen(t, "serial.closed", closed, slices.Clone[[]byte], same)
}

// FuzzDecode: what can be read is written as the same bytes, and a ledger and a
// desk bear whatever the store holds.
func FuzzDecode(f *testing.F) {
	q := serial.Request{Name: serial.Name{No: 3}, Floor: 1, User: "ann", Slots: []value.Value{value.Int(1)}}
	p := serial.Reply{Name: serial.Name{No: 3}, Outcome: serial.Outcome{Abort: "no"}}
	d := serial.New(limits)
	d.Put(1, serial.Item{Request: q})
	f.Add(q.AppendTo(nil))
	f.Add(p.AppendTo(nil))
	f.Add(d.Drain().Records[0].Value)
	f.Add(wire.AppendUvarint(make([]byte, 17), 1))
	f.Fuzz(func(t *testing.T, b []byte) {
		q, p, err := serial.Decode(b)
		if err == nil && q != nil && !bytes.Equal(q.AppendTo(nil), b) || err == nil && p != nil && !bytes.Equal(p.AppendTo(nil), b) {
			t.Error("read, and written differently")
		}
		l := serial.NewLedger()
		l.Heed(causal.EntryID{}, string(make([]byte, 16))+"\x01", string(b), false)
		l.Heed(causal.EntryID{}, string(b), string(b), true)
		desk := serial.New(limits)
		if desk.Load(1, 5, b) == nil {
			desk.LinkUp(1)
			desk.Wake(1 << 60)
			desk.Drain()
		}
	})
}
