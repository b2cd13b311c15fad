package token

// Kind is the kind of a token.
type Kind uint8

// The kinds of tokens. A newline is not a token: the token after it bears a mark.
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

// Token is one word of the program.
type Token struct {
	Span
	Kind  Kind
	Fault Fault // what is wrong with it, or OK

	// Text is what the token says: a name without its colon, a number without
	// its underscores, a string without quotes and escapes, a comment with its "#".
	Text string

	Newline bool // a line ended between the token before and this one
	Glued   bool // nothing stands between the token before and this one
}

// Fault is what the lexer found wrong with a token. A fault on a token of
// another kind than Invalid is a slip whose meaning is clear, such as "&&" for
// "and": the parser reports it and goes on.
type Fault uint8

// OK is the fault of a token with which nothing is wrong.
const OK Fault = 0
