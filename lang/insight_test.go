package lang

import (
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"github.com/martinelli-lang/martinelli/lang/diag"
	"github.com/martinelli-lang/martinelli/lang/token"
)

// programs are those of the repository's tests, right and wrong ones.
func programs(t testing.TB) map[string]string {
	t.Helper()
	texts := map[string]string{}
	for _, pattern := range []string{"mistakes/*.mrt", "types/testdata/*.mrt", "mode/testdata/*.mrt", "testdata/*/*.mrt", "syntax/testdata/programs/*.mrt"} {
		files, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range files {
			text, err := os.ReadFile(f)
			if err != nil {
				t.Fatal(err)
			}
			texts[f] = string(text)
		}
	}
	if len(texts) < 20 {
		t.Fatal("only", len(texts), "programs")
	}
	return texts
}

// TestInsightIntoHalfATypedProgram leaves out a word, or types a dot, anywhere:
// names and types are still told, of all that can be read.
func TestInsightIntoHalfATypedProgram(t *testing.T) {
	die := rand.New(rand.NewPCG(5, 1))
	for name, text := range programs(t) {
		tokens := token.Scan(token.NewFile(name, text)).Tokens
		for range 4 {
			at := tokens[die.IntN(len(tokens))]
			for _, broken := range []string{text[:at.Start] + text[at.End:], text[:at.End] + ".\n" + text[at.End:], text[:at.Start]} {
				r := Inspect([]Source{{name, broken}}, nil)
				if r.Names() == nil || r.Typed() == nil {
					t.Fatal("no names in", broken)
				}
			}
		}
	}
}

// TestInsightSaysAsJudge tells the same letters whether or not anybody asks for names.
func TestInsightSaysAsJudge(t *testing.T) {
	for name, text := range programs(t) {
		r := Inspect([]Source{{name, text}}, nil)
		r.Names()
		_, letters := Judge([]Source{{name, text}}, nil)
		if len(letters) != len(r.Letters) {
			t.Error(name, len(letters), len(r.Letters))
		}
		if !diag.HasErrors(letters) && (r.Judged == nil || r.Report == nil) {
			t.Error(name, "is right and was not judged")
		}
	}
}
