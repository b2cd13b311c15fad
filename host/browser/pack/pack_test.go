package main

import (
	"bytes"
	"encoding/binary"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// shimMax is what a page loads beside the node itself before it is ready,
// compressed: client, worker, and the glue for what Go's linker leaves to its
// host. Links between pages come behind that, IndexedDB where it is needed, and
// what fetches and copies the node where there is no copy.
const shimMax = 15 << 10

func TestShimIsSmall(t *testing.T) {
	files, err := bundle(here(t), nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	sum := 0
	for _, f := range files {
		zipped, err := gzipped(f.data)
		if err != nil {
			t.Fatal(err)
		}
		t.Logf("%s: %d bytes, %d gzip", f.name, len(f.data), len(zipped))
		if f.name == "client.js" || f.name == "worker.js" {
			sum += len(zipped)
		}
	}
	if sum > shimMax {
		t.Errorf("client and worker weigh %d bytes, over %d", sum, shimMax)
	}
}

// TestGlueIsWhole holds what the node imports against what gojs.ts gives.
func TestGlueIsWhole(t *testing.T) {
	rooms := here(t)
	cache, err := cacheDir(rooms)
	if err != nil {
		t.Fatal(err)
	}
	program, err := link(cache)
	if err != nil {
		t.Fatal(err)
	}
	glue, err := os.ReadFile(filepath.Join(rooms.js, "src", "gojs.ts"))
	if err != nil {
		t.Fatal(err)
	}
	names := imports(t, program)
	if len(names) == 0 {
		t.Fatal("the program imports nothing, so it was not read")
	}
	for _, name := range names {
		if from, of, _ := strings.Cut(name, " "); from == "gojs" && !bytes.Contains(glue, []byte(`"`+of+`"(`)) {
			t.Errorf("the node imports %s, which gojs.ts does not give", of)
		}
	}
}

// TestPackAgainWritesNothing holds what a second run writes: nothing.
func TestPackAgainWritesNothing(t *testing.T) {
	o := options{dir: t.TempDir(), quick: true}
	if err := pack(o); err != nil {
		t.Fatal(err)
	}
	first := times(t, o.dir)
	if err := pack(o); err != nil {
		t.Fatal(err)
	}
	for name, at := range times(t, o.dir) {
		if !at.Equal(first[name]) {
			t.Errorf("%s was written again", name)
		}
	}
	for _, name := range []string{"page.wasm", "page.wasm.gz", "package.json"} {
		if _, ok := first[name]; !ok {
			t.Errorf("%s is missing", name)
		}
	}
}

// TestPackTakesAPage packs a page's own files with the package.
func TestPackTakesAPage(t *testing.T) {
	page, out := t.TempDir(), t.TempDir()
	for name, text := range map[string]string{
		"index.html":    "<script type=module src=app.js></script>",
		"app.ts":        `import { open } from "martinelli"; import { name } from "./parts/name.ts"; await open({ app: name } as const);`,
		"parts/name.ts": `export const name: string = "shop";`,
		"art/red.svg":   "<svg/>",
	} {
		path := filepath.Join(page, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := pack(options{dir: out, quick: true, page: []string{page}}); err != nil {
		t.Fatal(err)
	}
	for name, part := range map[string]string{"index.html": "app.js", "app.js": `from"./client.js"`, "art/red.svg": "svg", "offline.js": `"art/red.svg"`} {
		data, err := os.ReadFile(filepath.Join(out, name))
		if err != nil || !bytes.Contains(data, []byte(part)) {
			t.Errorf("%s has no %s: %v\n%s", name, part, err, data)
		}
	}
	if _, err := os.Stat(filepath.Join(out, "parts")); err == nil {
		t.Error("what is bundled already was copied too")
	}
}

func here(t *testing.T) roomsOf {
	t.Helper()
	rooms, err := locate()
	if err != nil {
		t.Fatal(err)
	}
	return rooms
}

func times(t *testing.T, dir string) map[string]time.Time {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	at := map[string]time.Time{}
	for _, e := range entries {
		info, err := e.Info()
		if err != nil {
			t.Fatal(err)
		}
		at[e.Name()] = info.ModTime()
	}
	return at
}

// imports lists what a module imports, as "module name".
func imports(t *testing.T, wasm []byte) []string {
	t.Helper()
	var names []string
	rest := wasm[8:]
	number := func() int {
		v, n := binary.Uvarint(rest)
		if n <= 0 {
			t.Fatal("the module is cut")
		}
		rest = rest[n:]
		return int(v)
	}
	text := func() string {
		size := number()
		s := string(rest[:size])
		rest = rest[size:]
		return s
	}
	for len(rest) > 0 {
		id := rest[0]
		rest = rest[1:]
		size := number()
		if id != 2 {
			rest = rest[size:]
			continue
		}
		for range number() {
			names = append(names, text()+" "+text())
			if kind := rest[0]; kind != 0 {
				t.Fatalf("%s is no function", names[len(names)-1])
			}
			rest = rest[1:]
			number() // its type
		}
		break
	}
	return names
}
