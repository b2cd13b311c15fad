package bench

import (
	"cmp"
	"maps"
	"slices"
	"testing"

	"github.com/martinelli-lang/martinelli"
	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/algebra/crdt"
	"github.com/martinelli-lang/martinelli/flow"
	"github.com/martinelli-lang/martinelli/value"
)

const views = `
database :a, set<int>, :replicated => true
database :b, set<int>, :replicated => true
view :doubled do
  a.map do |x| x * 2 end.filter do |x| x > 100 end
end
view :pairs do
  a.product(b)
end
view :total do
  a.sum do |x| x * 2 end
end
view :groups do
  a.group do |x| x / 10 end.map do |k, of| { key: k, count: of.count, sum: of.sum } end
end
view :best do
  a.top(10) do |x| x end
end
`

// BenchmarkView is one element that comes into a set, or goes, until a view
// over the set is right again. "watched" is our incremental view, "computed"
// the same view that nobody keeps, computed from scratch when it is read, and
// "loop" the recomputation as one would write it in Go over plain integers,
// without a language, lattices or an order of the result.
func BenchmarkView(b *testing.B) {
	for _, c := range []struct {
		name, view string
		n          int
		loop       func(a map[int64]bool, n int64) int
	}{
		{"mapfilter=10k", "doubled", 10_000, loopMapFilter},
		{"product=1000x1000", "pairs", 1000, loopProduct},
		{"sum=10k", "total", 10_000, loopSum},
		{"group=10k", "groups", 10_000, loopGroup},
		{"top=10k", "best", 10_000, loopTop},
	} {
		b.Run(c.name+"/watched", func(b *testing.B) {
			s := newSource(b, c.n)
			if err := s.engine.Watch(c.view); err != nil {
				b.Fatal(err)
			}
			s.engine.Drain()
			for b.Loop() {
				s.alternate()
				s.engine.Drain()
			}
		})
		b.Run(c.name+"/computed", func(b *testing.B) {
			s := newSource(b, c.n)
			for b.Loop() {
				s.alternate()
				if _, err := s.engine.Read(c.view, nil); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run(c.name+"/loop", func(b *testing.B) {
			a := map[int64]bool{}
			for i := range c.n {
				a[int64(i)] = true
			}
			for b.Loop() {
				if a[coming] {
					delete(a, coming)
				} else {
					a[coming] = true
				}
				sink += c.loop(a, int64(c.n))
			}
		})
	}
}

// coming is the element that comes and goes.
const coming = int64(1 << 20)

var sink int

func loopMapFilter(a map[int64]bool, _ int64) int {
	out := make(map[int64]bool, len(a))
	for x := range a {
		if y := x * 2; y > 100 {
			out[y] = true
		}
	}
	return len(out)
}

func loopSum(a map[int64]bool, _ int64) (sum int) {
	for x := range a {
		sum += int(x) * 2
	}
	return sum
}

func loopGroup(a map[int64]bool, _ int64) int {
	groups := map[int64]struct{ count, sum int64 }{}
	for x := range a {
		g := groups[x/10]
		groups[x/10] = struct{ count, sum int64 }{g.count + 1, g.sum + x}
	}
	return len(groups)
}

func loopTop(a map[int64]bool, _ int64) int {
	all := slices.Collect(maps.Keys(a))
	slices.SortFunc(all, func(x, y int64) int { return cmp.Compare(y, x) })
	return int(all[9])
}

func loopProduct(a map[int64]bool, n int64) int {
	out := make([][2]int64, 0, len(a)*int(n))
	for x := range a {
		for y := range n {
			out = append(out, [2]int64{x, y})
		}
	}
	return len(out)
}

// source is an engine whose sets a and b hold 0 .. n-1.
type source struct {
	engine *flow.Engine
	seq    uint64
	there  crdt.Item // the element that comes and goes
	isOn   bool
}

func newSource(b *testing.B, n int) *source {
	b.Helper()
	p, err := martinelli.Compile("views.mrt", views)
	if err != nil {
		b.Fatal(err)
	}
	engine, err := flow.New(flow.Config{Program: p.Plan, Role: "server"})
	if err != nil {
		b.Fatal(err)
	}
	s := &source{engine: engine}
	var load []flow.Change
	for i := range n {
		for _, db := range []string{"a", "b"} {
			load = append(load, flow.Change{Database: db, Item: s.item(int64(i))})
		}
	}
	engine.Apply(load)
	return s
}

func (s *source) item(x int64) crdt.Item {
	s.seq++
	return crdt.Item{ID: causal.EntryID{Dot: causal.Dot{Seq: s.seq}}, Value: value.Encode(value.Int(x))}
}

// alternate puts the element in, or takes it out.
func (s *source) alternate() {
	if !s.isOn {
		s.there = s.item(coming)
	}
	s.engine.Apply([]flow.Change{{Database: "a", Item: s.there, Removed: s.isOn}})
	s.isOn = !s.isOn
}
