package replica

import (
	"iter"

	"github.com/martinelli-lang/martinelli/algebra/causal"
)

// Session is what someone has seen: the maximal parts, in order.
type Session []causal.Ref

// AppendTo appends the session's binary form: a token.
func (s Session) AppendTo(b []byte) []byte { return b }

// DecodeSession reads a token. It has at most SessionMax references.
func DecodeSession(b []byte) (Session, error) { return nil, nil }

// SessionMax bounds the references of a session.
const SessionMax = 4096

// Replica is one copy of some spaces.
type Replica struct{ cfg Config }

// New returns a replica that has seen nothing.
func New(cfg Config) *Replica { return &Replica{cfg} }

// Next returns the dot the author's next part in the space will have.
func (r *Replica) Next(space causal.SpaceID, author causal.ReplicaID) causal.Dot {
	return causal.Dot{}
}

// Commit gives a draft its place in the order, applies it and returns its
// group, which the next Drain does not return again. All seqs are assigned in
// one step.
func (r *Replica) Commit(d Draft) Group { return Group{} }

// Receive takes parts of others, in any order, any number of times.
func (r *Replica) Receive(parts []*causal.Part) {}

// Drain hands out what has gathered since the last Drain.
func (r *Replica) Drain() Output { return Output{} }

// Advance returns s after its bearer has read or written the spaces: what it
// said of them is replaced by their heads.
func (r *Replica) Advance(s Session, spaces ...causal.SpaceID) Session { return s }

// Covers reports whether all parts s names in spaces held here are applied.
func (r *Replica) Covers(s Session) bool { return true }

// Spaces returns the spaces with at least one part, in order.
func (r *Replica) Spaces() []causal.SpaceID { return nil }

// Vector returns the ends of the space's chains, in the order of their replicas.
func (r *Replica) Vector(space causal.SpaceID) []ChainHead { return nil }

// Head returns the end of a chain, or zero.
func (r *Replica) Head(space causal.SpaceID, author causal.ReplicaID) causal.Head {
	return causal.Head{}
}

// Heads returns the maximal parts of a space, in order.
func (r *Replica) Heads(space causal.SpaceID) []causal.Ref { return nil }

// Digest returns a hash over the space's vector with its chain hashes.
func (r *Replica) Digest(space causal.SpaceID) causal.Hash { return causal.Hash{} }

// Root returns a hash over the digests of all spaces.
func (r *Replica) Root() causal.Hash { return causal.Hash{} }

// HashAt returns the chain hash at a part that is applied; false if it is not
// known, or not any more, or not yet again.
func (r *Replica) HashAt(space causal.SpaceID, author causal.ReplicaID, seq uint64) (causal.Hash, bool) {
	return causal.Hash{}, false
}

// Part returns an applied part, from memory or from the Log, or nil.
func (r *Replica) Part(ref causal.Ref) *causal.Part { return nil }

// Since returns the parts of the chains above the given heads' seqs, merged by
// stamp so that causes come before effects, each chain without gaps. It ends
// early where a part is not to be had.
func (r *Replica) Since(after []ChainHead) iter.Seq[*causal.Part] {
	return func(func(*causal.Part) bool) {}
}

// Entries yields the live entries of all spaces, in no order.
func (r *Replica) Entries() iter.Seq2[causal.SpaceID, LiveEntry] {
	return func(func(causal.SpaceID, LiveEntry) bool) {}
}

// Unflushed returns how many parts were applied since the last Flush.
func (r *Replica) Unflushed() int { return 0 }

// Flush returns what the store lacks of each space's state.
func (r *Replica) Flush() []Flush { return nil }

// Load takes back what was flushed, in any order, any part of a Flush at a time.
func (r *Replica) Load(f Flush) {}

// Replay takes back parts of the log, in any order; those already loaded are ignored.
func (r *Replica) Replay(p *causal.Part) {}

// Loaded ends the restart. It fails if parts of the log can't be applied: then the store has lost some.
func (r *Replica) Loaded() error { return nil }

// Status is what an operator may want to know.
type Status struct {
	Spaces, Chains, Entries int
	Pending, PendingBytes   int
	Applied, Duplicates     uint64
	Dropped, Forks          uint64
}

// Status returns counts since New.
func (r *Replica) Status() Status { return Status{} }

// AppendFrame appends parts in their binary form: docs/wire/part.md.
func AppendFrame(b []byte, parts []*causal.Part) []byte { return b }

// DecodeFrame reads a frame of parts.
func DecodeFrame(b []byte) ([]*causal.Part, error) { return nil, nil }
