package repair

import (
	"slices"

	"github.com/martinelli-lang/martinelli/algebra/causal"
)

// step says what a fetch is doing.
type step uint8

const (
	waiting    step = iota // for Grace to pass
	asking                 // a Wants is not answered yet
	delivering             // the node has parts that the replica has not taken yet
)

// fetch is what this node gets from a peer: chunk after chunk until its goals
// are reached.
type fetch struct {
	no      uint64 // of the exchange that found it
	hurry   bool   // no push is on its way
	at      causal.Instant
	asked   causal.Instant // when this turn was; meaningful unless waiting, and so is
	expires causal.Instant
	open    step
	turn    uint64
	goals   []goal // sorted; at most goalsMax
	wants   []Want // of this turn
}

// goal is how far a chain is known to go at the peer.
type goal struct {
	chain
	seq  uint64
	from uint64 // how far it went here when that was found
}

// goalsMax bounds the chains of one fetch; the next exchange finds the others.
const goalsMax = 4 * wantsMax

func (g goal) compare(o chain) int {
	if c := g.space.Compare(o.space); c != 0 {
		return c
	}
	return g.author.Compare(o.author)
}

func (f *fetch) due() causal.Instant {
	if f.open == waiting {
		return f.at
	}
	return f.expires
}

// weigh compares a head of the peer with this replica's: further on is a goal,
// another hash at the same place a fork.
func (m *Machine) weigh(now causal.Instant, p *peer, no uint64, hurry bool, space causal.SpaceID, h Head) {
	c := chain{space, h.Author}
	mine := m.source.Head(space, h.Author)
	seq := min(h.Seq, m.source.Limit(space, h.Author))
	switch {
	case seq > mine.Seq:
		m.aim(now, p, no, hurry, goal{c, seq, mine.Seq})
	case h.Seq == mine.Seq && h.Hash != mine.Hash:
		m.forked(now, p, c, h.Seq)
	}
}

// aim adds a goal to the peer's fetch, and plans the fetch if it is the first.
func (m *Machine) aim(now causal.Instant, p *peer, no uint64, hurry bool, g goal) {
	if p.fetch == nil {
		p.fetch = &fetch{no: no, at: now + m.cfg.Grace}
	}
	f := p.fetch
	if hurry {
		f.at, f.hurry = now, true
	}
	i, ok := slices.BinarySearchFunc(f.goals, g.chain, goal.compare)
	switch {
	case ok:
		f.goals[i].seq = max(f.goals[i].seq, g.seq)
	case len(f.goals) < goalsMax:
		f.goals = slices.Insert(f.goals, i, g)
	default:
		p.lack()
	}
}

// ask asks for what is still missing and claimed by no other fetch; if there is
// nothing, the fetch is over. A chain that grew during Grace has no gap: pushes
// are bringing the rest, however late they are, and fetching it too would make
// them later.
func (m *Machine) ask(now causal.Instant, p *peer) {
	f := p.fetch
	m.release(p)
	patient := f.open == waiting && !f.hurry
	f.goals = slices.DeleteFunc(f.goals, func(g goal) bool {
		have := m.source.Head(g.space, g.author).Seq
		if patient && g.from < have && have < g.seq {
			p.lack()
			return true
		}
		return have >= g.seq
	})
	f.wants = m.unclaimed(now, f.goals)
	if len(f.wants) == 0 {
		if len(f.goals) > 0 {
			p.lack() // others are asked for them
		}
		m.drop(p)
		m.settle(p)
		return
	}
	for _, w := range f.wants {
		m.claims[chain{w.Space, w.Author}] = claim{p.id, now + m.cfg.Patience/5}
	}
	f.turn++
	f.open, f.asked, f.expires = asking, now, now+m.cfg.Patience
	m.send(p, Wants{f.no, f.turn, p.chunk, f.wants})
}

// unclaimed makes wants of the goals nobody is asked for, beginning anywhere,
// so that no chain is always the one that finds no place.
func (m *Machine) unclaimed(now causal.Instant, goals []goal) []Want {
	var wants []Want
	if len(goals) == 0 {
		return nil
	}
	first := m.cfg.Rand.IntN(len(goals))
	for i := range goals {
		g := goals[(first+i)%len(goals)]
		if now >= m.claims[g.chain].lapses && len(wants) < wantsMax {
			wants = append(wants, Want{g.space, g.author, m.source.Head(g.space, g.author)})
		}
	}
	return wants
}

// parts hands out what came and drops the chains that are forked.
func (m *Machine) parts(now causal.Instant, p *peer, msg Parts) {
	f := p.fetch
	if f == nil || f.open != asking || f.no != msg.Exchange || f.turn != msg.Turn {
		return
	}
	for _, w := range msg.Forks {
		m.notOnChain(now, p, w)
	}
	m.stats.PartsReceived += uint64(msg.Parts)
	f.open, f.expires = delivering, now+m.cfg.Patience
	m.pace(p, now-f.asked)
	switch {
	case msg.Parts > 0:
		m.out.Deliveries = append(m.out.Deliveries, Delivery{p.id, msg.Parts, msg.Body})
	case len(msg.Forks) > 0:
		m.ask(now, p)
	default:
		m.stuck(p) // the peer has not what it said it had
	}
}

// pace doubles the chunk after a fast answer and halves it after a slow one. So
// a fast link is filled although one chunk is in flight at a time, and on a slow
// one a chunk never outlasts Patience, which would begin it again for ever.
func (m *Machine) pace(p *peer, took causal.Instant) {
	switch {
	case took < m.cfg.Patience/10:
		p.chunk = min(2*p.chunk, m.cfg.ChunkMax)
	case took > m.cfg.Patience/3:
		p.chunk = max(p.chunk/2, m.cfg.ChunkMin)
	}
}

// notOnChain takes the peer's word that what this node has of a chain is not
// on its own; if the hashes indeed differ, that is a fork.
func (m *Machine) notOnChain(now causal.Instant, p *peer, w Want) {
	c := chain{w.Space, w.Author}
	if h, ok := m.source.HashAt(w.Space, w.Author, w.After.Seq); ok && h != w.After.Hash {
		m.forked(now, p, c, w.After.Seq)
	}
	p.fetch.goals = slices.DeleteFunc(p.fetch.goals, func(g goal) bool { return g.chain == c })
}

// Delivered says that the replica has taken a Delivery of the peer: the fetch
// goes on from where the replica now stands. If no chain has grown, the parts
// wait there for others; asking again would bring the same.
func (m *Machine) Delivered(now causal.Instant, from causal.ReplicaID) {
	p := m.peer(from)
	if p == nil || p.fetch == nil || p.fetch.open != delivering {
		return
	}
	if m.grew(p.fetch.wants) {
		m.ask(now, p)
	} else {
		m.stuck(p)
	}
	m.beginAsked(now)
}

func (m *Machine) grew(wants []Want) bool {
	return slices.ContainsFunc(wants, func(w Want) bool {
		return m.source.Head(w.Space, w.Author).Seq > w.After.Seq
	})
}

func (m *Machine) stuck(p *peer) {
	m.stats.Stuck++
	p.lack()
	m.drop(p)
	m.settle(p)
}

// settle ends the exchange whose comparison had ended before its fetch.
func (m *Machine) settle(p *peer) {
	if p.exchange != nil && p.exchange.phase == fetching {
		m.end(p, false)
	}
}

// drop ends the peer's fetch, if there is one.
func (m *Machine) drop(p *peer) {
	if p.fetch != nil {
		m.release(p)
		p.fetch = nil
	}
}

// release gives up the claims of the turn that ended.
func (m *Machine) release(p *peer) {
	for _, w := range p.fetch.wants {
		if c := (chain{w.Space, w.Author}); m.claims[c].peer == p.id {
			delete(m.claims, c)
		}
	}
	p.fetch.wants = nil
}
