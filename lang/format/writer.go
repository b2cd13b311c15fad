package format

import (
	"strings"
	"unicode/utf8"
)

// writer collects the lines of the text.
type writer struct {
	lines []line
	width int // beyond which a line is broken where the grammar lets it
}

// line is one line of the text. Its columns are set when all lines are there.
type line struct {
	depth   int    // the column at which it begins
	code    string // without indentation; a comment that has the line for itself
	comment string // behind the code
	strays  []string
	blank   bool // a blank line stands before it
	note    bool // the code is a comment
	closes  bool // it begins with what closes a block or bracket

	table string // the head of a declaration that has this line for itself
	cells []int  // the offsets in the code where its columns begin
}

// last returns the line that is being written.
func (w *writer) last() *line { return &w.lines[len(w.lines)-1] }

// indent returns the indentation of the line.
func (w *writer) indent() int { return w.last().depth }

// column returns where the next word would stand.
func (w *writer) column() int { return w.last().depth + utf8.RuneCountInString(w.last().code) }

func (w *writer) text(s string) { w.last().code += s }

func (w *writer) cell() { w.last().cells = append(w.last().cells, len(w.last().code)) }

func (w *writer) stray(text string) { w.last().strays = append(w.last().strays, text) }

// begin ends the line and begins another.
func (w *writer) begin(depth int, blank bool) {
	w.settle()
	w.lines = append(w.lines, line{depth: depth, blank: blank})
}

// settle finds places for the stray comments of the line: the last one behind
// it, the others before it.
func (w *writer) settle() {
	if len(w.lines) == 0 || len(w.last().strays) == 0 {
		return
	}
	l := *w.last()
	if l.comment == "" {
		last := len(l.strays) - 1
		l.comment, l.strays = l.strays[last], l.strays[:last]
	}
	w.lines = w.lines[:len(w.lines)-1]
	for _, s := range l.strays {
		n := line{depth: l.depth, code: s, note: true, blank: l.blank}
		if l.closes {
			n.depth += step
		}
		w.lines = append(w.lines, n)
		l.blank = false
	}
	l.strays = nil
	w.lines = append(w.lines, l)
}

// gap writes the comments of a gap, those on lines of their own at the column
// notes, and begins a line. No blank line stands before the first line of a body.
func (w *writer) gap(g gap, notes, depth int, isFirst bool) {
	w.comments(g, notes, isFirst)
	w.begin(depth, g.blank && !(isFirst && onlyTrailing(g)))
}

// close writes the comments of a gap and begins the line of what closes.
func (w *writer) close(g gap, depth int, isFirst bool) {
	w.comments(g, depth+step, isFirst)
	w.begin(depth, false)
	w.last().closes = true
}

// comments writes the comments of a gap.
func (w *writer) comments(g gap, depth int, isFirst bool) {
	for _, c := range g.comments {
		if c.trailing {
			w.stray(c.text)
			continue
		}
		w.begin(depth, c.blank && !isFirst)
		w.text(c.text)
		w.last().note = true
		isFirst = false
	}
}

func onlyTrailing(g gap) bool {
	return len(g.comments) == 0 || len(g.comments) == 1 && g.comments[0].trailing
}

// String puts the lines into columns and returns the text.
func (w *writer) String() string {
	if len(w.lines) == 0 {
		return ""
	}
	w.settle()
	alignTables(w.lines, w.width)
	alignComments(w.lines)
	var b strings.Builder
	for _, l := range w.lines {
		if l.blank {
			b.WriteByte('\n')
		}
		text := strings.Repeat(" ", l.depth) + l.code + l.comment
		b.WriteString(strings.TrimRight(text, " ") + "\n")
	}
	return b.String()
}
