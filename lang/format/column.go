package format

import (
	"strings"
	"unicode/utf8"
)

const (
	commentColumn = 44 // where comments behind code stand, if the code leaves room
	commentApart  = 2  // blanks between code and comment at least
	commentMax    = 80 // the width of code beyond which a line's comment moves no others
)

// alignTables puts the declarations of one head that stand line under line
// into columns, unless a line became too long by it.
func alignTables(lines []line, widthMax int) {
	for from := 0; from < len(lines); {
		to := from + 1
		for to < len(lines) && sameTable(lines[from], lines[to]) {
			to++
		}
		if lines[from].table != "" {
			alignTable(lines[from:to], widthMax)
		}
		from = to
	}
}

func sameTable(a, b line) bool {
	return a.table != "" && b.table == a.table && b.depth == a.depth && !b.blank
}

func alignTable(run []line, widthMax int) {
	codes := make([]string, len(run))
	rest := make([]string, len(run)) // of each line, what is not yet in a column
	for i, l := range run {
		rest[i] = l.code
	}
	for column := 0; ; column++ {
		widest, more := 0, false
		for i, l := range run {
			if column < len(l.cells) {
				widest, more = max(widest, utf8.RuneCountInString(codes[i])+utf8.RuneCountInString(l.code[start(l, column):l.cells[column]])), true
			}
		}
		if !more {
			break
		}
		for i, l := range run {
			if column < len(l.cells) {
				codes[i] = pad(codes[i]+l.code[start(l, column):l.cells[column]], widest)
				rest[i] = l.code[l.cells[column]:]
			}
		}
	}
	for i, l := range run {
		if codes[i] += rest[i]; l.depth+utf8.RuneCountInString(codes[i]) > widthMax {
			return
		}
	}
	for i := range run {
		run[i].code = codes[i]
	}
}

// start returns the offset where a column of a line begins.
func start(l line, column int) int {
	if column == 0 {
		return 0
	}
	return l.cells[column-1]
}

// alignComments puts the comments behind code of lines that follow each other
// into one column.
func alignComments(lines []line) {
	for from := 0; from < len(lines); {
		column, to := commentColumn, from
		for ; to < len(lines) && lines[to].comment != "" && (to == from || !lines[to].blank); to++ {
			if n := width(lines[to]); n <= commentMax {
				column = max(column, n+commentApart)
			}
		}
		for i := from; i < to; i++ {
			n := max(column, width(lines[i])+commentApart)
			lines[i].code = pad(lines[i].code, n-lines[i].depth)
		}
		from = max(to, from+1)
	}
}

// width returns the width of a line without its comment.
func width(l line) int { return l.depth + utf8.RuneCountInString(l.code) }

// pad fills a text up with blanks.
func pad(s string, n int) string {
	return s + strings.Repeat(" ", max(0, n-utf8.RuneCountInString(s)))
}
