package invariant_test

import (
	"os"
	"testing"

	"github.com/martinelli-lang/martinelli/lang/diag"
	"github.com/martinelli-lang/martinelli/lang/invariant"
	"github.com/martinelli-lang/martinelli/lang/invariant/oracle"
)

// pairs is how many pairs of an invariant and handlers are drawn, and with which seed.
func pairs() (seed, n uint64) {
	switch {
	case os.Getenv("MARTINELLI_SOAK") != "":
		return 8, 200_000
	case testing.Short():
		return 7, 1_000
	}
	return 7, 10_000
}

// TestOracle judges pairs and lets the oracle try to break them: none that is
// free breaks, and each that is shown to break does. What is refused without
// need is counted: most of it is programs whose every run aborts, or that need
// amounts that happen to fit.
func TestOracle(t *testing.T) {
	seed, n := pairs()
	free, broken, shown, missed, unbroken, trivial := 0, 0, 0, 0, 0, 0
	for i := range n {
		p := oracle.Draw(seed, i)
		v, code := judged(t, p, invariant.NoFault)
		if code == "E302" {
			trivial++
			continue
		}
		found := p.Breaks(1)
		if found == "" && v.Counterexample != "" {
			found = p.Breaks(300) // a rare one needs larger numbers
		}
		switch {
		case v.Kind == invariant.Free && found != "":
			t.Errorf("pair %d is judged free, and breaks:\n%s%s", i, p.Own(), found)
		case v.Kind == invariant.Free:
			free++
		case found != "" && v.Counterexample != "":
			broken, shown = broken+1, shown+1
		case found != "":
			broken, missed = broken+1, missed+1
			t.Logf("pair %d breaks, and is not shown to:\n%s%s", i, p.Own(), found)
		case v.Counterexample != "":
			t.Errorf("pair %d is shown to break, and the oracle does not know how: %s\n%s", i, v.Counterexample, p.Own())
		default:
			unbroken++
		}
	}
	t.Logf("%d pairs: %d free; %d break, %d of them shown how; %d refused though the oracle cannot break them; %d broken from the start",
		n, free, broken, shown, unbroken, trivial)
	if missed*100 > broken || unbroken*3 > int(n)-trivial {
		t.Errorf("%d of %d that break are not shown how, %d of %d are refused without need", missed, broken, unbroken, n)
	}
}

// TestOracleFindsFaults plants each wrong rule in the judge: a pair that is
// then judged free breaks.
func TestOracleFindsFaults(t *testing.T) {
	for f := invariant.NoFault + 1; f <= invariant.FaultLast; f++ {
		found := false
		for i := uint64(0); i < 3_000 && !found; i++ {
			p := oracle.Draw(7, i)
			v, _ := judged(t, p, f)
			found = v.Kind == invariant.Free && p.Breaks(1) != ""
		}
		if !found {
			t.Errorf("the oracle does not find fault %d", f)
		}
	}
}

// judged compiles a pair and returns what was decided of it, and the code of its letter.
func judged(t testing.TB, p *oracle.Pair, f invariant.Fault) (invariant.Verdict, diag.Code) {
	j := invariant.JudgeWith(typed(t, p.Text()), f)
	if len(j.Letters) == 0 {
		return j.Verdicts[0], ""
	}
	return j.Verdicts[0], j.Letters[0].Code
}
