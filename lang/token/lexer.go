package token

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// List is a file cut into tokens.
type List struct {
	Tokens   []Token // the last one is EOF
	Comments []Token
}

// Scan cuts a file into tokens. It never fails and takes time linear in the
// text: what it cannot read becomes a token with a Fault.
func Scan(f *File) List {
	l := lexer{file: f, text: f.Text}
	l.list.Tokens = make([]Token, 0, len(f.Text)/bytesPerToken+1)
	if strings.HasPrefix(l.text, byteOrderMark) {
		l.at = len(byteOrderMark) // some editors write it; it means nothing
	}
	for l.next() {
	}
	return l.list
}

// bytesPerToken is what a token takes of a usual text, with the blanks and
// comments beside it, or a bit less: so that most lists never grow.
const bytesPerToken = 3

const byteOrderMark = "\uFEFF"

// Flaw returns why the file cannot be a program at all, or nil: it is larger
// than SizeMax, is not UTF-8, or holds a zero byte. It names the first place.
func (f *File) Flaw() *Fault {
	if len(f.Text) > SizeMax {
		return &Fault{Span{f, 0, 0}, TooLarge}
	}
	for i, r := range f.Text {
		if r == utf8.RuneError && !strings.HasPrefix(f.Text[i:], string(utf8.RuneError)) {
			return &Fault{Span{f, i, i + 1}, NotUTF8}
		}
		if r == 0 {
			return &Fault{Span{f, i, i + 1}, NulByte}
		}
	}
	return nil
}

// lexer stands at a byte of the text.
type lexer struct {
	file *File
	text string
	at   int
	last int // where the last token ended, for Glued
	line bool
	list List
}

// next reads one token or comment, and reports whether the text goes on.
func (l *lexer) next() bool {
	l.blanks()
	if l.at == len(l.text) {
		l.emit(EOF, l.at, "")
		return false
	}
	start := l.at
	switch r := l.rune(); {
	case isLetter(r):
		l.word(start)
	case isDigit(r):
		l.number(start)
	case r == '"':
		l.string(start, '"')
	case r == '\'':
		l.singleQuoted(start)
	case r == '#':
		l.comment(start)
	case r == ':' && isLetter(l.peekRune(1)):
		l.at++
		l.skip(isNamePart)
		l.emit(Symbol, start, l.text[start+1:l.at])
	default:
		l.operator(start)
	}
	return true
}

// blanks skips what separates tokens, and notes line ends.
func (l *lexer) blanks() {
	for l.at < len(l.text) {
		switch l.text[l.at] {
		case '\n':
			l.line = true
		case ' ', '\t', '\r':
		default:
			return
		}
		l.at++
	}
}

func (l *lexer) word(start int) {
	l.skip(isNamePart)
	text := l.text[start:l.at]
	kind, reserved := words[text]
	if !reserved {
		kind = Ident
	}
	l.emit(kind, start, text)
}

// number reads 12, 4_000, 2.5 and 1e-3. Letters, digits and underscores that
// are glued to a number belong to it and make it bad: "12abc" is one slip, not two words.
func (l *lexer) number(start int) {
	kind := Int
	l.digits()
	if l.byteAt(0) == '.' && isDigit(rune(l.byteAt(1))) {
		kind = Float
		l.at++
		l.digits()
	}
	if n := l.exponent(); n > 0 {
		kind = Float
		l.at += n
		l.digits()
	}
	end := l.at
	l.skip(isNamePart)
	text := l.text[start:l.at]
	if l.at > end || strings.Contains(text, "__") || strings.Contains(text, "_.") {
		l.fault(BadNumber, kind, start, "0")
		return
	}
	l.emit(kind, start, strings.ReplaceAll(text, "_", ""))
}

// digits skips digits, and underscores that stand before a digit.
func (l *lexer) digits() {
	for isDigit(rune(l.byteAt(0))) || l.byteAt(0) == '_' && isDigit(rune(l.byteAt(1))) {
		l.at++
	}
}

// exponent returns the length of an "e" with its sign if digits follow it, or 0.
func (l *lexer) exponent() int {
	if c := l.byteAt(0); c != 'e' && c != 'E' {
		return 0
	}
	n := 1
	if c := l.byteAt(1); c == '+' || c == '-' {
		n = 2
	}
	if !isDigit(rune(l.byteAt(n))) {
		return 0
	}
	return n
}

// singleQuoted reads 'text' as the string it is meant to be, if it ends on its line.
func (l *lexer) singleQuoted(start int) {
	line, _, _ := strings.Cut(l.text[start+1:], "\n")
	if !strings.Contains(line, "'") {
		l.at++
		l.fault(SingleQuotes, Invalid, start, "")
		return
	}
	l.string(start, '\'')
	t := &l.list.Tokens[len(l.list.Tokens)-1]
	t.Fault = &Fault{t.Span, SingleQuotes}
}

// string reads a string up to its closing quote. One that its line ends is
// faulty and ends there, so that the lines below keep their meaning.
func (l *lexer) string(start int, quote byte) {
	var text strings.Builder
	var bad *Fault
	for l.at++; ; {
		switch c := l.byteAt(0); {
		case l.at == len(l.text) || c == '\n':
			l.fault(UnterminatedString, Invalid, start, "")
			return
		case c == quote:
			l.at++
			l.emit(String, start, text.String())
			l.list.Tokens[len(l.list.Tokens)-1].Fault = bad
			return
		case c == '\\':
			r, n := escape(l.text[l.at:])
			if r < 0 && bad == nil {
				bad = &Fault{Span{l.file, l.at, l.at + n}, BadEscape}
			}
			text.WriteRune(r)
			l.at += n
		default:
			text.WriteByte(c)
			l.at++
		}
	}
}

// escape reads the escape that s begins with and returns its rune and its
// length; the rune of a bad escape is negative.
func escape(s string) (r rune, n int) {
	for i, c := range `nt"\` {
		if len(s) > 1 && rune(s[1]) == c {
			return rune("\n\t\"\\"[i]), 2
		}
	}
	if hex, ok := strings.CutPrefix(s, `\u{`); ok {
		digits, _, closed := strings.Cut(hex[:min(len(hex), 7)], "}")
		v, err := strconv.ParseUint(digits, 16, 32)
		if closed && err == nil && utf8.ValidRune(rune(v)) {
			return rune(v), len(digits) + len(`\u{}`)
		}
		if closed && !strings.ContainsAny(digits, "\"\n") {
			return -1, len(digits) + len(`\u{}`)
		}
		return -1, len(`\u{`)
	}
	if len(s) < 2 || s[1] == '\n' {
		return -1, 1
	}
	_, size := utf8.DecodeRuneInString(s[1:])
	return -1, 1 + size
}

func (l *lexer) comment(start int) {
	l.toLineEnd()
	l.list.Comments = append(l.list.Comments, Token{
		Span: Span{l.file, start, l.at}, Kind: Comment, Text: strings.TrimRight(l.text[start:l.at], "\r"),
	})
}

// operators are the tokens of two characters, then those of one.
var operators = []Kind{
	Equal, NotEqual, LessEqual, GreaterEqual, Arrow, Gives,
	Plus, Minus, Star, Slash, Percent, Less, Greater, Assign, Bar, Comma, Dot, Colon,
	LeftParen, RightParen, LeftBracket, RightBracket, LeftBrace, RightBrace,
}

func (l *lexer) operator(start int) {
	rest := l.text[start:]
	switch {
	case strings.HasPrefix(rest, "//"):
		l.toLineEnd()
		l.fault(Slashes, Invalid, start, "")
		return
	case strings.HasPrefix(rest, "&&"):
		l.at += 2
		l.fault(Ampersands, And, start, "and")
		return
	}
	for _, k := range operators {
		if strings.HasPrefix(rest, spellings[k]) {
			l.at += len(spellings[k])
			l.emit(k, start, spellings[k])
			return
		}
	}
	_, size := utf8.DecodeRuneInString(rest)
	l.at += size
	if rest[0] == '!' {
		l.fault(Exclamation, Not, start, "not")
		return
	}
	l.fault(BadCharacter, Invalid, start, "")
}

// emit appends the token from start to here.
func (l *lexer) emit(kind Kind, start int, text string) {
	l.list.Tokens = append(l.list.Tokens, Token{
		Span: Span{l.file, start, l.at}, Kind: kind, Text: text,
		Newline: l.line, Glued: start == l.last && start > 0,
	})
	l.line, l.last = false, l.at
}

// fault appends a token all of which is faulty.
func (l *lexer) fault(why FaultKind, kind Kind, start int, text string) {
	l.emit(kind, start, text)
	t := &l.list.Tokens[len(l.list.Tokens)-1]
	t.Fault = &Fault{t.Span, why}
}

func (l *lexer) rune() rune {
	r, _ := utf8.DecodeRuneInString(l.text[l.at:])
	return r
}

// peekRune returns the rune n bytes ahead, or RuneError beyond the end.
func (l *lexer) peekRune(n int) rune {
	r, _ := utf8.DecodeRuneInString(l.text[min(l.at+n, len(l.text)):])
	return r
}

// byteAt returns the byte n ahead, or 0 beyond the end.
func (l *lexer) byteAt(n int) byte {
	if l.at+n >= len(l.text) {
		return 0
	}
	return l.text[l.at+n]
}

// skip goes past the runes that satisfy ok.
func (l *lexer) skip(ok func(rune) bool) {
	for l.at < len(l.text) {
		r, size := utf8.DecodeRuneInString(l.text[l.at:])
		if !ok(r) {
			return
		}
		l.at += size
	}
}

func (l *lexer) toLineEnd() { l.skip(func(r rune) bool { return r != '\n' }) }

func isLetter(r rune) bool {
	return r == '_' || 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || r > unicode.MaxASCII && unicode.IsLetter(r)
}

func isDigit(r rune) bool { return '0' <= r && r <= '9' }

func isNamePart(r rune) bool { return isLetter(r) || isDigit(r) }
