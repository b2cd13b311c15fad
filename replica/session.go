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
// says of them is replaced by their heads, which have seen it. The session
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
	order.Sort(after, causal.Ref.Compare)
	return after
}
