package syntax

import (
	"slices"

	"github.com/martinelli-lang/martinelli/lang/diag"
	"github.com/martinelli-lang/martinelli/lang/token"
)

// Bounds of what the parser accepts and says. Beyond either of them it gives up the
// rest of the file.
const (
	depthMax  = 256 // of nesting, and of chains of operators and calls
	errorsMax = 50

	// How often, on average, a token may be looked at to find where a broken
	// bracket ends. It keeps the cost linear; beyond it such brackets count as never closed.
	lookaheadFactor = 64
)

// ParseFile reads a program file. It reports every mistake once, in the order
// of the text, and returns the tree of what it could read. Cost: linear in the
// text, plus one pass per mistake, of which it reports a bounded number.
func ParseFile(source *token.File) (*File, []diag.Diagnostic) {
	p, ok := newParser(source)
	file := &File{Source: source}
	if !ok {
		return file, p.letters
	}
	file.Comments = p.list.Comments
	file.Decls = p.program()
	return file, p.finish()
}

// ParseTopology reads a topology file, as ParseFile does a program.
func ParseTopology(source *token.File) (*Topology, []diag.Diagnostic) {
	p, ok := newParser(source)
	topology := &Topology{Source: source}
	if !ok {
		return topology, p.letters
	}
	topology.Comments = p.list.Comments
	p.topology(topology)
	return topology, p.finish()
}

// parser stands at a token of the file.
//
// A mistake breaks the construct it is found in: from then on the parser sees
// the end of the file, so that every rule above returns by itself, and reports
// nothing, so that one mistake makes one letter. The nearest rule that knows
// where to go on (a statement, a line, a declaration) mends it.
type parser struct {
	list token.List
	at   int // index of the current token; never beyond the EOF

	broken      bool
	brokenInner int  // how many brackets were open when it broke
	quiet       bool // report nothing: a mistake explains what is skipped
	gaveUp      bool // nothing more is reported at all

	scope
	lookahead int // how many more tokens closer may look at

	openers   []opener   // the blocks that are open, outermost first
	suspects  []opener   // blocks of this declaration whose "end" stands left of them
	elseIfs   []opener   // ifs of this declaration that begin behind an "else"
	early     token.Span // the first "end" of this declaration that stands right of its block
	surplus   int        // ends that are left over because declarations stood inside blocks
	unclosed  int        // the token before which an "end" was missed last, or -1
	misplaced []letter   // what holds only if no "end" was missed: then declarations seem to stand inside others

	letters []letter
}

// scope is what surrounds a token.
type scope struct {
	depth    int
	brackets int        // open brackets: inside them newlines do not count
	blocks   blockScope // what a "do" after an expression belongs to
	isStmt   bool       // the expression is a statement: "=" after it is an assignment, no slip for "=="
	inBars   bool       // between the bars of parameters: "||" is no slip for "or"
}

// blockScope says which expressions may take a "do".
type blockScope uint8

const (
	anyBlock  blockScope = iota
	callBlock            // in a condition: only calls, so that "if x do" is seen as the slip it is
	noBlock              // in the arguments of a head: "do" belongs to the head
)

func newParser(source *token.File) (*parser, bool) {
	p := &parser{unclosed: -1}
	if flaw := source.Flaw(); flaw != nil {
		p.letters = append(p.letters, faultLetter(flaw))
		return p, false
	}
	p.list = token.Scan(source)
	p.lookahead = lookaheadFactor * len(p.list.Tokens)
	return p, true
}

func (p *parser) finish() []diag.Diagnostic {
	if p.unclosed < 0 {
		p.letters = append(p.letters, p.misplaced...)
	}
	p.openStrings()
	return diag.Sort(p.letters)
}

// openStrings leaves of a line with a string that is never closed the letter
// about that alone: where its quotes stand, nobody knows.
func (p *parser) openStrings() {
	for _, t := range p.list.Tokens {
		if t.Fault == nil || t.Fault.Kind != token.UnterminatedString {
			continue
		}
		line, told := t.Span.Position().Line, len(p.letters)
		p.letters = slices.DeleteFunc(p.letters, func(d letter) bool { return d.Where().Position().Line == line })
		if len(p.letters) < told {
			p.letters = append(p.letters, faultLetter(t.Fault))
		}
	}
}

// The cursor.

// now returns the current token; the end of the file while broken.
func (p *parser) now() token.Token {
	t := p.list.Tokens[p.at]
	if p.broken {
		return token.Token{Span: t.Span, Kind: token.EOF, Newline: true}
	}
	return t
}

// kind returns the kind of the current token.
func (p *parser) kind() token.Kind {
	if p.broken {
		return token.EOF
	}
	return p.list.Tokens[p.at].Kind
}

// ahead returns the token n after the current one, EOF beyond the end.
func (p *parser) ahead(n int) token.Token {
	return p.list.Tokens[min(p.at+n, len(p.list.Tokens)-1)]
}

// advance returns the current token and goes to the next. A slip on the token
// is reported here, where the token is used.
func (p *parser) advance() token.Token {
	t := p.now()
	if t.Fault != nil {
		p.report(faultLetter(t.Fault))
	}
	p.skip()
	return t
}

// skip goes to the next token, whatever it is.
func (p *parser) skip() {
	if !p.broken && p.at < len(p.list.Tokens)-1 {
		p.at++
	}
}

// match goes past a token of the given kind, and reports whether there was one.
func (p *parser) match(k token.Kind) bool {
	if p.kind() != k {
		return false
	}
	p.advance()
	return true
}

// expect goes past a token of the given kind. Anything else breaks: wanted says
// what was to stand there.
func (p *parser) expect(k token.Kind, wanted string) token.Token {
	if p.kind() != k {
		p.fail(p.unexpected(wanted))
		return p.now()
	}
	return p.advance()
}

// newline reports whether a line that counts ends before the current token.
func (p *parser) newline() bool {
	t := p.now()
	return t.Kind == token.EOF || t.Newline && p.brackets == 0
}

// ends reports whether a statement may end before the current token.
func (p *parser) ends() bool { return p.newline() || closes(p.kind()) }

// closes reports whether a token ends the body it stands in.
func closes(k token.Kind) bool {
	switch k {
	case token.End, token.Else, token.Elsif, token.Undo, token.EOF:
		return true
	}
	return false
}

// here returns where the current token begins.
func (p *parser) here() int { return p.list.Tokens[p.at].Start }

// since returns the span from an offset to the end of the last token read.
func (p *parser) since(start int) token.Span {
	end := start
	if p.at > 0 {
		end = max(start, p.list.Tokens[p.at-1].End)
	}
	return token.Span{File: p.list.Tokens[p.at].File, Start: start, End: end}
}

// last returns the span of the token read last, or of the first one.
func (p *parser) last() token.Span { return p.list.Tokens[max(p.at-1, 0)].Span }

// Mistakes.

// report writes a letter and goes on: the meaning is clear.
func (p *parser) report(d letter) {
	if p.broken || p.quiet || p.gaveUp {
		return
	}
	p.letters = append(p.letters, d)
	if len(p.letters) >= errorsMax {
		p.giveUp()
	}
}

// fail writes a letter and breaks the construct. Where the current token is
// itself unreadable, that is the mistake, and its letter is written instead.
func (p *parser) fail(d letter) {
	if t := p.now(); t.Kind == token.Invalid {
		d = faultLetter(t.Fault)
	}
	p.report(d)
	p.snap()
}

// snap breaks the construct without a letter.
func (p *parser) snap() {
	if !p.broken {
		p.broken, p.brokenInner = true, p.brackets
	}
}

// mend ends the broken state; the caller has found where to go on.
func (p *parser) mend() { p.broken = false }

// giveUp leaves the rest of the file unread and unreported.
func (p *parser) giveUp() {
	p.snap()
	p.gaveUp = true
	p.at = len(p.list.Tokens) - 1
}

// deeper counts a level of nesting; the caller restores depth. A tree deeper
// than depthMax would overflow the stacks of those who walk it.
func (p *parser) deeper() {
	if p.depth++; p.depth > depthMax && !p.gaveUp {
		p.fail(tooDeep(p.now().Span))
		p.giveUp()
	}
}

// silently runs f without letters.
func (p *parser) silently(f func()) {
	quiet := p.quiet
	p.quiet = true
	f()
	p.quiet = quiet
}

// Going on after a mistake.

// resume mends a broken line: it goes to the next line, or to the word that
// ends the body. Blocks that begin on the rest of the line are read, so that
// their lines and their "end" are theirs. It always moves on from start.
func (p *parser) resume(start int) {
	p.mend()
	p.closeBrackets(p.brokenInner)
	if p.at == start && !closes(p.kind()) {
		p.skip()
	}
	for !p.ends() {
		p.skipped()
	}
}

// skipped goes past one token of a broken line, or past what the token opens.
func (p *parser) skipped() {
	before := p.at
	switch k := p.kind(); {
	case k == token.Do:
		p.blockRest(opener{Span: p.now().Span, what: "do"}, anyClause)
	case k == token.If:
		p.ifExpr()
	case isOpening(k):
		p.skip()
		p.closeBrackets(1)
	default:
		p.skip()
	}
	p.mend()
	if p.at == before {
		p.skip()
	}
}

// toBlock mends a broken head if its "do" stands on the rest of the line, and
// reports whether it does.
func (p *parser) toBlock() bool {
	p.mend()
	p.closeBrackets(p.brokenInner)
	for p.kind() != token.Do {
		if p.ends() {
			p.snap()
			return false
		}
		open := isOpening(p.kind())
		p.skip()
		if open {
			p.closeBrackets(1)
		}
	}
	return true
}

// closeBrackets goes past the closing bracket of n that are open, if it stands
// where it plausibly belongs to them; else it stays.
func (p *parser) closeBrackets(n int) {
	p.brackets = 0
	if end := p.closer(n); end >= 0 {
		p.at = end + 1
	}
	p.brokenInner = 0
}

// closer returns the index of the bracket that closes n open ones, or -1 if the
// text goes on as if it had been forgotten: with a declaration, or with a word
// that belongs to a block around the brackets.
func (p *parser) closer(n int) int {
	blocks := 0
	for i := p.at; n > 0; i++ {
		if p.lookahead--; p.lookahead < 0 {
			return -1
		}
		switch k := p.list.Tokens[i].Kind; {
		case k == token.Do || k == token.If:
			blocks++
		case k == token.End && blocks > 0:
			blocks--
		case k == token.EOF || blocks == 0 && p.belongsOutside(i) || p.declares(i):
			return -1
		case isOpening(k):
			n++
		case isClosing(k):
			if n--; n == 0 {
				return i
			}
		}
	}
	return -1
}

// belongsOutside reports whether token i cannot stand directly inside brackets,
// as it ends a body or begins a statement. As the name of a field it is a slip, and can.
func (p *parser) belongsOutside(i int) bool {
	k := p.list.Tokens[i].Kind
	return (closes(k) || k == token.Let) && p.list.Tokens[min(i+1, len(p.list.Tokens)-1)].Kind != token.Colon
}

func isOpening(k token.Kind) bool {
	return k == token.LeftParen || k == token.LeftBracket || k == token.LeftBrace
}

func isClosing(k token.Kind) bool {
	return k == token.RightParen || k == token.RightBracket || k == token.RightBrace
}
