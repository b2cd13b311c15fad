package node

import (
	"slices"

	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/overlay/repair"
	"github.com/martinelli-lang/martinelli/replica"
	"golang.org/x/crypto/blake2b"
)

// source shows the replica to the repair machine: only the spaces that are
// exchanged with others.
type source struct{ n *Node }

// Root returns a hash over what this node shows to others: equal at two nodes
// iff they show the same parts of all shared spaces. It costs what has changed.
func (n *Node) Root() causal.Hash { return source{n}.Root() }

// Root hashes the digests of all shared spaces.
func (s source) Root() causal.Hash {
	var b []byte
	for _, space := range s.spaces() {
		digest := s.n.replica.Digest(space)
		b = append(append(b, space[:]...), digest[:]...)
	}
	return blake2b.Sum256(b)
}

func (s source) spaces() []causal.SpaceID {
	return slices.DeleteFunc(slices.Clone(s.n.replica.Spaces()), func(id causal.SpaceID) bool { return !s.n.shared(id) })
}

func (s source) Spaces(from causal.SpaceID, countMax int) []repair.SpaceDigest {
	var list []repair.SpaceDigest
	for _, space := range s.spaces() {
		if space.Compare(from) >= 0 && len(list) < countMax {
			list = append(list, repair.SpaceDigest{Space: space, Digest: s.n.replica.Digest(space)})
		}
	}
	return list
}

func (s source) Holds(space causal.SpaceID) bool { return s.n.shared(space) }

func (s source) Vector(space causal.SpaceID) []repair.Head {
	chains := s.n.replica.Vector(space)
	heads := make([]repair.Head, len(chains))
	for i, c := range chains {
		heads[i] = repair.Head{Author: c.Chain.Replica, Head: c.Head}
	}
	return heads
}

func (s source) Head(space causal.SpaceID, author causal.ReplicaID) causal.Head {
	head := s.n.replica.Head(space, author)
	if limit := s.Limit(space, author); head.Seq > limit {
		head.Seq = limit
		head.Hash, _ = s.n.replica.HashAt(space, author, limit)
	}
	return head
}

func (s source) HashAt(space causal.SpaceID, author causal.ReplicaID, seq uint64) (causal.Hash, bool) {
	return s.n.replica.HashAt(space, author, seq)
}

func (s source) Parts(wants []repair.Want, sizeMax int) (body []byte, parts int) {
	after := make([]replica.ChainHead, 0, len(wants))
	for _, w := range wants {
		if s.n.shared(w.Space) {
			after = append(after, replica.ChainHead{Chain: causal.Chain{Space: w.Space, Replica: w.Author}, Head: w.After})
		}
	}
	var frame replica.Frame
	for p := range s.n.replica.Since(after) {
		if p.First() > s.Limit(p.Chain().Space, p.Chain().Replica) {
			continue
		}
		p = s.n.keyed(p)
		if frame.Parts() > 0 && (frame.Size()+sizeOf(&p) > sizeMax || frame.Parts()+len(p.Parts) > replica.FramePartsMax) {
			break
		}
		frame.Append(&p)
	}
	return frame.Bytes(), frame.Parts()
}
