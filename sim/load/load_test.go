package load

import (
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/martinelli-lang/martinelli/plan"
	"github.com/martinelli-lang/martinelli/value"
)

var ad = plan.Type{Kind: plan.KindRecord, Name: "Ad", Fields: []plan.Field{{Name: "id", Type: plan.ID}, {Name: "image", Type: plan.String}}}

func listOf(t plan.Type) plan.Type { return plan.Type{Kind: plan.KindList, Args: []plan.Type{t}} }

var program = &plan.Program{
	Roles: []plan.Role{{Name: "server"}, {Name: "client", Ambient: "user_id"}},
	Handlers: []plan.Handler{
		{Event: "load", At: []string{"server"}, Params: []plan.Param{{Name: "batch", Type: listOf(ad)}}},
		{Event: "shown", Params: []plan.Param{{Name: "ad_id", Type: plan.ID}}},
		{Event: "hidden", Params: []plan.Param{{Name: "ad_id", Type: plan.ID}}},
		{Event: "rate", At: []string{"client"}, Params: []plan.Param{{Name: "user_id", Type: plan.ID}, {Name: "stars", Type: plan.Nat}}},
	},
}

// fits reports whether v is a value of type t.
func fitsType(v value.Value, t plan.Type) bool {
	switch t.Kind {
	case plan.KindAny:
		return true
	case plan.KindBool:
		return v.Kind() == value.KindBool
	case plan.KindInt, plan.KindTime:
		return v.Kind() == value.KindInt
	case plan.KindNat:
		return v.Kind() == value.KindInt && v.AsInt() >= 0 && v.AsInt() < 1<<31
	case plan.KindFloat:
		return v.Kind() == value.KindFloat
	case plan.KindString, plan.KindID:
		return v.Kind() == value.KindString
	case plan.KindSymbol:
		return v.Kind() == value.KindSymbol
	case plan.KindMaybe:
		return v.IsNil() || fitsType(v, t.Element())
	case plan.KindList:
		for _, e := range v.Elems() {
			if !fitsType(e, t.Element()) {
				return false
			}
		}
		return v.Kind() == value.KindList
	case plan.KindTuple:
		for i, e := range v.Elems() {
			if !fitsType(e, t.Args[i]) {
				return false
			}
		}
		return v.Kind() == value.KindTuple && len(v.Elems()) == len(t.Args)
	case plan.KindRecord:
		for i, e := range v.Elems() {
			if !fitsType(e, t.Fields[i].Type) {
				return false
			}
		}
		return v.Kind() == value.KindRecord && len(v.Elems()) == len(t.Fields)
	}
	return false
}

func TestGeneratedValuesHaveTheirTypes(t *testing.T) {
	types := []plan.Type{
		plan.Any, plan.Bool, plan.Int, plan.Nat, plan.Float, plan.String, plan.Symbol, plan.ID, plan.Time, ad,
		plan.Maybe(ad), listOf(listOf(ad)), plan.TupleOf(plan.Int, plan.Maybe(plan.Symbol)),
	}
	g := Generator{Program: program, Role: "server", Die: rand.New(rand.NewPCG(1, 1))}
	for _, typ := range types {
		for range 200 {
			if v := g.Value(typ); !fitsType(v, typ) {
				t.Fatalf("%v is no value of %s", v, typ)
			}
		}
	}
}

func TestEventsOfARole(t *testing.T) {
	g := Generator{Program: program, Role: "client", User: "client1", Die: rand.New(rand.NewPCG(1, 1))}
	seen := map[string]bool{}
	for range 100 {
		e, ok := g.Next()
		if !ok {
			t.Fatal("a client has handlers")
		}
		seen[e.Name] = true
		if e.Name == "rate" && e.Args[0].AsString() != "client1" {
			t.Fatalf("rates as %v, not as the user", e.Args[0])
		}
	}
	if len(seen) != 3 || seen["load"] {
		t.Errorf("a client raises %v, want shown, hidden and rate", seen)
	}
	if _, ok := (Generator{Program: &plan.Program{}, Role: "server"}).Next(); ok {
		t.Error("a program without handlers gave an event")
	}
}

func TestGenerationIsOneFunctionOfTheSeed(t *testing.T) {
	make := func() (events []Event) {
		g := Generator{Program: program, Role: "server", Die: rand.New(rand.NewPCG(7, 7))}
		for range 50 {
			e, _ := g.Next()
			events = append(events, e)
		}
		return events
	}
	a, b := make(), make()
	for i := range a {
		if a[i].Name != b[i].Name || !value.Equal(value.List(a[i].Args...), value.List(b[i].Args...)) {
			t.Fatalf("event %d differs: %v and %v", i, a[i], b[i])
		}
	}
}

func TestParse(t *testing.T) {
	events, err := Parse(program, []byte(`{"event":"shown","args":{"ad_id":"a1"}}

{"event":"on_load","args":{"batch":[{"id":"a1","image":"x"}]}}
{"user_id":"u","stars":5}
`))
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range events {
		names = append(names, e.Name)
	}
	if got := strings.Join(names, " "); got != "shown load rate" {
		t.Errorf("got %s", got)
	}
	if n := events[2].Args[1].AsInt(); n != 5 {
		t.Errorf("stars are %d, want 5", n)
	}
}

func TestParseRefuses(t *testing.T) {
	for line, why := range map[string]string{
		`{"event":"shown","args":{}}`:            "ad_id",
		`{"event":"flown","args":{}}`:            "hidden, load, rate, shown",
		`{"event":"load"}`:                       "batch",
		`{"ad_id":"a1"}`:                         "both shown and hidden",
		`{"who":"a1"}`:                           "no event has exactly",
		`{"user_id":"u","stars":-5}`:             "stars",
		`[1]`:                                    "not a JSON object",
		`{"event":"shown","args":{"ad_id":"a1"}`: "not a JSON object",
	} {
		_, err := Parse(program, []byte("\n"+line))
		if err == nil || !strings.HasPrefix(err.Error(), "line 2: ") || !strings.Contains(err.Error(), why) {
			t.Errorf("%s: got %v, want line 2 and %q", line, err, why)
		}
	}
}
