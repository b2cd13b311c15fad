package sim

import (
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/plan"
	"github.com/martinelli-lang/martinelli/sim/fault"
)

// programs compiles every program of testdata.
func programs(t *testing.T) map[string]*plan.Program {
	t.Helper()
	files, err := filepath.Glob("testdata/programs/*.mrt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no programs: %v", err)
	}
	list := map[string]*plan.Program{}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		list[strings.TrimSuffix(filepath.Base(file), ".mrt")] = compile(t, file, string(text))
	}
	return list
}

// TestMadeUpLoad plays every program of testdata with events made from the
// types of its handlers and all faults, at servers and at clients that write
// as users.
func TestMadeUpLoad(t *testing.T) {
	for name, p := range programs(t) {
		t.Run(name, func(t *testing.T) {
			for seed := range seeds(20) {
				tell(t, Config{Name: name, Program: p, Seed: seed, Faults: fault.All, Events: 60, Roles: []Role{{"server", 2}, {"client", 2}}}, nothing)
			}
		})
	}
}

// TestFoundByMadeUpLoad plays the histories that have found something: what a part
// names of a space not held, without what that space has seen of one that is
// held, and what was missing at a server whose late part a client does not hold.
func TestFoundByMadeUpLoad(t *testing.T) {
	for name, seed := range map[string]uint64{"till": 99, "users": 14} {
		tell(t, Config{Name: name, Program: programs(t)[name], Seed: seed, Faults: fault.All, Events: 60, Roles: []Role{{"server", 2}, {"client", 2}}}, nothing)
	}
}

// TestRandomWorlds plays worlds of every size and faults of every strength,
// each twice: a history depends on its config alone.
func TestRandomWorlds(t *testing.T) {
	for name, p := range programs(t) {
		t.Run(name, func(t *testing.T) {
			for seed := range seeds(6) {
				cfg := randomWorld(rand.New(rand.NewPCG(seed, 1)))
				cfg.Name, cfg.Program, cfg.Seed = name, p, seed
				one, two := tell(t, cfg, nothing), tell(t, cfg, nothing)
				if one.Hash() != two.Hash() {
					t.Errorf("seed %d gives two histories", seed)
				}
			}
		})
	}
}

func randomWorld(die *rand.Rand) Config {
	return Config{
		Faults: fault.Spec{
			Drop: fault.Rate(die.IntN(400_000)), Duplicate: fault.Rate(die.IntN(400_000)),
			Reorder: fault.Rate(die.IntN(600_000)), Corrupt: fault.Rate(die.IntN(20_000)),
			Cuts: die.IntN(12), Crashes: die.IntN(15), Skew: die.IntN(2) == 0,
		},
		Events:     20 + die.IntN(200),
		FlushEvery: 1 + die.IntN(100),
		Span:       causal.Instant(2+die.IntN(40)) * causal.Second,
		Roles:      []Role{{"server", 1 + die.IntN(5)}, {"client", die.IntN(6)}},
	}
}

// nothing more is asked of an outcome than the auditor does.
func nothing(*World) []string { return nil }

// seeds returns how many seeds a story takes: fewer under the race detector,
// which slows it ten times, many more where MARTINELLI_SOAK asks for them.
func seeds(usual uint64) uint64 {
	switch {
	case os.Getenv("MARTINELLI_SOAK") != "":
		return 50 * usual
	case testing.Short():
		return max(usual/20, 2)
	}
	return usual
}
