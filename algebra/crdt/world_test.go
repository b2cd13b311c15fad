package crdt

import (
	"maps"
	"math/rand/v2"
	"os"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/value"
)

// soak asks for the long runs.
var soak = os.Getenv("MARTINELLI_SOAK") != ""

// A world is several replicas of one space with the network between them:
// parts are lost, repeated and reordered at will, and applied when their past
// is there, as the replica room does it.
type world struct {
	t        rapid.TB
	die      func(n int) int // 0 .. n-1
	typ      Type
	calls    []call
	replicas []*replica
	parts    map[causal.Dot]*sent
	done     []op // everything anybody ever did
}

// sent is a part with what its author had seen.
type sent struct {
	*causal.Part
	seen causal.Vector
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

func newWorld(t rapid.TB, typ Type, replicas int, die func(n int) int) *world {
	w := &world{t: t, die: die, typ: typ, calls: calls(typ, 3), parts: map[causal.Dot]*sent{}}
	for i := range replicas {
		w.replicas = append(w.replicas, &replica{id: causal.ReplicaID{byte(i + 1)}, state: NewState(), cells: map[string]*watched{}})
	}
	return w
}

// drawn is a die whose throws rapid can make smaller.
func drawn(t *rapid.T) func(n int) int {
	return func(n int) int { return rapid.IntRange(0, n-1).Draw(t, "die") }
}

func pick[T any](w *world, of []T) T { return of[w.die(len(of))] }

func newOf(t rapid.TB, typ Type) Cell {
	c, err := typ.New()
	if err != nil {
		t.Fatalf("%v: %v", typ, err)
	}
	return c
}

func (w *world) cell(r *replica, key string) *watched {
	if r.cells[key] == nil {
		r.cells[key] = &watched{newOf(w.t, w.typ), map[string]int{}}
	}
	return r.cells[key]
}

var keys = []string{value.Encode(value.String("k")), value.Encode(value.String("l"))}

// split tells the key of an entry's cell from the path inside it.
func split(path string) (key, rest string) {
	key, rest, err := value.Cut(path)
	if err != nil {
		panic(err)
	}
	return key, rest
}

// item returns an entry as the cell of its key takes it.
func (l Live) inCell() (key string, it Item) {
	it = l.Item()
	key, it.Path = split(l.Key)
	return key, it
}

// act lets r run a handler of one to three verbs, which see each other, and
// puts what they say into one part.
func (w *world) act(r *replica) *sent {
	p := &causal.Part{Replica: r.id, Seq: r.state.Context[r.id] + 1, Stamp: causal.Stamp(1 + w.die(4))}
	seen := r.state.Context.Clone()
	for range 1 + w.die(3) {
		w.do(r, p, seen, pick(w, keys), pick(w, w.calls))
	}
	r.state.Apply(p, nil)
	w.parts[p.Dot()] = &sent{p, seen}
	return w.parts[p.Dot()]
}

// do runs a call at r, whose cells show it at once, and writes it into p. What
// a bounded counter refuses has not happened.
func (w *world) do(r *replica, p *causal.Part, seen causal.Vector, key string, ca call) {
	c := w.cell(r, key)
	d, err := DoAt(c.Cell, ca.at, ca.verb, r.id, ca.arg)
	if err == ErrRights || err == ErrRange && ca.verb == "transfer" {
		return
	}
	if err != nil {
		w.t.Fatalf("%+v: %v", ca, err)
	}
	w.done = append(w.done, op{
		call: ca, key: key, self: r.id, stamp: p.Stamp, id: p.EntryID(len(p.Entries)), seen: seen, index: len(w.done),
	})
	if !slices.IsSortedFunc(d.Remove, compareIDs) {
		w.t.Fatalf("removals do not ascend: %v", d.Remove)
	}
	for _, v := range d.Add {
		id := p.EntryID(len(p.Entries))
		p.Entries = append(p.Entries, causal.Entry{Database: "db", Key: key + d.Path, Value: v})
		c.Insert(Item{ID: id, Stamp: p.Stamp, Path: d.Path, Value: v}, c.emit)
	}
	for _, it := range d.Remove {
		c.Remove(it, c.emit)
		p.Removed = append(p.Removed, it.ID)
	}
}

// isReady reports whether r can apply p: it is new, and its past is there.
func isReady(r *replica, p *sent) bool {
	return p.Seq == r.state.Context[p.Replica]+1 && p.seen.Leq(r.state.Context)
}

// receive applies a part if it is ready. It is forgotten otherwise.
func (w *world) receive(r *replica, p *sent) bool {
	if !isReady(r, p) {
		return false
	}
	removed := r.state.Apply(p.Part, nil)
	for i, e := range p.Entries {
		id := p.EntryID(i)
		if _, isLive := r.state.Entries.Get(id); isLive {
			key, it := Live{id, Entry{e, p.Stamp}}.inCell()
			w.cell(r, key).Insert(it, w.cell(r, key).emit)
		}
	}
	for _, l := range removed {
		key, it := l.inCell()
		w.cell(r, key).Remove(it, w.cell(r, key).emit)
	}
	return true
}

// adopt joins a state, as catch-up does, and brings the cells up to date.
func (w *world) adopt(r *replica, s *State) {
	before := r.state.Clone()
	r.state.Join(s)
	for _, l := range r.state.Live() {
		if _, had := before.Entries.Get(l.ID); !had {
			key, it := l.inCell()
			w.cell(r, key).Insert(it, w.cell(r, key).emit)
		}
	}
	for _, l := range before.Live() {
		if _, has := r.state.Entries.Get(l.ID); !has {
			key, it := l.inCell()
			w.cell(r, key).Remove(it, w.cell(r, key).emit)
		}
	}
}

// run plays a random history. Any part ever sent may arrive anywhere at any
// time, so parts are lost, late, repeated and out of order; replicas whom
// nothing reaches for a while are partitioned.
func (w *world) run(steps int, each func(*replica)) {
	for range steps {
		r := pick(w, w.replicas)
		switch w.die(10) {
		case 0, 1, 2, 3:
			w.act(r)
		case 4:
			w.adopt(r, pick(w, w.replicas).state.Clone())
		case 5:
			w.adopt(r, pick(w, w.replicas).state.Difference(r.state))
		default:
			if dots := w.dots(); len(dots) > 0 {
				w.receive(r, w.parts[pick(w, dots)])
			}
		}
		each(r)
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

// naive reads key from the list of everything that was done and that r has seen.
func (w *world) naive(r *replica, key string) (value.Value, bool) {
	var ops []op
	for _, o := range w.done {
		if o.key == key && r.state.Context.Contains(o.id.Dot) {
			ops = append(ops, o)
		}
	}
	return model(w.typ, ops)
}

// checkModel asserts that r reads what the naive model says of what r has
// seen: at every moment, not at rest alone.
func (w *world) checkModel(r *replica) {
	for key, c := range r.cells {
		want, there := w.naive(r, key)
		if got := c.Value(); !value.Equal(got, want) || c.Empty() == there {
			w.t.Fatalf("%x at %s reads %+v, want %+v, empty %v\nof %+v", key, r.id.Short(), got, want, c.Empty(), w.done)
		}
	}
}

// checkConverged asserts that all replicas hold the same, and read the same.
func (w *world) checkConverged() {
	first := w.replicas[0]
	for _, r := range w.replicas {
		if !r.state.Leq(first.state) || !first.state.Leq(r.state) {
			w.t.Fatalf("states differ at rest\n%+v\n%+v", r.state, first.state)
		}
		for _, key := range keys {
			if a, b := w.cell(r, key).Value(), w.cell(first, key).Value(); !value.Equal(a, b) {
				w.t.Fatalf("readings differ at rest: %+v, %+v", a, b)
			}
		}
		w.checkModel(r)
	}
}

// check asserts what must hold of the cells of a replica at every moment.
func (w *world) check(r *replica) {
	for key, c := range r.cells {
		w.checkIndex(r, key, c)
		checkReading(w.t, c)
	}
	w.checkModel(r)
}

// checkIndex compares a cell with one made of the live entries, in any order.
func (w *world) checkIndex(r *replica, key string, c *watched) {
	fresh := newOf(w.t, w.typ)
	for id, e := range maps.Collect(r.state.Entries.All()) { // a map's order is random: so much the better
		if k, it := (Live{id, e}).inCell(); k == key {
			fresh.Insert(it, nil)
		}
	}
	if got, want := describe(c.Cell), describe(fresh); got != want {
		w.t.Fatalf("a cell depends on how it came about\n%s\n%s", got, want)
	}
}

// checkReading compares the ways to read a cell with each other and with what
// it emitted.
func checkReading(t rapid.TB, c *watched) {
	weights := map[string]int{}
	c.Each(func(elem string) bool {
		weights[elem]++
		return true
	})
	size := 0
	for elem, weight := range weights {
		size += weight
		if !c.Has(elem) || c.sum[elem] != weight || !value.Valid(elem) {
			t.Fatalf("%x: Has %v, weight %d, emitted %d", elem, c.Has(elem), weight, c.sum[elem])
		}
	}
	if size != c.Len() || c.Empty() != (size == 0) || len(c.sum) != len(weights) {
		t.Fatalf("Each %d, Len %d, Empty %v, emitted %x", size, c.Len(), c.Empty(), c.sum)
	}
	if c.Bare() && !c.Empty() {
		t.Fatalf("bare, but not empty: %s", describe(c.Cell))
	}
	if got := slices.Sorted(maps.Keys(weights)); !slices.Equal(got, slices.Sorted(maps.Keys(elementsOf(c.Cell)))) {
		t.Fatalf("Each %x, Value %+v", got, c.Value())
	}
}

// elementsOf makes the elements of a cell from its value.
func elementsOf(c Cell) map[string]bool {
	elems := map[string]bool{}
	if c.Empty() {
		return elems
	}
	at := func(place value.Value) {
		in, err := At(c, place)
		if err != nil {
			panic(err)
		}
		for elem := range elementsOf(in) {
			elems[value.EncodePair(value.Encode(place), elem)] = true
		}
	}
	if r, ok := c.(*root); ok {
		return elementsOf(r.nested)
	}
	switch n := c.(type) {
	case *mapOf:
		for _, pair := range n.Value().Elems() {
			at(pair.Field(0))
		}
	case *record:
		for _, in := range n.places {
			name, _ := value.DecodeAll(in.name)
			at(name)
		}
	case *pair:
		at(value.Int(0))
		at(value.Int(1))
	case *lex:
		at(value.Int(1))
		if first := n.Value().Field(0); !first.IsNil() && n.Has(value.Encode(value.Tuple(value.Int(0), first))) {
			elems[value.Encode(value.Tuple(value.Int(0), first))] = true
		}
	default:
		v := c.Value()
		switch c.(type) {
		case *gset, *orset, *rset, *twopset, *log:
		default:
			v = value.List(v)
		}
		for _, e := range v.Elems() {
			elems[value.Encode(e)] = true
		}
	}
	return elems
}

// TestHistories plays random histories of every type: at every moment a
// replica reads what the naive model says of what it has seen, and at rest all
// hold the same.
func TestHistories(t *testing.T) {
	for _, typ := range types {
		t.Run(typ.String(), func(t *testing.T) {
			rapid.Check(t, func(t *rapid.T) {
				w := newWorld(t, typ, 3, drawn(t))
				w.run(1+w.die(20), w.check)
				w.rest()
				w.checkConverged()
			})
		})
	}
}

// TestDifferential plays 10,000 verbs of every type, and a million in a soak,
// over a network that loses, repeats and reorders parts and is cut in two now
// and then. Histories are short, as the model is naive.
func TestDifferential(t *testing.T) {
	want := 10_000
	switch {
	case soak:
		want = 1_000_000
	case testing.Short():
		want = 1_000
	}
	for _, typ := range types {
		t.Run(typ.String(), func(t *testing.T) {
			t.Parallel()
			for seed, did := uint64(1), 0; did < want; seed++ {
				did += storm(t, typ, rand.New(rand.NewPCG(seed, 7)), 30)
			}
		})
	}
}

// storm plays one history of some events and returns how many verbs ran.
func storm(t *testing.T, typ Type, die *rand.Rand, events int) int {
	w := newWorld(t, typ, 3+die.IntN(2), die.IntN)
	inbox := make([][]*sent, len(w.replicas))
	island := make([]int, len(w.replicas)) // replicas of one island hear each other
	for range events {
		i := w.die(len(w.replicas))
		r := w.replicas[i]
		switch w.die(8) {
		case 0, 1, 2:
			p := w.act(r)
			for j := range inbox {
				for range []int{0, 1, 1, 2}[w.die(4)] { // lost, once, repeated
					inbox[j] = append(inbox[j], p)
				}
			}
		case 3:
			for j := range island {
				island[j] = w.die(2)
			}
		case 4:
			if j := w.die(len(w.replicas)); island[i] == island[j] {
				w.adopt(r, w.replicas[j].state.Difference(r.state))
			}
		default:
			if len(inbox[i]) > 0 {
				at := w.die(len(inbox[i]))
				if p := inbox[i][at]; island[i] == island[p.Replica[0]-1] {
					w.receive(r, p)
					inbox[i] = slices.Delete(inbox[i], at, at+1)
				}
			}
		}
		if w.die(8) == 0 {
			w.checkModel(r)
		}
	}
	w.rest()
	w.checkConverged()
	return len(w.done)
}
