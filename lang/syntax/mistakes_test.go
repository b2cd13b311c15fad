package syntax

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/martinelli-lang/martinelli/lang/diag"
	"github.com/martinelli-lang/martinelli/lang/token"
)

// expectation is written on the line that causes the error: "# ERROR E051:8",
// the code and the column. A line may have several.
var expectation = regexp.MustCompile(`ERROR (E\d{3}):(\d+)`)

// TestMistakes parses the files of testdata/mistakes. Each holds several
// independent mistakes, and each mistake makes exactly one error.
func TestMistakes(t *testing.T) {
	for _, name := range glob(t, "testdata/mistakes/*") {
		t.Run(filepath.Base(name), func(t *testing.T) {
			source := load(t, name)
			got, want := described(parseAny(source)), expected(source)
			if !slices.Equal(got, want) {
				t.Errorf("got\n\t%s\nwant\n\t%s", strings.Join(got, "\n\t"), strings.Join(want, "\n\t"))
			}
		})
	}
}

// TestEveryMistakeIsMade looks for a mistake of every code of this room: in
// testdata/mistakes, or, for whole files, in TestLimits.
func TestEveryMistakeIsMade(t *testing.T) {
	made := map[string]bool{"E001": true, "E002": true, "E003": true, "E004": true}
	for _, name := range glob(t, "testdata/mistakes/*") {
		for _, m := range expectation.FindAllStringSubmatch(load(t, name).Text, -1) {
			made[m[1]] = true
		}
	}
	for _, e := range diag.Codes() {
		if strings.HasPrefix(string(e.Code), "E0") && !made[string(e.Code)] {
			t.Errorf("no mistake of %s, %s", e.Code, e.Title)
		}
	}
}

// parseAny parses a program or a topology, by the name's ending.
func parseAny(source *token.File) []diag.Diagnostic {
	if strings.HasSuffix(source.Name, ".topology") {
		_, ds := ParseTopology(source)
		return ds
	}
	_, ds := ParseFile(source)
	return ds
}

func described(ds []diag.Diagnostic) []string {
	var lines []string
	for _, d := range ds {
		p := d.Where().Position()
		lines = append(lines, fmt.Sprintf("%d:%d %s", p.Line, p.Column, d.Code))
	}
	slices.SortFunc(lines, compareNumbers)
	return lines
}

func expected(source *token.File) []string {
	var lines []string
	for n := 1; n <= source.Lines(); n++ {
		text, _ := source.Line(n)
		for _, m := range expectation.FindAllStringSubmatch(text, -1) {
			lines = append(lines, fmt.Sprintf("%d:%s %s", n, m[2], m[1]))
		}
	}
	slices.SortFunc(lines, compareNumbers)
	return lines
}

// compareNumbers orders "line:column code" by its numbers.
func compareNumbers(a, b string) int {
	numbers := func(s string) []int {
		var ns []int
		for _, f := range strings.FieldsFunc(s, func(r rune) bool { return r == ':' || r == ' ' })[:2] {
			n, _ := strconv.Atoi(f)
			ns = append(ns, n)
		}
		return ns
	}
	return slices.Compare(numbers(a), numbers(b))
}

func glob(t testing.TB, pattern string) []string {
	t.Helper()
	names, err := filepath.Glob(pattern)
	if err != nil || len(names) == 0 {
		t.Fatalf("no files %s (%v)", pattern, err)
	}
	return names
}

func load(t testing.TB, name string) *token.File {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return token.NewFile(filepath.Base(name), string(text))
}
