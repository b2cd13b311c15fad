package causality_test

import (
	"math/rand/v2"
	"slices"
	"testing"

	. "github.com/martinelli-lang/martinelli/sim/audit/causality"
)

// verdict returns the number of the first event with findings, and their rules.
func verdict(c *Checker) (event int, rules []string) {
	for _, f := range c.Findings() {
		if event == 0 {
			event = f.Event
		}
		if f.Event == event {
			rules = append(rules, f.Rule)
		}
	}
	slices.Sort(rules)
	return event, slices.Compact(rules)
}

// TestAgainstOracle compares the Checker with the naive oracle on histories
// that keep every rule, that break one, and that keep none.
func TestAgainstOracle(t *testing.T) {
	sins := []string{"", "", RuleCausal, RuleWhole, RuleSession, RuleRemoval, RuleOnce, RuleKept, RuleRest, "wild"}
	broken := map[string]int{}
	late, commits := 0, 0
	for seed := range uint64(10_000) {
		die := rand.New(rand.NewPCG(seed, 1))
		sin := sins[seed%uint64(len(sins))]
		m := newMaker(die, sin)
		m.isWild = sin == "wild"
		events, sinned := m.history(10 + die.IntN(50))
		wantEvent, want := judge(m.o.sites, events)
		c := play(m.o.sites, events)
		gotEvent, got := verdict(c)
		late, commits = late+c.Late(), commits+c.Commits()
		switch {
		case gotEvent != wantEvent || !slices.Equal(got, want):
			t.Fatalf("seed %d, %q: at event %d %q, and the oracle says at %d %q\n%v\n%+v", seed, sin, gotEvent, got, wantEvent, want, c.Findings()[:min(3, len(c.Findings()))], events)
		case m.isWild:
		case sinned && (gotEvent != len(events) || !slices.Contains(got, sin)):
			t.Fatalf("seed %d: %q was broken at event %d; found at %d: %q", seed, sin, len(events), gotEvent, got)
		case !sinned && gotEvent != 0:
			t.Fatalf("seed %d: a good history breaks %q at event %d: %v", seed, got, gotEvent, c.Findings()[0])
		}
		if sinned || m.isWild && gotEvent > 0 {
			broken[sin]++
		}
	}
	for _, sin := range sins {
		if sin != "" && broken[sin] < 100 {
			t.Errorf("%q was broken in %d histories only", sin, broken[sin])
		}
	}
	if late < 1000 || commits < 50_000 {
		t.Errorf("%d pieces came late, of %d commits", late, commits)
	}
}
