package crdt

import (
	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/value"
)

// twopset is the two-phase set, with the verbs add and remove: an element may
// come, and may go, and never comes again.
//
// It is two sets that only grow, of what was added and of what was removed;
// the value is the first without the second. Both are unions, which no order
// and no repetition changes, so their difference is the same everywhere. What
// is absent because it was removed is settled: no replica can bring it back.
//
// An element may be removed before it was ever added: it is barred. Removing
// drops the entries of adds it saw, which say nothing any more, and leaves one
// of its own. Adding what is in or barred, and removing what is removed, says
// nothing new and writes nothing, except where all of it may be removed,
// inside a map: there the verb must outlive a removal that had not seen it.
//
// M. Shapiro et al., INRIA RR-7506, 2011, section 3.3.2 (there an element must
// be in to be removed; here as in the pair of sets of section 3.3.3).
type twopset struct {
	verdicts
	removable bool
}

func newTwoPSet(removable bool) *twopset { return &twopset{newVerdicts(), removable} }

func (s *twopset) Do(verb string, _ causal.ReplicaID, arg value.Value) (Delta, error) {
	if verb != "add" && verb != "remove" {
		return Delta{}, ErrVerb
	}
	entry, err := encodeTuple(value.Bool(verb == "add"), arg)
	if err != nil {
		return Delta{}, err
	}
	elem, _, _ := readVerdict(entry)
	said := s.said[elem]
	isBarred, isKnown := !said.out.isEmpty(), !said.isBare()
	switch {
	case verb == "add" && (s.removable || !isKnown):
		return Delta{Add: []string{entry}, Remove: s.saying(elem, true)}, nil
	case verb == "remove" && (s.removable || !isBarred):
		return Delta{Add: []string{entry}, Remove: s.saying(elem, true, false)}, nil
	}
	return Delta{}, nil
}
