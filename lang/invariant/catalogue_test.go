package invariant_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/martinelli-lang/martinelli/lang/diag"
	"github.com/martinelli-lang/martinelli/lang/invariant"
	"github.com/martinelli-lang/martinelli/lang/resolve"
	"github.com/martinelli-lang/martinelli/lang/syntax"
	"github.com/martinelli-lang/martinelli/lang/token"
	"github.com/martinelli-lang/martinelli/lang/types"
)

const shop = `type :Item, { id: id, name: string }
database :stock, counter, :by => :sku, :replicated => true
database :sold, counter, :by => :sku, :replicated => true
database :hits, gcounter, :replicated => true
database :items, set<Item>, :replicated => true
database :names, set<id>, :replicated => true
database :log, gset<id>, :replicated => true
database :color, lww<symbol>, :by => :sku, :replicated => true
database :paint, lww<symbol>, :by => :sku, :replicated => true
database :open, flag, :replicated => true
database :shut, flag, :replicated => true
`

// refused has programs of each row of the catalogue that are not free, and the
// two replicas that break them.
var refused = []struct{ shape, text, example string }{
	{"c >= k", `invariant :i do |s in stock.keys| stock[s] >= 0 end
on_buy do |s: id| stock[s].dec(1) end
on_deliver do |s: id, n: nat| stock[s].inc(n) end`,
		"2 replicas, stock 1:  a: dec -> 0  b: dec -> 0  after merge: -1"},
	{"c <= k", `invariant :i do |s in stock.keys| stock[s] <= 50_000 end
on_deliver do |s: id| stock[s].inc(1) end`,
		"2 replicas, stock 49999:  a: inc -> 50000  b: inc -> 50000  after merge: 50001"},
	{"c == k", `invariant :i do hits == 1_000 or hits == 0 end
on_fill do hits.inc(1_000) end`,
		"2 replicas, hits 0:  a: inc(1000) -> 1000  b: inc(1000) -> 1000  after merge: 2000"},
	{"c != k", `invariant :i do hits != 7 end
on_hit do |n: nat| hits.inc(n) end`, "after merge: 7"},
	{"x + y == const", `invariant :i do |s in stock.keys| stock[s] + sold[s] == 0 end
on_take do |s: id, n: nat, m: nat|
  stock[s].dec(n)
  sold[s].inc(m)
end
on_touch do |s: id| sold[s].dec(1) end`, "after merge"},
	{"x <= y", `invariant :i do |s in stock.keys| sold[s] <= stock[s] end
on_sell do |s: id| sold[s].inc(1) end
on_deliver do |s: id, n: nat| stock[s].inc(n) end`,
		"a: sold.inc -> sold 2, stock 0, in stock.keys no  b: stock.inc -> sold 1, stock 1, in stock.keys yes  after merge: sold 2, stock 1, in stock.keys yes"},
	{"two registers equal", `invariant :i do |s in color.keys| color[s] == paint[s] end
on_paint do |s: id, c: symbol|
  color[s].set(c)
  paint[s].set(c)
end
on_color do |s: id| color[s].set(:x) end
on_fade do |s: id| paint[s].set(:x) end`, "after merge"},
	{"foreign key", `invariant :i do |s in log| s in names end
on_name do |s: id| names.add(s) end
on_log do |s: id| log.add(s) end
on_unname do |s: id| names.remove(s) end`,
		`2 replicas, s in names yes, in log no:  a: log.add("x") -> s in names yes, in log yes  b: names.remove("x") -> s in names no, in log no  after merge: s in names no, in log yes`},
	{"unique", `invariant :i do |a, b in items.product(items)| a.id != b.id or a == b end
on_add do |i: Item| items.add(i) end`, `2 replicas, items.count 0:  a: add(("x", "x")) -> 1  b: add(("x", "y")) -> 1  after merge: 2`},
	{"s.count <= k", `invariant :i do names.count <= 1_000 end
on_name do |s: id| names.add(s) end`,
		`2 replicas, names.count 999:  a: add("x") -> 1000  b: add("y") -> 1000  after merge: 1001`},
	{"s.count >= k", `invariant :i do not open or names.count >= 1 end
on_name do |s: id| names.add(s) end
on_unname do |s: id| names.remove(s) end
on_open do open.on() end`, "after merge"},
	{"x in s", `invariant :i do not open or "x" in names end
on_name do |s: id| names.add(s) end
on_unname do |s: id| names.remove(s) end
on_open do open.on() end`, "after merge"},
	{"not (p and q)", `invariant :i do not (open and shut) end
on_open do open.on() end
on_shut do shut.on() end`,
		"2 replicas, open no, shut no:  a: open.on -> open yes, shut no  b: shut.on -> open no, shut yes  after merge: open yes, shut yes"},
	{"a total kept by hand beside a set", `invariant :i do hits == log.count end
on_log do |s: id|
  log.add(s)
  hits.inc(1)
end`, `a: log.add("x") and hits.inc -> hits 1, log.count 1  b: log.add("x") and hits.inc -> hits 1, log.count 1  after merge: hits 2, log.count 1`},
}

// TestRefusedAreShown wants two replicas with at most four updates for each row.
func TestRefusedAreShown(t *testing.T) {
	for _, r := range refused {
		v := invariant.Judge(typed(t, shop+r.text)).Verdicts[0]
		if v.Kind != invariant.Open || !strings.Contains(v.Counterexample, r.example) || strings.Count(v.Counterexample, "->") > 4 {
			t.Errorf("%s: %v (%s) with %q", r.shape, v.Kind, v.Shape, v.Counterexample)
		}
	}
}

// BenchmarkCounterexample judges one invariant of each row that is not free.
func BenchmarkCounterexample(b *testing.B) {
	for _, r := range refused {
		b.Run(r.shape, func(b *testing.B) {
			program := typed(b, shop+r.text)
			for b.Loop() {
				invariant.Judge(program)
			}
		})
	}
}

func typed(t testing.TB, text string) *types.Typed {
	file, letters := syntax.ParseFile(token.NewFile("test.mrt", text))
	prog, more := resolve.Resolve([]*syntax.File{file}, resolve.UsualTopology())
	typed, last := types.Check(prog)
	if letters = slices.Concat(letters, more, last); diag.HasErrors(letters) {
		t.Fatalf("%s\n%v", text, letters)
	}
	return typed
}
