package cli

import (
	"io/fs"
	"strings"
	"testing"

	"github.com/martinelli-lang/martinelli"
	"github.com/martinelli-lang/martinelli/lang/format"
	"github.com/martinelli-lang/martinelli/lang/token"
)

// TestTemplate holds the template to what it tells newcomers: it is in the one
// style and nothing is to be said about it.
func TestTemplate(t *testing.T) {
	program, err := martinelli.Load("template")
	if err != nil {
		t.Fatal(err)
	}
	if len(program.Notes) > 0 || len(program.Tests) == 0 {
		t.Errorf("letters: %v; %d tests", program.Notes, len(program.Tests))
	}
	err = fs.WalkDir(template, "template", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := template.ReadFile(path)
		if err != nil || strings.HasSuffix(path, ".md") {
			return err
		}
		formatted, letters, err := format.Source(token.NewFile(path, string(text)))
		if formatted != string(text) || len(letters) > 0 {
			t.Errorf("%s is not as fmt writes it: %v", path, letters)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestNamesOfPrograms(t *testing.T) {
	for name, isGood := range map[string]bool{
		"board": true, "my-shop_2": true, "B": true, strings.Repeat("a", nameMax): true,
		"": false, "2b": false, "-x": false, "a b": false, "a/b": false, "é": false, "..": false, strings.Repeat("a", nameMax+1): false,
	} {
		if isName(name) != isGood {
			t.Errorf("%q: %t", name, !isGood)
		}
	}
}
