package sim

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/anishathalye/porcupine"
	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/flow"
	"github.com/martinelli-lang/martinelli/node"
	"github.com/martinelli-lang/martinelli/plan"
	"github.com/martinelli-lang/martinelli/sim/audit/cycle"
	"github.com/martinelli-lang/martinelli/sim/fault"
	"github.com/martinelli-lang/martinelli/value"
)

// appends appends to texts, in serial blocks that write down what they read.
const appends = `
database :lists, lww<string>, :by => :k
database :reads, gset<{ by: string, k: id, was: string }>
database :missed, gcounter, :replicated => true
on_append do |name: string, k: id, other: id|
  atomic :serial do
    reads.add({ by: name, k: k, was: lists[k].or("") })
    reads.add({ by: name, k: other, was: lists[other].or("") })
    lists[k].set(lists[k].or("") + name)
    if k != other and other != "c"
      lists[other].set(lists[other].or("") + name)
    end
    if k == "c" and lists["b"].or("").count > 9
      abort :full
    end
  else |why|
    missed.inc(1)
  end
end
`

// appended is a history of appends, as the raisers saw it.
type appended struct {
	txns   []cycle.Txn
	final  map[string][]string
	missed int64 // how often an else ran, by the program
	failed int64 // and by the answers
}

// playAppends lets two servers append to the lists of a third while messages are lost,
// repeated and reordered, links are cut and everybody is killed in the middle of
// a write. Whoever gets no outcome asks again in the same stream.
func playAppends(t *testing.T, p *plan.Program, seed uint64, planted node.Planted) appended {
	t.Helper()
	return playAppendsIn(t, appendsIn(p, seed, planted))
}

func appendsIn(p *plan.Program, seed uint64, planted node.Planted) Config {
	return Config{
		Program: p, Roles: []Role{{"server", 3}}, Seed: seed, FlushEvery: 7, Planted: planted,
		Faults: fault.Spec{Drop: 100_000, Duplicate: 200_000, Reorder: 200_000},
	}
}

func playAppendsIn(t *testing.T, cfg Config) appended {
	t.Helper()
	seed := cfg.Seed
	w, err := NewWorld(cfg)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.StartAll(); err != nil {
		t.Fatal(err)
	}
	w.Advance(3 * causal.Second)
	rnd := die(seed, "appends")
	var h appended
	h.txns = make([]cycle.Txn, 24)
	for i := range h.txns {
		h.append(w, rnd, i)
		if rnd.IntN(6) == 0 {
			w.machines[rnd.IntN(3)].Doom(fault.Loss(rnd.IntN(3)))
		}
		if rnd.IntN(8) == 0 {
			w.Cut(fault.Action{Groups: []int{0, rnd.IntN(2), 1}})
		}
		w.Advance(causal.Instant(rnd.IntN(900)) * causal.Millisecond)
		revive(t, w)
		w.Heal(0)
	}
	for i := range h.txns { // all that had no outcome yet
		for range 6 {
			if h.txns[i].Ended < math.MaxInt64 {
				break
			}
			h.raise(w, i)
			w.Advance(12 * causal.Second)
			revive(t, w)
		}
	}
	w.Advance(20 * causal.Second)
	h.read(w.machines[0])
	return h
}

// append begins transaction i at one of the servers.
func (h *appended) append(w *World, rnd *rand.Rand, i int) {
	keys := [][2]string{{"a", "a"}, {"a", "b"}, {"b", "a"}, {"b", "c"}, {"c", "b"}, {"c", "c"}}[rnd.IntN(6)]
	t := &h.txns[i]
	t.Name, t.Began, t.Ended, t.Appends = fmt.Sprintf("%02d ", i), int64(w.Now()), math.MaxInt64, []string{keys[0]}
	if keys[0] != keys[1] && keys[1] != "c" {
		t.Appends = append(t.Appends, keys[1])
	}
	t.Reads = map[string][]string{keys[0]: nil, keys[1]: nil}
	h.raise(w, i)
}

func (h *appended) raise(w *World, i int) {
	t := &h.txns[i]
	other := t.Appends[0]
	for k := range t.Reads {
		if k != t.Appends[0] {
			other = k
		}
	}
	m := w.machines[i%3]
	m.Raise(node.RaiseRequest{
		Event: "append", Args: []value.Value{value.String(t.Name), value.String(t.Appends[0]), value.String(other)},
		Stream: fmt.Sprint("s", i), Seq: 1,
	}, func(a node.Answer) {
		switch {
		case t.Ended < math.MaxInt64 || a.Pending || a.IsOpen():
		case a.Committed:
			t.Ended = int64(w.Now())
		default:
			t.Ended, t.DidNothing = int64(w.Now()), true
			h.failed++
		}
	})
}

// read takes from the home what the lists hold and what was read.
func (h *appended) read(home *Machine) {
	h.final = map[string][]string{}
	for _, k := range []string{"a", "b", "c"} {
		r, _ := home.Read("lists", value.String(k))
		h.final[k] = namesIn(r.Value.AsString())
	}
	r, _ := home.Read("reads")
	was := map[string]string{}
	for _, v := range r.Value.Elems() {
		was[v.Field(0).AsString()+v.Field(1).AsString()] = v.Field(2).AsString()
	}
	for i := range h.txns {
		t := &h.txns[i]
		for k := range t.Reads {
			if text, ok := was[t.Name+k]; ok {
				t.Reads[k] = namesIn(text)
			} else {
				delete(t.Reads, k) // it had no effect
			}
		}
	}
	r, _ = home.Read("missed")
	h.missed = r.Value.AsInt()
}

// namesIn cuts a list into the names that were appended.
func namesIn(list string) []string {
	var names []string
	for ; len(list) >= 3; list = list[3:] {
		names = append(names, list[:3])
	}
	return names
}

// judge says what is wrong with a history, or "".
func (h *appended) judge() string {
	if why := cycle.Judge(h.txns, h.final); why != "" {
		return why
	}
	if h.missed != h.failed {
		return fmt.Sprintf("%d did nothing and %d elses ran", h.failed, h.missed)
	}
	for k := range h.final {
		if !h.isLinear(k) {
			return "the list " + k + " is not linearizable"
		}
	}
	for _, t := range h.txns {
		if t.Ended == math.MaxInt64 {
			return t.Name + "has no outcome"
		}
	}
	return ""
}

// isLinear asks porcupine about one list: an operation appends a name and
// answers what the list was before.
func (h *appended) isLinear(key string) bool {
	type input struct{ name string }
	model := porcupine.Model{
		Init: func() any { return "" },
		Step: func(state, in, out any) (bool, any) {
			return out == state, state.(string) + in.(input).name
		},
	}
	var ops []porcupine.Operation
	for i, t := range h.txns {
		was, isRead := t.Reads[key]
		if t.DidNothing || !isRead {
			continue
		}
		name := ""
		for _, k := range t.Appends {
			if k == key {
				name = t.Name
			}
		}
		ops = append(ops, porcupine.Operation{ClientId: i, Input: input{name}, Output: strings.Join(was, ""), Call: t.Began, Return: t.Ended})
	}
	return porcupine.CheckOperations(model, ops)
}

// TestSerialBlocksAreSerial: under faults, every list by itself is linearizable,
// all of them together are strictly serializable, and an else runs where a
// block did nothing, and only there.
func TestSerialBlocksAreSerial(t *testing.T) {
	p := compile(t, "appends.mrt", appends)
	committed, failed := 0, int64(0)
	n := seeds(20)
	for seed := range n {
		h := playAppends(t, p, seed, node.Planted{})
		if why := h.judge(); why != "" {
			t.Errorf("seed %d: %s", seed, why)
		}
		committed, failed = committed+len(h.txns)-int(h.failed), failed+h.failed
	}
	if committed < 5*int(n) || failed < int64(n)/2 {
		t.Errorf("%d committed and %d did nothing: that tells little", committed, failed)
	}
}

// asking is appends whose block asks a function of the host twice: between what
// it reads and what it writes.
var asking = `import :stamp, (id, string) -> string, :from => "go:post.Stamp"
` + strings.NewReplacer(
	"    lists[k].set(", "    let first = stamp(k, lists[k].or(\"\"))\n    lists[k].set(",
	"lists[k].or(\"\") + name)", "first + name)",
	"lists[other].set(lists[other].or(\"\") + name)", "lists[other].set(stamp(other, lists[other].or(\"\")) + name)",
).Replace(appends)

// TestBlocksThatAskAreSerial: blocks that wait for functions, which are slow now
// and then, and fail, take effect one after the other all the same, though
// others pass them.
func TestBlocksThatAskAreSerial(t *testing.T) {
	p := compile(t, "asking.mrt", asking)
	asked, ids, committed, failed := 0, map[string]bool{}, 0, int64(0)
	n := seeds(20)
	for seed := range n {
		cfg := appendsIn(p, seed, node.Planted{})
		cfg.Span = math.MaxInt64
		cfg.Named = map[string]flow.NamedFunc{"post.Stamp": func(id string, args []value.Value) (value.Value, error) {
			asked++
			ids[fmt.Sprint(seed, id)] = true
			return args[1], nil
		}}
		h := playAppendsIn(t, cfg)
		if why := h.judge(); why != "" {
			t.Errorf("seed %d: %s", seed, why)
		}
		committed, failed = committed+len(h.txns)-int(h.failed), failed+h.failed
	}
	if committed < 5*int(n) || failed < int64(n) || asked <= len(ids) {
		t.Errorf("%d committed, %d did nothing, and %d calls under %d ids tell little", committed, failed, asked, len(ids))
	}
	t.Logf("%d committed, %d did nothing; %d calls under %d ids", committed, failed, asked, len(ids))
}

// TestMistakesInSerialBlocksAreSeen: the judges find each planted mistake.
func TestMistakesInSerialBlocksAreSeen(t *testing.T) {
	p := compile(t, "appends.mrt", appends)
	for name, planted := range map[string]node.Planted{
		"a result outside the effect's commit": {SplitsResults: true},
		"a request under a new number":         {RenamesRequests: true},
		"a home that forgets results":          {ForgetsResults: true},
		"an else that runs twice":              {RepeatsElse: true},
	} {
		isFound := false
		for seed := uint64(0); seed < 30 && !isFound; seed++ {
			h := playAppends(t, p, seed, planted)
			isFound = h.judge() != ""
		}
		if !isFound {
			t.Errorf("%s is not found", name)
		}
	}
}
