package crdt

import (
	"math"

	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/value"
)

// counter counts both ways, with the verbs inc and dec.
//
// As in a gcounter every author keeps one entry, its own balance of increments
// and decrements, and replaces it with each change. In a state that joins by
// the maximum a balance could not go down, which is why the textbook counter
// keeps two totals; here the author's newer dot replaces the older, so one
// balance does.
//
// The value is the sum of the balances: equal entries, equal value. Decrements
// are never merged away or counted twice, because a balance is only ever
// written by its one author, in order.
//
// M. Shapiro et al., INRIA RR-7506, 2011, section 3.1.3, for the counter;
// P. S. Almeida et al., JPDC 2018, section 7.2, for values under dots.
type counter struct{ tally }

func newCounter() *counter { return &counter{newTally(math.MinInt64)} }

func (c *counter) Do(verb string, self causal.ReplicaID, arg value.Value) (Delta, error) {
	if verb != "inc" && verb != "dec" {
		return Delta{}, ErrVerb
	}
	n, err := nat(arg)
	if err != nil {
		return Delta{}, err
	}
	if verb == "dec" {
		n = -n
	}
	return c.add(self, n)
}
