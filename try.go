package martinelli

import (
	"context"
	"fmt"

	"github.com/martinelli-lang/martinelli/flow"
	"github.com/martinelli-lang/martinelli/host/native"
	"github.com/martinelli-lang/martinelli/lang/diag"
	"github.com/martinelli-lang/martinelli/sim"
)

// A TrialError is a test of a program that does not hold.
type TrialError struct {
	Title  string
	Seed   uint64 // the first of those that break it
	Letter diag.Diagnostic
}

func (e *TrialError) Error() string { return diag.Renderer{}.Letter(e.Letter) }

// Try plays the program's test blocks on imagined nodes, each with the seeds
// from 1 to seeds, as "martinelli test" does: with the functions that Func and
// NamedFunc link, which that command has not. They may be those of the real
// program, or stand in for what must not be called by a test:
//
//	err := program.Try(3, martinelli.Func("pay.Charge", func(args []value.Value) (value.Value, error) {
//		return value.Bool(true), nil
//	}))
//
// A seed gives the same history again where the functions give the same. The
// first test that does not hold is a *TrialError; any other error means that
// the tests can't be played. It costs about a second for a million imagined events.
func (p *Program) Try(seeds uint64, options ...Option) error {
	cfg := native.Config{}
	for _, set := range options {
		set(&cfg)
	}
	modules, err := native.OpenModules(context.Background(), "", p.Modules)
	if err != nil {
		return err
	}
	defer modules.Close()
	funcs := modules.Funcs(p.Plan, cfg.Funcs)
	for i := range p.Tests {
		for seed := uint64(1); seed <= seeds; seed++ {
			if err := p.try(i, seed, funcs, cfg.Named); err != nil {
				return err
			}
		}
	}
	return nil
}

func (p *Program) try(i int, seed uint64, funcs map[string]flow.Func, named map[string]flow.NamedFunc) error {
	test := &p.Tests[i]
	v, err := sim.Try(sim.Trial{Program: p.Plan, Funcs: funcs, Named: named, Test: test, Seed: seed})
	if err != nil || v.Failure == nil {
		return err
	}
	again := fmt.Sprintf("the test %q with seed %d", test.Title, seed)
	return &TrialError{test.Title, seed, v.Failure.Letter(test.Span, again)}
}
