package format

// step is what a level of nesting is indented by; a broken expression goes on
// at twice that, so that it is not taken for a body.
const (
	step     = 2
	stepOver = 4
)

// element is a piece with the gap before it.
type element struct {
	gap
	piece
	never bool // no line may end before it
}

// opens reports whether the gap holds comments, for which a line must end in it.
func (e element) opens() bool { return len(e.comments) > 0 && !e.never }

// breaks reports whether a line ends before the element in any case: for
// comments, or because one did in the source.
func (e element) breaks() bool { return (e.newline || len(e.comments) > 0) && !e.never }

// bracket is "(a, b)" and the like. Opened, each element has a line, with a
// comma behind it.
type bracket struct {
	sizes
	begin, end string
	pad        string // within the brackets, where it is flat
	elements   []element
	last       gap // before the closing bracket
	isOpen     bool
	hugs       bool // its one element is a bracket: they open as one
}

func newBracket(begin, pad, end string, elements []element, last gap) *bracket {
	b := &bracket{begin: begin, end: end, pad: pad, elements: elements, last: last}
	if len(elements) == 0 {
		b.pad = ""
	} else {
		b.isOpen = elements[0].newline && !elements[0].never
	}
	comments := len(last.comments) > 0
	inside := extent{}
	for i, e := range elements {
		if i > 0 {
			inside = inside.then(extent{first: len(", ")})
		}
		inside = inside.then(e.size().flat)
		comments = comments || e.opens()
		b.isOpen = b.isOpen || i < len(elements)-1 && e.size().flat.open
	}
	if len(elements) == 1 && !comments {
		_, b.hugs = elements[0].piece.(*bracket)
	}
	b.isOpen = (b.isOpen || comments) && !b.hugs
	b.flat = extent{first: len(begin + b.pad)}.then(inside).then(extent{first: len(b.pad + end)})
	if b.isOpen {
		b.flat = extent{len(begin), len(end), true}
	}
	b.lead = lead{len(begin), len(elements) > 0 || b.isOpen}
	if b.hugs {
		b.lead = lead{width: len(begin + b.pad)}.then(elements[0].size().lead)
	}
	return b
}

func (b *bracket) print(w *writer, rest int, flat bool) {
	switch {
	case b.hugs:
		w.text(b.begin + b.pad)
		b.elements[0].print(w, len(b.pad+b.end)+rest, flat)
		w.text(b.pad + b.end)
	case !b.isOpen && (flat || len(b.elements) == 0 || w.fits(b.flat, rest)):
		b.printFlat(w, rest)
	default:
		b.printOpen(w)
	}
}

func (b *bracket) printFlat(w *writer, rest int) {
	w.text(b.begin + b.pad)
	for i, e := range b.elements {
		if i > 0 {
			w.text(", ")
		}
		e.print(w, len(b.pad+b.end)+rest, true)
	}
	w.text(b.pad + b.end)
}

func (b *bracket) printOpen(w *writer) {
	depth := w.indent()
	w.text(b.begin)
	for i, e := range b.elements {
		if e.never {
			w.text(" ")
		} else {
			w.gap(e.gap, depth+step, depth+step, i == 0)
		}
		e.print(w, len(","), false)
		w.text(",")
	}
	w.close(b.last, depth, len(b.elements) == 0)
	w.text(b.end)
}

// chain is "x.f(a).g(b)". Opened, each call has a line that begins with its dot;
// fields that are only read stay where they are.
type chain struct {
	sizes
	base   piece
	links  []element
	isOpen bool
}

func newChain(base piece, links []element) *chain {
	c := &chain{base: base, links: links, sizes: base.size()}
	for _, l := range links {
		c.isOpen = c.isOpen || l.breaks()
		c.flat = c.flat.then(l.size().flat)
		c.lead = c.lead.then(l.size().lead)
	}
	if c.isOpen || len(links) > 1 {
		c.lead = base.size().lead.then(lead{breaks: true})
	}
	if c.isOpen {
		last := links[len(links)-1].size().flat
		c.flat = extent{base.size().flat.first, step + last.last, true}
		if !last.open {
			c.flat.last = step + last.first
		}
	}
	return c
}

func (c *chain) print(w *writer, rest int, flat bool) {
	isOpen := c.isOpen || !flat && len(c.links) > 1 && !w.fits(c.flat, rest)
	depth := w.indent()
	after := make([]lead, len(c.links)+1)
	after[len(c.links)] = lead{width: rest}
	for i := len(c.links) - 1; i >= 0; i-- {
		if after[i] = c.links[i].size().lead.then(after[i+1]); isOpen {
			after[i] = lead{}
		}
	}
	c.base.print(w, after[0].width, flat && !isOpen)
	for i, l := range c.links {
		if isOpen {
			w.gap(l.gap, depth+step, depth+step, true)
		}
		l.print(w, after[i+1].width, flat && !isOpen)
	}
}

// infix is operands with operators of one level between them. Opened, a line
// ends behind each operator; it is open where one does in the source.
type infix struct {
	sizes
	operators []string
	operands  []element // one more than operators
	isOpen    bool
}

func newInfix(operators []string, operands []element) *infix {
	x := &infix{operators: operators, operands: operands, sizes: operands[0].size()}
	for i, o := range operands[1:] {
		x.flat = x.flat.then(extent{first: len(operators[i]) + 2}).then(o.size().flat)
		x.isOpen = x.isOpen || o.breaks()
	}
	x.lead = x.lead.then(lead{len(operators[0]) + 1, true})
	if x.isOpen {
		first, last := operands[0].size().flat, operands[len(operands)-1].size().flat
		x.flat = extent{first.first, stepOver + last.last, true}
		if !last.open {
			x.flat.last = stepOver + last.first
		}
	}
	return x
}

func (x *infix) print(w *writer, rest int, flat bool) {
	isOpen := x.isOpen || !flat && !w.fits(x.flat, rest)
	depth := w.indent()
	for i, o := range x.operands {
		switch {
		case i == 0:
		case isOpen && !o.never:
			w.gap(o.gap, depth+stepOver, depth+stepOver, true)
		default:
			w.text(" ")
		}
		after := rest
		if i < len(x.operators) {
			after = len(x.operators[i]) + 1
		}
		o.print(w, after, flat || !isOpen)
		if i < len(x.operators) {
			w.text(" " + x.operators[i])
		}
	}
}

// list is pieces with commas between them, behind a head or between bars. A
// line ends where one does in the source, and where the next piece has no room.
type list struct {
	sizes
	elements []element
}

func newList(elements []element) *list {
	l := &list{elements: elements}
	for i, e := range elements {
		if i > 0 {
			l.flat = l.flat.then(extent{first: len(", ")})
			l.lead = l.lead.then(lead{len(","), !e.never})
		}
		if e.breaks() && i > 0 {
			l.flat = extent{l.flat.first, stepOver, true}
		}
		l.flat = l.flat.then(e.size().flat)
		l.lead = l.lead.then(e.size().lead)
	}
	return l
}

func (l *list) print(w *writer, rest int, flat bool) {
	depth := w.indent()
	for i, e := range l.elements {
		after := rest
		if i < len(l.elements)-1 {
			after = len(",")
		}
		switch {
		case i == 0:
		case e.breaks() || !flat && !e.never && !hasRoom(w, e, depth+stepOver, after):
			w.text(",")
			w.gap(e.gap, depth+stepOver, depth+stepOver, true)
		default:
			w.text(", ")
		}
		e.print(w, after, flat)
	}
}

// hasRoom reports whether an element may stand on this line: it fits, or it
// would have to be broken on the next line too and can begin here.
func hasRoom(w *writer, e element, depth, after int) bool {
	s := e.size()
	if s.flat.open {
		after = 0 // it follows the last line
	}
	if w.column()+len(", ")+s.flat.first+after <= w.width {
		return true
	}
	return depth+s.flat.first+after > w.width && s.lead.breaks && w.column()+len(", ")+s.lead.width <= w.width
}
