package flow_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/martinelli-lang/martinelli/value"
)

// Programs of random well-typed expressions, compiled from their text, against
// an evaluator that was written beside the text and knows nothing of plans.

// row is what expressions see: a record of every plain type.
type row struct {
	i, n int64 // n is a nat
	f    float64
	s    string
	t    int64
	b    bool
	xs   []int64
}

const rowType = "type :Row, { i: int, n: nat, f: float, s: string, t: time, b: bool, xs: list<int> }\n"

// value is the row as the language has it: fields in the order of their names.
func (r row) value() value.Value {
	return value.Record(value.Bool(r.b), value.Float(r.f), value.Int(r.i), value.Int(r.n), value.String(r.s), value.Int(r.t), ints(r.xs))
}

func ints(xs []int64) value.Value {
	vs := make([]value.Value, len(xs))
	for i, x := range xs {
		vs[i] = value.Int(x)
	}
	return value.List(vs...)
}

// term is an expression: its text, how tightly its outermost operator binds,
// and what it is for a row. T is the Go type that has its values.
type term[T any] struct {
	text  string
	level int
	eval  func(row) T
}

const (
	levelOr = iota + 1
	levelAnd
	levelNot
	levelCompare
	levelAdd
	levelMultiply
	levelUnary
	levelPrimary
)

// at is the text of a term where an operator of the given level wants it.
func (e term[T]) at(level int) string {
	if e.level < level {
		return "(" + e.text + ")"
	}
	return e.text
}

func leaf[T any](text string, eval func(row) T) term[T] { return term[T]{text, levelPrimary, eval} }

func fixed[T any](text string, v T) term[T] { return leaf(text, func(row) T { return v }) }

func infix[A, B, T any](a term[A], op string, level int, b term[B], f func(A, B) T) term[T] {
	left := level
	if level == levelCompare {
		left++ // comparisons are not chained
	}
	return term[T]{a.at(left) + " " + op + " " + b.at(level+1), level, func(r row) T { return f(a.eval(r), b.eval(r)) }}
}

func prefix[T any](op string, level int, a term[T], f func(T) T) term[T] {
	return term[T]{op + a.at(level), level, func(r row) T { return f(a.eval(r)) }}
}

func conditional[T any](c term[bool], a, b term[T]) term[T] {
	text := "(if " + c.text + "\n" + a.text + "\nelse " + b.text + " end)"
	return leaf(text, func(r row) T {
		if c.eval(r) {
			return a.eval(r)
		}
		return b.eval(r)
	})
}

// generator makes random terms of at most the given depth.
type generator struct {
	*rand.Rand
	vars int // lets so far, for their names
}

var extremes = []int64{0, 1, -1, 2, 3, 7, 60, 1000, math.MaxInt64, math.MinInt64, 1<<31 - 1, 1 << 31, -1 << 31, 1 << 62}

func literal(n int64) term[int64] {
	e := fixed(strconv.FormatInt(n, 10), n)
	if n < 0 {
		e.level = levelUnary
	}
	return e
}

func (g *generator) int(depth int) term[int64] {
	if depth == 0 {
		switch g.IntN(4) {
		case 0:
			return literal(extremes[g.IntN(len(extremes))])
		case 1:
			return leaf("r.n", func(r row) int64 { return r.n })
		}
		return leaf("r.i", func(r row) int64 { return r.i })
	}
	d := depth - 1
	switch g.IntN(12) {
	case 0:
		return infix(g.int(d), "+", levelAdd, g.int(d), func(a, b int64) int64 { return a + b })
	case 1:
		return infix(g.int(d), "-", levelAdd, g.int(d), func(a, b int64) int64 { return a - b })
	case 2:
		return infix(g.int(d), "*", levelMultiply, g.int(d), func(a, b int64) int64 { return a * b })
	case 3:
		return infix(g.int(d), "/", levelMultiply, g.int(d), quotient)
	case 4:
		return infix(g.int(d), "%", levelMultiply, g.int(d), remainder)
	case 5:
		return prefix("-", levelUnary, g.int(d), func(a int64) int64 { return -a })
	case 6:
		return conditional(g.bool(d), g.int(d), g.int(d))
	case 7:
		xs := g.list(d)
		return leaf(xs.at(levelPrimary)+".count", func(r row) int64 { return int64(len(xs.eval(r))) })
	case 8:
		return g.element(d)
	case 9: // a def sees its parameters alone
		a, b := g.int(d), g.int(d)
		return leaf("mix("+a.text+", "+b.text+")", func(r row) int64 { return mix(a.eval(r), b.eval(r)) })
	case 10:
		a, f := g.int(d), g.float(d)
		return leaf("{ z: "+f.text+", a: "+a.text+" }.a", a.eval)
	}
	return infix(g.time(d), "-", levelAdd, g.time(d), func(a, b int64) int64 { return a - b })
}

// element is an element of a list, or what stands in its place.
func (g *generator) element(depth int) term[int64] {
	xs, i, or := g.list(depth), g.int(depth), g.int(depth)
	return leaf(xs.at(levelPrimary)+"["+i.text+"].or("+or.text+")", func(r row) int64 {
		if vs, at := xs.eval(r), i.eval(r); at >= 0 && at < int64(len(vs)) {
			return vs[at]
		}
		return or.eval(r)
	})
}

const mixText = "def :mix do |x: int, y: int|\n  let z = x - y * 3\n  if z > y\n    -z\n  elsif z % 2 == 0\n    x\n  else\n    z / y\n  end\nend\n"

func mix(x, y int64) int64 {
	switch z := x - y*3; {
	case z > y:
		return -z
	case z%2 == 0:
		return x
	default:
		return quotient(z, y)
	}
}

// quotient and remainder are total; the one overflow is written out.
func quotient(a, b int64) int64 {
	switch {
	case b == 0:
		return 0
	case b == -1:
		return -a
	}
	return a / b
}

func remainder(a, b int64) int64 {
	if b == 0 || b == -1 {
		return 0
	}
	return a % b
}

func tidy(x float64) float64 {
	if math.IsNaN(x) || x == 0 {
		return 0
	}
	return x
}

var floats = []string{"0.0", "0.5", "2.0", "1e308", "1e-300", "3.25", "1_000.125"}

func (g *generator) float(depth int) term[float64] {
	if depth == 0 {
		if g.IntN(2) == 0 {
			return leaf("r.f", func(r row) float64 { return r.f })
		}
		text := floats[g.IntN(len(floats))]
		v, _ := strconv.ParseFloat(strings.ReplaceAll(text, "_", ""), 64)
		return fixed(text, v)
	}
	d := depth - 1
	arithmetic := func(op string, level int, f func(a, b float64) float64) term[float64] {
		total := func(a, b float64) float64 { return tidy(f(a, b)) }
		switch g.IntN(4) {
		case 0: // an int beside a float becomes one
			return infix(g.int(d), op, level, g.float(d), func(a int64, b float64) float64 { return total(float64(a), b) })
		case 1:
			return infix(g.float(d), op, level, g.int(d), func(a float64, b int64) float64 { return total(a, float64(b)) })
		}
		return infix(g.float(d), op, level, g.float(d), total)
	}
	switch g.IntN(6) {
	case 0:
		return arithmetic("+", levelAdd, func(a, b float64) float64 { return a + b })
	case 1:
		return arithmetic("-", levelAdd, func(a, b float64) float64 { return a - b })
	case 2:
		return arithmetic("*", levelMultiply, func(a, b float64) float64 { return a * b })
	case 3:
		return arithmetic("/", levelMultiply, func(a, b float64) float64 {
			if b == 0 {
				return 0
			}
			return a / b
		})
	case 4:
		return prefix("-", levelUnary, g.float(d), func(a float64) float64 { return tidy(-a) })
	}
	return conditional(g.bool(d), g.float(d), g.float(d))
}

var stringsOf = []string{"", "a", "B", "ä", "z", "\u65e5", "\U0001F377", "a\n", "\"", "\\"}

func (g *generator) string(depth int) term[string] {
	if depth == 0 {
		if g.IntN(2) == 0 {
			return leaf("r.s", func(r row) string { return r.s })
		}
		s := stringsOf[g.IntN(len(stringsOf))]
		return fixed(`"`+strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`, "ä", `\u{e4}`).Replace(s)+`"`, s)
	}
	if g.IntN(3) == 0 {
		return conditional(g.bool(depth-1), g.string(depth-1), g.string(depth-1))
	}
	return infix(g.string(depth-1), "+", levelAdd, g.string(depth-1), func(a, b string) string { return a + b })
}

func (g *generator) time(depth int) term[int64] {
	if depth == 0 {
		return leaf("r.t", func(r row) int64 { return r.t })
	}
	unit := []struct {
		name   string
		millis int64
	}{{"seconds", 1000}, {"minutes", 60_000}, {"hours", 3_600_000}, {"days", 86_400_000}}[g.IntN(4)]
	n := g.int(depth - 1)
	span := leaf(unit.name+"("+n.text+")", func(r row) int64 { return n.eval(r) * unit.millis })
	return infix(g.time(depth-1), "+", levelAdd, span, func(a, b int64) int64 { return a + b })
}

func (g *generator) list(depth int) term[[]int64] {
	if depth == 0 {
		return leaf("r.xs", func(r row) []int64 { return r.xs })
	}
	xs, d := g.list(depth-1), depth-1
	g.vars++
	x := fmt.Sprintf("x%d", g.vars)
	k := g.int(d)
	switch g.IntN(4) {
	case 0:
		a, b := g.int(d), g.int(d)
		return leaf("["+a.text+", "+b.text+"]", func(r row) []int64 { return []int64{a.eval(r), b.eval(r)} })
	case 1: // a block sees what is around it
		return leaf(xs.at(levelPrimary)+".map do |"+x+"| "+x+" * 2 - "+k.at(levelMultiply)+" end", func(r row) []int64 {
			var out []int64
			for _, v := range xs.eval(r) {
				out = append(out, v*2-k.eval(r))
			}
			return out
		})
	case 2:
		return leaf(xs.at(levelPrimary)+".filter do |"+x+"| "+x+" < "+k.at(levelAdd)+" end", func(r row) []int64 {
			return slices.DeleteFunc(slices.Clone(xs.eval(r)), func(v int64) bool { return v >= k.eval(r) })
		})
	}
	return leaf(xs.at(levelPrimary)+".flat_map do |"+x+"| ["+x+", "+k.text+"] end", func(r row) []int64 {
		var out []int64
		for _, v := range xs.eval(r) {
			out = append(out, v, k.eval(r))
		}
		return out
	})
}

func (g *generator) bool(depth int) term[bool] {
	if depth == 0 {
		return []term[bool]{leaf("r.b", func(r row) bool { return r.b }), fixed("true", true), fixed("false", false)}[g.IntN(3)]
	}
	d := depth - 1
	switch g.IntN(10) {
	case 0:
		return infix(g.bool(d), "and", levelAnd, g.bool(d), func(a, b bool) bool { return a && b })
	case 1:
		return infix(g.bool(d), "or", levelOr, g.bool(d), func(a, b bool) bool { return a || b })
	case 2:
		return prefix("not ", levelNot, g.bool(d), func(a bool) bool { return !a })
	case 3:
		return compared(g, g.float(d), g.float(d))
	case 4:
		return compared(g, g.string(d), g.string(d))
	case 5:
		return compared(g, g.time(d), g.time(d))
	case 6:
		return infix(g.int(d), "in", levelCompare, g.list(d), func(a int64, xs []int64) bool { return slices.Contains(xs, a) })
	case 7:
		return infix(g.list(d), "==", levelCompare, g.list(d), slices.Equal[[]int64])
	case 8:
		return g.records(d)
	}
	return compared(g, g.int(d), g.int(d))
}

// records compares two records whose fields are written in another order.
func (g *generator) records(depth int) term[bool] {
	a, b, s, t := g.int(depth), g.int(depth), g.string(depth), g.string(depth)
	return term[bool]{
		"{ a: " + a.text + ", s: " + s.text + " } != { s: " + t.text + ", a: " + b.text + " }", levelCompare,
		func(r row) bool { return a.eval(r) != b.eval(r) || s.eval(r) != t.eval(r) },
	}
}

func compared[T int64 | float64 | string](g *generator, a, b term[T]) term[bool] {
	switch g.IntN(6) {
	case 0:
		return infix(a, "==", levelCompare, b, func(a, b T) bool { return a == b })
	case 1:
		return infix(a, "!=", levelCompare, b, func(a, b T) bool { return a != b })
	case 2:
		return infix(a, "<", levelCompare, b, func(a, b T) bool { return a < b })
	case 3:
		return infix(a, "<=", levelCompare, b, func(a, b T) bool { return a <= b })
	case 4:
		return infix(a, ">", levelCompare, b, func(a, b T) bool { return a > b })
	}
	return infix(a, ">=", levelCompare, b, func(a, b T) bool { return a >= b })
}

func (g *generator) row() row {
	r := row{
		i: extremes[g.IntN(len(extremes))] + int64(g.IntN(3)), n: int64(g.IntN(5)), t: g.Int64N(1 << 40), b: g.IntN(2) == 0,
		f: []float64{0, 1.5, -2.25, 1e308, -1e-308, math.Inf(1), 7}[g.IntN(7)], s: stringsOf[g.IntN(len(stringsOf))],
	}
	for range g.IntN(4) {
		r.xs = append(r.xs, int64(g.IntN(6)))
	}
	return r
}

// question is an expression of any type.
type question struct {
	text string
	eval func(row) value.Value
}

func asked[T any](e term[T], box func(T) value.Value) question {
	return question{e.text, func(r row) value.Value { return box(e.eval(r)) }}
}

func (g *generator) question(depth int) question {
	switch g.IntN(6) {
	case 0:
		return asked(g.float(depth), value.Float)
	case 1:
		return asked(g.string(depth), value.String)
	case 2:
		return asked(g.bool(depth), value.Bool)
	case 3:
		return asked(g.time(depth), value.Int)
	case 4:
		return asked(g.list(depth), ints)
	}
	return asked(g.int(depth), value.Int)
}

// TestRandomExpressions asks each expression three times: in a view over rows,
// in a handler, and in a def. All say what the evaluator says.
func TestRandomExpressions(t *testing.T) {
	const each = 30
	for seed := range uint64(20) {
		g := &generator{Rand: rand.New(rand.NewPCG(seed, 11))}
		var text strings.Builder
		text.WriteString(rowType + mixText + "database :rows, gset<Row>, :replicated => true\non_row do |row: Row| rows.add(row) end\n")
		var questions []question
		for k := range each {
			q := g.question(1 + g.IntN(4))
			questions = append(questions, q)
			fmt.Fprintf(&text, "view :v%d do rows.map do |r| [%s] end end\n", k, q.text)
			fmt.Fprintf(&text, "def :d%d do |r: Row|\n  let first = %s\n  first\nend\n", k, q.text)
			fmt.Fprintf(&text, "view :w%d do rows.map do |r| { before: r.n, is: d%d(r) } end end\n", k, k)
			fmt.Fprintf(&text, "database :o%d, :replicated => true\non_ask%d do |r: Row|\n  let answer = %s\n  o%d.add([answer])\n  o%d.remove([])\nend\n", k, k, q.text, k, k)
		}
		e := compile(t, text.String())
		n := &node{e, map[string]uint64{}}
		var rows []row
		for range 6 {
			rows = append(rows, g.row())
			n.raise(t, "row", rows[len(rows)-1].value())
		}
		for k, q := range questions {
			var want, told []value.Value
			for _, r := range rows {
				want = append(want, value.List(q.eval(r)))
				told = append(told, value.Record(value.Int(r.n), q.eval(r)))
				n.raise(t, fmt.Sprint("ask", k), r.value())
			}
			sameElements(t, seed, q.text, n.read(t, fmt.Sprint("v", k)), want)
			sameElements(t, seed, q.text, n.read(t, fmt.Sprint("o", k)), want)
			sameElements(t, seed, q.text, n.read(t, fmt.Sprint("w", k)), told)
		}
	}
}

func sameElements(t *testing.T, seed uint64, text string, got, want []value.Value) {
	t.Helper()
	want = slices.SortedFunc(slices.Values(want), value.Compare)
	want = slices.CompactFunc(want, value.Equal)
	if !slices.EqualFunc(got, want, value.Equal) {
		t.Fatalf("seed %d: %s\nis   %v\nnot  %v", seed, text, got, want)
	}
}
