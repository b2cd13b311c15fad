package browser

import (
	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/overlay/signal"
	"github.com/martinelli-lang/martinelli/wire"
)

// Kinds of letters of the host. They are only appended.
const (
	kindOpened byte = iota + 1
	kindFailed
	kindWrite
	kindSend
	kindDial
	kindHangup
	kindSign
	kindVerify
	kindAnswer
	kindChange
	kindNotice
	kindTimer
	kindNote
	kindStatus
	kindRenew
	kindEnded
	kindSignalled
)

// Opened says that the node is open.
type Opened struct {
	Replica causal.ReplicaID
	Schema  []byte // JSON, as protocol.ts has it
	IsFirst bool   // nothing was stored
	Size    uint64 // bytes of all that was stored
}

// Failed says that there is no node any more, or that there will be none.
type Failed struct {
	Kind FailedKind
	Text string
}

// FailedKind says what has to be done.
type FailedKind = byte

// Kinds of failures.
const (
	Broken  FailedKind = iota // a bug: open another Host from the journal
	Program                   // the plan, or what is stored, does not fit this version or each other
	Damaged                   // what is stored can't be read
	Behind                    // what is stored lost what was acknowledged: open it with NewReplica and the next incarnation
	Refused                   // a letter, or its order, is none that this version knows
)

// Write changes the files of the journal, and ends when that is durable.
// Nothing behind it is acted on before.
type Write struct{ Ops []FileOp }

// FileOp is a journal.Action.
type FileOp struct {
	Kind  byte
	File  byte
	At    uint64
	Bytes []byte
}

// Send sends bytes on a channel of a link.
type Send struct {
	Link    uint64
	Channel wire.Channel
	Bytes   []byte
}

// Dial makes a link, under an odd number.
type Dial struct {
	Link uint64
	Addr string
}

// Hangup ends a link; nothing is said of it any more.
type Hangup struct {
	Link uint64
	Why  string
}

// Sign asks for a signature with the page's own key.
type Sign struct {
	No        uint64
	Statement []byte
}

// Verify asks whether a signature is good.
type Verify struct {
	No        uint64
	Public    [32]byte
	Statement []byte
	Signature causal.Signature
}

// Answer says what came of a Raise or a Read. The last one of a ticket says so.
type Answer struct {
	Ticket    uint64
	State     AnswerState
	IsLast    bool
	Duplicate bool
	Why       string // of what was aborted
	Detail    string
	Item      string // of what is pending
	Value     []byte // JSON
	IsCopied  bool   // Value is what lives at the home
	AsOf      causal.Instant
}

// AnswerState is how far a command has come.
type AnswerState = byte

// The states of answers, as protocol.ts has them.
const (
	Taken AnswerState = iota
	Durable
	Synced
	Committed
	Pending
	Aborted
	Done
)

// Change is what a watched value became.
type Change struct {
	Ticket  uint64
	IsFull  bool
	Settled bool
	AsOf    causal.Instant // 0: of nothing that was copied
	Value   []byte         // JSON, if IsFull
	Added   []byte         // JSON arrays otherwise
	Removed []byte
}

// Notice is a word that the program tells.
type Notice struct{ Key, Value []byte }

// Timer asks for a delivery at a time; it takes the place of the one before.
type Timer struct{ At causal.Instant }

// Note is what an operator may want to know.
type Note struct {
	IsWarning bool
	Text      string
}

// Status answers AskStatus: JSON, to which the worker adds what it knows itself.
type Status struct{ JSON []byte }

// Renew says that this replica id is at its end: the worker keeps the next
// incarnation, with this id among the former, and opens another Host.
type Renew struct{ Why string }

// Ended says that the node is closed.
type Ended struct{}

// Signalled is what another page said that is not linked to this one, or of
// whom that is not proven: the binding of the link shows it.
type Signalled struct {
	From    causal.ReplicaID
	Kind    byte // a signal.Kind
	Attempt uint64
	Text    string
}

func newOut(kind byte) Out {
	switch kind {
	case kindOpened:
		return &Opened{}
	case kindFailed:
		return &Failed{}
	case kindWrite:
		return &Write{}
	case kindSend:
		return &Send{}
	case kindDial:
		return &Dial{}
	case kindHangup:
		return &Hangup{}
	case kindSign:
		return &Sign{}
	case kindVerify:
		return &Verify{}
	case kindAnswer:
		return &Answer{}
	case kindChange:
		return &Change{}
	case kindNotice:
		return &Notice{}
	case kindTimer:
		return &Timer{}
	case kindNote:
		return &Note{}
	case kindStatus:
		return &Status{}
	case kindRenew:
		return &Renew{}
	case kindEnded:
		return &Ended{}
	case kindSignalled:
		return &Signalled{}
	}
	return nil
}

func (*Opened) kind() byte    { return kindOpened }
func (*Failed) kind() byte    { return kindFailed }
func (*Write) kind() byte     { return kindWrite }
func (*Send) kind() byte      { return kindSend }
func (*Dial) kind() byte      { return kindDial }
func (*Hangup) kind() byte    { return kindHangup }
func (*Sign) kind() byte      { return kindSign }
func (*Verify) kind() byte    { return kindVerify }
func (*Answer) kind() byte    { return kindAnswer }
func (*Change) kind() byte    { return kindChange }
func (*Notice) kind() byte    { return kindNotice }
func (*Timer) kind() byte     { return kindTimer }
func (*Note) kind() byte      { return kindNote }
func (*Status) kind() byte    { return kindStatus }
func (*Renew) kind() byte     { return kindRenew }
func (*Ended) kind() byte     { return kindEnded }
func (*Signalled) kind() byte { return kindSignalled }

func (l *Opened) fields(c *coder) {
	c.fixed(l.Replica[:])
	c.bytes(&l.Schema, jsonMax)
	c.flag(&l.IsFirst)
	c.number(&l.Size)
}

func (l *Failed) fields(c *coder) {
	c.octet(&l.Kind)
	c.text(&l.Text, textMax)
}

func (l *Write) fields(c *coder) {
	n := c.count(len(l.Ops), opsMax)
	if c.r != nil && n > 0 {
		l.Ops = make([]FileOp, n)
	}
	for i := range l.Ops {
		op := &l.Ops[i]
		c.octet(&op.Kind)
		c.octet(&op.File)
		c.number(&op.At)
		c.bytes(&op.Bytes, letterMax)
	}
}

func (l *Send) fields(c *coder) {
	c.number(&l.Link)
	c.channel(&l.Channel)
	c.bytes(&l.Bytes, letterMax)
}

func (l *Dial) fields(c *coder) {
	c.number(&l.Link)
	c.text(&l.Addr, textMax)
}

func (l *Hangup) fields(c *coder) {
	c.number(&l.Link)
	c.text(&l.Why, textMax)
}

func (l *Sign) fields(c *coder) {
	c.number(&l.No)
	c.bytes(&l.Statement, wordsMax)
}

func (l *Verify) fields(c *coder) {
	c.number(&l.No)
	c.fixed(l.Public[:])
	c.fixed(l.Signature[:])
	c.bytes(&l.Statement, wordsMax)
}

func (l *Answer) fields(c *coder) {
	c.number(&l.Ticket)
	c.octet(&l.State)
	c.flag(&l.IsLast)
	c.flag(&l.Duplicate)
	c.text(&l.Why, textMax)
	c.text(&l.Detail, textMax)
	c.text(&l.Item, textMax)
	c.bytes(&l.Value, jsonMax)
	c.flag(&l.IsCopied)
	c.instant(&l.AsOf)
}

func (l *Change) fields(c *coder) {
	c.number(&l.Ticket)
	c.flag(&l.IsFull)
	c.flag(&l.Settled)
	c.instant(&l.AsOf)
	c.bytes(&l.Value, jsonMax)
	c.bytes(&l.Added, jsonMax)
	c.bytes(&l.Removed, jsonMax)
}

func (l *Notice) fields(c *coder) {
	c.bytes(&l.Key, jsonMax)
	c.bytes(&l.Value, jsonMax)
}

func (l *Timer) fields(c *coder) { c.instant(&l.At) }

func (l *Note) fields(c *coder) {
	c.flag(&l.IsWarning)
	c.text(&l.Text, textMax)
}

func (l *Status) fields(c *coder) { c.bytes(&l.JSON, jsonMax) }
func (l *Renew) fields(c *coder)  { c.text(&l.Why, textMax) }
func (*Ended) fields(*coder)      {}

func (l *Signalled) fields(c *coder) {
	c.fixed(l.From[:])
	c.octet(&l.Kind)
	c.number(&l.Attempt)
	c.text(&l.Text, signal.TextMax)
}
