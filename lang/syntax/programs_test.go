package syntax

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/martinelli-lang/martinelli/lang/diag"
	"github.com/martinelli-lang/martinelli/lang/token"
)

var update = flag.Bool("update", false, "rewrite the golden trees")

// TestPrograms parses the sample programs of the language's design without a
// word, the slides of the talk as they are.
func TestPrograms(t *testing.T) {
	names := append(glob(t, "testdata/programs/*.*"), glob(t, "testdata/programs/*/*")...)
	for _, name := range append(names, glob(t, "../../examples/*/*.mrt")...) {
		var b strings.Builder
		if err := (diag.Renderer{}).Render(&b, parseAny(load(t, name))); err != nil {
			t.Fatal(err)
		}
		if b.Len() > 0 {
			t.Errorf("%s:\n%s", name, &b)
		}
	}
}

// TestTrees compares trees with those a reader has checked. Each golden file
// stands beside its program.
func TestTrees(t *testing.T) {
	for _, name := range glob(t, "testdata/trees/*.*") {
		if filepath.Ext(name) == ".tree" {
			continue
		}
		t.Run(filepath.Base(name), func(t *testing.T) {
			compareGolden(t, strings.TrimSuffix(name, filepath.Ext(name))+".tree", parsedTree(t, name))
		})
	}
}

func parsedTree(t *testing.T, name string) string {
	source := load(t, name)
	if ds := parseAny(source); len(ds) > 0 {
		t.Fatalf("%v", described(ds))
	}
	if filepath.Ext(name) == ".topology" {
		topology, _ := ParseTopology(source)
		return dump(topology.Roles) + dump(topology.Links)
	}
	file, _ := ParseFile(source)
	return dump(file.Decls)
}

func compareGolden(t *testing.T, golden, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(golden, []byte(got), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal([]byte(got), want) {
		t.Errorf("%s differs; run with -update to see how\n%s", golden, got)
	}
}

// TestSpans checks that the text of a node is the node: whatever has a name begins or ends with it.
func TestSpans(t *testing.T) {
	source := token.NewFile("spans.mrt", "on_a do |x: set<int>|\n  let y = (x + 1) * f(x[:k].z, n: 2).map do |e| e end # note\n  abort :why\nend\n")
	file, ds := ParseFile(source)
	if len(ds) > 0 {
		t.Fatal(described(ds))
	}
	var got []string
	walk(file.Decls, func(n Node, _ int) { got = append(got, n.Where().Text()) })
	want := []string{
		source.Text[:strings.LastIndex(source.Text, "\n")], "on_a",
		source.Text[len("on_a "):strings.LastIndex(source.Text, "\n")],
		"x: set<int>", "x", "set<int>", "set", "int", "int",
		"let y = (x + 1) * f(x[:k].z, n: 2).map do |e| e end", "y",
		"(x + 1) * f(x[:k].z, n: 2).map do |e| e end", "x + 1", "x", "1",
		"f(x[:k].z, n: 2).map do |e| e end", "f(x[:k].z, n: 2).map", "f(x[:k].z, n: 2)", "f",
		"x[:k].z", "", "x[:k].z", "x[:k]", "x", ":k", "z", "n: 2", "n", "2", "map",
		"do |e| e end", "e", "e", "e", "e",
		"abort :why", "abort", ":why",
	}
	if strings.Join(got, "|") != strings.Join(want, "|") {
		t.Errorf("got  %q\nwant %q", got, want)
	}
	if len(file.Comments) != 1 || file.Comments[0].Text != "# note" {
		t.Errorf("comments: %v", file.Comments)
	}
}
