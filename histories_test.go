package martinelli_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

var (
	historyRow  = regexp.MustCompile(`(?m)^\| (\d+) \|.*$`)
	historyLink = regexp.MustCompile(`\[(TestHistory(\d+)[A-Z]\w*)\]\(\.\./([^)]*)\)`)
	historyTest = regexp.MustCompile(`(?m)^func (TestHistory(\d+)\w*)\(`)
)

// histories is how many docs/histories.md tells.
const histories = 15

// unplayed are the histories that no test plays yet, and why.
var unplayed = map[int]string{
	8: "comes with replicated homes",
}

// TestHistories keeps docs/histories.md true: its rows are numbered, each
// names the tests that play its history, these exist where it says, and no
// test of a history is missing.
func TestHistories(t *testing.T) {
	page, err := os.ReadFile("docs/histories.md")
	if err != nil {
		t.Fatal(err)
	}
	tests := historyTests(t)
	rows := historyRow.FindAllStringSubmatch(string(page), -1)
	if len(rows) != histories {
		t.Fatalf("the page tells %d histories, want %d", len(rows), histories)
	}
	for i, row := range rows {
		if row[1] != strconv.Itoa(i+1) {
			t.Errorf("row %d is numbered %s", i+1, row[1])
		}
		links := historyLink.FindAllStringSubmatch(row[0], -1)
		if why := unplayed[i+1]; len(links) == 0 != (why != "") {
			t.Errorf("history %d names %d tests; expected is: %q", i+1, len(links), why)
		}
		for _, link := range links {
			if tests[link[1]] != link[3] || link[2] != row[1] {
				t.Errorf("history %s names %s in %s; it is in %q", row[1], link[1], link[3], tests[link[1]])
			}
			delete(tests, link[1])
		}
	}
	for name, file := range tests {
		n, _ := strconv.Atoi(historyTest.FindStringSubmatch("func " + name + "(")[2])
		if isComing(n) {
			continue
		}
		t.Errorf("docs/histories.md does not name %s of %s", name, file)
	}
}

// isComing reports whether tests of a history come faster than the page.
func isComing(n int) bool { return unplayed[n] != "" || n == 4 || n == 6 || n == 7 }

// historyTests returns in which file each test of a history stands.
func historyTests(t *testing.T) map[string]string {
	t.Helper()
	tests := map[string]string{}
	err := filepath.WalkDir(".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(name, "_test.go") {
			return err
		}
		text, err := os.ReadFile(name)
		for _, m := range historyTest.FindAllSubmatch(text, -1) {
			if there, isTwice := tests[string(m[1])]; isTwice {
				t.Errorf("%s stands in %s and in %s", m[1], there, name)
			}
			tests[string(m[1])] = filepath.ToSlash(name)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return tests
}
