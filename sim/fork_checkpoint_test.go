package sim

import (
	"strings"
	"testing"

	"github.com/martinelli-lang/martinelli/algebra/causal"
)

// TestForkedAndFinal: while a forker shows each side of a cut another branch,
// the steward makes its own side's final and sums it up. When the cut heals, the
// other side has another branch under the same numbers, and another past of the
// same marks: it finds that the vectors differ, takes what is signed, and all
// show the same, with the branch that is final and without the other.
func TestForkedAndFinal(t *testing.T) {
	for seed, depth := range []int{2, 5, 40} {
		f := forking{honest: 4, branches: 2, common: 6, depth: depth, isCut: true, seed: uint64(seed), finalAfter: causal.Second}
		w, honest, _ := f.play(t)
		if !w.Until(60*causal.Second, func() bool { return allProven(honest) && allEqual(honest) }) {
			for _, m := range honest {
				t.Logf("%s: %+v", m.name, m.node.Status().Counts)
			}
			t.Fatalf("%v: the honest nodes show different parts", f)
		}
		w.Advance(10 * causal.Second)
		w.Advance(10 * causal.Second)
		want := shows(t, honest[0], "words")
		for _, m := range honest {
			if got := shows(t, m, "words"); got != want {
				t.Errorf("%v: %s shows\n%s, and the steward\n%s", f, m.name, got, want)
			}
			if n := logged(t, m); n > 60 {
				t.Errorf("%v: %s has %d parts in its log at rest", f, m.name, n)
			}
		}
		if strings.Contains(want, "branch-1-") {
			t.Errorf("%v: the branch that is not final has an effect: %s", f, want)
		}
	}
}
