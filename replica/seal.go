package replica

import (
	"cmp"
	"slices"

	"github.com/martinelli-lang/martinelli/algebra/causal"
)

// Sealed says that a chain bears a seal from now on, and which of its earlier
// ones are not needed any more.
type Sealed struct {
	Chain causal.Chain
	causal.Seal
	Gone []uint64
}

// seals are the seals kept of one chain. What a chain shows of itself to
// others ends at its last seal: without one nobody takes a part.
//
// Fewer seals cost less; but who fetches a chain takes it from seal to seal.
// So one gives way to the next as long as the parts since the seal before it
// make one parcel.
type seals struct {
	kept  []stretch    // by seq; all within the chain
	ahead []promised   // by seq; of parts that are not applied yet
	shown causal.Head  // the chain at the last of kept
	cap   *causal.Head // if not nil, others are shown this: the author is a proven forker, and here its chain goes up to the fork
}

// visible returns how far others may see the chain.
func (q *seals) visible() causal.Head {
	if q.cap != nil {
		return *q.cap
	}
	return q.shown
}

// stretch is a seal and the size of the parts since the seal before.
type stretch struct {
	causal.Seal
	size int
}

// promised is a seal that came before its part.
type promised struct {
	stretch
	first  uint64      // of the parts that came under it
	before causal.Hash // before that one
	hash   causal.Hash // at its part: if another part is applied there, it is not that one's seal
}

// aheadMax bounds the seals of a chain that wait for their parts; the earliest
// are kept. Where there are more than aheadMany they stand for each other.
const (
	aheadMany = 64
	aheadMax  = 512
)

// expect takes the seal of a parcel.
func (r *Replica) expect(v *causal.Vouched) {
	p := promised{stretch{Seal: v.Seal}, v.First(), v.Before, v.Hashes[len(v.Hashes)-1]}
	for _, part := range v.Parts {
		p.size += sizeOf(part)
	}
	c := r.space(v.Chain().Space).chain(v.Chain().Replica)
	if p.Seq > c.head.Seq {
		c.seals.await(p)
		return
	}
	if have, ok := r.HashAt(c.id.Space, c.id.Replica, p.Seq); ok && have == p.hash {
		r.seal(c, p.Seal, p.hash)
	}
}

// await puts a seal among those that wait for their parts.
func (q *seals) await(p promised) {
	i, isThere := slices.BinarySearchFunc(q.ahead, p.Seq, func(a promised, seq uint64) int { return cmp.Compare(a.Seq, seq) })
	if isThere {
		q.ahead[i] = p
		return
	}
	q.ahead = slices.Insert(q.ahead, i, p)
	if len(q.ahead) > aheadMany {
		for i := len(q.ahead) - 2; i >= 0; i-- {
			q.thin(i)
		}
	}
	if len(q.ahead) > aheadMax {
		q.ahead = q.ahead[:aheadMax]
	}
}

// thin lets the seal behind stand for the i-th too, if it can.
func (q *seals) thin(i int) {
	a, b := &q.ahead[i], &q.ahead[i+1]
	if b.first != a.Seq+1 || b.before != a.hash || !isParcel(b.Seq-a.first+1, a.size+b.size) {
		return
	}
	b.first, b.before, b.size = a.first, a.before, a.size+b.size
	q.ahead = slices.Delete(q.ahead, i, i+1)
}

// isParcel reports whether one seal is enough for so much.
func isParcel(parts uint64, size int) bool {
	return parts <= causal.ParcelPartsMax && size <= causal.ParcelSizeMax
}

// reach keeps the seals of the parts that the chain has reached.
func (r *Replica) reach(c *chain) {
	for len(c.seals.ahead) > 0 && c.seals.ahead[0].Seq <= c.head.Seq {
		p := c.seals.ahead[0]
		c.seals.ahead = slices.Delete(c.seals.ahead, 0, 1)
		if p.Seq == c.head.Seq && p.hash == c.head.Hash {
			r.seal(c, p.Seal, p.hash)
		}
	}
}

// Seal keeps a seal over a part that is applied here, as the author's own
// host has made one. It does nothing for a part that is not.
func (r *Replica) Seal(id causal.Chain, s causal.Seal) {
	c := r.chain(id)
	hash, ok := r.HashAt(id.Space, id.Replica, s.Seq)
	if c != nil && ok {
		r.seal(c, s, hash)
	}
}

// seal keeps a seal behind those kept, and lets go of the one before it if
// this one can stand for both.
func (r *Replica) seal(c *chain, s causal.Seal, hash causal.Hash) {
	q := &c.seals
	if s.Seq <= q.shown.Seq {
		return
	}
	out := Sealed{Chain: c.id, Seal: s}
	size := c.sizeOf(q.shown.Seq+1, s.Seq)
	if n := len(q.kept); n > 0 {
		var before uint64
		if n > 1 {
			before = q.kept[n-2].Seq
		}
		if isParcel(s.Seq-before, q.kept[n-1].size+size) {
			size += q.kept[n-1].size
			out.Gone = []uint64{q.kept[n-1].Seq}
			q.kept = q.kept[:n-1]
		}
	}
	q.kept = append(q.kept, stretch{s, size})
	q.shown = causal.Head{Seq: s.Seq, Hash: hash}
	r.spaces[c.id.Space].isDigest = false
	if !r.isLoading {
		r.out.Seals = append(r.out.Seals, out)
	}
}

// sizeOf returns the size of some parts; at least a parcel's if any of them
// has left memory.
func (c *chain) sizeOf(first, last uint64) (size int) {
	for seq := first; seq <= last; seq++ {
		k, isKept := c.at(seq)
		if !isKept {
			return causal.ParcelSizeMax
		}
		size += k.size
	}
	return size
}

// SealAfter returns the first seal kept of a chain that is over a part behind
// the given seq; false if there is none.
func (r *Replica) SealAfter(id causal.Chain, seq uint64) (causal.Seal, bool) {
	c := r.chain(id)
	if c == nil {
		return causal.Seal{}, false
	}
	i, _ := slices.BinarySearchFunc(c.seals.kept, seq+1, func(s stretch, seq uint64) int { return cmp.Compare(s.Seq, seq) })
	if i == len(c.seals.kept) {
		return causal.Seal{}, false
	}
	return c.seals.kept[i].Seal, true
}

// Shown returns how far others may see the chain: up to its last seal.
func (r *Replica) Shown(id causal.Chain) causal.Head {
	if c := r.chain(id); c != nil {
		return c.seals.visible()
	}
	return causal.Head{}
}

// Written returns how many parts an author has written, as far as they are
// here, summed over all spaces. It costs the spaces.
func (r *Replica) Written(author causal.ReplicaID) (parts uint64) {
	for _, s := range r.spaces {
		if c := s.chains[author]; c != nil {
			parts += c.head.Seq
		}
	}
	return parts
}

// Unsealed returns the chains of an author that go on behind their last seal,
// in the order of their spaces: a crash came before the seal.
func (r *Replica) Unsealed(author causal.ReplicaID) []ChainHead {
	var list []ChainHead
	for _, id := range sorted(r.spaces, causal.SpaceID.Compare) {
		if c := r.spaces[id].chains[author]; c != nil && c.seals.shown.Seq < c.head.Seq {
			list = append(list, ChainHead{c.id, c.head})
		}
	}
	return list
}
