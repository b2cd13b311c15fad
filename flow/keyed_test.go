package flow_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/martinelli-lang/martinelli/flow"
	"github.com/martinelli-lang/martinelli/value"
)

// keyedViews are views with a value per key, over databases, over each other,
// at a key that is computed, and read by a handler.
const keyedViews = `
view :best do |k in l.keys| m[k].or(0) + l[k].count end
view :small do |k in l.keys| l[k].filter do |n| n < q.or(5) end end
view :sums do |x, y in a.product(b)| x + y + c["k0"] end
view :over do |k in small.keys| small[k].map do |n| n + best[k].or(100) end end
view :chosen do a.filter do |x| x in small["k0"] or x in small["k1"] end end
view :wide do small.keys.filter do |k| small[k].count > 1 end end
view :pairs do small.map do |k, n| n end end
view :of_one do sums[1].map do |y, n| n - y end end
database :answer, set<int>, :replicated => true
on_answer do |k: string|
  answer.each do |n| answer.remove(n) end
  tentatively do
    small[k].each do |n| answer.add(n) end
    answer.add(best[k].or(-1))
  end
end
`

// oracle computes the same from the world. Keys are texts, values sorted.
type oracle map[string]map[string]string

func (w *world) keyed() oracle {
	o := oracle{"best": {}, "small": {}, "sums": {}, "over": {}}
	limit := int64(5)
	if w.hasQ {
		limit = w.q
	}
	for k, set := range w.l {
		if len(set) == 0 {
			continue
		}
		best := w.m[k] + int64(len(set))
		o["best"][k] = fmt.Sprint(best)
		var small, over []int64
		for _, n := range slices.Sorted(maps.Keys(set)) {
			if n < limit {
				small, over = append(small, n), append(over, n+best)
			}
		}
		if len(small) > 0 {
			o["small"][k], o["over"][k] = fmt.Sprint(small), fmt.Sprint(over)
		}
	}
	for x := range w.a {
		for y := range w.b {
			o["sums"][fmt.Sprint(x, y)] = fmt.Sprint(x + y + w.c["k0"])
		}
	}
	return o
}

// TestKeyedViewsOverRandomHistories: whole, at every key and at keys that are
// not there, kept or computed when read, a view per key is what it is defined to be.
func TestKeyedViewsOverRandomHistories(t *testing.T) {
	for seed := range uint64(60) {
		die := rand.New(rand.NewPCG(seed, 5))
		n := &node{compile(t, oracleSchema+keyedViews), map[string]uint64{}}
		w := newWorld()
		for range 25 {
			for _, name := range []string{"best", "small", "sums", "over"} {
				if die.IntN(4) > 0 {
					continue
				}
				if die.IntN(2) == 0 {
					n.Unwatch(name)
				} else if err := n.Watch(name); err != nil {
					t.Fatal(err)
				}
			}
			var ops []value.Value
			for range 1 + die.IntN(6) {
				op := operation{int64(die.IntN(16)), int64(die.IntN(12) - 2), fmt.Sprint("k", die.IntN(3))}
				w.do(op)
				ops = append(ops, op.value())
			}
			n.raise(t, "batch", value.List(ops...))
			n.raise(t, "answer", value.String("k1"))
			compareKeyed(t, seed, n, w)
		}
	}
}

func compareKeyed(t *testing.T, seed uint64, n *node, w *world) {
	t.Helper()
	o := w.keyed()
	for name, want := range o {
		r, err := n.Read(name, nil)
		if err != nil || !r.Keyed {
			t.Fatal(name, err, r.Keyed)
		}
		got := map[string]string{}
		for _, p := range r.Pairs {
			at, err := n.Read(name, p.Key)
			if err != nil || !value.Equal(at.Value, p.Value) {
				t.Fatalf("seed %d: %s at %v is %v, and %v among all", seed, name, p.Key, at.Value, p.Value)
			}
			got[words(p.Key...)] = words(p.Value)
		}
		if !maps.Equal(got, want) {
			t.Fatalf("seed %d: %s is %v, not %v", seed, name, got, want)
		}
	}
	answer := strings.Fields(strings.Trim(o["small"]["k1"], "[]"))
	if best := o["best"]["k1"]; best != "" {
		answer = append(answer, best)
	} else {
		answer = append(answer, "-1")
	}
	for _, name := range []string{"answer", "chosen", "wide", "pairs", "of_one"} {
		got := map[string]bool{}
		for _, v := range n.read(t, name) {
			got[words(v)] = true
		}
		want := map[string]bool{}
		switch name {
		case "answer":
			for _, x := range answer {
				want[x] = true
			}
		case "chosen":
			for x := range w.a {
				both := " " + strings.Trim(o["small"]["k0"], "[]") + " " + strings.Trim(o["small"]["k1"], "[]") + " "
				if strings.Contains(both, fmt.Sprint(" ", x, " ")) {
					want[fmt.Sprint(x)] = true
				}
			}
		case "wide", "pairs":
			for k, list := range o["small"] {
				elems := strings.Fields(strings.Trim(list, "[]"))
				if name == "wide" && len(elems) > 1 {
					want[k] = true
				}
				for _, x := range elems {
					if name == "pairs" {
						want[x] = true
					}
				}
			}
		case "of_one":
			if w.a[1] && len(w.b) > 0 {
				want[fmt.Sprint(1+w.c["k0"])] = true
			}
		}
		if !maps.Equal(got, want) {
			t.Fatalf("seed %d: %s is %v, not %v", seed, name, got, want)
		}
	}
}

// words writes values as fmt writes Go's own.
func words(vs ...value.Value) string {
	parts := make([]string, len(vs))
	for i, v := range vs {
		switch v.Kind() {
		case value.KindInt:
			parts[i] = fmt.Sprint(v.AsInt())
		case value.KindList:
			parts[i] = "[" + words(v.Elems()...) + "]"
		default:
			parts[i] = v.AsString()
		}
	}
	return strings.Join(parts, " ")
}

// TestAKeyCostsWhatItsChangeCosts: with a thousand keys, a write at one of them
// takes no more steps than with ten, whether the view is shown or read at a key.
func TestAKeyCostsWhatItsChangeCosts(t *testing.T) {
	steps := func(keys int) uint64 {
		n := &node{compile(t, oracleSchema+`
view :best do |k in l.keys| l[k].count end
view :little do |k in l.keys| l[k].filter do |x| x < 3 end end
view :both do l.keys.filter do |k| best[k].or(0) > 1 and little[k].count > 0 end end
`), map[string]uint64{}}
		for _, name := range []string{"best", "little", "both"} {
			if err := n.Watch(name); err != nil {
				t.Fatal(err)
			}
		}
		add := func(k int, x int64) {
			n.raise(t, "batch", value.List(operation{6, x, fmt.Sprint("k", k)}.value()))
		}
		for k := range keys {
			add(k, 1)
		}
		n.Drain()
		before := n.Steps()
		add(keys/2, 2)
		if got := len(n.Drain().Shown); got != 3 {
			t.Errorf("%d of 3 views have changed", got)
		}
		return n.Steps() - before
	}
	if few, many := steps(10), steps(1000); many != few {
		t.Errorf("a write takes %d steps with 10 keys and %d with 1,000", few, many)
	}
}

// TestAProcessPerKeyRendersItsKeys: what it hands over is rows of key and value.
func TestAProcessPerKeyRendersItsKeys(t *testing.T) {
	n := &node{compile(t, oracleSchema+"process do |k in l.keys|\nrender(l[k].count)\nrender(l[k])\nend\n"), map[string]uint64{}}
	n.raise(t, "batch", value.List(operation{6, 4, "k1"}.value(), operation{6, 5, "k1"}.value(), operation{6, 5, "k2"}.value()))
	shown := n.Drain().Shown
	var got []string
	for _, s := range shown {
		got = append(got, s.Name+": "+rowsText(s))
	}
	want := []string{"l[k].count: k1,2 k2,1", "l[k]: k1,4 k1,5 k2,5"}
	if !slices.Equal(got, want) {
		t.Errorf("rendered %q, want %q", got, want)
	}
}

func rowsText(s flow.Shown) string {
	var rows []string
	for _, v := range s.Added {
		rows = append(rows, strings.ReplaceAll(words(v.Elems()...), " ", ","))
	}
	return strings.Join(rows, " ")
}
