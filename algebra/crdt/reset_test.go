package crdt

import (
	"slices"
	"testing"

	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/value"
)

// TestHistory10RunningTotals: one replica counts to 5, and on to 6 while
// another clears the counter. A cell whose entries may be removed at once, as
// where keys expire, reads 1; one that keeps running totals brings all 6 back.
func TestHistory10RunningTotals(t *testing.T) {
	a, b := causal.ReplicaID{1}, causal.ReplicaID{2}
	for _, lattice := range []string{"counter", "gcounter"} {
		for _, c := range []struct {
			open func(Type) (Cell, error)
			want int64
		}{{Type.NewRemovable, 1}, {Type.New, 6}} {
			at, other := resettable(t, c.open, lattice), resettable(t, c.open, lattice)
			first := at.count(t, a, 5)
			other.take(first)
			second := at.count(t, a, 1)
			cleared := clearing(other.cell)
			other.take(second)
			for _, r := range []*resetting{at, other} {
				r.take(delta{by: causal.Dot{Replica: b, Seq: 1}, gone: cleared})
				if got := r.cell.Value(); !value.Equal(got, value.Int(c.want)) {
					t.Errorf("%s: reads %v, want %d", lattice, got, c.want)
				}
			}
		}
	}
}

// resetting is a cell and what its replica has seen.
type resetting struct {
	cell Cell
	seq  uint64
}

// delta is a part of one cell.
type delta struct {
	by   causal.Dot
	add  []string
	gone []Item
}

func resettable(t *testing.T, open func(Type) (Cell, error), lattice string) *resetting {
	t.Helper()
	cell, err := open(Type{Lattice: lattice})
	if err != nil {
		t.Fatal(err)
	}
	return &resetting{cell: cell}
}

// count adds n to the cell.
func (r *resetting) count(t *testing.T, self causal.ReplicaID, n int64) delta {
	t.Helper()
	made, err := r.cell.Do("inc", self, value.Int(n))
	if err != nil {
		t.Fatal(err)
	}
	r.seq++
	d := delta{by: causal.Dot{Replica: self, Seq: r.seq}, add: made.Add, gone: made.Remove}
	r.take(d)
	return d
}

// take applies a delta.
func (r *resetting) take(d delta) {
	for _, it := range d.gone {
		r.cell.Remove(it, nil)
	}
	for i, v := range d.add {
		r.cell.Insert(Item{ID: causal.EntryID{Dot: d.by, Offset: uint32(i)}, Value: v}, nil)
	}
}

// clearing names all the cell holds.
func clearing(c Cell) []Item { return slices.Collect(c.Items) }
