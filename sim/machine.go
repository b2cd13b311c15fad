package sim

import (
	"fmt"
	"slices"

	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/flow"
	"github.com/martinelli-lang/martinelli/node"
	"github.com/martinelli-lang/martinelli/overlay/member"
	"github.com/martinelli-lang/martinelli/plan"
	"github.com/martinelli-lang/martinelli/sim/audit"
	"github.com/martinelli-lang/martinelli/sim/fault"
	"github.com/martinelli-lang/martinelli/store"
	"github.com/martinelli-lang/martinelli/value"
)

// cluster salts the handles of the spaces of an imagined world.
const cluster = "sim"

// homeID is the home partition's replica id.
var homeID = causal.NewReplicaID([]byte("sim home"), 0)

// participant is what the world asks of a node; *node.Node is it. The world's
// own tests put something simpler here.
type participant interface {
	Raise(causal.Instant, node.Ticket, node.RaiseRequest)
	Read(causal.Instant, node.Ticket, node.ReadRequest)
	StreamMark(causal.Instant, node.Ticket, string)
	Hello() []byte
	LinkUp(now causal.Instant, hello []byte, dialed string) (member.Member, error)
	LinkDown(now causal.Instant, peer causal.ReplicaID, why string)
	DialFailed(now causal.Instant, want member.Member)
	Receive(now causal.Instant, peer causal.ReplicaID, kind uint8, body []byte) error
	Wake(now causal.Instant)
	Deadline() (causal.Instant, bool)
	Drain(now causal.Instant) node.Output
	Status() node.Status
}

// Machine is one computer: a disk, a clock, and a node while it is up.
type Machine struct {
	world *World
	index int
	name  string
	role  plan.Role
	id    causal.ReplicaID

	ahead   causal.Instant // of its clock, against the world's
	program *plan.Program  // what its next start runs
	open    func(causal.Instant, node.Config) (participant, error)

	disk   *store.Mem
	node   participant // nil while the machine is down
	life   int         // counts starts and crashes: what was planned for another life does not happen
	alarm  causal.Instant
	links  []*link // by the peer's index
	starts uint64

	written uint64 // store writes begun, since the world began
	durable uint64 // of them, those a sync has covered
	syncing bool
	joined  bool        // in this life it has had a link
	doom    *fault.Loss // it will crash in the middle of its next sync
	held    []held      // drained and not released: their store writes are not durable

	seen    [][]*causal.Part // groups that became visible since the last drain
	asked   map[node.Ticket]func(node.Answer)
	tickets node.Ticket
	writers []*writer // the machine's clients
}

// held is an Output that may not leave before a store write is durable.
type held struct {
	write uint64
	out   node.Output
}

func newMachine(w *World, index int, name string, role plan.Role) *Machine {
	return &Machine{
		world:   w,
		index:   index,
		name:    name,
		role:    role,
		id:      causal.NewReplicaID([]byte("sim "+name), 0),
		program: w.cfg.Program,
		disk:    store.NewMem(),
		open:    func(now causal.Instant, cfg node.Config) (participant, error) { return node.Open(now, cfg) },
		asked:   map[node.Ticket]func(node.Answer){},
	}
}

// Name returns the machine's name.
func (m *Machine) Name() string { return m.name }

// Up reports whether the machine's node runs.
func (m *Machine) Up() bool { return m.node != nil }

// Shadow returns the naive state of the parts applied at the machine.
func (m *Machine) Shadow() *audit.Shadow { return m.world.audit.Shadow(m.index) }

// clock returns the time as the machine sees it.
func (m *Machine) clock() causal.Instant { return m.world.now + m.ahead }

// user returns who uses the machine, where its role binds a dimension.
func (m *Machine) user() string {
	if m.role.Trusted() {
		return ""
	}
	return m.name
}

// addr returns where others dial the machine: in an imagined world, its name.
func (m *Machine) addr() string { return m.name }

// Start opens a node on what the machine's disk holds.
func (m *Machine) Start() error {
	w := m.world
	if len(m.links) == 0 {
		m.links = make([]*link, len(w.machines))
	}
	first := w.machines[0]
	cfg := node.Config{
		Self: m.id, Name: m.name, Role: m.role.Name, User: m.user(), Addr: m.addr(),
		Cluster: cluster, Steward: first.id, HomeID: homeID,
		Program: m.program, Funcs: w.cfg.Funcs,
		Disk: m.disk, Seed: die(w.cfg.Seed, fmt.Sprint(m.name, m.starts)).Uint64(),
	}
	if m != first {
		cfg.Peers = []member.Member{{ID: first.id, Name: first.name, Role: first.role.Name, Addr: first.addr()}}
	}
	cfg.Observe = func(group []*causal.Part) { m.seen = append(m.seen, slices.Clone(group)) }
	m.life++
	m.starts++
	cfg.Limits.FlushEvery = w.cfg.FlushEvery
	w.history.note(w.now, didOpen, m.index)
	n, err := m.open(m.clock(), cfg)
	if err != nil {
		return fmt.Errorf("%s can't open its store: %w", m.name, err)
	}
	m.node, m.seen, m.syncing, m.joined = n, nil, false, false
	m.call(didWake, nil, m.node.Wake)
	for _, wr := range m.writers {
		wr.restarted()
	}
	return nil
}

// Crash stops the machine. What its disk keeps of un-synced writes depends on
// the loss; what was held back for them never leaves.
func (m *Machine) Crash(loss fault.Loss) {
	w := m.world
	keep := m.disk.Unsynced()
	switch loss {
	case fault.KeepSome:
		keep = w.diskDie.IntN(keep + 1)
	case fault.KeepNone:
		keep = 0
	}
	lost := m.disk.Unsynced() - keep
	m.disk.Crash(keep)
	w.stats.Crashes++
	w.stats.WritesLost += uint64(lost)
	w.history.note(w.now, didCrash, m.index, []byte{byte(loss)})
	w.story.crash(m, loss, lost)

	w.tally(m)
	m.written -= uint64(lost)
	m.durable = m.written
	m.node, m.held, m.seen, m.doom = nil, nil, nil, nil
	m.life++
	m.asked = map[node.Ticket]func(node.Answer){}
	w.audit.Crashed(m.index, m.written)
	m.cutLinks(loss == fault.KeepAll)
	for _, wr := range m.writers {
		wr.crashed()
	}
}

// cutLinks ends all links. Of a killed process the system tells the peers; of
// a machine without power nobody does.
func (m *Machine) cutLinks(told bool) {
	for i, l := range m.links {
		if l == nil {
			continue
		}
		m.links[i] = nil
		if told {
			m.world.net.notice(l, m, l.ends[1-l.end(m)], "the peer went away")
		}
	}
}

// call lets the node do one thing, notes it in the history and carries out
// what comes of it. A machine that is down does nothing.
func (m *Machine) call(what uint8, detail []byte, verb func(causal.Instant)) {
	if m.node == nil {
		return
	}
	m.world.history.note(m.world.now, what, m.index, detail)
	m.act(verb)
}

// act is call for what is noted elsewhere.
func (m *Machine) act(verb func(causal.Instant)) {
	if m.node == nil {
		return
	}
	verb(m.clock())
	m.take(m.node.Drain(m.clock()))
}

// take takes an output of the node: its records are written at once, the rest
// waits for a sync.
func (m *Machine) take(out node.Output) {
	w := m.world
	if len(out.Records) > 0 {
		if err := m.disk.Write(out.Records); err != nil {
			panic("sim: a disk in memory without faults failed: " + err.Error())
		}
		m.written++
		m.noteRecords(out.Records)
	}
	groups := m.seen
	m.seen = nil
	for _, group := range groups {
		w.visible(m, group)
	}
	if !out.Empty() {
		m.held = append(m.held, held{m.written, out})
	}
	if len(groups) > 0 {
		w.check(m)
	}
	m.release()
	m.setAlarm()
}

func (m *Machine) noteRecords(records []store.Op) {
	for _, op := range records {
		m.world.history.note(m.world.now, didWrite, m.index, op.Key, op.Value)
	}
}

// release lets go, in order, what waits for no store write any more, and
// begins a sync for the rest. One sync serves all that was written before it.
func (m *Machine) release() {
	life := m.life
	for m.life == life && len(m.held) > 0 && m.held[0].write <= m.durable {
		out := m.held[0].out
		m.held = m.held[1:]
		m.carryOut(out)
	}
	if m.life != life || m.syncing || len(m.held) == 0 {
		return
	}
	m.syncing = true
	w := m.world
	target, latency := m.written, w.syncLatency()
	w.after(latency, func() {
		if m.life == life {
			m.synced(target)
		}
	})
	if loss := m.doom; loss != nil {
		w.after(latency-1, func() {
			if m.life == life {
				m.Crash(*loss)
			}
		})
	}
}

// Doom crashes the machine in the middle of its next sync, when there is
// something to lose.
func (m *Machine) Doom(loss fault.Loss) { m.doom = &loss }

// synced makes the writes up to target durable; the disk may have taken later
// ones along, but nobody was told.
func (m *Machine) synced(target uint64) {
	w := m.world
	if err := m.disk.Sync(); err != nil {
		panic("sim: a disk in memory without faults failed: " + err.Error())
	}
	w.stats.Syncs++
	w.history.note(w.now, didSync, m.index)
	m.syncing = false
	m.durable = max(m.durable, target)
	m.release()
}

// syncLatency is that of a good disk, and now and then of a bad one.
func (w *World) syncLatency() causal.Instant {
	latency := 100*causal.Microsecond + w.diskDie.Int64N(2*causal.Millisecond)
	if w.diskDie.IntN(100) == 0 {
		latency += w.diskDie.Int64N(100 * causal.Millisecond)
	}
	return causal.Instant(latency)
}

// carryOut acts on an Output whose records are durable, as node's doc.go says.
func (m *Machine) carryOut(out node.Output) {
	w := m.world
	for _, msg := range out.Messages {
		w.net.send(m, msg)
	}
	for _, e := range out.Events {
		w.heed(m, e)
	}
	for _, s := range out.Shown {
		w.history.note(w.now, didShow, m.index, []byte(s.Name))
	}
	for _, want := range out.Dials {
		w.net.dial(m, want)
	}
	for _, h := range out.Hangups {
		if peer := w.machineOf(h.Peer); peer != nil && m.links[peer.index] != nil {
			w.net.close(m.links[peer.index], m, h.Why)
		}
	}
	for _, a := range out.Answers {
		m.answered(a)
	}
}

func (m *Machine) answered(a node.Answer) {
	w := m.world
	w.history.note(w.now, didAnswer, m.index, []byte(a.Abort), a.Token)
	f := m.asked[a.Ticket]
	delete(m.asked, a.Ticket)
	w.acknowledged(m, a)
	if f != nil {
		f(a)
	}
}

// setAlarm plans the node's next Wake.
func (m *Machine) setAlarm() {
	w := m.world
	at, ok := m.node.Deadline()
	if !ok {
		m.alarm = 0
		return
	}
	at = max(at-m.ahead, w.now+1) // a deadline that has passed must not stop time
	if at == m.alarm {
		return
	}
	m.alarm = at
	life := m.life
	w.queue.add(at, func() {
		if m.life == life && m.alarm == at {
			m.alarm = 0
			m.call(didWake, nil, m.node.Wake)
		}
	})
}

// linkUp shows the node a peer's first words. A refusal ends the link on both sides.
func (m *Machine) linkUp(l *link, hello []byte, dialed string) bool {
	var err error
	l.open[l.end(m)] = true
	m.call(didDial, hello, func(now causal.Instant) { _, err = m.node.LinkUp(now, hello, dialed) })
	peer := l.ends[1-l.end(m)]
	if err == nil {
		if !m.joined {
			m.joined = true
			m.world.story.join(m, peer)
		}
		return true
	}
	l.open[l.end(m)] = false
	m.world.story.say(m.name, "refuses %s: %v", peer.name, err)
	m.world.net.close(l, m, err.Error())
	return false
}

// linkDown tells the node that a link it had up is gone.
func (m *Machine) linkDown(l *link, why string) {
	if end := l.end(m); l.open[end] {
		l.open[end] = false
		peer := l.ends[1-end].id
		m.call(didHangup, []byte(why), func(now causal.Instant) { m.node.LinkDown(now, peer, why) })
	}
}

// ask returns a fresh ticket whose answer goes to f.
func (m *Machine) ask(f func(node.Answer)) node.Ticket {
	m.tickets++
	m.asked[m.tickets] = f
	return m.tickets
}

// Raise raises an event; f is given the answer, unless the machine crashes first.
func (m *Machine) Raise(q node.RaiseRequest, f func(node.Answer)) {
	if m.node == nil {
		return
	}
	w := m.world
	w.stats.Raised++
	t := m.ask(f)
	w.attempt = audit.Attempt{Stream: q.Stream, Seq: q.Seq}
	m.call(didRaise, []byte(q.Event), func(now causal.Instant) { m.node.Raise(now, t, q) })
	w.attempt = audit.Attempt{}
}

// Read returns what the machine shows at this moment, without waiting for
// anything. It fails where the value lives elsewhere or does not exist.
func (m *Machine) Read(name string, key ...value.Value) (flow.Reading, bool) {
	if m.node == nil {
		return flow.Reading{}, false
	}
	var reading *flow.Reading
	t := m.ask(nil)
	delete(m.asked, t)
	m.node.Read(m.clock(), t, node.ReadRequest{Name: name, Key: key})
	out := m.node.Drain(m.clock())
	answers := out.Answers[:0]
	for _, a := range out.Answers {
		if a.Ticket == t {
			reading = a.Reading
		} else {
			answers = append(answers, a)
		}
	}
	out.Answers = answers
	m.take(out)
	if reading == nil {
		return flow.Reading{}, false
	}
	return *reading, true
}

// machineAt returns the machine of an address, or nil.
func (w *World) machineAt(addr string) *Machine {
	for _, m := range w.machines {
		if m.addr() == addr {
			return m
		}
	}
	return nil
}

// machineOf returns the machine of a replica, or nil.
func (w *World) machineOf(id causal.ReplicaID) *Machine {
	for _, m := range w.machines {
		if m.id == id {
			return m
		}
	}
	return nil
}
