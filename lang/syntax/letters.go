package syntax

import (
	"strings"

	"github.com/martinelli-lang/martinelli/lang/diag"
	"github.com/martinelli-lang/martinelli/lang/token"
)

// letter is a diagnostic to be. The letters of this room stand in letters_*.go,
// one file per thing they speak of.
type letter = diag.Diagnostic

// What was found where something else was to stand.

// found says what the current token is.
func (p *parser) found() string {
	switch t := p.now(); {
	case p.list.Tokens[p.at].Kind == token.EOF:
		return "the end of the file"
	case t.Newline && p.brackets == 0:
		return "the end of the line"
	default:
		return "`" + abbreviated(t.Span.Text()) + "`"
	}
}

// place returns where the current token stands, or, where a line ended before
// it, the end of that line.
func (p *parser) place() token.Span {
	t := p.list.Tokens[p.at]
	if p.at > 0 && (t.Newline || t.Kind == token.EOF) {
		end := p.last().End
		return token.Span{File: t.File, Start: end, End: end}
	}
	return t.Span
}

func (p *parser) unexpected(wanted string) letter {
	d := diag.Errorf("E020", p.place(), "expected %s, found %s", wanted, p.found()).Here("not this")
	if d.Where().Start != p.here() {
		d = d.Here("missing here")
	}
	return p.hinted(d)
}

// noValue says that no value begins here. A value may stand on the next line, so
// what is found there is at fault, unless it ends the body.
func (p *parser) noValue() letter {
	t := p.now()
	if closes(t.Kind) {
		return p.unexpected("a value")
	}
	return p.hinted(diag.Errorf("E020", t.Span, "expected a value, found `%s`", abbreviated(t.Span.Text())).Here("no value begins so"))
}

// hinted adds a hint for what is often written instead of what is meant.
func (p *parser) hinted(d letter) letter {
	switch t := p.now(); {
	case t.Kind == token.Assign && t.Glued:
		return d.Hinting("there is no `%s=`; a value is changed by a verb, as in `counters[:ad_id].inc(1)`", p.last().Text())
	case t.Kind.IsWord():
		return d.Hinting("`%s` is a reserved word", t.Text)
	case t.Kind == token.Gives:
		return d.Hinting("a function without a name is a block: `do |x| ... end`")
	case t.Kind == token.Plus && t.Glued && p.last().Text() == "+", t.Kind == token.Minus && t.Glued && p.last().Text() == "-":
		return d.Hinting("there is no `%s%s`; a value is changed by a verb, as in `counters[:ad_id].inc(1)`", t.Text, t.Text)
	case t.Kind == token.Dot && p.ahead(1).Kind == token.Int:
		return d.Hinting("a float has digits on both sides of its point: `0.%s`", p.ahead(1).Text)
	}
	return d
}

// abbreviated shortens what would not fit into a line.
func abbreviated(s string) string {
	const most = 40
	n := 0
	for i := range s {
		if n++; n > most {
			return s[:i] + "..."
		}
	}
	return s
}

func missingEnd(o opener, at token.Span, atEOF bool) letter {
	line := o.Position().Line
	d := diag.Errorf("E021", o.Span, "`%s` of line %d has no `end`", o.what, line).Here("this begins a block")
	if atEOF {
		return d.Hinting("the file ends inside the block; write `end` where the block ends")
	}
	d = d.There(at, "a declaration begins here, still inside the block")
	if indent(at) > o.indent {
		return d.Hinting("declarations stand beside each other, not inside; or an `end` is missing before it")
	}
	return d.Hinting("write `end` where the block ends")
}

func elseIf(o opener) letter {
	return diag.Errorf("E021", o.Span, "`else if` begins an `if` of its own, which has no `end`").Here("this needs an `end` of its own").
		Hinting("write `elsif`, which needs none")
}

func (p *parser) strayLine() letter {
	t := p.now()
	switch {
	case t.Kind == token.End:
		d := diag.Errorf("E022", t.Span, "this `end` closes nothing").Here("no block is open here")
		return p.blameEarly(d)
	case t.Kind == token.Ident && isForeign(t, p.ahead(1)):
		return foreignWord(t)
	case t.Kind == token.Ident && p.looksLikeDecl(p.at) && !isCommand(t.Text):
		return diag.Errorf("E030", t.Span, "there is no declaration `%s`", t.Text).Here("no head is called so").
			Hinting("the heads are %s and on_x", strings.Join(heads, ", "))
	}
	d := diag.Errorf("E031", t.Span, "a statement stands outside of any declaration").Here("only declarations stand here").
		Hinting("statements belong into a handler (`on_x do ... end`), a process, an invariant or a test")
	return p.blameEarly(d)
}

// blameEarly names the `end` that closed the declaration above too early, if one stands oddly.
func (p *parser) blameEarly(d letter) letter {
	if p.early.File == nil {
		return d
	}
	return d.There(p.early, "this `end` closed the declaration above, although it is indented like one inside")
}

func (p *parser) unclosedBracket(open token.Token) letter {
	var kind = map[token.Kind]string{
		token.LeftParen: ")", token.LeftBracket: "]", token.LeftBrace: "}", token.Less: ">",
	}[open.Kind]
	return diag.Errorf("E023", open.Span, "`%s` is never closed", open.Text).Here("opened here").
		There(p.place(), "`%s` is missing here", kind)
}

func missingComma(before, next token.Span) letter {
	return diag.Errorf("E024", next, "a comma is missing").Here("another value begins here").
		Hinting("write a `,` behind `%s`", abbreviated(before.Text())).Fixed(diag.Behind(before, ","))
}

func (p *parser) noNewline() letter {
	t := p.now()
	d := diag.Errorf("E025", t.Span, "expected the end of the line, found %s", p.found()).Here("a line holds one statement")
	switch t.Kind {
	case token.RightParen, token.RightBracket, token.RightBrace:
		return d.Here("this closes nothing")
	case token.Arrow:
		return d.Here("options are written `:name => value`")
	case token.Do:
		return d.Here("what stands before this takes no block")
	case token.Comma:
		return d.Hinting("arguments stand in parentheses: `f(a, b)`")
	case token.LeftBrace:
		return d.Hinting("a block is `do |x| ... end`")
	case token.Not:
		if p.ahead(1).Kind == token.In {
			return d.Hinting("write `not x in xs`")
		}
	}
	if name := p.last(); beginsValue(t.Kind) && p.ahead(-1).Kind == token.Ident {
		return d.Hinting("arguments stand in parentheses: `%s(%s)`", abbreviated(name.Text()), abbreviated(t.Span.Text()))
	}
	return d
}

// noBar says what stands in parameters where a comma or the closing bar was to stand.
func (p *parser) noBar() letter {
	d := p.unexpected("`,` or the closing `|` of the parameters")
	if t := p.now(); t.Kind == token.Ident && !p.newline() {
		return d.Hinting("a type stands behind a colon: `%s: %s`", abbreviated(p.last().Text()), abbreviated(t.Text))
	}
	return d
}

// noDo says what stands where the block of a head was to begin.
func (p *parser) noDo() letter {
	d := p.unexpected("`do`")
	if p.kind() == token.LeftParen {
		return d.Hinting("parameters stand between bars, behind `do`: `do |x: int|`")
	}
	return d
}

func barsFirst(bars, do token.Span) letter {
	return diag.Errorf("E026", bars, "the parameters of a block stand behind its `do`").Here("these stand before it").
		There(do, "write `do |...|`")
}

func bracesForBlock(open, shut token.Span, isCondition bool) letter {
	d := diag.Errorf("E026", open, "a block has no braces").There(shut, "and `end` here")
	if isCondition {
		return d.Here("leave this out")
	}
	return d.Here("write `do` here")
}

func missingDo(o opener, after token.Span) letter {
	at := token.Span{File: after.File, Start: after.End, End: after.End}
	return diag.Errorf("E026", at, "`%s` has no `do`", o.what).Here("`do` was to stand here").
		Hinting("a block is `do ... end`").Fixed(diag.Behind(after, " do"))
}
