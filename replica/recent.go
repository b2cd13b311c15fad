package replica

import (
	"slices"

	"github.com/martinelli-lang/martinelli/algebra/causal"
)

// kept is an applied part in memory.
type kept struct {
	part *causal.Part
	hash causal.Hash
	size int // see sizeOf: the part itself has left the processor's cache when it is let go
}

// recent keeps the parts applied last, over all chains, until there are too
// many. They stand in their chains; recent knows the order in which they came.
type recent struct {
	partsMax, bytesMax int
	bytes              int
	order              queue[*chain] // of the parts kept, from the oldest
}

// add keeps a part that has just become its chain's last.
func (q *recent) add(c *chain, p *causal.Part, h causal.Hash) {
	k := kept{p, h, sizeOf(p)}
	c.recent.push(k)
	q.order.push(c)
	q.bytes += k.size
	for q.order.len() > q.partsMax || q.bytes > q.bytesMax {
		q.bytes -= q.order.pop().recent.pop().size
	}
}

// queue is a slice that is taken from at the front. It moves up within its
// room, so a queue of steady length allocates nothing.
type queue[T any] struct {
	items []T // from first on
	first int
}

func (q *queue[T]) len() int { return len(q.items) - q.first }

// at returns the item with i items before it.
func (q *queue[T]) at(i int) T { return q.items[q.first+i] }

func (q *queue[T]) push(item T) { q.items = append(q.items, item) }

// pop takes the first item.
func (q *queue[T]) pop() T {
	var none T
	item := q.items[q.first]
	q.items[q.first] = none
	q.first++
	switch {
	case q.len() == 0:
		*q = queue[T]{}
	case q.first > q.len():
		q.items = slices.Delete(q.items, 0, q.first)
		q.first = 0
	}
	return item
}

// at returns the seq-th part of the chain if it is still kept.
func (c *chain) at(seq uint64) (kept, bool) {
	oldest := c.head.Seq - uint64(c.recent.len()) + 1
	if seq < oldest || seq > c.head.Seq || seq == 0 {
		return kept{}, false
	}
	return c.recent.at(int(seq - oldest)), true
}

// sizeOf estimates what a part takes in memory.
func sizeOf(p *causal.Part) int {
	size := 256 + 40*(len(p.Seen)+len(p.Siblings)+len(p.Grants)) + 32*len(p.Removed)
	for i := range p.Entries {
		e := &p.Entries[i]
		size += 48 + len(e.Key) + len(e.Value)
	}
	return size
}

// HashAt returns the chain hash at a part that is applied; false if it is not,
// or if it has left memory and the Log lacks it yet.
func (r *Replica) HashAt(id causal.SpaceID, author causal.ReplicaID, seq uint64) (causal.Hash, bool) {
	name := causal.Chain{Space: id, Replica: author}
	c := r.chain(name)
	switch {
	case c == nil, seq == 0, seq > c.head.Seq:
		return causal.Hash{}, false
	case seq == c.head.Seq:
		return c.head.Hash, true
	case seq == c.base.Seq:
		return c.base.Hash, true
	case seq < c.base.Seq:
		return causal.Hash{}, false
	}
	if k, isKept := c.at(seq); isKept {
		return k.hash, true
	}
	h, isKnown, err := r.cfg.Log.Hash(name.At(seq))
	r.note(err)
	return h, isKnown && err == nil
}

// Part returns an applied part, from memory or from the Log; nil if it is not
// applied, or if it has left memory and the Log lacks it yet.
func (r *Replica) Part(ref causal.Ref) *causal.Part {
	c := r.chain(ref.Chain())
	if c == nil || ref.Seq > c.head.Seq || ref.Seq <= c.base.Seq {
		return nil
	}
	if k, isKept := c.at(ref.Seq); isKept {
		return k.part
	}
	p, err := r.cfg.Log.Part(ref)
	r.note(err)
	if err != nil {
		return nil
	}
	return p
}
