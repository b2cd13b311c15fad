package crdt

import (
	"fmt"
	"maps"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/value"
)

// A world is several replicas of one space with the network between them:
// parts are lost, repeated and reordered at will, and applied when their past
// is there, as the replica room does it.
type world struct {
	lattice  string
	replicas []*replica
	parts    map[causal.Dot]*sent
	done     []op // everything anybody ever did
}

// sent is a part with what its author had seen.
type sent struct {
	*causal.Part
	seen causal.Vector
}

// op is one verb as the naive model knows it.
type op struct {
	key, verb string
	arg       value.Value
	stamp     causal.Stamp
	id        causal.EntryID // of the entry it added, or would have added
	seen      causal.Vector
	index     int // in done
}

// saw reports whether o knew of a when it ran: a's part was there, or a ran
// before it in the same part.
func (o op) saw(a op) bool {
	return o.seen.Contains(a.id.Dot) || a.id.Dot == o.id.Dot && a.index < o.index
}

// replica is one copy: the state, and a cell for each key with what it emitted.
type replica struct {
	id    causal.ReplicaID
	state *State
	cells map[string]*watched
}

// watched is a cell and the sum of all weights it emitted.
type watched struct {
	Cell
	sum map[string]int
}

func (w *watched) emit(elem string, weight int) {
	w.sum[elem] += weight
	if w.sum[elem] == 0 {
		delete(w.sum, elem)
	}
}

func newWorld(lattice string, replicas int) *world {
	w := &world{lattice: lattice, parts: map[causal.Dot]*sent{}}
	for i := range replicas {
		w.replicas = append(w.replicas, &replica{id: causal.ReplicaID{byte(i + 1)}, state: NewState(), cells: map[string]*watched{}})
	}
	return w
}

func (w *world) cell(r *replica, key string) *watched {
	if r.cells[key] == nil {
		c, err := New(w.lattice)
		if err != nil {
			panic(err)
		}
		r.cells[key] = &watched{c, map[string]int{}}
	}
	return r.cells[key]
}

// inside describes all that a cell holds; equal cells have equal descriptions.
func inside(c Cell) string {
	var t *tally
	switch c := c.(type) {
	case *gcounter:
		t = &c.tally
	case *counter:
		t = &c.tally
	default:
		return fmt.Sprintf("%+v", c)
	}
	accounts := map[causal.ReplicaID]account{}
	for author, a := range t.authors {
		accounts[author] = *a
	}
	return fmt.Sprintf("%+v %+v", t.sum, accounts)
}

var verbs = map[string][]string{
	"gset": {"add"}, "set": {"add", "remove"}, "gcounter": {"inc"}, "counter": {"inc", "dec"},
	"once": {"on"}, "lww": {"set"}, "max": {"set"},
}

var lattices = slices.Sorted(maps.Keys(verbs))

var keys = []string{"k", "l"}

// act lets r run a handler of one to three verbs, which see each other, and
// puts what they say into one part.
func (w *world) act(t *rapid.T, r *replica) {
	p := &causal.Part{Replica: r.id, Seq: r.state.Context[r.id] + 1, Stamp: causal.Stamp(rapid.Uint64Range(1, 4).Draw(t, "stamp"))}
	seen := r.state.Context.Clone()
	for range rapid.IntRange(1, 3).Draw(t, "verbs") {
		o := op{
			key: rapid.SampledFrom(keys).Draw(t, "key"), verb: rapid.SampledFrom(verbs[w.lattice]).Draw(t, "verb"),
			arg: value.Int(rapid.Int64Range(0, 3).Draw(t, "arg")), stamp: p.Stamp,
			id: p.EntryID(len(p.Entries)), seen: seen, index: len(w.done),
		}
		w.do(t, r, p, o)
		w.done = append(w.done, o)
	}
	r.state.Apply(p, nil)
	w.parts[p.Dot()] = &sent{p, seen}
}

// do runs o at r, whose cells show it at once, and writes it into p.
func (w *world) do(t *rapid.T, r *replica, p *causal.Part, o op) {
	c := w.cell(r, o.key)
	before := inside(c.Cell)
	d, err := c.Do(o.verb, r.id, o.arg)
	if err != nil {
		t.Fatal(err)
	}
	if after := inside(c.Cell); after != before {
		t.Fatalf("Do changed the cell\n%s\n%s", before, after)
	}
	if !slices.IsSortedFunc(d.Remove, compareIDs) {
		t.Fatalf("removals do not ascend: %v", d.Remove)
	}
	for _, v := range d.Add {
		id := p.EntryID(len(p.Entries))
		p.Entries = append(p.Entries, causal.Entry{Database: "db", Key: o.key, Value: v})
		c.Insert(Item{ID: id, Stamp: p.Stamp, Path: d.Path, Value: v}, c.emit)
	}
	for _, it := range d.Remove {
		c.Remove(it, c.emit)
		p.Removed = append(p.Removed, it.ID)
	}
}

// receive applies a part if it is new and its past is there. It is forgotten otherwise.
func (w *world) receive(r *replica, p *sent) bool {
	if p.Seq != r.state.Context[p.Replica]+1 || !p.seen.Leq(r.state.Context) {
		return false
	}
	removed := r.state.Apply(p.Part, nil)
	for i, e := range p.Entries {
		id := p.EntryID(i)
		if _, isLive := r.state.Entries[id]; isLive {
			c := w.cell(r, e.Key)
			c.Insert(Item{ID: id, Stamp: p.Stamp, Value: e.Value}, c.emit)
		}
	}
	for _, l := range removed {
		c := w.cell(r, l.Key)
		c.Remove(l.Item(), c.emit)
	}
	return true
}

// adopt joins a whole state, as catch-up does, and brings the cells up to date.
func (w *world) adopt(r *replica, s *State) {
	before := r.state.Clone()
	r.state.Join(s)
	for _, l := range r.state.Live() {
		if _, had := before.Entries[l.ID]; !had {
			c := w.cell(r, l.Key)
			c.Insert(l.Item(), c.emit)
		}
	}
	for _, l := range before.Live() {
		if _, has := r.state.Entries[l.ID]; !has {
			c := w.cell(r, l.Key)
			c.Remove(l.Item(), c.emit)
		}
	}
}

// run plays a random history. Any part ever sent may arrive anywhere at any
// time, so parts are lost, late, repeated and out of order; replicas whom
// nothing reaches for a while are partitioned.
func (w *world) run(t *rapid.T, steps int, each func()) {
	pick := func(what string) *replica { return rapid.SampledFrom(w.replicas).Draw(t, what) }
	for range rapid.IntRange(1, steps).Draw(t, "steps") {
		switch rapid.IntRange(0, 9).Draw(t, "step") {
		case 0, 1, 2, 3:
			w.act(t, pick("author"))
		case 4:
			w.adopt(pick("to"), pick("from").state.Clone())
		case 5:
			to, from := pick("to"), pick("from")
			w.adopt(to, from.state.Difference(to.state))
		default:
			if dots := w.dots(); len(dots) > 0 {
				w.receive(pick("to"), w.parts[rapid.SampledFrom(dots).Draw(t, "part")])
			}
		}
		each()
	}
}

// rest delivers everything everywhere.
func (w *world) rest() {
	for moved := true; moved; {
		moved = false
		for _, d := range w.dots() {
			for _, r := range w.replicas {
				moved = w.receive(r, w.parts[d]) || moved
			}
		}
	}
}

func (w *world) dots() []causal.Dot {
	return slices.SortedFunc(maps.Keys(w.parts), causal.Dot.Compare)
}

// naive reads key from the list of everything that was done.
func (w *world) naive(key string) value.Value {
	var ops []op
	for _, o := range w.done {
		if o.key == key {
			ops = append(ops, o)
		}
	}
	return models[w.lattice](ops)
}

// models say in one sentence each what a type means.
var models = map[string]func(ops []op) value.Value{
	// Everything that was ever added.
	"gset": func(ops []op) value.Value { return elementsWhere(ops, func(op) bool { return true }) },
	// An element is in if some add of it was seen by no removal of it.
	"set": func(ops []op) value.Value {
		return elementsWhere(ops, func(add op) bool {
			return !slices.ContainsFunc(ops, func(o op) bool {
				return o.verb == "remove" && value.Equal(o.arg, add.arg) && o.saw(add)
			})
		})
	},
	// All increments less all decrements.
	"gcounter": total,
	"counter":  total,
	// Whether anyone ever turned it on.
	"once": func(ops []op) value.Value { return value.Bool(len(ops) > 0) },
	// Of the values that no other set saw, the one with the largest stamp, then dot.
	"lww": func(ops []op) value.Value {
		var last *op
		for i, o := range ops {
			overwritten := slices.ContainsFunc(ops, func(p op) bool { return p.saw(o) })
			if !overwritten && (last == nil || o.item().Compare(last.item()) > 0) {
				last = &ops[i]
			}
		}
		if last == nil {
			return value.Nil
		}
		return last.arg
	},
	// The largest that was ever set.
	"max": func(ops []op) value.Value {
		top := value.Nil
		for _, o := range ops {
			if value.Compare(o.arg, top) > 0 {
				top = o.arg
			}
		}
		return top
	},
}

func (o op) item() Item { return Item{ID: o.id, Stamp: o.stamp} }

func total(ops []op) value.Value {
	var sum int64
	for _, o := range ops {
		if o.verb == "dec" {
			sum -= o.arg.AsInt()
		} else {
			sum += o.arg.AsInt()
		}
	}
	return value.Int(sum)
}

func elementsWhere(ops []op, in func(add op) bool) value.Value {
	elems := map[string]value.Value{}
	for _, o := range ops {
		if o.verb == "add" && in(o) {
			elems[value.Encode(o.arg)] = o.arg
		}
	}
	list := slices.Collect(maps.Values(elems))
	slices.SortFunc(list, value.Compare)
	return value.List(list...)
}

// check asserts what must hold of every replica at every moment.
func (w *world) check(t *rapid.T) {
	for _, r := range w.replicas {
		for key, c := range r.cells {
			w.checkIndex(t, r, key, c)
			checkReading(t, c)
		}
	}
}

// checkIndex compares a cell with one made of the live entries, in any order.
func (w *world) checkIndex(t *rapid.T, r *replica, key string, c *watched) {
	fresh, _ := New(w.lattice)
	for id, e := range r.state.Entries { // a map's order is random: so much the better
		if e.Key == key {
			fresh.Insert(Live{id, e}.Item(), nil)
		}
	}
	if got, want := inside(c.Cell), inside(fresh); got != want {
		t.Fatalf("a cell depends on how it came about\n%s\n%s", got, want)
	}
}

// checkReading compares the ways to read a cell with each other and with what
// it emitted.
func checkReading(t *rapid.T, c *watched) {
	elems := slices.Collect(c.Each)
	if len(elems) != c.Len() || c.Empty() != (len(elems) == 0) || !slices.IsSorted(elems) {
		t.Fatalf("Each %x, Len %d, Empty %v", elems, c.Len(), c.Empty())
	}
	for _, elem := range elems {
		if !c.Has(elem) || c.sum[elem] != 1 {
			t.Fatalf("%x: Has %v, emitted weight %d", elem, c.Has(elem), c.sum[elem])
		}
	}
	if len(c.sum) != len(elems) {
		t.Fatalf("emitted %v, visible %x", c.sum, elems)
	}
	want := value.List(decodeAll(elems)...)
	if v := c.Value(); v.Kind() != value.KindList && !c.Empty() {
		want = want.Field(0)
	} else if c.Empty() && v.Kind() != value.KindList {
		want = v // bottom: 0, false or nil
	}
	if !value.Equal(c.Value(), want) {
		t.Fatalf("Value %+v, elements %+v", c.Value(), want)
	}
}

func decodeAll(elems []string) []value.Value {
	var vs []value.Value
	for _, elem := range elems {
		v, err := value.DecodeAll(elem)
		if err != nil {
			panic(err)
		}
		vs = append(vs, v)
	}
	return vs
}

// TestHistories plays random histories of every type: at rest all replicas
// hold equal states and read what the naive model says.
func TestHistories(t *testing.T) {
	for _, lattice := range lattices {
		t.Run(lattice, func(t *testing.T) {
			rapid.Check(t, func(t *rapid.T) {
				w := newWorld(lattice, 3)
				w.run(t, 30, func() { w.check(t) })
				w.rest()
				w.check(t)
				for _, r := range w.replicas {
					if !r.state.Leq(w.replicas[0].state) || !w.replicas[0].state.Leq(r.state) {
						t.Fatalf("states differ at rest\n%+v\n%+v", r.state, w.replicas[0].state)
					}
					for _, key := range keys {
						if got, want := w.cell(r, key).Value(), w.naive(key); !value.Equal(got, want) {
							t.Fatalf("%s at %s reads %+v, want %+v", key, r.id.Short(), got, want)
						}
					}
				}
			})
		})
	}
}
