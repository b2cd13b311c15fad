package diag

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/martinelli-lang/martinelli/lang/token"
)

func TestSort(t *testing.T) {
	a, b := token.NewFile("a.mrt", "xyz"), token.NewFile("b.mrt", "xyz")
	at := func(f *token.File, start int) token.Span { return token.Span{File: f, Start: start, End: start + 1} }
	ds := []Diagnostic{
		Errorf("E020", at(b, 0), "one"),
		Errorf("E020", at(a, 1), "one"),
		Errorf("E010", at(a, 1), "one"),
		Warnf("E010", at(a, 1), "one"),
		Errorf("E020", at(a, 1), "one").Hinting("the same mistake again"),
		Errorf("E020", at(a, 0), "two"),
		Errorf("E020", at(a, 0), "one"),
		{Title: "nowhere"},
	}
	var got []string
	for _, d := range Sort(ds) {
		f := d.Where()
		got = append(got, strings.Join([]string{fileName(f), string(d.Code), d.Severity.String(), d.Title}, " "))
	}
	want := []string{
		"  error nowhere",
		"a.mrt E020 error one", "a.mrt E020 error two",
		"a.mrt E010 error one", "a.mrt E020 error one", "a.mrt E010 warning one",
		"b.mrt E020 error one",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
	if ds[0].Where().File != b {
		t.Error("Sort changed its argument")
	}
}

func TestHasErrors(t *testing.T) {
	if HasErrors(nil) || HasErrors([]Diagnostic{{Severity: Warning}}) || !HasErrors([]Diagnostic{{Severity: Note}, {}}) {
		t.Error("HasErrors counts something else than errors")
	}
}

// TestBuildersCopy lets two letters begin as one: neither sees what the other adds.
func TestBuildersCopy(t *testing.T) {
	d := Errorf("E020", token.Span{}, "title").There(token.Span{}, "a")
	left, right := d.There(token.Span{}, "left").Here("l"), d.There(token.Span{}, "right").Here("r")
	if left.Labels[2].Text != "left" || right.Labels[2].Text != "right" || left.Labels[0].Text != "l" || d.Labels[0].Text != "" {
		t.Errorf("%v %v", left.Labels, right.Labels)
	}
}

// TestMessage writes a letter as JSON.
func TestMessage(t *testing.T) {
	d := Errorf("E301", spanOf(t, shop, "cart", 0), "nothing keeps it").Here("here").
		Since(token.Span{}, "why").Way("else ...", "you repair").Hinting("h")
	d.Example = "e"
	got, err := json.Marshal(d.Message())
	want := `{"code":"E301","severity":"error","title":"nothing keeps it",` +
		`"places":[{"file":"shop.mrt","line":2,"column":6,"endLine":2,"endColumn":10,"text":"here"}],` +
		`"because":[{"file":"","line":0,"column":0,"endLine":0,"endColumn":0,"text":"why"}],` +
		`"example":"e","ways":[{"text":"else ...","cost":"you repair"}],"hint":"h"}`
	if err != nil || string(got) != want {
		t.Errorf("got  %s (%v)\nwant %s", got, err, want)
	}
	if got, _ := json.Marshal(Diagnostic{}.Message()); !strings.Contains(string(got), `"places":[]`) {
		t.Errorf("no places: %s", got)
	}
}

// TestEveryCodeIsRegistered reads the sources of the compiler's rooms: a code
// that a letter bears is one that can be explained.
func TestEveryCodeIsRegistered(t *testing.T) {
	files, err := filepath.Glob("../*/*.go")
	if err != nil || len(files) == 0 {
		t.Fatal("no sources", err)
	}
	quoted := regexp.MustCompile(`"([EW]\d{3})"`)
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil || strings.HasSuffix(name, "_test.go") {
			continue
		}
		for _, m := range quoted.FindAllSubmatch(text, -1) {
			if _, ok := Lookup(Code(m[1])); !ok {
				t.Errorf("%s writes %s: add it to the registry in code.go", name, m[1])
			}
		}
	}
}

func TestRegistry(t *testing.T) {
	form := regexp.MustCompile(`^[EW]\d{3}$`)
	codes := Codes()
	for i, e := range codes {
		if !form.MatchString(string(e.Code)) || e.Title == "" || strings.HasSuffix(e.Title, ".") {
			t.Errorf("entry %q", e)
		}
		if i > 0 && codes[i-1].Code >= e.Code {
			t.Errorf("%s stands after %s", e.Code, codes[i-1].Code)
		}
		if found, ok := Lookup(e.Code); !ok || found != e {
			t.Errorf("%s is not found", e.Code)
		}
	}
	if _, ok := Lookup("E999"); ok {
		t.Error("E999 is found")
	}
}
