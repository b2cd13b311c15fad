package jsonvalue

import (
	"github.com/martinelli-lang/martinelli/flow"
	"github.com/martinelli-lang/martinelli/plan"
	"github.com/martinelli-lang/martinelli/value"
)

// AppendReading appends what was read as one JSON value: a database with
// dimensions as an object from key to value, in the order of the keys; a
// collection as an array in the order of its elements; a scalar as itself.
//
// A key of one dimension is its text, so that a person can type it; one of
// several is the JSON array of its values.
func AppendReading(b []byte, r flow.Reading) []byte {
	if !r.Keyed {
		return Append(b, r.Type, r.Value)
	}
	b = append(b, '{')
	for i, p := range r.Pairs {
		if i > 0 {
			b = append(b, ',')
		}
		b = AppendString(b, keyText(p.Key))
		b = append(b, ':')
		b = Append(b, r.Type, p.Value)
	}
	return append(b, '}')
}

// AppendChange appends what came or went of a shown value as a JSON array: t is
// the value's type, and the list are elements of it where it is a collection.
func AppendChange(b []byte, t plan.Type, list []value.Value) []byte {
	if t.Kind == plan.KindSet {
		t = t.Element()
	}
	b = append(b, '[')
	for i, v := range list {
		if i > 0 {
			b = append(b, ',')
		}
		b = Append(b, t, v)
	}
	return append(b, ']')
}

// keyText writes a key as the name of an object's member.
func keyText(key []value.Value) string {
	if len(key) == 1 {
		if k := key[0].Kind(); k == value.KindString || k == value.KindSymbol {
			return key[0].AsString()
		}
		return string(Append(nil, plan.Any, key[0]))
	}
	return string(Append(nil, plan.Any, value.List(key...)))
}
