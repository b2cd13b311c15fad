package explain_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/martinelli-lang/martinelli/lang"
	"github.com/martinelli-lang/martinelli/lang/diag"
	"github.com/martinelli-lang/martinelli/lang/explain"
)

// told are the programs of which a page can only tell.
var told = map[diag.Code]string{
	"E001": "view :greeting do \"gr\xfcezi\" end\n",
	"E002": "view :one do 1 end\x00\n",
	"E003": strings.Repeat("# many\n", 1<<18),
	"E004": "view :deep do " + strings.Repeat("(", 300) + "1" + strings.Repeat(")", 300) + " end\n",
	"E191": "view :name do \"" + strings.Repeat("long", 1<<15) + "\" end\n",
}

// run are the codes of letters that are written when a module is linked or a
// test is run: the room that does so provokes each.
var run = []diag.Code{"E606", "E607", "E608", "E609", "E610", "E611", "E612", "E810", "E811", "E812"}

// TestPages compiles the programs of every page: the wrong one gets the code and
// no other error, the right one no error nor the code. Every code has a page.
func TestPages(t *testing.T) {
	for _, e := range diag.Codes() {
		p, known := explain.Lookup(strings.ToLower(string(e.Code)))
		if !known || p.Words == "" || p.Right == "" || p.Title != e.Title {
			t.Errorf("%s has no whole page in pages.txt: write what it means, why it is so, a wrong program and a right one", e.Code)
			continue
		}
		wrong := p.Wrong
		if slices.Contains(run, e.Code) {
			continue
		}
		if text, isTold := told[e.Code]; isTold && strings.HasPrefix(wrong, "# ") {
			wrong = text
		}
		if got := codes(wrong); !slices.Contains(got, e.Code) || slices.ContainsFunc(got, func(c diag.Code) bool { return c[0] == 'E' && c != e.Code }) {
			t.Errorf("%s: its wrong program gets %v", e.Code, got)
		}
		if got := codes(p.Right); slices.Contains(got, e.Code) || slices.ContainsFunc(got, func(c diag.Code) bool { return c[0] == 'E' }) {
			t.Errorf("%s: its right program gets %v", e.Code, got)
		}
		if s := p.String(); !strings.HasPrefix(s, string(e.Code)+": ") || !strings.Contains(s, "\nright:\n  ") {
			t.Errorf("%s: its text is\n%s", e.Code, s)
		}
	}
}

// codes returns the codes of the letters about a program.
func codes(text string) []diag.Code {
	var got []diag.Code
	for _, d := range letters(text) {
		got = append(got, d.Code)
	}
	return got
}

// letters judges a program, or a topology and the program behind it.
func letters(text string) []diag.Diagnostic {
	sources := []lang.Source{{Name: "page.mrt", Text: text}}
	var topology *lang.Source
	if strings.HasPrefix(text, "# topology\n") {
		roles, program, _ := strings.Cut(text, "# program\n")
		topology = &lang.Source{Name: "page.topology", Text: roles}
		sources[0].Text = program
	}
	if rest, ok := strings.CutPrefix(text, "# lock\n"); ok {
		lock, program, _ := strings.Cut(rest, "# program\n")
		sources = []lang.Source{{Name: lang.LockName, Text: lock}, {Name: "page.mrt", Text: program}}
	}
	_, letters := lang.Judge(sources, topology)
	return letters
}

// TestUnknown asks for codes that there are not.
func TestUnknown(t *testing.T) {
	for _, code := range []string{"", "E999", "wrong:", "E1"} {
		if p, known := explain.Lookup(code); known {
			t.Errorf("%q has the page %v", code, p)
		}
	}
}

// choices are the codes of letters that leave a choice: each says what it costs.
var choices = []diag.Code{
	"E201", "E301", "E303", "E306", "E307", "E308", "E309", "E401", "E402", "E405", "E406", "E408", "E409", "E410", "E411",
	"E701", "E702", "E703", "E705", "E706",
}

// TestWaysOut reads the letters that the wrong programs of the pages get:
// where there is a choice, there are at least two ways, each with its cost.
func TestWaysOut(t *testing.T) {
	for _, code := range choices {
		p, _ := explain.Lookup(string(code))
		for _, d := range letters(p.Wrong) {
			if d.Code != code {
				continue
			}
			if len(d.Ways) < 2 || slices.ContainsFunc(d.Ways, func(w diag.Way) bool { return w.Text == "" || w.Cost == "" }) {
				t.Errorf("it leaves a choice:\n%s", diag.Renderer{}.Letter(d))
			}
		}
	}
}
