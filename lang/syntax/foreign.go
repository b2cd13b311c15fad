package syntax

import (
	"github.com/martinelli-lang/martinelli/lang/diag"
	"github.com/martinelli-lang/martinelli/lang/token"
)

// foreignWords are statements of other languages, with what to write here.
var foreignWords = map[string]string{
	"unless":   "write `if not c`",
	"while":    "there is no loop but `.each`: every handler ends, and its cost is known before it runs",
	"until":    "there is no loop but `.each`: every handler ends, and its cost is known before it runs",
	"for":      "write `xs.each do |x| ... end`",
	"case":     "write `if`, `elsif` and `else`",
	"switch":   "write `if`, `elsif` and `else`",
	"return":   "the value of a block is its last expression; a handler answers nothing, values come from views",
	"var":      "write `let name = value`",
	"const":    "write `let name = value`",
	"function": "write `def :name do |x: T| expr end`",
	"class":    "a record is `type :Name, { field: type }`",
	"module":   "a folder of .mrt files is one program",
	"raise":    "write `abort :why`",
	"throw":    "write `abort :why`",
	"puts":     "values are shown by views and `render`",
	"print":    "values are shown by views and `render`",
	"elseif":   "write `elsif c`",
	"elif":     "write `elsif c`",
	"foreach":  "write `xs.each do |x| ... end`",
	"loop":     "there is no loop but `.each`: every handler ends, and its cost is known before it runs",
	"func":     "write `def :name do |x: T| expr end`",
	"fun":      "write `def :name do |x: T| expr end`",
	"fn":       "write `def :name do |x: T| expr end`",
	"handler":  "write `on_x do |a: T| ... end`, which handles the event `x`",
	"event":    "write `on_x do |a: T| ... end`, which handles the event `x`",
	"on":       "write `on_x do |a: T| ... end`, which handles the event `x`",
	"struct":   "a record is `type :Name, { field: type }`",
	"record":   "a record is `type :Name, { field: type }`",
	"table":    "write `database :name, type`",
	"require":  "a folder of .mrt files is one program",
	"include":  "a folder of .mrt files is one program",
}

// foreignBlocks are those of them that end with "end" in Ruby.
var foreignBlocks = []string{"unless", "while", "until", "for", "case", "class", "module"}

// isForeign reports whether a word, with the token after it on its line, can
// only be a statement of another language.
func isForeign(word, next token.Token) bool {
	if _, known := foreignWords[word.Text]; !known || next.Newline {
		return false
	}
	switch next.Kind {
	case token.Ident, token.Symbol, token.Int, token.Float, token.String, token.True, token.False, token.Nil, token.Not:
		return true
	case token.LeftParen:
		return !next.Glued
	}
	return false
}

func foreignWord(word token.Token) letter {
	return diag.Errorf("E064", word.Span, "there is no `%s`", word.Text).Here("this is a word of another language").
		Hinting("%s", foreignWords[word.Text])
}

// nearest returns the candidate that a misspelt word most likely means: the
// first at the least edit distance, which is at most two and less than half of it; or "".
func nearest(word string, candidates []string) string {
	best, least := "", 3
	for _, c := range candidates {
		if d := distance(word, c); d < least && 2*d < len(c) {
			best, least = c, d
		}
	}
	return best
}

// distance returns how many bytes to insert, remove or change, and neighbours to
// swap, between a and b (the restricted Damerau-Levenshtein distance).
func distance(a, b string) int {
	if len(a) > 2*len(b)+2 { // far away; keeps the cost bounded by the candidates
		return len(a)
	}
	var before []int
	last := make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row := make([]int, len(b)+1)
		row[0] = i
		for j := 1; j <= len(b); j++ {
			change := last[j-1]
			if a[i-1] != b[j-1] {
				change++
			}
			row[j] = min(change, last[j]+1, row[j-1]+1)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, last = last, row
	}
	return last[len(b)]
}
