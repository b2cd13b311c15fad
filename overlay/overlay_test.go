// Package overlay_test lets whole overlays of the machines alone run in
// virtual time, and asserts their health and their message budget as well as
// delivery: an overlay that delivers everything may still be in a storm.
package overlay_test

import (
	"fmt"
	"maps"
	"os"
	"slices"
	"testing"

	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/overlay/member"
)

// seeds is how many seeds a story takes: 50 in the soak, fewer in a unit test.
func seeds(unit int) uint64 {
	if os.Getenv("MARTINELLI_SOAK") != "" {
		return 50
	}
	return uint64(unit)
}

func each(t *testing.T, unit int, story func(t *testing.T, seed uint64)) {
	for seed := uint64(1); seed <= seeds(unit); seed++ {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) { story(t, seed) })
	}
}

var spaces = []causal.SpaceID{causal.SpaceOf("test", "shared"), causal.SpaceOf("test", "user_id=ann")}

// mesh: everyone is told the address of node 0 alone.
func mesh(i int) []member.Member { return []member.Member{{Addr: addrOf(0)}} }

// ring: everyone dials the next; the last dials the first.
func ring(nodes int) func(i int) []member.Member {
	return func(i int) []member.Member { return []member.Member{{Addr: addrOf((i + 1) % nodes)}} }
}

// grid: everyone dials the one to the right and the one below, on a torus.
func grid(rows, columns int) func(i int) []member.Member {
	return func(i int) []member.Member {
		r, c := i/columns, i%columns
		return []member.Member{
			{Addr: addrOf(r*columns + (c+1)%columns)},
			{Addr: addrOf((r+1)%rows*columns + c)},
		}
	}
}

func (w *world) living() []*node {
	var ns []*node
	for _, n := range w.nodes {
		if n.alive {
			ns = append(ns, n)
		}
	}
	return ns
}

// complete reports whether every two living nodes are linked by one link that
// both ends use.
func (w *world) complete() bool {
	ns := w.living()
	for _, n := range ns {
		if len(n.member.Neighbors()) != len(ns)-1 || !n.sound() {
			return false
		}
	}
	return true
}

// sound reports whether each link of the node is the one its peer uses too.
func (n *node) sound() bool {
	for _, o := range n.w.living() {
		if c := n.conns[o.self.ID]; o != n && c != nil && o.conns[n.self.ID] != c {
			return false
		}
	}
	return true
}

func (w *world) converged() bool {
	ns := w.living()
	for _, n := range ns[1:] {
		if n.rep.Root() != ns[0].rep.Root() {
			return false
		}
	}
	return true
}

// write lets random living nodes commit, spread evenly over a time.
func (w *world) write(commits int, over causal.Instant) {
	for range commits {
		ns := w.living()
		ns[w.rng.IntN(len(ns))].commit(spaces[w.rng.IntN(len(spaces))])
		w.run(over / causal.Instant(commits))
	}
}

// must waits for something and fails when it does not come.
func (w *world) must(what string, d causal.Instant, so func() bool) causal.Instant {
	w.t.Helper()
	took, ok := w.runUntil(d, so)
	if !ok {
		w.t.Fatalf("not %s after %d ms\n%s", what, d/causal.Millisecond, w.picture())
	}
	return took
}

func (w *world) picture() string {
	s := ""
	for _, n := range w.living() {
		s += fmt.Sprintf("node %2d: %d neighbours, %d parts, pending in %d chains, repair %+v\n", n.i, len(n.member.Neighbors()), n.rep.count(), len(n.rep.pending), n.repair.Stats())
	}
	return s
}

func (w *world) sum(f func(n *node) int) int {
	total := 0
	for _, n := range w.nodes {
		total += f(n)
	}
	return total
}

func sortedKeys(m map[causal.ReplicaID]*conn) []causal.ReplicaID {
	return slices.SortedFunc(maps.Keys(m), causal.ReplicaID.Compare)
}

// TestMesh: 64 nodes that know one address become a full mesh, and an update
// then costs one payload per other node and nothing for repair.
func TestMesh(t *testing.T) {
	each(t, 3, func(t *testing.T, seed uint64) {
		const nodes, commits = 64, 128
		w := newWorld(t, seed, nodes, member.Mesh, mesh)
		took := w.must("a full mesh", 10*causal.Second, w.complete)
		links := nodes * (nodes - 1) / 2
		if w.dials > 2*links || w.doubles > links/4 {
			t.Errorf("%d dials and %d double links for %d links", w.dials, w.doubles, links)
		}
		w.run(3 * causal.Second)
		w.write(commits, 3*causal.Second)
		w.must("converged", 2*causal.Second, w.converged)
		if got, want := w.sum(func(n *node) int { return n.received }), commits*(nodes-1); got != want {
			t.Errorf("%d payloads of parts, want %d; %d by repair", got, want, w.sum(func(n *node) int { return n.fetched }))
		}
		t.Logf("mesh after %d ms, %d dials, %d doubles", took/causal.Millisecond, w.dials, w.doubles)
	})
}
