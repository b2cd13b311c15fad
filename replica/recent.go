package replica

import "github.com/martinelli-lang/martinelli/algebra/causal"

// kept is an applied part in memory.
type kept struct {
	part *causal.Part
	hash causal.Hash
}

// recent keeps the parts applied last, over all chains, until there are too
// many. They stand in their chains; recent knows the order in which they came.
type recent struct {
	partsMax, bytesMax int
	bytes              int
	order              []*chain // of the parts kept, from the oldest, behind first
	first              int
}

// add keeps a part that has just become its chain's last.
func (q *recent) add(c *chain, p *causal.Part, h causal.Hash) {
	c.recent = append(c.recent, kept{p, h})
	q.order = append(q.order, c)
	q.bytes += sizeOf(p)
	for len(q.order)-q.first > q.partsMax || q.bytes > q.bytesMax {
		q.forget()
	}
}

// forget lets go of the oldest part.
func (q *recent) forget() {
	c := q.order[q.first]
	q.bytes -= sizeOf(c.recent[0].part)
	c.recent[0] = kept{}
	if c.recent = c.recent[1:]; len(c.recent) == 0 {
		c.recent = nil
	}
	q.order[q.first] = nil
	if q.first++; q.first > len(q.order)/2 {
		q.order = append(q.order[:0], q.order[q.first:]...)
		q.first = 0
	}
}

// at returns the seq-th part of the chain if it is still kept.
func (c *chain) at(seq uint64) (kept, bool) {
	oldest := c.head.Seq - uint64(len(c.recent)) + 1
	if seq < oldest || seq > c.head.Seq || seq == 0 {
		return kept{}, false
	}
	return c.recent[seq-oldest], true
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
	if c == nil || ref.Seq > c.head.Seq {
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
