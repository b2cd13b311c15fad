package member

import (
	"math/rand/v2"

	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/wire"
)

// Config is what a Machine is made of. Zero times and bounds take the defaults.
type Config struct {
	Self  Member
	Mode  Mode
	Peers []Member // Static: the neighbours; Mesh: whom to ask first. An ID may be zero, an Addr not
	Rand  *rand.Rand

	PingEvery    causal.Instant // 1 s
	SuspectAfter causal.Instant // 3 s
	DownAfter    causal.Instant // 5 s
	DialMin      causal.Instant // 250 ms: the first back-off
	DialMax      causal.Instant // 5 s: the longest
	DialTimeout  causal.Instant // 3 s: a dial that came to nothing by then is made again

	MembersMax int // 4096
	DialsMax   int // 16 dials in the air
}

// Machine is the membership of one node.
type Machine struct {
	cfg Config
	out Output
}

// New returns a machine that dials the config's peers from its first Wake on.
func New(now causal.Instant, cfg Config) *Machine { return &Machine{cfg: cfg} }

// Receive takes the body of a KindMember frame. A malformed body is an error:
// the caller hangs up.
func (m *Machine) Receive(now causal.Instant, from causal.ReplicaID, body []byte) error { return nil }

// LinkUp says that a link to p is up. dialed is the address this node dialled
// to reach it, or empty if the peer dialled.
func (m *Machine) LinkUp(now causal.Instant, p Member, dialed string) {}

// LinkDown says that the link to the peer is down.
func (m *Machine) LinkDown(now causal.Instant, peer causal.ReplicaID, why string) {}

// DialFailed says that a dial of Output came to nothing.
func (m *Machine) DialFailed(now causal.Instant, p Member) {}

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

// Neighbors returns the linked peers in order.
func (m *Machine) Neighbors() []causal.ReplicaID { return nil }

// Members returns all known members but this one, in order.
func (m *Machine) Members() []Status { return nil }

// Self returns this node's own description.
func (m *Machine) Self() Member { return m.cfg.Self }

// Link is what a host knows of one of its links to a peer.
type Link struct {
	Dialed bool   // this node dialled it
	Epoch  uint64 // the peer's, from its hello
}

// Replaces reports whether, of two links to one peer, the later one is kept.
// Both ends come to the same answer, whatever the order in which they see the
// links.
func Replaces(self, peer causal.ReplicaID, old, later Link) bool { return false }

// AppendTo appends the member's bytes, for hellos and lists.
func (p Member) AppendTo(b []byte) []byte { return b }

// ReadMember reads what AppendTo wrote.
func ReadMember(r *wire.Reader) Member { return Member{} }
