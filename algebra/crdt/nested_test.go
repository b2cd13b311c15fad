package crdt

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/value"
)

// two returns a world of two replicas at which tests act by hand.
func two(t *testing.T, typ Type) (w *world, a, b *replica) {
	w = newWorld(t, typ, 2, nil)
	return w, w.replicas[0], w.replicas[1]
}

// commit makes a part of one call at r.
func (w *world) commit(r *replica, verb string, arg value.Value, at ...value.Value) *sent {
	p := &causal.Part{Replica: r.id, Seq: r.state.Context[r.id] + 1, Stamp: causal.Stamp(len(w.parts) + 1)}
	seen := r.state.Context.Clone()
	w.do(r, p, seen, keys[0], call{at, verb, arg})
	r.state.Apply(p, nil)
	w.parts[p.Dot()] = &sent{p, seen}
	return w.parts[p.Dot()]
}

// reads asserts what both replicas read once they have heard of everything.
func (w *world) reads(want value.Value) {
	w.rest()
	w.checkConverged()
	if got := w.cell(w.replicas[0], keys[0]).Value(); !value.Equal(got, want) {
		w.t.Fatalf("reads %+v, want %+v", got, want)
	}
}

// TestHistory10ResetBesideIncrement: of a counter below a map a removal takes
// back the 5 it saw, and leaves the 1 that was added beside it.
func TestHistory10ResetBesideIncrement(t *testing.T) {
	milk := value.Int(3)
	for _, lattice := range []string{"counter", "gcounter"} {
		w, a, b := two(t, of("map", of(lattice)))
		w.commit(a, "inc", value.Int(5), milk)
		w.rest()
		w.commit(a, "inc", value.Int(1), milk)
		w.commit(b, "remove", milk)
		w.reads(value.List(value.Tuple(milk, value.Int(1))))
	}
}

// What was removed everywhere leaves nothing but the context.
func TestARemovedKeyLeavesNothing(t *testing.T) {
	typ := of("map", recordOf(Field{"a", of("rset")}, Field{"b", of("dwflag")}, Field{"c", of("map", of("counter"))}))
	w, a, _ := two(t, typ)
	one := value.Int(1)
	w.commit(a, "remove", one, one, value.Symbol("a"))
	w.commit(a, "off", value.Nil, one, value.Symbol("b"))
	w.commit(a, "inc", one, one, value.Symbol("c"), one)
	c := w.cell(a, keys[0])
	if c.Empty() || c.Bare() {
		t.Fatal("nothing was written")
	}
	w.commit(a, "remove", one)
	if !c.Empty() || !c.Bare() || a.state.Entries.Len() != 0 {
		t.Errorf("left: %s, %+v", describe(c.Cell), a.state.Live())
	}
}

// A set is removed with its key in one walk.
func TestRemovingAKeyNamesEachEntryOnce(t *testing.T) {
	c := newOf(t, of("map", of("set")))
	for n := range int64(1000) {
		d, _ := DoAt(c, []value.Value{value.Int(1)}, "add", id(1), value.Int(n))
		it := item(1, uint64(n+1), value.Nil)
		it.Path, it.Value = d.Path, d.Add[0]
		c.Insert(it, nil)
	}
	d, err := c.Do("remove", id(1), value.Int(1))
	if err != nil || len(d.Remove) != 1000 || !slices.IsSortedFunc(d.Remove, compareIDs) {
		t.Fatalf("%d, %v", len(d.Remove), err)
	}
	for _, it := range d.Remove {
		c.Remove(it, nil)
	}
	if !c.Bare() {
		t.Error("something is left")
	}
}

// An update beside a removal survives it, in every lattice and however idle
// the update would be without the removal: below a map no lattice leaves out
// what is known already.
func TestWhatIsKnownIsWrittenAgainBelowAMap(t *testing.T) {
	for _, c := range []struct {
		lattice, verb string
		first, again  value.Value
	}{
		{"gset", "add", value.Int(1), value.Int(1)},
		{"once", "on", value.Nil, value.Nil},
		{"max", "set", value.Int(5), value.Int(4)},
		{"min", "set", value.Int(5), value.Int(6)},
	} {
		w, a, b := two(t, of("map", of(c.lattice)))
		key := value.Int(1)
		w.commit(a, c.verb, c.first, key)
		w.rest()
		w.commit(a, c.verb, c.again, key)
		w.commit(b, "remove", key)
		w.rest()
		w.checkConverged()
		if w.cell(b, keys[0]).Empty() {
			t.Errorf("%s: the second %s did not survive", c.lattice, c.verb)
		}
	}
}

// A lexicographic pair drops what ran beside a set, under the old first part;
// in a map it would survive.
func TestALargerFirstPartDropsWhatRanBesideIt(t *testing.T) {
	w, a, b := two(t, of("lex", of("gcounter")))
	second := value.Int(1)
	w.commit(a, "inc", value.Int(5), second)
	w.rest()
	w.commit(a, "set", value.Int(1))
	w.commit(b, "inc", value.Int(1), second)
	w.reads(value.Tuple(value.Int(1), value.Int(0)))
	w.commit(b, "inc", value.Int(2), second)
	w.reads(value.Tuple(value.Int(1), value.Int(2)))
	if d, _ := w.cell(a, keys[0]).Do("set", id(1), value.Int(1)); !d.Empty() {
		t.Errorf("set to what it is: %+v", d)
	}
	w.commit(a, "set", value.Int(2))
	if w.rest(); a.state.Entries.Len() != 1 {
		t.Errorf("under smaller first parts there are still %+v", a.state.Live())
	}
}

// Below a map a set to what it is already is written again, and what is under
// it stays.
func TestALexicographicPairBelowAMap(t *testing.T) {
	w, a, b := two(t, of("map", of("lex", of("gcounter"))))
	key, second := value.Int(1), value.Int(1)
	w.commit(a, "set", value.Int(7), key)
	w.commit(a, "inc", value.Int(5), key, second)
	w.rest()
	w.commit(a, "set", value.Int(7), key)
	if got, _ := At(w.cell(a, keys[0]).Cell, key); !value.Equal(got.Value(), value.Tuple(value.Int(7), value.Int(5))) {
		t.Errorf("set again: %+v", got.Value())
	}
	w.commit(b, "remove", key)
	w.rest()
	if got, _ := At(w.cell(b, keys[0]).Cell, key); !value.Equal(got.Value(), value.Tuple(value.Int(7), value.Int(0))) {
		t.Errorf("after the removal beside it: %+v", got.Value())
	}
}

func TestPlacesThereAreNot(t *testing.T) {
	one, name := value.Int(1), value.Symbol("a")
	for _, c := range []struct {
		typ  Type
		at   []value.Value
		want error
	}{
		{of("set"), []value.Value{one}, ErrPlace},
		{of("map", of("set")), []value.Value{one, one}, ErrPlace},
		{recordOf(Field{"a", of("set")}), []value.Value{value.Symbol("b")}, ErrPlace},
		{of("pair", of("set"), of("set")), []value.Value{value.Int(2)}, ErrPlace},
		{of("lex", of("set")), []value.Value{value.Int(0)}, ErrPlace},
		{of("map", of("set")), []value.Value{value.String("\xff")}, value.ErrText},
		{recordOf(Field{"a", of("set")}), []value.Value{name}, nil},
	} {
		if _, err := DoAt(newOf(t, c.typ), c.at, "add", id(1), one); !errors.Is(err, c.want) {
			t.Errorf("%s at %+v: %v, want %v", c.typ, c.at, err, c.want)
		}
	}
}

// What is emitted of a nested cell is a value again, so path and value
// together keep a value's limits, where they are written and where they come in.
func TestPathAndValueKeepTheLimitsTogether(t *testing.T) {
	long, deep := value.String(strings.Repeat("x", value.SizeMax/2)), value.List()
	for range insideDepthMax {
		deep = value.List(deep)
	}
	for _, c := range []struct {
		key, elem value.Value
		want      error
	}{{long, long, value.ErrSize}, {value.Int(1), deep, value.ErrDepth}, {deep, value.Int(1), value.ErrDepth}} {
		cell := newOf(t, of("map", of("set")))
		if _, err := DoAt(cell, []value.Value{c.key}, "add", id(1), c.elem); !errors.Is(err, c.want) {
			t.Errorf("%v, want %v", err, c.want)
		}
		it := item(1, 1, c.elem)
		it.Path = value.Encode(c.key)
		if cell.Insert(it, nil) || !cell.Bare() {
			t.Errorf("%v: it came in", c.want)
		}
	}
}

func TestTypesThereAreNot(t *testing.T) {
	deep := of("set")
	for range TypeDepthMax - 1 {
		deep = of("map", deep)
	}
	if _, err := deep.New(); err != nil {
		t.Errorf("depth %d: %v", TypeDepthMax, err)
	}
	wide := recordOf()
	for n := range FieldsMax + 1 {
		wide.Fields = append(wide.Fields, Field{fmt.Sprintf("f%03d", n), of("set")})
	}
	for _, typ := range []Type{
		{}, of("map"), of("map", of("set"), of("set")), of("map", deep), of("map", of("list")), of("set", of("set")), of("pair", of("set")), of("lex"),
		recordOf(), wide, recordOf(Field{"b", of("set")}, Field{"a", of("set")}), recordOf(Field{"a", of("set")}, Field{"a", of("set")}),
		recordOf(Field{"", of("set")}), recordOf(Field{"\xff", of("set")}), recordOf(Field{"a", of("text")}),
		{Lattice: "set", Fields: []Field{{"a", of("set")}}}, {Lattice: "pair", Args: []Type{of("set"), of("seq")}},
	} {
		if _, err := typ.New(); !errors.Is(err, ErrLattice) {
			t.Errorf("%.60s: %v", typ, err)
		}
	}
}

func TestConflictsAreTheOtherValues(t *testing.T) {
	c := newCell(t, "mv")
	for author, v := range []int64{7, 8, 7, 9, 8} {
		c.Insert(item(byte(author+1), uint64(author+1), value.Int(v)), nil)
	}
	got := c.(Conflicted).Conflicts()
	if c.Value().AsInt() != 8 || !value.Equal(value.List(got...), value.List(value.Int(9), value.Int(7))) {
		t.Errorf("reads %+v, conflicts %+v", c.Value(), got)
	}
	if d, _ := c.Do("set", id(1), value.Int(1)); len(d.Remove) != 5 {
		t.Errorf("a set resolves: %+v", d)
	}
}

// lww and mv are one store: the same entries under two readings.
func TestLWWAndMVReadTheSameEntries(t *testing.T) {
	mv, lww := newCell(t, "mv"), newCell(t, "lww")
	for author := range byte(4) {
		it := item(author+1, uint64(author%2+1), value.Int(int64(author)))
		mv.Insert(it, nil)
		lww.Insert(it, nil)
	}
	if !value.Equal(mv.Value(), lww.Value()) || !slices.Equal(held(mv), held(lww)) {
		t.Errorf("%+v, %+v", mv.Value(), lww.Value())
	}
}

func TestALogKeepsWhatWasAppendedTwice(t *testing.T) {
	c := &watched{newCell(t, "log"), map[string]int{}}
	for i, v := range []int64{5, 3, 5} {
		c.Insert(item(byte(3-i), uint64(i+1), value.Int(v)), c.emit)
	}
	if want := value.List(value.Int(5), value.Int(3), value.Int(5)); !value.Equal(c.Value(), want) || c.Len() != 3 {
		t.Errorf("reads %+v", c.Value())
	}
	checkReading(t, c)
}

// A change inside a record is told as that change, not as the whole record.
func TestARecordEmitsWhatChanged(t *testing.T) {
	c := &watched{newOf(t, recordOf(Field{"a", of("set")}, Field{"b", of("lww")})), map[string]int{}}
	d, _ := DoAt(c.Cell, []value.Value{value.Symbol("a")}, "add", id(1), value.Int(7))
	it := item(1, 1, value.Nil)
	it.Path, it.Value = d.Path, d.Add[0]
	c.Insert(it, c.emit)
	want := value.Encode(value.Tuple(value.Symbol("a"), value.Int(7)))
	if len(c.sum) != 1 || c.sum[want] != 1 {
		t.Errorf("emitted %v", c.sum)
	}
	if got := value.Record(value.List(value.Int(7)), value.Nil); !value.Equal(c.Value(), got) {
		t.Errorf("reads %+v", c.Value())
	}
}

// Sets of 100,000 keys, keys and values of eight bytes, each over the last one.
func BenchmarkMapSetAt100k(b *testing.B) {
	c := newOf(b, of("map", of("lww")))
	key := func(n int) value.Value { return value.Int(int64(n%100_000) + 1<<56) }
	n := 0
	b.ReportAllocs()
	for b.Loop() {
		d, err := DoAt(c, []value.Value{key(n)}, "set", id(1), value.Int(1<<56+1))
		if err != nil {
			b.Fatal(err)
		}
		it := Item{ID: causal.EntryID{Dot: causal.Dot{Replica: id(1), Seq: uint64(n + 1)}}, Path: d.Path, Value: d.Add[0]}
		c.Insert(it, nil)
		for _, gone := range d.Remove {
			c.Remove(gone, nil)
		}
		n++
	}
}
