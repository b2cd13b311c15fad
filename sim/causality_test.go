package sim

import (
	"slices"
	"testing"

	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/node"
	"github.com/martinelli-lang/martinelli/plan"
	"github.com/martinelli-lang/martinelli/sim/audit/causality"
	"github.com/martinelli-lang/martinelli/sim/fault"
)

// witnessed plays one history of the rooms under faults.
func witnessed(t *testing.T, p *plan.Program, seed uint64, planted node.Planted) (*recorder, error) {
	t.Helper()
	shape := die(seed, "shape")
	final := causal.Instant(-1) // never
	if seed%2 == 1 && planted == (node.Planted{}) {
		final = causal.Instant(100+die(seed, "final").IntN(1000)) * causal.Millisecond // so that most that come back take checkpoints
	}
	w, err := NewWorld(Config{
		Name: "rooms", Program: p, Seed: seed, Faults: fault.All, Span: 10 * causal.Second,
		Roles:   []Role{{"server", 2 + shape.IntN(3)}},
		Planted: planted, FinalAfter: final,
		SeenMax: 2 * int(seed%2), // of every other history most is named by the bulk
	})
	if err != nil {
		t.Fatal(err)
	}
	r := newRecorder(w, 2+shape.IntN(4), 3+shape.IntN(6), causal.Instant(20+shape.IntN(200))*causal.Millisecond)
	if err := w.StartAll(); err != nil {
		t.Fatal(err)
	}
	w.Advance(causal.Second)
	r.begin()
	w.strain()
	if len(r.checker.Findings()) == 0 {
		r.rest()
	}
	for _, m := range w.machines {
		w.tally(m)
	}
	return r, w.verdict()
}

// TestCausality judges histories of the simulator: 10,000 commits, and a
// million where MARTINELLI_SOAK asks for them.
func TestCausality(t *testing.T) {
	p := compile(t, "rooms.mrt", rooms)
	commits, late, installs, checkpoints := 0, 0, uint64(0), uint64(0)
	most := int(seeds(10_000))
	if testing.Short() {
		most = 500
	}
	if most > 10_000 {
		most = 1_000_000
	}
	for seed := uint64(0); commits < most; seed++ {
		r, err := witnessed(t, p, seed, node.Planted{})
		for _, f := range r.checker.Findings() {
			t.Fatalf("seed %d: %s", seed, f)
		}
		if err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		commits, late = commits+r.checker.Commits(), late+r.checker.Late()
		installs, checkpoints = installs+r.w.stats.Installs, checkpoints+r.w.stats.Checkpoints
	}
	t.Logf("%d commits, %d of their pieces late somewhere; %d checkpoints agreed, %d taken from others", commits, late, checkpoints, installs)
	if installs == 0 || checkpoints == 0 {
		t.Error("no history had checkpoints")
	}
}

// TestFoundByCausality plays the seeds of TestCausality again that once found something.
func TestFoundByCausality(t *testing.T) {
	p := compile(t, "rooms.mrt", rooms)
	for _, c := range []struct {
		seed  uint64
		found string
	}{
		{519, "a checkpoint shown late was not said to lack what was here and waited for what never came"},
		{20115, "the bulk's checkpoint was shown late, and sessions that name the bulk saw less than they had seen"},
		{20017, "in place of a checkpoint that waited came an older one, for ever"},
	} {
		r, err := witnessed(t, p, c.seed, node.Planted{})
		for _, f := range r.checker.Findings() {
			t.Fatalf("again: %s\nseed %d: %s", c.found, c.seed, f)
		}
		if err != nil {
			t.Errorf("again: %s\nseed %d: %v", c.found, c.seed, err)
		}
	}
}

// TestPlanted plants one mistake at a time and requires that the checker finds
// it within some seeds, by one of the rules it breaks. Run with -v it tells
// the seed. A part that does not await the one before it in its chain is not
// among them: applying it ends in a panic.
func TestPlanted(t *testing.T) {
	p := compile(t, "rooms.mrt", rooms)
	for _, c := range []struct {
		name  string
		plant func(*node.Planted)
		rules []string
	}{
		{"siblings not awaited", func(b *node.Planted) { b.Replica.SkipsSiblings = true }, []string{causality.RuleWhole}},
		{"seen in the space not awaited", func(b *node.Planted) { b.Replica.SkipsSeen = true }, []string{causality.RuleCausal}},
		{"seen in other spaces not awaited", func(b *node.Planted) { b.Replica.SkipsSeenAbroad = true }, []string{causality.RuleCausal}},
		{"heads not named", func(b *node.Planted) { b.Replica.OmitsHeads = true }, []string{causality.RuleCausal}},
		{"reads not named", func(b *node.Planted) { b.Replica.OmitsReads = true }, []string{causality.RuleCausal}},
		{"session not named", func(b *node.Planted) { b.Replica.OmitsSession = true }, []string{causality.RuleCausal}},
		{"session ignored", func(b *node.Planted) { b.Replica.IgnoresSessions = true }, []string{causality.RuleSession}},
		{"waiting part counted", func(b *node.Planted) { b.Replica.CountsWaiting = true }, []string{causality.RuleSession, causality.RuleCausal, causality.RuleWhole, causality.RuleRest}},
		{"unseen removed", func(b *node.Planted) { b.Replica.RemovesUnseen = true }, []string{causality.RuleRemoval}},
		{"commit split in two views", func(b *node.Planted) { b.Replica.SplitsGroups = true }, []string{causality.RuleWhole}},
		{"commit split in two store writes", func(b *node.Planted) { b.SplitsWrites = true }, []string{causality.RuleOnce, causality.RuleWhole, causality.RuleCausal, causality.RuleKept, causality.RuleRest}},
		{"applied twice", func(b *node.Planted) { b.Replica.AppliesTwice = true }, []string{causality.RuleOnce}},
		{"heads lost in a restart", func(b *node.Planted) { b.LosesHeads = true }, []string{causality.RuleCausal}},
	} {
		t.Run(c.name, func(t *testing.T) {
			var planted node.Planted
			c.plant(&planted)
			for seed := range uint64(200) {
				f, ok := findingOf(t, p, seed, planted)
				if ok && !slices.Contains(c.rules, f.Rule) {
					t.Errorf("seed %d: found as %s", seed, f)
				}
				if ok {
					t.Logf("seed %d: %s", seed, f)
					return
				}
			}
			t.Error("not found")
		})
	}
}

// findingOf returns the first finding of a history.
func findingOf(t *testing.T, p *plan.Program, seed uint64, planted node.Planted) (f causality.Finding, ok bool) {
	t.Helper()
	r, _ := witnessed(t, p, seed, planted)
	if list := r.checker.Findings(); len(list) > 0 {
		return list[0], true
	}
	return f, false
}
