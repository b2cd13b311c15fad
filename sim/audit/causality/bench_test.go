package causality_test

import (
	"testing"

	. "github.com/martinelli-lang/martinelli/sim/audit/causality"
)

// BenchmarkChecker judges one long history of five sites and eight spaces: an
// operation is a commit into two spaces, made visible at every site.
func BenchmarkChecker(b *testing.B) {
	const sites, spaces = 5, 8
	c := New(make([]Site, sites)...)
	var sessions [sites]Context
	n := 0
	for b.Loop() {
		at, x, y := n%sites, n%spaces, (n+1+n/spaces%(spaces-1))%spaces
		sessions[at] = c.Commit(Run{Site: at, Commit: n, Session: sessions[at], Reads: []int{(n + 3) % spaces}, Writes: []int{x, y}})
		for other := range sites {
			if other != at {
				c.Show(other, false, Piece{Commit: n, Space: x}, Piece{Commit: n, Space: y})
			}
		}
		n++
	}
	if f := c.Findings(); len(f) > 0 {
		b.Fatal(f[0])
	}
}
