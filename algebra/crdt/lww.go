package crdt

import (
	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/value"
)

// lww is the register whose last writer wins, with the verb set.
//
// A set adds an entry and removes those it saw, so what was written knowingly
// over another value replaces it whatever the clocks say. Only entries written
// without knowing of each other stand side by side; of them the one with the
// larger stamp is read, and of equal stamps the one with the larger dot. Dots
// are never equal, so there is never a tie, and every replica reads the same
// one of the same entries.
//
// The tie matters: a register that compares stamps alone keeps, of two equal
// ones, whichever came first, and replicas disagree for ever. The entries that
// lost stay until the next set removes them; they cost memory, no message.
//
// P. R. Johnson, R. H. Thomas, "Maintenance of duplicate databases", RFC 677,
// 1975; M. Shapiro et al., INRIA RR-7506, 2011, section 3.2.1.
type lww struct{ ranking }

// newLWW returns a register and, in one piece with it, room for the one item
// that it nearly always has: a map has a register for each key.
func newLWW() *lww {
	r := &struct {
		lww
		room [1]Item
	}{}
	r.lww = lww{ranking{Item.Compare, r.room[:0]}}
	return &r.lww
}

func (r *lww) Do(verb string, _ causal.ReplicaID, arg value.Value) (Delta, error) {
	if verb != "set" {
		return Delta{}, ErrVerb
	}
	elem, err := value.EncodeBounded(arg)
	if err != nil {
		return Delta{}, err
	}
	return Delta{Add: []string{elem}, Remove: r.first(len(r.items))}, nil
}
