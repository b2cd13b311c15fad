package foreign

import "strconv"

// Kind says what is wrong with a module.
type Kind uint8

const (
	Malformed Kind = iota // it is no WebAssembly, or breaks the specification's form
	TooLarge              // it is over one of the limits
	Forbidden             // it uses what no function may
	Imported              // it imports what nobody answers
	Unfit                 // it has not the exports of docs/wire/foreign.md
)

// Error says what is wrong with a module, and where.
type Error struct {
	Kind   Kind
	Offset int // bytes from the beginning; 0 where it is about the whole
	Text   string
}

func (e *Error) Error() string {
	if e.Offset == 0 {
		return e.Text
	}
	return e.Text + " (at byte " + strconv.Itoa(e.Offset) + ")"
}
