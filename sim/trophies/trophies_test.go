package trophies

import (
	"bytes"
	"os"
	"testing"

	"github.com/martinelli-lang/martinelli/lang"
	"github.com/martinelli-lang/martinelli/sim"
	"github.com/martinelli-lang/martinelli/sim/fault"
)

// trophies are the histories that once broke a promise.
var trophies = []struct {
	found   string // what was wrong, and where
	program string
	roles   []sim.Role
	seed    uint64
	faults  string
	events  int
}{
	{
		found:   "overlay/member: the epoch of a node whose clock is 100 years ahead was over the limit of a member's bytes, so every node refused it",
		program: "../../examples/ads/ads.mrt",
		roles:   []sim.Role{{Name: "server", Nodes: 1}, {Name: "client", Nodes: 3}},
		seed:    0,
		faults:  "all",
		events:  40,
	},
}

func TestTrophies(t *testing.T) {
	for _, c := range trophies {
		text, err := os.ReadFile(c.program)
		if err != nil {
			t.Fatal(err)
		}
		program, letters := lang.Compile([]lang.Source{{Name: c.program, Text: string(text)}}, nil)
		if program == nil {
			t.Fatalf("%s does not compile: %v", c.program, letters)
		}
		faults, err := fault.Parse(c.faults)
		if err != nil {
			t.Fatal(err)
		}
		var story bytes.Buffer
		_, err = sim.Run(sim.Config{
			Name: c.program, Program: program, Roles: c.roles, Seed: c.seed, Faults: faults, Events: c.events, Story: &story,
		})
		if err != nil {
			t.Errorf("again: %s\n%v\n%s", c.found, err, &story)
		}
	}
}
