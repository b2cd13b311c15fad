package soundness

import (
	"fmt"
	"math/rand/v2"
	"strings"

	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/node"
	"github.com/martinelli-lang/martinelli/sim"
	"github.com/martinelli-lang/martinelli/sim/fault"
)

// Outcome is what came of a program in a world.
type Outcome struct {
	World  string   // what it was: who lived there, and what went wrong
	Broken []string // promises that were broken, the first ones
	Stats  sim.Stats
	Checks int // of views against their recomputation
}

// Play plays a program in the world of a seed, with faults and a load.
func Play(c *Compiled, seed uint64, planted node.Planted) (Outcome, error) {
	die := rand.New(rand.NewPCG(seed, 0x776f726c64))
	j := newJudge(c, die)
	cfg := world(die)
	cfg.Name, cfg.Program, cfg.Seed, cfg.Planted = "made", c.Plan, seed, planted
	cfg.Seen, cfg.Told, cfg.Rules = j.seen, j.told, []sim.Rule{{Name: "what was told stays", Check: j.check}}
	w, err := sim.NewWorld(cfg)
	if err != nil {
		return Outcome{}, err
	}
	if err := w.Play(); err != nil {
		for _, f := range w.Findings() {
			j.report("%s", f)
		}
		if len(w.Findings()) == 0 {
			return Outcome{}, err
		}
	}
	if err := j.rest(w); err != nil {
		return Outcome{}, err
	}
	about := fmt.Sprintf("%v, %d events each over %d ms, faults %s", cfg.Roles, cfg.Events, cfg.Span/causal.Millisecond, cfg.Faults)
	return Outcome{World: about, Broken: j.broken, Stats: w.Stats(), Checks: j.checks}, nil
}

// world is a small one with faults of any strength.
func world(die *rand.Rand) sim.Config {
	cfg := sim.Config{
		Faults: fault.Spec{
			Drop: fault.Rate(die.IntN(300_000)), Duplicate: fault.Rate(die.IntN(300_000)), Reorder: fault.Rate(die.IntN(500_000)),
			Cuts: die.IntN(5), Crashes: die.IntN(4), Skew: die.IntN(3) == 0,
		},
		Events:     8 + die.IntN(10),
		FlushEvery: 1 + die.IntN(40),
		Span:       causal.Instant(2+die.IntN(6)) * causal.Second,
	}
	servers := 1 + die.IntN(2)
	cfg.Roles = []sim.Role{{Name: "server", Nodes: servers}}
	if clients := die.IntN(3); clients+servers > 1 {
		cfg.Roles = append(cfg.Roles, sim.Role{Name: "client", Nodes: clients})
	} else {
		cfg.Roles = append(cfg.Roles, sim.Role{Name: "client", Nodes: 1})
	}
	return cfg
}

// claims begin the names of views that must be empty, or false.
func mustBeEmpty(name string) bool {
	return strings.HasPrefix(name, "claim_") || strings.HasPrefix(name, "broken_")
}
