package bench

import (
	"testing"

	"cel.dev/cel-go/cel"
	"github.com/expr-lang/expr"
	"go.starlark.net/starlark"

	"github.com/martinelli-lang/martinelli"
	"github.com/martinelli-lang/martinelli/flow"
	"github.com/martinelli-lang/martinelli/value"
)

// A run of the handler looks at so many wines, so many times: what is paid once
// for each run, as the check of its arguments against their types, weighs little.
const (
	winesInBatch = 100
	rounds       = 100
)

// predicates is a program whose handler asks the predicate of every wine.
const predicates = `
type :Wine, { country: string, rating: int, votes: int, year: int }
database :found, gset<int>, :replicated => true
on_look do |rounds: list<int>, batch: list<Wine>|
  rounds.each do |round|
    batch.each do |w|
      if w.rating * 10 + w.votes > 120 and w.country == "PT" and w.year >= 2010
        abort :found
      end
    end
  end
end
`

// BenchmarkPredicate is one evaluation of
//
//	rating*10 + votes > 120 and country == "PT" and year >= 2010
//
// on a wine of 2009, so that every part of it is asked: in a handler compiled
// from text, with fuel counted and the loop over the wines on it, as a Go
// function, and by embedded languages with their programs compiled beforehand.
func BenchmarkPredicate(b *testing.B) {
	b.Run("martinelli", func(b *testing.B) {
		look := newLook(b)
		b.ReportAllocs()
		for n := 0; b.Loop(); n++ {
			if n%(rounds*winesInBatch) == 0 {
				look()
			}
		}
	})
	b.Run("go", func(b *testing.B) {
		w := &wine{"PT", 9, 40, 2009}
		for b.Loop() {
			if w.wanted() {
				b.Fatal("found")
			}
		}
	})
	b.Run("expr", benchmarkExpr)
	b.Run("cel", benchmarkCEL)
	b.Run("starlark", benchmarkStarlark)
}

// newLook returns what runs the handler over one batch.
func newLook(b *testing.B) func() {
	p, err := martinelli.Compile("predicates.mrt", predicates)
	if err != nil {
		b.Fatal(err)
	}
	engine, err := flow.New(flow.Config{Program: p.Plan, Role: "server"})
	if err != nil {
		b.Fatal(err)
	}
	handler, _ := engine.Handler("look")
	wines := make([]value.Value, winesInBatch)
	for i := range wines {
		wines[i] = value.Record(value.String("PT"), value.Int(9), value.Int(40), value.Int(2009))
	}
	numbers := make([]value.Value, rounds)
	for i := range numbers {
		numbers[i] = value.Int(int64(i))
	}
	args := []value.Value{value.List(numbers...), value.List(wines...)}
	return func() {
		if out := engine.Run(handler, args, flow.Env{}); out.Abort != "" {
			b.Fatal(out.Abort, out.Detail)
		}
	}
}

type wine struct {
	country             string
	rating, votes, year int64
}

//go:noinline
func (w *wine) wanted() bool {
	return w.rating*10+w.votes > 120 && w.country == "PT" && w.year >= 2010
}

// wineFields is the wine as embedded languages take their variables.
var wineFields = map[string]any{"country": "PT", "rating": 9, "votes": 40, "year": 2009}

func benchmarkExpr(b *testing.B) {
	program, err := expr.Compile(`rating*10 + votes > 120 and country == "PT" and year >= 2010`, expr.Env(wineFields), expr.AsBool())
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if out, err := expr.Run(program, wineFields); err != nil || out.(bool) {
			b.Fatal(out, err)
		}
	}
}

func benchmarkCEL(b *testing.B) {
	env, err := cel.NewEnv(
		cel.Variable("country", cel.StringType), cel.Variable("rating", cel.IntType),
		cel.Variable("votes", cel.IntType), cel.Variable("year", cel.IntType))
	if err != nil {
		b.Fatal(err)
	}
	ast, issues := env.Compile(`rating*10 + votes > 120 && country == "PT" && year >= 2010`)
	if issues.Err() != nil {
		b.Fatal(issues.Err())
	}
	program, err := env.Program(ast)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if out, _, err := program.Eval(wineFields); err != nil || out.Value().(bool) {
			b.Fatal(out, err)
		}
	}
}

func benchmarkStarlark(b *testing.B) {
	thread := &starlark.Thread{}
	globals, err := starlark.ExecFile(thread, "wine.star",
		"def wanted(country, rating, votes, year):\n  return rating*10 + votes > 120 and country == \"PT\" and year >= 2010\n", nil)
	if err != nil {
		b.Fatal(err)
	}
	wanted := globals["wanted"]
	args := starlark.Tuple{starlark.String("PT"), starlark.MakeInt(9), starlark.MakeInt(40), starlark.MakeInt(2009)}
	b.ReportAllocs()
	for b.Loop() {
		if out, err := starlark.Call(thread, wanted, args, nil); err != nil || bool(out.Truth()) {
			b.Fatal(out, err)
		}
	}
}
