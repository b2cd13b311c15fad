package syntax

import (
	"strings"
	"testing"

	"github.com/martinelli-lang/martinelli/lang/token"
)

// TestLimits gives the parser what no programmer writes. It answers with one
// letter, at the place where it went too far, and reads no further.
func TestLimits(t *testing.T) {
	deep := strings.Repeat
	for name, c := range map[string]struct{ text, want string }{
		"not UTF-8":         {"view :v do\n  a\xffb\nend", "2:4 E001"},
		"a zero byte":       {"# note\x00\n", "1:7 E002"},
		"too large":         {deep("\n", token.SizeMax+1), "1:1 E003"},
		"as large as can":   {deep("\n", token.SizeMax), ""},
		"the rune for bad":  {"view :v do \"\uFFFD\" end", ""},
		"a byte order mark": {"\uFEFFview :v do x end", ""},
		"windows lines":     {"view :v do\r\n  x # note\r\nend\r\n", ""},
		"empty":             {"", ""},
		"parentheses":       {"view :v do\n" + deep("(", 100_000), "2:128 E004"},
		"lists":             {"view :v do\n" + deep("[", 1000), "2:128 E004"},
		"nots":              {"view :v do\n" + deep("not ", 1000), "2:1021 E004"},
		"minuses":           {"view :v do\n" + deep("- ", 1000), "2:511 E004"},
		"a long sum":        {"view :v do\n1" + deep("+1", 1000) + "\nend", "2:511 E004"},
		"a long chain":      {"view :v do\nx" + deep(".x", 1000) + "\nend", "2:512 E004"},
		"blocks":            {"view :v do\n" + deep("if a\n", 1000), "129:1 E004"},
		"types":             {"type :T, " + deep("{ a: ", 1000), "1:650 E004"},
		"brackets":          {"on_a do\n) " + deep("[", 100_000) + "\nend", "2:1 E020"},
		"lines of brackets": {"test \"\" do\n" + deep("f([\n", 50_000), "1:1 E021, 2:1 E043"},
		"blocks on a line":  {"view :v do f(" + deep("a do end,", 20_000) + ") end", ""},
		"far blocks":        {"view :v do\n" + deep(" ", 100_000) + "f(" + deep("a do end,", 20_000) + ")\nend", ""},
		"ends":              {deep("end ", 200_000), "1:1 E022"},
		"a hundred terms":   {"view :v do\n1" + deep("+1", 99) + "\nend", ""},
	} {
		t.Run(name, func(t *testing.T) {
			got := described(parseAny(token.NewFile("limits.mrt", c.text)))
			if joined := strings.Join(got, ", "); joined != c.want {
				t.Errorf("got %.200s, want %q", joined, c.want)
			}
		})
	}
}

// TestErrorsMax stops at the fiftieth error of a file.
func TestErrorsMax(t *testing.T) {
	_, ds := ParseFile(token.NewFile("many.mrt", strings.Repeat("view = 1\n", 1000)))
	if len(ds) != errorsMax {
		t.Errorf("%d errors, want %d", len(ds), errorsMax)
	}
}
