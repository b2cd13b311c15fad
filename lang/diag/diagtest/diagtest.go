// Package diagtest compares the compiler's letters with what the lines of a
// program announce, for the tests of all rooms that write letters.
package diagtest

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/martinelli-lang/martinelli/lang/diag"
)

// expectation is "# error E103 some words" at the end of the line that causes
// the letter: its severity, its code, and words that it says. A line may
// announce several.
var expectation = regexp.MustCompile(`# (error|warning|note) ([EW]\d{3}) ?([^#]*)`)

// Announced lists the letters that the lines of a text announce, in their
// order, each as "3 error E103 some words".
func Announced(text string) []string {
	var want []string
	for i, line := range strings.Split(text, "\n") {
		for _, m := range expectation.FindAllStringSubmatch(line, -1) {
			want = append(want, fmt.Sprintf("%d %s %s %s", i+1, m[1], m[2], strings.TrimSpace(m[3])))
		}
	}
	return want
}

// Compare compares letters with what the lines of the text announce: none may
// be missing, and none too many. The announced words stand in a letter's title
// or under its first place.
func Compare(t testing.TB, text string, letters []diag.Diagnostic) {
	t.Helper()
	want := Announced(text)
	for _, d := range letters {
		head := fmt.Sprintf("%d %s %s ", d.Where().Position().Line, d.Severity, d.Code)
		i := slices.IndexFunc(want, func(w string) bool {
			words, ok := strings.CutPrefix(w, head)
			return ok && (strings.Contains(d.Title, words) || strings.Contains(d.Labels[0].Text, words))
		})
		if i < 0 {
			t.Errorf("not announced:\n%s", diag.Renderer{}.Letter(d))
			continue
		}
		want = slices.Delete(want, i, i+1)
	}
	for _, w := range want {
		t.Errorf("announced, and not written: line %s", w)
	}
}
