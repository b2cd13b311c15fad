// Package order sorts slices by a comparison.
//
// It exists for its size. slices.SortFunc is compiled anew for every element
// type, 12 KB of machine code each; the dozen types that the rooms below host
// sort made 25 KB of what a browser downloads, brotli included. What they sort
// is small, and the speed that all that code buys is not missed.
package order

import (
	"iter"
	"slices"
)

// Sort sorts s by compare, which must be a total order: equal elements come
// out in no particular order. It is a heapsort (Williams 1964, Floyd's
// construction): n log n comparisons at worst, in place, no allocation.
func Sort[E any](s []E, compare func(a, b E) int) {
	for root := len(s)/2 - 1; root >= 0; root-- {
		sift(s, root, compare)
	}
	for n := len(s) - 1; n > 0; n-- {
		s[0], s[n] = s[n], s[0]
		sift(s[:n], 0, compare)
	}
}

// Sorted collects the elements of seq and sorts them.
func Sorted[E any](seq iter.Seq[E], compare func(a, b E) int) []E {
	s := slices.Collect(seq)
	Sort(s, compare)
	return s
}

// sift lets s[root] sink until neither child is larger, given that both
// subtrees below it are heaps.
func sift[E any](s []E, root int, compare func(a, b E) int) {
	for {
		child := 2*root + 1
		if child >= len(s) {
			return
		}
		if child+1 < len(s) && compare(s[child], s[child+1]) < 0 {
			child++
		}
		if compare(s[root], s[child]) >= 0 {
			return
		}
		s[root], s[child] = s[child], s[root]
		root = child
	}
}
