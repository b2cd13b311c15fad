package broadcast

import (
	"cmp"
	"slices"

	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/wire"
)

// Config is what a Machine is made of. Zero bounds and times take the defaults.
type Config struct {
	// Relay: what arrives from one neighbour is pushed on to the others. So it
	// is in a static overlay; in a mesh the author reaches everyone itself.
	Relay bool

	SizeMax    int            // 1 MiB: the body of one batch; the same at all nodes, and below wire.FrameMax
	WindowMax  int            // 4 MiB: bytes pushed to a peer and not acknowledged
	PushesMax  int            // 1024: batches pushed to a peer and not acknowledged
	AckEvery   causal.Instant // 100 ms: an acknowledgement waits for company so long
	AckTimeout causal.Instant // 5 s: a push not acknowledged by then counts as lost
}

func (c Config) withDefaults() Config {
	c.SizeMax = min(cmp.Or(c.SizeMax, 1<<20), wire.FrameMax/2)
	c.WindowMax = cmp.Or(c.WindowMax, 4<<20)
	c.PushesMax = cmp.Or(c.PushesMax, 1024)
	c.AckEvery = cmp.Or(c.AckEvery, 100*causal.Millisecond)
	c.AckTimeout = cmp.Or(c.AckTimeout, 5*causal.Second)
	return c
}

// Batch is parts encoded by the node, once for all neighbours.
type Batch struct {
	Parts int
	Body  []byte // not to be changed any more
}

// Delivery is a batch a peer pushed.
type Delivery struct {
	From causal.ReplicaID
	Batch
}

// Message is the body of a frame of wire.KindBroadcast on wire.Commits.
// Messages of one push share the body: nobody may write to it.
type Message struct {
	To   causal.ReplicaID
	Body []byte
}

// Output is what a Drain hands out.
type Output struct {
	Messages   []Message
	Deliveries []Delivery
	Behind     []causal.ReplicaID // they missed pushes and have room again: repair with them now
}

// Stats counts since the start.
type Stats struct {
	Pushed, PushedParts, PushedBytes       uint64 // payloads sent, per recipient
	Received, ReceivedParts, ReceivedBytes uint64
	Dropped, DroppedParts                  uint64 // not sent: window full or batch too large; repair brings them
	Lost                                   uint64 // sent, and not acknowledged in time
	Acks                                   uint64 // sent
}

// Machine pushes for one node.
type Machine struct {
	cfg   Config
	no    uint64  // of the last push
	peers []*peer // the neighbours, by id
	stats Stats
	out   Output
}

// peer is a neighbour: what was pushed to it, and what it pushed.
type peer struct {
	id     causal.ReplicaID
	sent   []sent // not acknowledged, by number; at most PushesMax
	bytes  int    // in sent, at most WindowMax
	missed bool   // a push was dropped or lost since it was last reported behind

	taken  uint64         // the highest number it pushed
	unsaid int            // bytes taken and not acknowledged to it
	pushes int            // in how many pushes
	ackAt  causal.Instant // when to acknowledge; meaningful while owes
	owes   bool           // something is taken and not acknowledged to it
}

// sent is a push on its way.
type sent struct {
	no   uint64
	size int
	at   causal.Instant
}

// New returns a machine without neighbours.
func New(cfg Config) *Machine {
	return &Machine{cfg: cfg.withDefaults()}
}

// SizeMax returns the largest body of a batch; a node with more parts makes more batches.
func (m *Machine) SizeMax() int { return m.cfg.SizeMax }

// LinkUp says that the peer is a neighbour from now on. What was on its way
// over an earlier link is forgotten: repair begins with a link.
func (m *Machine) LinkUp(now causal.Instant, id causal.ReplicaID) {
	if i, ok := m.find(id); ok {
		m.peers[i] = &peer{id: id}
	} else {
		m.peers = slices.Insert(m.peers, i, &peer{id: id})
	}
}

// LinkDown says that it is none any more.
func (m *Machine) LinkDown(now causal.Instant, id causal.ReplicaID) {
	if i, ok := m.find(id); ok {
		m.peers = slices.Delete(m.peers, i, i+1)
	}
}

func (m *Machine) find(id causal.ReplicaID) (int, bool) {
	return slices.BinarySearchFunc(m.peers, id, func(p *peer, id causal.ReplicaID) int { return p.id.Compare(id) })
}

// IsAlone reports whether a push would reach nobody, so that its batch need
// not be encoded.
func (m *Machine) IsAlone() bool { return len(m.peers) == 0 }

// Push sends this node's own parts to all neighbours.
func (m *Machine) Push(now causal.Instant, b Batch) { m.push(now, b, causal.ReplicaID{}, nil) }

// PushTo is Push to those neighbours who may have the parts.
func (m *Machine) PushTo(now causal.Instant, b Batch, may func(peer causal.ReplicaID) bool) {
	m.push(now, b, causal.ReplicaID{}, may)
}

// Relay sends others' parts that are new here to all neighbours but the one
// they came from, if the config says so.
func (m *Machine) Relay(now causal.Instant, from causal.ReplicaID, b Batch) {
	m.RelayTo(now, from, b, nil)
}

// RelayTo is Relay to those neighbours who may have the parts.
func (m *Machine) RelayTo(now causal.Instant, from causal.ReplicaID, b Batch, may func(peer causal.ReplicaID) bool) {
	if m.cfg.Relay {
		m.push(now, b, from, may)
	}
}

// push encodes the batch once and sends it to all who have room.
func (m *Machine) push(now causal.Instant, b Batch, except causal.ReplicaID, may func(causal.ReplicaID) bool) {
	if b.Parts == 0 {
		return
	}
	m.no++
	var body []byte
	for _, p := range m.peers {
		switch {
		case p.id == except, may != nil && !may(p.id):
		case !m.room(p, len(b.Body)):
			p.missed = true
			m.stats.Dropped++
			m.stats.DroppedParts += uint64(b.Parts)
			m.reportBehind(p)
		default:
			if body == nil {
				body = Push{m.no, b}.AppendTo(make([]byte, 0, len(b.Body)+24))
			}
			p.sent = append(p.sent, sent{m.no, len(b.Body), now})
			p.bytes += len(b.Body)
			m.out.Messages = append(m.out.Messages, Message{p.id, body})
			m.count(b)
		}
	}
}

// room reports whether a push of that size may go to the peer now. Nothing may
// while it misses an earlier one: it could not apply what comes after.
func (m *Machine) room(p *peer, size int) bool {
	return !p.missed && size <= m.cfg.SizeMax && p.bytes+size <= m.cfg.WindowMax && len(p.sent) < m.cfg.PushesMax
}

// reportBehind reports a peer that missed pushes, as soon as half its window
// is free: by then what it missed is old, and fetching it in bulk is cheaper
// than being late again.
func (m *Machine) reportBehind(p *peer) {
	if p.missed && p.bytes <= m.cfg.WindowMax/2 && len(p.sent) <= m.cfg.PushesMax/2 {
		p.missed = false
		m.out.Behind = append(m.out.Behind, p.id)
	}
}

func (m *Machine) count(b Batch) {
	m.stats.Pushed++
	m.stats.PushedParts += uint64(b.Parts)
	m.stats.PushedBytes += uint64(len(b.Body))
}

// Receive takes the body of a KindBroadcast frame. A malformed body is an
// error: the caller hangs up. A message of a peer that is no neighbour is
// ignored. The delivery aliases the body.
func (m *Machine) Receive(now causal.Instant, from causal.ReplicaID, body []byte) error {
	msg, err := Decode(body, m.cfg.SizeMax)
	if err != nil {
		return err
	}
	i, ok := m.find(from)
	if !ok {
		return nil
	}
	p := m.peers[i]
	switch msg := msg.(type) {
	case Push:
		m.take(now, p, msg)
	case Ack:
		m.acked(p, msg.No)
	}
	return nil
}

// take hands out a push and plans its acknowledgement: at once when a quarter
// of the window waits for one, else together with what follows.
func (m *Machine) take(now causal.Instant, p *peer, msg Push) {
	m.stats.Received++
	m.stats.ReceivedParts += uint64(msg.Parts)
	m.stats.ReceivedBytes += uint64(len(msg.Body))
	m.out.Deliveries = append(m.out.Deliveries, Delivery{p.id, msg.Batch})
	p.taken = max(p.taken, msg.No)
	p.unsaid += len(msg.Body)
	p.pushes++
	switch {
	case p.unsaid >= m.cfg.WindowMax/4, p.pushes >= m.cfg.PushesMax/4:
		m.ack(p)
	case !p.owes:
		p.owes, p.ackAt = true, now+m.cfg.AckEvery
	}
}

func (m *Machine) ack(p *peer) {
	p.owes, p.unsaid, p.pushes = false, 0, 0
	m.stats.Acks++
	m.out.Messages = append(m.out.Messages, Message{p.id, Ack{p.taken}.AppendTo(nil)})
}

// acked makes room.
func (m *Machine) acked(p *peer, no uint64) {
	for len(p.sent) > 0 && p.sent[0].no <= no {
		p.pop()
	}
	m.reportBehind(p)
}

func (p *peer) pop() {
	p.bytes -= p.sent[0].size
	p.sent = p.sent[1:]
}

// Wake does what is due.
func (m *Machine) Wake(now causal.Instant) {
	for _, p := range m.peers {
		if p.owes && now >= p.ackAt {
			m.ack(p)
		}
		for len(p.sent) > 0 && now >= p.sent[0].at+m.cfg.AckTimeout {
			p.pop()
			p.missed = true
			m.stats.Lost++
		}
		m.reportBehind(p)
	}
}

// Deadline returns when Wake wants to be called. Cost: the neighbours.
func (m *Machine) Deadline() (at causal.Instant, ok bool) {
	sooner := func(t causal.Instant) {
		if !ok || t < at {
			at, ok = t, true
		}
	}
	for _, p := range m.peers {
		if p.owes {
			sooner(p.ackAt)
		}
		if len(p.sent) > 0 {
			sooner(p.sent[0].at + m.cfg.AckTimeout)
		}
	}
	return at, ok
}

// Drain hands out what has gathered since the last Drain.
func (m *Machine) Drain() Output {
	out := m.out
	m.out = Output{}
	return out
}

// Stats returns the counts since the start.
func (m *Machine) Stats() Stats { return m.stats }
