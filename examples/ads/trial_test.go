package main

import (
	"testing"

	"github.com/martinelli-lang/martinelli"
	"github.com/martinelli-lang/martinelli/lang/diag"
	"github.com/martinelli-lang/martinelli/sim"
)

// TestItsOwnTest runs the test that stands in ads.mrt, as "martinelli test" does.
func TestItsOwnTest(t *testing.T) {
	program, err := martinelli.Load(".")
	if err != nil || len(program.Tests) != 1 {
		t.Fatal(err, len(program.Tests))
	}
	test := &program.Tests[0]
	v, err := sim.Try(sim.Trial{Program: program.Plan, Test: test, Seed: 1})
	switch {
	case err != nil:
		t.Fatal(err)
	case v.Failure != nil:
		t.Fatal(diag.Renderer{}.Letter(v.Failure.Letter(test.Span, "martinelli test examples/ads --seed 1")))
	case v.Raised != 64_002 || len(v.Aborts) > 0:
		t.Errorf("%d events are answered, and aborted were %v", v.Raised, v.Aborts)
	}
}
