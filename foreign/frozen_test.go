package foreign

import (
	"errors"
	"testing"

	"github.com/martinelli-lang/martinelli/value"
	"github.com/martinelli-lang/martinelli/wire/wiretest"
)

// given and gave are what modules that were built long ago read and write.
func TestFrozen(t *testing.T) {
	args := value.Tuple(value.List(value.String("red"), value.String("tree")), value.Int(-3), value.Float(0.5), value.Bool(true), value.Nil)
	wiretest.Frozen(t, "foreign.arguments", args, func(v value.Value) []byte { return arguments(v.Elems()) }, decode)
	gave := func(b []byte) (value.Value, error) { return result("f", b) }
	wiretest.Frozen(t, "foreign.list", value.List(value.String("fruit"), value.Int(7)), func(v value.Value) []byte {
		return value.Append([]byte{tagValue}, v)
	}, gave)
	refused := wiretest.Bytes(t, "foreign.refused", append([]byte{tagError}, "no such colour"...))
	var why *CallError
	if _, err := gave(refused); !errors.As(err, &why) || why.Why != Refused || why.Text != "f: no such colour" {
		t.Errorf("a function that refuses is read as %v", err)
	}
}

func decode(b []byte) (value.Value, error) { return value.DecodeAll(string(b)) }
