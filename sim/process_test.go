package sim

import (
	"fmt"
	"maps"
	"slices"
	"testing"

	"github.com/martinelli-lang/martinelli/flow"
	"github.com/martinelli-lang/martinelli/sim/fault"
	"github.com/martinelli-lang/martinelli/value"
)

// filling is filled at servers and clients alike; its users veto what it finds.
const filling = `
import :double, (gset<int>, out set<int>), :from => "go:double"
database :keys, set<id>, :replicated => true
database :nums, gset<int>, :by => :k, :replicated => true
database :twice, set<int>, :by => :k, :replicated => true
process do |k in keys|
  double(nums[:k], twice[:k])
end
on_key do |k: id| keys.add(k) end
on_unkey do |k: id| keys.remove(k) end
on_num do |k: id, n: int| nums[:k].add(n % 9) end
on_veto do |k: id, n: int| twice[:k].remove(n % 9 * 2) end
on_lift do |k: id, n: int| twice[:k].add(n % 9 * 2) end
allow :write, keys do |me| true end
allow :write, nums do |me| true end
allow :write, twice do |me| true end
`

func double(args []value.Value) (value.Value, error) {
	var out []value.Value
	for _, v := range args[0].Elems() {
		out = append(out, value.Int(2*v.AsInt()))
	}
	return value.List(out...), nil
}

// filled compares, at every machine at rest, what is shown with what is
// computed again from what the machine holds.
func filled(w *World) (wrong []string) {
	for _, m := range w.machines {
		keys := map[string]bool{}
		held, _ := m.Read("keys")
		for _, k := range held.Value.Elems() {
			keys[k.AsString()] = true
		}
		nums, vetoes, own := perKey(m, "nums"), perKey(m, "twice@veto"), map[string][]int64{}
		for _, key := range m.Shadow().Keys("twice") {
			k, _ := value.DecodeAll(key)
			for _, f := range m.Shadow().Facts("twice") {
				if f.Key == key && len(f.Live) > 0 {
					v, _ := value.DecodeAll(f.Value)
					own[k.AsString()] = append(own[k.AsString()], v.AsInt())
				}
			}
		}
		shown := perKey(m, "twice")
		for k := range union(keys, nums, shown, own) {
			want := map[int64]bool{}
			for _, n := range nums[k] {
				if keys[k] && !slices.Contains(vetoes[k], 2*n) {
					want[2*n] = true
				}
			}
			for _, n := range own[k] {
				want[n] = true
			}
			if got := shown[k]; !slices.Equal(got, slices.Sorted(maps.Keys(want))) {
				wrong = append(wrong, fmt.Sprintf("%s shows twice[%q] = %v, and %v is computed", m.name, k, got, slices.Sorted(maps.Keys(want))))
			}
		}
	}
	return wrong
}

func perKey(m *Machine, name string) map[string][]int64 {
	out := map[string][]int64{}
	r, _ := m.Read(name)
	for _, p := range r.Pairs {
		for _, v := range p.Value.Elems() {
			out[p.Key[0].AsString()] = append(out[p.Key[0].AsString()], v.AsInt())
		}
	}
	return out
}

func union(keys map[string]bool, more ...map[string][]int64) map[string]bool {
	all := maps.Clone(keys)
	for _, m := range more {
		for k := range m {
			all[k] = true
		}
	}
	return all
}

// TestCellsConverge: whoever runs the function, crashes and cuts included, at
// rest every machine shows what is computed from what was written; a veto
// stands whatever was found beside it.
func TestCellsConverge(t *testing.T) {
	p := compile(t, "filling.mrt", filling)
	for seed := range seeds(20) {
		tell(t, Config{
			Name: "filling", Program: p, Funcs: map[string]flow.Func{"double": double}, Seed: seed, Faults: fault.All,
			Events: 40, Roles: []Role{{"server", 2}, {"client", 2}},
		}, filled)
	}
}

// shaping fills a flag, a record and a map of records; its users veto what is in a field.
const shaping = `
type :Sum, { all: set<int>, big: flag, last: lww<int> }
import :sum, (gset<int>, out Sum), :from => "go:sum"
import :wide, (gset<int>, out flag), :from => "go:wide"
import :sorts, (gset<int>, out map<int, { all: gset<int>, least: lww<int> }>), :from => "go:sorts"
database :keys, set<id>, :replicated => true
database :nums, gset<int>, :by => :k, :replicated => true
database :sums, Sum, :by => :k, :replicated => true
database :broad, flag, :by => :k, :replicated => true
database :kinds, map<int, { all: gset<int>, least: lww<int> }>, :by => :k, :replicated => true
process do |k in keys|
  sum(nums[:k], sums[:k])
  wide(nums[:k], broad[:k])
  sorts(nums[:k], kinds[:k])
end
on_key do |k: id| keys.add(k) end
on_unkey do |k: id| keys.remove(k) end
on_num do |k: id, n: int| nums[:k].add(n % 9) end
on_veto do |k: id, n: int| sums[:k].all.remove(n % 9) end
allow :write, keys do |me| true end
allow :write, nums do |me| true end
allow :write, sums do |me| true end
allow :write, broad do |me| true end
allow :write, kinds do |me| true end
`

// shaped are the functions of shaping.
var shaped = map[string]flow.Func{
	"sum": func(args []value.Value) (value.Value, error) {
		ns, last := args[0].Elems(), value.Nil
		for _, n := range ns {
			last = n
		}
		return value.Record(value.List(ns...), value.Bool(len(ns) > 3), last), nil
	},
	"wide": func(args []value.Value) (value.Value, error) { return value.Bool(len(args[0].Elems())%2 == 1), nil },
	"sorts": func(args []value.Value) (value.Value, error) {
		var rows []value.Value
		for _, n := range args[0].Elems() { // a key comes again for each of its numbers
			rows = append(rows, value.Tuple(value.Int(n.AsInt()%3), value.Record(value.List(n), n)))
		}
		return value.List(rows...), nil
	},
}

// misshapen compares, at every machine at rest, what the record, the flag and
// the map show with what is computed again from what the machine holds.
func misshapen(w *World) (wrong []string) {
	for _, m := range w.machines {
		held, _ := m.Read("keys")
		keys := map[string]bool{}
		for _, k := range held.Value.Elems() {
			keys[k.AsString()] = true
		}
		nums, vetoes, shown := perKey(m, "nums"), perKey(m, "sums.all@veto"), perKey(m, "sums.all")
		for k := range union(keys, nums, shown) {
			var ns, kept []int64
			if keys[k] {
				ns = nums[k]
			}
			kinds := map[int64][]int64{}
			for _, n := range ns {
				kinds[n%3] = append(kinds[n%3], n)
				if !slices.Contains(vetoes[k], n) {
					kept = append(kept, n)
				}
			}
			big, _ := m.Read("sums.big", value.String(k))
			broad, _ := m.Read("broad", value.String(k))
			last, _ := m.Read("sums.last", value.String(k))
			got := fmt.Sprint(shown[k], big.Value.AsBool(), broad.Value.AsBool(), last.Value.IsNil())
			if want := fmt.Sprint(kept, len(ns) > 3, len(ns)%2 == 1, len(ns) == 0); got != want {
				wrong = append(wrong, fmt.Sprintf("%s shows %s at %q, and %s is computed", m.name, got, k, want))
			}
			rows, _ := m.Read("kinds", value.String(k))
			if len(rows.Pairs) != len(kinds) {
				wrong = append(wrong, fmt.Sprintf("%s shows kinds %v at %q, and %v is computed", m.name, rows.Pairs, k, kinds))
			}
			for _, p := range rows.Pairs {
				var all []int64
				for _, n := range p.Value.Field(0).Elems() {
					all = append(all, n.AsInt())
				}
				if !slices.Equal(all, kinds[p.Key[1].AsInt()]) || p.Value.Field(1).AsInt() != all[len(all)-1] {
					wrong = append(wrong, fmt.Sprintf("%s shows kind %v at %q, and %v is computed", m.name, p.Key[1], k, kinds))
				}
			}
		}
	}
	return wrong
}

// TestShapedCellsConverge: the same of a flag, a record and a map.
func TestShapedCellsConverge(t *testing.T) {
	p := compile(t, "shaping.mrt", shaping)
	for seed := range seeds(10) {
		tell(t, Config{
			Name: "shaping", Program: p, Funcs: shaped, Seed: seed, Faults: fault.All,
			Events: 40, Roles: []Role{{"server", 2}, {"client", 2}},
		}, misshapen)
	}
}

// settling is filled by a function that is promised to follow what it is given:
// its out database is settled, so a handler may act on what it finds there.
const settling = `
import :double, (gset<int>, out gset<int>), :from => "go:double", :monotone => true
database :keys, gset<id>, :replicated => true
database :nums, gset<int>, :by => :k, :replicated => true
database :twice, gset<int>, :by => :k, :replicated => true
database :claims, gset<{ k: id, n: int }>, :replicated => true
import :many, (gset<int>, out once), :from => "go:many", :monotone => true
database :full, once, :by => :k, :replicated => true
database :overs, gset<id>, :replicated => true
process do |k in keys|
  double(nums[:k], twice[:k])
  many(nums[:k], full[:k])
end
on_over do |k: id|
  if full[:k]
    overs.add(k)
  end
end
allow :write, overs do |me| true end
on_key do |k: id| keys.add(k) end
on_num do |k: id, n: int| nums[:k].add(n % 9) end
on_claim do |k: id, n: int|
  if n % 9 * 2 in twice[:k]
    claims.add({ k: k, n: n % 9 * 2 })
  end
end
allow :write, keys do |me| true end
allow :write, nums do |me| true end
allow :write, claims do |me| true end
`

// regretted are claims on what is not there any more.
func regretted(w *World) (wrong []string) {
	for _, m := range w.machines {
		shown := perKey(m, "twice")
		r, _ := m.Read("claims")
		for _, c := range r.Value.Elems() {
			if k, n := c.Field(0).AsString(), c.Field(1).AsInt(); !slices.Contains(shown[k], n) {
				wrong = append(wrong, fmt.Sprintf("%s: somebody acted on %d in twice[%q], which is not there", m.name, n, k))
			}
		}
	}
	for _, m := range w.machines {
		r, _ := m.Read("overs")
		for _, k := range r.Value.Elems() {
			if full, _ := m.Read("full", k); !full.Value.AsBool() {
				wrong = append(wrong, fmt.Sprintf("%s: somebody acted on full[%v], which it is not", m.name, k))
			}
		}
	}
	return wrong
}

// TestSettledCellsAreNotRegretted: nobody acts on what a promised function has
// found and then takes back, under faults; where the promise is false somebody does.
func TestSettledCellsAreNotRegretted(t *testing.T) {
	p := compile(t, "settling.mrt", settling)
	least := func(args []value.Value) (value.Value, error) { // of more it gives less
		v, err := double(args)
		return value.List(v.Elems()[:min(len(v.Elems()), 1)]...), err
	}
	many := func(args []value.Value) (value.Value, error) { return value.Bool(len(args[0].Elems()) > 2), nil }
	claims, overs, regrets := 0, 0, 0
	for seed := range seeds(20) {
		cfg := Config{
			Name: "settling", Program: p, Funcs: map[string]flow.Func{"double": double, "many": many}, Seed: seed, Faults: fault.All,
			Events: 60, Roles: []Role{{"server", 2}, {"client", 2}},
		}
		tell(t, cfg, func(w *World) []string {
			r, _ := w.machines[0].Read("claims")
			claims += len(r.Value.Elems())
			r, _ = w.machines[0].Read("overs")
			overs += len(r.Value.Elems())
			return append(filled(w), regretted(w)...)
		})
		w, err := NewWorld(cfg)
		if err != nil {
			t.Fatal(err)
		}
		w.cfg.Funcs = map[string]flow.Func{"double": least, "many": many}
		if err := w.play(); err != nil {
			t.Fatal(err)
		}
		w.Settle(quiet, settleLimit)
		regrets += len(regretted(w))
	}
	if claims == 0 || overs == 0 || regrets == 0 {
		t.Errorf("%d claims, %d of what is full, %d regretted where the promise is false: that tells little", claims, overs, regrets)
	}
	t.Logf("%d claims, %d of what is full; %d regretted where the promise is false", claims, overs, regrets)
}
