package browsertest

import (
	"encoding/hex"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	wasm "github.com/martinelli-lang/martinelli/foreign/foreigntest"
	"github.com/martinelli-lang/martinelli/wire/wiretest"
)

// TestTypes holds all TypeScript of the repository to its types, and what is
// generated of programs to how it is used.
func TestTypes(t *testing.T) {
	touches(t)
	node := node(t)
	installed(t, ".")
	here, err := filepath.Abs(".")
	if err != nil {
		t.Fatal(err)
	}
	martinelli, gen := build(t, "cmd/martinelli"), t.TempDir()
	programs, err := filepath.Glob("../../../examples/tour/*")
	if err != nil || len(programs) == 0 {
		t.Fatal("no examples", err)
	}
	for _, program := range append(programs, "../../../examples/ads", "../../../examples/react/lunch.mrt", "types/shop.mrt") {
		if info, err := os.Stat(program); err != nil || !info.IsDir() && filepath.Ext(program) != ".mrt" {
			continue
		}
		name := strings.TrimSuffix(filepath.Base(program), ".mrt")
		run(t, exec.Command(martinelli, "gen", "ts", program, "-o", filepath.Join(gen, name+".ts")))
	}
	js, react := filepath.Join(here, "..", "js"), filepath.Join(here, "../../../examples/react/src")
	wine := filepath.Join(here, "../../../examples/wine/web")
	config := fmt.Sprintf(`{
  "extends": %q,
  "compilerOptions": {
    "jsx": "react-jsx",
    "typeRoots": [%q],
    "rootDirs": [%q, "."],
    "paths": { "martinelli": [%q], "martinelli/react": [%q], "martinelli/node": [%q], "*": [%q], "gen/*": ["./*"] }
  },
  "include": [%q, %q, %q, %q, %q, "*.ts"]
}`, filepath.Join(js, "tsconfig.json"), filepath.Join(here, "node_modules/@types"), react,
		filepath.Join(js, "types/client.d.ts"), filepath.Join(js, "types/react.d.ts"), filepath.Join(js, "types/node.d.ts"), filepath.Join(here, "node_modules/@types/*"),
		filepath.Join(js, "src"), filepath.Join(js, "types"), filepath.Join(here, "types"), react, wine)
	if err := os.WriteFile(filepath.Join(gen, "tsconfig.json"), []byte(config), 0o644); err != nil {
		t.Fatal(err)
	}
	run(t, exec.Command(node, filepath.Join("node_modules", "typescript", "bin", "tsc"), "-p", gen))
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
	run(t, exec.Command("go", "run", "-buildvcs=false", "../pack", "-quick", "-o", page, "stories/site"))
	wine := build(t, "examples/wine")
	run(t, exec.Command(wine, "-site", filepath.Join(t.TempDir(), "site"))) // what it draws the first time takes its time here
	files, err := filepath.Glob("stories/*.test.mjs")
	if err != nil || len(files) == 0 {
		t.Fatal("no stories", err)
	}
	told := exec.Command(node, append([]string{"--test", "--test-concurrency=1", "--test-timeout=400000", "--test-reporter=spec"}, files...)...)
	told.Env = append(os.Environ(),
		"CHROMIUM="+chromium,
		"FIREFOX="+firefox,
		"MARTINELLI="+build(t, "cmd/martinelli"),
		"WINE="+wine,
		"UPSET="+upset(t),
		"FORGE="+forge(t).URL,
		"PAGE="+page,
		frozen(t, "PARCEL", "invite.parcel"), frozen(t, "OFFER", "invite.offer"), frozen(t, "ANSWER", "invite.answer"),
		"NODE_OPTIONS=--disable-warning=ExperimentalWarning",
	)
	said, err := told.CombinedOutput()
	if t.Log(string(said)); err != nil {
		t.Fatal(err)
	}
}

// frozen gives a story the bytes of a format that TypeScript alone reads and writes.
func frozen(t *testing.T, name, of string) string {
	t.Helper()
	return "FROZEN_" + name + "=" + hex.EncodeToString(wiretest.Bytes(t, of, nil))
}

// upset writes the program of stories/broken.test.mjs into a folder, with its
// function: that gives how long its arguments are, and traps where they are long.
func upset(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	program, err := os.ReadFile("stories/upset.mrt")
	if err != nil {
		t.Fatal(err)
	}
	const longest, into = 60, 2048
	isLess := wasm.Code{0x49} // i32.lt_u
	weigh := wasm.Offering(
		wasm.Block(wasm.Get(1), wasm.I32(longest), isLess, wasm.BrIf(0), wasm.Unreachable),
		wasm.I32(into), wasm.I32(0x1900), wasm.Store32, wasm.I32(into+2), wasm.Get(1), wasm.Store8, wasm.Packed(into, 3))
	weigh.Funcs[1].Name = "weigh"
	for name, data := range map[string][]byte{"upset.mrt": program, "weigh.wasm": weigh.Bytes()} {
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}
