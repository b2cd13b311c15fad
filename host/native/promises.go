package native

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/martinelli-lang/martinelli/flow"
	"github.com/martinelli-lang/martinelli/foreign"
	"github.com/martinelli-lang/martinelli/plan"
	"github.com/martinelli-lang/martinelli/value"
)

// Promises of imports are tested before a program runs: nothing relies on one
// that was found broken. A function of a module has no effect by construction,
// so it is called for all of them; a Go function may charge a card, so it is
// called only where it is promised to be :monotone or :mergeable, which is to
// say, to be a function of its arguments and nothing else.

// Bounds of a trial: after them, what was tested counts.
const (
	trialFuel = foreign.FuelMax // that a function of a module may spend on it: a second at most, interpreted
	trialTime = time.Second     // of a Go function
)

// trialHang is until a Go function that does not return is taken to hang. Its test says less.
var trialHang = 5 * time.Second

// A PromiseError says that a function breaks what the program promises of it.
type PromiseError struct {
	Import *plan.Import
	Broken *foreign.Broken
}

func (e *PromiseError) Error() string {
	return e.Import.Name + " from " + e.Import.From + ": " + e.Broken.Error()
}

// Unwrap returns the broken promise.
func (e *PromiseError) Unwrap() error { return e.Broken }

// Test tests what a program promises of the functions of the modules, and
// returns those that break it. It costs up to a second for each function of
// which something is promised, and most often a tenth.
func (m *Modules) Test(p *plan.Program) []*PromiseError {
	var broken []*PromiseError
	for i := range p.Imports {
		imp := &p.Imports[i]
		pool := m.byFrom[imp.From]
		if pool == nil || len(imp.Promises) == 0 {
			continue
		}
		left := int64(trialFuel)
		trial := foreign.Trial{Import: imp, More: func() bool { return left > 0 }}
		trial.Call = func(args []value.Value) (value.Value, error) {
			v, spent, err := pool.call(m, imp.Name, foreign.FuelMax, args)
			left -= spent
			return v, err
		}
		if b := trial.Test(foreign.Monotone, foreign.Mergeable, foreign.Idempotent); b != nil {
			broken = append(broken, &PromiseError{imp, b})
		}
	}
	return broken
}

// testFuncs tests what a program promises of the Go functions that it is linked to.
func testFuncs(p *plan.Program, funcs map[string]flow.Func) error {
	for i := range p.Imports {
		imp := &p.Imports[i]
		if len(imp.Promises) == 0 || !strings.HasPrefix(imp.From, "go:") {
			continue
		}
		for _, link := range slices.Sorted(maps.Keys(funcs)) {
			if link != imp.Link() && !strings.HasPrefix(link, imp.Link()+".") {
				continue
			}
			if err := tested(imp, link, funcs); err != nil {
				return err
			}
		}
	}
	return nil
}

// tested tests a Go function. One that does not return is left behind: nobody
// can end it, but the start need not wait for it.
func tested(imp *plan.Import, link string, funcs map[string]flow.Func) error {
	broken := make(chan *foreign.Broken, 1)
	go func() { broken <- trialOf(imp, link, funcs).Test(foreign.Monotone, foreign.Mergeable) }()
	select {
	case b := <-broken:
		if b != nil {
			return &PromiseError{imp, b}
		}
		return nil
	case <-time.After(trialHang):
		return fmt.Errorf("%s from %s has not returned for %s while what it promises was tested, with small arguments: a function that is promised to be :monotone or :mergeable only computes; let it return, or leave the promise out", imp.Name, imp.From, trialHang)
	}
}

// trialOf is the trial of a Go function. A panic of it is an error, as in a run.
func trialOf(imp *plan.Import, link string, funcs map[string]flow.Func) foreign.Trial {
	until := time.Now().Add(trialTime)
	return foreign.Trial{
		Import: imp,
		More:   func() bool { return time.Now().Before(until) },
		Call: func(args []value.Value) (value.Value, error) {
			call := flow.Call{Func: link, Name: imp.Name, Args: args}
			r := call.Do(funcs)
			if r.Err != "" {
				return value.Nil, fmt.Errorf("%s", r.Err)
			}
			return r.Value, nil
		},
	}
}
