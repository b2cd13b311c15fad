package lang

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/martinelli-lang/martinelli/lang/diag"
)

// onItsLine is how testdata and the reference say that a line causes a letter.
// The tests that read them compare every letter with what its line says.
var onItsLine = regexp.MustCompile(`(?:# ?|\d: )(?:error|warning|note) ([EW]\d{3})|ERROR (E\d{3})`)

// unwritten are the codes that no line of a text file can announce, with a
// program that gets them on line 1.
var unwritten = map[diag.Code]string{
	"E001": "view :greeting do \"gr\xfcezi\" end\n",
	"E002": "view :one do 1 end\x00\n",
	"E003": strings.Repeat("# many\n", 1<<18),
	"E004": "view :deep do " + strings.Repeat("(", 300) + "1" + strings.Repeat(")", 300) + " end\n",
	"E191": "view :name do \"" + strings.Repeat("long", 1<<15) + "\" end\n",
}

// told are the letters about a module that was read or a test that was run,
// with the files whose tests provoke them. No program is known that gets the last two.
var told = map[diag.Code]string{
	"E606": "../modules_test.go",
	"E607": "../modules_test.go",
	"E608": "../modules_test.go",
	"E609": "../modules_test.go",
	"E610": "../modules_test.go",
	"E611": "../modules_test.go",
	"E612": "../modules_test.go",
	"E810": "../internal/cli/testdata/test.txtar",
	"E811": "../sim/trial_test.go",
	"E812": "../sim/trial_test.go",
}

// TestEveryCodeIsProvoked looks, for each code that the compiler has, for a
// program in which the line that causes it says so.
func TestEveryCodeIsProvoked(t *testing.T) {
	provoked := map[string]string{}
	for _, pattern := range []string{"*/testdata/*.mrt", "*/testdata/letters/*.mrt", "*/testdata/mistakes/*", "../docs/spec/*.md", "lock_test.go"} {
		files, err := filepath.Glob(pattern)
		if err != nil || len(files) == 0 {
			t.Fatal(pattern, err)
		}
		for _, f := range files {
			text, err := os.ReadFile(f)
			if err != nil {
				t.Fatal(err)
			}
			for _, m := range onItsLine.FindAllStringSubmatch(string(text), -1) {
				provoked[m[1]+m[2]] = f
			}
		}
	}
	codes := diag.Codes()
	for _, e := range codes {
		text, isUnwritten := unwritten[e.Code]
		switch {
		case isUnwritten:
			_, letters := Judge([]Source{{Name: "test.mrt", Text: text}}, nil)
			if len(letters) != 1 || letters[0].Code != e.Code || letters[0].Where().Position().Line != 1 {
				t.Errorf("%s, %s, is not provoked: %s", e.Code, e.Title, letter(letters))
			}
		case told[e.Code] != "":
			if text, err := os.ReadFile(told[e.Code]); err != nil || !strings.Contains(string(text), string(e.Code)) {
				t.Errorf("%s does not provoke %s: %v", told[e.Code], e.Code, err)
			}
		case provoked[string(e.Code)] == "":
			t.Errorf("no program provokes %s, %s, on a line that says so", e.Code, e.Title)
		}
	}
	t.Logf("%d codes", len(codes))
	if len(codes) < 60 {
		t.Errorf("there are %d codes", len(codes))
	}
}
