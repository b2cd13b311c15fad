package node

import (
	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/flow"
	"github.com/martinelli-lang/martinelli/overlay/member"
	"github.com/martinelli-lang/martinelli/store"
	"github.com/martinelli-lang/martinelli/trust"
	"github.com/martinelli-lang/martinelli/value"
	"github.com/martinelli-lang/martinelli/wire"
)

// Ticket ties an Answer to the command it answers. The caller chooses it.
type Ticket uint64

// RaiseRequest raises an event.
type RaiseRequest struct {
	Event   string // without "on_"
	Args    []value.Value
	User    string // who raises it; "" takes the node's own user
	Session []byte // the token of the last answer: what the caller has seen

	// Sessionless says that the caller keeps no tokens, as he asks this node
	// alone: where the event runs here, the answer has none.
	Sessionless bool

	// Stream and Seq make a retry harmless: a stream is one writer that raises
	// in order, and a seq at or below the stream's mark is answered as
	// committed without running again. "" is no stream.
	Stream string
	Seq    uint64

	// Outbox lets an event that runs at the home be kept here, durably, until
	// the home has it. While an item of a stream is open, the stream goes on at
	// this node alone.
	Outbox Outboxing
}

// ReadRequest reads a database (whole, or at a key) or a view.
type ReadRequest struct {
	Name    string
	Key     []value.Value
	User    string // in a session of this user: what he may read, and his views; "" reads for the node itself
	Session []byte
}

// Answer answers one command.
type Answer struct {
	Ticket    Ticket
	Committed bool   // a raise: it is durable here. A read or mark: it is answered.
	Duplicate bool   // a raise at or below its stream's mark, or in the outbox already
	Pending   bool   // a raise: it is durable in this node's outbox, and will run at the home; or its serial block has no outcome yet
	Item      string // under which name the outbox keeps it
	Serial    bool   // a raise: its handler has committed, and this is of the serial block at its end
	Saga      bool   // a raise: its handler has committed, and this is of the saga at its end
	Abort     string // otherwise why not, a word of the program or of the node, without colon
	Detail    string // a sentence more
	Token     []byte // the causal context after this answer
	Reading   *flow.Reading
	Copied    bool           // a read: of what lives at the home, at another node
	AsOf      causal.Instant // then: when it was so; it was asked for then, by this node's clock; 0: the home has not answered yet
	Mark      uint64         // of a stream
	Spaces    int            // a cut: in how many spaces
	Dropped   *Dropped       // a drop
}

// Words with which a node itself aborts. Those of the program and of flow come on top.
const (
	AbortNoEvent  = "no_such_event" // no handler of that name at this role
	AbortNoName   = "no_such_name"  // no database or view of that name
	AbortSession  = "bad_session"   // the token is not one
	AbortStream   = "bad_stream"    // a stream's name or seq is out of bounds
	AbortBehind   = "behind"        // this node has not seen the session's past in time
	AbortBusy     = flow.AbortBusy  // a queue is full; nothing was done
	AbortHomeAway = "home_away"     // the request never left: the home can't be reached
	AbortTooLarge = "too_large"     // what goes to the home or comes from there is larger than a message
	AbortUnknown  = "unknown"       // the request left; its outcome is not known here. A stream makes a retry harmless.
	AbortBarred   = "barred"        // this node's replica was cut or retired: what it writes would be void
	AbortCloned   = "cloned"        // this node's store was copied and both run under one replica id: what either writes is void
	AbortStalled  = "stalled"       // an earlier raise of the stream has no outcome yet: raise that one again first; nothing was done
)

// IsOpen reports whether the answer says nothing of the event itself: raised
// again, it may commit. A stream goes on only when its raise has an outcome.
func (a *Answer) IsOpen() bool {
	switch a.Abort {
	case AbortBehind, AbortBusy, AbortHomeAway, AbortUnknown, AbortStalled:
		return true
	}
	return false
}

// Message goes to a neighbour on a channel.
type Message struct {
	To      causal.ReplicaID
	Channel wire.Channel
	Kind    uint8
	Body    []byte
}

// Shown is a change of a watched or rendered value.
type Shown struct {
	Tickets []Ticket       // of the watches; none: a process renders it
	AsOf    causal.Instant // when it was so: of a pulled copy when it was asked for, by this node's clock; 0: never yet
	flow.Shown
}

// Hangup asks the host to end a link.
type Hangup struct {
	Peer causal.ReplicaID
	Why  string
}

// Event is something an operator should know.
type Event struct {
	Kind EventKind
	Peer causal.ReplicaID
	Text string
}

// EventKind says what an Event is about.
type EventKind uint8

const (
	EventMember     EventKind = iota // a member came, is suspected, went
	EventFork                        // two histories under one replica id: that author is kept out
	EventRefused                     // bytes or a peer were refused
	EventDropped                     // a bounded queue overflowed; repair will bring what was dropped
	EventCheckpoint                  // a checkpoint does not agree with what is here, or was refused
	EventVoid                        // a verdict on this node's own parts has changed
	EventInvariant                   // an invariant was violated or repaired
	EventLate                        // parts are shown without their causes
	EventReissue                     // what was written under a former id is written again, or can't be
	EventProcess                     // a function of the host failed in a process, or is not linked here
	EventAccess                      // whose a replica is, and what it was granted
	EventSerial                      // an else that did nothing
)

// Output is what one Drain gives; doc.go says in which order to act on it.
type Output struct {
	Sign     []trust.SignRequest   // to be answered with Signed, each once; need not wait for anything
	Verify   []trust.VerifyRequest // to be answered with Verified, likewise
	Records  []store.Op
	Messages []Message
	Answers  []Answer
	Dials    []member.Member
	Hangups  []Hangup
	Shown    []Shown
	Notices  []flow.Notice // for who listens now
	Calls    []Call        // of functions of the host, to be answered with Called, each once
	Events   []Event

	// Revocations are those the host has not been told of. It holds them against
	// every pass and certificate, of those who are linked and of those who come.
	Revocations []causal.Revocation

	// Renew says that this replica id is at its end, as it was retired or its
	// store was copied: the host is to give the node another one, durably, with
	// this one among the former, and to open it again.
	Renew bool
}

// Empty reports whether there is nothing to do.
func (o *Output) Empty() bool {
	return !o.Renew && len(o.Sign)+len(o.Verify)+len(o.Records)+len(o.Messages)+len(o.Answers)+len(o.Dials)+len(o.Hangups)+len(o.Shown)+len(o.Notices)+len(o.Calls)+len(o.Events)+len(o.Revocations) == 0
}
