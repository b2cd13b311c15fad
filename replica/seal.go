package replica

import (
	"cmp"
	"slices"

	"github.com/martinelli-lang/martinelli/algebra/causal"
)

// SealEvery is how many parts of a chain lie at most between two seals that
// are kept, if its author sealed that often. Fewer seals cost less; but who
// fetches a chain can take it only up to a seal.
const SealEvery = 512

// Sealed says that a chain bears a seal from now on, and which of its earlier
// ones are not needed any more.
type Sealed struct {
	Chain causal.Chain
	causal.Seal
	Gone []uint64
}

// seals are the seals kept of one chain. What a chain shows of itself to
// others ends at its last seal: without one nobody takes a part.
type seals struct {
	kept  []causal.Seal // by seq; all within the chain
	ahead []promised    // by seq; of parts that are not applied yet
	shown causal.Head   // the chain at the last of kept
	cap   *causal.Head  // if not nil, others are shown this: the author is a proven forker, and here its chain goes up to the fork
}

// visible returns how far others may see the chain.
func (q *seals) visible() causal.Head {
	if q.cap != nil {
		return *q.cap
	}
	return q.shown
}

// promised is a seal that came before its part.
type promised struct {
	causal.Seal
	hash causal.Hash // at its part: if another part is applied there, it is not that one's seal
}

// aheadMax bounds the seals of a chain that wait for their parts; the earliest
// are kept.
const aheadMax = 64

// expect takes a seal that is good for the given chain hash.
func (r *Replica) expect(id causal.Chain, s causal.Seal, hash causal.Hash) {
	c := r.space(id.Space).chain(id.Replica)
	if s.Seq <= c.head.Seq {
		if have, ok := r.HashAt(id.Space, id.Replica, s.Seq); ok && have == hash {
			r.seal(c, s, hash)
		}
		return
	}
	i, isThere := slices.BinarySearchFunc(c.seals.ahead, s.Seq, func(p promised, seq uint64) int { return cmp.Compare(p.Seq, seq) })
	if isThere {
		c.seals.ahead[i] = promised{s, hash}
		return
	}
	c.seals.ahead = slices.Insert(c.seals.ahead, i, promised{s, hash})
	if len(c.seals.ahead) > aheadMax {
		c.seals.ahead = c.seals.ahead[:aheadMax]
	}
}

// reach keeps the seals of the parts that the chain has reached.
func (r *Replica) reach(c *chain) {
	for len(c.seals.ahead) > 0 && c.seals.ahead[0].Seq <= c.head.Seq {
		p := c.seals.ahead[0]
		c.seals.ahead = c.seals.ahead[1:]
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

// seal keeps a seal at the end of those kept, and lets go of the one before it
// unless a long stretch would be without.
func (r *Replica) seal(c *chain, s causal.Seal, hash causal.Hash) {
	q := &c.seals
	if s.Seq <= q.shown.Seq {
		return
	}
	out := Sealed{Chain: c.id, Seal: s}
	if n := len(q.kept); n > 0 {
		var before uint64
		if n > 1 {
			before = q.kept[n-2].Seq
		}
		if s.Seq-before <= SealEvery {
			out.Gone = []uint64{q.kept[n-1].Seq}
			q.kept = q.kept[:n-1]
		}
	}
	q.kept = append(q.kept, s)
	q.shown = causal.Head{Seq: s.Seq, Hash: hash}
	r.spaces[c.id.Space].isDigest = false
	if !r.isLoading {
		r.out.Seals = append(r.out.Seals, out)
	}
}

// SealAfter returns the first seal kept of a chain that is over a part behind
// the given seq; false if there is none.
func (r *Replica) SealAfter(id causal.Chain, seq uint64) (causal.Seal, bool) {
	c := r.chain(id)
	if c == nil {
		return causal.Seal{}, false
	}
	i, _ := slices.BinarySearchFunc(c.seals.kept, seq+1, func(s causal.Seal, seq uint64) int { return cmp.Compare(s.Seq, seq) })
	if i == len(c.seals.kept) {
		return causal.Seal{}, false
	}
	return c.seals.kept[i], true
}

// Shown returns how far others may see the chain: up to its last seal.
func (r *Replica) Shown(id causal.Chain) causal.Head {
	if c := r.chain(id); c != nil {
		return c.seals.visible()
	}
	return causal.Head{}
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
