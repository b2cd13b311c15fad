//go:build !js && !wasip1

package sim

import (
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestEqualHashesOnEveryPlatform plays one history here and in a browser's
// engine: the platform must not be seen in it.
func TestEqualHashesOnEveryPlatform(t *testing.T) {
	node, err := exec.LookPath("node")
	if err != nil {
		t.Fatal("this test needs Node.js, 20.19 or newer, in PATH: https://nodejs.org")
	}
	root := strings.TrimSpace(output(t, exec.Command("go", "env", "GOROOT")))
	dir := t.TempDir()
	native, wasm := filepath.Join(dir, "hash"), filepath.Join(dir, "hash.wasm")
	output(t, exec.Command("go", "build", "-o", native, "./testdata/hash"))
	build := exec.Command("go", "build", "-o", wasm, "./testdata/hash")
	build.Env = append(build.Environ(), "GOOS=js", "GOARCH=wasm")
	output(t, build)

	history := []string{"../examples/ads/ads.mrt", "7", "all"}
	here := output(t, exec.Command(native, history...))
	again := output(t, exec.Command(native, history...))
	runner := filepath.Join(root, "lib", "wasm", "wasm_exec_node.js")
	there := output(t, exec.Command(node, append([]string{runner, wasm}, history...)...))
	if here != again || here != there || len(here) != 65 {
		t.Errorf("hashes differ: natively %q and %q, js/wasm %q", here, again, there)
	}
}

func output(t *testing.T, c *exec.Cmd) string {
	t.Helper()
	var errors strings.Builder
	c.Stderr = &errors
	out, err := c.Output()
	if err != nil {
		t.Fatalf("%s: %v\n%s%s", c, err, out, &errors)
	}
	return string(out)
}
