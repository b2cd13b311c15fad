package judge_test

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

// expectation is "# error E401 some words" at the end of the line that causes
// the letter: its severity, its code and a part of its title.
var expectation = regexp.MustCompile(`# (error|warning|note) ([EW]\d+) ?([^#\n]*)`)

// TestLetters judges every program of testdata/letters for the topology of its
// name, or for the usual one, and compares the letters with what its lines
// announce: none may be missing, and none too many.
func TestLetters(t *testing.T) {
	for _, file := range glob(t, "testdata/letters/*.mrt") {
		t.Run(filepath.Base(file), func(t *testing.T) {
			var topology *lang.Source
			name := strings.TrimSuffix(file, ".mrt") + ".topology"
			if _, err := os.Stat(name); err == nil {
				topology = &lang.Source{Name: name, Text: read(t, name)}
			}
			compare(t, read(t, file), topology)
		})
	}
}

func compare(t *testing.T, text string, topology *lang.Source) {
	var want []string
	for i, line := range strings.Split(text, "\n") {
		for _, m := range expectation.FindAllStringSubmatch(line, -1) {
			want = append(want, fmt.Sprintf("%d %s %s %s", i+1, m[1], m[2], strings.TrimSpace(m[3])))
		}
	}
	_, letters := lang.Judge([]lang.Source{{Name: "test.mrt", Text: text}}, topology)
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

func glob(t *testing.T, pattern string) []string {
	files, err := filepath.Glob(pattern)
	if err != nil || len(files) == 0 {
		t.Fatal("no files", pattern, err)
	}
	return files
}

func read(t *testing.T, file string) string {
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
