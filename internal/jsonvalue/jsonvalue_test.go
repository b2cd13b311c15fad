package jsonvalue

import (
	"encoding/json"
	"math"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/martinelli-lang/martinelli/plan"
	"github.com/martinelli-lang/martinelli/value"
)

func listOf(t plan.Type) plan.Type { return plan.Type{Kind: plan.KindList, Args: []plan.Type{t}} }

func record(fields ...plan.Field) plan.Type { return plan.Type{Kind: plan.KindRecord, Fields: fields} }

func params(namesAndTypes ...any) []plan.Param {
	var ps []plan.Param
	for i := 0; i < len(namesAndTypes); i += 2 {
		ps = append(ps, plan.Param{Name: namesAndTypes[i].(string), Type: namesAndTypes[i+1].(plan.Type)})
	}
	return ps
}

var order = params(
	"id", plan.ID,
	"count", plan.Nat,
	"note", plan.Maybe(plan.String),
	"tags", listOf(plan.Symbol),
	"where", record(plan.Field{Name: "lat", Type: plan.Float}, plan.Field{Name: "lon", Type: plan.Float}),
	"pair", plan.TupleOf(plan.Int, plan.Bool),
	"more", plan.Any,
)

const orderBody = `{"count": 3, "id":"o1", "tags":["red","big"], "where":{"lon":-8.5,"lat":41},
	"pair":[-7,true], "more":{"b":[1,2.5,null],"a":"\u00e9\ud83d\ude00\n"}}`

func TestArgsInTheOrderOfTheParameters(t *testing.T) {
	got, err := Args(order, []byte(orderBody))
	if err != nil {
		t.Fatal(err)
	}
	want := []value.Value{
		value.String("o1"), value.Int(3), value.Nil,
		value.List(value.Symbol("red"), value.Symbol("big")),
		value.Record(value.Float(41), value.Float(-8.5)),
		value.Tuple(value.Int(-7), value.Bool(true)),
		value.Object(value.String("a"), value.String("é😀\n"), value.String("b"), value.List(value.Int(1), value.Float(2.5), value.Nil)),
	}
	for i := range want {
		if !value.Equal(got[i], want[i]) {
			t.Errorf("%s: got %+v, want %+v", order[i].Name, got[i], want[i])
		}
	}
}

func TestErrorsNameTheMember(t *testing.T) {
	ad := params("ad_id", plan.ID, "n", plan.Maybe(plan.Nat))
	deep := params("a", listOf(record(plan.Field{Name: "b", Type: plan.TupleOf(plan.Int, plan.Int)})), "x", plan.Any)
	for _, c := range []struct {
		params     []plan.Param
		body, want string
	}{
		{ad, `{}`, `member "ad_id": missing; expected id`},
		{ad, `{"ad_id":17}`, `member "ad_id": expected id, found the number 17`},
		{ad, `{"ad_id":null}`, `member "ad_id": expected id, found null`},
		{ad, `{"ad_id":{}}`, `member "ad_id": expected id, found an object`},
		{ad, `{"ad":"x"}`, `member "ad": unknown; expected "ad_id", "n"`},
		{ad, `{"ad_id":"x","ad_id":"y"}`, `member "ad_id": given twice`},
		{ad, `{"ad_id":"x","n":-1}`, `member "n": expected nat (0 to 2147483647), found the number -1`},
		{ad, `{"ad_id":"x","n":2147483648}`, `member "n": expected nat (0 to 2147483647), found the number 2147483648`},
		{ad, `{"ad_id":"x","n":1.0}`, `member "n": expected nat (0 to 2147483647), found the number 1.0`},
		{ad, `{"ad_id":"x","n":"1"}`, `member "n": expected nat (0 to 2147483647), found the string "1"`},
		{ad, `{"ad_id":"x","n":01}`, `member "n": no JSON at byte 17: expected a number, found the number 01`},
		{ad, `{"ad_id":"x"`, `no JSON at byte 12: expected "," or "}", found the end`},
		{ad, `{"ad_id" "x"}`, `no JSON at byte 9: expected ":" behind a member's name, found the string "x"`},
		{ad, `{"ad_id":"x",}`, `no JSON at byte 13: expected a member's name in quotes, found '}'`},
		{ad, `{ad_id:"x"}`, `no JSON at byte 1: expected a member's name in quotes, found ad`},
		{ad, `{"ad_id":"x`, `member "ad_id": a string has no closing quote`},
		{ad, "{\"ad_id\":\"\x01\"}", `member "ad_id": a string holds a control character; write it as an escape`},
		{ad, "{\"ad_id\":\"\xff\"}", `member "ad_id": the string is not UTF-8`},
		{ad, `{"ad_id":"\q"}`, `member "ad_id": no JSON at byte 10: expected an escape as \n or \u00e9, found '\\'`},
		{ad, `{"ad_id":"x"} x`, `expected nothing more, found x`},
		{ad, `[1]`, `expected an object with the arguments, found an array`},
		{ad, ``, `expected an object with the arguments, found the end`},
		{nil, `{"a":1}`, `member "a": unknown; expected no members`},
		{deep, `{"a":[{"b":[1,2]},{"b":[1,"é"]}],"x":1}`, `member "a[1].b[1]": expected int, found the string "é"`},
		{deep, `{"a":[{"b":[1]}],"x":1}`, `member "a[0].b": expected (int, int), found an array of 1`},
		{deep, `{"a":[{"b":[1,2,3]}],"x":1}`, `member "a[0].b[2]": one element too many for (int, int)`},
		{deep, `{"a":[{}],"x":1}`, `member "a[0].b": missing; expected (int, int)`},
		{deep, `{"a":[],"x":{"q":1,"q":2}}`, `member "x.q": given twice`},
		{deep, `{"a":[],"x":tru}`, `member "x": expected a JSON value, found tru`},
		{deep, `{"a":[1 2]}`, `member "a[0]": expected { b: (int, int) }, found the number 1`},
		{deep, `{"a":[],"x":[1 2]}`, `member "x": no JSON at byte 15: expected "," or "]", found the number 2`},
	} {
		_, err := Args(c.params, []byte(c.body))
		if err == nil || err.Error() != c.want {
			t.Errorf("%s\n got %v\nwant %s", c.body, err, c.want)
		}
	}
}

func TestLimits(t *testing.T) {
	long := `"` + strings.Repeat("x", BodyMax-2) + `"`
	if _, err := Decode(plan.String, []byte(long)); err != nil {
		t.Error(err)
	}
	if _, err := Decode(plan.String, []byte(long+" ")); err == nil || err.Error() != "the text has 65537 bytes; at most 65536 are read" {
		t.Error(err)
	}
	nested := func(n int) []byte { return []byte(strings.Repeat("[", n) + "0" + strings.Repeat("]", n)) }
	v, err := Decode(plan.Any, nested(31))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := value.EncodeBounded(v); err != nil {
		t.Error(err)
	}
	if _, err := Decode(plan.Any, nested(32)); err == nil || !strings.HasSuffix(err.Error(), "more than 31 arrays and objects inside one another") {
		t.Error(err)
	}
	if _, err := Decode(plan.Any, []byte(strings.Repeat("[", BodyMax))); err == nil {
		t.Error("64 KiB of open brackets were read")
	}
}

func TestNumbers(t *testing.T) {
	for _, c := range []struct {
		t    plan.Type
		text string
		want value.Value
	}{
		{plan.Int, "-9223372036854775808", value.Int(math.MinInt64)},
		{plan.Int, "9223372036854775807", value.Int(math.MaxInt64)},
		{plan.Int, "-0", value.Int(0)},
		{plan.Float, "-0", value.Float(0)},
		{plan.Float, "1e999", value.Float(math.Inf(1))},
		{plan.Float, "12", value.Float(12)},
		{plan.Any, "9223372036854775808", value.Float(1 << 63)},
		{plan.Any, "1e2", value.Float(100)},
		{plan.Any, "100", value.Int(100)},
		{plan.Time, "1700000000000", value.Int(1_700_000_000_000)},
	} {
		if got, err := Decode(c.t, []byte(c.text)); err != nil || !value.Equal(got, c.want) {
			t.Errorf("%s %s: got %+v, %v", c.t.Label(), c.text, got, err)
		}
	}
	for _, text := range []string{"9223372036854775808", "-9223372036854775809", "1e2", "1.5", "0x1", "+1", "--1", "1-", ".5", "5.", "1e", "1e+", ""} {
		if _, err := Decode(plan.Int, []byte(text)); err == nil {
			t.Errorf("int %s was read", text)
		}
	}
}

func TestAppend(t *testing.T) {
	point := record(plan.Field{Name: "x", Type: plan.Int}, plan.Field{Name: "y", Type: plan.Maybe(plan.Symbol)})
	p := value.Record(value.Int(1), value.Symbol("up"))
	for _, c := range []struct {
		t    plan.Type
		v    value.Value
		want string
	}{
		{point, p, `{"x":1,"y":"up"}`},
		{plan.SetOf(point), value.List(p), `[{"x":1,"y":"up"}]`},
		{plan.Type{Kind: plan.KindLWW, Args: []plan.Type{point}}, p, `{"x":1,"y":"up"}`},
		{plan.Type{Kind: plan.KindMin, Args: []plan.Type{point}}, p, `{"x":1,"y":"up"}`},
		{plan.TupleOf(plan.Int, plan.Maybe(point)), value.Tuple(value.Int(2), p), `[2,{"x":1,"y":"up"}]`},
		{plan.Any, p, `[1,"up"]`},
		{plan.Type{Kind: plan.KindORSet, Args: []plan.Type{plan.Int}}, value.List(), `[]`},
		{plan.Type{Kind: plan.KindCounter}, value.Int(-3), `-3`},
		{plan.Any, value.Object(value.String("a"), value.Nil, value.String("b"), value.Bool(true)), `{"a":null,"b":true}`},
		{plan.Float, value.Float(0.1), `0.1`},
		{plan.Float, value.Float(1e21), `1e+21`},
		{plan.Float, value.Float(-1e-7), `-1e-07`},
		{plan.Float, value.Float(2), `2`},
		{plan.Float, value.Float(math.Inf(-1)), `-1e999`},
		{plan.String, value.String("\"\\\n\t\x00\x1f\u2028é"), "\"\\\"\\\\\\n\\t\\u0000\\u001f\u2028é\""},
	} {
		if got := string(Append(nil, c.t, c.v)); got != c.want {
			t.Errorf("%s: got %s, want %s", c.t.Label(), got, c.want)
		}
	}
}

// genType draws a type that JSON tells apart, and with it a generator of its values.
func genType(depth int) *rapid.Generator[plan.Type] {
	return rapid.Custom(func(t *rapid.T) plan.Type {
		kinds := []plan.Kind{plan.KindBool, plan.KindInt, plan.KindNat, plan.KindFloat, plan.KindString, plan.KindSymbol, plan.KindID, plan.KindTime}
		if depth > 0 {
			kinds = append(kinds, plan.KindList, plan.KindTuple, plan.KindRecord, plan.KindMaybe, plan.KindSet)
		}
		kind := rapid.SampledFrom(kinds).Draw(t, "kind")
		switch kind {
		case plan.KindList, plan.KindSet:
			return plan.Type{Kind: kind, Args: []plan.Type{genType(depth-1).Draw(t, "element")}}
		case plan.KindMaybe:
			return plan.Maybe(genType(depth-1).Draw(t, "of"))
		case plan.KindTuple:
			return plan.TupleOf(rapid.SliceOfN(genType(depth-1), 0, 3).Draw(t, "parts")...)
		case plan.KindRecord:
			r := plan.Type{Kind: kind}
			for i := range rapid.IntRange(0, 3).Draw(t, "fields") {
				r.Fields = append(r.Fields, plan.Field{Name: string(rune('a' + i)), Type: genType(depth-1).Draw(t, "field")})
			}
			return r
		}
		return plan.Type{Kind: kind}
	})
}

func genValue(t *rapid.T, of plan.Type) value.Value {
	switch of.Kind {
	case plan.KindBool:
		return value.Bool(rapid.Bool().Draw(t, "bool"))
	case plan.KindInt, plan.KindTime:
		return value.Int(rapid.Int64().Draw(t, "int"))
	case plan.KindNat:
		return value.Int(int64(rapid.Int32Range(0, math.MaxInt32).Draw(t, "nat")))
	case plan.KindFloat:
		return value.Float(rapid.Float64().Draw(t, "float"))
	case plan.KindString, plan.KindID:
		return value.String(rapid.String().Draw(t, "string"))
	case plan.KindSymbol:
		return value.Symbol(rapid.String().Draw(t, "symbol"))
	case plan.KindMaybe:
		if rapid.Bool().Draw(t, "nil") {
			return value.Nil
		}
		return genValue(t, of.Element())
	case plan.KindTuple, plan.KindRecord:
		var parts []value.Value
		for _, part := range of.Args {
			parts = append(parts, genValue(t, part))
		}
		for _, f := range of.Fields {
			parts = append(parts, genValue(t, f.Type))
		}
		if of.Kind == plan.KindTuple {
			return value.Tuple(parts...)
		}
		return value.Record(parts...)
	}
	var elems []value.Value
	for range rapid.IntRange(0, 3).Draw(t, "length") {
		elems = append(elems, genValue(t, of.Element()))
	}
	return value.List(elems...)
}

func TestRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		of := genType(3).Draw(t, "type")
		v := genValue(t, of)
		text := Append(nil, of, v)
		if !json.Valid(text) {
			t.Fatalf("%s is no JSON", text)
		}
		back, err := Decode(of, text)
		if err != nil || !value.Equal(back, v) {
			t.Fatalf("%s as %s: %+v, %v", text, of.Label(), back, err)
		}
	})
}

// FuzzDecode compares the scanner with encoding/json: what it reads is JSON
// that means the same, and what it refuses is no JSON or against our rules.
func FuzzDecode(f *testing.F) {
	for _, s := range []string{orderBody, `[]`, `"\ud800"`, `1e999`, `-0.0`, `{"a":{"a":1}}`, ` [1 , 2] `, `{"":[[[]]]}`, `tru`, "\"\xff\"", `{"a":1,"a":2}`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		v, err := Decode(plan.Any, text)
		if err != nil {
			return
		}
		var theirs any
		if err := json.Unmarshal(text, &theirs); err != nil && !json.Valid(text) {
			t.Fatalf("we read %q, encoding/json does not: %v", text, err)
		}
		if s, ok := theirs.(string); ok && s != v.AsString() {
			t.Fatalf("we read %q, encoding/json %q", v.AsString(), s)
		}
		again, err := Decode(plan.Any, Append(nil, plan.Any, v))
		if err != nil && len(text) < BodyMax/6 {
			t.Fatalf("%q is not read again: %v", text, err)
		}
		if first, second := Append(nil, plan.Any, v), Append(nil, plan.Any, again); err == nil && string(first) != string(second) {
			t.Fatalf("%s became %s", first, second)
		}
	})
}

// FuzzArgs looks for panics and for arguments that do not have their types.
func FuzzArgs(f *testing.F) {
	f.Add([]byte(orderBody))
	f.Add([]byte(`{"id":"x"}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		args, err := Args(order, body)
		if err == nil && (!json.Valid(body) || len(args) != len(order) || args[0].Kind() != value.KindString || args[1].AsInt() < 0) {
			t.Fatalf("%q gave %+v", body, args)
		}
	})
}

func BenchmarkArgs(b *testing.B) {
	ad := params("ad_id", plan.ID)
	body := []byte(`{"ad_id":"ad-17"}`)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Args(ad, body); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkArgsOrder(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Args(order, []byte(orderBody)); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkAppend(b *testing.B) {
	args, _ := Args(order, []byte(orderBody))
	var buf []byte
	b.ReportAllocs()
	for b.Loop() {
		buf = Append(buf[:0], plan.Any, args[6])
	}
}
