// Package broadcast pushes parts to the neighbours as soon as they are made.
package broadcast

import "github.com/martinelli-lang/martinelli/algebra/causal"

// Config is what a Machine is made of. Zero bounds and times take the defaults.
type Config struct {
	// Relay: what arrives from one neighbour is pushed on to the others. So it
	// is in a static overlay; in a mesh the author reaches everyone itself.
	Relay bool

	SizeMax    int            // 1 MiB: the body of one batch
	WindowMax  int            // 4 MiB: bytes pushed to a peer and not acknowledged
	PushesMax  int            // 1024: batches pushed to a peer and not acknowledged
	AckEvery   causal.Instant // 100 ms: an acknowledgement waits for company so long
	AckTimeout causal.Instant // 5 s: a push not acknowledged by then counts as lost
}

// Batch is parts encoded by the node, once for all neighbours.
type Batch struct {
	Parts int
	Body  []byte // not to be changed any more
}

// Delivery is a batch a peer pushed.
type Delivery struct {
	From causal.ReplicaID
	Batch
}

// Message is the body of a frame of wire.KindBroadcast on wire.Commits.
// Messages of one push share the body: nobody may write to it.
type Message struct {
	To   causal.ReplicaID
	Body []byte
}

// Output is what a Drain hands out.
type Output struct {
	Messages   []Message
	Deliveries []Delivery
	Behind     []causal.ReplicaID // they missed pushes and have room again: repair with them now
}

// Stats counts since the start.
type Stats struct {
	Pushed, PushedParts, PushedBytes       uint64 // payloads sent, per recipient
	Received, ReceivedParts, ReceivedBytes uint64
	Dropped, DroppedParts                  uint64 // not sent: window full or batch too large; repair brings them
	Acks                                   uint64 // sent
}

// Machine pushes for one node.
type Machine struct {
	cfg Config
	out Output
}

// New returns a machine without neighbours.
func New(cfg Config) *Machine { return &Machine{cfg: cfg} }

// SizeMax returns the largest body of a batch; a node with more parts makes more batches.
func (m *Machine) SizeMax() int { return m.cfg.SizeMax }

// LinkUp says that the peer is a neighbour from now on.
func (m *Machine) LinkUp(now causal.Instant, peer causal.ReplicaID) {}

// LinkDown says that it is none any more.
func (m *Machine) LinkDown(now causal.Instant, peer causal.ReplicaID) {}

// Push sends this node's own parts to all neighbours.
func (m *Machine) Push(now causal.Instant, b Batch) {}

// Relay sends others' parts that are new here to all neighbours but the one
// they came from, if the config says so.
func (m *Machine) Relay(now causal.Instant, from causal.ReplicaID, b Batch) {}

// Receive takes the body of a KindBroadcast frame. A malformed body is an
// error: the caller hangs up.
func (m *Machine) Receive(now causal.Instant, from causal.ReplicaID, body []byte) error { return nil }

// Wake does what is due.
func (m *Machine) Wake(now causal.Instant) {}

// Deadline returns when Wake wants to be called.
func (m *Machine) Deadline() (causal.Instant, bool) { return 0, false }

// Drain hands out what has gathered since the last Drain.
func (m *Machine) Drain() Output {
	out := m.out
	m.out = Output{}
	return out
}

// Stats returns the counts since the start.
func (m *Machine) Stats() Stats { return Stats{} }
