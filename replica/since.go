package replica

import (
	"container/heap"
	"iter"

	"github.com/martinelli-lang/martinelli/algebra/causal"
)

// Since returns the parcels of the chains above the given seqs, merged by
// stamp so that causes come before effects as far as clocks agree, each chain
// without gaps and up to its last seal. A chain ends early where a part is not
// to be had. The parcels bear no keys.
func (r *Replica) Since(after []ChainHead) iter.Seq[causal.Parcel] {
	return func(yield func(causal.Parcel) bool) {
		q := make(cursors, 0, len(after))
		for _, a := range after {
			if c, ok := r.cursor(a.Chain, a.Seq); ok {
				q = append(q, c)
			}
		}
		heap.Init(&q)
		for len(q) > 0 {
			parcel, ok := r.parcel(q[0])
			if ok && !yield(parcel) {
				return
			}
			if ok {
				q[0], ok = r.cursor(parcel.Chain(), parcel.Last())
			}
			if !ok {
				heap.Remove(&q, 0)
				continue
			}
			heap.Fix(&q, 0)
		}
	}
}

// cursor is a chain's next parcel: its first part and its seal.
type cursor struct {
	first *causal.Part
	seal  causal.Seal
}

func (r *Replica) cursor(id causal.Chain, after uint64) (cursor, bool) {
	seal, ok := r.SealAfter(id, after)
	if !ok {
		return cursor{}, false
	}
	if seal.Seq-after > causal.ParcelPartsMax {
		return cursor{}, false // seals were lost on the way; the next peer has them
	}
	first := r.Part(id.At(after + 1))
	return cursor{first, seal}, first != nil
}

// parcel reads the parts of a cursor; false if one is not to be had.
func (r *Replica) parcel(c cursor) (causal.Parcel, bool) {
	parts := make([]*causal.Part, 0, c.seal.Seq-c.first.Seq+1)
	parts = append(parts, c.first)
	for seq := c.first.Seq + 1; seq <= c.seal.Seq; seq++ {
		p := r.Part(c.first.Chain().At(seq))
		if p == nil {
			return causal.Parcel{}, false
		}
		parts = append(parts, p)
	}
	return causal.Parcel{Parts: parts, Seal: c.seal}, true
}

// cursors are the next parcels of some chains, the one whose first part has
// the smallest stamp first.
type cursors []cursor

func (q cursors) Len() int      { return len(q) }
func (q cursors) Swap(i, j int) { q[i], q[j] = q[j], q[i] }
func (q cursors) Less(i, j int) bool {
	a, b := q[i].first, q[j].first
	if a.Stamp != b.Stamp {
		return a.Stamp < b.Stamp
	}
	return a.Ref().Compare(b.Ref()) < 0
}

// Push and Pop make cursors a heap.Interface.
func (q *cursors) Push(c any) { *q = append(*q, c.(cursor)) }

func (q *cursors) Pop() any {
	last := (*q)[len(*q)-1]
	*q = (*q)[:len(*q)-1]
	return last
}
