package syntax

import (
	"strings"

	"github.com/martinelli-lang/martinelli/lang/token"
)

// opener is what an "end" closes.
type opener struct {
	token.Span
	what   string // as the programmer would call it: "view :ads", "if"
	indent int    // the column at which its line begins
}

// clauseSet says which clauses a block may have.
type clauseSet uint8

const (
	noClause   clauseSet = 0
	elseClause clauseSet = 1 << iota
	undoClause
	anyClause = elseClause | undoClause
)

// block reads "do [params] body {clause} end", the block of a head.
func (p *parser) block(open opener, allowed clauseSet) *Block {
	start := p.here()
	if p.broken && !p.toBlock() {
		return &Block{Span: p.since(start)}
	}
	if p.kind() != token.Do {
		return p.blockWithoutDo(open, allowed)
	}
	return p.blockRest(open, allowed)
}

// blockWithoutDo reports a missing "do" and, where the line ends or parameters
// follow, reads the block that was meant.
func (p *parser) blockWithoutDo(open opener, allowed clauseSet) *Block {
	start := p.here()
	if p.hasBraces(true) {
		p.mendBraces(false)
		return p.blockRest(open, allowed)
	}
	if !p.newline() && p.kind() != token.Bar {
		p.fail(p.noDo())
		if !p.toBlock() {
			return &Block{Span: p.since(start)}
		}
		return p.blockRest(open, allowed)
	}
	if do, ok := p.barsBeforeDo(); ok && p.kind() == token.Bar {
		p.report(barsFirst(p.now().Span, do))
	} else {
		p.report(missingDo(open, p.last()))
	}
	if p.kind() == token.EOF || p.declares(p.at) {
		p.snap()
		return &Block{Span: p.since(start)}
	}
	return p.blockRest(open, allowed)
}

// blockRest reads a block from its "do", which may be missing, to its "end".
// What surrounds the block does not reach into it.
func (p *parser) blockRest(open opener, allowed clauseSet) *Block {
	outer := p.scope
	p.scope = scope{depth: outer.depth}
	p.deeper()
	start := p.here()
	p.match(token.Do)
	p.open(open)
	b := &Block{Params: p.params()}
	if p.kind() == token.Do && !p.newline() {
		p.skip() // behind parameters that stood first
	}
	b.Body = p.body()
	p.clauses(b, open, allowed)
	p.closeBlock()
	b.Span = p.since(start)
	p.scope = outer
	return b
}

// clauses reads the else and undo of a block. One that has no meaning there,
// or stands twice, is reported, read and dropped.
func (p *parser) clauses(b *Block, open opener, allowed clauseSet) {
	for {
		word := p.now()
		var slot **Clause
		var kind clauseSet
		switch word.Kind {
		case token.Else, token.Elsif:
			slot, kind = &b.Else, elseClause
		case token.Undo:
			slot, kind = &b.Undo, undoClause
		default:
			return
		}
		isFirst := *slot == nil && word.Kind != token.Elsif
		if !isFirst || allowed&kind == 0 {
			p.report(misplacedClause(word, open, *slot != nil))
		}
		p.advance()
		c := &Clause{Params: p.params(), Body: p.body()}
		c.Span = p.since(word.Start)
		if isFirst {
			*slot = c
		}
	}
}

// params reads "|a: T, b in xs|", if there is one.
func (p *parser) params() []Param {
	if p.kind() != token.Bar {
		return nil
	}
	p.advance()
	p.inBars = true
	var params []Param
	for p.kind() != token.Bar && !p.broken {
		params = append(params, p.param())
		if p.kind() != token.Bar && !p.broken && !p.match(token.Comma) {
			p.fail(p.noBar())
		}
	}
	p.inBars = false
	if p.broken {
		p.toBar()
	}
	p.match(token.Bar)
	return params
}

// toBar mends broken parameters: it goes to their closing bar, or to the end of the line.
func (p *parser) toBar() {
	p.mend()
	p.closeBrackets(p.brokenInner)
	for p.kind() != token.Bar && !p.ends() {
		p.skip()
	}
}

func (p *parser) param() Param {
	start := p.here()
	param := Param{Name: p.ident("the name of a parameter")}
	if p.colon() {
		param.Type = p.typ()
	}
	if p.match(token.In) {
		param.Source = p.expr()
	}
	param.Span = p.since(start)
	return param
}

// body reads statements to the word that ends them.
func (p *parser) body() []Stmt {
	var body []Stmt
	for !closes(p.kind()) && !p.declares(p.at) {
		start := p.at
		s := p.stmt()
		p.endStmt()
		body = append(body, s) // what could be read of it, too
		if p.broken {
			p.resume(start)
		}
	}
	return body
}

// endStmt sees to it that a line ends behind a statement.
func (p *parser) endStmt() {
	if p.kind() == token.If && !p.newline() {
		p.report(trailingIf(p.now().Span))
		p.advance()
		p.expr()
	}
	if !p.broken && !p.ends() {
		p.fail(p.noNewline())
	}
}

// open notes that a block begins.
func (p *parser) open(o opener) {
	o.indent = indent(o.Span)
	p.openers = append(p.openers, o)
}

// closeBlock reads the "end" of the innermost block. Where it is missing, one
// letter is written for all the blocks that miss it at this token.
func (p *parser) closeBlock() {
	o := p.openers[len(p.openers)-1]
	p.openers = p.openers[:len(p.openers)-1]
	switch {
	case p.kind() == token.End:
		p.judge(o, p.advance())
	case p.broken:
	case p.unclosed == p.at:
		p.snap()
	default:
		p.unclosed = p.at
		if p.kind() != token.EOF && indent(p.now().Span) > o.indent {
			p.surplus++
		}
		p.fail(p.missingEnd(o))
	}
}

// judge compares where an "end" stands with where its block begins. It decides
// nothing, but when ends do not add up, the first that stood oddly is the likely cause.
func (p *parser) judge(o opener, end token.Token) {
	if !end.Newline {
		return
	}
	switch column := indent(end.Span); {
	case column < o.indent:
		p.suspects = append(p.suspects, o)
	case column > o.indent && p.early.File == nil:
		p.early = end.Span
	}
}

// missingEnd writes the letter for a missing "end". It names the block that
// most likely lacks it: an "else if", the first block inside o whose end stood
// left of it, or o itself.
func (p *parser) missingEnd(o opener) letter {
	for _, e := range p.elseIfs {
		if e.Start > o.Start {
			return elseIf(e)
		}
	}
	for _, s := range p.suspects {
		if s.Start > o.Start {
			o = s
			break
		}
	}
	return missingEnd(o, p.now().Span, p.kind() == token.EOF)
}

// indentMax is the column beyond which indentation is not compared, so that a
// block costs the same however far to the right it stands.
const indentMax = 200

// indent returns the column at which the line of a span begins, not counting blanks.
func indent(s token.Span) int {
	text, _ := s.File.Line(s.File.LineAt(s.Start))
	text = text[:min(len(text), indentMax)]
	return len(text) - len(strings.TrimLeft(text, " \t")) + 1
}
