package judge_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/martinelli-lang/martinelli/lang"
	"github.com/martinelli-lang/martinelli/lang/diag/diagtest"
)

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
	_, letters := lang.Judge([]lang.Source{{Name: "test.mrt", Text: text}}, topology)
	diagtest.Compare(t, text, letters)
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
