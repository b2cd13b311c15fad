package format

import (
	"github.com/martinelli-lang/martinelli/lang/syntax"
	"github.com/martinelli-lang/martinelli/lang/token"
)

// builder makes pieces of a tree. It stands at a token and goes through all of
// them in their order, so that none is lost: where the tree leaves something
// out, such as parentheses, the token says so.
type builder struct {
	tokens []token.Token
	gaps   []gap
	at     int
	lost   []comment // of tokens that were left out
	wrong  bool      // a token stood where the tree has none
}

func newBuilder(file *token.File) *builder {
	list := token.Scan(file)
	return &builder{tokens: list.Tokens, gaps: gaps(list)}
}

// now returns the token at which the builder stands.
func (b *builder) now() token.Token { return b.tokens[b.at] }

func (b *builder) is(k token.Kind) bool { return b.now().Kind == k }

// take goes past a token and returns its text, with comments that nobody claimed.
func (b *builder) take() piece {
	text := word(b.now().Span.Text())
	comments := append(b.lost, b.claim().comments...)
	b.lost = nil
	b.next()
	if len(comments) == 0 {
		return text
	}
	return newSeq(stray(comments), text)
}

// takeKind is take for a token that must be of the given kind.
func (b *builder) takeKind(k token.Kind) piece {
	b.wrong = b.wrong || !b.is(k)
	return b.take()
}

// skip leaves a token out.
func (b *builder) skip() {
	b.lost = append(b.lost, b.claim().comments...)
	b.next()
}

func (b *builder) next() {
	if b.at < len(b.tokens)-1 {
		b.at++
		return
	}
	b.wrong = true
}

// claim returns the gap before the token; its comments are the caller's from now on.
func (b *builder) claim() gap {
	g := b.gaps[b.at]
	b.gaps[b.at].comments = nil
	return g
}

// element returns a piece with the gap before it. No line ends before a word
// that would begin a declaration on the next one.
func (b *builder) element(build func() piece) element {
	if t := b.now(); t.Kind == token.Ident && syntax.IsHead(t.Text) {
		return element{piece: build(), never: true}
	}
	g := b.claim()
	return element{gap: g, piece: build()}
}

// bracket returns what stands in brackets, from the opening one, which is the
// current token. A comma behind the last element is left out.
func (b *builder) bracket(pad string, end token.Kind, n int, build func(i int) piece) piece {
	open := b.take()
	var elements []element
	for i := range n {
		elements = append(elements, b.element(func() piece { return build(i) }))
		if b.is(token.Comma) {
			b.skip()
		}
	}
	b.wrong = b.wrong || !b.is(end)
	last := b.claim()
	last.comments = append(b.lost, last.comments...)
	b.lost = nil
	begin, strays := split(open)
	closing, _ := split(b.take())
	made := newBracket(begin, pad, closing, elements, last)
	if strays != nil {
		return newSeq(strays, made)
	}
	return made
}

// split returns the text of a token, and the comments before it.
func split(p piece) (text string, comments piece) {
	if s, isSeq := p.(*seq); isSeq {
		return string(s.parts[1].(word)), s.parts[0]
	}
	return string(p.(word)), nil
}

// list returns n pieces with commas between them.
func (b *builder) list(n int, build func(i int) piece) piece {
	if n == 0 {
		return newSeq()
	}
	elements := []element{{piece: build(0)}}
	for i := 1; i < n; i++ {
		b.skipComma()
		elements = append(elements, b.element(func() piece { return build(i) }))
	}
	return newList(elements)
}

// skipComma goes past a comma that the list writes.
func (b *builder) skipComma() {
	b.wrong = b.wrong || !b.is(token.Comma)
	b.skip()
}

// body returns n statements or declarations, up to the word that ends them.
func (b *builder) body(n int, build func(i int) element) body {
	var made body
	for i := range n {
		made.items = append(made.items, build(i))
	}
	made.last = b.claim()
	return made
}

// spaced returns pieces with blanks between them.
func spaced(parts ...piece) *seq {
	var all []piece
	for i, p := range parts {
		if i > 0 {
			all = append(all, word(" "))
		}
		all = append(all, p)
	}
	return newSeq(all...)
}
