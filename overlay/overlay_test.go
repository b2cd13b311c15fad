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
	switch {
	case os.Getenv("MARTINELLI_SOAK") != "":
		return 50
	case testing.Short():
		return 1
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
	each(t, 2, func(t *testing.T, seed uint64) {
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

// TestEqualReplicas: what equal replicas pay is one root digest and its answer
// per node and period.
func TestEqualReplicas(t *testing.T) {
	each(t, 3, func(t *testing.T, seed uint64) {
		const nodes, periods = 16, 40
		w := newWorld(t, seed, nodes, member.Mesh, mesh)
		w.must("a full mesh", 10*causal.Second, w.complete)
		w.write(20, causal.Second)
		w.must("converged", 5*causal.Second, w.converged)
		w.run(2 * causal.Second)
		messages := func(n *node) int { return int(n.repair.Stats().MessagesSent) }
		bytes := func(n *node) int { return int(n.repair.Stats().BytesSent) }
		m, b := w.sum(messages), w.sum(bytes)
		w.run(periods * causal.Second)
		m, b = w.sum(messages)-m, w.sum(bytes)-b
		if most := 2 * nodes * periods * 11 / 10; m > most || m < most*8/10 {
			t.Errorf("%d messages in %d periods of %d nodes, want about %d", m, periods, nodes, 2*nodes*periods)
		}
		if each := b / m; each > 32 {
			t.Errorf("%d bytes a message; a root has 41 and its answer 9", each)
		}
	})
}

// TestStatic: on a ring and on a torus a new item is relayed once to each
// neighbour but the one it came from, and repair fetches nothing.
func TestStatic(t *testing.T) {
	for name, s := range map[string]struct {
		peers  func(i int) []member.Member
		degree int
	}{"ring": {ring(32), 2}, "grid": {grid(4, 8), 4}} {
		t.Run(name, func(t *testing.T) {
			each(t, 3, func(t *testing.T, seed uint64) {
				const nodes, commits = 32, 64
				w := newWorld(t, seed, nodes, member.Static, s.peers)
				w.must("linked", 10*causal.Second, func() bool {
					return w.sum(func(n *node) int { return len(n.member.Neighbors()) }) == nodes*s.degree
				})
				w.must("known to all", 30*causal.Second, func() bool {
					return w.sum(func(n *node) int { return len(n.member.Members()) }) == nodes*(nodes-1)
				})
				w.write(commits, 2*causal.Second)
				w.must("converged", 2*causal.Second, w.converged)
				want := commits * (nodes*s.degree - (nodes - 1))
				if got := w.sum(func(n *node) int { return int(n.broadcast.Stats().PushedParts) }); got != want {
					t.Errorf("%d parts pushed, want %d", got, want)
				}
				if got := w.sum(func(n *node) int { return n.fetched }); got != 0 {
					t.Errorf("repair fetched %d parts although nothing was lost", got)
				}
			})
		})
	}
}

// TestLoss: one message in ten is lost, whatever it is; all converge, and what
// repair fetches is about what was lost.
func TestLoss(t *testing.T) {
	each(t, 4, func(t *testing.T, seed uint64) {
		const nodes, commits = 24, 200
		w := newWorld(t, seed, nodes, member.Mesh, mesh)
		w.must("a full mesh", 20*causal.Second, w.complete)
		w.loss = 0.1
		w.write(commits, 10*causal.Second)
		took := w.must("converged", 30*causal.Second, w.converged)
		needed := commits * (nodes - 1)
		got := w.sum(func(n *node) int { return n.received })
		if got > needed*15/10 {
			t.Errorf("%d payloads of parts for %d that were needed", got, needed)
		}
		t.Logf("converged %d ms after the last write; %d payloads for %d, %d by repair", took/causal.Millisecond, got, needed, w.sum(func(n *node) int { return n.fetched }))
	})
}

// TestPartition: a mesh is cut in halves without a word to anybody; both write.
// After the heal, however long after, it is one mesh again and equal, and each
// part crosses about once to each node although all links come up at once.
func TestPartition(t *testing.T) {
	for _, minutes := range []causal.Instant{1, 20} {
		t.Run(fmt.Sprint(minutes, " min"), func(t *testing.T) {
			each(t, 2, func(t *testing.T, seed uint64) {
				const nodes, commits = 16, 200
				w := newWorld(t, seed, nodes, member.Mesh, mesh)
				w.must("a full mesh", 10*causal.Second, w.complete)
				half := func(n *node) bool { return n.i%2 == 0 }
				w.cut = func(a, b *node) bool { return half(a) != half(b) }
				w.write(commits, 20*causal.Second)
				before := w.dials
				w.run(minutes * 60 * causal.Second)
				if most := int(minutes) * 60 * nodes * nodes / 2 / 5; w.dials-before > most {
					t.Errorf("%d dials in %d minutes of a cut, at most %d allowed", w.dials-before, minutes, most)
				}
				for _, n := range w.nodes {
					if got := len(n.member.Neighbors()); got != nodes/2-1 {
						t.Fatalf("node %d has %d neighbours during the cut, want %d", n.i, got, nodes/2-1)
					}
				}
				w.cut = func(a, b *node) bool { return false }
				healed := w.must("a full mesh again", 12*causal.Second, w.complete)
				took := w.must("converged", 5*causal.Second, w.converged)
				w.run(5 * causal.Second)
				needed := commits * (nodes - 1)
				if got := w.sum(func(n *node) int { return n.received }); got > needed*115/100 {
					t.Errorf("%d payloads of parts for %d that were needed", got, needed)
				}
				t.Logf("mesh %d ms after the heal, converged %d ms later", healed/causal.Millisecond, took/causal.Millisecond)
			})
		})
	}
}

// TestKill: four of five nodes die at once, some with a word and some without.
// The others know within the detector's time, go on, and take them back.
func TestKill(t *testing.T) {
	each(t, 5, func(t *testing.T, seed uint64) {
		const nodes = 20
		w := newWorld(t, seed, nodes, member.Mesh, mesh)
		w.must("a full mesh", 10*causal.Second, w.complete)
		w.write(50, 2*causal.Second)
		for _, i := range w.rng.Perm(nodes)[:nodes*4/5] {
			w.nodes[i].kill(w.rng.IntN(2) == 0)
		}
		w.must("rid of the dead", 7*causal.Second, w.complete)
		w.write(50, 2*causal.Second)
		w.must("converged without them", 5*causal.Second, w.converged)
		for _, n := range w.nodes {
			if !n.alive {
				n.start()
			}
		}
		w.must("a full mesh again", 12*causal.Second, w.complete)
		w.must("converged", 5*causal.Second, w.converged)
		w.run(5 * causal.Second)
		before := w.dials
		w.run(20 * causal.Second)
		if w.dials != before {
			t.Errorf("%d dials in a complete mesh", w.dials-before)
		}
	})
}

// TestSilentLink: one pair cannot hear each other, or one of the two cannot,
// and no link-level says so. Both ends give the link up in time; nobody else's
// suffers; afterwards it is back.
func TestSilentLink(t *testing.T) {
	for name, oneWay := range map[string]bool{"both ways": false, "one way": true} {
		t.Run(name, func(t *testing.T) {
			each(t, 5, func(t *testing.T, seed uint64) {
				w := newWorld(t, seed, 6, member.Mesh, mesh)
				w.must("a full mesh", 10*causal.Second, w.complete)
				w.run(causal.Second)
				a, b := w.nodes[1], w.nodes[2]
				w.cut = func(x, y *node) bool { return x == a && y == b || !oneWay && x == b && y == a }
				w.run(7 * causal.Second)
				if got := w.sum(func(n *node) int { return len(n.member.Neighbors()) }); got != 6*5-2 {
					t.Errorf("%d ends of links, want %d", got, 6*5-2)
				}
				w.write(30, 3*causal.Second)
				w.must("converged around it", 5*causal.Second, w.converged)
				w.cut = func(x, y *node) bool { return false }
				w.must("linked again", 12*causal.Second, w.complete)
			})
		})
	}
}

// TestSimultaneousDials: every two nodes list each other and dial at the same
// instant; one link per pair stays and both ends use it.
func TestSimultaneousDials(t *testing.T) {
	each(t, 50, func(t *testing.T, seed uint64) {
		const nodes = 8
		w := newWorld(t, seed, nodes, member.Static, func(i int) []member.Member {
			var all []member.Member
			for j := range nodes {
				if j != i {
					all = append(all, member.Member{Addr: addrOf(j)})
				}
			}
			return all
		})
		w.run(100 * causal.Millisecond)
		if !w.complete() {
			t.Fatalf("not one link per pair\n%s", w.picture())
		}
		dials := w.dials
		w.run(20 * causal.Second)
		if !w.complete() || w.dials != dials {
			t.Errorf("links are not stable: %d dials more", w.dials-dials)
		}
	})
}

// TestLateJoiner: a node that knows nothing comes to a mesh with a long
// history. It fetches it in chunks, from the many at once, about once.
func TestLateJoiner(t *testing.T) {
	each(t, 2, func(t *testing.T, seed uint64) {
		const nodes, commits = 16, 2000
		w := newWorld(t, seed, nodes, member.Mesh, mesh)
		late := w.nodes[nodes-1]
		late.kill(true)
		w.write(commits, 20*causal.Second)
		w.must("converged", 5*causal.Second, w.converged)
		before := w.sum(func(n *node) int { return n.fetched })
		late.start()
		took := w.must("converged with the late one", 10*causal.Second, w.converged)
		if late.received > commits*11/10 {
			t.Errorf("%d payloads for %d parts", late.received, commits)
		}
		if got := w.sum(func(n *node) int { return n.fetched }) - before; got != late.fetched {
			t.Errorf("the others fetched %d parts of a node that had none", got-late.fetched)
		}
		t.Logf("caught up in %d ms, %d payloads", took/causal.Millisecond, late.received)
	})
}

// TestEverything: messages lost, doubled and overtaking each other, cuts at
// random, kills with and without a word, re-joins, writes all the while; then
// silence, a complete mesh, equality.
func TestEverything(t *testing.T) {
	each(t, 10, func(t *testing.T, seed uint64) { everything(t, seed) })
}

// TestReplay: one seed replays one history, to the instant.
func TestReplay(t *testing.T) {
	a, b := everything(t, 7), everything(t, 7)
	if a.now != b.now || a.seq != b.seq || a.picture() != b.picture() {
		t.Errorf("%d events until %d, then %d until %d", a.seq, a.now, b.seq, b.now)
	}
}

func everything(t *testing.T, seed uint64) *world {
	const nodes = 16
	w := newWorld(t, seed, nodes, member.Mesh, mesh)
	cuts := map[[2]int]bool{}
	w.cut = func(a, b *node) bool { return cuts[[2]int{a.i, b.i}] }
	w.loss, w.double = 0.05, 0.05
	for range 30 {
		switch w.rng.IntN(4) {
		case 0:
			cuts[[2]int{w.rng.IntN(nodes), w.rng.IntN(nodes)}] = true
		case 1:
			clear(cuts)
		case 2:
			if n := w.nodes[w.rng.IntN(nodes)]; n.alive && len(w.living()) > 3 {
				n.kill(w.rng.IntN(2) == 0)
			}
		case 3:
			if n := w.nodes[w.rng.IntN(nodes)]; !n.alive {
				n.start()
			}
		}
		w.write(5, causal.Second)
	}
	clear(cuts)
	w.loss, w.double = 0, 0
	for _, n := range w.nodes {
		if !n.alive {
			n.start()
		}
	}
	w.must("a complete mesh", 15*causal.Second, w.complete)
	w.must("converged", 10*causal.Second, w.converged)
	if got := w.nodes[0].rep.count(); got != 150 {
		t.Errorf("%d parts of 150 are there", got)
	}
	return w
}

// TestFork: two nodes hold different branches of one author. Both say so,
// nobody takes the other's branch, and all else is exchanged.
func TestFork(t *testing.T) {
	each(t, 5, func(t *testing.T, seed uint64) {
		w := newWorld(t, seed, 2, member.Mesh, mesh)
		clone := causal.NewReplicaID([]byte("clone"), seed)
		first := func(int) int { return 0 }
		for i, n := range w.nodes {
			n.rep.commit(spaces[0], clone, first)
			n.rep.stamp += uint64(i) // from here on the branches differ
			for range 1 + w.rng.IntN(3) {
				n.rep.commit(spaces[0], clone, first)
			}
			n.commit(spaces[1])
		}
		w.run(5 * causal.Second)
		for _, n := range w.nodes {
			if len(n.forks) != 1 || n.forks[0].Author != clone {
				t.Errorf("node %d saw the forks %v, want one of the clone", n.i, n.forks)
			}
			if got := len(n.rep.Vector(spaces[1])); got != 2 {
				t.Errorf("node %d has %d authors in the space without a fork, want 2", n.i, got)
			}
		}
	})
}
