package martinelli_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const module = "github.com/martinelli-lang/martinelli"

// pure is what rooms below floor 5 may import of the standard library, and
// the one hash. It keeps the clock, the world and fat packages out: the
// browser pays for every import.
var pure = strings.Fields(`
	bytes cmp container/heap encoding/binary errors hash/crc32 io iter maps math
	math/bits math/rand/v2 slices sort strconv strings unicode unicode/utf8
	golang.org/x/crypto/blake2b`)

// A floor is a room below the hosts with the rooms it may import. A name
// ending in "/..." stands for the rooms inside it.
type floor struct {
	room  string
	rooms []string // of the repository, without the module path
	extra []string // beyond pure, each with its reason below
}

// floors is the house from the ground up. Rooms of one floor never import
// each other: node introduces them.
var floors = []floor{
	{room: "wire"},
	{room: "algebra/lattice"},
	{room: "algebra/order"},
	{room: "lang/token"},

	{room: "algebra/causal", rooms: []string{"wire", "algebra/lattice", "algebra/order"}},
	{room: "value", rooms: []string{"wire"}},

	{room: "plan", rooms: []string{"wire", "value", "algebra/lattice", "algebra/order", "algebra/causal"}},
	{room: "foreign", rooms: []string{"value", "plan", "algebra/order"}},
	{room: "foreign/guest", rooms: []string{"value"}, extra: []string{"unsafe"}}, // it says where in memory its answer is
	{room: "algebra/crdt", rooms: []string{"wire", "value", "algebra/lattice", "algebra/order", "algebra/causal"}},

	// The compiler's rooms, each after those it may import. Letters to the
	// programmer are formatted with fmt.
	{room: "lang/diag", rooms: []string{"lang/token"}, extra: []string{"fmt"}},
	{room: "lang/explain", rooms: []string{"lang/diag"}, extra: []string{"embed"}}, // its pages are a text
	{room: "lang/syntax", rooms: []string{"lang/token", "lang/diag"}},
	{room: "lang/format", rooms: []string{"lang/token", "lang/diag", "lang/syntax"}},
	{room: "lang/resolve", rooms: []string{"lang/token", "lang/diag", "lang/syntax"}},
	{room: "lang/trial", rooms: []string{"lang/token", "plan"}},
	{room: "lang/types", rooms: []string{"lang/token", "lang/diag", "lang/syntax", "lang/resolve", "lang/trial", "plan", "value"}},
	{room: "lang/invariant", rooms: []string{"lang/token", "lang/diag", "lang/types", "plan", "value"}},
	{room: "lang/mode", rooms: []string{"lang/token", "lang/diag", "lang/types", "plan", "value"}},
	{room: "lang/lower", rooms: []string{"lang/token", "lang/diag", "lang/syntax", "lang/resolve", "lang/trial", "lang/types", "plan", "value"}},
	{room: "lang/judge", rooms: []string{"lang/token", "lang/diag", "lang/syntax", "lang/resolve", "lang/trial", "lang/types", "lang/invariant", "lang/mode", "plan", "value"}},
	{room: "lang", rooms: []string{"lang/token", "lang/diag", "lang/syntax", "lang/resolve", "lang/trial", "lang/types", "lang/invariant", "lang/lower", "lang/mode", "lang/judge", "plan", "value"}},
	// Editors ask it, and no browser has it.
	{room: "lang/lens", rooms: []string{"lang", "lang/token", "lang/diag", "lang/syntax", "lang/resolve", "lang/types", "lang/mode", "lang/judge", "plan"}, extra: []string{"fmt"}},

	{room: "flow", rooms: []string{"wire", "value", "plan", "algebra/..."}},
	{room: "replica", rooms: []string{"wire", "value", "plan", "algebra/..."}},
	{room: "trust", rooms: []string{"wire", "algebra/..."}},
	{room: "trust/admission", rooms: []string{"wire", "algebra/..."}},
	{room: "store", rooms: []string{"wire", "value", "plan", "algebra/..."}},
	{room: "store/journal", rooms: []string{"wire", "store"}},
	{room: "overlay/member", rooms: []string{"wire", "algebra/..."}},
	{room: "overlay/broadcast", rooms: []string{"wire", "algebra/..."}},
	{room: "overlay/repair", rooms: []string{"wire", "algebra/..."}},
	{room: "overlay/signal", rooms: []string{"wire", "algebra/..."}},
	{room: "overlay/place", rooms: []string{"wire", "algebra/..."}},
	{room: "entity/serial", rooms: []string{"wire", "value", "plan", "algebra/..."}},
	{room: "entity/saga", rooms: []string{"wire", "algebra/..."}},

	{room: "entity/escrow", rooms: []string{"wire", "value", "plan", "algebra/..."}},

	{room: "node", rooms: []string{"wire", "value", "plan", "algebra/...", "flow", "replica", "trust", "store", "overlay/...", "entity/..."}},
}

// harnesses are rooms of tests only: laws and suites that others' tests call.
var harnesses = []string{"wire/wiretest", "algebra/lattice/latticetest", "replica/replicatest", "store/storetest", "trust/trusttest", "lang/diag/diagtest", "lang/invariant/oracle", "flow/flowtest", "foreign/foreigntest"}

// places are the rooms above the floors, with what they must not import.
var places = map[string][]string{
	"host/native":  {"host/browser", "sim", "internal/cli"},
	"host/browser": {"host/native", "sim", "internal/cli"},
	"sim":          {"host", "internal/cli"},
}

// weighty are rooms that a page carries though they stand above the floors,
// with what they may import beside pure and rooms of their own: none of them has
// net/http, encoding/json, fmt or reflect, which a page would download.
var weighty = map[string][]string{
	"host/browser":       nil,
	"host/browser/page":  {"unsafe", "runtime/debug"}, // the mailbox is memory that the worker writes
	"internal/jsonvalue": {"unicode/utf16"},
}

// TestFloors reads the imports of every file in this process: written with
// "go list" in a child process the result would be cached after a violation.
func TestFloors(t *testing.T) {
	for _, dir := range rooms(t) {
		for file, tree := range sources(t, dir) {
			for _, spec := range tree.Imports {
				imported, _ := strconv.Unquote(spec.Path.Value)
				if why := forbidden(dir, imported); why != "" {
					t.Errorf("%s imports %s: %s", file, imported, why)
				}
			}
		}
	}
}

// TestNoWorldBelowHost finds goroutines, channels and the global die by the syntax tree.
func TestNoWorldBelowHost(t *testing.T) {
	for _, f := range floors {
		for file, tree := range sources(t, f.room) {
			ast.Inspect(tree, func(n ast.Node) bool {
				if what := worldly(n); what != "" {
					t.Errorf("%s: %s; below host there is none", file, what)
				}
				return true
			})
		}
	}
}

// worldly names the construct n if it belongs to the hosts alone.
func worldly(n ast.Node) string {
	switch n := n.(type) {
	case *ast.GoStmt:
		return "a go statement"
	case *ast.ChanType:
		return "a channel"
	case *ast.SelectStmt:
		return "a select"
	case *ast.SelectorExpr:
		if p, ok := n.X.(*ast.Ident); ok && p.Name == "rand" && p.Obj == nil {
			if !slices.Contains([]string{"Rand", "New", "NewPCG", "NewChaCha8", "Source", "PCG", "ChaCha8"}, n.Sel.Name) {
				return "rand." + n.Sel.Name + ", the global die"
			}
		}
	}
	return ""
}

// forbidden says why a file of room may not import the given path, or "".
func forbidden(room, imported string) string {
	own, isOwn := strings.CutPrefix(imported, module+"/")
	if i := slices.IndexFunc(floors, func(f floor) bool { return f.room == room }); i >= 0 {
		f := floors[i]
		switch {
		case isOwn && permits(f.rooms, own), !isOwn && (slices.Contains(pure, imported) || slices.Contains(f.extra, imported)):
			return ""
		case isOwn:
			return "this floor may import only " + strings.Join(f.rooms, " ")
		}
		return "it is not on the allow-list below host"
	}
	if extra, isWeighty := weighty[room]; isWeighty && !isOwn && !slices.Contains(pure, imported) && !slices.Contains(extra, imported) {
		return "a page carries this room, and would download it"
	}
	for place, banned := range places {
		if isOwn && within(place, room) && slices.ContainsFunc(banned, func(b string) bool { return within(b, own) }) {
			return "hosts and sim never import each other or what stands above them"
		}
	}
	if strings.HasPrefix(room, "cmd/") && isOwn && own != "internal/cli" {
		return "a command is one call into internal/cli"
	}
	return ""
}

// permits reports whether one of the patterns names the room.
func permits(patterns []string, room string) bool {
	return slices.ContainsFunc(patterns, func(p string) bool {
		dir, isTree := strings.CutSuffix(p, "/...")
		return p == room || isTree && within(dir, room)
	})
}

// within reports whether room is dir or inside it.
func within(dir, room string) bool { return room == dir || strings.HasPrefix(room, dir+"/") }

// rooms lists every folder with Go files, and fails for one below host that
// floors does not name.
func rooms(t *testing.T) []string {
	t.Helper()
	var dirs []string
	err := filepath.WalkDir(".", func(p string, d fs.DirEntry, err error) error {
		if err != nil || !d.IsDir() {
			return err
		}
		if name := d.Name(); name != "." && (strings.HasPrefix(name, ".") || name == "testdata" || name == "node_modules" || name == "bench") {
			return filepath.SkipDir
		}
		if len(sources(t, p)) > 0 {
			dirs = append(dirs, filepath.ToSlash(p))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, dir := range dirs {
		if !known(dir) {
			t.Errorf("%s stands on no floor: name it in floors and in ARCHITECTURE.md", dir)
		}
	}
	return dirs
}

func known(dir string) bool {
	return slices.ContainsFunc(floors, func(f floor) bool { return f.room == dir }) ||
		slices.Contains(harnesses, dir) || dir == "." ||
		slices.Contains([]string{"host", "sim", "cmd", "internal", "examples"}, strings.Split(dir, "/")[0])
}

// sources parses the non-test Go files of a folder.
func sources(t *testing.T, dir string) map[string]*ast.File {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	trees := map[string]*ast.File{}
	for _, e := range entries {
		name := e.Name()
		if e.IsDir() || !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") {
			continue
		}
		file := path.Join(filepath.ToSlash(dir), name)
		tree, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		trees[file] = tree
	}
	return trees
}

// TestFloorsFindViolations keeps the test above honest: it must see what it forbids.
func TestFloorsFindViolations(t *testing.T) {
	for _, c := range []struct {
		room, imported string
		ok             bool
	}{
		{"wire", "fmt", false},
		{"wire", "encoding/binary", true},
		{"algebra/crdt", module + "/flow", false},
		{"flow", module + "/replica", false},
		{"flow", module + "/algebra/crdt", true},
		{"node", module + "/overlay/repair", true},
		{"node", module + "/host/native", false},
		{"sim", module + "/host/native", false},
		{"host/native", module + "/sim", false},
		{"host/browser", module + "/node", true},
		{"host/browser", module + "/host/native", false},
		{"host/browser", "encoding/json", false},
		{"cmd/martinelli", module + "/node", false},
		{"cmd/martinelli", module + "/internal/cli", true},
		{"algebra/causal", "math/rand/v2", true},
		{"replica", "time", false},
	} {
		if got := forbidden(c.room, c.imported) == ""; got != c.ok {
			t.Errorf("%s may import %s: got %v, want %v", c.room, c.imported, got, c.ok)
		}
	}
}
