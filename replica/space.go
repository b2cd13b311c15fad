package replica

import (
	"slices"

	"golang.org/x/crypto/blake2b"

	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/algebra/crdt"
	"github.com/martinelli-lang/martinelli/algebra/order"
)

// space is one space: its entries, and how far each author's chain goes.
type space struct {
	id     causal.SpaceID
	state  *crdt.State                 // its context says the same as the chains' heads
	chains map[causal.ReplicaID]*chain // by author

	// maximal are the chains whose last part no other part has seen. An author
	// sees its own past, so a chain has at most one maximal part.
	maximal []*chain

	law       *law               // what its control records say; nil while there are none
	concerned []causal.ReplicaID // whose parts are to be judged again; see enforce
	held      []piece            // while loading: parts with control records
	isStale   bool               // it is to be rebuilt
	isUnread  bool               // what is void of the parts that were loaded is not known; see review
	below     causal.Vector      // what the checkpoint covers; nil for nothing. Below it there is no log
	rest      *base              // the checkpoint; nil while there is none

	digest   causal.Hash // over the vector; see Digest
	isDigest bool        // digest is that of now

	outside outside // what its parts name of other spaces; see needs.go

	// Since the last Flush:
	isOutsideGrown bool
	grown          []*chain
	added          []causal.EntryID // of all parts; those removed again are not live
	removed        []causal.EntryID // of entries that were flushed
}

// chain is how far one author has come in one space.
type chain struct {
	id        causal.Chain
	head      causal.Head
	maximalAt int    // index in the space's maximal, or -1
	flushed   uint64 // how much of it is in the store's state
	isGrown   bool   // it is in the space's grown

	// implied says which parts of other spaces the chain already names, each
	// with all before it in its own chain. Only authors who commit here have it.
	implied map[causal.Chain]uint64

	seals   seals
	recent  queue[kept] // the last parts, ending at head
	waiting []*waiting  // by seq; see pending

	base     causal.Head // how far the checkpoint covers it
	replayed causal.Head // how far a restart has read the log
}

func newSpace(id causal.SpaceID) *space {
	return &space{id: id, state: crdt.NewState(), chains: map[causal.ReplicaID]*chain{}}
}

// chain returns the author's chain, empty if nothing of it was seen.
func (s *space) chain(author causal.ReplicaID) *chain {
	c := s.chains[author]
	if c == nil {
		c = &chain{id: causal.Chain{Space: s.id, Replica: author}, maximalAt: -1}
		s.chains[author] = c
	}
	return c
}

// apply makes p, whose chain hash is h, the last part of c, and appends the
// entries that it removed. A void part is seen and has no effect.
func (s *space) apply(c *chain, p *causal.Part, h causal.Hash, isVoid bool, removed []crdt.Live) []crdt.Live {
	if isVoid {
		s.state.Skip(p.Dot())
	} else {
		removed = s.state.Apply(p, removed)
	}
	c.head = causal.Head{Seq: p.Seq, Hash: h}
	for _, ref := range p.Seen {
		if seen := s.chains[ref.Replica]; ref.Space == s.id && seen != nil && seen.head.Seq == ref.Seq {
			s.cover(seen)
		}
	}
	s.setMaximal(c)
	s.note(p)
	s.noteUnflushed(c, p, removed)
	return removed
}

func (s *space) noteUnflushed(c *chain, p *causal.Part, removed []crdt.Live) {
	if !c.isGrown {
		c.isGrown = true
		s.grown = append(s.grown, c)
	}
	for i := range p.Entries {
		s.added = append(s.added, p.EntryID(i))
	}
	for i := range removed {
		id := removed[i].ID
		s.keepGone(removed[i])
		if id.Seq <= s.chains[id.Replica].flushed {
			s.removed = append(s.removed, id)
		}
	}
}

// setMaximal says that nobody has seen the last part of c.
func (s *space) setMaximal(c *chain) {
	if c.maximalAt < 0 {
		c.maximalAt = len(s.maximal)
		s.maximal = append(s.maximal, c)
	}
}

// cover says that somebody has seen the last part of c.
func (s *space) cover(c *chain) {
	if c.maximalAt < 0 {
		return
	}
	last := s.maximal[len(s.maximal)-1]
	s.maximal[c.maximalAt] = last
	last.maximalAt = c.maximalAt
	s.maximal = s.maximal[:len(s.maximal)-1]
	c.maximalAt = -1
}

// appendHeads appends the maximal parts, but for that of one chain, in no order.
func (s *space) appendHeads(refs []causal.Ref, but *chain) []causal.Ref {
	for _, c := range s.maximal {
		if c != but {
			refs = append(refs, c.id.At(c.head.Seq))
		}
	}
	return refs
}

// computeDigest hashes the vector in the order of its replicas.
func (s *space) computeDigest() causal.Hash {
	heads := make([]causal.AuthorHead, 0, len(s.chains))
	for _, id := range sorted(s.chains, causal.ReplicaID.Compare) {
		if head := s.chains[id].seals.visible(); head.Seq > 0 {
			heads = append(heads, causal.AuthorHead{Replica: id, Head: head})
		}
	}
	return causal.HashVector(heads)
}

// isEmpty reports whether nothing of the space was applied.
func (s *space) isEmpty() bool { return len(s.state.Context) == 0 }

// ChainHead is the end of one chain.
type ChainHead struct {
	Chain causal.Chain
	causal.Head
}

// Spaces returns the spaces with at least one part, in order.
func (r *Replica) Spaces() []causal.SpaceID {
	return slices.DeleteFunc(sorted(r.spaces, causal.SpaceID.Compare), func(id causal.SpaceID) bool {
		return r.spaces[id].isEmpty()
	})
}

// Vector returns how far the space's chains are shown, in the order of their
// replicas.
func (r *Replica) Vector(id causal.SpaceID) []ChainHead {
	s := r.spaces[id]
	if s == nil {
		return nil
	}
	heads := make([]ChainHead, 0, len(s.chains))
	for _, author := range sorted(s.chains, causal.ReplicaID.Compare) {
		if head := s.chains[author].seals.visible(); head.Seq > 0 {
			heads = append(heads, ChainHead{causal.Chain{Space: id, Replica: author}, head})
		}
	}
	return heads
}

// Head returns the end of a chain, sealed or not, or zero.
func (r *Replica) Head(id causal.SpaceID, author causal.ReplicaID) causal.Head {
	if c := r.chain(causal.Chain{Space: id, Replica: author}); c != nil {
		return c.head
	}
	return causal.Head{}
}

// Heads returns the maximal parts of a space, in order.
func (r *Replica) Heads(id causal.SpaceID) []causal.Ref {
	s := r.spaces[id]
	if s == nil {
		return nil
	}
	refs := s.appendHeads(nil, nil)
	order.Sort(refs, causal.Ref.Compare)
	return refs
}

// Width returns how many maximal parts a space has.
func (r *Replica) Width(id causal.SpaceID) int {
	if s := r.spaces[id]; s != nil {
		return len(s.maximal)
	}
	return 0
}

// Digest returns a hash over the space's vector with its chain hashes: equal
// iff the same parts are shown. Zero for a space without parts.
func (r *Replica) Digest(id causal.SpaceID) causal.Hash {
	s := r.spaces[id]
	if s == nil || s.isEmpty() {
		return causal.Hash{}
	}
	if !s.isDigest {
		s.digest, s.isDigest = s.computeDigest(), true
	}
	return s.digest
}

// Root returns a hash over the digests of all spaces. It costs what has
// changed since it was last asked: a space with a new part is hashed again.
func (r *Replica) Root() causal.Hash {
	var b []byte
	for _, id := range r.Spaces() {
		digest := r.Digest(id)
		b = append(append(b, id[:]...), digest[:]...)
	}
	return blake2b.Sum256(b)
}
