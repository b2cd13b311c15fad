package plan

import (
	"testing"

	"github.com/martinelli-lang/martinelli/value"
)

func TestTypesTakeTheirValues(t *testing.T) {
	pair := Type{Kind: KindTuple, Args: []Type{ID, Nat}}
	for _, c := range []struct {
		t    Type
		v    value.Value
		want bool
	}{
		{Nat, value.Int(0), true},
		{Nat, value.Int(1<<31 - 1), true},
		{Nat, value.Int(1 << 31), false},
		{Nat, value.Int(-1), false},
		{Int, value.Int(-1), true},
		{Int, value.Float(1), false},
		{ID, value.String("a"), true},
		{ID, value.Symbol("a"), false},
		{Maybe(ID), value.Nil, true},
		{ID, value.Nil, false},
		{Any, value.Nil, true},
		{pair, value.Tuple(value.String("a"), value.Int(1)), true},
		{pair, value.Tuple(value.String("a")), false},
		{pair, value.Tuple(value.String("a"), value.Int(-1)), false},
		{SetOf(pair), value.List(value.Tuple(value.String("a"), value.Int(1))), true},
		{SetOf(pair), value.List(value.Int(1)), false},
	} {
		if got := c.t.Takes(c.v); got != c.want {
			t.Errorf("%s takes %q: %v", c.t.Label(), value.Encode(c.v), got)
		}
	}
}
