package jsonvalue

import (
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/martinelli-lang/martinelli/plan"
	"github.com/martinelli-lang/martinelli/value"
)

// value reads one JSON value as type t. A type has nine words and is handed on
// for every value, so not itself.
func (s *scanner) value(t *plan.Type) (value.Value, error) {
	switch t.Kind {
	case plan.KindAny:
		return s.any()
	case plan.KindNil:
		return value.Nil, s.literal("null", t)
	case plan.KindMaybe:
		if s.next() == 'n' {
			return value.Nil, s.literal("null", t)
		}
		of := t.Element()
		return s.value(&of)
	case plan.KindBool:
		return s.bool(t)
	case plan.KindInt, plan.KindNat, plan.KindTime:
		return s.int(t)
	case plan.KindFloat:
		return s.float(t)
	case plan.KindString, plan.KindID:
		text, err := s.string(t)
		return value.String(text), err
	case plan.KindSymbol:
		text, err := s.string(t)
		return value.Symbol(text), err
	case plan.KindList, plan.KindSet:
		return s.list(t)
	case plan.KindTuple:
		return s.tuple(t)
	case plan.KindRecord:
		return s.record(t)
	}
	return value.Nil, s.fail("a " + t.Label() + " is not read from JSON")
}

// any reads a value whose type is not known: what the text says it is.
func (s *scanner) any() (value.Value, error) {
	switch c := s.next(); {
	case c == 'n':
		return value.Nil, s.literal("null", &plan.Any)
	case c == 't', c == 'f':
		return s.bool(&plan.Any)
	case c == '"':
		text, err := s.string(&plan.Any)
		return value.String(text), err
	case c == '[':
		return s.list(&plan.Any)
	case c == '{':
		return s.anyObject()
	case c == '-', '0' <= c && c <= '9':
		return s.anyNumber()
	}
	return value.Nil, s.mismatch(&plan.Any)
}

func (s *scanner) bool(t *plan.Type) (value.Value, error) {
	if s.next() == 't' {
		return value.Bool(true), s.literal("true", t)
	}
	return value.Bool(false), s.literal("false", t)
}

// int reads a number without fraction and exponent, in the range of t.
func (s *scanner) int(t *plan.Type) (value.Value, error) {
	at := s.at
	text, isInt, err := s.number(t)
	if err != nil {
		return value.Nil, err
	}
	n, fits := parseInt(text)
	if !isInt || !fits || t.Kind == plan.KindNat && (n < 0 || n > math.MaxInt32) {
		s.at = at
		return value.Nil, s.mismatch(t)
	}
	return value.Int(n), nil
}

// parseInt reads an optional minus and digits; it is false beyond 64 bits.
// It spares the hot path the string that strconv would want.
func parseInt(text []byte) (n int64, fits bool) {
	digits := text
	if text[0] == '-' {
		digits = text[1:]
	}
	if len(digits) > 18 {
		n, err := strconv.ParseInt(string(text), 10, 64)
		return n, err == nil
	}
	for _, c := range digits {
		n = n*10 + int64(c-'0')
	}
	if len(digits) < len(text) {
		n = -n
	}
	return n, true
}

// float reads any number. One too large becomes infinite, as IEEE 754 rounds it.
func (s *scanner) float(t *plan.Type) (value.Value, error) {
	text, _, err := s.number(t)
	if err != nil {
		return value.Nil, err
	}
	return parseFloat(text), nil
}

func parseFloat(text []byte) value.Value {
	f, _ := strconv.ParseFloat(string(text), 64) // the only error is the range, with f infinite
	return value.Float(f)
}

// anyNumber reads an int where the number is one, and a float otherwise.
func (s *scanner) anyNumber() (value.Value, error) {
	text, isInt, err := s.number(&plan.Any)
	if err != nil {
		return value.Nil, err
	}
	if n, fits := int64(0), false; isInt {
		if n, fits = parseInt(text); fits {
			return value.Int(n), nil
		}
	}
	return parseFloat(text), nil
}

// list reads an array of any length.
func (s *scanner) list(t *plan.Type) (value.Value, error) {
	elems, of := []value.Value{}, t.Element()
	err := s.array(t, func(int) error {
		v, err := s.value(&of)
		elems = append(elems, v)
		return err
	})
	return value.List(elems...), err
}

// tuple reads an array with one element for each of t's.
func (s *scanner) tuple(t *plan.Type) (value.Value, error) {
	elems := make([]value.Value, 0, len(t.Args))
	err := s.array(t, func(i int) error {
		if i == len(t.Args) {
			return s.fail("one element too many for " + t.Label())
		}
		v, err := s.value(&t.Args[i])
		elems = append(elems, v)
		return err
	})
	if err == nil && len(elems) < len(t.Args) {
		err = s.fail("expected " + t.Label() + ", found an array of " + strconv.Itoa(len(elems)))
	}
	return value.Tuple(elems...), err
}

func (s *scanner) record(t *plan.Type) (value.Value, error) {
	if s.next() != '{' {
		return value.Nil, s.mismatch(t)
	}
	fields, err := members(s, t.Fields)
	return value.Record(fields...), err
}

// members reads an object that has the given members, and returns their
// values in the order given.
func members(s *scanner, want []plan.Field) ([]value.Value, error) {
	values := make([]value.Value, len(want))
	var few [16]bool
	given := few[:]
	if len(want) > len(few) {
		given = make([]bool, len(want))
	}
	err := s.object(func(name []byte) error {
		i := 0
		for i < len(want) && want[i].Name != string(name) {
			i++
		}
		if i == len(want) {
			return s.fail("unknown; expected " + listing(want))
		}
		if given[i] {
			return s.fail("given twice")
		}
		given[i] = true
		var err error
		values[i], err = s.value(&want[i].Type)
		return err
	})
	for i := 0; err == nil && i < len(want); i++ {
		if given[i] {
			continue
		}
		if m := &want[i]; m.Type.Kind != plan.KindMaybe {
			err = within(m.Name, s.fail("missing; expected "+m.Type.Label()))
		}
	}
	return values, err
}

// listing names the members there may be.
func listing(want []plan.Field) string {
	if len(want) == 0 {
		return "no members"
	}
	names := make([]string, len(want))
	for i, m := range want {
		names[i] = string(AppendString(nil, m.Name))
	}
	return strings.Join(names, ", ")
}

// anyObject reads an object that carries its names, and orders it by them.
func (s *scanner) anyObject() (value.Value, error) {
	type pair struct{ name, value value.Value }
	var pairs []pair
	seen := map[string]bool{}
	err := s.object(func(name []byte) error {
		if seen[string(name)] {
			return s.fail("given twice")
		}
		seen[string(name)] = true
		v, err := s.any()
		pairs = append(pairs, pair{value.String(string(name)), v})
		return err
	})
	slices.SortFunc(pairs, func(a, b pair) int { return value.Compare(a.name, b.name) })
	flat := make([]value.Value, 0, 2*len(pairs))
	for _, p := range pairs {
		flat = append(flat, p.name, p.value)
	}
	return value.Object(flat...), err
}
