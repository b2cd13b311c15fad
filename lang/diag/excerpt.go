package diag

import (
	"strings"
	"unicode"

	"github.com/martinelli-lang/martinelli/lang/token"
)

// excerpt is a line of source as a terminal shows it, with the cells to underline.
type excerpt struct {
	line          string
	column, width int // in cells, from 0; at least one cell is underlined
}

const (
	defaultWidth = 100
	tabWidth     = 4
	ellipsis     = "…"
)

// excerpt returns the line a span begins on. A span that goes on beyond its line is
// underlined to the line's end. A line too wide is cut around the span.
func (r Renderer) excerpt(s token.Span) excerpt {
	text, start := s.File.Line(s.Position().Line)
	from := min(max(s.Start-start, 0), len(text))
	to := min(max(s.End-start, from), len(text))
	before := onScreen(text[:from], 0)
	under := onScreen(text[from:to], cells(before))
	after := onScreen(text[to:], cells(before)+cells(under))

	width := r.Width
	if width <= 0 {
		width = defaultWidth
	}
	if cells(before)+cells(under)+cells(after) > width {
		before, under, after = cut(before, under, after, width)
	}
	return excerpt{line: before + under + after, column: cells(before), width: max(cells(under), 1)}
}

// cut shortens a line to about width cells, keeping the start of what is underlined.
func cut(before, under, after string, width int) (string, string, string) {
	if most := width / 3; cells(before) > most {
		runes := []rune(before)
		before = ellipsis + string(runes[len(runes)-most:])
	}
	under = shortened(under, width*2/3)
	return before, under, shortened(after, max(width-cells(before)-cells(under), 1))
}

// shortened returns s, or its beginning if it is wider than the given cells.
func shortened(s string, width int) string {
	if cells(s) <= width {
		return s
	}
	n := 0
	for i, c := range s {
		if n += runeCells(c); n >= width {
			return s[:i] + ellipsis
		}
	}
	return s
}

// onScreen returns text with its tabs as blanks and without what a terminal would obey.
// column is the cell at which the text begins.
func onScreen(text string, column int) string {
	var b strings.Builder
	for _, c := range text {
		if c == '\t' {
			n := tabWidth - column%tabWidth
			b.WriteString(pad(n))
			column += n
			continue
		}
		c = harmless(c)
		b.WriteRune(c)
		column += runeCells(c)
	}
	return b.String()
}

// visible returns text for a line of a letter: without what a terminal would obey.
func visible(text string) string { return strings.Map(harmless, text) }

// harmless replaces control characters, and the marks that change the direction of
// writing: text must not be able to paint over what is said about it.
func harmless(c rune) rune {
	switch {
	case unicode.IsControl(c), c >= 0x202A && c <= 0x202E, c >= 0x2066 && c <= 0x2069:
		return unicode.ReplacementChar
	}
	return c
}

// cells returns how many cells of a terminal the text takes.
func cells(text string) int {
	n := 0
	for _, c := range text {
		n += runeCells(c)
	}
	return n
}

// runeCells returns how many cells a character takes: none for marks that sit
// on another, two for East Asian wide ones and emoji (Unicode TR 11, by blocks).
func runeCells(c rune) int {
	switch {
	case c < 0x300:
		return 1
	case unicode.In(c, unicode.Mn, unicode.Me, unicode.Cf):
		return 0
	}
	for _, w := range wide {
		if w[0] <= c && c <= w[1] {
			return 2
		}
	}
	return 1
}

var wide = [][2]rune{
	{0x1100, 0x115F}, {0x2E80, 0x303E}, {0x3041, 0x4DBF}, {0x4E00, 0xA4CF}, {0xA960, 0xA97F}, {0xAC00, 0xD7A3},
	{0xF900, 0xFAFF}, {0xFE30, 0xFE6F}, {0xFF00, 0xFF60}, {0xFFE0, 0xFFE6}, {0x1F300, 0x1F64F}, {0x1F680, 0x1F6FF},
	{0x1F900, 0x1F9FF}, {0x20000, 0x3FFFD},
}
