package judge_test

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/martinelli-lang/martinelli/lang"
	"github.com/martinelli-lang/martinelli/lang/diag"
	"github.com/martinelli-lang/martinelli/lang/judge"
)

var update = flag.Bool("update", false, "write what is judged into testdata")

// TestOneProgramUnderFourTopologies judges one program for an offline client,
// for peers without a home, for three tiers and for one data centre, and
// compares what is printed with the texts beside them.
func TestOneProgramUnderFourTopologies(t *testing.T) {
	for _, file := range glob(t, "testdata/shop/*.topology") {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".topology"), func(t *testing.T) {
			program := lang.Source{Name: "shop.mrt", Text: read(t, "testdata/shop/shop.mrt")}
			report, letters := lang.Judge([]lang.Source{program}, &lang.Source{Name: filepath.Base(file), Text: read(t, file)})
			if report == nil {
				t.Fatal(written(t, letters))
			}
			golden(t, strings.TrimSuffix(file, ".topology")+".txt", report.String()+"\n"+written(t, letters))
		})
	}
}

func written(t *testing.T, letters []diag.Diagnostic) string {
	var b strings.Builder
	if err := (diag.Renderer{}).Render(&b, letters); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func golden(t *testing.T, file, got string) {
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if want := read(t, file); got != want {
		t.Errorf("%s differs; got\n%s\nIf that is right, run the test with -update.", file, got)
	}
}

// TestProgramsOfTheDesign judges whole applications. What of them cannot be
// judged yet is refused by name, and there is no other mistake.
func TestProgramsOfTheDesign(t *testing.T) {
	topology := lang.Source{Name: "offline.topology", Text: read(t, "testdata/shop/offline.topology")}
	for _, file := range glob(t, "testdata/design/*.mrt") {
		report, letters := lang.Judge([]lang.Source{{Name: filepath.Base(file), Text: read(t, file)}}, &topology)
		for _, d := range letters {
			if d.Severity == diag.Error && d.Code != "E190" {
				t.Errorf("%s", diag.Renderer{}.Letter(d))
			}
		}
		if report == nil {
			t.Logf("%s is not judged yet", file)
			continue
		}
		for _, l := range report.Lines {
			if want, known := strengths[l.What]; known && l.Strength != want {
				t.Errorf("%s: %s has strength %d, want %d", file, l.What, l.Strength, want)
			}
		}
	}
}

// strengths are what the parts of the applications need.
var strengths = map[string]judge.Strength{
	"on_shown": judge.Local, "on_photo": judge.Local, "on_share": judge.Commit, "on_buy": judge.AcrossEntities, "on_deliver": judge.Serial,
	"on_purchase": judge.AcrossEntities, "on_pay": judge.AcrossEntities, "invariant budget": judge.Commit,
}
