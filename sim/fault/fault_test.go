package fault

import (
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/martinelli-lang/martinelli/algebra/causal"
	"pgregory.net/rapid"
)

func TestParse(t *testing.T) {
	for _, c := range []struct {
		text string
		want Spec
	}{
		{"", Spec{}},
		{"none", Spec{}},
		{"drop=0.2, duplicate=0.25,reorder,cuts=4,crashes=3,skew", Spec{Drop: 200_000, Duplicate: 250_000, Reorder: 200_000, Cuts: 4, Crashes: 3, Skew: true}},
		{"drop=1,corrupt=.000001", Spec{Drop: 1_000_000, Corrupt: 1}},
		{"all,crashes=0", func() Spec { s := All; s.Crashes = 0; return s }()},
	} {
		got, err := Parse(c.text)
		if err != nil || got != c.want {
			t.Errorf("Parse(%q) = %+v, %v; want %+v", c.text, got, err, c.want)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	for text, why := range map[string]string{
		"rain":           "unknown fault",
		"drop=1.5":       "share from 0 to 1",
		"drop=2":         "share from 0 to 1",
		"drop=-1":        "share from 0 to 1",
		"drop=0.1234567": "six digits",
		"drop=0.x":       "share",
		"cuts=-1":        "0 to 1023",
		"cuts=9999":      "0 to 1023",
		"skew=1":         "no value",
	} {
		if _, err := Parse(text); err == nil || !strings.Contains(err.Error(), why) {
			t.Errorf("Parse(%q): got %v, want an error with %q", text, err, why)
		}
	}
}

func TestStringParsesBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rate := rapid.Map(rapid.Uint32Range(0, uint32(certain)), func(n uint32) Rate { return Rate(n) })
		s := Spec{
			Drop: rate.Draw(t, "drop"), Duplicate: rate.Draw(t, "duplicate"), Reorder: rate.Draw(t, "reorder"), Corrupt: rate.Draw(t, "corrupt"),
			Cuts: rapid.IntRange(0, 1023).Draw(t, "cuts"), Crashes: rapid.IntRange(0, 1023).Draw(t, "crashes"), Skew: rapid.Bool().Draw(t, "skew"),
		}
		if got, err := Parse(s.String()); err != nil || got != s {
			t.Fatalf("Parse(%q) = %+v, %v; want %+v", s, got, err, s)
		}
	})
}

// TestScheduleEnds asserts what a world relies on: times ascend, every cut has
// two sides and ends, and a machine that crashes is up before and after.
func TestScheduleEnds(t *testing.T) {
	const span = 20 * causal.Second
	for seed := range uint64(500) {
		machines := 1 + int(seed%7)
		schedule := Generate(Spec{Cuts: 4, Crashes: 3}, rand.New(rand.NewPCG(seed, 0)), machines, span)
		cuts, down, last := map[int]bool{}, map[int]bool{}, causal.Instant(0)
		for _, a := range schedule {
			if a.At < last || a.At > span {
				t.Fatalf("seed %d: %+v after %d", seed, a, last)
			}
			last = a.At
			switch a.Kind {
			case Cut:
				cuts[a.Cut] = true
				if sum := total(a.Groups); len(a.Groups) != machines || sum == 0 || sum == machines {
					t.Fatalf("seed %d: a cut with one side: %v", seed, a.Groups)
				}
			case Heal:
				delete(cuts, a.Cut)
			case Crash:
				if down[a.Machine] {
					t.Fatalf("seed %d: machine %d crashes while it is down", seed, a.Machine)
				}
				down[a.Machine] = true
			case Restart:
				delete(down, a.Machine)
			}
		}
		if len(cuts)+len(down) > 0 {
			t.Fatalf("seed %d: never healed: cuts %v, machines %v", seed, cuts, down)
		}
	}
}

func total(list []int) (sum int) {
	for _, n := range list {
		sum += n
	}
	return sum
}

func TestClocks(t *testing.T) {
	ahead := Clocks(Spec{Skew: true}, rand.New(rand.NewPCG(1, 2)), 5)
	far := 0
	for _, a := range ahead {
		if a == Century {
			far++
		} else if a < -50*causal.Millisecond || a >= 50*causal.Millisecond {
			t.Errorf("an honest clock is off by %d ns", a)
		}
	}
	if years := Century / (365 * 24 * 3600 * causal.Second); far != 1 || years != 100 {
		t.Errorf("%d clocks are %d years ahead, want one by 100", far, years)
	}
}
