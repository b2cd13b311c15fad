package serial

import (
	"cmp"
	"maps"
	"slices"

	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/algebra/order"
)

// AbortUnreachable is the outcome of a request that was never sent.
const AbortUnreachable = "unreachable"

// Config is what a Desk is, and its limits.
type Config struct {
	Self  causal.ReplicaID // under whose name new requests go
	Wait  causal.Instant   // how long a request waits for a link to its home before it is withdrawn
	Retry causal.Instant   // how long an outcome is awaited on a link before the request is said again
	Kept  int              // outcomes that are kept for who asks later
}

// State is what is awaited of a request.
type State uint8

const (
	Waiting State = iota // for a link: it has never been sent
	Sent                 // for the outcome: it may have had its effect
	Closed               // nothing: its outcome is known and acted on
)

// Item is a request as the desk keeps it.
type Item struct {
	Request
	Event   string // that was raised
	Stream  string // of the raise, "" for none
	Seq     uint64
	State   State
	Outcome Outcome // of a closed one; its token is not kept

	until     causal.Instant // waiting: when it is withdrawn; sent: when it is said again
	isDecided bool           // its outcome was handed out and is being acted on
}

// Decision is an outcome that has come.
type Decision struct {
	No      uint64
	Outcome Outcome
}

// Record is a change of what the store keeps of the desk; Value nil deletes.
type Record struct {
	No    uint64
	Value []byte
}

// Output is what a Drain gives.
type Output struct {
	Records  []Record
	Messages []Request // to the home
	Decided  []Decision
}

// Desk keeps the requests of one node. New is its only door.
type Desk struct {
	cfg    Config
	items  map[uint64]*Item
	last   uint64  // the newest number
	open   []*Item // those that are not closed, by number
	isUp   bool    // there is a link to the home
	out    Output
	closed []uint64 // numbers of closed items, oldest first; at most cfg.Kept
}

// New returns an empty desk.
func New(cfg Config) *Desk { return &Desk{cfg: cfg, items: map[uint64]*Item{}} }

// Load brings back an item that a Record kept, the ones with smaller numbers
// first. What waited for a link waits as long again from now.
func (d *Desk) Load(now causal.Instant, no uint64, record []byte) error {
	it, err := decodeItem(record)
	if err != nil {
		return err
	}
	it.Name.No = no
	d.last = max(d.last, no)
	it.until = now + d.cfg.Wait
	d.items[no] = &it
	if it.State == Closed {
		d.closed = append(d.closed, no)
	} else {
		d.open = append(d.open, &it)
	}
	return nil
}

// Open returns how many requests have no outcome yet.
func (d *Desk) Open() int { return len(d.open) }

// HasRoom reports whether another request may be put on the desk. The oldest
// one without an outcome counts: the home keeps the results of all behind it.
func (d *Desk) HasRoom() bool { return d.last+1-d.floor(d.cfg.Self) < RequestsMax }

// floor is the smallest number of a replica without an outcome; all below have
// one. A former id of this node has one of its own.
func (d *Desk) floor(of causal.ReplicaID) uint64 {
	for _, it := range d.open {
		if it.Name.Replica == of {
			return it.Name.No
		}
	}
	return d.last + 1
}

// Next returns the name that the next Put gives.
func (d *Desk) Next() Name { return Name{d.cfg.Self, d.last + 1} }

// Put puts a request on the desk and returns its name. It must have room.
func (d *Desk) Put(now causal.Instant, it Item) Name {
	d.last++
	it.Name = Name{d.cfg.Self, d.last}
	it.until = now + d.cfg.Wait
	it.State = Waiting
	d.items[d.last] = &it
	d.open = append(d.open, &it)
	if d.isUp {
		d.send(now, &it)
	} else {
		d.keep(&it)
	}
	return it.Name
}

// Note keeps an outcome that needed no request, as the home was here.
func (d *Desk) Note(it Item) Name {
	d.last++
	it.Name, it.State = Name{d.cfg.Self, d.last}, Closed
	d.items[d.last] = &it
	d.shut(&it)
	return it.Name
}

// send marks a request as sent before it leaves.
func (d *Desk) send(now causal.Instant, it *Item) {
	it.until = now + d.cfg.Retry
	if it.State == Waiting {
		it.State = Sent
		d.keep(it)
	}
	q := it.Request
	q.Floor = d.floor(it.Name.Replica)
	d.out.Messages = append(d.out.Messages, q)
}

func (d *Desk) keep(it *Item) {
	d.out.Records = append(d.out.Records, Record{it.Name.No, it.encode()})
}

// LinkUp says that there is a link to the home: what waits is sent, and what
// was sent before is said again.
func (d *Desk) LinkUp(now causal.Instant) {
	d.isUp = true
	for _, it := range d.pending() {
		d.send(now, it)
	}
}

// LinkDown says that there is none any more.
func (d *Desk) LinkDown() { d.isUp = false }

// pending returns the open items whose outcome has not come, in order.
func (d *Desk) pending() []*Item {
	return slices.DeleteFunc(slices.Clone(d.open), func(it *Item) bool { return it.isDecided })
}

// Receive takes an outcome from the home. One that was had before, or that
// nobody waits for, means nothing.
func (d *Desk) Receive(p *Reply) {
	it := d.items[p.Name.No]
	if it == nil || it.Name != p.Name || it.State != Sent || it.isDecided {
		return
	}
	d.decide(it, p.Outcome)
}

func (d *Desk) decide(it *Item, o Outcome) {
	it.isDecided = true
	d.out.Decided = append(d.out.Decided, Decision{it.Name.No, o})
}

// Close says that an outcome was acted on. Nothing of the request is left but that.
func (d *Desk) Close(no uint64, o Outcome) {
	it := d.items[no]
	if it == nil || it.State == Closed {
		return
	}
	d.open = slices.DeleteFunc(d.open, func(o *Item) bool { return o == it })
	it.State, it.Outcome, it.Slots = Closed, Outcome{Abort: o.Abort, Detail: o.Detail}, nil
	d.shut(it)
}

// shut keeps a closed item in the place of the oldest of those that are kept.
// The newest number always stays, so that it is never given again.
func (d *Desk) shut(it *Item) {
	d.keep(it)
	d.closed = append(d.closed, it.Name.No)
	for len(d.closed) > d.cfg.Kept+1 {
		oldest := d.closed[0]
		d.closed = d.closed[1:]
		if oldest == d.last {
			d.closed = append(d.closed, oldest)
			continue
		}
		delete(d.items, oldest)
		d.out.Records = append(d.out.Records, Record{No: oldest})
	}
}

// Item returns what is kept under a number.
func (d *Desk) Item(no uint64) (Item, bool) {
	if it := d.items[no]; it != nil {
		return *it, true
	}
	return Item{}, false
}

// Raised returns the newest item of a raise, if it is kept.
func (d *Desk) Raised(stream string, seq uint64) (found Item, ok bool) {
	for no, it := range d.items {
		if it.Stream == stream && it.Seq == seq && (!ok || no > found.Name.No) {
			found, ok = *it, true
		}
	}
	return found, ok
}

// Items returns all that is kept, by number.
func (d *Desk) Items() []Item {
	list := make([]Item, 0, len(d.items))
	for _, no := range order.Sorted(maps.Keys(d.items), cmp.Compare) {
		list = append(list, *d.items[no])
	}
	return list
}

// Wake withdraws what has waited too long for a link, and says again what has
// waited too long for its outcome.
func (d *Desk) Wake(now causal.Instant) {
	for _, it := range d.pending() {
		switch {
		case now < it.until:
		case it.State == Waiting:
			d.decide(it, Outcome{Abort: AbortUnreachable, Detail: "there was no link to the home of this data; nothing was sent"})
		case d.isUp:
			d.send(now, it)
		}
	}
}

// Deadline returns when Wake wants to be called.
func (d *Desk) Deadline() (at causal.Instant, ok bool) {
	for _, it := range d.open {
		if it.isDecided || it.State == Sent && !d.isUp {
			continue
		}
		if !ok || it.until < at {
			at, ok = it.until, true
		}
	}
	return at, ok
}

// Drain hands out what has gathered since the last Drain.
func (d *Desk) Drain() Output {
	out := d.out
	d.out = Output{}
	return out
}

// Empty reports whether there is nothing to do.
func (o *Output) Empty() bool { return len(o.Records)+len(o.Messages)+len(o.Decided) == 0 }
