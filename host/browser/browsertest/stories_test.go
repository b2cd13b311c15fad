package browsertest

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// TestTypes holds all TypeScript of the repository to its types.
func TestTypes(t *testing.T) {
	touches(t)
	node := node(t)
	installed(t, ".")
	run(t, exec.Command(node, filepath.Join("node_modules", "typescript", "bin", "tsc"), "-p", "."))
}

// TestStories runs stories/*.test.mjs against pages that are packed, and
// servers that are built, from these sources.
func TestStories(t *testing.T) {
	touches(t)
	node := node(t)
	chromium := find(t, "chromium")
	firefox := find(t, "firefox")
	installed(t, ".")
	page := filepath.Join(t.TempDir(), "page")
	run(t, exec.Command("go", "run", "-buildvcs=false", "../pack", "-quick", "-o", page))
	files, err := filepath.Glob("stories/*.test.mjs")
	if err != nil || len(files) == 0 {
		t.Fatal("no stories", err)
	}
	told := exec.Command(node, append([]string{"--test", "--test-concurrency=1", "--test-timeout=120000", "--test-reporter=spec"}, files...)...)
	told.Env = append(os.Environ(),
		"CHROMIUM="+chromium,
		"FIREFOX="+firefox,
		"MARTINELLI="+build(t, "cmd/martinelli"),
		"PAGE="+page,
		"NODE_OPTIONS=--disable-warning=ExperimentalWarning",
	)
	said, err := told.CombinedOutput()
	if t.Log(string(said)); err != nil {
		t.Fatal(err)
	}
}
