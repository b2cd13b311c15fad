package tour_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/martinelli-lang/martinelli"
	"github.com/martinelli-lang/martinelli/lang/diag"
	"github.com/martinelli-lang/martinelli/lang/format"
	"github.com/martinelli-lang/martinelli/lang/token"
	"github.com/martinelli-lang/martinelli/sim"
)

// programs are the folders of the tour, in the order of their names.
func programs(t *testing.T) (folders []string) {
	t.Helper()
	entries, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if e.IsDir() {
			folders = append(folders, e.Name())
		}
	}
	return folders
}

// seeds are those that each test is played with, as "martinelli test" does.
const seeds = 3

// TestPrograms compiles each program without a letter, and plays its tests.
func TestPrograms(t *testing.T) {
	for _, folder := range programs(t) {
		t.Run(folder, func(t *testing.T) {
			program, err := martinelli.Load(folder)
			if err != nil {
				t.Fatal(err)
			}
			for _, note := range program.Notes {
				t.Error(diag.Renderer{}.Letter(note))
			}
			if len(program.Tests) == 0 {
				t.Error("it has no test")
			}
			for i := range program.Tests {
				test := &program.Tests[i]
				if f := test.Faults; f.Drop == 0 && f.Cuts == 0 && f.Crashes == 0 {
					t.Errorf("%q has no faults", test.Title)
				}
				for seed := uint64(1); seed <= seeds; seed++ {
					v, err := sim.Try(sim.Trial{Program: program.Plan, Test: test, Seed: seed})
					if err != nil {
						t.Fatal(err)
					}
					if v.Failure != nil {
						t.Fatalf("seed %d: %s", seed, diag.Renderer{}.Letter(v.Failure.Letter(test.Span, "martinelli test")))
					}
				}
			}
		})
	}
}

// linesMax is one screen.
const linesMax = 80

// TestFiles holds the texts to the one style, to a screen, and to a comment
// that begins with what the program is.
func TestFiles(t *testing.T) {
	files, err := filepath.Glob("*/*.*")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		formatted, letters, err := format.Source(token.NewFile(name, string(text)))
		if formatted != string(text) || len(letters) > 0 || err != nil {
			t.Errorf("%s is not as fmt writes it: %v, %v", name, letters, err)
		}
		if n := strings.Count(string(text), "\n"); n > linesMax {
			t.Errorf("%s has %d lines, which is more than a screen", name, n)
		}
		if filepath.Ext(name) == ".mrt" && !strings.HasPrefix(string(text), "# ") {
			t.Errorf("%s does not begin with what it is", name)
		}
	}
}

// TestReadme compares the table of README.md with what is there.
func TestReadme(t *testing.T) {
	text, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	var told []string
	for _, row := range regexp.MustCompile(`(?m)^\| \d+ \| \[(\w+)\]\((\w+)/(\w+)\.mrt\)`).FindAllStringSubmatch(string(text), -1) {
		if row[1] != row[2] || row[1] != row[3] {
			t.Errorf("%s: another name than its file", row[0])
		}
		told = append(told, row[1])
	}
	slices.Sort(told)
	if there := programs(t); !slices.Equal(told, there) {
		t.Errorf("the table has %v, the folder %v", told, there)
	}
}
