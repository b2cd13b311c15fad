package jsonvalue

import (
	"strconv"
	"strings"

	"github.com/martinelli-lang/martinelli/plan"
	"github.com/martinelli-lang/martinelli/value"
)

// BodyMax is the largest JSON text that is read, in bytes.
const BodyMax = 64 << 10

// Args decodes body, a JSON object with one member for each parameter in any
// order, into the arguments in the order of params. A parameter that may be
// nil may be left out. Every mistake is an *Error: a body that is no JSON
// object or is over BodyMax, and a member that is missing, unknown, given
// twice or of another type. O(body).
func Args(params []plan.Param, body []byte) ([]value.Value, error) {
	s, err := open(body)
	if err != nil {
		return nil, err
	}
	if s.next() != '{' {
		return nil, s.fail("expected an object with the arguments, found " + s.found())
	}
	args, err := members(s, params)
	if err == nil {
		err = s.end()
	}
	if err != nil {
		return nil, err
	}
	return args, nil
}

// Decode decodes raw, one JSON text, as a value of type t. Errors are as for Args.
func Decode(t plan.Type, raw []byte) (value.Value, error) {
	s, err := open(raw)
	if err != nil {
		return value.Nil, err
	}
	v, err := s.value(&t)
	if err == nil {
		err = s.end()
	}
	if err != nil {
		return value.Nil, err
	}
	return v, nil
}

// open returns a scanner at the beginning of text.
func open(text []byte) (*scanner, error) {
	if len(text) > BodyMax {
		return nil, &Error{Reason: "the text has " + strconv.Itoa(len(text)) + " bytes; at most " + strconv.Itoa(BodyMax) + " are read"}
	}
	return &scanner{text: text}, nil
}

// Error says what is wrong with a JSON text.
type Error struct {
	Member string // where: a member's path, as user.age or tags[2]; "" for the whole
	Reason string // what was expected, and what was found
}

func (e *Error) Error() string {
	if e.Member == "" {
		return e.Reason
	}
	return "member " + string(AppendString(nil, e.Member)) + ": " + e.Reason
}

// within puts step, a member's name or an index in brackets, in front of
// where err says it is. So a path is only built when something is wrong.
func within(step string, err error) error {
	e, ok := err.(*Error)
	if !ok {
		return err
	}
	if e.Member != "" && !strings.HasPrefix(e.Member, "[") {
		step += "."
	}
	e.Member = step + e.Member
	return e
}
