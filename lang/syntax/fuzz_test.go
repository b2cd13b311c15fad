package syntax

import (
	"strings"
	"testing"

	"github.com/martinelli-lang/martinelli/lang/diag"
	"github.com/martinelli-lang/martinelli/lang/token"
)

// FuzzParse holds the parser to what it owes whatever the text: it ends, it does
// not panic, every span is inside the file and every letter can be shown. A tree
// without errors holds nothing that could not be read.
func FuzzParse(f *testing.F) {
	for _, pattern := range []string{"testdata/programs/*.*", "testdata/programs/*/*", "testdata/mistakes/*"} {
		for _, name := range glob(f, pattern) {
			f.Add(load(f, name).Text)
		}
	}
	f.Add("on_a do |x|\n if a\n else if b\n end\nend")
	f.Add("f(" + strings.Repeat("[", 300))
	f.Fuzz(func(t *testing.T, text string) {
		source := token.NewFile("fuzz.mrt", text)
		program, ds := ParseFile(source)
		check(t, source, program.Decls, ds)
		topology, ds := ParseTopology(source)
		check(t, source, []any{topology.Roles, topology.Links}, ds)
	})
}

func check(t *testing.T, source *token.File, tree any, ds []diag.Diagnostic) {
	t.Helper()
	walk(tree, func(n Node, depth int) {
		checkSpan(t, source, n.Where())
		switch n.(type) {
		case Bad, BadType:
			if len(ds) == 0 {
				t.Errorf("%T in a tree without errors", n)
			}
		}
	})
	if len(ds) > errorsMax {
		t.Errorf("%d errors", len(ds))
	}
	for _, d := range ds {
		for _, l := range d.Labels {
			checkSpan(t, source, l.Span)
		}
		if _, known := diag.Lookup(d.Code); !known {
			t.Errorf("code %s is not registered", d.Code)
		}
		if letter := (diag.Renderer{}).Letter(d); !strings.HasPrefix(letter, "error E0") || strings.Contains(letter, "!s(MISSING)") {
			t.Errorf("a letter begins %q", letter)
		}
		d.Message()
	}
}

func checkSpan(t *testing.T, source *token.File, s token.Span) {
	t.Helper()
	if s.File == nil && s == (token.Span{}) {
		return // an optional part that the text does not have
	}
	if s.File != source || s.Start < 0 || s.Start > s.End || s.End > len(source.Text) {
		t.Fatalf("span %d..%d is outside the file of %d bytes, or of another", s.Start, s.End, len(source.Text))
	}
}
