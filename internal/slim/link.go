package slim

import (
	"fmt"
	"os"
	"os/exec"
)

// module is where the rooms of the node are.
const module = "github.com/martinelli-lang/martinelli/"

// cold are rooms in which a function inlined saves nothing that anybody
// notices, as they work once per commit, message or start, and not per entry:
// without it a page weighs 48 KB less.
var cold = []string{"node", "trust/...", "overlay/...", "entity/...", "store", "plan", "host/browser/..."}

// Link links a Go program for js/wasm as a page's is: without symbols, and
// with cold rooms compiled for size. room is a path as go build takes it, out
// the file. It needs the go command.
func Link(out, room string) error {
	args := []string{"build", "-trimpath", "-buildvcs=false", "-ldflags=-s -w"}
	for _, c := range cold {
		args = append(args, "-gcflags="+module+c+"=-l")
	}
	build := exec.Command("go", append(args, "-o", out, room)...)
	build.Env = append(os.Environ(), "GOOS=js", "GOARCH=wasm")
	if said, err := build.CombinedOutput(); err != nil {
		return fmt.Errorf("go build of %s for js/wasm: %w\n%s", room, err, said)
	}
	return nil
}
