package replica

import (
	"slices"

	"github.com/martinelli-lang/martinelli/algebra/causal"
)

// Who has seen tens of thousands of spaces would have to name a part of each,
// and no part has room for that. Parts of a chain kept for the purpose name
// them instead, some thousands each; and its head is named in place of all
// that the chain has named.

// implies reports whether the chain names the part, or a later one of its chain.
func (c *chain) implies(ref causal.Ref) bool { return c != nil && ref.Seq <= c.implied[ref.Chain()] }

// behind returns, of spaces in which parts become visible, what they name of
// the bulk and what has not come. A part that was late may have named more
// than its author had seen, and those behind it do not name it again: so they
// are late too, until it comes.
func (r *Replica) behind(pieces []piece) (refs []causal.Ref) {
	for _, a := range pieces {
		for author, seq := range r.space(a.part.Space).outside[r.cfg.Bulk] {
			if ref := (causal.Chain{Space: r.cfg.Bulk, Replica: author}).At(seq); !r.isMet(ref) {
				refs = append(refs, ref)
			}
		}
	}
	slices.SortFunc(refs, causal.Ref.Compare)
	return slices.Compact(refs)
}

// saw reports whether a part of the chain's own space is one of the chain.
func (c *chain) saw(ref causal.Ref) bool { return ref.Chain() == c.id && ref.Seq <= c.head.Seq }

// Breadth returns about how many parts one would name who has touched the
// spaces: their heads, and what was seen in those that some replica lacks.
func (r *Replica) Breadth(spaces []causal.SpaceID) (refs int) {
	for _, id := range spaces {
		s := r.spaces[id]
		if s == nil {
			continue
		}
		refs += len(s.maximal)
		if r.cfg.Covers(causal.SpaceID{}, id) {
			continue
		}
		for _, v := range s.outside {
			refs += len(v)
		}
	}
	return refs
}

// Unnamed returns what of a session an own chain does not name.
func (r *Replica) Unnamed(id causal.Chain, s Session) Session {
	c := r.chain(id)
	return slices.DeleteFunc(slices.Clone(s), func(ref causal.Ref) bool { return c.implies(ref) || c != nil && c.saw(ref) })
}

// Through returns a session in which the head of an own chain stands for what
// the chain names.
func (r *Replica) Through(id causal.Chain, s Session) Session {
	short := r.Unnamed(id, s)
	if len(short) == len(s) {
		return s
	}
	short = short.add(id.At(r.Head(id.Space, id.Replica).Seq))
	slices.SortFunc(short, causal.Ref.Compare)
	return short
}
