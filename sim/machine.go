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
	"github.com/martinelli-lang/martinelli/trust"
)

// cluster salts the handles of the spaces of an imagined world.
const cluster = "sim"

// homeKey is the home partition's key, and homeID its replica id.
var (
	homeKey = keyOf("home")
	homeID  = homeKey.ID()
)

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
	Signed(now causal.Instant, answers []trust.Signed)
	Verified(now causal.Instant, answers []trust.Verified)
	Called(now causal.Instant, answers []node.Called)
	Status() node.Status
}

// Machine is one computer: a disk, a clock, and a node while it is up.
type Machine struct {
	world *World
	index int
	name  string
	role  plan.Role
	key   causal.Key
	id    causal.ReplicaID // of key

	ahead    causal.Instant // of its clock, against the world's
	contacts []*Machine     // whom a clone dials
	former   []causal.ReplicaID
	renews   bool           // it takes another id where the node asks for one
	slow     causal.Instant // how much longer than others it takes to sign
	program  *plan.Program  // what its next start runs
	open     func(causal.Instant, node.Config) (participant, error)

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

	seen    []sight        // what became visible since the last drain
	jump    []*causal.Part // what a checkpoint brought, for the group that becomes visible with it
	asked   map[node.Ticket]func(node.Answer)
	tickets node.Ticket
	writers []*writer // the machine's clients
}

// sight is a group that became visible, and what late parts of it lack.
type sight struct {
	group   []*causal.Part
	missing []causal.Ref
}

// held is an Output that may not leave before a store write is durable.
type held struct {
	write uint64
	out   node.Output
}

func newMachine(w *World, index int, name string, role plan.Role) *Machine {
	key := keyOf(name)
	return &Machine{
		world:   w,
		index:   index,
		name:    name,
		role:    role,
		key:     key,
		id:      key.ID(),
		program: w.cfg.Program,
		disk:    store.NewMem(),
		open:    func(now causal.Instant, cfg node.Config) (participant, error) { return node.Open(now, cfg) },
		asked:   map[node.Ticket]func(node.Answer){},
	}
}

// Name returns the machine's name.
func (m *Machine) Name() string { return m.name }

// Role returns the name of the machine's role.
func (m *Machine) Role() string { return m.role.Name }

// User returns who uses the machine; "" where its role binds nobody.
func (m *Machine) User() string { return m.user() }

// IsHome reports whether what is not replicated lives at the machine.
func (m *Machine) IsHome() bool { return m.index == 0 }

// Starts returns how often the machine has been started.
func (m *Machine) Starts() uint64 { return m.starts }

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
		Key: m.key, Name: m.name, Role: m.role.Name, User: m.user(), Addr: m.addr(),
		Cluster: cluster, Steward: first.id, HomeKey: homeKey, Former: m.former,
		Program: m.program, Funcs: flow.Unnamed(w.cfg.Funcs, w.cfg.Named), Calls: true,
		Disk: m.disk, Seed: die(w.cfg.Seed, fmt.Sprint(m.name, m.starts)).Uint64(),
	}
	contacts := m.contacts
	if w.cfg.Neighbors != nil {
		cfg.Mode = member.Static
		for _, i := range w.neighbors(m) {
			contacts = append(contacts, w.machines[i])
		}
	}
	for _, peer := range contacts {
		cfg.Peers = append(cfg.Peers, member.Member{ID: peer.id, Name: peer.name, Role: peer.role.Name, Addr: peer.addr()})
	}
	if m != first && w.cfg.Neighbors == nil && len(contacts) == 0 {
		cfg.Peers = []member.Member{{ID: first.id, Name: first.name, Role: first.role.Name, Addr: first.addr()}}
	}
	cfg.Observe = func(group []*causal.Part, missing []causal.Ref) {
		m.seen = append(m.seen, sight{slices.Concat(m.jump, group), slices.Clone(missing)})
		m.jump = nil
	}
	cfg.Installed = func(space causal.SpaceID, vector causal.Vector) {
		if !w.isCloned {
			m.jumped(space, vector)
		}
	}
	m.life++
	m.starts++
	cfg.Limits.FlushEvery, cfg.Planted = w.cfg.FlushEvery, w.cfg.Planted
	cfg.Limits.FinalAfter = w.cfg.FinalAfter
	cfg.Limits.SeenMax = w.cfg.SeenMax
	w.history.note(w.now, didOpen, m.index)
	n, err := m.open(m.clock(), cfg)
	if err != nil {
		return fmt.Errorf("%s can't open its store: %w", m.name, err)
	}
	m.node, m.seen, m.syncing, m.joined = n, nil, false, false
	w.witness.started(m)
	m.call(didWake, nil, m.node.Wake)
	w.check(m)
	for _, wr := range m.writers {
		wr.restarted()
	}
	return nil
}

// jumped notes what a checkpoint has made visible: what it covers of what the
// machine has not shown before, nor in the step under way.
func (m *Machine) jumped(space causal.SpaceID, vector causal.Vector) {
	for _, p := range m.world.audit.Missing(m.index, space, vector) {
		isSame := func(o *causal.Part) bool { return o.Ref() == p.Ref() }
		isSeen := func(s sight) bool { return slices.ContainsFunc(s.group, isSame) }
		if !slices.ContainsFunc(m.seen, isSeen) {
			m.jump = append(m.jump, p)
		}
	}
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
	m.node, m.held, m.seen, m.jump, m.doom = nil, nil, nil, nil, nil
	m.life++
	m.asked = map[node.Ticket]func(node.Answer){}
	if !w.isCloned {
		w.audit.Crashed(m.index, m.written)
	}
	w.witness.crashed(m)
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

// machineAt returns the machine of an address, or nil.
func (w *World) machineAt(addr string) *Machine {
	for _, m := range w.machines {
		if m.addr() == addr {
			return m
		}
	}
	return nil
}

// neighbors returns whom a machine dials in a static world; a clone has its contacts.
func (w *World) neighbors(m *Machine) []int {
	if len(m.contacts) > 0 {
		return nil
	}
	return w.cfg.Neighbors(m.index)
}
