package lang

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/martinelli-lang/martinelli/lang/diag"
)

// TestJudgeAgreesWithCompile: what runs is judged without an error, for the
// usual topology, and what is refused altogether is no better off.
func TestJudgeAgreesWithCompile(t *testing.T) {
	for _, c := range constructs {
		sources := []Source{{Name: "test.mrt", Text: declared + c.text}}
		program, refused := Compile(sources, nil)
		report, letters := Judge(sources, nil)
		isLater := func(d diag.Diagnostic) bool { return d.Severity == diag.Error && d.Code == "E190" }
		switch {
		case program != nil && (report == nil || diag.HasErrors(letters)):
			t.Errorf("%s\nruns, and is judged wrong:\n%s", c.text, letter(letters))
		case program == nil && report != nil && !slices.ContainsFunc(refused, isLater):
			t.Errorf("%s\nis refused for good, and judged:\n%s", c.text, letter(refused))
		case report != nil && len(strings.Split(report.String(), "\n")) != len(report.Lines)+2:
			t.Errorf("%s\nhas another table than lines:\n%s", c.text, report)
		}
	}
}

// BenchmarkJudge judges a program in which every view reads the one before it
// twice, and many handlers and invariants meet: its cost stays linear.
func BenchmarkJudge(b *testing.B) {
	var text strings.Builder
	text.WriteString("database :seen, set<id>, :replicated => true\ndatabase :stock, counter, :by => :sku\nview :v0 do seen end\n")
	for i := range 1000 {
		fmt.Fprintf(&text, "view :v%d do v%d.union(v%d) end\n", i+1, i, i)
		fmt.Fprintf(&text, "on_e%d do |s: id|\ntentatively do\nif v%d.count > 3\nseen.add(s)\nend\nend\natomic :serial do stock[s].dec(1) else |why| end\nend\n", i, i)
		fmt.Fprintf(&text, "database :n%d, gcounter, :by => :k, :replicated => true\ninvariant :i%d do |s in seen| n%d[s] <= 5 else seen.remove(s) end\n", i, i, i)
	}
	sources := []Source{{Name: "test.mrt", Text: text.String()}}
	for b.Loop() {
		if _, letters := Judge(sources, nil); diag.HasErrors(letters) {
			b.Fatal(letter(letters))
		}
	}
}

// FuzzJudge judges any text for any topology.
func FuzzJudge(f *testing.F) {
	for _, c := range constructs {
		f.Add(declared+c.text, "role :hub, :offline => \"1d\"\nrole :client, :ambient => :user_id\nlink :client, :hub")
	}
	for _, pattern := range []string{"judge/testdata/*/*.mrt", "syntax/testdata/programs/*.mrt"} {
		programs, _ := filepath.Glob(pattern)
		for _, file := range programs {
			text, err := os.ReadFile(file)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(string(text), "role :server, :quorum => true\nrole :client, :ambient => :user_id")
			f.Add(string(text), "")
		}
	}
	f.Fuzz(func(t *testing.T, text, topology string) {
		report, letters := Judge([]Source{{Name: "fuzz.mrt", Text: text}}, &Source{Name: "fuzz.topology", Text: topology})
		if report == nil && !diag.HasErrors(letters) {
			t.Error("there is no report, and no error says why")
		}
		if report != nil {
			_ = report.String()
		}
	})
}
