package token

// Kind is the kind of a token.
type Kind uint8

// The kinds of tokens. A newline is not a token: the token after it bears a
// mark, and the parser, which knows what is a bracket and what an operator,
// decides whether it counts.
const (
	EOF Kind = iota
	Invalid
	Comment // "#" to the end of the line; kept apart, in List.Comments

	Ident
	Symbol // :name
	Int
	Float
	String

	// Reserved words. After "." they are names, as in ".or(x)".
	And
	Do
	Else
	Elsif
	End
	False
	If
	In
	Let
	Nil
	Not
	Or
	True
	Undo

	// Operators and punctuation.
	Plus
	Minus
	Star
	Slash
	Percent
	Equal        // ==
	NotEqual     // !=
	Less         // <
	LessEqual    // <=
	Greater      // >
	GreaterEqual // >=
	Assign       // =
	Arrow        // =>
	Gives        // ->
	Bar          // |
	Comma
	Dot
	Colon
	LeftParen
	RightParen
	LeftBracket
	RightBracket
	LeftBrace
	RightBrace
)

// spellings is how each kind is written, or what it is called where it has no one spelling.
var spellings = [...]string{
	EOF: "the end of the file", Invalid: "text that is no word", Comment: "a comment",
	Ident: "a name", Symbol: "a symbol", Int: "a number", Float: "a number", String: "a string",
	And: "and", Do: "do", Else: "else", Elsif: "elsif", End: "end", False: "false", If: "if", In: "in",
	Let: "let", Nil: "nil", Not: "not", Or: "or", True: "true", Undo: "undo",
	Plus: "+", Minus: "-", Star: "*", Slash: "/", Percent: "%", Equal: "==", NotEqual: "!=",
	Less: "<", LessEqual: "<=", Greater: ">", GreaterEqual: ">=", Assign: "=", Arrow: "=>", Gives: "->",
	Bar: "|", Comma: ",", Dot: ".", Colon: ":", LeftParen: "(", RightParen: ")",
	LeftBracket: "[", RightBracket: "]", LeftBrace: "{", RightBrace: "}",
}

// String returns how the kind is written, or for kinds with many spellings what they are called.
func (k Kind) String() string { return spellings[k] }

// IsWord reports whether the kind is a reserved word.
func (k Kind) IsWord() bool { return And <= k && k <= Undo }

// words maps each reserved word to its kind.
var words = func() map[string]Kind {
	m := map[string]Kind{}
	for k := And; k <= Undo; k++ {
		m[spellings[k]] = k
	}
	return m
}()

// Token is one word of the program.
type Token struct {
	Span
	Kind Kind

	// Text is what the token says: a name without its colon, a number without
	// its underscores, a string without quotes and with its escapes resolved,
	// a comment with its "#".
	Text string

	Newline bool // a line ended between the token before and this one
	Glued   bool // nothing stands between the token before and this one

	Fault *Fault // what is wrong with the token; nil for nothing
}

// Fault is something the lexer found wrong. On a token that is not Invalid it
// is a slip whose meaning is clear, such as "&&" for "and": the parser reports
// it and goes on.
type Fault struct {
	Span
	Kind FaultKind
}

// FaultKind says what is wrong.
type FaultKind uint8

// The faults of tokens, then those of files.
const (
	BadCharacter       FaultKind = iota // no token begins with it
	UnterminatedString                  // the line ends before the closing quote
	BadEscape                           // a backslash with something unknown, or a code point that is none
	BadNumber                           // digits glued to something, or underscores not between digits
	SingleQuotes                        // 'text'
	Ampersands                          // &&
	Exclamation                         // !x
	Slashes                             // a comment begun with //

	NotUTF8  // bytes that are no UTF-8
	NulByte  // a zero byte
	TooLarge // more than SizeMax bytes
)

// MovedTo returns the token at another place, with its kind and text.
func (t Token) MovedTo(s Span) Token {
	t.Span = s
	return t
}
