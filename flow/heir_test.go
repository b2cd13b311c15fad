package flow

import (
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/algebra/crdt"
	"github.com/martinelli-lang/martinelli/lang"
	"github.com/martinelli-lang/martinelli/plan"
	"github.com/martinelli-lang/martinelli/value"
	"github.com/martinelli-lang/martinelli/wire/wiretest"
)

// The program before, and the one after it: each database has its next form.
const (
	formsBefore = `
database :tags, gset<string>, :by => :k, :replicated => true
database :photos, gset<{ id: int }>, :replicated => true
database :hits, gcounter, :by => :k, :replicated => true
database :done, once, :by => :k, :replicated => true
database :name, lww<{ text: string }>, :by => :k, :replicated => true
database :cart, set<int>, :replicated => true
database :out, rset<int>, :replicated => true
database :rooms, map<id, counter>, :replicated => true
`
	verbsBefore = `
on_a do |k: id, n: int| tags[:k].add(k) end
on_b do |k: id, n: int| photos.add({ id: n }) end
on_c do |k: id, n: int| hits[:k].inc(n) end
on_d do |k: id, n: int| done[:k].on() end
on_e do |k: id, n: int| name[:k].set({ text: k }) end
on_f do |k: id, n: int| cart.add(n) end
on_g do |k: id, n: int| cart.remove(n) end
on_h do |k: id, n: int| out.add(n) end
on_i do |k: id, n: int| out.remove(n) end
on_j do |k: id, n: int| rooms[k].inc(n) end
on_k do |k: id, n: int| rooms.remove(k) end
`
	formsAfter = `
database :tags2, set<string>, :by => :k, :replicated => true, :was => :tags
database :photos2, set<{ id: int, caption: string, seen: list<int> }>, :replicated => true, :was => :photos
database :hits2, counter, :by => :k, :replicated => true, :was => :hits
database :done2, flag, :by => :k, :replicated => true, :was => :done
database :name2, mv<{ text: string, by: id }>, :by => :k, :replicated => true, :was => :name
database :cart2, set<int>, :replicated => true, :was => :cart
database :out2, rset<int>, :replicated => true, :was => :out
database :rooms2, map<id, counter>, :replicated => true, :was => :rooms
on_a do |k: id, n: int| tags2[:k].add(k) end
on_b do |k: id, n: int| photos2.add({ id: n, caption: "", seen: [] }) end
on_c do |k: id, n: int| hits2[:k].inc(n) end
on_d do |k: id, n: int| done2[:k].on() end
on_e do |k: id, n: int| name2[:k].set({ text: k, by: "new" }) end
on_f do |k: id, n: int| cart2.add(n) end
on_g do |k: id, n: int| cart2.remove(n) end
on_h do |k: id, n: int| out2.add(n) end
on_i do |k: id, n: int| out2.remove(n) end
on_j do |k: id, n: int| rooms2[k].inc(n) end
on_k do |k: id, n: int| rooms2.remove(k) end
on_l do |k: id, n: int| tags2[:k].remove(k) end
on_m do |k: id, n: int| photos2.remove({ id: n, caption: "", seen: [] }) end
on_n do |k: id, n: int| hits2[:k].dec(n) end
on_o do |k: id, n: int| done2[:k].off() end
on_p do |k: id, n: int|
  tags2[:k].remove(k)
  tags2[:k].add(k)
  tags2[:k].remove(k)
  cart2.remove(n)
  cart2.add(n)
end
on_q do |k: id, n: int|
  tags2[:k].remove(k)
  name2[:k].set({ text: "x", by: k })
  hits2[:k].dec(n)
  abort :no
end
view :all do cart2.union(out2) end
view :captions do photos2.map do |p| p.caption end end
view :shown do tags2 end
view :sums do hits2 end
view :lit do done2.keys end
`
)

// clan is nodes of two programs that hear of each other's parts.
type clan struct {
	nodes []*kin
}

// kin is a node: an engine, and the parts it has, in an order that keeps what causes them before them.
type kin struct {
	*author
	engine  *Engine
	isAfter bool
	parts   []kinPart
	has     map[causal.Dot]bool
	live    map[causal.EntryID]Change
	clock   causal.Stamp
}

type kinPart struct {
	dot     causal.Dot
	stamp   causal.Stamp
	entries []causal.Entry
	removed []causal.EntryID
}

func programOf(t *testing.T, text string) *plan.Program {
	p, letters := lang.Compile([]lang.Source{{Name: "clan.mrt", Text: text}}, nil)
	if p == nil {
		t.Fatal(letters)
	}
	return p
}

func (c *clan) join(t *testing.T, program *plan.Program, isAfter bool) *kin {
	e, err := New(Config{Program: program})
	if err != nil {
		t.Fatal(err)
	}
	k := &kin{author: newAuthor(byte(len(c.nodes) + 1)), engine: e, isAfter: isAfter, has: map[causal.Dot]bool{}, live: map[causal.EntryID]Change{}}
	c.nodes = append(c.nodes, k)
	return k
}

// do runs an event.
func (k *kin) do(event, key string, n int) {
	env := k.env()
	k.clock += 1 << 16
	env.Stamp = k.clock
	h, _ := k.engine.Handler(event)
	out := k.engine.Run(h, []value.Value{value.String(key), value.Int(int64(n))}, env)
	for _, w := range out.Writes {
		k.seqs[w.Space]++
		k.note(kinPart{causal.Dot{Replica: k.self, Seq: k.seqs[w.Space]}, env.Stamp, w.Entries, w.Removed})
	}
}

// note keeps a part and returns what it changes.
func (k *kin) note(p kinPart) (changes []Change) {
	k.parts, k.has[p.dot] = append(k.parts, p), true
	k.clock = max(k.clock, p.stamp)
	for i, e := range p.entries {
		c := Change{Database: e.Database, Key: e.Key, Item: crdt.Item{ID: causal.EntryID{Dot: p.dot, Offset: uint32(i)}, Stamp: p.stamp, Value: e.Value}}
		k.live[c.Item.ID] = c
		changes = append(changes, c)
	}
	for _, id := range p.removed {
		if c, isLive := k.live[id]; isLive {
			delete(k.live, id)
			c.Removed = true
			changes = append(changes, c)
		}
	}
	return changes
}

// hear takes what another has, in its order.
func (k *kin) hear(other *kin) {
	var changes []Change
	for _, p := range other.parts {
		if !k.has[p.dot] {
			changes = append(changes, k.note(p)...)
		}
	}
	k.engine.Apply(changes)
}

// restarted is a new engine given what is live, in any order.
func (k *kin) restarted(t *testing.T, program *plan.Program, r *rand.Rand) *Engine {
	e, err := New(Config{Program: program})
	if err != nil {
		t.Fatal(err)
	}
	var changes []Change
	for _, c := range k.live {
		changes = append(changes, c)
	}
	r.Shuffle(len(changes), func(i, j int) { changes[i], changes[j] = changes[j], changes[i] })
	for len(changes) > 0 {
		n := 1 + r.IntN(len(changes))
		e.Apply(changes[:n])
		changes = changes[n:]
	}
	return e
}

// readNew reads a database of the new form from what is live, by its
// definition: its own entries and the old ones that no mark names, each in the
// new form, joined as the lattice says.
func (k *kin) readNew(db, old, key string) value.Value {
	prefix := ""
	if key != "" {
		prefix = value.Encode(value.String(key))
	}
	marked := map[string]bool{}
	for _, c := range k.live {
		if c.Database == db && c.Key == prefix+value.Encode(value.Symbol("was")) {
			marked[c.Item.Value] = true
		}
	}
	var own, was []crdt.Item
	for _, c := range k.live {
		id := c.Item.ID
		name := value.Encode(value.Tuple(value.String(digits(id.Replica)), value.Int(int64(id.Seq)), value.Int(int64(id.Offset))))
		switch {
		case c.Key != prefix:
		case c.Database == db:
			own = append(own, c.Item)
		case c.Database == old && !marked[name]:
			was = append(was, c.Item)
		}
	}
	return resolved(db, own, was)
}

func digits(id causal.ReplicaID) string {
	s := ""
	for _, b := range id {
		s += string("0123456789abcdef"[b>>4]) + string("0123456789abcdef"[b&15])
	}
	return s
}

func resolved(db string, own, was []crdt.Item) value.Value {
	all := append(slices.Clone(own), was...)
	slices.SortFunc(all, crdt.Item.Compare)
	decode := func(it crdt.Item) value.Value { v, _ := value.DecodeAll(it.Value); return v }
	switch db {
	case "hits2", "rooms2":
		sum := int64(0)
		for _, it := range all { // each author has one entry of each form, or each increment has one
			sum += decode(it).AsInt()
		}
		return value.Int(sum)
	case "done2":
		return value.Bool(len(all) > 0)
	case "name2":
		if len(all) == 0 {
			return value.Nil
		}
		last := all[len(all)-1]
		v := decode(last)
		if slices.Contains(was, last) {
			v = value.Record(value.String(""), v.Elems()[0]) // by, text
		}
		return v
	case "out2":
		in, out := map[string]value.Value{}, map[string]bool{}
		for _, it := range all {
			pair := decode(it).Elems()
			if e := value.Encode(pair[1]); pair[0].AsBool() {
				in[e] = pair[1]
			} else {
				out[e] = true
			}
		}
		var elems []value.Value
		for e, v := range in {
			if !out[e] {
				elems = append(elems, v)
			}
		}
		return set(elems)
	}
	var elems []value.Value
	for _, it := range all {
		v := decode(it)
		if db == "photos2" && slices.Contains(was, it) {
			v = value.Record(value.String(""), v.Elems()[0], value.List()) // caption, id, seen
		}
		elems = append(elems, v)
	}
	return set(elems)
}

// check compares every reading of a node with its definition.
func (k *kin) check(t *testing.T, e *Engine, seed uint64) {
	t.Helper()
	for _, d := range []struct {
		name, old string
		keyed     bool
	}{
		{"tags2", "tags", true}, {"photos2", "photos", false}, {"hits2", "hits", true}, {"done2", "done", true},
		{"name2", "name", true}, {"cart2", "cart", false}, {"out2", "out", false}, {"rooms2", "rooms", true},
	} {
		keys := []string{""}
		if d.keyed {
			keys = []string{"x", "y"}
		}
		for _, key := range keys {
			var at []value.Value
			if key != "" {
				at = []value.Value{value.String(key)}
			}
			got, err := e.Read(d.name, at)
			if want := k.readNew(d.name, d.old, key); err != nil || !value.Equal(got.Value, want) {
				t.Fatalf("seed %d: node %d reads %s[%s] as %v, by its definition it is %v (%v)", seed, k.self[0], d.name, key, got.Value, want, err)
			}
		}
	}
}

// TestNewFormsReadWhatTheyAre: nodes of both programs run random events and
// hear of each other. At every moment a node of the program after reads what
// is defined, from what it has; one of the program before reads its own forms
// as if nobody had another; views are what recomputation gives; and in the end
// nodes of one program read the same, as does one that starts anew. One node
// changes its program on the way and goes back, so one author has counted in both forms.
func TestNewFormsReadWhatTheyAre(t *testing.T) {
	before, after := programOf(t, formsBefore+verbsBefore), programOf(t, formsBefore+formsAfter)
	for seed := range uint64(30) {
		r := rand.New(rand.NewPCG(seed, 5))
		c := &clan{}
		for i := range 4 {
			if i%2 == 0 {
				c.join(t, before, false)
			} else {
				c.join(t, after, true)
			}
		}
		shadow := c.join(t, before, false) // hears of what programs before write, and of nothing else
		c.nodes = c.nodes[:4]
		f := follow(t, c.nodes[1].engine)
		for step := range 60 {
			switch step { // an author of the old form goes on in the new one, and back
			case 20:
				c.nodes[2].engine, c.nodes[2].isAfter = c.nodes[2].restarted(t, after, r), true
			case 40:
				c.nodes[2].engine, c.nodes[2].isAfter = c.nodes[2].restarted(t, before, r), false
			}
			k := c.nodes[r.IntN(4)]
			if r.IntN(3) == 0 {
				k.hear(c.nodes[r.IntN(4)])
			} else {
				n := 11
				if k.isAfter {
					n = 17
				}
				k.do(string(rune('a'+r.IntN(n))), []string{"x", "y"}[r.IntN(2)], r.IntN(3))
			}
			if k.isAfter {
				k.check(t, k.engine, seed)
			}
			f.drain(t)
			for _, v := range after.Views {
				f.check(t, v)
			}
		}
		for range 2 {
			for _, k := range c.nodes {
				for _, other := range c.nodes {
					k.hear(other)
				}
			}
		}
		for _, p := range c.nodes[0].parts {
			if p.dot.Replica[0]%2 == 1 {
				shadow.engine.Apply(shadow.note(p))
			}
		}
		one, two := snapshot(c.nodes[0].engine), snapshot(c.nodes[1].engine)
		if !value.Equal(one, snapshot(c.nodes[2].engine)) || !value.Equal(two, snapshot(c.nodes[3].engine)) {
			t.Fatalf("seed %d: nodes of one program differ", seed)
		}
		if !value.Equal(one, snapshot(shadow.engine)) {
			t.Fatalf("seed %d: the program after changed what the one before reads:\n%v\n%v", seed, one, snapshot(shadow.engine))
		}
		k := c.nodes[1]
		if again := snapshot(k.restarted(t, after, r)); !value.Equal(two, again) {
			t.Fatalf("seed %d: started anew it reads\n%v\nand before\n%v", seed, again, two)
		}
		k.check(t, k.engine, seed)
	}
}

// TestMarks: a mark is read as it was written, and nothing else is one.
func TestMarks(t *testing.T) {
	for i := range 100 {
		r := rand.New(rand.NewPCG(uint64(i), 1))
		id := causal.EntryID{Dot: causal.Dot{Replica: causal.ReplicaID{byte(r.Uint64()), 0xff, byte(i)}, Seq: r.Uint64() >> 1}, Offset: r.Uint32()}
		if got, ok := markOf(mark(id)); !ok || got != id {
			t.Fatalf("%v is read as %v", id, got)
		}
	}
	for i, bytes := range []string{"", "x", value.Encode(value.Int(1)), value.Encode(value.Tuple(value.String("00"), value.Int(1), value.Int(0))),
		value.Encode(value.Tuple(value.String(digits(causal.ReplicaID{})), value.Int(-1), value.Int(0)))} {
		if id, ok := markOf(bytes); ok {
			t.Error(strconv.Itoa(i), "is read as", id)
		}
	}
}

// FuzzMark: whatever is read as a mark is written as it was.
func FuzzMark(f *testing.F) {
	f.Add(mark(causal.EntryID{Dot: causal.Dot{Replica: causal.ReplicaID{1}, Seq: 2}, Offset: 3}))
	f.Fuzz(func(t *testing.T, bytes string) {
		if id, ok := markOf(bytes); ok && mark(id) != bytes {
			t.Fatal(id)
		}
	})
}

// TestFrozenMark: marks are entries, which every later release reads.
func TestFrozenMark(t *testing.T) {
	id := causal.EntryID{Dot: causal.Dot{Replica: causal.ReplicaID{0xab, 1}, Seq: 7}, Offset: 2}
	wiretest.Frozen(t, "state.mark", id, func(id causal.EntryID) []byte { return []byte(placeMark + mark(id)) }, func(b []byte) (causal.EntryID, error) {
		id, ok := markOf(strings.TrimPrefix(string(b), placeMark))
		if !ok {
			t.Error("it is no mark")
		}
		return id, nil
	})
}
