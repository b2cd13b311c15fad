package repair

import (
	"cmp"
	"math/rand/v2"
	"slices"

	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/wire"
)

// Config is what a Machine is made of. Zero times and bounds take the defaults.
type Config struct {
	Self   causal.ReplicaID
	Source Source
	Rand   *rand.Rand

	// Facing, if not nil, gives the replica as one peer may see it: both must see
	// the same spaces of each other's, or no two of their roots are equal.
	Facing func(peer causal.ReplicaID) Source

	Every    causal.Instant // 1 s: a random neighbour is asked, jittered by a quarter
	Timeout  causal.Instant // 2 s without an answer end a comparison
	Patience causal.Instant // 5 s without the parts asked for end a fetch
	Grace    causal.Instant // 250 ms: what a push may still bring is not fetched before

	ActiveMax int // 4 exchanges begun here in flight, one per peer
	ChunkMin  int // 32 KiB of parts in the first answer; doubled while answers are fast
	ChunkMax  int // 1 MiB of parts in one answer
}

func (c Config) withDefaults() Config {
	c.Every = cmp.Or(c.Every, causal.Second)
	c.Timeout = cmp.Or(c.Timeout, 2*causal.Second)
	c.Patience = cmp.Or(c.Patience, 5*causal.Second)
	c.Grace = cmp.Or(c.Grace, 250*causal.Millisecond)
	c.ActiveMax = cmp.Or(c.ActiveMax, 4)
	c.ChunkMax = min(cmp.Or(c.ChunkMax, 1<<20), wire.FrameMax/4)
	c.ChunkMin = min(cmp.Or(c.ChunkMin, 32<<10), c.ChunkMax)
	return c
}

// Message is the body of a frame of wire.KindRepair. Parts go on wire.Bulk,
// all else on wire.Control.
type Message struct {
	To   causal.ReplicaID
	Bulk bool
	Body []byte
}

// Delivery is parts a peer sent because they were asked for. The node gives
// them to the replica and then calls Delivered.
type Delivery struct {
	From  causal.ReplicaID
	Parts int
	Body  []byte
}

// Fork says that two chains of one author differ: at Seq this replica has
// another chain hash than the peer. Each asks the other for its branch; until
// there is a proof, parts of that author in that space are not exchanged.
type Fork struct {
	Peer   causal.ReplicaID
	Space  causal.SpaceID
	Author causal.ReplicaID
	Seq    uint64
}

// Contended is the branch of a chain that a peer has behind a part. This
// replica has another one.
type Contended struct {
	Peer   causal.ReplicaID
	Space  causal.SpaceID
	Author causal.ReplicaID
	After  uint64
	Branch causal.Branch
}

// Ended says that an exchange begun here is over.
type Ended struct {
	Peer     causal.ReplicaID
	Begun    causal.Instant
	TimedOut bool
	Whole    bool // what the peer had when it began is here, but for forks
	Yielded  bool // it gave way to one that the peer has begun, which serves both
}

// Output is what a Drain hands out.
type Output struct {
	Messages   []Message
	Deliveries []Delivery
	Forks      []Fork
	Evidence   []Contended // to be proven
	Ended      []Ended
	Equals     []Equal
	Staged     Staged
}

// Equal says that a peer had, at some time after Since, exactly what this
// replica had at Since, of what both may see.
type Equal struct {
	Peer  causal.ReplicaID
	Since causal.Instant
}

// Stats counts since the start.
type Stats struct {
	Exchanges     uint64 // begun here
	Equal         uint64 // of these, ended at the root
	TimedOut      uint64
	Stuck         uint64 // a fetch whose parts did not become applied
	Forks         uint64
	Branches      uint64 // of chains, that peers sent as evidence
	MessagesSent  uint64
	BytesSent     uint64 // bodies of all messages
	BytesReceived uint64
	PartsSent     uint64
	PartsReceived uint64
	PagesSent     uint64 // of checkpoints
	PagesReceived uint64
}

// Machine repairs for one node.
type Machine struct {
	cfg    Config
	source Source  // as who is being spoken with may see it
	peers  []*peer // the neighbours, by id
	last   uint64  // the number of the newest exchange begun here
	nextAt causal.Instant
	claims map[chain]claim      // chains asked for and not delivered
	forks  map[peerChain]bool   // forks told of already, at most forksMax
	probes map[peerChain]*probe // branches asked for; at most probesMax
	stages map[causal.SpaceID]*staging
	staged Staged
	stats  Stats
	out    Output
}

// forksMax bounds how many forks a machine remembers to have told of; further
// ones are counted and not told.
const forksMax = 4096

// chain is one author's parts in one space.
type chain struct {
	space  causal.SpaceID
	author causal.ReplicaID
}

type peerChain struct {
	peer causal.ReplicaID
	chain
}

// claim says of whom a chain is asked. It keeps other fetches off the chain for
// a while, and not for as long as a peer may take that never answers.
type claim struct {
	peer   causal.ReplicaID
	lapses causal.Instant
}

// peer is a neighbour and what goes on with it.
type peer struct {
	id       causal.ReplicaID
	asked    bool           // an exchange is to begin as soon as it may
	chunk    int            // bytes of parts to ask for, ChunkMin to ChunkMax: what the link carries well within Patience
	served   causal.Instant // when it last began an exchange; 0 for never
	exchange *exchange      // begun here, or nil
	fetch    *fetch         // what is fetched from the peer, or nil
}

// New returns a machine without neighbours.
func New(now causal.Instant, cfg Config) *Machine {
	m := &Machine{
		cfg:    cfg.withDefaults(),
		source: cfg.Source,
		last:   cfg.Rand.Uint64(), // an earlier life's answers name other numbers
		claims: map[chain]claim{},
		forks:  map[peerChain]bool{},
		probes: map[peerChain]*probe{},
		stages: map[causal.SpaceID]*staging{},
	}
	m.nextAt = now + m.jittered()
	return m
}

// face turns to a peer: what is asked of the replica from now on is as that
// one may see it.
func (m *Machine) face(p *peer) {
	if m.cfg.Facing != nil {
		m.source = m.cfg.Facing(p.id)
	}
}

// jittered returns Every, give or take a quarter.
func (m *Machine) jittered() causal.Instant {
	return m.cfg.Every*3/4 + causal.Instant(m.cfg.Rand.Int64N(int64(m.cfg.Every/2)+1))
}

// LinkUp says that the peer is a neighbour from now on. The lower id of the
// two begins an exchange at once.
func (m *Machine) LinkUp(now causal.Instant, peerID causal.ReplicaID) {
	m.LinkDown(now, peerID)
	i, _ := m.find(peerID)
	m.peers = slices.Insert(m.peers, i, &peer{id: peerID, chunk: m.cfg.ChunkMin})
	if m.cfg.Self.Compare(peerID) < 0 {
		m.Begin(now, peerID)
	}
}

// LinkDown says that it is none any more; what goes on with it is over.
func (m *Machine) LinkDown(now causal.Instant, peerID causal.ReplicaID) {
	i, ok := m.find(peerID)
	if !ok {
		return
	}
	p := m.peers[i]
	for k := range m.probes {
		if k.peer == peerID {
			delete(m.probes, k)
		}
	}
	m.drop(p)
	m.end(p, true)
	m.peers = slices.Delete(m.peers, i, i+1)
	for _, s := range m.stagesInOrder() {
		if s.from == peerID && !s.waits {
			m.askOther(now, s)
		}
	}
	m.beginAsked(now)
}

func (m *Machine) find(peerID causal.ReplicaID) (int, bool) {
	return slices.BinarySearchFunc(m.peers, peerID, func(p *peer, id causal.ReplicaID) int { return p.id.Compare(id) })
}

// peer returns the neighbour, or nil.
func (m *Machine) peer(peerID causal.ReplicaID) *peer {
	if i, ok := m.find(peerID); ok {
		return m.peers[i]
	}
	return nil
}

// Receive takes the body of a KindRepair frame. A malformed body is an error:
// the caller hangs up. A message of a peer that is no neighbour is ignored, and
// so is an answer to a question that is not open.
func (m *Machine) Receive(now causal.Instant, from causal.ReplicaID, body []byte) error {
	msg, err := Decode(body)
	if err != nil {
		return err
	}
	p := m.peer(from)
	if p == nil {
		return nil
	}
	m.face(p)
	m.stats.BytesReceived += uint64(len(body))
	switch msg := msg.(type) {
	case Root:
		m.serveRoot(now, p, msg)
	case More:
		m.serveDigests(p, msg.Exchange, msg.From)
	case Vectors:
		m.serveVectors(now, p, msg)
	case Wants:
		m.serveParts(now, p, msg)
	case Same:
		m.same(now, p, msg)
	case Digests:
		m.digests(now, p, msg)
	case Ahead:
		m.ahead(now, p, msg)
	case Parts:
		m.parts(now, p, msg)
	case Branch:
		m.serveBranch(now, p, msg)
	case Evidence:
		m.evidence(now, p, msg)
	case Below:
		for _, space := range msg.Spaces {
			m.stage(now, p, space)
		}
	case Take:
		m.stats.PagesSent++
		m.send(p, m.source.Take(msg))
	case Taken:
		m.taken(now, p, msg)
	}
	m.beginAsked(now)
	return nil
}

// Wake does what is due.
func (m *Machine) Wake(now causal.Instant) {
	for _, p := range m.peers {
		m.expire(now, p)
		if f := p.fetch; f != nil && f.open == waiting && now >= f.at {
			m.ask(now, p)
		}
	}
	m.expireStages(now)
	if now >= m.nextAt {
		m.nextAt = now + m.jittered()
		m.beginAny(now)
	}
	m.beginAsked(now)
}

// expire gives up what was not answered in time. An exchange somebody asked
// for is asked for again.
func (m *Machine) expire(now causal.Instant, p *peer) {
	late := false
	if f := p.fetch; f != nil && f.open != waiting && now >= f.expires {
		p.chunk = m.cfg.ChunkMin
		m.drop(p)
		late = true
	}
	if x := p.exchange; x != nil && (late || x.phase != fetching && now >= x.expires) {
		p.asked = p.asked || x.hurry
		late = true
		m.end(p, true)
	}
	if late {
		m.stats.TimedOut++
	}
}

// Deadline returns when Wake wants to be called. Cost: the neighbours.
func (m *Machine) Deadline() (causal.Instant, bool) {
	at := m.nextAt
	for _, p := range m.peers {
		if x := p.exchange; x != nil && x.phase != fetching {
			at = min(at, x.expires)
		}
		if f := p.fetch; f != nil {
			at = min(at, f.due())
		}
	}
	for _, s := range m.stages {
		if !s.waits || s.section == SectionBuckets {
			at = min(at, s.expires)
		}
	}
	return at, len(m.peers) > 0
}

// Drain hands out what has gathered since the last Drain.
func (m *Machine) Drain() Output {
	out := m.out
	out.Staged = m.staged
	m.out, m.staged = Output{}, Staged{}
	return out
}

// Stats returns the counts since the start.
func (m *Machine) Stats() Stats { return m.stats }

// Active returns how many exchanges begun here are in flight.
func (m *Machine) Active() int {
	n := 0
	for _, p := range m.peers {
		if p.exchange != nil {
			n++
		}
	}
	return n
}

func (m *Machine) send(to *peer, b Body) {
	body := b.AppendTo(nil)
	var bulk bool
	switch b.(type) {
	case Parts, Taken:
		bulk = true
	}
	m.stats.MessagesSent++
	m.stats.BytesSent += uint64(len(body))
	m.out.Messages = append(m.out.Messages, Message{to.id, bulk, body})
}

// forked asks for the peer's branch, and tells of a fork once per peer and chain.
func (m *Machine) forked(now causal.Instant, p *peer, c chain, seq uint64) {
	m.contend(now, p, c)
	k := peerChain{p.id, c}
	if m.forks[k] {
		return
	}
	m.stats.Forks++
	if len(m.forks) < forksMax {
		m.forks[k] = true
		m.out.Forks = append(m.out.Forks, Fork{p.id, c.space, c.author, seq})
	}
}
