package syntax

import (
	"slices"

	"github.com/martinelli-lang/martinelli/lang/token"
)

// stmt reads one statement.
func (p *parser) stmt() Stmt {
	start := p.here()
	next := p.ahead(1)
	sameLine := !next.Newline
	switch {
	case p.kind() == token.Let:
		return p.let()
	case p.kind() == token.Ident && sameLine && next.Kind == token.Assign:
		p.report(assignToName(p.now()))
		return p.letRest(start)
	case p.kind() == token.Ident && sameLine && isForeign(p.now(), next):
		return p.foreign()
	case p.kind() == token.Ident && sameLine && p.now().Text == "abort" && (next.Kind == token.Ident || next.Kind == token.String):
		return p.abortWithoutSymbol()
	case p.kind() == token.Ident && sameLine && (next.Kind == token.Symbol || next.Kind == token.Do):
		return p.command()
	}
	p.isStmt = true
	x := p.expr()
	p.isStmt = false
	if p.kind() == token.Assign && !p.newline() {
		p.report(assignToPlace(p.now()))
		p.advance()
		p.expr()
	}
	return &ExprStmt{Span: p.since(start), X: x}
}

// let reads "let name = value".
func (p *parser) let() Stmt {
	start := p.here()
	p.advance()
	return p.letRest(start)
}

func (p *parser) letRest(start int) Stmt {
	l := &Let{Name: p.ident("a name after `let`")}
	p.expect(token.Assign, "`=` and the value")
	l.Value = p.expr()
	l.Span = p.since(start)
	return l
}

// command reads a word with symbols, options and a block.
func (p *parser) command() Stmt {
	start := p.here()
	word := p.advance()
	c := &Command{Word: Name{word.Span, word.Text}}
	if p.kind() == token.Symbol {
		p.commandArgs(c)
	}
	if p.broken || p.kind() == token.Do && !p.newline() {
		c.Block = p.block(opener{Span: word.Span, what: word.Text}, commandClauses(word.Text))
	}
	c.Span = p.since(start)
	return c
}

// abortWithoutSymbol reads `abort why` and `abort "why"`.
func (p *parser) abortWithoutSymbol() Stmt {
	word, why := p.advance(), p.advance()
	p.report(abortSymbol(why))
	return &Command{
		Span: word.To(why.Span),
		Word: Name{word.Span, word.Text},
		Args: []Expr{&Symbol{why.Span, why.Text}},
	}
}

func (p *parser) commandArgs(c *Command) {
	p.withBlocks(noBlock, func() {
		for {
			if p.kind() == token.Symbol && p.ahead(1).Kind == token.Arrow {
				c.Options = p.option(c.Options, nil)
			} else {
				c.Args = append(c.Args, p.expr())
			}
			if !p.match(token.Comma) {
				return
			}
		}
	})
}

// commandClauses returns the clauses the block of a command may have. A word
// that is none of ours may have any: that it is unknown is mistake enough.
func commandClauses(word string) clauseSet {
	switch word {
	case "atomic":
		return elseClause
	case "step":
		return undoClause
	case "tentatively":
		return noClause
	}
	return anyClause
}

// ifExpr reads "if cond body {elsif cond body} [else body] end".
func (p *parser) ifExpr() *If {
	outer := p.scope
	p.scope = scope{depth: outer.depth}
	p.deeper()
	x := &If{}
	start := p.here()
	o := opener{Span: p.now().Span, what: "if"}
	if p.at > 0 && p.ahead(-1).Kind == token.Else && !p.now().Newline {
		o.indent = indent(o.Span)
		p.elseIfs = append(p.elseIfs, o)
	}
	p.open(o)
	x.Arms = append(x.Arms, p.arm())
	for p.kind() == token.Elsif {
		x.Arms = append(x.Arms, p.arm())
	}
	if p.kind() == token.Else && p.ahead(1).Kind != token.Bar {
		p.advance()
		x.Else, x.HasElse = p.body(), true
	}
	if p.kind() != token.Else || p.ahead(1).Kind != token.Bar {
		p.strayClauses(o)
	}
	p.closeBlock()
	x.Span = p.since(start)
	p.scope = outer
	return x
}

// strayClauses reports clauses that an if cannot have there, and drops them.
func (p *parser) strayClauses(o opener) {
	for !p.broken && p.kind() != token.End && p.kind() != token.EOF && closes(p.kind()) {
		p.report(misplacedClause(p.now(), o, p.kind() != token.Undo))
		p.advance()
		p.params()
		p.body()
	}
}

// arm reads a condition and its body, from the "if" or "elsif".
func (p *parser) arm() Arm {
	start := p.here()
	p.advance()
	var a Arm
	from := p.at
	if p.newline() {
		p.fail(p.unexpected("a condition"))
	}
	p.blocks = callBlock
	a.Cond = p.expr()
	p.blocks = anyBlock
	if !p.broken && !p.ends() {
		p.afterCondition()
	}
	if p.broken {
		p.resume(from)
		a.Cond = &Bad{a.Cond.Where()}
	}
	a.Body = p.body()
	a.Span = p.since(start)
	return a
}

// afterCondition reports what stands between a condition and the end of its
// line. A "then" or "do" that ends the line is clear enough to go on.
func (p *parser) afterCondition() {
	t := p.now()
	if p.hasBraces(true) {
		p.mendBraces(true)
		return
	}
	if t.Kind == token.Do || t.Kind == token.Ident && t.Text == "then" {
		p.report(wordAfterCondition(t))
		p.advance()
		return
	}
	p.fail(p.noNewline())
}

// foreign reports a statement of another language. Where that language's
// statement ends with "end", so does what is read.
func (p *parser) foreign() Stmt {
	start := p.here()
	word := p.advance()
	p.report(foreignWord(word))
	p.snap()
	if slices.Contains(foreignBlocks, word.Text) {
		p.toBlock()
		p.mend()
		p.blockRest(opener{Span: word.Span, what: word.Text}, anyClause)
	}
	return &ExprStmt{Span: p.since(start), X: &Bad{p.since(start)}}
}

// withBlocks runs f where a "do" belongs to the given.
func (p *parser) withBlocks(s blockScope, f func()) {
	saved := p.blocks
	p.blocks = s
	f()
	p.blocks = saved
}
