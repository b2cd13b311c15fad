package browser

import (
	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/overlay/signal"
	"github.com/martinelli-lang/martinelli/wire"
)

// Kinds of letters to the host. They are only appended.
const (
	kindStored byte = iota + 1
	kindOpen
	kindRaise
	kindRead
	kindWatch
	kindUnwatch
	kindAskStatus
	kindConnected
	kindChunk
	kindClosed
	kindSigned
	kindVerified
	kindSpace
	kindOnline
	kindClose
	kindSignal
	kindDelegate
)

// Stored is a file of the journal as the worker found it. All that are not
// empty come before Open, in any order.
type Stored struct {
	File  byte
	Bytes []byte
}

// Open opens the node. It is answered with Opened, or with Failed.
type Open struct {
	Plan        []byte
	Public      [32]byte // of the key that the worker signs with
	Incarnation uint64
	Former      []causal.ReplicaID // of this store, oldest first
	Epoch       uint64             // greater after each start
	Random      [32]byte           // never used before, and nobody's to guess
	Written     bool               // something was acknowledged out of these files before
	NewReplica  bool               // they may end before their head mark: the incarnation is a new one
	Name        string
	Role        string
	User        string
	Cluster     string
	Steward     causal.ReplicaID
	Root        [32]byte // the key that signs the first block of every pass
	Pass        []byte   // none: this page links to nobody
	Addr        string   // where pages reach this one, "" where they can't
	Servers     []string // addresses that the worker can dial
}

// Raise raises an event. Its Answers bear the ticket.
type Raise struct {
	Ticket uint64 // chosen by the worker, never twice
	Event  string
	Args   []byte // JSON: an object
	Stream string
	Seq    uint64
	Outbox bool
}

// Read reads a database or view; one Answer bears the ticket.
type Read struct {
	Ticket uint64
	Name   string
	Key    []byte // JSON: an array; none is the whole
}

// Watch watches a database or view; Changes bear the ticket.
type Watch struct {
	Ticket uint64
	Name   string
}

// Unwatch ends a Watch.
type Unwatch struct{ Ticket uint64 }

// AskStatus asks for a Status.
type AskStatus struct{}

// Connected says that three byte streams to a peer are there: those of a Dial,
// under its number, or others that came by themselves. The worker gives those
// even numbers.
type Connected struct {
	Link    uint64
	Via     Via
	Addr    string // that was dialled; "" if the other side did
	Binding []byte // what both ends know of the connection and nobody between them can choose; none for a WebSocket
}

// Via is what a link goes over.
type Via = byte

// The kinds of links.
const (
	WebSocket Via = iota
	WebRTC
	Broadcast
)

// Chunk is bytes that came on a channel of a link, in their order.
type Chunk struct {
	Link    uint64
	Channel wire.Channel
	Bytes   []byte
}

// Closed says that a link or a Dial came to its end.
type Closed struct {
	Link uint64
	Why  string
}

// Signed answers a Sign. Without IsGood the key could not be used.
type Signed struct {
	No        uint64
	IsGood    bool
	Signature causal.Signature
}

// Verified answers a Verify.
type Verified struct {
	No     uint64
	IsGood bool
}

// Space says that the storage has no space, or has some again. Meanwhile the
// Write that found none waits with all behind it, and what comes in later
// Delivers is acted on: the host lets only out what may leave.
type Space struct{ IsFull bool }

// Online says that the network is back, or the machine awake: what is not
// linked is dialled soon.
type Online struct{}

// Close closes the node; Ended is its last letter.
type Close struct{}

// Signal says something to a page that this one is not linked to, by way of the
// nodes it is linked to.
type Signal struct {
	To      causal.ReplicaID
	Kind    byte // a signal.Kind
	Attempt uint64
	Text    string
}

// Delegate asks for a pass for another key, of a device that this page's user
// lets in. One Answer bears the ticket; its value is the pass in hexadecimal.
type Delegate struct {
	Ticket  uint64
	Public  [32]byte
	User    string // whose device it is
	IsTrial bool   // nothing is signed: would it be?
}

func newIn(kind byte) In {
	switch kind {
	case kindStored:
		return &Stored{}
	case kindOpen:
		return &Open{}
	case kindRaise:
		return &Raise{}
	case kindRead:
		return &Read{}
	case kindWatch:
		return &Watch{}
	case kindUnwatch:
		return &Unwatch{}
	case kindAskStatus:
		return &AskStatus{}
	case kindConnected:
		return &Connected{}
	case kindChunk:
		return &Chunk{}
	case kindClosed:
		return &Closed{}
	case kindSigned:
		return &Signed{}
	case kindVerified:
		return &Verified{}
	case kindSpace:
		return &Space{}
	case kindOnline:
		return &Online{}
	case kindClose:
		return &Close{}
	case kindSignal:
		return &Signal{}
	case kindDelegate:
		return &Delegate{}
	}
	return nil
}

func (*Stored) kind() byte    { return kindStored }
func (*Open) kind() byte      { return kindOpen }
func (*Raise) kind() byte     { return kindRaise }
func (*Read) kind() byte      { return kindRead }
func (*Watch) kind() byte     { return kindWatch }
func (*Unwatch) kind() byte   { return kindUnwatch }
func (*AskStatus) kind() byte { return kindAskStatus }
func (*Connected) kind() byte { return kindConnected }
func (*Chunk) kind() byte     { return kindChunk }
func (*Closed) kind() byte    { return kindClosed }
func (*Signed) kind() byte    { return kindSigned }
func (*Verified) kind() byte  { return kindVerified }
func (*Space) kind() byte     { return kindSpace }
func (*Online) kind() byte    { return kindOnline }
func (*Close) kind() byte     { return kindClose }
func (*Signal) kind() byte    { return kindSignal }
func (*Delegate) kind() byte  { return kindDelegate }

func (l *Stored) fields(c *coder) {
	c.octet(&l.File)
	c.bytes(&l.Bytes, letterMax)
}

func (l *Open) fields(c *coder) {
	c.bytes(&l.Plan, planMax)
	c.fixed(l.Public[:])
	c.number(&l.Incarnation)
	n := c.count(len(l.Former), listMax)
	if c.r != nil && n > 0 {
		l.Former = make([]causal.ReplicaID, n)
	}
	for i := range l.Former {
		c.fixed(l.Former[i][:])
	}
	c.number(&l.Epoch)
	c.fixed(l.Random[:])
	c.flag(&l.Written)
	c.flag(&l.NewReplica)
	c.text(&l.Name, textMax)
	c.text(&l.Role, textMax)
	c.text(&l.User, textMax)
	c.text(&l.Cluster, textMax)
	c.fixed(l.Steward[:])
	c.fixed(l.Root[:])
	c.bytes(&l.Pass, wordsMax)
	c.text(&l.Addr, textMax)
	c.texts(&l.Servers)
}

func (l *Raise) fields(c *coder) {
	c.number(&l.Ticket)
	c.text(&l.Event, textMax)
	c.bytes(&l.Args, jsonMax)
	c.text(&l.Stream, textMax)
	c.number(&l.Seq)
	c.flag(&l.Outbox)
}

func (l *Read) fields(c *coder) {
	c.number(&l.Ticket)
	c.text(&l.Name, textMax)
	c.bytes(&l.Key, jsonMax)
}

func (l *Watch) fields(c *coder) {
	c.number(&l.Ticket)
	c.text(&l.Name, textMax)
}

func (l *Unwatch) fields(c *coder) { c.number(&l.Ticket) }

func (*AskStatus) fields(*coder) {}

func (l *Connected) fields(c *coder) {
	c.number(&l.Link)
	c.octet(&l.Via)
	c.text(&l.Addr, textMax)
	c.bytes(&l.Binding, bindingMax)
}

func (l *Chunk) fields(c *coder) {
	c.number(&l.Link)
	c.channel(&l.Channel)
	c.bytes(&l.Bytes, chunkMax)
}

func (l *Closed) fields(c *coder) {
	c.number(&l.Link)
	c.text(&l.Why, textMax)
}

func (l *Signed) fields(c *coder) {
	c.number(&l.No)
	c.flag(&l.IsGood)
	c.fixed(l.Signature[:])
}

func (l *Verified) fields(c *coder) {
	c.number(&l.No)
	c.flag(&l.IsGood)
}

func (l *Space) fields(c *coder) { c.flag(&l.IsFull) }
func (*Online) fields(*coder)    {}
func (*Close) fields(*coder)     {}

func (l *Signal) fields(c *coder) {
	c.fixed(l.To[:])
	c.octet(&l.Kind)
	c.number(&l.Attempt)
	c.text(&l.Text, signal.TextMax)
}

func (l *Delegate) fields(c *coder) {
	c.number(&l.Ticket)
	c.fixed(l.Public[:])
	c.text(&l.User, textMax)
	c.flag(&l.IsTrial)
}

func (c *coder) channel(v *wire.Channel) {
	octet := byte(*v)
	c.octet(&octet)
	if c.r != nil && int(octet) >= wire.Channels {
		c.r.Fail(wire.ErrChannel)
		return
	}
	*v = wire.Channel(octet)
}
