package crdt

import (
	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/value"
)

// gcounter is the grow-only counter, with the verb inc.
//
// Adding up increments would count one twice when it arrives twice. So nobody
// sends increments: each author keeps one entry, its own running total, and an
// increment replaces it by a larger one. Only the author ever replaces it, and
// an author's entries are in order, so there is never a choice between two.
//
// The value is the sum of the authors' totals. Replicas with the same entries
// have the same totals; a total only grows, so what has been counted stays
// counted: the value is settled from below. An increment is a nat, so none can
// turn the counter round.
//
// M. Shapiro et al., INRIA RR-7506, 2011, section 3.1.1; totals under dots as
// P. S. Almeida et al., JPDC 2018, section 7.2.
type gcounter struct{ tally }

func newGCounter() *gcounter { return &gcounter{newTally(1)} }

func (c *gcounter) Do(verb string, self causal.ReplicaID, arg value.Value) (Delta, error) {
	if verb != "inc" {
		return Delta{}, ErrVerb
	}
	n, err := nat(arg)
	if err != nil {
		return Delta{}, err
	}
	return c.add(self, n)
}
