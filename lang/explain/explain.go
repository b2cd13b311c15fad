// Package explain has a page for every code that a letter of the compiler may have.
package explain

import (
	_ "embed" // the pages are a text, which is read more easily than code
	"strings"

	"github.com/martinelli-lang/martinelli/lang/diag"
)

// Page says what a code means.
type Page struct {
	diag.Entry
	Words string // what it means and why it is so
	Wrong string // a program that gets it; for what is too large or unreadable a comment that tells of one
	Right string // the program that was meant
}

// pages holds, for each code, a line with the code, lines of words, and the
// two programs below "wrong:" and "right:", indented.
//
//go:embed pages.txt
var pages string

// Lookup returns the page of a code, in capitals or not. It reads all pages.
func Lookup(code string) (Page, bool) {
	entry, known := diag.Lookup(diag.Code(strings.ToUpper(code)))
	_, rest, found := strings.Cut("\n"+pages, "\n"+string(entry.Code)+"\n")
	if !known || !found {
		return Page{}, false
	}
	p := Page{Entry: entry}
	section := &p.Words
	for line := range strings.Lines(rest) {
		program, indented := strings.CutPrefix(line, "  ")
		switch {
		case line == "wrong:\n":
			section = &p.Wrong
		case line == "right:\n":
			section = &p.Right
		case indented:
			*section += program
		case section != &p.Words:
			return p, true
		default:
			*section += line
		}
	}
	return p, true
}

// String returns the page as a text for a terminal.
func (p Page) String() string {
	var b strings.Builder
	b.WriteString(string(p.Code) + ": " + p.Title + "\n\n" + wrapped(p.Words))
	b.WriteString("\nwrong:\n" + indented(p.Wrong) + "\nright:\n" + indented(p.Right))
	return b.String()
}

// wrapped breaks words into lines of at most 80.
func wrapped(words string) string {
	var b strings.Builder
	width := 0
	for _, w := range strings.Fields(words) {
		switch {
		case width == 0:
		case width+1+len(w) > 80:
			b.WriteByte('\n')
			width = 0
		default:
			b.WriteByte(' ')
			width++
		}
		b.WriteString(w)
		width += len(w)
	}
	return b.String() + "\n"
}

func indented(program string) string {
	return "  " + strings.ReplaceAll(strings.TrimSuffix(program, "\n"), "\n", "\n  ") + "\n"
}
