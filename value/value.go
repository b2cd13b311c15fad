package value

import "math"

// Kind says what a Value is. The order of kinds is the order of values of
// different kinds.
type Kind uint8

const (
	KindNil    Kind = iota // an unset register
	KindBool               // true and false
	KindInt                // int, nat and time: 64 bits, wraps
	KindFloat              // never NaN
	KindString             // UTF-8: string and id
	KindSymbol             // a name of the program, as :sold_out
	KindList               // a plain list
	KindTuple              // what product, join and a map's (key, value) give
	KindRecord             // the values of a record's fields, in the order of their names
	KindObject             // a record whose fields are not known before it comes: (name, value) pairs by name
)

// Value is one plain value. Values are immutable: nobody changes the slice
// that Elems returns. The zero Value is nil.
type Value struct {
	kind  Kind
	num   int64   // Bool 0 or 1, Int, Float's bits
	str   string  // String, Symbol
	elems []Value // List, Tuple, Record; Object: String name, value, String name, value ...
}

// Nil is the value of an unset register.
var Nil = Value{}

// Bool returns the value of b.
func Bool(b bool) Value {
	if b {
		return Value{kind: KindBool, num: 1}
	}
	return Value{kind: KindBool}
}

// Int returns the value of n.
func Int(n int64) Value { return Value{kind: KindInt, num: n} }

// Float returns the value of f. NaN becomes 0.0 and -0.0 becomes 0.0, so that
// equal values have equal bytes.
func Float(f float64) Value {
	if f != f || f == 0 {
		f = 0
	}
	return Value{kind: KindFloat, num: int64(math.Float64bits(f))}
}

// String returns the value of s, which must be valid UTF-8.
func String(s string) Value { return Value{kind: KindString, str: s} }

// Symbol returns the value of the name s, written without its colon.
func Symbol(s string) Value { return Value{kind: KindSymbol, str: s} }

// List returns a list of elems, which it keeps.
func List(elems ...Value) Value { return Value{kind: KindList, elems: elems} }

// Tuple returns a tuple of elems, which it keeps.
func Tuple(elems ...Value) Value { return Value{kind: KindTuple, elems: elems} }

// Record returns a record of its fields' values in the order of the fields' names. It keeps them.
func Record(fields ...Value) Value { return Value{kind: KindRecord, elems: fields} }

// Object returns a record that carries its names: pairs alternates names (as
// String values, ascending, each once) and values. It keeps them.
func Object(pairs ...Value) Value { return Value{kind: KindObject, elems: pairs} }

// Kind returns what v is.
func (v Value) Kind() Kind { return v.kind }

// IsNil reports whether v is nil.
func (v Value) IsNil() bool { return v.kind == KindNil }

// AsBool returns the bool v holds; false for other kinds.
func (v Value) AsBool() bool { return v.kind == KindBool && v.num != 0 }

// AsInt returns the int v holds; 0 for other kinds.
func (v Value) AsInt() int64 {
	if v.kind != KindInt {
		return 0
	}
	return v.num
}

// AsFloat returns the float v holds; 0 for other kinds.
func (v Value) AsFloat() float64 {
	if v.kind != KindFloat {
		return 0
	}
	return math.Float64frombits(uint64(v.num))
}

// AsString returns the text of a string or symbol; "" for other kinds.
func (v Value) AsString() string { return v.str }

// Elems returns the parts of a list, tuple, record or object; nil for other kinds.
func (v Value) Elems() []Value { return v.elems }

// Field returns element i of a tuple or record.
func (v Value) Field(i int) Value { return v.elems[i] }
