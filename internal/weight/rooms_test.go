package weight

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/andybalholm/brotli"

	"github.com/martinelli-lang/martinelli/internal/slim"
)

// Sections of a module, and the part of the section of names that names
// functions (https://webassembly.github.io/spec/core/binary/modules.html).
const (
	sectionCustom = 0
	sectionImport = 2
	sectionCode   = 10
	sectionData   = 11
	functionNames = 1
)

// TestSizeOfRooms prints the ten largest parts of the program of a page: the
// functions of a package each, and the data. It is what to look at next.
func TestSizeOfRooms(t *testing.T) {
	out := filepath.Join(t.TempDir(), "page.wasm")
	build := exec.Command("go", "build", "-trimpath", "-buildvcs=false", "-ldflags=-w", "-o", out, "../../host/browser/page")
	build.Env = append(os.Environ(), "GOOS=js", "GOARCH=wasm")
	if said, err := build.CombinedOutput(); err != nil {
		t.Fatalf("building the page: %v\n%s", err, said)
	}
	wasm, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	if wasm, err = slim.Slim(wasm); err != nil {
		t.Fatal(err)
	}
	rooms := roomsOf(t, wasm)
	names := slices.SortedFunc(maps.Keys(rooms), func(a, b string) int { return cmp.Compare(len(rooms[b]), len(rooms[a])) })
	if len(names) < 10 || !slices.Contains(names[:5], "node") {
		t.Fatalf("the largest parts are %v: the names of functions are not as Go 1.26 writes them", names)
	}
	for _, name := range names[:10] {
		t.Logf("%6d KB, %4d KB brotli by itself: %s", len(rooms[name])>>10, compressed(t, rooms[name])>>10, name)
	}
}

// compressed says what bytes weigh, within some hundredths: the best level
// takes ten times as long.
func compressed(t *testing.T, b []byte) int {
	var packed bytes.Buffer
	w := brotli.NewWriterLevel(&packed, 9)
	if _, err := w.Write(b); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return packed.Len()
}

// roomsOf takes a module that Go linked apart: the functions of each package,
// and "data".
func roomsOf(t *testing.T, wasm []byte) map[string][]byte {
	names, bodies, imported := map[uint64]string{}, [][]byte{}, uint64(0)
	rooms := map[string][]byte{}
	for r := (cursor{t, wasm[8:]}); len(r.b) > 0; {
		id := r.take(1)[0]
		s := cursor{t, r.take(r.number())}
		switch id {
		case sectionImport:
			imported = s.number()
		case sectionCode:
			for range s.number() {
				bodies = append(bodies, s.take(s.number()))
			}
		case sectionData:
			rooms["data"] = s.b
		case sectionCustom:
			if string(s.take(s.number())) == "name" {
				s.names(names)
			}
		}
	}
	for i, body := range bodies {
		room := roomOf(names[imported+uint64(i)])
		rooms[room] = append(rooms[room], body...)
	}
	return rooms
}

// ours begins the names of our functions; what follows up to a point is the room.
var ours = regexp.MustCompile(`^github\.com_martinelli_lang_martinelli_([a-z_0-9]+)\.`)

func roomOf(function string) string {
	if m := ours.FindStringSubmatch(function); m != nil {
		return m[1]
	}
	room, _, _ := strings.Cut(function, ".")
	return room
}

// cursor reads a module from the front.
type cursor struct {
	t *testing.T
	b []byte
}

func (c *cursor) number() uint64 {
	v, n := binary.Uvarint(c.b)
	if n <= 0 {
		c.t.Fatal("the module ends in the middle of a number")
	}
	c.b = c.b[n:]
	return v
}

func (c *cursor) take(size uint64) []byte {
	if size > uint64(len(c.b)) {
		c.t.Fatal("the module ends in the middle of something")
	}
	taken := c.b[:size:size]
	c.b = c.b[size:]
	return taken
}

// names reads the section of names.
func (c *cursor) names(into map[uint64]string) {
	for len(c.b) > 0 {
		kind := c.take(1)[0]
		part := cursor{c.t, c.take(c.number())}
		if kind != functionNames {
			continue
		}
		for range part.number() {
			i := part.number()
			into[i] = string(part.take(part.number()))
		}
	}
}
