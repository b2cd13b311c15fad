package flow_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/martinelli-lang/martinelli/flow"
	"github.com/martinelli-lang/martinelli/lang"
	"github.com/martinelli-lang/martinelli/lang/diag"
	invariants "github.com/martinelli-lang/martinelli/lang/invariant/oracle"
	"github.com/martinelli-lang/martinelli/value"
)

// TestRunsCheckWhatTheyMayBreak runs programs whose invariant is free, beside
// a world that knows nothing of the checks that the compiler wrote into them:
// a run that leaves the invariant broken aborts with its name. Hardly any
// other does: a check is of what is written, though the same block takes it
// back, and though its key is not there.
func TestRunsCheckWhatTheyMayBreak(t *testing.T) {
	programs, runs, aborts, strict := 0, 0, 0, 0
	for i := uint64(0); programs < 400; i++ {
		p := invariants.Draw(11, i)
		program, letters := lang.Compile([]lang.Source{{Name: "pair.mrt", Text: p.Text()}}, nil)
		if diag.HasErrors(letters) || p.HasFresh() {
			continue
		}
		programs++
		e, err := flow.New(flow.Config{Program: program, Role: "server"})
		if err != nil {
			t.Fatal(err)
		}
		n, r, die := &node{e, map[string]uint64{}}, p.Replica(), rand.New(rand.NewPCG(i, 3))
		for range 24 {
			h, arg, key := die.IntN(len(p.Handlers)), die.IntN(4), 1+die.IntN(2)
			holds, ok := r.Run(h, arg, key)
			if !ok {
				break
			}
			out := n.raise(t, fmt.Sprint("h", h), value.Int(int64(arg)), value.String([]string{"", "x", "y"}[key]))
			runs++
			switch {
			case out.Abort == "" && !holds:
				t.Fatalf("pair %d: h%d(%d, %d) breaks the invariant and commits:\n%s", i, h, arg, key, p.Own())
			case out.Abort != "" && out.Abort != "i":
				t.Fatalf("pair %d: h%d(%d, %d) aborts :%s", i, h, arg, key, out.Abort)
			case out.Abort != "" && holds:
				strict++
			case out.Abort != "":
				aborts++
			}
			if out.Abort != "" && holds {
				break // the two have parted
			}
		}
	}
	t.Logf("%d programs, %d runs, %d that would break the invariant aborted, and %d that would not", programs, runs, aborts, strict)
	if strict*20 > aborts {
		t.Errorf("%d runs aborted without need, beside %d", strict, aborts)
	}
}
