package jsonvalue

import (
	"encoding/json"
	"testing"

	"github.com/martinelli-lang/martinelli/flow"
	"github.com/martinelli-lang/martinelli/plan"
	"github.com/martinelli-lang/martinelli/value"
)

func pairs(keysAndValues ...value.Value) []flow.Pair {
	var ps []flow.Pair
	for i := 0; i < len(keysAndValues); i += 2 {
		ps = append(ps, flow.Pair{Key: keysAndValues[i].Elems(), Value: keysAndValues[i+1]})
	}
	return ps
}

func key(parts ...value.Value) value.Value { return value.Tuple(parts...) }

func TestAReadingAsJSON(t *testing.T) {
	wine := record(plan.Field{Name: "id", Type: plan.ID}, plan.Field{Name: "year", Type: plan.Int})
	bottle := value.Record(value.String("w1"), value.Int(2019))
	for _, c := range []struct {
		name    string
		reading flow.Reading
		want    string
	}{
		{"a scalar", flow.Reading{Type: plan.Int, Value: value.Int(-3)}, `-3`},
		{"a switch", flow.Reading{Type: plan.Bool, Value: value.Bool(true)}, `true`},
		{"an unset register", flow.Reading{Type: plan.Maybe(wine), Value: value.Nil}, `null`},
		{"a register", flow.Reading{Type: plan.Maybe(wine), Value: bottle}, `{"id":"w1","year":2019}`},
		{"a collection", flow.Reading{Type: plan.SetOf(plan.String), Value: value.List(value.String("a"), value.String("b"))}, `["a","b"]`},
		{"a collection of records", flow.Reading{Type: plan.SetOf(wine), Value: value.List(bottle)}, `[{"id":"w1","year":2019}]`},
		{"an empty collection", flow.Reading{Type: plan.SetOf(wine), Value: value.List()}, `[]`},
		{"a collection of pairs", flow.Reading{
			Type:  plan.SetOf(plan.TupleOf(plan.ID, wine)),
			Value: value.List(value.Tuple(value.String("ann"), bottle)),
		}, `[["ann",{"id":"w1","year":2019}]]`},
		{"no keys", flow.Reading{Type: plan.Int, Keyed: true}, `{}`},
		{"keys of text", flow.Reading{Type: plan.Int, Keyed: true, Pairs: pairs(
			key(value.String("")), value.Int(1), key(value.String(`a "b"`)), value.Int(2))}, `{"":1,"a \"b\"":2}`},
		{"keys of symbols", flow.Reading{Type: plan.Bool, Keyed: true, Pairs: pairs(key(value.Symbol("red")), value.Bool(true))}, `{"red":true}`},
		{"keys of numbers", flow.Reading{Type: plan.Int, Keyed: true, Pairs: pairs(
			key(value.Int(-1)), value.Int(1), key(value.Int(7)), value.Int(2))}, `{"-1":1,"7":2}`},
		{"keys of records", flow.Reading{Type: plan.Int, Keyed: true, Pairs: pairs(key(bottle), value.Int(1))}, `{"[\"w1\",2019]":1}`},
		{"keys of two dimensions", flow.Reading{Type: plan.Int, Keyed: true, Pairs: pairs(
			key(value.String("ann"), value.Int(1)), value.Int(5), key(value.String("ann"), value.Int(2)), value.Int(6))},
			`{"[\"ann\",1]":5,"[\"ann\",2]":6}`},
		{"collections by key", flow.Reading{Type: plan.SetOf(wine), Keyed: true, Pairs: pairs(
			key(value.String("ann")), value.List(bottle), key(value.String("bob")), value.List())},
			`{"ann":[{"id":"w1","year":2019}],"bob":[]}`},
	} {
		got := AppendReading([]byte("before "), c.reading)
		if string(got) != "before "+c.want {
			t.Errorf("%s:\n got %s\nwant %s", c.name, got[len("before "):], c.want)
		}
		if !json.Valid(got[len("before "):]) {
			t.Errorf("%s: no JSON: %s", c.name, got)
		}
	}
}

// TestChangesNameTheirFields: a record that came or went is an object, in a
// collection, behind a key, and as a scalar.
func TestChangesNameTheirFields(t *testing.T) {
	record := plan.Type{Kind: plan.KindRecord, Fields: []plan.Field{{Name: "n", Type: plan.Int}}}
	one := value.Record(value.Int(1))
	for want, c := range map[string]struct {
		t plan.Type
		v value.Value
	}{
		`[{"n":1}]`:       {plan.SetOf(record), one},
		`[["k",{"n":1}]]`: {plan.SetOf(plan.TupleOf(plan.String, record)), value.Tuple(value.String("k"), one)},
		`[[{"n":1}]]`:     {plan.Maybe(plan.Type{Kind: plan.KindList, Args: []plan.Type{record}}), value.List(one)},
	} {
		if got := string(AppendChange(nil, c.t, []value.Value{c.v})); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}
