package value

import (
	"bytes"
	"errors"
	"math"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

var genText = rapid.OneOf(
	rapid.String(),
	rapid.StringOfN(rapid.RuneFrom([]rune{0, 1, 2, 'a', 'é'}), 0, 4, -1),
)

var genInt = rapid.OneOf(
	rapid.Int64(),
	rapid.Int64Range(-300, 300),
	rapid.SampledFrom([]int64{math.MinInt64, math.MaxInt64, 1<<16 - 1, 1 << 16, -1 << 16, -1<<16 + 1, 1<<56 - 1, 1 << 56}),
)

var genFloat = rapid.OneOf(
	rapid.Float64(),
	rapid.SampledFrom([]float64{0, math.Copysign(0, -1), math.NaN(), math.Inf(1), math.Inf(-1), math.SmallestNonzeroFloat64, -math.MaxFloat64}),
)

// genValue draws values, small ones often, so that equal ones meet.
func genValue(depth int) *rapid.Generator[Value] {
	return rapid.Custom(func(t *rapid.T) Value {
		kindMax := int(KindSymbol)
		if depth > 0 {
			kindMax = int(KindObject)
		}
		kind := Kind(rapid.IntRange(0, kindMax).Draw(t, "kind"))
		switch kind {
		case KindNil:
			return Nil
		case KindBool:
			return Bool(rapid.Bool().Draw(t, "bool"))
		case KindInt:
			return Int(genInt.Draw(t, "int"))
		case KindFloat:
			return Float(genFloat.Draw(t, "float"))
		case KindString:
			return String(genText.Draw(t, "string"))
		case KindSymbol:
			return Symbol(genText.Draw(t, "symbol"))
		case KindObject:
			return genObject(t, depth-1)
		}
		elems := rapid.SliceOfN(genValue(depth-1), 0, 3).Draw(t, "elems")
		return map[Kind]func(...Value) Value{KindList: List, KindTuple: Tuple, KindRecord: Record}[kind](elems...)
	})
}

func genObject(t *rapid.T, depth int) Value {
	names := rapid.SliceOfNDistinct(genText, 0, 3, rapid.ID[string]).Draw(t, "names")
	slices.Sort(names)
	var pairs []Value
	for _, name := range names {
		pairs = append(pairs, String(name), genValue(depth).Draw(t, "value"))
	}
	return Object(pairs...)
}

func sign(n int) int { return min(1, max(-1, n)) }

func TestOrderOfValuesIsOrderOfBytes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := genValue(3).Draw(t, "a"), genValue(3).Draw(t, "b")
		ea, eb := Encode(a), Encode(b)
		if got, want := sign(Compare(a, b)), strings.Compare(ea, eb); got != want {
			t.Fatalf("compare %d, bytes %d\n%x\n%x", got, want, ea, eb)
		}
		if Equal(a, b) != (ea == eb) {
			t.Fatalf("equal is %v\n%x\n%x", Equal(a, b), ea, eb)
		}
		if a.Kind() != b.Kind() && (a.Kind() < b.Kind()) != (ea < eb) {
			t.Fatal("values of different kinds are not in the order of kinds")
		}
		if ea != eb && (strings.HasPrefix(ea, eb) || strings.HasPrefix(eb, ea)) {
			t.Fatalf("one encoding begins another\n%x\n%x", ea, eb)
		}
	})
}

func TestNumbersOrderAsNumbers(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := genInt.Draw(t, "a"), genInt.Draw(t, "b")
		if (a < b) != (Encode(Int(a)) < Encode(Int(b))) {
			t.Fatalf("%d %x, %d %x", a, Encode(Int(a)), b, Encode(Int(b)))
		}
		x, y := Float(genFloat.Draw(t, "x")), Float(genFloat.Draw(t, "y"))
		if (x.AsFloat() < y.AsFloat()) != (Encode(x) < Encode(y)) {
			t.Fatalf("%g %x, %g %x", x.AsFloat(), Encode(x), y.AsFloat(), Encode(y))
		}
	})
}

func TestEncodingComesBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v := genValue(4).Draw(t, "v")
		b, tail := Append(nil, v), rapid.SliceOf(rapid.Byte()).Draw(t, "tail")
		got, rest, err := Decode(append(slices.Clip(b), tail...))
		if err != nil || !Equal(got, v) || !bytes.Equal(rest, tail) {
			t.Fatalf("%x: %v, rest %x, want %x", b, err, rest, tail)
		}
		if all, err := DecodeAll(string(b)); err != nil || !Equal(all, v) {
			t.Fatal(err)
		}
		if s, err := EncodeBounded(v); err != nil || s != string(b) || !Valid(s) {
			t.Fatal(err)
		}
		cut := rapid.IntRange(0, len(b)-1).Draw(t, "cut")
		if _, _, err := Decode(b[:cut]); !errors.Is(err, ErrTruncated) {
			t.Fatalf("%x cut to %d: %v", b, cut, err)
		}
	})
}

func TestPathsComeBackAndKeepTheirOrder(t *testing.T) {
	gen := rapid.SliceOfN(genValue(1), 0, 3)
	rapid.Check(t, func(t *rapid.T) {
		a, b := gen.Draw(t, "a"), gen.Draw(t, "b")
		pa, pb := AppendPath(nil, a...), AppendPath(nil, b...)
		if back, err := DecodePath(string(pa)); err != nil || !slices.EqualFunc(back, a, Equal) {
			t.Fatalf("%x: %v", pa, err)
		}
		if got, want := bytes.Compare(pa, pb), sign(slices.CompareFunc(a, b, Compare)); got != want {
			t.Fatalf("bytes %d, values %d\n%x\n%x", got, want, pa, pb)
		}
	})
}

func TestSizes(t *testing.T) {
	for _, c := range []struct {
		v    Value
		size int
	}{
		{Nil, 1}, {Bool(true), 1}, {Int(0), 1}, {Int(-255), 2}, {Int(256), 3}, {Int(math.MinInt64), 9},
		{Float(1.5), 9}, {String("ad-17"), 7}, {Tuple(Int(1), Int(2)), 6},
	} {
		if got := len(Encode(c.v)); got != c.size {
			t.Errorf("%x has %d bytes, want %d", Encode(c.v), got, c.size)
		}
	}
}

func nest(n int) Value {
	v := Int(1)
	for range n - 1 {
		v = List(v)
	}
	return v
}

func TestLimits(t *testing.T) {
	full := String(strings.Repeat("x", SizeMax-2))
	if s, err := EncodeBounded(full); err != nil || !Valid(s) {
		t.Error("a value of exactly 64 KiB is refused:", err)
	}
	if s, err := EncodeBounded(nest(DepthMax)); err != nil || !Valid(s) {
		t.Error("32 levels are refused:", err)
	}
	for _, c := range []struct {
		what string
		v    Value
		want error
	}{
		{"a byte too many", String(strings.Repeat("x", SizeMax-1)), ErrSize},
		{"a level too many", nest(DepthMax + 1), ErrDepth},
		{"no UTF-8", List(String("\xff")), ErrText},
		{"names that descend", Object(String("b"), Nil, String("a"), Nil), ErrObject},
		{"a name twice", Object(String("a"), Nil, String("a"), Nil), ErrObject},
		{"a name that is no string", Object(Int(1), Nil), ErrObject},
		{"a name without a value", Object(String("a")), ErrObject},
	} {
		if _, err := EncodeBounded(c.v); !errors.Is(err, c.want) {
			t.Errorf("encoding %s: %v, want %v", c.what, err, c.want)
		}
		if _, err := DecodeAll(Encode(c.v)); !errors.Is(err, c.want) {
			t.Errorf("decoding %s: %v, want %v", c.what, err, c.want)
		}
	}
}

func TestMalformedBytes(t *testing.T) {
	for _, c := range []struct {
		what, bytes string
		want        error
	}{
		{"nothing", "", ErrTruncated},
		{"no tag", "\x00", ErrMalformed},
		{"an unknown tag", "\x28", ErrMalformed},
		{"an int with a leading zero", "\x1a\x00\x01", ErrMalformed},
		{"a negative int with a leading zero", "\x16\xff\xfe", ErrMalformed},
		{"an int over 64 bits", "\x20\x80\x00\x00\x00\x00\x00\x00\x00", ErrMalformed},
		{"an int under 64 bits", "\x10\x7f\xff\xff\xff\xff\xff\xff\xfe", ErrMalformed},
		{"-0.0", "\x21\x7f\xff\xff\xff\xff\xff\xff\xff", ErrMalformed},
		{"NaN", "\x21\xff\xf8\x00\x00\x00\x00\x00\x01", ErrMalformed},
		{"an escape of nothing", "\x22\x01\x03\x00", ErrMalformed},
		{"half an escape", "\x22\x01", ErrTruncated},
		{"more behind it", "\x01\x01", ErrTrailing},
	} {
		if _, err := DecodeAll(c.bytes); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", c.what, err, c.want)
		}
	}
}

func TestNaNAndNegativeZeroBecomeZero(t *testing.T) {
	for _, f := range []float64{math.NaN(), math.Copysign(0, -1)} {
		if got := Float(f).AsFloat(); got != 0 || math.Signbit(got) {
			t.Errorf("Float(%g) is %g", f, got)
		}
	}
}

func TestAccessorsOfOtherKindsAreZero(t *testing.T) {
	if Int(3).AsBool() || Bool(true).AsInt() != 0 || Int(3).AsFloat() != 0 || Int(3).AsString() != "" || !Nil.IsNil() || Int(3).Elems() != nil {
		t.Error("a value reads as another kind")
	}
	if Tuple(Int(1), Int(2)).Field(1).AsInt() != 2 {
		t.Error("field 1 of (1, 2) is not 2")
	}
}

func FuzzDecode(f *testing.F) {
	for _, v := range []Value{Nil, Int(-70000), Float(2.5), String("ab"), String("a\x00b\x01"), String("\xff"), nest(5), Object(String("a"), Symbol("b"))} {
		f.Add(Append(nil, v))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		v, rest, err := Decode(b)
		_, after, cutErr := Cut(string(b))
		if cutErr != err || err == nil && after != string(rest) || Valid(string(b)) != (err == nil && len(rest) == 0) {
			t.Fatalf("%x decodes with %v, is cut with %v, and leaves %x and %x", b, err, cutErr, rest, after)
		}
		if err != nil {
			return
		}
		if again := Append(nil, v); !bytes.Equal(again, b[:len(b)-len(rest)]) {
			t.Fatalf("%x decodes, but encodes as %x", b, again)
		}
	})
}

func BenchmarkEncode(b *testing.B) {
	v := Tuple(String("ad-17"), Int(50000))
	b.ReportAllocs()
	for b.Loop() {
		Encode(v)
	}
}

func BenchmarkDecode(b *testing.B) {
	s := Encode(Tuple(String("ad-17"), Int(50000)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := DecodeAll(s); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkDecodeInt(b *testing.B) {
	s := Encode(Int(50000))
	for b.Loop() {
		if _, err := DecodeAll(s); err != nil {
			b.Fatal(err)
		}
	}
}
