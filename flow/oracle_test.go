package flow_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/martinelli-lang/martinelli/value"
)

// Random views over random histories, written as text. Each view has an oracle
// beside it, which computes it from the databases with Go's own maps.

const oracleSchema = `
type :Op, { what: int, n: int, k: string }
database :a, set<int>, :replicated => true
database :b, set<int>, :replicated => true
database :c, counter, :by => :k, :replicated => true
database :g, gcounter, :by => :k, :replicated => true
database :l, set<int>, :by => :k, :replicated => true
database :m, lww<int>, :by => :k, :replicated => true
database :q, max<int>, :replicated => true
database :o, once, :replicated => true
database :low, min<int>, :replicated => true
database :lit, flag, :replicated => true
database :j, log<int>, :replicated => true
on_batch do |ops: list<Op>|
  ops.each do |op|
    if op.what == 0
      a.add(op.n)
    elsif op.what == 1
      a.remove(op.n)
    elsif op.what == 2
      b.add(op.n)
    elsif op.what == 3
      b.remove(op.n)
    elsif op.what == 4 and op.n >= 0
      c[op.k].inc(op.n)
    elsif op.what == 5 and op.n >= 0
      c[op.k].dec(op.n)
    elsif op.what == 6
      l[op.k].add(op.n)
    elsif op.what == 7
      l[op.k].remove(op.n)
    elsif op.what == 8
      m[op.k].set(op.n)
    elsif op.what == 9 and op.n > 7
      q.set(op.n)
    elsif op.what == 10 and op.n > 8
      o.on()
    elsif op.what == 11 and op.n >= 0
      g[op.k].inc(op.n)
    elsif op.what == 12
      a.each do |x|
        if x % 4 == op.n
          a.remove(x)
        end
      end
    elsif op.what == 13 and op.n < 3
      low.set(op.n)
    elsif op.what == 14 and op.n % 2 == 0
      lit.on()
    elsif op.what == 14
      lit.off()
    elsif op.what == 15
      j.append(op.n)
    end
  end
end
`

// asking computes a view's expression in a handler, which keeps nothing of it.
const asking = `
database :out%[1]d, set<int>, :replicated => true
on_ask%[1]d do
  out%[1]d.each do |x| out%[1]d.remove(x) end
  let found = %[2]s
  tentatively do
    found.each do |x| out%[1]d.add(x) end
  end
end
`

// world is what the operations of a history leave.
type world struct {
	a, b    map[int64]bool
	c, g, m map[string]int64
	l       map[string]map[int64]bool
	q       int64
	hasQ, o bool
	y       int64
	hasY, z bool
	j       map[int64]bool
}

func newWorld() *world {
	return &world{
		a: map[int64]bool{}, b: map[int64]bool{}, j: map[int64]bool{},
		c: map[string]int64{}, g: map[string]int64{}, m: map[string]int64{},
		l: map[string]map[int64]bool{},
	}
}

type operation struct {
	what, n int64
	k       string
}

func (op operation) value() value.Value {
	return value.Record(value.String(op.k), value.Int(op.n), value.Int(op.what))
}

func (w *world) do(op operation) {
	if w.l[op.k] == nil {
		w.l[op.k] = map[int64]bool{}
	}
	switch op.what {
	case 0:
		w.a[op.n] = true
	case 1:
		delete(w.a, op.n)
	case 2:
		w.b[op.n] = true
	case 3:
		delete(w.b, op.n)
	case 4, 5:
		if op.n > 0 {
			w.c[op.k] += op.n * (9 - 2*op.what)
		}
	case 6:
		w.l[op.k][op.n] = true
	case 7:
		delete(w.l[op.k], op.n)
	case 8:
		w.m[op.k] = op.n
	case 9:
		if op.n > 7 {
			w.q, w.hasQ = max(op.n, w.q), true
		}
	case 10:
		w.o = w.o || op.n > 8
	case 11:
		if op.n > 0 {
			w.g[op.k] += op.n
		}
	case 12:
		maps.DeleteFunc(w.a, func(x int64, _ bool) bool { return x%4 == op.n })
	case 13:
		if op.n < 3 && (!w.hasY || op.n < w.y) {
			w.y, w.hasY = op.n, true
		}
	case 14:
		w.z = op.n%2 == 0
	case 15:
		w.j[op.n] = true
	}
}

// of is a collection of tuples: its text, how many parts a tuple has, and what
// it holds. Parts are ints; of a row the first is the number of its key, k0 or k1.
type of struct {
	text  string
	arity int
	keyed bool // the first part is a key
	eval  func(*world) map[tuple]bool
}

type tuple [4]int64

// block is a body over one element: its text, and what it gives.
type bodyOf[T any] struct {
	text string
	eval func(*world, tuple) T
}

type composer struct {
	*rand.Rand
	views []of // declared so far: collections of ints
}

func keyNumber(k string) int64 { return int64(k[1] - '0') }

func single(set map[int64]bool) map[tuple]bool {
	out := map[tuple]bool{}
	for x := range set {
		out[tuple{x}] = true
	}
	return out
}

func rowsOf(values map[string]int64) map[tuple]bool {
	out := map[tuple]bool{}
	for k, n := range values {
		out[tuple{keyNumber(k), n}] = true
	}
	return out
}

func (c *composer) ints(depth int) of {
	if depth == 0 {
		switch c.IntN(6) {
		case 0, 1:
			return of{"a", 1, false, func(w *world) map[tuple]bool { return single(w.a) }}
		case 2, 3:
			return of{"b", 1, false, func(w *world) map[tuple]bool { return single(w.b) }}
		case 4:
			k := fmt.Sprint("k", c.IntN(2))
			return of{`l["` + k + `"]`, 1, false, func(w *world) map[tuple]bool { return single(w.l[k]) }}
		}
		if len(c.views) > 0 {
			return c.views[c.IntN(len(c.views))]
		}
		return c.ints(0)
	}
	d := depth - 1
	switch c.IntN(11) {
	case 0, 1:
		xs := c.ints(d)
		return c.mapped(xs, c.number(xs, d))
	case 9: // a log is a bag: what is computed of it is a set
		xs := of{"j", 1, false, func(w *world) map[tuple]bool { return single(w.j) }}
		return c.mapped(xs, c.number(xs, d))
	case 2:
		return c.filtered(c.ints(d), d)
	case 3:
		xs := c.ints(d)
		body := c.number(xs, 0)
		return of{xs.text + ".flat_map do |x| [x, " + body.text + ", 0] end", 1, false, func(w *world) map[tuple]bool {
			out := map[tuple]bool{}
			for t := range xs.eval(w) {
				out[t], out[tuple{body.eval(w, t)}], out[tuple{0}] = true, true, true
			}
			return out
		}}
	case 4, 5, 6:
		return c.combined(c.ints(d), c.ints(d))
	case 7:
		xs := c.filtered(c.rows(), d)
		return c.mapped(xs, c.number(xs, d))
	case 8: // what a block reads at a key that its element names
		xs := c.ints(d)
		return of{xs.text + ".flat_map do |x| " + xs.text + ".filter do |y| y > x and c[\"k1\"] != y end end", 1, false, func(w *world) map[tuple]bool {
			out, all := map[tuple]bool{}, xs.eval(w)
			for t := range all {
				for u := range all {
					if u[0] > t[0] && w.c["k1"] != u[0] {
						out[u] = true
					}
				}
			}
			return out
		}}
	}
	xs := c.pairs(d)
	return c.mapped(xs, c.number(xs, d))
}

// rows is a database by key as a whole.
func (c *composer) rows() of {
	switch c.IntN(4) {
	case 0:
		return of{"c", 2, true, func(w *world) map[tuple]bool { return rowsOf(w.c) }}
	case 1:
		return of{"g", 2, true, func(w *world) map[tuple]bool { return rowsOf(w.g) }}
	case 2:
		return of{"m", 2, true, func(w *world) map[tuple]bool { return rowsOf(w.m) }}
	}
	return of{"l", 2, true, func(w *world) map[tuple]bool {
		out := map[tuple]bool{}
		for k, set := range w.l {
			for x := range set {
				out[tuple{keyNumber(k), x}] = true
			}
		}
		return out
	}}
}

// pairs is a product or a join. Products of products are flat.
func (c *composer) pairs(depth int) of {
	xs, ys := c.ints(depth), c.ints(depth)
	if c.IntN(3) == 0 {
		xs = c.rows()
	}
	if xs.arity == 1 && depth > 0 && c.IntN(4) == 0 {
		xs = c.pairs(0)
	}
	arity := xs.arity + ys.arity
	all := func(w *world) map[tuple]bool {
		out, right := map[tuple]bool{}, ys.eval(w)
		for t := range xs.eval(w) {
			for u := range right {
				v := t
				v[xs.arity] = u[0]
				out[v] = true
			}
		}
		return out
	}
	both := of{xs.text + ".product(" + ys.text + ")", arity, xs.keyed, all}
	if c.IntN(2) == 0 {
		return c.filtered(both, depth)
	}
	cond := c.condition(both, depth)
	both.text = xs.text + ".join(" + ys.text + ") do " + names(both) + " " + cond.text + " end"
	both.eval = func(w *world) map[tuple]bool { return kept(all(w), w, cond) }
	return both
}

func kept(set map[tuple]bool, w *world, cond bodyOf[bool]) map[tuple]bool {
	maps.DeleteFunc(set, func(t tuple, _ bool) bool { return !cond.eval(w, t) })
	return set
}

func (c *composer) filtered(xs of, depth int) of {
	cond, eval := c.condition(xs, depth), xs.eval
	xs.text += ".filter do " + names(xs) + " " + cond.text + " end"
	xs.eval = func(w *world) map[tuple]bool { return kept(maps.Clone(eval(w)), w, cond) }
	return xs
}

func (c *composer) mapped(xs of, body bodyOf[int64]) of {
	return of{xs.text + ".map do " + names(xs) + " " + body.text + " end", 1, false, func(w *world) map[tuple]bool {
		out := map[tuple]bool{}
		for t := range xs.eval(w) {
			out[tuple{body.eval(w, t)}] = true
		}
		return out
	}}
}

func (c *composer) combined(xs, ys of) of {
	op := []string{"union", "intersection", "minus"}[c.IntN(3)]
	return of{xs.text + "." + op + "(" + ys.text + ")", 1, false, func(w *world) map[tuple]bool {
		left, right := maps.Clone(xs.eval(w)), ys.eval(w)
		if op == "union" {
			maps.Copy(left, right)
			return left
		}
		maps.DeleteFunc(left, func(t tuple, _ bool) bool { return right[t] == (op == "minus") })
		return left
	}}
}

// names are the parameters of a block over xs.
func names(xs of) string {
	return "|" + strings.Join([]string{"x", "y", "z", "v"}[:xs.arity], ", ") + "|"
}

// part is one int of an element.
func (c *composer) part(xs of) bodyOf[int64] {
	i := c.IntN(xs.arity)
	if xs.keyed && i == 0 {
		i = 1
	}
	return bodyOf[int64]{[]string{"x", "y", "z", "v"}[i], func(_ *world, t tuple) int64 { return t[i] }}
}

func (c *composer) number(xs of, depth int) bodyOf[int64] {
	x := c.part(xs)
	pure := func(text string, f func(int64) int64) bodyOf[int64] {
		return bodyOf[int64]{fmt.Sprintf(text, x.text), func(w *world, t tuple) int64 { return f(x.eval(w, t)) }}
	}
	switch c.IntN(14) {
	case 10, 11, 12, 13:
		return c.together(x, min(depth, 1))
	case 0:
		return pure("-%s", func(n int64) int64 { return -n })
	case 1, 2:
		return pure("%s %% 3", func(n int64) int64 { return n % 3 })
	case 3:
		return pure("%s * -7046029254386353131 %% 11", func(n int64) int64 { return n * -7046029254386353131 % 11 })
	case 4:
		y := c.part(xs)
		return bodyOf[int64]{x.text + " - " + y.text, func(w *world, t tuple) int64 { return x.eval(w, t) - y.eval(w, t) }}
	case 5:
		return bodyOf[int64]{x.text + ` + c["k0"]`, func(w *world, t tuple) int64 { return x.eval(w, t) + w.c["k0"] }}
	case 6:
		return bodyOf[int64]{"q.or(5) - " + x.text, func(w *world, t tuple) int64 {
			if w.hasQ {
				return w.q - x.eval(w, t)
			}
			return 5 - x.eval(w, t)
		}}
	case 8:
		return bodyOf[int64]{"low.or(2) - " + x.text, func(w *world, t tuple) int64 {
			if w.hasY {
				return w.y - x.eval(w, t)
			}
			return 2 - x.eval(w, t)
		}}
	case 7:
		ys := c.ints(min(depth, 1))
		return bodyOf[int64]{x.text + " + " + ys.text + ".count", func(w *world, t tuple) int64 { return x.eval(w, t) + int64(len(ys.eval(w))) }}
	}
	if xs.keyed {
		return bodyOf[int64]{"m[x].or(1) + " + x.text, func(w *world, t tuple) int64 {
			if n, ok := w.m[fmt.Sprint("k", t[0])]; ok {
				return n + x.eval(w, t)
			}
			return 1 + x.eval(w, t)
		}}
	}
	return x
}

func (c *composer) condition(xs of, depth int) bodyOf[bool] {
	x, y := c.part(xs), c.part(xs)
	switch c.IntN(10) {
	case 0:
		return bodyOf[bool]{x.text + " % 2 == 0", func(w *world, t tuple) bool { return x.eval(w, t)%2 == 0 }}
	case 1, 2:
		return bodyOf[bool]{x.text + " == " + y.text, func(w *world, t tuple) bool { return x.eval(w, t) == y.eval(w, t) }}
	case 3: // the sides of a pair, by what is computed of them
		return bodyOf[bool]{x.text + " % 3 == " + y.text + " % 3 and " + x.text + " < 6", func(w *world, t tuple) bool {
			return x.eval(w, t)%3 == y.eval(w, t)%3 && x.eval(w, t) < 6
		}}
	case 4:
		ys := c.ints(min(depth, 1))
		return bodyOf[bool]{"not " + x.text + " in " + ys.text, func(w *world, t tuple) bool { return !ys.eval(w)[tuple{x.eval(w, t)}] }}
	case 5:
		ys := c.ints(min(depth, 1))
		return bodyOf[bool]{ys.text + ".count > " + x.text, func(w *world, t tuple) bool { return int64(len(ys.eval(w))) > x.eval(w, t) }}
	case 6:
		return bodyOf[bool]{`o or g["k1"] < ` + x.text, func(w *world, t tuple) bool { return w.o || w.g["k1"] < x.eval(w, t) }}
	case 8:
		return bodyOf[bool]{"lit or " + x.text + " in j", func(w *world, t tuple) bool { return w.z || w.j[x.eval(w, t)] }}
	case 7:
		if xs.keyed {
			return bodyOf[bool]{"x in m.keys and " + y.text + " in l[x]", func(w *world, t tuple) bool {
				k := fmt.Sprint("k", t[0])
				_, ok := w.m[k]
				return ok && w.l[k][y.eval(w, t)]
			}}
		}
	}
	return bodyOf[bool]{x.text + " > q.or(3) - 4", func(w *world, t tuple) bool {
		if w.hasQ {
			return x.eval(w, t) > w.q-4
		}
		return x.eval(w, t) > -1
	}}
}

// TestRandomViewsOverRandomHistories: removals, re-additions and batches, with
// views watched and forgotten. After every batch every view equals its oracle,
// and so does what a handler computes by the same text.
func TestRandomViewsOverRandomHistories(t *testing.T) {
	for seed := range uint64(60) {
		c := &composer{Rand: rand.New(rand.NewPCG(seed, 12))}
		schema := oracleSchema
		if seed%2 == 1 { // what differs from them only where somebody writes beside somebody else
			schema = strings.NewReplacer(":b, set", ":b, rset", ":m, lww", ":m, mv").Replace(schema)
		}
		text := schema
		for i := range 8 {
			v := c.ints(1 + c.IntN(3))
			text += fmt.Sprintf("view :v%d do %s end\nview :n%d do %s.count end\n", i, v.text, i, v.text)
			text += fmt.Sprintf(asking, i, v.text)
			text += fmt.Sprintf("view :s%d do %s.sum do |x| x * x - 3 end end\nview :t%d do %s.top(3) do |x| x %% 3 end end\n", i, v.text, i, v.text)
			v.text = fmt.Sprint("v", i)
			c.views = append(c.views, v)
		}
		n := &node{compile(t, text), map[string]uint64{}}
		w := newWorld()
		for range 20 {
			i := c.IntN(len(c.views))
			for _, name := range []string{fmt.Sprint("v", i), fmt.Sprint("n", i), fmt.Sprint("s", i), fmt.Sprint("t", i)} {
				if c.IntN(3) == 0 {
					n.Unwatch(name)
				} else if err := n.Watch(name); err != nil {
					t.Fatal(err)
				}
			}
			var ops []value.Value
			for range 1 + c.IntN(6) {
				op := operation{int64(c.IntN(16)), int64(c.IntN(12) - 2), fmt.Sprint("k", c.IntN(2))}
				w.do(op)
				ops = append(ops, op.value())
			}
			if out := n.raise(t, "batch", value.List(ops...)); out.Abort != "" {
				t.Fatal(seed, out.Abort, out.Detail)
			}
			n.raise(t, fmt.Sprint("ask", i))
			compareViews(t, seed, text[len(schema):], n, c.views, w)
			if got, want := n.read(t, fmt.Sprint("out", i)), n.read(t, fmt.Sprint("v", i)); !slices.EqualFunc(got, want, value.Equal) {
				t.Fatalf("seed %d: a handler computes %v, where v%d is %v, in%s", seed, got, i, want, text[len(schema):])
			}
		}
	}
}

func compareViews(t *testing.T, seed uint64, text string, n *node, views []of, w *world) {
	t.Helper()
	for i, v := range views {
		var want []value.Value
		for tup := range v.eval(w) {
			want = append(want, value.Int(tup[0]))
		}
		slices.SortFunc(want, value.Compare)
		if got := n.read(t, v.text); !slices.EqualFunc(got, want, value.Equal) {
			t.Fatalf("seed %d: %s is %v, not %v, in%s", seed, v.text, got, want, text)
		}
		r, err := n.Read(fmt.Sprint("n", i), nil)
		if err != nil || r.Value.AsInt() != int64(len(want)) {
			t.Fatalf("seed %d: n%d is %v, not %d, in%s", seed, i, r.Value, len(want), text)
		}
		sum := int64(0)
		for _, x := range want {
			sum += x.AsInt()*x.AsInt() - 3
		}
		if r, err = n.Read(fmt.Sprint("s", i), nil); err != nil || r.Value.AsInt() != sum {
			t.Fatalf("seed %d: s%d is %v, not %d, in%s", seed, i, r.Value, sum, text)
		}
		slices.SortStableFunc(want, func(a, b value.Value) int { return int(b.AsInt()%3 - a.AsInt()%3) })
		want = want[:min(3, len(want))]
		if r, err = n.Read(fmt.Sprint("t", i), nil); err != nil || !slices.EqualFunc(r.Value.Elems(), want, value.Equal) {
			t.Fatalf("seed %d: t%d is %v, not %v, in%s", seed, i, r.Value, want, text)
		}
	}
}
