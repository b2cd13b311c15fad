package resolve

import (
	"strings"

	"github.com/martinelli-lang/martinelli/lang/diag"
	"github.com/martinelli-lang/martinelli/lang/token"
)

// NotYet is the letter about a construct that the language has and this
// version does not run. The hint says what to use now; it may be empty.
func NotYet(at token.Span, construct, hint string) diag.Diagnostic {
	d := diag.Errorf("E190", at, "not yet: %s", construct).Here("this version does not run it")
	if hint != "" {
		d = d.Hinting("%s", hint)
	}
	return d
}

// Nearest returns the candidate within an edit distance of 2 that is nearest
// to name, the first of equals; "" if there is none. A short name must differ
// in less than half of its letters, or everything would be near it.
func Nearest(name string, candidates []string) string {
	best, distanceMax := "", min(2, (len(name)-1)/2)
	for _, c := range candidates {
		if d := distance(name, c, distanceMax); d <= distanceMax && c != name {
			best, distanceMax = c, d-1
		}
	}
	return best
}

// DidYouMean is the hint for an unknown name, or "".
func DidYouMean(name string, candidates []string) string {
	if near := Nearest(name, candidates); near != "" {
		return "did you mean `" + near + "`?"
	}
	return ""
}

// Meant adds to a letter about an unknown name, which stands at a place, the
// hint with the known one that is nearest, and what to write there.
func Meant(d diag.Diagnostic, at token.Span, name string, candidates []string) diag.Diagnostic {
	near := Nearest(name, candidates)
	if near == "" {
		return d
	}
	before, ok := strings.CutSuffix(at.Text(), name)
	if !ok {
		return d.Hinting("did you mean `%s`?", near)
	}
	return d.Hinting("did you mean `%s`?", near).Fixed(diag.Replace(at, before+near))
}

// distance is the Levenshtein distance of a and b, or more than limit.
func distance(a, b string, limit int) int {
	if len(a)-len(b) > limit || len(b)-len(a) > limit {
		return limit + 1
	}
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			change := diagonal
			if a[i] != b[j] {
				change++
			}
			diagonal = row[j+1]
			row[j+1] = min(change, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}

// Quoted lists names for a letter: "`a`, `b`".
func Quoted(names []string) string {
	quoted := make([]string, len(names))
	for i, n := range names {
		quoted[i] = "`" + n + "`"
	}
	return strings.Join(quoted, ", ")
}
