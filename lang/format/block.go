package format

// body is statements or declarations, each with the gap before it, and the gap
// before the word that ends them.
type body struct {
	items []element
	last  gap
}

// section is a word that begins a body, "do |x|" or "else", with the body.
type section struct {
	head piece
	body
}

// block is "do |x| ... else ... end" or "if ... end". On one line it holds at
// most one statement in each section.
type block struct {
	sizes
	sections []section
	isOpen   bool
}

// newBlock makes a block. An if is always open.
func newBlock(sections []section, isIf bool) *block {
	b := &block{sections: sections, isOpen: isIf}
	for i, s := range sections {
		b.isOpen = b.isOpen || s.isOpen()
		if i > 0 {
			b.flat.first += len(" ")
		}
		b.flat = b.flat.then(s.head.size().flat)
		for _, item := range s.items {
			b.flat = b.flat.then(extent{first: len(" ")}).then(item.size().flat)
		}
	}
	b.flat = b.flat.then(extent{first: len(" end")})
	b.isOpen = b.isOpen || b.flat.open
	b.lead = sections[0].head.size().lead.then(lead{breaks: true})
	if b.isOpen {
		b.flat = extent{sections[0].head.size().flat.first, len("end"), true}
	}
	return b
}

// isOpen reports whether the section cannot stand on one line, or was not meant to.
func (s section) isOpen() bool {
	if len(s.items) > 1 || s.last.newline || len(s.last.comments) > 0 {
		return true
	}
	return len(s.items) == 1 && (s.items[0].newline || s.items[0].opens())
}

func (b *block) print(w *writer, rest int, flat bool) {
	if !b.isOpen && (flat || w.fits(b.flat, rest)) {
		b.printFlat(w)
		return
	}
	depth := w.indent()
	for i, s := range b.sections {
		if i > 0 {
			w.close(b.sections[i-1].last, depth, len(b.sections[i-1].items) == 0)
		}
		s.head.print(w, 0, false)
		s.printItems(w, depth+step)
	}
	final := b.sections[len(b.sections)-1]
	w.close(final.last, depth, len(final.items) == 0)
	w.text("end")
}

func (b *block) printFlat(w *writer) {
	for i, s := range b.sections {
		if i > 0 {
			w.text(" ")
		}
		s.head.print(w, 0, true)
		for _, item := range s.items {
			w.text(" ")
			item.print(w, 0, true)
		}
	}
	w.text(" end")
}

// printItems writes the items of a body, each on its lines.
func (b body) printItems(w *writer, depth int) {
	for i, item := range b.items {
		if item.never {
			w.text(" ")
		} else {
			w.gap(item.gap, depth, depth, i == 0)
		}
		item.print(w, 0, false)
	}
}

// row is a declaration that stands in a table where it has one line for itself.
type row struct {
	piece
	head string
}

func (r row) print(w *writer, rest int, flat bool) {
	first := len(w.lines)
	r.piece.print(w, rest, flat)
	if len(w.lines) == first && len(w.last().cells) > 0 {
		w.last().table = r.head
		return
	}
	w.lines[first-1].cells = nil
}
