package token

import (
	"sort"
	"strings"
	"unicode/utf8"
)

// SizeMax is the size in bytes above which a source file is refused. No
// program written by hand comes near it, and it keeps offsets, work and memory bounded.
const SizeMax = 1 << 20

// File is the text of one source file, with an index of its lines.
type File struct {
	Name string // as the programmer names it, for messages
	Text string

	lines []int // the offset of each line's first byte; lines[0] is 0
}

// NewFile indexes the lines of text. It costs one pass over the text.
func NewFile(name, text string) *File {
	f := &File{Name: name, Text: text, lines: []int{0}}
	for at := 0; ; {
		i := strings.IndexByte(text[at:], '\n')
		if i < 0 {
			return f
		}
		at += i + 1
		f.lines = append(f.lines, at)
	}
}

// Position is where an offset stands for a human reader: both numbers count
// from 1, columns in code points.
type Position struct {
	Line, Column int
}

// Position returns the line and column of a byte offset. Offsets outside the
// file are moved to its nearer end. Cost: a binary search, and one pass over the line.
func (f *File) Position(offset int) Position {
	offset = min(max(offset, 0), len(f.Text))
	line := f.LineAt(offset)
	start := f.lines[line-1]
	return Position{Line: line, Column: utf8.RuneCountInString(f.Text[start:offset]) + 1}
}

// LineAt returns the number of the line an offset of the file stands on, at the
// cost of a binary search.
func (f *File) LineAt(offset int) int { return sort.SearchInts(f.lines, offset+1) }

// Lines returns how many lines the file has; an empty file has one.
func (f *File) Lines() int { return len(f.lines) }

// Line returns the text of line n (from 1) without its line end, and the
// offset of its first byte. A line the file does not have is empty.
func (f *File) Line(n int) (text string, start int) {
	if n < 1 || n > len(f.lines) {
		return "", len(f.Text)
	}
	start, end := f.lines[n-1], len(f.Text)
	if n < len(f.lines) {
		end = f.lines[n] - 1
	}
	return strings.TrimSuffix(f.Text[start:end], "\r"), start
}

// Span is a piece of a file, from the byte Start to before the byte End. The
// zero Span is nowhere: it stands for what no source text wrote.
type Span struct {
	File       *File
	Start, End int
}

// Where returns the span itself, so that whatever embeds a Span can say where it stands.
func (s Span) Where() Span { return s }

// Text returns the source text of the span.
func (s Span) Text() string {
	if s.File == nil {
		return ""
	}
	return s.File.Text[s.Start:s.End]
}

// Position returns where the span begins.
func (s Span) Position() Position {
	if s.File == nil {
		return Position{}
	}
	return s.File.Position(s.Start)
}

// To returns the span from the start of s to the end of t, which is in the same file.
func (s Span) To(t Span) Span {
	if s.File == nil {
		return t
	}
	return Span{File: s.File, Start: s.Start, End: max(s.End, t.End)}
}
