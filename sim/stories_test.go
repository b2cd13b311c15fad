package sim

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/martinelli-lang/martinelli/sim/fault"
)

// TestMadeUpLoad plays every program of testdata with events made from the
// types of its handlers and all faults. Two roles take part: servers, and
// clients that write as users.
func TestMadeUpLoad(t *testing.T) {
	seeds := uint64(20)
	if testing.Short() {
		seeds = 3
	}
	files, err := filepath.Glob("testdata/programs/*.mrt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no programs: %v", err)
	}
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".mrt")
		t.Run(name, func(t *testing.T) {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			p := compile(t, file, string(text))
			for seed := range seeds {
				tell(t, Config{Name: name, Program: p, Seed: seed, Faults: fault.All, Events: 60, Roles: []Role{{"server", 2}, {"client", 2}}}, nothing)
			}
		})
	}
}

// nothing more is asked of an outcome than the auditor does.
func nothing(*World) []string { return nil }
