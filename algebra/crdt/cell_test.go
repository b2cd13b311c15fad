package crdt

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/value"
)

func newCell(t testing.TB, name string) Cell {
	t.Helper()
	c, err := of(name).New()
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// item makes entry number seq of an author.
func item(author byte, seq uint64, v value.Value) Item {
	id := causal.EntryID{Dot: causal.Dot{Replica: causal.ReplicaID{author}, Seq: seq}}
	return Item{ID: id, Stamp: causal.Stamp(seq), Value: value.Encode(v)}
}

// play runs a verb at the cell as author's part seq and returns its delta.
func play(t testing.TB, c Cell, author byte, seq uint64, verb string, arg value.Value) Delta {
	t.Helper()
	d, err := c.Do(verb, causal.ReplicaID{author}, arg)
	if err != nil {
		t.Fatal(err)
	}
	for i, v := range d.Add {
		id := causal.EntryID{Dot: causal.Dot{Replica: causal.ReplicaID{author}, Seq: seq}, Offset: uint32(i)}
		c.Insert(Item{ID: id, Stamp: causal.Stamp(seq), Path: d.Path, Value: v}, nil)
	}
	return d
}

func TestNewKnowsItsLattices(t *testing.T) {
	for _, typ := range types {
		if c := newOf(t, typ); !c.Empty() || !c.Bare() || c.Len() != 0 {
			t.Errorf("a new %s is not empty", typ)
		}
	}
	for _, name := range []string{"", "text", "map", "Set"} {
		if _, err := New(name); !errors.Is(err, ErrLattice) {
			t.Errorf("%q: %v", name, err)
		}
	}
}

func TestBottoms(t *testing.T) {
	for name, want := range map[string]value.Value{
		"gset": value.List(), "set": value.List(), "gcounter": value.Int(0), "counter": value.Int(0),
		"once": value.Bool(false), "lww": value.Nil, "max": value.Nil,
		"rset": value.List(), "twopset": value.List(), "bcounter": value.Int(0), "flag": value.Bool(false),
		"dwflag": value.Bool(false), "mv": value.Nil, "min": value.Nil, "log": value.List(),
	} {
		if got := newCell(t, name).Value(); !value.Equal(got, want) {
			t.Errorf("bottom of %s reads %+v, want %+v", name, got, want)
		}
	}
}

func TestVerbsThereAreNot(t *testing.T) {
	for _, c := range []struct{ lattice, verb string }{
		{"gset", "remove"}, {"set", "set"}, {"gcounter", "dec"}, {"counter", "add"}, {"once", "off"}, {"lww", "add"}, {"max", "inc"}, {"set", ""},
		{"rset", "set"}, {"twopset", "on"}, {"bcounter", "add"}, {"flag", "set"}, {"dwflag", "inc"}, {"mv", "add"}, {"min", "inc"}, {"log", "add"},
	} {
		if d, err := newCell(t, c.lattice).Do(c.verb, causal.ReplicaID{1}, value.Int(1)); !errors.Is(err, ErrVerb) || !d.Empty() {
			t.Errorf("%s.%s: %+v, %v", c.lattice, c.verb, d, err)
		}
	}
}

func TestWhatCannotBeStoredIsRefused(t *testing.T) {
	for _, c := range []struct{ lattice, verb string }{{"gset", "add"}, {"set", "add"}, {"set", "remove"}, {"lww", "set"}, {"max", "set"},
		{"rset", "add"}, {"rset", "remove"}, {"twopset", "add"}, {"twopset", "remove"}, {"mv", "set"}, {"min", "set"}, {"log", "append"}} {
		for arg, want := range map[string]error{strings.Repeat("x", value.SizeMax): value.ErrSize, "\xff": value.ErrText} {
			if _, err := newCell(t, c.lattice).Do(c.verb, causal.ReplicaID{1}, value.String(arg)); !errors.Is(err, want) {
				t.Errorf("%s.%s: %v, want %v", c.lattice, c.verb, err, want)
			}
		}
	}
}

// A library we learned from accepts negative amounts, which turn a growing
// counter round and break every bound kept with it.
func TestAmountsAreNats(t *testing.T) {
	for _, c := range []struct{ lattice, verb string }{{"gcounter", "inc"}, {"counter", "inc"}, {"counter", "dec"}, {"bcounter", "inc"}, {"bcounter", "dec"}} {
		for _, arg := range []value.Value{value.Int(-1), value.Int(math.MinInt64), value.Int(NatMax + 1), value.Int(math.MaxInt64), value.Nil, value.String("1"), value.Float(1)} {
			if d, err := newCell(t, c.lattice).Do(c.verb, causal.ReplicaID{1}, arg); !errors.Is(err, ErrRange) || !d.Empty() {
				t.Errorf("%s.%s(%+v): %+v, %v", c.lattice, c.verb, arg, d, err)
			}
		}
		if c.lattice == "bcounter" {
			continue // spending needs rights: bcounter_test.go
		}
		cell := newCell(t, c.lattice)
		if d := play(t, cell, 1, 1, c.verb, value.Int(0)); !d.Empty() || !cell.Empty() {
			t.Errorf("%s.%s(0) is %+v", c.lattice, c.verb, d)
		}
		if d := play(t, cell, 1, 1, c.verb, value.Int(NatMax)); d.Empty() {
			t.Errorf("%s.%s refuses the largest nat", c.lattice, c.verb)
		}
	}
}

func TestTotalsStopAtTheirEnds(t *testing.T) {
	for _, c := range []struct {
		lattice, verb string
		total         int64
	}{{"gcounter", "inc", math.MaxInt64 - 1}, {"counter", "inc", math.MaxInt64 - 1}, {"counter", "dec", math.MinInt64 + 1}} {
		cell := newCell(t, c.lattice)
		cell.Insert(item(1, 1, value.Int(c.total)), nil)
		play(t, cell, 1, 2, c.verb, value.Int(1))
		if n := cell.Value().AsInt(); n != math.MaxInt64 && n != math.MinInt64 {
			t.Errorf("%s.%s did not reach the end: %d", c.lattice, c.verb, n)
		}
		if _, err := cell.Do(c.verb, causal.ReplicaID{1}, value.Int(1)); !errors.Is(err, ErrRange) {
			t.Errorf("%s.%s beyond the end: %v", c.lattice, c.verb, err)
		}
	}
}

func TestSumsWrapAndComeBack(t *testing.T) {
	c := newCell(t, "counter")
	a, b := item(1, 1, value.Int(math.MaxInt64)), item(2, 1, value.Int(1))
	c.Insert(a, nil)
	c.Insert(b, nil)
	if got := c.Value().AsInt(); got != math.MinInt64 {
		t.Errorf("the sum is %d", got)
	}
	c.Remove(b, nil)
	if got := c.Value().AsInt(); got != math.MaxInt64 {
		t.Errorf("the sum came back as %d", got)
	}
}

func TestAnIncrementReplacesTheAuthorsOwnTotal(t *testing.T) {
	c := newCell(t, "gcounter")
	c.Insert(item(2, 9, value.Int(100)), nil)
	first := play(t, c, 1, 1, "inc", value.Int(5))
	second := play(t, c, 1, 2, "inc", value.Int(2))
	if len(first.Remove) != 0 || second.Add[0] != value.Encode(value.Int(7)) || len(second.Remove) != 1 || second.Remove[0].ID != item(1, 1, value.Nil).ID {
		t.Errorf("%+v, %+v", first, second)
	}
	if got := c.Value().AsInt(); got != 107 {
		t.Errorf("before the old total is removed: %d", got)
	}
	c.Remove(item(1, 1, value.Int(5)), nil)
	if got := c.Value().AsInt(); got != 107 {
		t.Errorf("after: %d", got)
	}
}

// A library we learned from compares stamps alone, and does not converge when
// they are equal: the dot decides.
func TestLWWTiesAreBrokenByTheDot(t *testing.T) {
	a, b := item(1, 1, value.String("a")), item(2, 1, value.String("b"))
	for _, items := range [][]Item{{a, b}, {b, a}} {
		c := newCell(t, "lww")
		for _, it := range items {
			c.Insert(it, nil)
		}
		if got := c.Value().AsString(); got != "b" {
			t.Errorf("%v reads %q", items, got)
		}
	}
}

// What is written over a seen value replaces it, even with an older stamp.
func TestLWWFollowsCausalityBeforeClocks(t *testing.T) {
	c := newCell(t, "lww")
	ahead := item(1, 1, value.String("ahead"))
	ahead.Stamp = 1 << 60
	c.Insert(ahead, nil)
	d := play(t, c, 2, 1, "set", value.String("after"))
	if !slices.Equal(d.Remove, []Item{ahead}) {
		t.Fatalf("%+v", d)
	}
	c.Remove(ahead, nil)
	if got := c.Value().AsString(); got != "after" {
		t.Errorf("reads %q", got)
	}
}

func TestASetSupersedesWhatItSaw(t *testing.T) {
	c := newCell(t, "set")
	play(t, c, 2, 1, "add", value.Int(7))
	play(t, c, 1, 1, "add", value.Int(7))
	d := play(t, c, 1, 2, "add", value.Int(7))
	if len(d.Add) != 1 || len(d.Remove) != 2 || d.Remove[0].ID.Replica[0] != 1 || d.Remove[1].ID.Replica[0] != 2 {
		t.Errorf("add: %+v", d)
	}
	if d, _ := c.Do("remove", causal.ReplicaID{1}, value.Int(7)); len(d.Add) != 0 || len(d.Remove) != 3 {
		t.Errorf("remove: %+v", d)
	}
	if d, _ := c.Do("remove", causal.ReplicaID{1}, value.Int(8)); !d.Empty() {
		t.Errorf("remove of what is not there: %+v", d)
	}
}

func TestWhatIsKnownIsNotWritten(t *testing.T) {
	for _, c := range []struct {
		lattice, verb string
		first, again  value.Value
	}{
		{"gset", "add", value.Int(1), value.Int(1)},
		{"once", "on", value.Nil, value.Nil},
		{"max", "set", value.Int(5), value.Int(5)},
		{"max", "set", value.Int(5), value.Int(4)},
		{"min", "set", value.Int(5), value.Int(5)},
		{"min", "set", value.Int(5), value.Int(6)},
		{"twopset", "add", value.Int(1), value.Int(1)},
		{"twopset", "remove", value.Int(1), value.Int(1)},
	} {
		cell := newCell(t, c.lattice)
		if d := play(t, cell, 1, 1, c.verb, c.first); d.Empty() {
			t.Errorf("the first %s.%s writes nothing", c.lattice, c.verb)
		}
		if d := play(t, cell, 2, 1, c.verb, c.again); !d.Empty() {
			t.Errorf("%s.%s writes again: %+v", c.lattice, c.verb, d)
		}
	}
}

func TestACounterBackAtZeroIsNotEmpty(t *testing.T) {
	c := newCell(t, "counter")
	play(t, c, 1, 1, "inc", value.Int(3))
	play(t, c, 1, 2, "dec", value.Int(3))
	if c.Empty() || c.Value().AsInt() != 0 || !c.Has(value.Encode(value.Int(0))) {
		t.Errorf("%+v", c)
	}
}

// writes returns the items a verb adds, after inserting them.
func writes(c Cell, at []value.Value, verb string, arg value.Value) []Item {
	d, err := DoAt(c, at, verb, causal.ReplicaID{1}, arg)
	if err != nil {
		return nil // a transfer to oneself
	}
	var items []Item
	for _, v := range d.Add {
		it := Item{ID: causal.EntryID{Dot: causal.Dot{Replica: causal.ReplicaID{1}, Seq: 1}}, Path: d.Path, Value: v}
		c.Insert(it, nil)
		items = append(items, it)
	}
	return items
}

// drawItem draws items of a type's verbs, and as no verb writes them: of one
// author several, at other places, of other types, and bytes that are no value.
func drawItem(typ Type) *rapid.Generator[Item] {
	var written []Item
	for _, ca := range calls(typ, 3) {
		c, _ := typ.New()
		if ca.verb == "dec" || ca.verb == "transfer" {
			written = append(written, writes(c, ca.at, "inc", value.Int(3))...)
		}
		written = append(written, writes(c, ca.at, ca.verb, ca.arg)...)
	}
	values := []string{on, off, value.Encode(value.Nil), value.Encode(value.Int(math.MaxInt64)), value.Encode(value.Int(-3)), value.Encode(value.Tuple(value.Bool(true))), "", "\x00", "\x22x", "\x01\x01"}
	paths := []string{"", value.Encode(value.Int(1)), value.Encode(value.Symbol("b")), "\x00", value.Encode(value.Nil) + value.Encode(value.Int(1))}
	for _, it := range written {
		values, paths = append(values, it.Value), append(paths, it.Path)
	}
	return rapid.Custom(func(t *rapid.T) Item {
		it := Item{Path: rapid.SampledFrom(paths).Draw(t, "path"), Value: rapid.SampledFrom(values).Draw(t, "value")}
		if len(written) > 0 && rapid.IntRange(0, 3).Draw(t, "sane") > 0 {
			it = rapid.SampledFrom(written).Draw(t, "written")
		}
		it.ID = causal.EntryID{
			Dot:    causal.Dot{Replica: causal.ReplicaID{1 + rapid.Byte().Draw(t, "author")%3}, Seq: rapid.Uint64Range(1, 4).Draw(t, "seq")},
			Offset: rapid.Uint32Range(0, 1).Draw(t, "offset"),
		}
		it.Stamp = causal.Stamp(rapid.Uint64Range(0, 3).Draw(t, "stamp"))
		return it
	})
}

// TestRemoveIsTheInverseOfInsert is what lets a run be undone: played
// backwards, any changes leave the cell as it was inside, and what they
// emitted sums to nothing.
func TestRemoveIsTheInverseOfInsert(t *testing.T) {
	type change struct {
		Item
		inserted bool
	}
	apply := func(c *watched, ch change) {
		before := c.Value()
		changed := false
		if ch.inserted {
			changed = c.Insert(ch.Item, c.emit)
		} else {
			changed = c.Remove(ch.Item, c.emit)
		}
		if !changed && !value.Equal(before, c.Value()) {
			panic("an unreported change")
		}
	}
	for _, typ := range types {
		items := drawItem(typ)
		t.Run(typ.String(), func(t *testing.T) {
			rapid.Check(t, func(t *rapid.T) {
				c := &watched{newOf(t, typ), map[string]int{}}
				live := map[causal.EntryID]Item{}
				step := func() change {
					it := items.Draw(t, "item")
					old, isLive := live[it.ID]
					if isLive {
						delete(live, it.ID)
						return change{old, false}
					}
					live[it.ID] = it
					return change{it, true}
				}
				for range rapid.IntRange(0, 10).Draw(t, "before") {
					apply(c, step())
				}
				before, sum := describe(c.Cell), fmt.Sprint(c.sum)
				var run []change
				for range rapid.IntRange(0, 10).Draw(t, "run") {
					run = append(run, step())
					apply(c, run[len(run)-1])
					checkReading(t, c)
				}
				for _, ch := range slices.Backward(run) {
					ch.inserted = !ch.inserted
					apply(c, ch)
				}
				if after := describe(c.Cell); after != before || fmt.Sprint(c.sum) != sum {
					t.Fatalf("undone, but not as before\n%s %s\n%s %v", before, sum, after, c.sum)
				}
			})
		})
	}
}

func TestInsertTwiceAndRemoveOfTheUnknownChangeNothing(t *testing.T) {
	for _, typ := range types {
		c := newOf(t, typ)
		var items []Item
		for _, ca := range calls(typ, 3) {
			if items = writes(c, ca.at, ca.verb, ca.arg); len(items) > 0 {
				break
			}
		}
		it := items[0]
		before := describe(c)
		other := it
		other.ID.Seq++
		if c.Insert(it, nil) || c.Remove(other, nil) || describe(c) != before {
			t.Errorf("%s changed: %s, %s", typ, before, describe(c))
		}
		if c.Remove(it, nil); !c.Empty() || !c.Bare() {
			t.Errorf("%s: the removal", typ)
		}
	}
}

// What Items yields is what the cell is made of: it can be removed item by
// item, and inserted again.
func TestItemsAreWhatTheCellHolds(t *testing.T) {
	for _, typ := range types {
		items := drawItem(typ)
		t.Run(typ.String(), func(t *testing.T) {
			rapid.Check(t, func(t *rapid.T) {
				c := newOf(t, typ)
				for _, it := range rapid.SliceOfNDistinct(items, 0, 6, func(it Item) causal.EntryID { return it.ID }).Draw(t, "items") {
					c.Insert(it, nil)
				}
				full, held := describe(c), slices.Collect(c.Items)
				for _, it := range held {
					if c.Bare() {
						t.Fatalf("bare, but %+v is to come", it)
					}
					c.Remove(it, nil)
				}
				if !c.Bare() || !c.Empty() {
					t.Fatalf("all removed, but %s", describe(c))
				}
				for _, it := range held {
					c.Insert(it, nil)
				}
				if again := describe(c); again != full {
					t.Fatalf("all inserted again, but\n%s\n%s", full, again)
				}
			})
		})
	}
}

// Emissions of one insertion: the old value leaves, the new one comes.
func TestEmissions(t *testing.T) {
	c := newCell(t, "gcounter")
	var told []string
	emit := func(elem string, weight int) {
		v, _ := value.DecodeAll(elem)
		told = append(told, fmt.Sprintf("%+d*%d", weight, v.AsInt()))
	}
	c.Insert(item(1, 1, value.Int(5)), emit)
	c.Insert(item(1, 2, value.Int(6)), emit)
	c.Remove(item(1, 1, value.Int(5)), emit)
	c.Remove(item(1, 2, value.Int(6)), emit)
	if got := fmt.Sprint(told); got != "[+1*5 -1*5 +1*6 -1*6]" {
		t.Error(got)
	}
}

// What the two counters read is kept by their sums, not found by a walk: a
// key's cost does not grow with how many wrote it.
func BenchmarkGCounterInc(b *testing.B) {
	c := newCell(b, "gcounter")
	for author := range 100 {
		c.Insert(item(byte(author), 1, value.Int(10)), nil)
	}
	last := item(1, 1, value.Int(10))
	emit := func(string, int) {}
	b.ReportAllocs()
	for b.Loop() {
		d, _ := c.Do("inc", last.ID.Replica, value.Int(1))
		next := Item{ID: last.ID, Stamp: last.Stamp, Value: d.Add[0]}
		next.ID.Seq++
		c.Insert(next, emit)
		c.Remove(last, emit)
		last = next
	}
}

func BenchmarkSetAddAt10k(b *testing.B) {
	c := newCell(b, "set")
	for i := range 10_000 {
		c.Insert(item(1, uint64(i+1), value.Int(int64(i))), nil)
	}
	emit := func(string, int) {}
	seq := uint64(10_000)
	b.ReportAllocs()
	for b.Loop() {
		seq++
		d, _ := c.Do("add", causal.ReplicaID{1}, value.Int(int64(seq)))
		it := item(1, seq, value.Nil)
		it.Value = d.Add[0]
		c.Insert(it, emit)
		c.Remove(it, emit)
	}
}

func BenchmarkLWWSet(b *testing.B) {
	c := newCell(b, "lww")
	last := item(1, 1, value.Int(10))
	c.Insert(last, nil)
	b.ReportAllocs()
	for b.Loop() {
		d, _ := c.Do("set", last.ID.Replica, value.Int(1))
		next := Item{ID: last.ID, Stamp: last.Stamp, Value: d.Add[0]}
		next.ID.Seq++
		c.Insert(next, nil)
		c.Remove(last, nil)
		last = next
	}
}

// FuzzCell lets any bytes be an entry of any type: what no verb writes reads
// as absent, and taking out what was put in leaves nothing.
func FuzzCell(f *testing.F) {
	for i, typ := range types {
		c := newOf(f, typ)
		for _, ca := range calls(typ, 1) {
			for _, it := range writes(c, ca.at, ca.verb, ca.arg) {
				f.Add(uint8(i), it.Path, it.Value, "", "\x00")
			}
		}
	}
	for i, typ := range types {
		if typ.Lattice == "lex" { // what sets the first part to nil, found by this test
			f.Add(uint8(i), unset+value.Encode(firstPlace), on, "", "")
		}
	}
	f.Fuzz(func(t *testing.T, which uint8, path, entry, path2, entry2 string) {
		c := &watched{newOf(t, types[int(which)%len(types)]), map[string]int{}}
		items := []Item{item(1, 1, value.Nil), item(2, 1, value.Nil), item(1, 2, value.Nil)}
		items[0].Path, items[0].Value = path, entry
		items[1].Path, items[1].Value = path2, entry2
		items[2].Path, items[2].Value = path, entry2
		for _, it := range items {
			c.Insert(it, c.emit)
			checkReading(t, c)
		}
		for _, it := range items {
			c.Remove(it, c.emit)
			checkReading(t, c)
		}
		if !c.Bare() {
			t.Fatalf("left: %s", describe(c.Cell))
		}
	})
}
