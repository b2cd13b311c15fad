package types_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/martinelli-lang/martinelli/lang"
	"github.com/martinelli-lang/martinelli/lang/diag"
	"github.com/martinelli-lang/martinelli/lang/diag/diagtest"
)

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
	program, letters := lang.Compile([]lang.Source{{Name: "test.mrt", Text: text}}, nil)
	if (program == nil) != diag.HasErrors(letters) {
		t.Error("the program is nil iff there is an error")
	}
	diagtest.Compare(t, text, letters)
}
