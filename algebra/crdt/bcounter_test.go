package crdt

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/value"
)

func id(author byte) causal.ReplicaID { return causal.ReplicaID{author} }

func transfer(to byte, n int64) value.Value {
	return value.Tuple(value.String(id(to).String()), value.Int(n))
}

func rights(c Cell, author byte) int64 { return c.(Escrow).Rights(id(author)) }

func TestRightsAreMadeSpentAndHandedOn(t *testing.T) {
	c := newCell(t, "bcounter")
	play(t, c, 1, 1, "inc", value.Int(10))
	play(t, c, 1, 2, "transfer", transfer(2, 4))
	play(t, c, 2, 1, "dec", value.Int(3))
	play(t, c, 2, 2, "transfer", transfer(1, 1))
	if c.Value().AsInt() != 7 || rights(c, 1) != 7 || rights(c, 2) != 0 || rights(c, 3) != 0 {
		t.Errorf("value %d, rights %d and %d", c.Value().AsInt(), rights(c, 1), rights(c, 2))
	}
	for _, d := range []struct {
		self byte
		verb string
		arg  value.Value
		want error
	}{
		{2, "dec", value.Int(1), ErrRights},
		{1, "dec", value.Int(8), ErrRights},
		{2, "transfer", transfer(1, 1), ErrRights},
		{1, "transfer", transfer(2, 8), ErrRights},
		{1, "dec", value.Int(7), nil},
		{1, "transfer", transfer(3, 7), nil},
		{3, "inc", value.Int(1), nil},
	} {
		if _, err := c.Do(d.verb, id(d.self), d.arg); !errors.Is(err, d.want) {
			t.Errorf("%d.%s(%+v): %v, want %v", d.self, d.verb, d.arg, err, d.want)
		}
	}
}

// A library we learned from accepts a negative transfer, which makes rights
// out of nothing. One to oneself would count as an increment in its matrix.
func TestTransfersThatMakeRightsAreRefused(t *testing.T) {
	c := newCell(t, "bcounter")
	play(t, c, 1, 1, "inc", value.Int(10))
	for _, arg := range []value.Value{
		transfer(2, -1), transfer(2, math.MinInt64), transfer(2, NatMax+1), transfer(1, 1), value.Nil, value.Int(1),
		value.Tuple(value.String("somebody"), value.Int(1)), value.Tuple(value.Int(2), value.Int(1)), value.Tuple(value.String(id(2).String())),
	} {
		if d, err := c.Do("transfer", id(1), arg); !errors.Is(err, ErrRange) || !d.Empty() {
			t.Errorf("transfer(%+v): %+v, %v", arg, d, err)
		}
	}
	if d, err := c.Do("transfer", id(1), transfer(2, 0)); err != nil || !d.Empty() {
		t.Errorf("transfer of nothing: %+v, %v", d, err)
	}
}

// The same library crashes merging a replica's own transfers. Here every field
// of every row is taken at its newest, in whatever order entries come.
func TestOwnTransfersJoin(t *testing.T) {
	source := newCell(t, "bcounter")
	var items []Item
	for seq, do := range []struct {
		verb string
		arg  value.Value
	}{{"inc", value.Int(9)}, {"transfer", transfer(2, 1)}, {"transfer", transfer(2, 2)}, {"transfer", transfer(3, 3)}} {
		d := play(t, source, 1, uint64(seq+1), do.verb, do.arg)
		items = append(items, Item{ID: item(1, uint64(seq+1), value.Nil).ID, Value: d.Add[0]})
	}
	for seed := range uint64(50) {
		c := newCell(t, "bcounter")
		for _, i := range rand.New(rand.NewPCG(seed, 1)).Perm(len(items)) {
			c.Insert(items[i], nil)
			c.Insert(items[i], nil)
		}
		if c.Value().AsInt() != 9 || rights(c, 1) != 3 || rights(c, 2) != 3 || rights(c, 3) != 3 {
			t.Fatalf("%d: %d, %d, %d", c.Value().AsInt(), rights(c, 1), rights(c, 2), rights(c, 3))
		}
	}
}

// A liar who spends what it never held is seen in its row, and nobody else's
// rights change.
func TestAnOverdraftShowsInItsRow(t *testing.T) {
	c := newCell(t, "bcounter")
	play(t, c, 1, 1, "inc", value.Int(2))
	c.Insert(Item{ID: item(2, 1, value.Nil).ID, Value: EscrowField{Author: id(2), kind: handed, To: id(3)}.entry(5)}, nil)
	if rights(c, 1) != 2 || rights(c, 2) != -5 || c.Value().AsInt() != 2 {
		t.Errorf("%d, %d, %d", rights(c, 1), rights(c, 2), c.Value().AsInt())
	}
}

// TestTheBoundHolds plays histories in which everybody spends all it can: at
// every replica and moment the rights sum to the value, and none is negative.
func TestTheBoundHolds(t *testing.T) {
	for seed := range uint64(100) {
		w := newWorld(t, of("bcounter"), 4, rand.New(rand.NewPCG(seed, 3)).IntN)
		w.run(60, func(r *replica) {
			for _, cell := range r.cells {
				c := cell.Cell.(*bcounter)
				var sum int64
				for who, n := range c.rights {
					if sum += n; n < 0 {
						t.Fatalf("%s has %d rights", who.Short(), n)
					}
				}
				if sum != c.sum {
					t.Fatalf("rights sum to %d, the value is %d", sum, c.sum)
				}
			}
		})
	}
}

func TestThereIsNoBoundedCounterBelowAMap(t *testing.T) {
	for _, typ := range []Type{of("map", of("bcounter")), of("map", recordOf(Field{"a", of("bcounter")}))} {
		if _, err := typ.New(); !errors.Is(err, ErrLattice) {
			t.Errorf("%s: %v", typ, err)
		}
	}
	if _, err := of("bcounter").NewRemovable(); !errors.Is(err, ErrLattice) {
		t.Errorf("removable: %v", err)
	}
}

// TestBothBoundsHold plays replicas that count, hand on, open and take at
// random and hear of each other in any order: at every moment the value is
// within its bound, nobody has less than no rights, and the rights are the
// distance from the bound.
func TestBothBoundsHold(t *testing.T) {
	for seed := range uint64(200) {
		die := rand.New(rand.NewPCG(seed, 7))
		b := Bound{IsUpper: seed%2 == 0, Opening: int64(die.IntN(20))}
		logs := make([][]Delta, 4)
		heard := make([][4]int, 4)
		cells := []Cell{NewBounded(b), NewBounded(b), NewBounded(b), NewBounded(b)}
		apply := func(at int, by, seq int) {
			d := logs[by][seq]
			for i, v := range d.Add {
				cells[at].Insert(Item{ID: causal.EntryID{Dot: causal.Dot{Replica: id(byte(by + 1)), Seq: uint64(seq + 1)}, Offset: uint32(i)}, Value: v}, nil)
			}
			for _, it := range d.Remove {
				cells[at].Remove(it, nil)
			}
		}
		for range 80 {
			at := die.IntN(4)
			if die.IntN(3) == 0 { // hear all that another has heard
				from := die.IntN(4)
				for by := range 4 {
					for ; heard[at][by] < heard[from][by]; heard[at][by]++ {
						apply(at, by, heard[at][by])
					}
				}
			} else {
				verb := []string{"inc", "dec", "transfer", "open"}[die.IntN(4)]
				arg := value.Int(int64(die.IntN(6)))
				switch {
				case verb == "open" && at > 0:
					continue // the steward's
				case verb == "open":
					arg = value.Nil
				case verb == "transfer":
					arg = transfer(byte(1+(at+1+die.IntN(3))%4), arg.AsInt())
				}
				d, err := cells[at].Do(verb, id(byte(at+1)), arg)
				if err != nil || d.Empty() {
					continue
				}
				logs[at] = append(logs[at], d)
				apply(at, at, heard[at][at])
				heard[at][at]++
			}
			mustBeWithin(t, cells[at], b)
		}
	}
}

func mustBeWithin(t *testing.T, c Cell, b Bound) {
	t.Helper()
	e, sum, v := c.(Escrow), int64(0), c.Value().AsInt()
	for r, n := range e.Holders {
		if sum += n; n < 0 {
			t.Fatalf("%s has %d rights", r.Short(), n)
		}
	}
	distance := v + b.Opening
	if b.IsUpper {
		distance = b.Opening - v
	}
	if distance < 0 || sum+e.Unopened() != distance {
		t.Fatalf("the value %d of a counter within %+v; rights are %d, and %d not opened", v, b, sum, e.Unopened())
	}
}

func TestWhatTheStewardWrites(t *testing.T) {
	c := NewBounded(Bound{IsUpper: true, Opening: 10})
	play(t, c, 1, 1, "open", value.Nil)
	if d, err := c.Do("open", id(1), value.Nil); err != nil || !d.Empty() || !c.Empty() || c.Bare() {
		t.Errorf("what is open opens again: %+v, %v", d, err)
	}
	play(t, c, 1, 2, "transfer", transfer(2, 6))
	play(t, c, 2, 1, "inc", value.Int(2))
	if _, err := c.Do("take", id(1), transfer(2, 5)); !errors.Is(err, ErrRights) {
		t.Errorf("more is taken than is held: %v", err)
	}
	play(t, c, 1, 3, "take", transfer(2, 4))
	if c.Value().AsInt() != 2 || rights(c, 1) != 8 || rights(c, 2) != 0 {
		t.Errorf("value %d, rights %d and %d", c.Value().AsInt(), rights(c, 1), rights(c, 2))
	}
	for field, want := range map[EscrowField]string{
		{Author: id(1), kind: opened}:            "2501190a00",
		{Author: id(1), kind: taken, To: id(2)}:  "",
		{Author: id(1), kind: handed, To: id(2)}: "",
	} {
		entry := field.entry(10)
		if got := fmt.Sprintf("%x", entry); want != "" && got != want {
			t.Errorf("%+v is written %s, want %s", field, got, want)
		}
		if f, n, ok := ReadEscrow(id(1), entry); !ok || n != 10 || f != field {
			t.Errorf("%+v is read as %+v, %d, %v", field, f, n, ok)
		}
	}
}
