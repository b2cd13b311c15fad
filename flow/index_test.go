package flow

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/martinelli-lang/martinelli/value"
)

// depth checks the balance and the sums of a tree, and returns how deep it is.
func (b *branch) depth(t *testing.T) int {
	if b == nil {
		return 0
	}
	left, right := b.left.branches()+1, b.right.branches()+1
	if left > heavy*right || right > heavy*left {
		t.Fatalf("%d branches stand beside %d", left-1, right-1)
	}
	if b.weight == 0 || b.size != left+right-1 || b.total != b.left.count()+b.weight+b.right.count() {
		t.Fatal("the sums of a branch are wrong")
	}
	return 1 + max(b.left.depth(t), b.right.depth(t))
}

// TestIndexEqualsASortedSlice runs random histories, ascending and descending.
func TestIndexEqualsASortedSlice(t *testing.T) {
	for seed := range uint64(40) {
		r := rand.New(rand.NewPCG(seed, 22))
		x, sign := index{}, int64(1)
		if seed%2 == 1 {
			x.compare, sign = func(a, b value.Value) int { return value.Compare(b, a) }, -1
		}
		var kept []int64 // times sign, ascending
		for range 400 {
			n := int64(r.IntN(60))
			if at, found := slices.BinarySearch(kept, n*sign); found && r.IntN(2) == 0 {
				x.add(value.Int(n), -1)
				kept = slices.Delete(kept, at, at+1)
			} else {
				x.add(value.Int(n), 1)
				kept = slices.Insert(kept, at, n*sign)
			}
			x.root.depth(t)
			at, _ := slices.BinarySearch(kept, n*sign)
			if x.rank(value.Int(n)) != at || x.len() != len(kept) {
				t.Fatalf("seed %d: %d has rank %d of %d, not %d of %d", seed, n, x.rank(value.Int(n)), x.len(), at, len(kept))
			}
		}
		var got []int64
		x.each(func(v value.Value) bool {
			got = append(got, v.AsInt()*sign)
			return true
		})
		if !slices.Equal(got, kept) {
			t.Fatalf("seed %d: %v, not %v", seed, got, kept)
		}
		if len(kept) > 0 && (x.first().AsInt() != kept[0]*sign || x.last().AsInt() != kept[len(kept)-1]*sign) {
			t.Fatal("the ends of an index are wrong")
		}
	}
}

// TestIndexStaysShallow in ascending order, the worst of an unbalanced tree.
func TestIndexStaysShallow(t *testing.T) {
	const n = 20_000
	var x index
	for i := range int64(n) {
		x.add(value.Int(i), 1)
	}
	for i := range int64(n / 2) {
		x.add(value.Int(i), -1)
	}
	if d := x.root.depth(t); d > 32 {
		t.Errorf("%d values stand %d deep", x.len(), d)
	}
}
