package react_test

import (
	"testing"

	"github.com/martinelli-lang/martinelli"
	"github.com/martinelli-lang/martinelli/lang/diag"
	"github.com/martinelli-lang/martinelli/sim"
)

// TestProgram compiles the program without a letter, and plays its tests. What
// the page does, host/browser/browsertest tells.
func TestProgram(t *testing.T) {
	program, err := martinelli.Load("lunch.mrt")
	if err != nil {
		t.Fatal(err)
	}
	for _, note := range program.Notes {
		t.Error(diag.Renderer{}.Letter(note))
	}
	for i := range program.Tests {
		for seed := uint64(1); seed <= 3; seed++ {
			v, err := sim.Try(sim.Trial{Program: program.Plan, Test: &program.Tests[i], Seed: seed})
			if err != nil {
				t.Fatal(err)
			}
			if v.Failure != nil {
				t.Errorf("%q, seed %d: %v", program.Tests[i].Title, seed, v.Failure)
			}
		}
	}
}
