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

// filling is a program whose functions fill a set and a register for every key
// of a set; a second function is given what the first one fills.
const filling = `
import :double, (gset<int>, out set<int>), :from => "go:double"
import :most,   (set<int>, out lww<int>),  :from => "go:most"
database :keys, set<id>, :replicated => true
database :nums, gset<int>, :by => :k, :replicated => true
database :twice, set<int>, :by => :k, :replicated => true
database :best, lww<int>, :by => :k, :replicated => true
process do |k in keys|
  double(nums[:k], twice[:k])
  most(twice[:k], best[:k])
end
on_key do |k: id| keys.add(k) end
on_unkey do |k: id| keys.remove(k) end
on_num do |k: id, n: int| nums[:k].add(n) end
on_veto do |k: id, n: int| twice[:k].remove(n) end
on_lift do |k: id, n: int| twice[:k].add(n) end
view :seen do twice.filter do |k, n| n > 2 end end
`

func double(calls *int) flow.Func {
	return func(args []value.Value) (value.Value, error) {
		*calls++
		var out []value.Value
		for _, v := range slices.Backward(args[0].Elems()) {
			out = append(out, value.Int(2*v.AsInt()))
		}
		return value.List(out...), nil
	}
}

func most(args []value.Value) (value.Value, error) {
	list := args[0].Elems()
	if len(list) == 0 {
		return value.Nil, nil
	}
	return list[len(list)-1], nil
}

// settle computes until nothing is due, and returns how many commits that took.
func (n *node) settle(t *testing.T) (commits int) {
	t.Helper()
	for range 100 {
		dues := n.Drain().Dues
		if len(dues) == 0 {
			return commits
		}
		for _, d := range dues {
			out := n.Compute(d, n.env())
			if out.Abort != "" {
				t.Fatal(out.Abort, out.Detail)
			}
			if len(out.Writes) > 0 {
				commits++
			}
			n.mint(out)
		}
	}
	t.Fatal("the processes do not come to rest")
	return 0
}

// TestCellsFollowWhatTheyAreGiven: over random histories a cell without the
// vetoes, with what users wrote, is what the database shows.
func TestCellsFollowWhatTheyAreGiven(t *testing.T) {
	for seed := range uint64(40) {
		die := rand.New(rand.NewPCG(seed, 3))
		calls := 0
		text := strings.ReplaceAll(filling, "lww<int>", []string{"lww<int>", "max<int>", "min<int>"}[seed%3])
		n := &node{compileWith(t, text, map[string]flow.Func{"double": double(&calls), "most": most}), map[string]uint64{}}
		keys, nums := map[string]bool{}, map[string]map[int64]bool{}
		vetoes, own := map[string]map[int64]bool{}, map[string]map[int64]bool{}
		for _, k := range []string{"k0", "k1", "k2"} {
			nums[k], vetoes[k], own[k] = map[int64]bool{}, map[int64]bool{}, map[int64]bool{}
		}
		for range 40 {
			k, x := fmt.Sprint("k", die.IntN(3)), int64(die.IntN(8))
			switch die.IntN(6) {
			case 0:
				n.raise(t, "key", value.String(k))
				keys[k] = true
			case 1:
				n.raise(t, "unkey", value.String(k))
				delete(keys, k)
			case 2, 3:
				n.raise(t, "num", value.String(k), value.Int(x))
				nums[k][x] = true
			case 4:
				n.raise(t, "veto", value.String(k), value.Int(x))
				vetoes[k][x] = true
				delete(own[k], x)
			case 5:
				n.raise(t, "lift", value.String(k), value.Int(x))
				delete(vetoes[k], x)
				own[k][x] = true
			}
			if die.IntN(2) == 0 {
				continue
			}
			n.settle(t)
			for k := range nums {
				want := maps.Clone(own[k])
				for x := range nums[k] {
					if keys[k] && !vetoes[k][2*x] {
						want[2*x] = true
					}
				}
				r, err := n.Read("twice", []value.Value{value.String(k)})
				if err != nil || words(r.Value) != fmt.Sprint(slices.Sorted(maps.Keys(want))) {
					t.Fatalf("seed %d: twice of %s is %v %v, not %v", seed, k, words(r.Value), err, slices.Sorted(maps.Keys(want)))
				}
				best, _ := n.Read("best", []value.Value{value.String(k)})
				if all := slices.Sorted(maps.Keys(want)); keys[k] && len(all) > 0 {
					if best.Value.AsInt() != all[len(all)-1] {
						t.Fatalf("seed %d: best of %s is %v, of %v", seed, k, best.Value, all)
					}
				} else if !best.Value.IsNil() {
					t.Fatalf("seed %d: best of %s is %v, of nothing", seed, k, best.Value)
				}
			}
			if again := n.settle(t); again != 0 {
				t.Fatalf("seed %d: at rest, %d commits more", seed, again)
			}
		}
	}
}

// TestARunComparesBeforeItWrites: a function is called once for a burst of
// changes, not at all where its cell alone has changed to what it gave, and
// what stays in its result is not written again.
func TestARunComparesBeforeItWrites(t *testing.T) {
	calls := 0
	n := &node{compileWith(t, filling, map[string]flow.Func{"double": double(&calls)}), map[string]uint64{}}
	if got := n.Unlinked(); !slices.Equal(got, []string{"most"}) {
		t.Errorf("not linked: %v", got)
	}
	n.raise(t, "key", value.String("a"))
	for i := range 100 {
		n.raise(t, "num", value.String("a"), value.Int(int64(i)))
	}
	dues := n.Drain().Dues
	if len(dues) != 1 {
		t.Fatalf("%d are due", len(dues))
	}
	out := n.Compute(dues[0], n.env())
	n.mint(out)
	if calls != 1 || len(out.Writes) != 1 || len(out.Writes[0].Entries) != 100 {
		t.Errorf("%d calls, writes %v", calls, len(out.Writes))
	}
	n.raise(t, "num", value.String("a"), value.Int(500))
	out = n.Compute(n.Drain().Dues[0], n.env())
	n.mint(out)
	if calls != 2 || len(out.Writes[0].Entries) != 1 || len(out.Writes[0].Removed) != 0 {
		t.Errorf("%d calls, %v", calls, out.Writes)
	}
	n.raise(t, "veto", value.String("a"), value.Int(1000))
	if dues := n.Drain().Dues; len(dues) != 0 {
		t.Errorf("a veto makes %v due", dues)
	}
	env := n.env()
	env.Holds = func(string) bool { return false }
	n.raise(t, "num", value.String("a"), value.Int(501))
	if out := n.Compute(n.Drain().Dues[0], env); len(out.Writes) > 0 || calls != 2 {
		t.Error("it ran where its database is not held")
	}
}
