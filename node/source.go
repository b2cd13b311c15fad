package node

import (
	"slices"

	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/algebra/crdt"
	"github.com/martinelli-lang/martinelli/overlay/repair"
	"github.com/martinelli-lang/martinelli/replica"
	"github.com/martinelli-lang/martinelli/wire"
	"golang.org/x/crypto/blake2b"
)

// source shows the replica to the repair machine: only the spaces that are
// exchanged with others.
type source struct {
	n    *Node
	peer *causal.ReplicaID // as this neighbour may see it; nil: as the node itself
}

// shows reports whether the replica shows a space: it keeps it, and who is
// spoken with keeps it too.
func (s source) shows(space causal.SpaceID) bool {
	return s.n.keeps(space) && (s.peer == nil || s.n.mayHave(*s.peer, space))
}

// Root returns a hash over what this node shows to others: equal at two nodes
// iff they show the same parts of all shared spaces. It costs what has changed.
func (n *Node) Root() causal.Hash { return source{n: n}.Root() }

// Root hashes the digests of all shared spaces.
func (s source) Root() causal.Hash {
	var b []byte
	for _, space := range s.spaces() {
		digest := s.digest(space)
		b = append(append(b, space[:]...), digest[:]...)
	}
	return blake2b.Sum256(b)
}

func (s source) spaces() []causal.SpaceID {
	return slices.DeleteFunc(slices.Clone(s.n.replica.Spaces()), func(id causal.SpaceID) bool { return !s.hasSome(id) })
}

// hasSome reports whether there is something to show of a space.
func (s source) hasSome(space causal.SpaceID) bool {
	if s.shows(space) {
		return true
	}
	author, is := s.own(space)
	return is && s.n.replica.Shown(causal.Chain{Space: space, Replica: author}).Seq > 0
}

// digest is a digest over what is shown of a space.
func (s source) digest(space causal.SpaceID) causal.Hash {
	if s.shows(space) {
		return s.n.replica.Digest(space)
	}
	author, _ := s.own(space)
	head := s.n.replica.Shown(causal.Chain{Space: space, Replica: author})
	return blake2b.Sum256(wire.AppendUvarint(append([]byte(nil), head.Hash[:]...), head.Seq))
}

// own returns whose parts alone are shown of a space: a trusted node and a
// user's node whose user may not have it exchange those that this node has
// written there, as when his right has ended before they had come.
func (s source) own(space causal.SpaceID) (author causal.ReplicaID, is bool) {
	if !s.n.keeping.isRuled || s.peer == nil || !s.n.shared(space) || s.n.roles(space) != nil {
		return author, false
	}
	isUsers, isTheirs := s.n.holding != nil, s.n.facing[*s.peer].holding != nil
	if isUsers == isTheirs {
		return author, false
	}
	author = s.n.self
	if isTheirs {
		author = *s.peer
	}
	return author, isTheirs || s.n.replica.Shown(causal.Chain{Space: space, Replica: author}).Seq > 0
}

func (s source) Spaces(from causal.SpaceID, countMax int) []repair.SpaceDigest {
	var list []repair.SpaceDigest
	for _, space := range s.spaces() {
		if space.Compare(from) >= 0 && len(list) < countMax {
			list = append(list, repair.SpaceDigest{Space: space, Digest: s.digest(space)})
		}
	}
	return list
}

// Holds reports whether the replica shows something of a space, or would take it.
func (s source) Holds(space causal.SpaceID) bool {
	if s.shows(space) {
		return true
	}
	_, is := s.own(space)
	return is
}

func (s source) Vector(space causal.SpaceID) []repair.Head {
	chains := s.n.replica.Vector(space)
	if !s.shows(space) {
		author, _ := s.own(space)
		chains = slices.DeleteFunc(slices.Clone(chains), func(c replica.ChainHead) bool { return c.Chain.Replica != author })
	}
	heads := make([]repair.Head, len(chains))
	for i, c := range chains {
		heads[i] = repair.Head{Author: c.Chain.Replica, Head: c.Head}
	}
	return heads
}

func (s source) Head(space causal.SpaceID, author causal.ReplicaID) causal.Head {
	head := s.n.replica.Head(space, author)
	if slices.Contains(s.n.cfg.Former, author) {
		head = s.n.replica.Shown(causal.Chain{Space: space, Replica: author}) // what is behind lacks the seal that others have
	}
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
		if author, is := s.own(w.Space); s.shows(w.Space) || is && w.Author == author {
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

func (s source) Start(space causal.SpaceID, author causal.ReplicaID) uint64 {
	return s.n.replica.Below(space)[author]
}

func (s source) HasBucket(space causal.SpaceID, leaf causal.Leaf) bool {
	if known, ok := s.n.replica.Leaf(space, leaf.BucketName); ok && known == leaf {
		return true
	}
	a := s.n.arriving[space]
	return a != nil && a.buckets[leaf.BucketName].leaf == leaf
}

// Take makes a page of this node's checkpoint from what it keeps of it; who
// asks says where the page begins, so nothing is remembered between two pages.
func (s source) Take(q repair.Take) repair.Taken {
	t := repair.Taken{Space: q.Space, Turn: q.Turn, Section: repair.SectionSigned}
	c, ok := s.n.signed[q.Space]
	if !ok || !s.shows(q.Space) {
		return t
	}
	key, ok := s.n.trust.Key(c.steward)
	if !ok {
		return t
	}
	t.Marker = c.record.Marker
	if q.Section == repair.SectionSigned || q.Marker != c.record.Marker {
		offer := repair.Offer{Space: q.Space, Key: key, Record: c.record}
		t.Body = offer.AppendTo(nil)
		return t
	}
	t.Section, t.At = q.Section, q.At
	size := min(max(q.Size, pageMin), pageMax)
	if q.Section == repair.SectionBuckets {
		t.Body = s.bodies(q, size)
		return t
	}
	sum, ok := s.n.summed(q.Space)
	if !ok {
		return t
	}
	t.Body, t.Next = s.page(sum, q, size)
	return t
}

// A page has at least so many bytes, if there are so many, and about so many at most.
const (
	pageMin = 4 << 10
	pageMax = 1 << 20
)

// page encodes items of a section from a position on.
func (s source) page(sum *replica.Sum, q repair.Take, size int) (b []byte, next uint64) {
	count := map[repair.Section]int{
		repair.SectionHeads: len(sum.Heads), repair.SectionNeeds: len(sum.Needs), repair.SectionLeaves: len(sum.Leaves),
	}[q.Section]
	for i := q.At; i < uint64(count); i++ {
		if len(b) >= size {
			return b, i
		}
		switch q.Section {
		case repair.SectionHeads:
			key, ok := s.n.trust.Key(sum.Heads[i].Replica)
			if !ok {
				return nil, 0
			}
			h := repair.KeyedHead{AuthorHead: sum.Heads[i], Key: key}
			b = h.AppendTo(b)
		case repair.SectionNeeds:
			b = repair.AppendNeed(b, sum.Needs[i])
		case repair.SectionLeaves:
			b = repair.AppendLeaf(b, sum.Leaves[i])
		}
	}
	return b, 0
}

// bodies encodes buckets as they are written. One that is not written yet as
// the checkpoint has it ends the page.
func (s source) bodies(q repair.Take, size int) (b []byte) {
	at := q.At
	for _, name := range q.Buckets {
		leaf, ok := s.n.replica.Leaf(q.Space, name)
		if !ok || len(b) >= size {
			break
		}
		body, err := s.n.bucketBody(q.Space, name)
		if err != nil || causal.HashBucket(body) != leaf.Hash || at > uint64(len(body)) {
			break
		}
		b = append(b, body[at:min(uint64(len(body)), at+uint64(2*pageMax))]...)
		if at+uint64(2*pageMax) < uint64(len(body)) {
			break
		}
		at = 0
	}
	return b
}

// bucketBody reads a bucket of a space's checkpoint back from the store.
func (n *Node) bucketBody(space causal.SpaceID, name causal.BucketName) ([]byte, error) {
	last := min(name.First()+causal.BucketParts-1, n.replica.Below(space)[name.Replica])
	var entries []crdt.Live
	err := n.store.Copy(space).Final(name.Replica, name.First(), last, func(id causal.EntryID, e crdt.Entry) {
		entries = append(entries, crdt.Live{ID: id, Entry: e})
	})
	return replica.AppendBucket(nil, name, entries), err
}

// summed returns a space's checkpoint, computed once after a start.
func (n *Node) summed(space causal.SpaceID) (*replica.Sum, bool) {
	if known := n.sums[space]; known != nil {
		return known, true
	}
	sum, ok := n.replica.Rested(space)
	if ok {
		n.sums[space] = sum
	}
	return sum, ok
}
