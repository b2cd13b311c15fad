package order_test

import (
	"cmp"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/martinelli-lang/martinelli/algebra/order"
)

// A sorted slice is the same elements as before, ascending: what the standard
// library's sort makes of them.
func TestSort(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.SliceOf(rapid.IntRange(-9, 9)).Draw(t, "s")
		want := slices.Sorted(slices.Values(s))
		if got := order.Sorted(slices.Values(s), cmp.Compare[int]); !slices.Equal(got, want) {
			t.Fatalf("sorted %v, want %v", got, want)
		}
	})
}

func BenchmarkSort(b *testing.B) {
	for name, sort := range map[string]func([]int, func(a, b int) int){"order": order.Sort[int], "slices": slices.SortFunc[[]int]} {
		b.Run(name, func(b *testing.B) {
			s := make([]int, 1000)
			for b.Loop() {
				for i := range s {
					s[i] = i * 7919 % 1000
				}
				sort(s, cmp.Compare[int])
			}
		})
	}
}
