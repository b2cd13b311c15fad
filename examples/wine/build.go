package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
)

// moduleName is the file that the programs import their functions from.
const moduleName = "wine.wasm"

// buildModule builds the functions of the programs into a file. It takes half
// a minute the first time, and half a second when nothing has changed.
func buildModule(ctx context.Context, file string) error {
	build := exec.CommandContext(ctx, "go", "build", "-buildmode=c-shared", "-trimpath", "-ldflags=-s", "-o", file,
		"github.com/martinelli-lang/martinelli/examples/wine/module")
	build.Env = append(os.Environ(), "GOOS=wasip1", "GOARCH=wasm")
	if out, err := build.CombinedOutput(); err != nil {
		return fmt.Errorf("build the functions: %w\n%s", err, out)
	}
	return nil
}
