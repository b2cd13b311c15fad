package types_test

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/martinelli-lang/martinelli/lang"
	"github.com/martinelli-lang/martinelli/lang/diag"
)

// expectation is "# error E103 some words" at the end of the line that causes
// the letter: its severity, its code and a part of its title.
var expectation = regexp.MustCompile(`# (error|warning|note) ([EW]\d+) ?([^#]*)`)

// TestLetters compiles every program of testdata and compares the letters with
// what the lines themselves announce: no letter may be missing, and none too many.
func TestLetters(t *testing.T) {
	programs, err := filepath.Glob("testdata/*.mrt")
	if err != nil || len(programs) == 0 {
		t.Fatal("no programs", err)
	}
	for _, file := range programs {
		t.Run(filepath.Base(file), func(t *testing.T) {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			compare(t, string(text))
		})
	}
}

func compare(t *testing.T, text string) {
	var want []string
	for i, line := range strings.Split(text, "\n") {
		for _, m := range expectation.FindAllStringSubmatch(line, -1) {
			want = append(want, fmt.Sprintf("%d %s %s %s", i+1, m[1], m[2], strings.TrimSpace(m[3])))
		}
	}
	program, letters := lang.Compile([]lang.Source{{Name: "test.mrt", Text: text}}, nil)
	if (program == nil) != diag.HasErrors(letters) {
		t.Error("the program is nil iff there is an error")
	}
	for _, d := range letters {
		got := fmt.Sprintf("%d %s %s ", d.Where().Position().Line, d.Severity, d.Code)
		i := slices.IndexFunc(want, func(w string) bool {
			title, ok := strings.CutPrefix(w, got)
			return ok && strings.Contains(d.Title, title)
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
