package flow

import (
	"math/bits"

	"github.com/martinelli-lang/martinelli/value"
)

// item is an element with its canonical bytes, which are computed when first asked for.
type item struct {
	value value.Value
	bytes string // "" until asked; no value has empty bytes
}

// key returns the canonical bytes of it.
func (it *item) key() string {
	if it.bytes == "" {
		it.bytes = value.Encode(it.value)
	}
	return it.bytes
}

// delta is a change of an element's weight.
type delta struct {
	item
	weight int
}

// node is an operator of the graph, with the nodes it reads from.
//
// Weights count the ways in which an element comes about: of map x%3 over
// {1, 4} the element 1 has weight 2, and loses one when 4 goes. So retraction
// is right for every function. An element is visible while its weight is
// positive; weights are never negative once a node has processed all its
// input, which is why a node is processed after all nodes it reads from.
type node struct {
	rank   int // position in graph.nodes; inputs and needs have smaller ones
	op     operator
	isSet  bool    // no weight but 0 and 1 ever leaves it
	inputs []*node // whose deltas it gets, by port
	needs  []*node // what its body reads as a whole or asks for members

	// A node is active while someone demands its changes. An inactive one has no state.
	demand  int
	edges   []edge     // to active nodes
	pending [2][]delta // not yet processed, by port
	links   int        // dependencies of evaluations on it
}

// edge leads to a port of a node.
type edge struct {
	to   *node
	port int
}

// operator is what a node does.
type operator interface {
	// start takes over the state of the inputs, which are active.
	start(g *graph, n *node)
	// process handles n.pending and emits what becomes of it.
	process(g *graph, n *node)
	// each yields the output as it stands. The node is active.
	each(g *graph, n *node, yield func(delta))
	// stop forgets the state.
	stop(g *graph, n *node)
}

// graph is all nodes, in an order in which each comes after those it reads from.
type graph struct {
	engine     *Engine
	nodes      []*node
	byShape    map[string]*node // equal operators over equal inputs are one node
	dirty      []uint64         // a bit for every node that has something to process
	dependents dependents
	moments    moments      // to come
	machine    machine      // runs the bodies
	noted      []dependency // what the evaluation under way has read
	steps      uint64
	skipped    uint64
}

func newGraph(e *Engine) *graph {
	return &graph{engine: e, byShape: map[string]*node{}, dependents: dependents{}, machine: machine{engine: e}}
}

// add puts a node behind all others.
func (g *graph) add(op operator, isSet bool, inputs, needs []*node) *node {
	n := &node{rank: len(g.nodes), op: op, isSet: isSet, inputs: inputs, needs: needs}
	g.nodes = append(g.nodes, n)
	if len(g.dirty)*64 < len(g.nodes) {
		g.dirty = append(g.dirty, 0)
	}
	return n
}

// acquire makes n active, with all it reads from.
func (g *graph) acquire(n *node) {
	if n.demand++; n.demand > 1 {
		return
	}
	for _, in := range n.needs {
		g.acquire(in)
	}
	for port, in := range n.inputs {
		g.acquire(in)
		in.edges = append(in.edges, edge{n, port})
	}
	n.op.start(g, n)
}

// release takes one acquire back.
func (g *graph) release(n *node) {
	if n.demand--; n.demand > 0 {
		return
	}
	n.op.stop(g, n)
	for port, in := range n.inputs {
		in.edges = without(in.edges, edge{n, port})
		g.release(in)
	}
	for _, in := range n.needs {
		g.release(in)
	}
}

func without(edges []edge, e edge) []edge {
	for i := range edges {
		if edges[i] == e {
			return append(edges[:i], edges[i+1:]...)
		}
	}
	return edges
}

// emit hands a delta to all who read from n.
func (g *graph) emit(n *node, it item, weight int) {
	for _, e := range n.edges {
		e.to.pending[e.port] = append(e.to.pending[e.port], delta{it, weight})
		g.mark(e.to)
	}
}

// mark notes that n has something to process.
func (g *graph) mark(n *node) { g.dirty[n.rank/64] |= 1 << (n.rank % 64) }

// propagate processes every node that has something to process, each once and
// after all it reads from: what is seen is never a mixture of before and after.
func (g *graph) propagate() {
	for i := range g.dirty {
		for g.dirty[i] != 0 {
			bit := bits.TrailingZeros64(g.dirty[i])
			g.dirty[i] &^= 1 << bit
			n := g.nodes[i*64+bit]
			n.op.process(g, n)
			n.pending[0] = emptied(n.pending[0])
			n.pending[1] = emptied(n.pending[1])
		}
	}
}

// emptied empties a buffer for the next round. A large one, grown by a load,
// is left to the collector.
func emptied[T any](buffer []T) []T {
	if cap(buffer) > recycleMax {
		return nil
	}
	clear(buffer)
	return buffer[:0]
}

const recycleMax = 4096 // elements of a buffer that is kept

// summed adds up the weights of equal elements, in the order in which they
// first appear, and leaves out those that cancel.
func summed(ds []delta) []delta {
	if len(ds) < 2 {
		return ds
	}
	at := make(map[string]int, len(ds))
	out := ds[:0]
	for _, d := range ds {
		i, known := at[d.key()]
		if known {
			out[i].weight += d.weight
			continue
		}
		at[d.bytes] = len(out)
		out = append(out, d)
	}
	kept := out[:0]
	for _, d := range out {
		if d.weight != 0 {
			kept = append(kept, d)
		}
	}
	return kept
}

// touch marks for re-evaluation every element whose evaluation read what has changed.
func (g *graph) touch(what dependency) {
	for l := g.dependents[what]; l != nil; l = l.next {
		if t := l.of; !t.isDirty {
			t.isDirty = true
			t.owner.dirty = append(t.owner.dirty, t)
			g.mark(t.owner.node)
		}
	}
}

// tie makes of depend on something, loosen undoes it.
func (g *graph) tie(on dependency, of *tracked) *link {
	*g.links(on)++
	if on.grain == grainClock {
		g.moments.await(on)
	}
	return g.dependents.add(on, of)
}

func (g *graph) loosen(l *link) {
	*g.links(l.on)--
	g.dependents.remove(l)
}

// links counts the dependencies on a source, so that a source on which nothing
// depends need not look for them.
func (g *graph) links(on dependency) *int {
	if on.grain == grainClock {
		return &g.moments.links
	}
	if on.grain >= grainNode {
		return &g.nodes[on.source].links
	}
	return &g.engine.databases[on.source].links[on.grain]
}

// body is the compiled function of a block.
type body[F any] struct {
	params []int
	slots  int
	code   F
}

// enter readies the machine to run a body for an element.
func (g *graph) enter(params []int, slots int, v value.Value) *machine {
	m := &g.machine
	m.begin(slots, g.engine.cfg.FuelMax)
	m.bind(params, v)
	return m
}

// left reports whether the evaluation that m ran has a result. An element for
// which it has none (out of fuel, a failing import) has no image, is in no
// filter and violates nothing; Skipped counts it.
func (g *graph) left(m *machine) bool {
	if m.abort == "" {
		return true
	}
	g.skipped++
	return false
}
