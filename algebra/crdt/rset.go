package crdt

import (
	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/value"
)

// rset is the set in which remove wins, with the verbs add and remove.
//
// Both verbs leave an entry, in or out, and remove those of the element they
// saw. So what is live of an element are the verbs that no later one has seen.
// It is in if they are all adds: a removal that ran beside an add keeps it
// out, and an add that saw the removal brings it in again.
//
// As removing says something that must be able to win, it says it even of an
// element that is not there, and what was removed costs one entry until it is
// added again. The reading asks which entries are live, and nothing else, so
// it cannot depend on the order in which they came.
//
// C. Baquero, P. S. Almeida, A. Cunha, C. Ferreira, "Composition in
// State-based Replicated Data Types", Bulletin of the EATCS 123, 2017; A.
// Bieniusa et al., INRIA RR-8083, 2012, for the choice between the two.
type rset struct{ verdicts }

func newRSet() *rset { return &rset{newVerdicts()} }

func (s *rset) Do(verb string, _ causal.ReplicaID, arg value.Value) (Delta, error) {
	if verb != "add" && verb != "remove" {
		return Delta{}, ErrVerb
	}
	entry, err := encodeTuple(value.Bool(verb == "add"), arg)
	if err != nil {
		return Delta{}, err
	}
	elem, _, _ := readVerdict(entry)
	return Delta{Add: []string{entry}, Remove: s.saying(elem, true, false)}, nil
}
