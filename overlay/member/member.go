package member

import "github.com/martinelli-lang/martinelli/algebra/causal"

// Member is what the cluster knows of one participant. Of two descriptions of
// one member that with the larger epoch holds.
type Member struct {
	ID    causal.ReplicaID // zero only for a peer known by its address alone
	Name  string
	Role  string
	Addr  string // HOST:PORT others dial; empty for one that cannot be dialled
	Epoch uint64 // the incarnation: greater after each start (SWIM, section 4.2)
}

// Mode is the shape of the overlay.
type Mode uint8

const (
	Mesh   Mode = iota // everyone dials everyone it has heard of
	Static             // everyone dials the peers of its config only
)

// State is what the failure detector thinks of a member.
type State uint8

const (
	Unknown State = iota // heard of, never linked
	Alive                // linked, and answering
	Suspect              // linked, and silent for SuspectAfter
	Down                 // was linked and is not; it is dialled again
)

// Status is a member as seen from here.
type Status struct {
	Member
	State State
	Since causal.Instant // of the state
	RTT   causal.Instant // of the last ping answered; 0 before the first
}

// Message is the body of a frame of wire.KindMember on wire.Control.
type Message struct {
	To   causal.ReplicaID
	Body []byte
}

// Hangup asks the host to close the link to a peer. The link counts as down
// already: no LinkDown need follow.
type Hangup struct {
	Peer causal.ReplicaID
	Why  string
}

// Event tells the layer above that its view of a member changed.
type Event struct {
	Kind   EventKind
	Member Member
	Why    string
}

// EventKind is what happened to a member.
type EventKind uint8

const (
	Learned   EventKind = iota // heard of for the first time, or anew with a larger epoch
	Up                         // linked
	Suspected                  // silent
	Recovered                  // was suspected, answered
	Lost                       // not linked any more
	Refused                    // not remembered: MembersMax are known
)

// Output is what a Drain hands out, in the order in which it arose.
type Output struct {
	Messages []Message
	Dials    []Member // call LinkUp or DialFailed when it has come to something
	Hangups  []Hangup
	Events   []Event
}
