package value

import (
	"errors"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestPairsAreTuplesOfTwo(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := genValue(2).Draw(t, "a"), genValue(2).Draw(t, "b")
		pair := EncodePair(Encode(a), Encode(b))
		if pair != Encode(Tuple(a, b)) {
			t.Fatalf("%x is not the tuple's encoding", pair)
		}
		first, second, ok := CutPair(pair)
		if !ok || first != Encode(a) || second != Encode(b) {
			t.Fatalf("%x was cut to %x and %x, %v", pair, first, second, ok)
		}
	})
	for _, v := range []Value{Nil, Tuple(), Tuple(Int(1)), Tuple(Int(1), Int(2), Int(3)), List(Int(1), Int(2)), String("\x00")} {
		if _, _, ok := CutPair(Encode(v)); ok {
			t.Errorf("%+v was cut in two", v)
		}
	}
}

func TestCutTakesOneEncodingOff(t *testing.T) {
	path := string(AppendPath(nil, String("a"), Tuple(Int(1)), Nil))
	first, rest, err := Cut(path)
	if err != nil || first != Encode(String("a")) || first+rest != path {
		t.Errorf("%x, %x, %v", first, rest, err)
	}
	if _, _, err := Cut(""); !errors.Is(err, ErrTruncated) {
		t.Errorf("of nothing: %v", err)
	}
}

func TestPathsAreChecked(t *testing.T) {
	for _, c := range []struct {
		path string
		want error
	}{
		{"", nil},
		{string(AppendPath(nil, Int(1), List(Int(2)))), nil},
		{Encode(List(List(Nil))), ErrDepth},
		{Encode(String(strings.Repeat("x", SizeMax))), ErrSize},
		{Encode(Int(1)) + "\x00", ErrMalformed},
	} {
		if err := CheckPath(c.path, 2); !errors.Is(err, c.want) {
			t.Errorf("%.20x: %v, want %v", c.path, err, c.want)
		}
	}
}
