package overlay_test

import (
	"cmp"
	"container/heap"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/overlay/broadcast"
	"github.com/martinelli-lang/martinelli/overlay/member"
	"github.com/martinelli-lang/martinelli/overlay/repair"
)

// world is the three machines of many nodes with nothing but a network between
// them: no disk, no program. One thread, virtual time, one seed.
type world struct {
	t     *testing.T
	rng   *rand.Rand
	now   causal.Instant
	queue events
	seq   int
	nodes []*node

	double  float64               // of single messages that come twice
	loss    float64               // of single messages; dials and closings are never lost
	cut     func(a, b *node) bool // silently: whatever is sent is lost, and nobody is told
	mode    member.Mode
	peersOf func(i int) []member.Member

	dials, doubles int // dials made; second links closed
}

type event struct {
	at  causal.Instant
	seq int
	do  func()
}

type events []event

func (q events) Len() int { return len(q) }
func (q events) Less(i, j int) bool {
	return cmp.Or(cmp.Compare(q[i].at, q[j].at), q[i].seq-q[j].seq) < 0
}
func (q events) Swap(i, j int) { q[i], q[j] = q[j], q[i] }
func (q *events) Push(x any)   { *q = append(*q, x.(event)) }
func (q *events) Pop() any {
	old := *q
	e := old[len(old)-1]
	*q = old[:len(old)-1]
	return e
}

// node is a host around the machines of one participant.
type node struct {
	w     *world
	i     int
	self  member.Member
	alive bool
	life  int // lives so far: what was planned in an earlier one is void
	rep   *replica
	conns map[causal.ReplicaID]*conn // the one in use per peer

	member    *member.Machine
	broadcast *broadcast.Machine
	repair    *repair.Machine
	wakeAt    causal.Instant // of the wake planned; 0 for none

	received int // parts in payloads, pushed or fetched
	fetched  int // of these, by repair
	forks    []repair.Fork
}

// conn is one connection, with what each end knows of it.
type conn struct {
	ends   [2]*node // the dialler first
	lives  [2]int
	up     [2]bool
	closed [2]bool
	dialed string
	epochs [2]uint64
}

func newWorld(t *testing.T, seed uint64, nodes int, mode member.Mode, peersOf func(i int) []member.Member) *world {
	w := &world{t: t, rng: rand.New(rand.NewPCG(seed, 1)), now: 1_000 * causal.Second, mode: mode, peersOf: peersOf}
	w.cut = func(a, b *node) bool { return false }
	for i := range nodes {
		n := &node{w: w, i: i, rep: newReplica()}
		n.self = member.Member{ID: idOf(seed, i), Name: fmt.Sprint("n", i), Role: "server", Addr: addrOf(i)}
		w.nodes = append(w.nodes, n)
		n.start()
	}
	return w
}

func idOf(seed uint64, i int) causal.ReplicaID {
	return causal.NewReplicaID(fmt.Append(nil, seed), uint64(i))
}

func addrOf(i int) string { return fmt.Sprint("host:", i) }

func (w *world) after(d causal.Instant, do func()) {
	w.seq++
	heap.Push(&w.queue, event{w.now + d, w.seq, do})
}

// run lets time pass.
func (w *world) run(d causal.Instant) {
	end := w.now + d
	for len(w.queue) > 0 && w.queue[0].at <= end {
		e := heap.Pop(&w.queue).(event)
		w.now = e.at
		e.do()
	}
	w.now = end
}

// runUntil lets time pass until it is so, at most d; it returns how long it took.
func (w *world) runUntil(d causal.Instant, so func() bool) (causal.Instant, bool) {
	begun := w.now
	for w.now < begun+d {
		if so() {
			return w.now - begun, true
		}
		w.run(50 * causal.Millisecond)
	}
	return w.now - begun, so()
}

func (w *world) delay() causal.Instant {
	return causal.Millisecond + causal.Instant(w.rng.Int64N(4*causal.Millisecond))
}

// start begins a life of the node; its replica stays, as on a disk.
func (n *node) start() {
	w := n.w
	n.alive, n.life = true, n.life+1
	n.self.Epoch++
	n.conns = map[causal.ReplicaID]*conn{}
	die := func(k uint64) *rand.Rand { return rand.New(rand.NewPCG(w.rng.Uint64(), k)) }
	n.member = member.New(w.now, member.Config{Self: n.self, Mode: w.mode, Peers: w.peersOf(n.i), Rand: die(1)})
	n.broadcast = broadcast.New(broadcast.Config{Relay: w.mode == member.Static})
	n.repair = repair.New(w.now, repair.Config{Self: n.self.ID, Source: n.rep, Rand: die(2), ChunkMin: 16 * partSize, ChunkMax: 64 * partSize})
	n.wakeAt = 0
	n.drain()
}

// kill ends a life. The peers' operating systems are told or not.
func (n *node) kill(told bool) {
	n.alive = false
	for _, id := range sortedKeys(n.conns) {
		c := n.conns[id]
		if told {
			n.w.closeEnd(c, c.side(n), "reset by peer")
		} else {
			c.closed[c.side(n)] = true
		}
	}
	n.conns = map[causal.ReplicaID]*conn{}
}

func (n *node) commit(space causal.SpaceID) {
	p := n.rep.commit(space, n.self.ID, n.w.rng.IntN)
	n.broadcast.Push(n.w.now, broadcast.Batch{Parts: 1, Body: encode([]part{p})})
	n.drain()
}

// drain acts on what the machines put out until they are silent, and plans the
// next wake.
func (n *node) drain() {
	for again := true; again; {
		again = n.drainMember()
		again = n.drainBroadcast() || again
		again = n.drainRepair() || again
	}
	at, ok := n.deadline()
	if at = max(at, n.w.now); !ok || n.wakeAt != 0 && n.wakeAt <= at && n.wakeAt > n.w.now {
		return
	}
	n.wakeAt = at
	life := n.life
	n.w.after(at-n.w.now, func() {
		if n.alive && n.life == life && n.wakeAt == n.w.now {
			n.wakeAt = 0
			n.member.Wake(n.w.now)
			n.broadcast.Wake(n.w.now)
			n.repair.Wake(n.w.now)
			n.drain()
		}
	})
}

func (n *node) deadline() (at causal.Instant, ok bool) {
	for _, d := range []func() (causal.Instant, bool){n.member.Deadline, n.broadcast.Deadline, n.repair.Deadline} {
		if t, has := d(); has && (!ok || t < at) {
			at, ok = t, true
		}
	}
	return at, ok
}

func (n *node) drainMember() bool {
	out := n.member.Drain()
	for _, h := range out.Hangups {
		if c := n.conns[h.Peer]; c != nil {
			n.broadcast.LinkDown(n.w.now, h.Peer)
			n.repair.LinkDown(n.w.now, h.Peer)
			delete(n.conns, h.Peer)
			n.w.closeEnd(c, c.side(n), h.Why)
		}
	}
	for _, d := range out.Dials {
		n.w.dial(n, d)
	}
	for _, m := range out.Messages {
		n.send(m.To, func(to *node) error { return to.member.Receive(to.w.now, n.self.ID, m.Body) })
	}
	return len(out.Hangups) > 0
}

func (n *node) drainBroadcast() bool {
	out := n.broadcast.Drain()
	for _, m := range out.Messages {
		n.send(m.To, func(to *node) error { return to.broadcast.Receive(to.w.now, n.self.ID, m.Body) })
	}
	for _, d := range out.Deliveries {
		n.take(d.From, d.Body)
	}
	for _, p := range out.Behind {
		n.repair.Begin(n.w.now, p)
	}
	return len(out.Deliveries)+len(out.Behind) > 0
}

func (n *node) drainRepair() bool {
	out := n.repair.Drain()
	for _, m := range out.Messages {
		n.send(m.To, func(to *node) error { return to.repair.Receive(to.w.now, n.self.ID, m.Body) })
	}
	for _, d := range out.Deliveries {
		n.fetched += d.Parts
		n.take(d.From, d.Body)
		n.repair.Delivered(n.w.now, d.From)
	}
	n.forks = append(n.forks, out.Forks...)
	return len(out.Deliveries) > 0
}

func (n *node) take(from causal.ReplicaID, body []byte) {
	parts := decode(body)
	n.received += len(parts)
	if fresh := n.rep.receive(parts); len(fresh) > 0 {
		n.broadcast.Relay(n.w.now, from, broadcast.Batch{Parts: len(fresh), Body: encode(fresh)})
	}
}

// send carries a message over the connection in use, if the world lets it.
func (n *node) send(to causal.ReplicaID, receive func(to *node) error) {
	c := n.conns[to]
	if c == nil || n.w.rng.Float64() < n.w.loss {
		return
	}
	n.w.after(n.w.delay(), func() { n.w.arrive(c, 1-c.side(n), receive) })
	if n.w.rng.Float64() < n.w.double {
		n.w.after(20*n.w.delay(), func() { n.w.arrive(c, 1-c.side(n), receive) })
	}
}

// arrive hands a message to one end of a connection, when that end is up.
func (w *world) arrive(c *conn, side int, receive func(to *node) error) {
	to, from := c.ends[side], c.ends[1-side]
	switch {
	case w.cut(from, to), !to.alive, to.life != c.lives[side], c.closed[side]:
	case !c.up[side]:
		w.after(causal.Millisecond, func() { w.arrive(c, side, receive) })
	default:
		if err := receive(to); err != nil {
			w.t.Fatalf("node %d refuses what node %d sent: %v", to.i, from.i, err)
		}
		to.drain()
	}
}

// dial connects, or fails: at once if nobody listens, silently if the line is cut.
func (w *world) dial(n *node, p member.Member) {
	w.dials++
	life := n.life
	var to *node
	for _, o := range w.nodes {
		if o.self.Addr == p.Addr {
			to = o
		}
	}
	w.after(w.delay(), func() {
		switch {
		case !n.alive || n.life != life || w.cut(n, to) || w.cut(to, n):
		case !to.alive:
			n.member.DialFailed(w.now, p)
			n.drain()
		default:
			c := &conn{ends: [2]*node{n, to}, lives: [2]int{n.life, to.life}, dialed: p.Addr, epochs: [2]uint64{n.self.Epoch, to.self.Epoch}}
			w.open(c, 1)
			w.after(w.delay(), func() { w.open(c, 0) })
		}
	})
}

// open brings one end of a connection up, as a host does: one link per peer,
// the rule of member.Replaces between two.
func (w *world) open(c *conn, side int) {
	n, peer := c.ends[side], c.ends[1-side]
	if !n.alive || n.life != c.lives[side] || w.cut(n, peer) || w.cut(peer, n) {
		return
	}
	if n == peer { // its own address
		if side == 0 {
			n.member.LinkUp(w.now, n.self, c.dialed)
			n.drain()
		}
		return
	}
	if old := n.conns[peer.self.ID]; old != nil {
		w.doubles++
		if !member.Replaces(n.self.ID, peer.self.ID, old.link(n), c.link(n)) {
			w.closeEnd(c, side, "a second link")
			return
		}
		w.closeEnd(old, old.side(n), "a second link")
		n.linkDown(peer.self.ID, "replaced")
	}
	c.up[side] = true
	n.conns[peer.self.ID] = c
	dialed := ""
	if side == 0 {
		dialed = c.dialed
	}
	hello := peer.self
	hello.Epoch = c.epochs[1-side]
	n.member.LinkUp(w.now, hello, dialed)
	n.broadcast.LinkUp(w.now, peer.self.ID)
	n.repair.LinkUp(w.now, peer.self.ID)
	n.drain()
}

func (n *node) linkDown(peer causal.ReplicaID, why string) {
	delete(n.conns, peer)
	n.member.LinkDown(n.w.now, peer, why)
	n.broadcast.LinkDown(n.w.now, peer)
	n.repair.LinkDown(n.w.now, peer)
}

// closeEnd closes a connection at one end; the other learns it unless the line is cut.
func (w *world) closeEnd(c *conn, side int, why string) {
	c.closed[side] = true
	o := c.ends[1-side]
	w.after(w.delay(), func() {
		if w.cut(c.ends[side], o) || c.closed[1-side] || !o.alive || o.life != c.lives[1-side] {
			return
		}
		c.closed[1-side] = true
		if id := c.ends[side].self.ID; o.conns[id] == c {
			o.linkDown(id, why)
			o.drain()
		}
	})
}

func (c *conn) side(n *node) int {
	if c.ends[0] == n {
		return 0
	}
	return 1
}

// link is the connection as member.Replaces asks for it, seen by n.
func (c *conn) link(n *node) member.Link {
	return member.Link{Dialed: c.side(n) == 0, Epoch: c.epochs[1-c.side(n)]}
}
