package syntax

import "github.com/martinelli-lang/martinelli/lang/token"

// Blocks as other languages write them. What is meant is clear, so the tokens
// are mended in place and the block is read: one letter for one mistake.

// hasBraces reports whether "{ |x| ... }" stands here, or, with isBody, a "{"
// that ends its line.
func (p *parser) hasBraces(isBody bool) bool {
	next := p.ahead(1)
	return p.kind() == token.LeftBrace && !p.newline() && (next.Kind == token.Bar || isBody && next.Newline)
}

// mendBraces makes "do" and "end" of the braces of a block, or, behind a
// condition, nothing and "end". It reports them with d.
func (p *parser) mendBraces(isCondition bool) {
	open := p.list.Tokens[p.at]
	end := p.matchingBrace(p.at)
	if end < 0 {
		p.fail(p.unclosedBracket(open))
		return
	}
	shut := p.list.Tokens[end].Span
	if next := p.list.Tokens[min(end+1, len(p.list.Tokens)-1)]; !next.Newline && (next.Kind == token.Else || next.Kind == token.Elsif) {
		p.mendElse(end)
	} else {
		p.list.Tokens[end].Kind = token.End
	}
	if isCondition {
		p.skip()
	} else {
		p.become(token.Do)
	}
	p.report(bracesForBlock(open.Span, shut, isCondition))
}

// mendElse mends "} else {": the first brace goes, and so do those of the else.
func (p *parser) mendElse(brace int) {
	tokens := p.list.Tokens
	tokens[brace+1].Newline = true
	p.list.Tokens = append(tokens[:brace:brace], tokens[brace+1:]...)
	for i := brace + 1; i < len(p.list.Tokens) && !p.list.Tokens[i].Newline; i++ {
		if p.list.Tokens[i].Kind != token.LeftBrace || !p.list.Tokens[i+1].Newline {
			continue
		}
		if end := p.matchingBrace(i); end >= 0 {
			p.list.Tokens[end].Kind = token.End
			p.list.Tokens = append(p.list.Tokens[:i:i], p.list.Tokens[i+1:]...)
		}
		return
	}
}

// matchingBrace returns the index of the brace that closes the one at token i, or -1.
func (p *parser) matchingBrace(i int) int {
	depth := 0
	for ; i < len(p.list.Tokens) && !p.declares(i); i++ {
		if p.lookahead--; p.lookahead < 0 {
			return -1
		}
		switch p.list.Tokens[i].Kind {
		case token.LeftBrace:
			depth++
		case token.RightBrace:
			if depth--; depth == 0 {
				return i
			}
		}
	}
	return -1
}

// hasBars reports whether "|x|" stands here where "do |x|" is meant.
func (p *parser) hasBars() bool {
	if p.kind() != token.Bar || p.newline() || p.inBars || p.ahead(1).Kind != token.Ident {
		return false
	}
	switch p.ahead(2).Kind {
	case token.Bar, token.Comma, token.Colon:
		return true
	}
	return false
}

// barsBeforeDo returns the "do" that stands on this line behind parameters, if there is one.
func (p *parser) barsBeforeDo() (do token.Span, ok bool) {
	for n := 1; !p.ahead(n).Newline && p.ahead(n).Kind != token.EOF; n++ {
		if p.ahead(n).Kind == token.Do {
			return p.ahead(n).Span, true
		}
	}
	return token.Span{}, false
}
