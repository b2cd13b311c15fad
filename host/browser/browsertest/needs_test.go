package browsertest

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// A need is a program of this machine that the stories run with.
type need struct {
	names   []string // under which it may be known, the best first
	install string   // what puts it there
}

var needs = map[string]need{
	"node":     {[]string{"node", "nodejs"}, "Node.js 20.19 or later: nodejs.org, or apt-get install nodejs where that is new enough"},
	"npm":      {[]string{"npm"}, "npm: it comes with Node.js of nodejs.org, or apt-get install npm"},
	"chromium": {[]string{"chromium", "chromium-browser", "google-chrome-stable", "google-chrome"}, "Chromium: apt-get install chromium"},
	"firefox":  {[]string{"firefox-esr", "firefox"}, "Firefox: apt-get install firefox-esr"},
}

// nodeMin is the oldest Node that the stories run with.
var nodeMin = [2]int{20, 19}

// find returns where a need is. A missing one fails the test and says what to
// install: a test that does not run must not look as if it had.
func find(t testing.TB, name string) string {
	t.Helper()
	for _, candidate := range needs[name].names {
		if path, err := exec.LookPath(candidate); err == nil {
			return path
		}
	}
	t.Fatalf("the stories in real browsers need %s", needs[name].install)
	return ""
}

// node returns a Node that is new enough.
func node(t testing.TB) string {
	t.Helper()
	path := find(t, "node")
	said, err := exec.Command(path, "--version").Output()
	if err != nil {
		t.Fatal(err)
	}
	var major, minor int
	if _, err := fmt.Sscanf(string(said), "v%d.%d", &major, &minor); err != nil {
		t.Fatalf("%s --version said %q", path, said)
	}
	if major < nodeMin[0] || major == nodeMin[0] && minor < nodeMin[1] {
		t.Fatalf("%s is %s: the stories need %s", path, bytes.TrimSpace(said), needs["node"].install)
	}
	return path
}

// installed puts in place what the lock file in dir names, unless it is there.
// No script of a package is run.
func installed(t testing.TB, dir string) {
	t.Helper()
	lock, err := os.ReadFile(filepath.Join(dir, "package-lock.json"))
	if err != nil {
		t.Fatal(err)
	}
	stamp := filepath.Join(dir, "node_modules", ".martinelli")
	sum := fmt.Sprintf("%x", sha256.Sum256(lock))
	if old, err := os.ReadFile(stamp); err == nil && string(old) == sum {
		return
	}
	npm := exec.Command(find(t, "npm"), "ci", "--ignore-scripts", "--no-audit", "--no-fund")
	npm.Dir = dir
	if said, err := npm.CombinedOutput(); err != nil {
		t.Fatalf("npm ci in %s: %v\n%s", dir, err, said)
	}
	if err := os.WriteFile(stamp, []byte(sum), 0o644); err != nil {
		t.Fatal(err)
	}
}

// build makes a program of this repository.
func build(t testing.TB, room string) string {
	t.Helper()
	out := filepath.Join(t.TempDir(), filepath.Base(room))
	run(t, exec.Command("go", "build", "-buildvcs=false", "-o", out, "../../../"+room))
	return out
}

func run(t testing.TB, c *exec.Cmd) {
	t.Helper()
	if said, err := c.CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", strings.Join(c.Args, " "), err, said)
	}
}

// touches looks at every source of the repository, so that Go knows that a
// result stands on them: the programs that are tested here are built and read
// by others.
func touches(t testing.TB) {
	t.Helper()
	err := filepath.WalkDir("../../..", func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if name := d.Name(); d.IsDir() && (name == "node_modules" || name == ".git" || name == ".martinelli") {
			return filepath.SkipDir
		}
		switch filepath.Ext(path) {
		case ".go", ".ts", ".tsx", ".mjs", ".js", ".json", ".html", ".css", ".csv", ".mrt", ".topology":
			_, err = os.Stat(path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}
