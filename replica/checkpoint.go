package replica

import (
	"maps"
	"slices"

	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/algebra/crdt"
	"github.com/martinelli-lang/martinelli/algebra/order"
)

// A checkpoint is the state of a space at a vector of final parts. Everybody
// who has these parts computes the same, so the steward's signature over its
// hashes vouches for everybody's copy, and who lags behind can take it instead
// of the parts. Below it no log is needed.
//
// It is not a second copy of the state: it is the live entries of parts in the
// vector, and those of them that parts above have removed, which are kept
// aside for this.

// base is a space's checkpoint.
type base struct {
	heads  map[causal.ReplicaID]causal.Head // the vector with its chain hashes; it says the same as the space's below
	gone   map[causal.EntryID]crdt.Entry    // in the checkpoint, and not live
	needs  map[causal.Chain]uint64          // the last part of each other chain that is referred to
	leaves map[causal.BucketName]causal.Leaf
	isHash bool // leaves are those of now; otherwise they are not computed yet
}

func newBase() *base {
	return &base{
		heads: map[causal.ReplicaID]causal.Head{},
		gone:  map[causal.EntryID]crdt.Entry{},
		needs: map[causal.Chain]uint64{},
	}
}

// keepGone keeps an entry of the checkpoint that is not live any more.
func (s *space) keepGone(e crdt.Live) {
	if s.below.Contains(e.ID.Dot) {
		s.rest.gone[e.ID] = e.Entry
	}
}

// eachFinal yields the entries of the checkpoint, in no order, each once.
func (s *space) eachFinal(yield func(causal.EntryID, crdt.Entry)) {
	if len(s.below) == 0 {
		return
	}
	for id, e := range s.state.Entries.All() {
		if s.below.Contains(id.Dot) {
			yield(id, e)
		}
	}
	for id, e := range s.rest.gone {
		if !s.state.Entries.Has(id) {
			yield(id, e)
		}
	}
}

// Sum is what a space is at a vector: the next checkpoint, before it is one.
type Sum struct {
	Space  causal.SpaceID
	Heads  []causal.AuthorHead // in order
	Needs  []causal.Ref        // in order
	Leaves []causal.Leaf       // in order

	// Against the checkpoint before:
	Grown   []Grown
	Gone    []crdt.Live      // entries that are gone by now, added
	Dropped []causal.EntryID // gone entries that are not in the checkpoint any more

	at     causal.Vector
	leaves map[causal.BucketName]causal.Leaf
}

// Grown is a chain of which a checkpoint has more than the one before.
type Grown struct {
	causal.AuthorHead
	Was uint64
}

// Record returns the checkpoint record of a sum, without marker and signature.
func (m *Sum) Record() causal.Checkpoint {
	return causal.Checkpoint{
		Vector: causal.HashVector(m.Heads), Entries: causal.HashEntries(m.Leaves), Needs: causal.HashNeeds(m.Needs),
	}
}

// Sum computes the checkpoint of a space at a vector, which must be final and
// contain the checkpoint before. It is false while a part can't be read, or
// its verdict is not known, yet. It costs the parts between the two, and a walk
// over the entries.
func (r *Replica) Sum(id causal.SpaceID, at causal.Vector) (*Sum, bool) {
	s := r.spaces[id]
	r.review(s)
	if s == nil || s.isStale || len(at) == 0 || !s.below.Leq(at) {
		return nil, false
	}
	c := summing{replica: r, space: s, at: at,
		added:   map[causal.EntryID]crdt.Entry{},
		removed: map[causal.EntryID]bool{},
		dirty:   map[causal.BucketName]bool{},
		needs:   maps.Clone(s.restOrNew().needs),
	}
	return c.sum()
}

func (s *space) restOrNew() *base {
	if s.rest == nil {
		s.rest = newBase()
	}
	return s.rest
}

// summing is one computation of a Sum.
type summing struct {
	replica *Replica
	space   *space
	at      causal.Vector
	parts   []*causal.Part // between the checkpoints, but for void ones
	added   map[causal.EntryID]crdt.Entry
	removed map[causal.EntryID]bool // of entries of the checkpoint before
	dirty   map[causal.BucketName]bool
	needs   map[causal.Chain]uint64
	out     Sum
}

func (c *summing) sum() (*Sum, bool) {
	c.out = Sum{Space: c.space.id, at: c.at}
	for _, author := range c.at.Replicas() {
		if !c.chain(author, c.at[author]) {
			return nil, false
		}
	}
	c.add()
	for _, p := range c.parts {
		c.remove(p)
	}
	c.settle()
	c.hash()
	for _, chain := range sorted(c.needs, causal.Chain.Compare) {
		c.out.Needs = append(c.out.Needs, chain.At(c.needs[chain]))
	}
	return &c.out, true
}

// chain reads the parts of a chain between the checkpoints.
func (c *summing) chain(author causal.ReplicaID, seq uint64) bool {
	s, r := c.space, c.replica
	was := s.below[author]
	head := causal.AuthorHead{Replica: author, Head: s.rest.heads[author]}
	if seq > was {
		hash, ok := r.HashAt(s.id, author, seq)
		if !ok {
			return false
		}
		head.Head = causal.Head{Seq: seq, Hash: hash}
		c.out.Grown = append(c.out.Grown, Grown{head, was})
	}
	c.out.Heads = append(c.out.Heads, head)
	for at := was + 1; at <= seq; at++ {
		p := r.Part(causal.Ref{Space: s.id, Dot: causal.Dot{Replica: author, Seq: at}})
		if p == nil {
			return false
		}
		c.need(p)
		if s.law == nil || s.law.void[p.Dot()] == Valid {
			c.parts = append(c.parts, p)
		}
	}
	return true
}

// need notes which parts of other spaces a part refers to.
func (c *summing) need(p *causal.Part) {
	for _, refs := range [...][]causal.Ref{p.Seen, p.Siblings} {
		for _, ref := range refs {
			if ref.Space != p.Space {
				c.needs[ref.Chain()] = max(c.needs[ref.Chain()], ref.Seq)
			}
		}
	}
}

func (c *summing) add() {
	for _, p := range c.parts {
		for i := range p.Entries {
			c.added[p.EntryID(i)] = crdt.Entry{Entry: p.Entries[i], Stamp: p.Stamp}
		}
	}
}

// remove takes out what a part removes, from what was added or was there.
func (c *summing) remove(p *causal.Part) {
	s := c.space
	for _, id := range p.Removed {
		e, isThere := c.added[id]
		isOld := false
		if !isThere && s.below.Contains(id.Dot) {
			if e, isThere = s.state.Entries.Get(id); !isThere {
				e, isThere = s.rest.gone[id]
			}
			isOld = true
		}
		switch {
		case !isThere || !c.replica.mayRemoveEntry(s, p, id, &e):
		case isOld:
			c.removed[id] = true
		default:
			delete(c.added, id)
		}
	}
}

// settle says what becomes of the entries that are kept aside, and which
// leaves change.
func (c *summing) settle() {
	s := c.space
	for id, e := range c.added {
		c.dirty[bucketOf(id)] = true
		if !s.state.Entries.Has(id) {
			c.out.Gone = append(c.out.Gone, crdt.Live{ID: id, Entry: e})
		}
	}
	for id := range c.removed {
		c.dirty[bucketOf(id)] = true
		if _, isGone := s.rest.gone[id]; isGone {
			c.out.Dropped = append(c.out.Dropped, id)
		}
	}
	order.Sort(c.out.Gone, compareLive)
	order.Sort(c.out.Dropped, causal.EntryID.Compare)
}

// bucketOf returns the bucket of an entry.
func bucketOf(id causal.EntryID) causal.BucketName {
	return causal.BucketName{Replica: id.Replica, Number: causal.BucketOf(id.Seq)}
}

// hash computes the leaves that have changed, or all if none were computed yet.
func (c *summing) hash() {
	s := c.space
	buckets := map[causal.BucketName][]crdt.Live{}
	keep := func(id causal.EntryID, e crdt.Entry) {
		if name := bucketOf(id); (c.dirty[name] || !s.rest.isHash) && !c.removed[id] {
			buckets[name] = append(buckets[name], crdt.Live{ID: id, Entry: e})
		}
	}
	if len(c.dirty) > 0 || !s.rest.isHash {
		s.eachFinal(keep)
	}
	for id, e := range c.added {
		keep(id, e)
	}
	c.out.leaves = maps.Clone(s.rest.leaves)
	if !s.rest.isHash {
		c.out.leaves = map[causal.BucketName]causal.Leaf{}
	}
	for name := range c.dirty {
		delete(c.out.leaves, name)
	}
	for name, entries := range buckets {
		c.out.leaves[name] = leafOf(name, entries)
	}
	for _, name := range sorted(c.out.leaves, causal.BucketName.Compare) {
		c.out.Leaves = append(c.out.Leaves, c.out.leaves[name])
	}
}

// leafOf hashes a bucket.
func leafOf(name causal.BucketName, entries []crdt.Live) causal.Leaf {
	order.Sort(entries, compareLive)
	body := AppendBucket(nil, name, entries)
	return causal.Leaf{BucketName: name, Size: uint64(len(body)), Hash: causal.HashBucket(body)}
}

// Rest makes a sum, taken since the last call of any other verb, the space's
// checkpoint: nothing below it is read from the Log any more.
func (r *Replica) Rest(m *Sum) {
	s := r.spaces[m.Space]
	b := s.restOrNew()
	s.below = m.at.Clone()
	for _, g := range m.Grown {
		b.heads[g.Replica] = g.Head
		s.chains[g.Replica].rest(g.Head)
	}
	for _, e := range m.Gone {
		b.gone[e.ID] = e.Entry
	}
	for _, id := range m.Dropped {
		delete(b.gone, id)
	}
	for _, ref := range m.Needs {
		b.needs[ref.Chain()] = ref.Seq
	}
	b.leaves, b.isHash = m.leaves, true
	s.isDigest = false
	r.recapAll(s)
	if l := s.law; l != nil {
		maps.DeleteFunc(l.void, func(d causal.Dot, _ Reason) bool { return s.below.Contains(d) })
		l.finals = slices.DeleteFunc(l.finals, func(f causal.Vector) bool { return f.Leq(s.below) })
	}
}

// rest lets go of the seals of parts that a checkpoint vouches for.
func (c *chain) rest(h causal.Head) {
	q := &c.seals
	for len(q.kept) > 0 && q.kept[0].Seq <= h.Seq {
		q.kept = q.kept[1:]
	}
	if q.shown.Seq < h.Seq {
		q.shown = h
	}
	c.base = h
}

// Claim is what a steward says of the state at a part of its own.
type Claim struct {
	Space  causal.SpaceID
	Marker causal.Dot
	Record causal.Checkpoint
}

// Claims returns what stewards have said of checkpoints and nobody has
// answered with Answered, the last of each space, in order.
func (r *Replica) Claims() (list []Claim) {
	for _, id := range sorted(r.claims, causal.SpaceID.Compare) {
		list = append(list, r.claims[id])
	}
	return list
}

// HasClaims reports whether Claims returns any.
func (r *Replica) HasClaims() bool { return len(r.claims) > 0 }

// Answered forgets a claim.
func (r *Replica) Answered(c Claim) {
	if known, ok := r.claims[c.Space]; ok && known.Marker == c.Marker {
		delete(r.claims, c.Space)
	}
}

// Past returns the vector of a part's past in its space, if all of it is
// final; false while it is not, or while a part can't be read. Of chains that
// have ended it goes no further than their end: what is behind it nobody need have.
func (r *Replica) Past(id causal.SpaceID, of causal.Dot) (causal.Vector, bool) {
	s := r.spaces[id]
	if s == nil || s.law == nil || s.isStale || !s.law.final.Contains(of) {
		return nil, false
	}
	past, ok := s.law.past.vector.Clone(), true
	if s.law.past.marker != of || len(past) == 0 {
		past, ok = r.past(s, of, nil)
	}
	if !ok || !past.Leq(s.law.final) {
		return nil, false
	}
	for author := range s.law.ended {
		if last, hasEnded := s.law.endOf(author); hasEnded && past[author] > last {
			if past[author] = max(last, s.below[author]); past[author] == 0 {
				delete(past, author)
			}
		}
	}
	return past, true
}

// Below returns the vector of a space's checkpoint; nil if there is none.
// Nobody may change it.
func (r *Replica) Below(id causal.SpaceID) causal.Vector {
	if s := r.spaces[id]; s != nil {
		return s.below
	}
	return nil
}

// LoadBase takes back a head of a space's checkpoint. It comes before
// everything else of the space.
func (r *Replica) LoadBase(id causal.Chain, h causal.Head) {
	r.isLoading = true
	s := r.space(id.Space)
	if s.below == nil {
		s.below = causal.Vector{}
	}
	s.below[id.Replica] = h.Seq
	s.restOrNew().heads[id.Replica] = h
	c := s.chain(id.Replica)
	c.base, c.seals.shown = h, h
}

// LoadGone takes back an entry that is in the checkpoint and not live.
func (r *Replica) LoadGone(id causal.SpaceID, e crdt.Live) {
	r.space(id).restOrNew().gone[e.ID] = e.Entry
}

// LoadNeeds takes back what the parts of a checkpoint refer to.
func (r *Replica) LoadNeeds(id causal.SpaceID, needs []causal.Ref) {
	b := r.space(id).restOrNew()
	for _, ref := range needs {
		b.needs[ref.Chain()] = ref.Seq
	}
}

// Rested returns the checkpoint of a space again, as a sum without changes;
// false if there is none. After a restart it costs a walk over the entries.
func (r *Replica) Rested(id causal.SpaceID) (*Sum, bool) {
	s := r.spaces[id]
	if s == nil || len(s.below) == 0 {
		return nil, false
	}
	m, ok := r.Sum(id, s.below)
	if ok {
		s.rest.leaves, s.rest.isHash = m.leaves, true
	}
	return m, ok
}

// Buckets returns the entries of the wanted buckets of a space's checkpoint, each in
// the order of its ids. It costs a walk over the entries.
func (r *Replica) Buckets(id causal.SpaceID, wanted map[causal.BucketName]bool) map[causal.BucketName][]crdt.Live {
	found := map[causal.BucketName][]crdt.Live{}
	s := r.spaces[id]
	if s == nil || len(wanted) == 0 {
		return found
	}
	s.eachFinal(func(id causal.EntryID, e crdt.Entry) {
		if name := bucketOf(id); wanted[name] {
			found[name] = append(found[name], crdt.Live{ID: id, Entry: e})
		}
	})
	for name := range found {
		order.Sort(found[name], compareLive)
	}
	return found
}

// Leaf returns the leaf of a bucket of a space's checkpoint; false if it has
// none, or if the leaves are not computed.
func (r *Replica) Leaf(id causal.SpaceID, name causal.BucketName) (causal.Leaf, bool) {
	s := r.spaces[id]
	if s == nil || s.rest == nil || !s.rest.isHash {
		return causal.Leaf{}, false
	}
	l, ok := s.rest.leaves[name]
	return l, ok
}
