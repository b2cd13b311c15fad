package repair

import "github.com/martinelli-lang/martinelli/algebra/causal"

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
	// Limit returns the last part of a chain that is exchanged: its author is
	// proven to have forked behind it. Head goes no further, and every node that
	// has the proof has the same limit. The largest number there is where none is.
	Limit(space causal.SpaceID, author causal.ReplicaID) uint64
	// Branch returns the headers of a chain behind one part, up to the first seal
	// over another or behind it; false if they can't be had.
	Branch(space causal.SpaceID, author causal.ReplicaID, after, over uint64) (causal.Branch, bool)
	// Start returns the last part of a chain that the log has not got any more,
	// because a checkpoint sums it up; 0 if the log is whole.
	Start(space causal.SpaceID, author causal.ReplicaID) uint64
	// Take returns the page of this replica's checkpoint that is asked for. Where
	// the checkpoint is another one, that is a SectionSigned; where there is none,
	// that is without a body.
	Take(q Take) Taken
	// HasBucket reports whether this replica's own checkpoint, or one that was
	// staged before, has the bucket.
	HasBucket(space causal.SpaceID, leaf causal.Leaf) bool
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
