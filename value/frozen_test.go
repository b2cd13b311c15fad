package value

import (
	"testing"

	"github.com/martinelli-lang/martinelli/wire/wiretest"
)

func TestFrozen(t *testing.T) {
	v := List(Nil, Bool(true), Bool(false), Int(0), Int(-1), Int(300), Int(-1<<63), Int(1<<63-1),
		Float(0), Float(-1.5), Float(1e300), String(""), String("a\x00é"), Symbol("sold_out"),
		Tuple(Int(1), String("x")), Record(Int(2)), Object(String("name"), String("lake")), List())
	wiretest.Frozen(t, "value", v,
		func(v Value) []byte { return Append(nil, v) },
		func(b []byte) (Value, error) { return DecodeAll(string(b)) })
	path := []Value{String("lake"), Int(7), Symbol("north")}
	wiretest.Frozen(t, "value.path", path,
		func(path []Value) []byte { return AppendPath(nil, path...) },
		func(b []byte) ([]Value, error) { return DecodePath(string(b)) })
}
