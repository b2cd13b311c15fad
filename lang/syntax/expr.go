package syntax

import (
	"math"
	"strconv"

	"github.com/martinelli-lang/martinelli/lang/token"
)

// The levels of binding, the loosest first.
const (
	levelOr = iota + 1
	levelAnd
	levelNot
	levelCompare // not chained
	levelAdd
	levelMultiply
)

// Level returns how tightly a binary operator binds, from 1, or 0 if it is none.
func Level(k token.Kind) int {
	switch k {
	case token.Or:
		return levelOr
	case token.And:
		return levelAnd
	case token.Equal, token.NotEqual, token.Less, token.LessEqual, token.Greater, token.GreaterEqual, token.In:
		return levelCompare
	case token.Plus, token.Minus:
		return levelAdd
	case token.Star, token.Slash, token.Percent:
		return levelMultiply
	}
	return 0
}

// expr reads an expression. It is never nil: where none can be read it is a *Bad.
func (p *parser) expr() Expr { return p.binary(levelOr) }

// binary reads operands joined by operators that bind at least as tightly as least.
func (p *parser) binary(least int) Expr {
	depth := p.depth
	start := p.here()
	x := p.operand(least)
	for {
		op := p.operator()
		bound := Level(op.Kind)
		if bound < max(least, levelOr) {
			p.depth = depth
			return x
		}
		if b, isBinary := x.(*Binary); isBinary && bound == levelCompare && Level(b.Op) == levelCompare && !p.inParens(b) {
			p.report(chained(b.OpSpan, op.Span))
		}
		p.deeper()
		p.advance()
		y := p.binary(bound + 1)
		x = &Binary{Span: p.since(start), Op: op.Kind, OpSpan: op.Span, X: x, Y: y}
	}
}

// inParens reports whether a binary expression was closed by a parenthesis:
// then the token before the current one is not part of it.
func (p *parser) inParens(b *Binary) bool { return p.last().Start >= b.End }

// operator returns the current token if it is a binary operator, with other
// languages' spellings corrected; else a token of no level.
func (p *parser) operator() token.Token {
	t := p.now()
	switch {
	case p.newline():
		return token.Token{}
	case t.Kind == token.Assign && !p.isStmt:
		p.become(token.Equal)
		p.report(assignForEqual(t))
		return p.now()
	case t.Kind == token.Bar && !p.inBars && p.ahead(1).Kind == token.Bar && p.ahead(1).Glued:
		p.skip()
		p.become(token.Or)
		p.report(barsForOr(t.To(p.now().Span)))
		return p.now()
	}
	return t
}

// become makes the current token one of another kind, for whoever looks at it
// next too. A letter is written behind it, since the last one ends the reading.
func (p *parser) become(k token.Kind) {
	p.list.Tokens[p.at].Kind = k
}

// operand reads what stands beside an operator of the given level.
func (p *parser) operand(least int) Expr {
	outer := p.depth
	defer func() { p.depth = outer }()
	p.deeper()
	start := p.here()
	switch p.kind() {
	case token.Not:
		if least > levelNot && p.now().Fault == nil {
			p.report(notWithoutParens(p.now().Span))
		}
		op := p.advance()
		if op.Fault != nil { // "!x" binds as tightly as it is meant to
			return &Unary{Span: p.since(start), Op: token.Not, X: p.operand(levelMultiply)}
		}
		x := p.binary(levelNot)
		return &Unary{Span: p.since(start), Op: token.Not, X: x}
	case token.Minus:
		p.advance()
		if p.kind() == token.Int && p.now().Text == leastInt && p.now().Fault == nil {
			p.advance()
			return &Unary{Span: p.since(start), Op: token.Minus, X: &Int{p.last(), math.MinInt64}}
		}
		x := p.operand(levelMultiply)
		return &Unary{Span: p.since(start), Op: token.Minus, X: x}
	}
	return p.postfix(p.primary(), start)
}

// leastInt is the one literal beyond the integers whose negation is one.
const leastInt = "9223372036854775808"

// postfix reads the members, calls, indices and blocks that follow x, which begins at start.
func (p *parser) postfix(x Expr, start int) Expr {
	for {
		t := p.now()
		switch {
		case t.Kind == token.Dot:
			x = p.member(x, start)
		case t.Kind == token.LeftParen && !p.newline():
			x = p.call(x, start)
		case t.Kind == token.LeftBracket && !p.newline():
			x = p.index(x, start)
		case t.Kind == token.Do && !p.newline() && p.takesBlock(x):
			x = p.callBlock(x, start)
		case p.hasBraces(false) && p.takesBlock(x):
			p.mendBraces(false)
		case p.hasBars() && p.takesBlock(x):
			p.report(missingDo(opener{what: p.last().Text()}, p.last()))
			x = p.callBlock(x, start)
		default:
			return x
		}
		p.deeper()
	}
}

func (p *parser) member(x Expr, start int) Expr {
	dot := p.advance()
	if name := p.now(); !name.Newline && (name.Kind == token.Ident || name.Kind.IsWord()) {
		p.advance()
		return &Member{Span: p.since(start), X: x, Name: Name{name.Span, name.Text}}
	}
	p.fail(noMember(dot.Span, p.found(), x))
	return &Member{Span: p.since(start), X: x, Name: Name{Span: token.Span{File: dot.File, Start: dot.End, End: dot.End}}} // what is being typed has a meaning before its dot
}

func (p *parser) call(x Expr, start int) Expr {
	if !isCallable(x) {
		p.fail(notCallable(p.now().Span))
		return &Bad{p.since(start)}
	}
	p.checkGlued("(", "a call")
	c := &Call{Fun: x}
	p.bracketed(token.RightParen, "an argument", func() { c.Args = append(c.Args, p.arg()) })
	c.Span = p.since(start)
	return c
}

func (p *parser) index(x Expr, start int) Expr {
	p.checkGlued("[", "a key")
	open := p.now()
	i := &Index{X: x}
	p.bracketed(token.RightBracket, "a key", func() { i.Keys = append(i.Keys, p.expr()) })
	i.Span = p.since(start)
	if len(i.Keys) == 0 {
		p.report(noKey(open.To(p.last())))
		return &Bad{i.Span}
	}
	return i
}

// checkGlued reports a bracket with a blank before it. Nothing else can be meant by it.
func (p *parser) checkGlued(bracket, what string) {
	if t := p.now(); !t.Glued {
		p.report(notGlued(t.Span, bracket, what))
	}
}

// takesBlock reports whether a "do" here belongs to x.
func (p *parser) takesBlock(x Expr) bool {
	if c, isCall := x.(*Call); isCall && c.Block == nil {
		return p.blocks != noBlock
	}
	_, isMember := x.(*Member)
	return isMember && p.blocks != noBlock || isCallable(x) && p.blocks == anyBlock
}

func isCallable(x Expr) bool {
	switch x.(type) {
	case *Ident, *Member:
		return true
	}
	return false
}

func (p *parser) callBlock(x Expr, start int) Expr {
	c, isCall := x.(*Call)
	if !isCall {
		c = &Call{Fun: x}
	}
	o := opener{Span: p.now().Span, what: "do"}
	switch fun := c.Fun.(type) {
	case *Ident:
		o = opener{Span: fun.Span.To(o.Span), what: fun.Name}
	case *Member:
		o = opener{Span: fun.Name.Span.To(o.Span), what: "." + fun.Name.Text}
	}
	c.Block = p.blockRest(o, noClause)
	c.Span = p.since(start)
	return c
}

// primary reads a literal, a name, something in brackets, or an if.
func (p *parser) primary() Expr {
	t := p.now()
	switch t.Kind {
	case token.Ident:
		p.advance()
		return &Ident{t.Span, t.Text}
	case token.Int:
		return p.integer()
	case token.Float:
		return p.float()
	case token.String:
		p.advance()
		return &String{t.Span, t.Text}
	case token.Symbol:
		p.advance()
		return &Symbol{t.Span, t.Text}
	case token.True, token.False:
		p.advance()
		return &Bool{t.Span, t.Kind == token.True}
	case token.Nil:
		p.advance()
		return &Nil{t.Span}
	case token.LeftParen:
		return p.parens()
	case token.LeftBracket:
		l := &List{}
		p.bracketed(token.RightBracket, "a value", func() { l.Elems = append(l.Elems, p.expr()) })
		l.Span = p.since(t.Start)
		return l
	case token.LeftBrace:
		return p.record()
	case token.If:
		return p.ifExpr()
	}
	p.fail(p.noValue())
	return &Bad{token.Span{File: t.File, Start: t.Start, End: t.Start}}
}

func (p *parser) integer() Expr {
	t := p.advance()
	v, err := strconv.ParseInt(t.Text, 10, 64)
	if err != nil {
		p.report(tooLarge(t.Span))
	}
	return &Int{t.Span, v}
}

func (p *parser) float() Expr {
	t := p.advance()
	v, err := strconv.ParseFloat(t.Text, 64)
	if err != nil && t.Fault == nil {
		p.report(tooLarge(t.Span))
		v = 0
	}
	return &Float{t.Span, v}
}

// parens reads "(expr)". The tree shows what binds to what by itself, so there
// is no node for them; the operators around take their spans from the tokens.
func (p *parser) parens() Expr {
	open := p.now()
	var x Expr = &Bad{open.Span}
	n := 0
	p.bracketed(token.RightParen, "a value", func() {
		if n++; n == 1 {
			x = p.expr()
			return
		}
		p.fail(tuple(open.Span))
	})
	if n == 0 && !p.broken {
		p.report(emptyParens(open.To(p.last())))
	}
	return x
}

func (p *parser) record() Expr {
	start := p.here()
	r := &Record{}
	p.bracketed(token.RightBrace, "a field", func() {
		at := p.here()
		f := Field{Name: p.fieldName()}
		for _, other := range r.Fields {
			if other.Name.Text == f.Name.Text && !p.broken {
				p.report(twice(f.Name, other.Name, "field"))
			}
		}
		f.Value = p.expr()
		f.Span = p.since(at)
		r.Fields = append(r.Fields, f)
	})
	r.Span = p.since(start)
	return r
}

func (p *parser) arg() Arg {
	start := p.here()
	var a Arg
	if next := p.ahead(1); p.kind() == token.Ident && (next.Kind == token.Colon || next.Kind == token.Symbol && next.Glued) {
		a.Name = p.fieldName()
	}
	a.Value = p.expr()
	a.Span = p.since(start)
	return a
}

// fieldName reads "name:".
func (p *parser) fieldName() Name {
	if t := p.now(); t.Kind == token.String || t.Kind == token.Symbol {
		p.fail(fieldQuoted(t))
	}
	name := p.ident("the name of a field")
	if !p.colon() {
		p.fail(p.unexpected("`:` and the value of `" + name.Text + "`"))
	}
	return name
}

// colon goes past a colon, and reports whether there was one. A colon glued to
// the word behind it was read as a symbol: then the word alone is left.
func (p *parser) colon() bool {
	t := p.now()
	if t.Kind != token.Symbol || !t.Glued {
		return p.match(token.Colon)
	}
	p.report(gluedColon(t))
	p.list.Tokens[p.at] = p.withoutColon(t)
	return true
}

// withoutColon returns the word of a symbol as a token of its own.
func (p *parser) withoutColon(t token.Token) token.Token {
	return token.Scan(token.NewFile("", t.Text)).Tokens[0].MovedTo(token.Span{File: t.File, Start: t.Start + 1, End: t.End})
}

// ident reads a name. A reserved word where a name is meant is reported, and taken as one.
func (p *parser) ident(wanted string) Name {
	t := p.now()
	switch next := p.ahead(1).Kind; {
	case t.Kind == token.Ident:
		p.advance()
	case t.Kind.IsWord() && (next == token.Colon || next == token.Assign || next == token.Bar || next == token.Comma):
		p.report(reserved(t))
		p.advance()
	default:
		p.fail(p.unexpected(wanted))
	}
	return Name{t.Span, t.Text}
}

// bracketed reads elements between brackets, from the opening one, which is the
// current token, to the closing one. A comma may stand behind the last element.
func (p *parser) bracketed(end token.Kind, what string, elem func()) {
	outer := p.scope
	p.blocks, p.isStmt, p.inBars = anyBlock, false, false
	p.deeper()
	open := p.advance()
	p.brackets++
	for p.kind() != end && !p.broken {
		if p.forgotten() {
			p.fail(p.unclosedBracket(open))
			break
		}
		elem()
		if p.broken || p.kind() == end || p.match(token.Comma) {
			continue
		}
		p.betweenElements(open, end)
	}
	p.match(end)
	p.scope = outer
}

// forgotten reports whether the current token shows that a bracket was never closed.
func (p *parser) forgotten() bool {
	return p.broken || p.belongsOutside(p.at) || p.declares(p.at)
}

// betweenElements reports what stands where a comma or the closing bracket was
// to stand: a comma was forgotten, or the bracket was, or something else is wrong.
func (p *parser) betweenElements(open token.Token, end token.Kind) {
	t := p.now()
	switch {
	case t.Kind == token.Invalid:
		p.fail(letter{})
	case p.forgotten() || t.Newline && p.closer(1) < 0:
		p.fail(p.unclosedBracket(open))
	case beginsValue(t.Kind):
		p.report(missingComma(p.last(), t.Span))
	default:
		p.fail(p.unexpected("`,` or `"+end.String()+"`").There(open.Span, "opened here"))
	}
}

// beginsValue reports whether a value may begin with a token of the given kind.
func beginsValue(k token.Kind) bool {
	switch k {
	case token.Ident, token.Symbol, token.Int, token.Float, token.String, token.True, token.False, token.Nil,
		token.LeftBrace, token.Not:
		return true
	}
	return false
}
