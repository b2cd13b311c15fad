package replica

import (
	"container/heap"
	"iter"

	"github.com/martinelli-lang/martinelli/algebra/causal"
)

// Since returns the parts of the chains above the given seqs, merged by stamp
// so that causes come before effects as far as clocks agree, each chain
// without gaps. A chain ends early where a part is not to be had.
func (r *Replica) Since(after []ChainHead) iter.Seq[*causal.Part] {
	return func(yield func(*causal.Part) bool) {
		q := make(cursors, 0, len(after))
		for _, a := range after {
			if p := r.Part(a.Chain.At(a.Seq + 1)); p != nil {
				q = append(q, p)
			}
		}
		heap.Init(&q)
		for len(q) > 0 {
			p := q[0]
			if !yield(p) {
				return
			}
			if q[0] = r.Part(p.Chain().At(p.Seq + 1)); q[0] == nil {
				heap.Remove(&q, 0)
				continue
			}
			heap.Fix(&q, 0)
		}
	}
}

// cursors are the next parts of some chains, the one with the smallest stamp first.
type cursors []*causal.Part

func (q cursors) Len() int      { return len(q) }
func (q cursors) Swap(i, j int) { q[i], q[j] = q[j], q[i] }
func (q cursors) Less(i, j int) bool {
	if q[i].Stamp != q[j].Stamp {
		return q[i].Stamp < q[j].Stamp
	}
	return q[i].Ref().Compare(q[j].Ref()) < 0
}

// Push and Pop make cursors a heap.Interface.
func (q *cursors) Push(p any) { *q = append(*q, p.(*causal.Part)) }

func (q *cursors) Pop() any {
	last := (*q)[len(*q)-1]
	*q = (*q)[:len(*q)-1]
	return last
}
