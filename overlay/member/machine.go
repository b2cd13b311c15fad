package member

import (
	"cmp"
	"math/rand/v2"

	"github.com/martinelli-lang/martinelli/algebra/causal"
)

// Config is what a Machine is made of. Zero times and bounds take the defaults.
type Config struct {
	Self  Member
	Mode  Mode
	Peers []Member // Static: the neighbours; Mesh: whom to ask first. An ID may be zero, an Addr not
	Rand  *rand.Rand

	PingEvery    causal.Instant // 1 s
	SuspectAfter causal.Instant // 3 s
	DownAfter    causal.Instant // 5 s
	DialMin      causal.Instant // 250 ms: the first back-off
	DialMax      causal.Instant // 5 s: the longest
	DialTimeout  causal.Instant // 3 s: a dial that came to nothing by then is made again

	MembersMax int // 4095, and never more: a list holds these and the sender
	DialsMax   int // 16 dials in the air
}

// withDefaults returns the config with every zero replaced.
func (c Config) withDefaults() Config {
	c.PingEvery = cmp.Or(c.PingEvery, causal.Second)
	c.SuspectAfter = cmp.Or(c.SuspectAfter, 3*causal.Second)
	c.DownAfter = cmp.Or(c.DownAfter, 5*causal.Second)
	c.DialMin = cmp.Or(c.DialMin, 250*causal.Millisecond)
	c.DialMax = cmp.Or(c.DialMax, 5*causal.Second)
	c.DialTimeout = cmp.Or(c.DialTimeout, 3*causal.Second)
	c.MembersMax = min(cmp.Or(c.MembersMax, listMax-1), listMax-1)
	c.DialsMax = cmp.Or(c.DialsMax, 16)
	return c
}

// Machine is the membership of one node.
type Machine struct {
	cfg  Config
	self Member

	known  map[causal.ReplicaID]*record // all members heard of, without this one
	order  []causal.ReplicaID           // the keys of known, sorted
	seeds  []*seed
	digest uint64         // over self and known
	leads  map[string]int // addresses that live links lead to, with how many do
	inAir  int            // targets that are flying, at most DialsMax

	due    causal.Instant // when Wake is wanted; see schedule
	hasDue bool
	out    Output
}

// record is a member and what this node does about it.
type record struct {
	Member
	state State
	since causal.Instant
	rtt   causal.Instant
	fixed bool  // named by the config with its id
	link  *link // nil unless up; state is then Alive or Suspect
	target
}

// New returns a machine that dials the config's peers from its first Wake on.
func New(now causal.Instant, cfg Config) *Machine {
	m := &Machine{cfg: cfg.withDefaults(), self: cfg.Self, known: map[causal.ReplicaID]*record{}, leads: map[string]int{}}
	m.digest = m.self.digest()
	for _, p := range cfg.Peers {
		switch p.ID {
		case causal.ReplicaID{}:
			m.seeds = append(m.seeds, &seed{addr: p.Addr, target: target{dialAt: now}})
		case m.self.ID:
		default:
			m.learn(now, p)
			if r := m.known[p.ID]; r != nil {
				r.fixed = true
			}
		}
	}
	m.schedule(now)
	return m
}

// Self returns this node's own description. Its epoch grows when the machine
// refutes an older one.
func (m *Machine) Self() Member { return m.self }

// Receive takes the body of a KindMember frame. A malformed body is an error:
// the caller hangs up. A message of a peer that is not linked is ignored.
func (m *Machine) Receive(now causal.Instant, from causal.ReplicaID, body []byte) error {
	msg, err := Decode(body)
	if err != nil {
		return err
	}
	r := m.known[from]
	if r == nil || r.link == nil {
		return nil
	}
	switch msg := msg.(type) {
	case Ping:
		m.send(from, Pong{msg.At, m.digest})
		m.compare(now, r, msg.Digest)
	case Pong:
		m.pong(now, r, msg)
		m.compare(now, r, msg.Digest)
	case List:
		for _, p := range msg.Members {
			m.learn(now, p)
		}
	}
	m.schedule(now)
	return nil
}

// Wake does what is due.
func (m *Machine) Wake(now causal.Instant) {
	if late := now - m.due; m.hasDue && late > m.cfg.PingEvery {
		m.excuse(now, late)
	}
	for _, id := range m.order {
		if r := m.known[id]; r.link != nil {
			m.watch(now, r)
		}
	}
	m.dial(now)
	m.schedule(now)
}

// Deadline returns when Wake wants to be called. It costs nothing.
func (m *Machine) Deadline() (causal.Instant, bool) { return m.due, m.hasDue }

// schedule finds the next deadline; every verb ends with it. A deadline in the
// past stays there, so that Wake sees how late it is. Cost: the members.
func (m *Machine) schedule(now causal.Instant) {
	m.hasDue = false
	for _, s := range m.seeds {
		m.want(m.dueAt(now, &s.target, s.addr))
	}
	for _, id := range m.order {
		r := m.known[id]
		switch {
		case r.link != nil:
			m.want(m.watchAt(r), true)
		case m.dials(r):
			m.want(m.dueAt(now, &r.target, r.Addr))
		}
	}
}

func (m *Machine) want(at causal.Instant, ok bool) {
	if ok && (!m.hasDue || at < m.due) {
		m.due, m.hasDue = at, true
	}
}

// Drain hands out what has gathered since the last Drain.
func (m *Machine) Drain() Output {
	out := m.out
	m.out = Output{}
	return out
}

// Neighbors returns the linked peers in order.
func (m *Machine) Neighbors() []causal.ReplicaID {
	var ids []causal.ReplicaID
	for _, id := range m.order {
		if m.known[id].link != nil {
			ids = append(ids, id)
		}
	}
	return ids
}

// Members returns all known members but this one, in order.
func (m *Machine) Members() []Status {
	all := make([]Status, 0, len(m.order))
	for _, id := range m.order {
		r := m.known[id]
		all = append(all, Status{r.Member, r.state, r.since, r.rtt})
	}
	return all
}

func (m *Machine) send(to causal.ReplicaID, b Body) {
	m.out.Messages = append(m.out.Messages, Message{to, b.AppendTo(nil)})
}

func (m *Machine) event(kind EventKind, p Member, why string) {
	m.out.Events = append(m.out.Events, Event{kind, p, why})
}

// die returns a chance span in [0, n).
func (m *Machine) die(n causal.Instant) causal.Instant {
	if n <= 0 {
		return 0
	}
	return causal.Instant(m.cfg.Rand.Int64N(int64(n)))
}
