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

// shaped is a program whose functions fill what is on or off, a record with a
// map in it, and maps.
const shaped = `
type :Sum, { most: lww<int>, all: set<int>, big: flag, by: map<int, max<int>> }
import :sum,   (gset<int>, out Sum), :from => "go:sum"
import :large, (gset<int>, out flag), :from => "go:large"
import :any,   (gset<int>, out once), :from => "go:any", :monotone => true
import :split, (gset<int>, out map<int, set<int>>), :from => "go:split"
import :sorts, (gset<int>, out map<int, { least: lww<int>, all: gset<int> }>), :from => "go:sorts"
database :keys, set<id>, :replicated => true
database :nums, gset<int>, :by => :k, :replicated => true
database :sums, Sum, :by => :k, :replicated => true
database :wide, flag, :by => :k, :replicated => true
database :touched, once, :replicated => true
database :parts, map<int, set<int>>, :by => :k, :replicated => true
database :kinds, map<int, { least: lww<int>, all: gset<int> }>, :by => :k, :replicated => true
process do |k in keys|
  sum(nums[:k], sums[:k])
  large(nums[:k], wide[:k])
  split(nums[:k], parts[:k])
  sorts(nums[:k], kinds[:k])
end
process do any(nums["k0"], touched) end
on_key do |k: id| keys.add(k) end
on_unkey do |k: id| keys.remove(k) end
on_num do |k: id, n: int| nums[:k].add(n) end
on_veto do |k: id, n: int| sums[:k].all.remove(n) end
on_lift do |k: id, n: int| sums[:k].all.add(n) end
on_cut do |k: id, n: int| parts[:k][n % 3].remove(n) end
on_seen do if touched
keys.add("k9")
end end
view :bigs do wide.keys end
view :most do |k in keys| sums[k].most.or(0) end
view :pairs do sums.map do |k, s| [s.all.count, s.by.count] end end
view :splits do parts.keys end
view :firsts do |k in keys| kinds[k].keys end
view :isLarge do |k in keys| wide[k] end
`

func numbersOf(vs []value.Value) (ns []int64) {
	for _, v := range vs {
		ns = append(ns, v.AsInt())
	}
	return ns
}

// byThree is ns by what is left of each divided by three.
func byThree(ns []int64) map[int64][]int64 {
	out := map[int64][]int64{}
	for _, n := range ns {
		out[n%3] = append(out[n%3], n)
	}
	return out
}

var shapedFuncs = map[string]flow.Func{
	"sum": func(args []value.Value) (value.Value, error) {
		ns := numbersOf(args[0].Elems())
		most, rows := value.Nil, []value.Value{}
		for _, n := range ns {
			most = value.Int(n)
			rows = append(rows, value.Tuple(value.Int(n%3), value.Int(n))) // of each key the last one holds
		}
		return value.Record(ints(ns), value.Bool(len(ns) > 2), value.List(rows...), most), nil // all, big, by, most
	},
	"large": func(args []value.Value) (value.Value, error) { return value.Bool(len(args[0].Elems())%3 == 2), nil },
	"any":   func(args []value.Value) (value.Value, error) { return value.Bool(len(args[0].Elems()) > 0), nil },
	"split": func(args []value.Value) (value.Value, error) {
		var rows []value.Value
		for _, n := range numbersOf(args[0].Elems()) {
			rows = append(rows, value.Tuple(value.Int(n%3), value.Int(n)))
		}
		return value.List(rows...), nil
	},
	"sorts": func(args []value.Value) (value.Value, error) {
		var rows []value.Value
		for rest, ns := range byThree(numbersOf(args[0].Elems())) {
			rows = append(rows, value.Tuple(value.Int(rest), value.Record(ints(ns), value.Int(ns[0])))) // all, least
		}
		return value.List(rows...), nil
	},
}

// TestRecordsAndMapsFollowWhatTheyAreGiven: over random histories, what a
// function fills shows what it gives for what there is, with users' vetoes.
func TestRecordsAndMapsFollowWhatTheyAreGiven(t *testing.T) {
	for seed := range uint64(30) {
		die := rand.New(rand.NewPCG(seed, 4))
		n := &node{compileWith(t, shaped, shapedFuncs), map[string]uint64{}}
		keys, nums, vetoes, own, cuts := map[string]bool{}, map[string]map[int64]bool{}, map[string]bool{}, map[string]bool{}, map[string]bool{}
		names := []string{"k0", "k1", "k2"}
		for _, k := range names {
			nums[k] = map[int64]bool{}
		}
		for range 40 {
			k, x := names[die.IntN(3)], int64(die.IntN(8))
			at := fmt.Sprint(k, x)
			switch key, num := value.String(k), value.Int(x); die.IntN(7) {
			case 0:
				n.raise(t, "key", key)
				keys[k] = true
			case 1:
				n.raise(t, "unkey", key)
				delete(keys, k)
			case 2, 3:
				n.raise(t, "num", key, num)
				nums[k][x] = true
			case 4:
				n.raise(t, "veto", key, num)
				vetoes[at] = true
				delete(own, at)
			case 5:
				n.raise(t, "lift", key, num)
				delete(vetoes, at)
				own[at] = true
			case 6:
				n.raise(t, "cut", key, num)
				cuts[at] = true
			}
			if die.IntN(2) == 0 {
				continue
			}
			n.settle(t)
			for _, k := range names {
				var ns []int64
				if keys[k] {
					ns = slices.Sorted(maps.Keys(nums[k]))
				}
				if got, want := n.shape(t, k), shapeOf(ns, func(x int64) (isOut, isIn, isCut bool) {
					at := fmt.Sprint(k, x)
					return vetoes[at], own[at], cuts[at]
				}); got != want {
					t.Fatalf("seed %d, %s, of %v:\nit shows   %s\nand should %s", seed, k, ns, got, want)
				}
			}
			if again := n.settle(t); again != 0 {
				t.Fatalf("seed %d: at rest, %d commits more", seed, again)
			}
		}
		n.settle(t)
		if out := n.raise(t, "seen"); (len(out.Writes) > 0) != (len(nums["k0"]) > 0) {
			t.Fatalf("seed %d: acting on what is settled wrote %v", seed, out.Writes)
		}
	}
}

// shape reads what is filled at a key in every way there is to read it.
func (n *node) shape(t *testing.T, k string) string {
	t.Helper()
	var all []string
	read := func(name string, key ...value.Value) flow.Reading {
		r, err := n.Read(name, key)
		if err != nil {
			t.Fatal(name, err)
		}
		return r
	}
	at := value.String(k)
	for _, name := range []string{"sums", "sums.all", "sums.most", "sums.big", "wide"} {
		all = append(all, fmt.Sprint(name, ":", read(name, at).Value))
	}
	for _, name := range []string{"parts", "kinds"} {
		for _, p := range read(name, at).Pairs {
			all = append(all, fmt.Sprint(name, p.Key[1:], ":", p.Value))
		}
	}
	return strings.Join(all, " ")
}

// shapeOf is what shape reads where the functions have been given ns.
func shapeOf(ns []int64, about func(int64) (isOut, isIn, isCut bool)) string {
	shown, parts, by := map[int64]bool{}, map[int64][]int64{}, map[int64]int64{}
	most := value.Nil
	for _, x := range ns {
		most, by[x%3] = value.Int(x), x
	}
	for x := range int64(8) {
		isOut, isIn, isCut := about(x)
		isGiven := slices.Contains(ns, x)
		if isGiven && !isOut || isIn {
			shown[x] = true
		}
		if isGiven && !isCut {
			parts[x%3] = append(parts[x%3], x)
		}
	}
	elems := ints(slices.Sorted(maps.Keys(shown)))
	var rows []value.Value
	for _, rest := range slices.Sorted(maps.Keys(by)) {
		rows = append(rows, value.Tuple(value.Int(rest), value.Int(by[rest])))
	}
	big := value.Bool(len(ns) > 2)
	record := value.Nil
	if len(ns) > 0 || len(shown) > 0 {
		record = value.Record(elems, big, value.List(rows...), most)
	}
	all := []string{fmt.Sprint("sums:", record), fmt.Sprint("sums.all:", elems), fmt.Sprint("sums.most:", most), fmt.Sprint("sums.big:", big), fmt.Sprint("wide:", value.Bool(len(ns)%3 == 2))}
	for _, rest := range slices.Sorted(maps.Keys(parts)) {
		all = append(all, fmt.Sprint("parts", []value.Value{value.Int(rest)}, ":", ints(parts[rest])))
	}
	for _, rest := range slices.Sorted(maps.Keys(byThree(ns))) {
		of := byThree(ns)[rest]
		all = append(all, fmt.Sprint("kinds", []value.Value{value.Int(rest)}, ":", value.Record(ints(of), value.Int(of[0]))))
	}
	return strings.Join(all, " ")
}

// TestAMapThatIsFilledIsEmptied: when a key leaves, everything below it goes.
func TestAMapThatIsFilledIsEmptied(t *testing.T) {
	n := &node{compileWith(t, shaped, shapedFuncs), map[string]uint64{}}
	for i := range int64(6) {
		n.raise(t, "num", value.String("a"), value.Int(i))
	}
	n.raise(t, "key", value.String("a"))
	n.settle(t)
	r, _ := n.Read("parts", []value.Value{value.String("a")})
	n.raise(t, "unkey", value.String("a"))
	commits := n.settle(t)
	after, _ := n.Read("parts", []value.Value{value.String("a")})
	if len(r.Pairs) != 3 || len(after.Pairs) != 0 || commits != 3 {
		t.Errorf("%d keys, then %d, by %d commits", len(r.Pairs), len(after.Pairs), commits)
	}
}
