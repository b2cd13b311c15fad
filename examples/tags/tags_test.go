package tags

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/martinelli-lang/martinelli"
	"github.com/martinelli-lang/martinelli/host/native"
	"github.com/martinelli-lang/martinelli/lang/diag"
	"github.com/martinelli-lang/martinelli/sim"
)

// built copies the program into a folder of the test and builds its module there.
func built(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	text, err := os.ReadFile("tags.mrt")
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, "tags.mrt"), text, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	build := exec.Command("go", "build", "-buildmode=c-shared", "-ldflags=-s", "-o", filepath.Join(dir, "tags.wasm"), "./module")
	build.Env = append(os.Environ(), "GOOS=wasip1", "GOARCH=wasm")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return dir
}

// TestItsOwnTest builds the module from its source and runs the test that
// stands in tags.mrt, as "martinelli test" does.
func TestItsOwnTest(t *testing.T) {
	program, err := martinelli.Load(built(t))
	if err != nil || len(program.Tests) != 1 {
		t.Fatal(err)
	}
	modules, err := native.TryModules(context.Background(), program.Modules)
	if err != nil {
		t.Fatal(err)
	}
	defer modules.Close()
	test := &program.Tests[0]
	v, err := sim.Try(sim.Trial{Program: program.Plan, Funcs: modules.Funcs(program.Plan, nil), Test: test, Seed: 1})
	switch {
	case err != nil:
		t.Fatal(err)
	case v.Failure != nil:
		t.Fatal(diag.Renderer{}.Letter(v.Failure.Letter(test.Span, "martinelli test examples/tags --seed 1")))
	}
}
