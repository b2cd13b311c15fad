package jsonvalue

import (
	"math"
	"strconv"
	"unicode/utf8"

	"github.com/martinelli-lang/martinelli/plan"
	"github.com/martinelli-lang/martinelli/value"
)

// Append appends v, a value of type t, as JSON: without white space, members
// in the order of their names, so that equal values have equal texts. The type
// is needed for the names of a record's fields; where it does not fit the
// value, as any does not fit a record, a record is an array. t may be the
// lattice of a database: then v is what one of its keys reads as. An infinite
// float is the number 1e999, which Decode and most readers of JSON round back.
func Append(b []byte, t plan.Type, v value.Value) []byte {
	switch v.Kind() {
	case value.KindNil:
		return append(b, "null"...)
	case value.KindBool:
		return strconv.AppendBool(b, v.AsBool())
	case value.KindInt:
		return strconv.AppendInt(b, v.AsInt(), 10)
	case value.KindFloat:
		return appendFloat(b, v.AsFloat())
	case value.KindString, value.KindSymbol:
		return AppendString(b, v.AsString())
	case value.KindObject:
		return appendObject(b, v.Elems())
	case value.KindRecord:
		if fields := unwrap(t).Fields; len(fields) == len(v.Elems()) {
			return appendRecord(b, fields, v.Elems())
		}
	}
	return appendArray(b, unwrap(t), v.Elems())
}

// unwrap returns the type of what is there when a t is not nil.
func unwrap(t plan.Type) plan.Type {
	for t.Kind == plan.KindMaybe || t.IsLattice() && t.Reading().Kind == plan.KindMaybe {
		t = t.Element()
	}
	return t
}

// appendFloat writes the shortest digits that read back as f, with an exponent
// only where ECMAScript has one.
func appendFloat(b []byte, f float64) []byte {
	if math.IsInf(f, 0) {
		return append(strconv.AppendInt(b, int64(math.Copysign(1, f)), 10), "e999"...)
	}
	if size := math.Abs(f); size != 0 && (size < 1e-6 || size >= 1e21) {
		return strconv.AppendFloat(b, f, 'e', -1, 64)
	}
	return strconv.AppendFloat(b, f, 'f', -1, 64)
}

func appendArray(b []byte, t plan.Type, elems []value.Value) []byte {
	b = append(b, '[')
	for i, e := range elems {
		if i > 0 {
			b = append(b, ',')
		}
		b = Append(b, elementType(t, i), e)
	}
	return append(b, ']')
}

// elementType returns the type of element i of an array that is a t.
func elementType(t plan.Type, i int) plan.Type {
	switch {
	case t.Kind != plan.KindTuple:
		return t.Element()
	case i < len(t.Args):
		return t.Args[i]
	}
	return plan.Any
}

func appendRecord(b []byte, fields []plan.Field, elems []value.Value) []byte {
	b = append(b, '{')
	for i, f := range fields {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(AppendString(b, f.Name), ':')
		b = Append(b, f.Type, elems[i])
	}
	return append(b, '}')
}

func appendObject(b []byte, pairs []value.Value) []byte {
	b = append(b, '{')
	for i := 0; i+1 < len(pairs); i += 2 {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(AppendString(b, pairs[i].AsString()), ':')
		b = Append(b, plan.Any, pairs[i+1])
	}
	return append(b, '}')
}

// AppendString appends s as a JSON string. What is not UTF-8 becomes U+FFFD.
func AppendString(b []byte, s string) []byte {
	b = append(b, '"')
	for _, r := range s {
		switch {
		case r == '"', r == '\\':
			b = append(b, '\\', byte(r))
		case r == '\n':
			b = append(b, `\n`...)
		case r == '\t':
			b = append(b, `\t`...)
		case r < ' ':
			b = append(b, `\u00`...)
			b = append(b, "0123456789abcdef"[r>>4], "0123456789abcdef"[r&15])
		default:
			b = utf8.AppendRune(b, r)
		}
	}
	return append(b, '"')
}
