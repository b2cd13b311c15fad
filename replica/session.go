package replica

import (
	"slices"

	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/algebra/order"
)

// Covers reports whether all parts s names in spaces held here are applied, but
// for those of proven forkers: these come nowhere any more.
func (r *Replica) Covers(s Session) bool {
	for _, ref := range s {
		if !r.isMet(ref) && r.cfg.Holds(ref.Space) && !r.cfg.Planted.IgnoresSessions {
			return false
		}
	}
	return true
}

// Advance returns s after its bearer has read or written the spaces: what it
// says of them is replaced by their heads, which have seen it. Of spaces that
// some replica lacks it says too what was seen there of others. The session
// must be covered. s is left as it is.
func (r *Replica) Advance(s Session, spaces ...causal.SpaceID) Session {
	after := make(Session, 0, len(s)+len(spaces))
	for _, ref := range s {
		if r.spaces[ref.Space] == nil || !slices.Contains(spaces, ref.Space) {
			after = append(after, ref)
		}
	}
	for i, id := range spaces {
		if known := r.spaces[id]; known != nil && !slices.Contains(spaces[:i], id) {
			after = known.appendHeads(after, nil)
		}
	}
	r.beyond(causal.SpaceID{}, spaces, func(ref causal.Ref) {
		if r.spaces[ref.Space] == nil || !slices.Contains(spaces, ref.Space) {
			after = after.add(ref)
		}
	})
	after = r.shorten(after)
	order.Sort(after, causal.Ref.Compare)
	return after
}

// With returns a session that has seen what both have.
func (s Session) With(t Session) Session {
	both := slices.Clone(s)
	for _, ref := range t {
		both = both.add(ref)
	}
	order.Sort(both, causal.Ref.Compare)
	return both
}

// shortMax is how many references a session may have before it is shortened.
const shortMax = 16

// shorten puts the heads of a space in place of more references into it than
// there are heads: they have seen what is applied here. So a session grows with
// the spaces it has touched, not with who wrote there.
func (r *Replica) shorten(s Session) Session {
	if len(s) <= shortMax {
		return s
	}
	counts := map[causal.SpaceID]int{}
	for _, ref := range s {
		counts[ref.Space]++
	}
	for _, id := range sorted(counts, causal.SpaceID.Compare) {
		known := r.spaces[id]
		if known == nil || known.isEmpty() || counts[id] <= len(known.maximal) {
			continue
		}
		s = slices.DeleteFunc(s, func(ref causal.Ref) bool { return ref.Space == id })
		s = known.appendHeads(s, nil)
	}
	return s
}
