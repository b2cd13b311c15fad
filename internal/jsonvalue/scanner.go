package jsonvalue

import (
	"bytes"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/martinelli-lang/martinelli/plan"
	"github.com/martinelli-lang/martinelli/value"
)

// scanner reads the grammar of RFC 8259 from the front of a text. A type is
// handed in where an error would have to name it.
type scanner struct {
	text  []byte
	at    int // the next byte
	depth int // arrays and objects that are open
}

// next skips white space and returns the byte after it, or 0 at the end.
func (s *scanner) next() byte {
	for s.at < len(s.text) {
		switch c := s.text[s.at]; c {
		case ' ', '\t', '\n', '\r':
			s.at++
		default:
			return c
		}
	}
	return 0
}

// end fails if anything but white space is left.
func (s *scanner) end() error {
	s.next()
	if s.at < len(s.text) {
		return s.fail("expected nothing more, found " + s.found())
	}
	return nil
}

// fail is an error about the value that is being read.
func (s *scanner) fail(reason string) error { return &Error{Reason: reason} }

// mismatch is the error that something else than a t stands here.
func (s *scanner) mismatch(t *plan.Type) error {
	s.next()
	want := t.Label()
	switch t.Kind {
	case plan.KindAny:
		want = "a JSON value"
	case plan.KindNat:
		want = "nat (0 to 2147483647)"
	case plan.KindTime:
		want = "time (milliseconds)"
	}
	return s.fail("expected " + want + ", found " + s.found())
}

// broken is the error that the text is no JSON here.
func (s *scanner) broken(want string) error {
	s.next()
	return s.fail("no JSON at byte " + strconv.Itoa(s.at) + ": expected " + want + ", found " + s.found())
}

// excerptMax is how much of a text an error shows, in bytes.
const excerptMax = 32

// found describes what stands at the next byte, for an error.
func (s *scanner) found() string {
	rest := s.text[s.at:]
	if len(rest) == 0 {
		return "the end"
	}
	switch c := rest[0]; {
	case c == '{':
		return "an object"
	case c == '[':
		return "an array"
	case c == '"':
		return "the string " + excerpt(rest, bytes.IndexByte(rest[1:], '"')+2)
	case c == '-', '0' <= c && c <= '9':
		return "the number " + excerpt(rest, run(rest, isNumeric))
	case isLetter(c):
		return excerpt(rest, run(rest, isLetter))
	}
	r, _ := utf8.DecodeRune(rest)
	quoted := AppendString(nil, string(r)) // strconv's quoting brings tables that a page would download
	return "'" + string(quoted[1:len(quoted)-1]) + "'"
}

// excerpt returns the first n bytes of text, or fewer and an ellipsis.
func excerpt(text []byte, n int) string {
	if n > excerptMax || n < 2 && text[0] == '"' {
		return string(bytes.ToValidUTF8(text[:min(excerptMax, len(text))], nil)) + "..."
	}
	return string(bytes.ToValidUTF8(text[:n], nil))
}

// run counts the bytes at the front of text that are in.
func run(text []byte, in func(byte) bool) int {
	n := 0
	for n < len(text) && in(text[n]) {
		n++
	}
	return n
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

func isNumeric(c byte) bool {
	return isDigit(c) || c == '-' || c == '+' || c == '.' || c == 'e' || c == 'E'
}

func isLetter(c byte) bool { return 'a' <= c|0x20 && c|0x20 <= 'z' }

// literal reads the given word, where a t was expected.
func (s *scanner) literal(word string, t *plan.Type) error {
	s.next()
	rest := s.text[s.at:]
	if run(rest, isLetter) != len(word) || string(rest[:len(word)]) != word {
		return s.mismatch(t)
	}
	s.at += len(word)
	return nil
}

// number reads the text of a number, where a t was expected, and says whether
// it has neither fraction nor exponent.
func (s *scanner) number(t *plan.Type) (text []byte, isInt bool, err error) {
	if c := s.next(); c != '-' && !isDigit(c) {
		return nil, false, s.mismatch(t)
	}
	text = s.text[s.at:]
	text = text[:run(text, isNumeric)]
	isInt, ok := numeral(text)
	if !ok {
		return nil, false, s.broken("a number")
	}
	s.at += len(text)
	return text, isInt, nil
}

// numeral reports whether text is a number of RFC 8259, section 6, and whether
// it is an int.
func numeral(text []byte) (isInt, ok bool) {
	text = bytes.TrimPrefix(text, []byte("-"))
	whole := run(text, isDigit)
	if whole == 0 || whole > 1 && text[0] == '0' {
		return false, false
	}
	rest := text[whole:]
	if len(rest) == 0 {
		return true, true
	}
	if rest[0] == '.' {
		n := run(rest[1:], isDigit)
		if n == 0 {
			return false, false
		}
		rest = rest[1+n:]
	}
	if len(rest) > 0 && rest[0]|0x20 == 'e' {
		rest = rest[1:]
		if len(rest) > 0 && (rest[0] == '+' || rest[0] == '-') {
			rest = rest[1:]
		}
		return false, len(rest) > 0 && run(rest, isDigit) == len(rest)
	}
	return false, len(rest) == 0
}

// string reads a string, where a t was expected.
func (s *scanner) string(t *plan.Type) (string, error) {
	if s.next() != '"' {
		return "", s.mismatch(t)
	}
	raw, err := s.quoted()
	return string(raw), err
}

// quoted reads a string. The result aliases the text unless it has escapes.
func (s *scanner) quoted() ([]byte, error) {
	from := s.at + 1
	ascii := byte(0)
	for i := from; i < len(s.text); i++ {
		c := s.text[i]
		ascii |= c
		switch {
		case c == '"' && ascii >= utf8.RuneSelf && !utf8.Valid(s.text[from:i]):
			return nil, s.fail("the string is not UTF-8")
		case c == '"':
			s.at = i + 1
			return s.text[from:i], nil
		case c == '\\':
			return s.escaped(from)
		case c < ' ':
			return nil, s.fail("a string holds a control character; write it as an escape")
		}
	}
	return nil, s.fail("a string has no closing quote")
}

// escaped reads a string with escapes, whose text begins at from.
func (s *scanner) escaped(from int) ([]byte, error) {
	var text []byte
	for i := from; i < len(s.text); {
		switch c := s.text[i]; {
		case c == '"' && !utf8.Valid(text):
			return nil, s.fail("the string is not UTF-8")
		case c == '"':
			s.at = i + 1
			return text, nil
		case c < ' ':
			return nil, s.fail("a string holds a control character; write it as an escape")
		case c != '\\':
			text = append(text, c)
			i++
		default:
			r, n := unescape(s.text[i:])
			if n == 0 {
				s.at = i
				return nil, s.broken(`an escape as \n or \u00e9`)
			}
			text = utf8.AppendRune(text, r)
			i += n
		}
	}
	return nil, s.fail("a string has no closing quote")
}

// unescape reads the escape at the front of text, which begins with a
// backslash, and returns its length, or 0 if it is none. Half a surrogate pair
// becomes U+FFFD.
func unescape(text []byte) (r rune, size int) {
	if len(text) < 2 {
		return 0, 0
	}
	if i := bytes.IndexByte([]byte(`"\/bfnrt`), text[1]); i >= 0 {
		return rune("\"\\/\b\f\n\r\t"[i]), 2
	}
	high, ok := codeUnit(text)
	if !ok {
		return 0, 0
	}
	if !utf16.IsSurrogate(high) {
		return high, 6
	}
	if low, ok := codeUnit(text[6:]); ok {
		if r := utf16.DecodeRune(high, low); r != utf8.RuneError {
			return r, 12
		}
	}
	return utf8.RuneError, 6
}

// codeUnit reads \u and four hexadecimal digits.
func codeUnit(text []byte) (rune, bool) {
	if len(text) < 6 || text[0] != '\\' || text[1] != 'u' {
		return 0, false
	}
	n, err := strconv.ParseUint(string(text[2:6]), 16, 16)
	return rune(n), err == nil
}

// array reads an array, where a t was expected, and calls elem in front of
// every element.
func (s *scanner) array(t *plan.Type, elem func(i int) error) error {
	if s.next() != '[' {
		return s.mismatch(t)
	}
	if err := s.enter(); err != nil {
		return err
	}
	for i := 0; ; i++ {
		if i == 0 && s.next() == ']' {
			return s.leave()
		}
		if err := elem(i); err != nil {
			return within("["+strconv.Itoa(i)+"]", err)
		}
		switch s.next() {
		case ',':
			s.at++
		case ']':
			return s.leave()
		default:
			return s.broken(`"," or "]"`)
		}
	}
}

// object reads an object, at whose brace s stands, and calls member in front
// of every member's value.
func (s *scanner) object(member func(name []byte) error) error {
	if err := s.enter(); err != nil {
		return err
	}
	for first := true; ; first = false {
		if first && s.next() == '}' {
			return s.leave()
		}
		name, err := s.name()
		if err != nil {
			return err
		}
		if err := member(name); err != nil {
			return within(string(name), err)
		}
		switch s.next() {
		case ',':
			s.at++
		case '}':
			return s.leave()
		default:
			return s.broken(`"," or "}"`)
		}
	}
}

// name reads a member's name and the colon behind it.
func (s *scanner) name() ([]byte, error) {
	if s.next() != '"' {
		return nil, s.broken("a member's name in quotes")
	}
	name, err := s.quoted()
	if err != nil {
		return nil, err
	}
	if s.next() != ':' {
		return nil, s.broken(`":" behind a member's name`)
	}
	s.at++
	return name, nil
}

// enter steps over the bracket that opens an array or object. A value inside
// DepthMax of them could not be stored.
func (s *scanner) enter() error {
	if s.depth++; s.depth >= value.DepthMax {
		return s.fail("more than " + strconv.Itoa(value.DepthMax-1) + " arrays and objects inside one another")
	}
	s.at++
	return nil
}

// leave steps over the bracket that closes one.
func (s *scanner) leave() error {
	s.depth--
	s.at++
	return nil
}
