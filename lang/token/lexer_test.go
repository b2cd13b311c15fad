package token

import (
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"
)

// show writes tokens as kind:text, with "/" before one that begins a line and
// "+" before one that is glued to what stands before it.
func show(l List) string {
	var words []string
	for _, t := range l.Tokens {
		s := t.Kind.String()
		switch t.Kind {
		case Ident, Symbol, Int, Float, String:
			s = fmt.Sprintf("%s:%s", map[Kind]string{Ident: "id", Symbol: "sym", Int: "int", Float: "float", String: "str"}[t.Kind], t.Text)
		case EOF:
			s = "EOF"
		case Invalid:
			s = "?"
		}
		if t.Fault != nil {
			s += fmt.Sprintf("!%d@%d", t.Fault.Kind, t.Fault.Start)
		}
		if t.Glued {
			s = "+" + s
		}
		if t.Newline {
			s = "/" + s
		}
		words = append(words, s)
	}
	return strings.Join(words, " ")
}

func TestScan(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"", "EOF"},
		{"a", "id:a +EOF"},
		{"a\nb", "id:a /id:b +EOF"},
		{"a # note\n\n# note\n b", "id:a /id:b +EOF"},

		// A colon glued to a word makes a symbol.
		{":a", "sym:a +EOF"},
		{"a: b", "id:a +: id:b +EOF"},
		{"a:b", "id:a +sym:b +EOF"},
		{"a :b", "id:a sym:b +EOF"},
		{"[:a1_b, :ä]", "[ +sym:a1_b +, sym:ä +] +EOF"},
		{"a:1", "id:a +: +int:1 +EOF"},
		{":", ": +EOF"},

		// Numbers.
		{"12 4_000 2.5 1e-3 1E+3 4_0.5_0e1_0", "int:12 int:4000 float:2.5 float:1e-3 float:1E+3 float:40.50e10 +EOF"},
		{"1.or", "int:1 +. +or +EOF"},
		{"1.2.3", "float:1.2 +. +int:3 +EOF"},
		{"1-2", "int:1 +- +int:2 +EOF"},
		{"12a", "int:0!3@0 +EOF"},
		{"1_", "int:0!3@0 +EOF"},
		{"1__0", "int:0!3@0 +EOF"},
		{"0x1F 1e 30d", "int:0!3@0 int:0!3@5 int:0!3@8 +EOF"},

		// Strings.
		{`"a b" ""`, "str:a b str: +EOF"},
		{`"\n\t\"\\\u{1F377}\u{0}"`, "str:\n\t\"\\🍷\x00 +EOF"},
		{`"a\qb"`, "str:a\uFFFDb!2@2 +EOF"},
		{`"\u{110000}" "\u{d800}" "\u{}" "\u{1" "\u1"`, "str:\uFFFD!2@1 str:\uFFFD!2@14 str:\uFFFD!2@25 str:\uFFFD1!2@32 str:\uFFFD1!2@39 +EOF"},
		{"\"a\nb", "?!1@0 /id:b +EOF"},
		{`"a\`, "?!1@0 +EOF"},
		{"\"a\\\n\"", "?!1@0 /?!1@4 +EOF"},
		{"'a' 'b", "str:a!4@0 ?!4@4 +id:b +EOF"},

		// Words and operators.
		{"and do else elsif end false if in let nil not or true undo", "and do else elsif end false if in let nil not or true undo +EOF"},
		{"ends on_x _ größe", "id:ends id:on_x id:_ id:größe +EOF"},
		{"+ - * / % == != < <= > >= = => -> | , . : ( ) [ ] { }", "+ - * / % == != < <= > >= = => -> | , . : ( ) [ ] { } +EOF"},
		{"a<=b=>c->d", "id:a +<= +id:b +=> +id:c +-> +id:d +EOF"},
		{"set<list<int>>", "id:set +< +id:list +< +id:int +> +> +EOF"},
		{"||", "| +| +EOF"},
		{"f (x) g[1]", "id:f ( +id:x +) id:g +[ +int:1 +] +EOF"},

		// Slips of other languages, and what is nothing.
		{"a && !b", "id:a and!5@2 not!6@5 +id:b +EOF"},
		{"a // b\nc", "id:a ?!7@2 /id:c +EOF"},
		{"a & ; ? @", "id:a ?!0@2 ?!0@4 ?!0@6 ?!0@8 +EOF"},
		{"a\u00a0b", "id:a +?!0@1 +id:b +EOF"},
		{"\uFEFFa", "id:a +EOF"},
		{"a\xffb", "id:a +?!0@1 +id:b +EOF"},
	} {
		if got := show(Scan(NewFile("t.mrt", c.text))); got != c.want {
			t.Errorf("%q\ngot  %s\nwant %s", c.text, got, c.want)
		}
	}
}

func TestComments(t *testing.T) {
	l := Scan(NewFile("t.mrt", "# one\r\na # two \"\n"))
	if len(l.Comments) != 2 || l.Comments[0].Text != "# one" || l.Comments[1].Text != `# two "` {
		t.Errorf("got %v", l.Comments)
	}
}

// TestEveryKindIsSpelt keeps the table of spellings whole: messages use it.
func TestEveryKindIsSpelt(t *testing.T) {
	for k := EOF; k <= RightBrace; k++ {
		if k.String() == "" {
			t.Errorf("kind %d has no spelling", k)
		}
	}
}

func TestFlaw(t *testing.T) {
	for _, c := range []struct {
		text string
		want FaultKind
		at   int
	}{
		{"a\x00", NulByte, 1},
		{"ä\xc3", NotUTF8, 2},
		{"\xed\xa0\x80", NotUTF8, 0}, // a surrogate
		{strings.Repeat(" ", SizeMax+1), TooLarge, 0},
	} {
		if got := NewFile("t.mrt", c.text).Flaw(); got == nil || got.Kind != c.want || got.Start != c.at {
			t.Errorf("%.20q: %v", c.text, got)
		}
	}
	if got := NewFile("t.mrt", "\uFFFD 🍷 ä").Flaw(); got != nil {
		t.Errorf("good text: %v", got)
	}
}

func TestPosition(t *testing.T) {
	f := NewFile("t.mrt", "ab\n🍷ä\tx\r\n\nlast")
	for _, c := range []struct{ offset, line, column int }{
		{0, 1, 1}, {2, 1, 3}, {3, 2, 1}, {7, 2, 2}, {9, 2, 3}, {10, 2, 4}, {13, 3, 1}, {14, 4, 1}, {18, 4, 5},
		{-1, 1, 1}, {99, 4, 5},
	} {
		if got := f.Position(c.offset); got != (Position{c.line, c.column}) {
			t.Errorf("offset %d: %v, want %d:%d", c.offset, got, c.line, c.column)
		}
	}
	for n, want := range []string{"", "ab", "🍷ä\tx", "", "last", ""} {
		if got, _ := f.Line(n); got != want {
			t.Errorf("line %d: %q, want %q", n, got, want)
		}
	}
	if (Span{}).Position() != (Position{}) || (Span{}).Text() != "" {
		t.Error("nowhere has a position")
	}
}

// FuzzScan holds the lexer to what it owes: tokens and comments stand in order,
// do not overlap, and leave out nothing but blanks.
func FuzzScan(f *testing.F) {
	for _, text := range []string{"view :v do x end # y", "\"a\\u{1}\n'b' 4_000.5e-3 a:b && !c // d", "\uFEFFä\xff\x00"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		l := Scan(NewFile("t.mrt", text))
		pieces := l.Tokens
		for _, c := range l.Comments {
			pieces = insert(pieces, c)
		}
		at := len(text) - len(strings.TrimPrefix(text, byteOrderMark))
		for _, p := range pieces {
			if p.Start < at || p.End < p.Start || p.End > len(text) {
				t.Fatalf("a piece at %d..%d after %d", p.Start, p.End, at)
			}
			if skipped := text[at:p.Start]; strings.Trim(skipped, " \t\r\n") != "" {
				t.Fatalf("skipped %q", skipped)
			}
			if p.Newline != strings.Contains(gap(l, p), "\n") && p.Kind != Comment {
				t.Fatalf("token %q: newline %v", p.Span.Text(), p.Newline)
			}
			if p.Kind == Ident && p.Text != p.Span.Text() || !utf8.ValidString(text) && p.Kind == Symbol && p.Text == "" {
				t.Fatalf("token %q says %q", p.Span.Text(), p.Text)
			}
			at = p.End
		}
		if last := l.Tokens[len(l.Tokens)-1]; last.Kind != EOF || last.Start != len(text) {
			t.Fatalf("ends with %v at %d", last.Kind, last.Start)
		}
	})
}

// insert puts a comment among tokens, in the order of the text.
func insert(tokens []Token, c Token) []Token {
	i := 0
	for i < len(tokens) && tokens[i].Start < c.Start {
		i++
	}
	return append(append(append([]Token{}, tokens[:i]...), c), tokens[i:]...)
}

// gap returns the text between the token before t and t.
func gap(l List, t Token) string {
	before := 0
	for _, other := range l.Tokens {
		if other.Start < t.Start || other.Start == t.Start && other.End < t.End {
			before = max(before, other.End)
		}
	}
	return t.File.Text[min(before, t.Start):t.Start]
}
