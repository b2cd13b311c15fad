package main

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/martinelli-lang/martinelli"
	"github.com/martinelli-lang/martinelli/host/native"
	"github.com/martinelli-lang/martinelli/lang/diag"
	"github.com/martinelli-lang/martinelli/sim"
)

// copied copies the programs into a folder of the test and builds the module
// there, as "go run ./examples/wine -build" does here.
func copied(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.CopyFS(filepath.Join(dir, "v1"), os.DirFS("v1")); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"wine.mrt", "bottle.mrt"} {
		text, err := os.ReadFile(name)
		if err == nil {
			err = os.WriteFile(filepath.Join(dir, name), text, 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := buildModule(t.Context(), filepath.Join(dir, moduleName)); err != nil {
		t.Fatal(err)
	}
	return dir
}

// modulesOf opens the modules of a program as "martinelli test" does: what is
// compiled is kept where this system keeps caches.
func modulesOf(t *testing.T, program *martinelli.Program) *native.Modules {
	t.Helper()
	cache := t.TempDir()
	if system, err := os.UserCacheDir(); err == nil {
		cache = filepath.Join(system, "martinelli", "wasm")
	}
	modules, err := native.OpenModules(context.Background(), cache, program.Modules)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { modules.Close() })
	return modules
}

// TestPrograms runs the tests that stand in both versions.
func TestPrograms(t *testing.T) {
	dir := copied(t)
	for _, version := range []string{".", "v1"} {
		program, err := martinelli.Load(filepath.Join(dir, version))
		if err != nil {
			t.Fatal(err)
		}
		if len(program.Tests) == 0 {
			t.Errorf("%s has no tests", version)
		}
		funcs := modulesOf(t, program).Funcs(program.Plan, nil)
		for i := range program.Tests {
			test := &program.Tests[i]
			v, err := sim.Try(sim.Trial{Program: program.Plan, Funcs: funcs, Test: test, Seed: 1})
			switch {
			case err != nil:
				t.Error(err)
			case v.Failure != nil:
				t.Error(diag.Renderer{}.Letter(v.Failure.Letter(test.Span, "martinelli test examples/wine --seed 1")))
			}
		}
	}
}

// TestVersionsAgree: what a phone raises and is shown is the same in both
// versions, so that one application runs with either.
func TestVersionsAgree(t *testing.T) {
	dir := copied(t)
	var events [2][]string
	for i, version := range []string{".", "v1"} {
		program, err := martinelli.Load(filepath.Join(dir, version))
		if err != nil {
			t.Fatal(err)
		}
		for _, h := range program.Plan.Handlers {
			if !slices.Contains(events[i], h.Event) {
				events[i] = append(events[i], h.Event)
			}
		}
		slices.Sort(events[i])
	}
	if !slices.Equal(events[0], events[1]) {
		t.Errorf("version 2 has the events %v, version 1 has %v", events[0], events[1])
	}
}
