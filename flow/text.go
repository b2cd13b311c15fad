package flow

import (
	"unicode/utf8"

	"github.com/martinelli-lang/martinelli/plan"
	"github.com/martinelli-lang/martinelli/value"
)

// Positions in strings are in code points, which every replica counts alike.

func isString(t plan.Type) bool { return t.Kind == plan.KindString || t.Kind == plan.KindID }

// codePoints is how many code points a string has.
func codePoints(of valueFn) intFn {
	return func(m *machine) int64 { return int64(utf8.RuneCountInString(of(m).AsString())) }
}

// codePoint is the string of one code point, or nil where there is none.
func codePoint(of valueFn, index intFn) valueFn {
	return func(m *machine) value.Value {
		s, at := of(m).AsString(), index(m)
		for at > 0 && s != "" {
			_, n := utf8.DecodeRuneInString(s)
			s, at = s[n:], at-1
		}
		if at < 0 || s == "" {
			return value.Nil
		}
		_, n := utf8.DecodeRuneInString(s)
		return value.String(s[:n])
	}
}
