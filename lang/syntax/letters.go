package syntax

import (
	"strings"

	"github.com/martinelli-lang/martinelli/lang/diag"
	"github.com/martinelli-lang/martinelli/lang/token"
)

// letter is a diagnostic to be.
type letter = diag.Diagnostic

// What is wrong with tokens and files.

func faultLetter(f *token.Fault) letter {
	switch f.Kind {
	case token.NotUTF8:
		return diag.Errorf("E001", f.Span, "the file is not UTF-8").Here("this byte belongs to no character").
			Hinting("save the file as UTF-8")
	case token.NulByte:
		return diag.Errorf("E002", f.Span, "the file holds a zero byte").Here("here").
			Hinting("this is no text file, or it was damaged")
	case token.TooLarge:
		return diag.Errorf("E003", f.Span, "the file is larger than %d bytes", token.SizeMax).
			Hinting("a folder of several .mrt files is one program")
	case token.UnterminatedString:
		return diag.Errorf("E011", f.Span, "the line ends inside a string").Here("this quote is never closed").
			Hinting(`close it with ", and write \n for a line break`)
	case token.BadEscape:
		return diag.Errorf("E012", f.Span, "unknown escape `%s` in a string", f.Text()).Here("here").
			Hinting(`strings have \n \t \" \\ and \u{1F377}`)
	case token.BadNumber:
		return badNumber(f.Span)
	case token.SingleQuotes:
		return diag.Errorf("E014", f.Span, "strings stand in double quotes").Here("a single quote").
			Hinting("write %s", `"`+strings.Trim(f.Text(), "'")+`"`)
	case token.Ampersands:
		return diag.Errorf("E015", f.Span, "there is no `&&`").Here("write `and`")
	case token.Exclamation:
		return diag.Errorf("E015", f.Span, "there is no `!`").Here("write `not`")
	case token.Slashes:
		return diag.Errorf("E016", f.Span, "comments begin with `#`").Here("this is no comment").
			Hinting("the remainder of a whole division is `%%`, a quotient is one `/`")
	}
	return badCharacter(f.Span)
}

func badNumber(at token.Span) letter {
	d := diag.Errorf("E013", at, "`%s` is not a number", at.Text()).Here("here")
	if c := at.Text()[len(at.Text())-1]; strings.IndexByte("smhd", c) >= 0 {
		return d.Hinting(`a span of time in an option is a string, as in "%s"; in a program there are seconds(n), minutes(n), hours(n), days(n)`, at.Text())
	}
	return d.Hinting("numbers are written 12, 4_000, 2.5 or 1e-3; a name does not begin with a digit")
}

func badCharacter(at token.Span) letter {
	d := diag.Errorf("E010", at, "the language has no `%s`", at.Text()).Here("here")
	switch at.Text() {
	case ";":
		return d.Hinting("a statement ends where its line ends")
	case "?":
		return d.Hinting("a choice is written `if c` ... `else` ... `end`; a register is nil until it is set")
	case "@", "$":
		return d.Hinting("names have no prefix")
	case "&":
		return d.Hinting("write `and`; sets are combined by .intersection")
	case "\u00a0":
		return d.Hinting("this is a no-break space; write an ordinary one")
	}
	return d
}

func tooLarge(at token.Span) letter {
	return diag.Errorf("E017", at, "the number is too large").Here("this does not fit 64 bits").
		Hinting("integers go from -2^63 to 2^63-1, floats to about 1.8e308")
}

func tooDeep(at token.Span) letter {
	return diag.Errorf("E004", at, "this is nested more than %d deep", depthMax).Here("here").
		Hinting("give parts of it a name with `let` or `def`; the rest of the file was not read")
}

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
	d := diag.Errorf("E020", p.place(), "expected %s, found %s", wanted, p.found()).Here("%s was to stand here", wanted)
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
	return d.There(at, "a declaration begins here, still inside the block").Hinting("write `end` where the block ends")
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
		Hinting("write a `,` behind `%s`", abbreviated(before.Text()))
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
	}
	return d
}

func missingDo(o opener, after token.Span) letter {
	at := token.Span{File: after.File, Start: after.End, End: after.End}
	return diag.Errorf("E026", at, "`%s` has no `do`", o.what).Here("`do` was to stand here").
		Hinting("a block is `do ... end`")
}

// What is wrong with declarations.

func unknownHead(at token.Span, near string) letter {
	return diag.Errorf("E030", at, "there is no declaration `%s`", at.Text()).Here("did you mean `%s`?", near)
}

func notASymbol(t token.Token, what string) letter {
	d := diag.Errorf("E032", t.Span, "%s is a symbol", what)
	if t.Kind == token.String {
		return d.Here("this is a string")
	}
	return d.Here("write `:%s`", t.Text)
}

func targetIsSymbol(t token.Token) letter {
	return diag.Errorf("E032", t.Span, "`allow` names a database without a colon").Here("write `%s`", t.Text)
}

func titleIsSymbol(t token.Token) letter {
	return diag.Errorf("E032", t.Span, "the title of a test is a string").Here("write `%s`", `"`+t.Text+`"`)
}

func unknownOption(name Name, near string, known []string) letter {
	d := diag.Errorf("E033", name.Span, "there is no option `:%s` here", name.Text)
	switch {
	case near != "":
		return d.Here("did you mean `:%s`?", near)
	case len(known) == 0:
		return d.Here("this takes no options")
	}
	return d.Here("unknown").Hinting("the options are :%s", strings.Join(known, ", :"))
}

func optionForm(at token.Span, name string) letter {
	return diag.Errorf("E034", at, "options are written with `=>`").Here("write `:%s => ...`", name)
}

func twice(again, first Name, what string) letter {
	return diag.Errorf("E035", again.Span, "the %s `%s` is given twice", what, again.Text).Here("again").There(first.Span, "first here")
}

func secondType(again, first token.Span) letter {
	return diag.Errorf("E036", again, "a type is given twice").Here("again").There(first, "first here")
}

func noSignature(at token.Span) letter {
	return diag.Errorf("E036", at, "the type of a function is a signature").Here("this is the type of a value").
		Hinting("write `(%s) -> R`, with `out` before the cell the function fills", abbreviated(at.Text()))
}

func importFromNowhere(i *Import) letter {
	return diag.Errorf("E037", i.Span, "the import does not say where the function comes from").Here("`:from` is missing").
		Hinting(`add :from => "go:package.Function" or :from => "wasm:file.wasm"`)
}

func unknownVerb(verb Name, near string) letter {
	d := diag.Errorf("E038", verb.Span, "one may allow `:read`, `:write` or `:append`, not `:%s`", verb.Text)
	if near != "" {
		return d.Here("did you mean `:%s`?", near)
	}
	return d.Here("unknown")
}

func namedProcess(at token.Span) letter {
	return diag.Errorf("E039", at, "a process has no name").Here("write `process do`")
}

func nestedAt(a *At) letter {
	return diag.Errorf("E040", firstLine(a.Span), "`at` stands inside another `at`").Here("this one is inside").
		Hinting("one `at` may name several roles: `at :server, :client do`")
}

func placedTest(t *Test) letter {
	return diag.Errorf("E041", firstLine(t.Span), "a test stands outside of `at`").Here("this one is inside").
		Hinting("a test speaks of every role; an `at` without a block reaches to the end of the file, so put tests before it or into a file of their own")
}

// firstLine returns the part of a span that is on its first line.
func firstLine(s token.Span) token.Span {
	if i := strings.IndexByte(s.Text(), '\n'); i >= 0 {
		s.End = s.Start + i
	}
	return s
}

func misplacedClause(word token.Token, o opener, again bool) letter {
	d := diag.Errorf("E042", word.Span, "`%s` has no `%s`", o.what, word.Text)
	switch {
	case again:
		return diag.Errorf("E042", word.Span, "`%s` has no second `%s`", o.what, word.Text).Here("again")
	case word.Kind == token.Undo:
		return d.Here("`undo` belongs to a `step` of `atomic :saga`")
	case word.Kind == token.Elsif:
		return d.Here("`elsif` belongs to an `if`, before its `else`")
	}
	return d.Here("`else` belongs to an `if`, an `invariant` or an `atomic`")
}

func notATestPart(at token.Span, found string) letter {
	return diag.Errorf("E043", at, "expected a part of the test, found %s", found).Here("a test holds only its parts").
		Hinting("the parts are `given do`, `when do`, `always do` and `then do`")
}

func unknownTestPart(at token.Span, near string) letter {
	return diag.Errorf("E043", at, "a test has no part `%s`", at.Text()).Here("did you mean `%s`?", near)
}

func testPartOrder(at token.Span, name, other string) letter {
	if name == other {
		return diag.Errorf("E044", at, "the test has two parts `%s`", name).Here("again")
	}
	return diag.Errorf("E044", at, "`%s` stands after `%s`", name, other).Here("too late").
		Hinting("the order is given, when, always, then")
}

func (p *parser) noTopologyLine() letter {
	return diag.Errorf("E045", p.now().Span, "expected a line of the topology, found %s", p.found()).Here("unknown").
		Hinting("a topology has lines `role :name, :nodes => 3` and `link :from, :to, :every => \"1s\"`")
}

// What is wrong with statements and expressions.

func gluedColon(t token.Token) letter {
	return diag.Errorf("E050", t.Span, "a blank is missing behind the colon").Here("write `: %s`", t.Text).
		Hinting("a colon glued to a word makes a symbol, as in `:%s`", t.Text)
}

func assignForEqual(t token.Token) letter {
	return diag.Errorf("E051", t.Span, "`=` gives a name to a value; it does not compare").Here("write `==`")
}

func assignToName(t token.Token) letter {
	return diag.Errorf("E052", t.Span, "names are given by `let`").Here("write `let %s = ...`", t.Text).
		Hinting("a name keeps its value; what changes is kept in a database and changed by its verbs")
}

func assignToPlace(t token.Token) letter {
	return diag.Errorf("E052", t.Span, "nothing is assigned to").Here("here").
		Hinting("a value is changed by a verb, as in `orders[:order_id].status.set(:paid)`; two values are compared by `==`")
}

func chained(first, second token.Span) letter {
	return diag.Errorf("E053", second, "comparisons are not chained").Here("a second comparison").There(first, "the first one").
		Hinting("write `a < b and b < c`")
}

func notWithoutParens(at token.Span) letter {
	return diag.Errorf("E054", at, "`not` binds more loosely than what stands before it").Here("put `(not ...)` in parentheses")
}

func barsForOr(at token.Span) letter {
	return diag.Errorf("E015", at, "there is no `||`").Here("write `or`")
}

func notGlued(at token.Span, bracket, what string) letter {
	return diag.Errorf("E055", at, "a blank stands before the `%s` of %s", bracket, what).Here("remove the blank before this")
}

func (p *parser) notCallable(x Expr) letter {
	return diag.Errorf("E056", p.now().Span, "only what has a name can be called").Here("this would be a call")
}

func noMember(dot token.Span, found string) letter {
	return diag.Errorf("E020", dot, "expected a name after the `.`, found %s", found).Here("a field, a verb or a reader was to follow")
}

func noKey(at token.Span) letter {
	return diag.Errorf("E057", at, "a key is missing").Here("nothing stands in these brackets").
		Hinting("write `db[:dim]` for the value of a dimension in scope, `db[e]` for another, `db` for the whole")
}

func tuple(at token.Span) letter {
	return diag.Errorf("E058", at, "parentheses hold one value").Here("these hold several").Hinting("a list is `[a, b]`, a record `{ a: x, b: y }`")
}

func emptyParens(at token.Span) letter {
	return diag.Errorf("E058", at, "parentheses hold one value").Here("these hold none")
}

func reserved(t token.Token) letter {
	return diag.Errorf("E059", t.Span, "`%s` is a reserved word", t.Text).Here("choose another name")
}

func abortSymbol(why token.Token) letter {
	return diag.Errorf("E060", why.Span, "the reason of an abort is a symbol").Here("write a symbol, as in `abort :sold_out`")
}

func trailingIf(at token.Span) letter {
	return diag.Errorf("E061", at, "an `if` does not stand behind its statement").Here("here").
		Hinting("write `if c` on a line, the statement on the next, then `end`")
}

func wordAfterCondition(t token.Token) letter {
	return diag.Errorf("E062", t.Span, "a condition ends with its line").Here("leave out `%s`", t.Text)
}

func listType(at token.Span) letter {
	return diag.Errorf("E063", at, "the type of a list is `list<T>`").Here("this would be a list of values")
}

func symbolType(t token.Token) letter {
	return diag.Errorf("E063", t.Span, "a type is named without a colon").Here("write `%s`", t.Text)
}
