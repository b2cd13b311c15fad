package format

import "unicode/utf8"

// widthMax is the width beyond which a line is broken where the grammar lets
// it. Comments do not count.
const widthMax = 120

// piece is a part of a statement, which can be printed on one line or, where it
// has breaks, on several. Sizes are known when it is made, so that printing is linear.
//
// rest is how much must follow the piece on its last line. A piece that is asked
// to be flat opens nothing but what is open in any case.
type piece interface {
	size() sizes
	print(w *writer, rest int, flat bool)
}

// sizes are what those around a piece need to know of it.
type sizes struct {
	flat extent
	lead lead
}

func (s sizes) size() sizes { return s }

// extent is the size of a piece that opens nothing by itself: its width, or
// where something inside it is open in any case, the width of its first line and
// that of its last line beyond the indentation of its first.
type extent struct {
	first, last int
	open        bool
}

// then returns the extent of two pieces side by side.
func (a extent) then(b extent) extent {
	switch {
	case !a.open:
		return extent{a.first + b.first, b.last, b.open}
	case !b.open:
		return extent{a.first, a.last + b.first, true}
	}
	return extent{a.first, b.last, true}
}

// lead is what must stand on one line from the beginning of a piece: up to
// its first break, or all of it.
type lead struct {
	width  int
	breaks bool
}

func (a lead) then(b lead) lead {
	if a.breaks {
		return a
	}
	return lead{a.width + b.width, b.breaks}
}

// fits reports whether a piece may be printed flat here.
func (w *writer) fits(e extent, rest int) bool {
	if !e.open {
		return w.column()+e.first+rest <= w.width
	}
	return w.column()+e.first <= w.width && w.indent()+e.last+rest <= w.width
}

// word is text that is never broken.
type word string

func (t word) size() sizes {
	n := utf8.RuneCountInString(string(t))
	return sizes{extent{first: n}, lead{width: n}}
}

func (t word) print(w *writer, _ int, _ bool) { w.text(string(t)) }

// stray is comments between two words where no line may end. They go to the
// end of the line.
type stray []comment

func (stray) size() sizes { return sizes{} }

func (s stray) print(w *writer, _ int, _ bool) {
	for _, c := range s {
		w.stray(c.text)
	}
}

// cell marks where a column of a table begins.
type cell struct{}

func (cell) size() sizes { return sizes{} }

func (cell) print(w *writer, _ int, _ bool) { w.cell() }

// seq is pieces side by side.
type seq struct {
	sizes
	parts []piece
	after []lead // of what follows each part in the sequence
}

func newSeq(parts ...piece) *seq {
	s := &seq{parts: parts, after: make([]lead, len(parts))}
	for i := len(parts) - 1; i >= 0; i-- {
		s.after[i] = s.lead
		s.lead = parts[i].size().lead.then(s.lead)
		s.flat = parts[i].size().flat.then(s.flat)
	}
	return s
}

func (s *seq) print(w *writer, rest int, flat bool) {
	for i, p := range s.parts {
		p.print(w, s.after[i].then(lead{width: rest}).width, flat)
	}
}
