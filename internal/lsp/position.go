package lsp

import (
	"strings"
	"unicode/utf8"

	"github.com/martinelli-lang/martinelli/lang/token"
)

// encoding is how the characters of a line are counted.
type encoding string

const (
	utf16 encoding = "utf-16" // what every client counts in
	utf8s encoding = "utf-8"
)

// position returns where an offset stands.
func (e encoding) position(f *token.File, offset int) position {
	offset = min(max(offset, 0), len(f.Text))
	line := f.LineAt(offset)
	_, start := f.Line(line)
	return position{line - 1, e.count(f.Text[start:offset])}
}

func (e encoding) span(s token.Span) textRange {
	return textRange{e.position(s.File, s.Start), e.position(s.File, s.End)}
}

// count is the length of a text in the units of the encoding.
func (e encoding) count(text string) int {
	if e == utf8s {
		return len(text)
	}
	n := 0
	for _, c := range text {
		if n++; c > 0xFFFF {
			n++
		}
	}
	return n
}

// offset returns the byte at a position: one beyond its line is the line's end,
// one inside a character its beginning, and a line that is not there the text's end.
func (e encoding) offset(f *token.File, p position) int {
	text, start := f.Line(p.Line + 1)
	if p.Line < 0 || p.Character <= 0 {
		return start
	}
	if e == utf8s {
		at := min(p.Character, len(text))
		for at > 0 && at < len(text) && !utf8.RuneStart(text[at]) {
			at--
		}
		return start + at
	}
	n := 0
	for i, c := range text {
		if n >= p.Character {
			return start + i
		}
		if n++; c > 0xFFFF {
			if n++; n > p.Character {
				return start + i
			}
		}
	}
	return start + len(text)
}

// replaced is a text with a range replaced.
func (e encoding) replaced(text string, at textRange, by string) string {
	f := token.NewFile("", text)
	from, to := e.offset(f, at.Start), e.offset(f, at.End)
	var b strings.Builder
	b.WriteString(text[:from])
	b.WriteString(by)
	b.WriteString(text[max(from, to):])
	return b.String()
}
