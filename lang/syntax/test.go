package syntax

import (
	"slices"

	"github.com/martinelli-lang/martinelli/lang/token"
)

// testParts are the parts of a test, in their order.
var testParts = []string{"given", "when", "always", "then"}

// test reads "test title do given/when/always/then end".
func (p *parser) test(head token.Token) Decl {
	t := &Test{}
	switch title := p.now(); {
	case title.Kind == token.String && !p.newline():
		p.advance()
		t.Title = String{title.Span, title.Text}
	case title.Kind == token.Symbol && !p.newline():
		p.report(titleIsSymbol(title))
		p.skip()
		t.Title = String{title.Span, title.Text}
	default:
		p.fail(p.unexpected("the title of the test, a string"))
	}
	if !p.broken && p.kind() != token.Do {
		p.fail(p.unexpected("`do`"))
	}
	if !p.broken || p.toBlock() {
		p.testBody(t, opener{Span: head.Span, what: "test"})
	}
	t.Span = p.since(head.Start)
	return t
}

func (p *parser) testBody(t *Test, o opener) {
	outer := p.scope
	p.scope = scope{depth: outer.depth}
	p.deeper()
	p.advance()
	p.open(o)
	for !closes(p.kind()) && !p.declares(p.at) {
		p.testPart(t)
	}
	p.strayClauses(o)
	p.closeBlock()
	p.scope = outer
}

// testPart reads one of the four parts, or reports what stands there instead.
func (p *parser) testPart(t *Test) {
	start := p.at
	word := p.now()
	name := word.Text
	if word.Kind == token.Ident && !slices.Contains(testParts, name) && p.ahead(1).Kind == token.Do {
		name = nearest(name, testParts)
	}
	slot := t.part(name)
	if word.Kind != token.Ident || slot == nil {
		p.fail(notATestPart(word.Span, p.found()))
		p.toTestPart(start)
		return
	}
	if name != word.Text {
		p.report(unknownTestPart(word.Span, name))
	}
	p.checkPartOrder(t, name, word.Span)
	p.skip()
	b := p.block(opener{Span: word.Span, what: name}, noClause)
	if *slot == nil {
		*slot = b
	}
	if !p.broken && !p.ends() {
		p.fail(p.noNewline())
	}
	if p.broken {
		p.resume(start)
	}
}

// part returns where the part of that name is kept, or nil.
func (t *Test) part(name string) **Block {
	switch name {
	case "given":
		return &t.Given
	case "when":
		return &t.When
	case "always":
		return &t.Always
	case "then":
		return &t.Then
	}
	return nil
}

// checkPartOrder reports a part that stands twice, or before one it follows.
func (p *parser) checkPartOrder(t *Test, name string, at token.Span) {
	for _, other := range testParts[slices.Index(testParts, name):] {
		if b := *t.part(other); b != nil {
			p.report(testPartOrder(at, name, other))
			return
		}
	}
}

// toTestPart skips lines to the next part, the end of the test or a declaration.
func (p *parser) toTestPart(start int) {
	p.silently(func() {
		for p.resume(start); !closes(p.kind()) && !p.declares(p.at) && !slices.Contains(testParts, p.now().Text); {
			p.resume(p.at)
		}
	})
}
