package repair

import (
	"math/rand/v2"

	"github.com/martinelli-lang/martinelli/algebra/causal"
)

// Source is the replica as repair sees it. The node adapts it.
type Source interface {
	// Root returns a digest over all spaces held: equal iff all vectors with
	// their chain hashes are.
	Root() causal.Hash
	// Spaces returns the first countMax spaces known from the given one on, in
	// order, each with a digest over its vector.
	Spaces(from causal.SpaceID, countMax int) []SpaceDigest
	// Holds reports whether this replica holds the space, or would if it came.
	Holds(space causal.SpaceID) bool
	// Vector returns the heads of the space's chains in the order of their
	// replicas; none for a space that is not known.
	Vector(space causal.SpaceID) []Head
	// Head returns the end of one chain, or zero.
	Head(space causal.SpaceID, author causal.ReplicaID) causal.Head
	// HashAt returns the chain hash at a seq from 1 to the head's; false if it
	// is not known any more.
	HashAt(space causal.SpaceID, author causal.ReplicaID, seq uint64) (causal.Hash, bool)
	// Parts encodes parts that follow the wants, about sizeMax bytes and at
	// least one part if there is any, never over wire.FrameMax/2. The order is
	// that in which a receiver can apply them: each chain without gaps, and the
	// chains merged by stamp, so that causes come before effects.
	Parts(wants []Want, sizeMax int) (body []byte, parts int)
}

// SpaceDigest is a space with the digest over its vector.
type SpaceDigest struct {
	Space  causal.SpaceID
	Digest causal.Hash
}

// Head is the end of one author's chain in a space.
type Head struct {
	Author causal.ReplicaID
	causal.Head
}

// Want asks for the parts of a chain after what the asker has.
type Want struct {
	Space  causal.SpaceID
	Author causal.ReplicaID
	After  causal.Head // what the asker has: zero for nothing
}

// Config is what a Machine is made of. Zero times and bounds take the defaults.
type Config struct {
	Self   causal.ReplicaID
	Source Source
	Rand   *rand.Rand

	Every   causal.Instant // 1 s: a random neighbour is asked, jittered by a quarter
	Timeout causal.Instant // 5 s without an answer end an exchange
	Grace   causal.Instant // 250 ms: what a push may still bring is not fetched before

	ActiveMax int // 4 exchanges begun here in flight, one per peer
	ChunkSize int // 256 KiB of parts in one answer
}

// Message is the body of a frame of wire.KindRepair. Parts go on wire.Bulk,
// all else on wire.Control.
type Message struct {
	To   causal.ReplicaID
	Bulk bool
	Body []byte
}

// Delivery is parts a peer sent because they were asked for. The node gives
// them to the replica and then calls Delivered.
type Delivery struct {
	From  causal.ReplicaID
	Parts int
	Body  []byte
}

// Fork says that two chains of one author differ: at Seq this replica has
// another chain hash than the peer. Parts of that author in that space are not
// exchanged with the peer.
type Fork struct {
	Peer   causal.ReplicaID
	Space  causal.SpaceID
	Author causal.ReplicaID
	Seq    uint64
}

// Ended says that an exchange begun here is over.
type Ended struct {
	Peer     causal.ReplicaID
	Begun    causal.Instant
	TimedOut bool
}

// Output is what a Drain hands out.
type Output struct {
	Messages   []Message
	Deliveries []Delivery
	Forks      []Fork
	Ended      []Ended
}

// Stats counts since the start.
type Stats struct {
	Exchanges     uint64 // begun here
	Equal         uint64 // of these, ended at the root
	TimedOut      uint64
	Stuck         uint64 // a fetch whose parts did not become applied
	Forks         uint64
	MessagesSent  uint64
	BytesSent     uint64 // bodies of all messages
	BytesReceived uint64
	PartsSent     uint64
	PartsReceived uint64
}

// Machine repairs for one node.
type Machine struct {
	cfg Config
	out Output
}

// New returns a machine without neighbours.
func New(now causal.Instant, cfg Config) *Machine { return &Machine{cfg: cfg} }

// LinkUp says that the peer is a neighbour from now on; an exchange begins at once.
func (m *Machine) LinkUp(now causal.Instant, peer causal.ReplicaID) {}

// LinkDown says that it is none any more; an exchange with it is over.
func (m *Machine) LinkDown(now causal.Instant, peer causal.ReplicaID) {}

// Begin asks for an exchange with the peer now.
func (m *Machine) Begin(now causal.Instant, peer causal.ReplicaID) {}

// Delivered says that the replica has taken a Delivery of the peer: the fetch goes on.
func (m *Machine) Delivered(now causal.Instant, from causal.ReplicaID) {}

// Receive takes the body of a KindRepair frame. A malformed body is an error:
// the caller hangs up.
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
