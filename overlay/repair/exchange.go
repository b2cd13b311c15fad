package repair

import (
	"slices"

	"github.com/martinelli-lang/martinelli/algebra/causal"
)

// phase says what an exchange awaits.
type phase uint8

const (
	awaitRoot  phase = iota // Same, or the first Digests
	awaitPage               // the next Digests
	awaitAhead              // the answer to a Vectors
	fetching                // nothing: all is compared, the fetch goes on
)

// exchange is a comparison begun here.
type exchange struct {
	no      uint64
	hurry   bool // on a new link, or asked for
	begun   causal.Instant
	expires causal.Instant // meaningful while something is awaited
	phase   phase
	turn    uint64 // Vectors sent
	lacks   bool   // something the peer has is left to a later exchange, another peer or a push

	page  causal.SpaceID   // the first space of the page awaited
	last  bool             // no page follows those that came
	diff  []causal.SpaceID // found to differ and not compared yet, in order; at most diffMax
	after causal.ReplicaID // how far the first of diff is compared
}

// diffMax bounds the spaces of one page that differ. Beyond it the page is
// asked for again from there.
const diffMax = 4 * digestsMax

// Begin asks for an exchange with the peer, as soon as none with it is in
// flight and fewer than ActiveMax are.
func (m *Machine) Begin(now causal.Instant, peerID causal.ReplicaID) {
	if p := m.peer(peerID); p != nil {
		p.asked = true
		m.beginAsked(now)
	}
}

func (m *Machine) beginAsked(now causal.Instant) {
	active := m.Active()
	for _, p := range m.peers {
		if active >= m.cfg.ActiveMax {
			return
		}
		if p.asked && p.idle() {
			p.asked = false
			m.begin(now, p, true)
			active++
		}
	}
}

// beginAny begins with a random neighbour (A. Demers et al., "Epidemic
// Algorithms for Replicated Database Maintenance", PODC 1987, section 1.3).
func (m *Machine) beginAny(now causal.Instant) {
	if len(m.peers) == 0 || m.Active() >= m.cfg.ActiveMax {
		return
	}
	p := m.peers[m.cfg.Rand.IntN(len(m.peers))]
	if justNow := p.served != 0 && now-p.served < m.cfg.Every/2; p.idle() && !justNow {
		m.begin(now, p, false)
	}
}

func (p *peer) idle() bool { return p.exchange == nil && p.fetch == nil }

func (m *Machine) begin(now causal.Instant, p *peer, hurry bool) {
	m.face(p)
	m.last++
	m.stats.Exchanges++
	p.exchange = &exchange{no: m.last, hurry: hurry, begun: now}
	m.await(now, p, awaitRoot, Root{m.last, m.source.Root()})
}

// await sends a question and waits for its answer.
func (m *Machine) await(now causal.Instant, p *peer, ph phase, question Body) {
	p.exchange.phase, p.exchange.expires = ph, now+m.cfg.Timeout
	m.send(p, question)
}

// open returns the peer's exchange if it has that number and awaits that.
func (p *peer) open(no uint64, phases ...phase) *exchange {
	if x := p.exchange; x != nil && x.no == no && slices.Contains(phases, x.phase) {
		return x
	}
	return nil
}

func (m *Machine) same(now causal.Instant, p *peer, msg Same) {
	if x := p.open(msg.Exchange, awaitRoot); x != nil {
		m.stats.Equal++
		m.out.Equals = append(m.out.Equals, Equal{p.id, x.begun})
		m.end(p, false)
	}
}

// digests takes a page and notes the spaces that differ in its stretch.
func (m *Machine) digests(now causal.Instant, p *peer, msg Digests) {
	x := p.open(msg.Exchange, awaitRoot, awaitPage)
	if x == nil || msg.From != x.page {
		return
	}
	end, last := causal.SpaceID{}, msg.Last
	if !last {
		end, last = following(msg.Spaces[len(msg.Spaces)-1].Space)
	}
	x.page, x.last = end, last
	for _, s := range m.differing(msg.Spaces, msg.From, end, last) {
		if len(x.diff) == diffMax {
			x.page, x.last = s, false
			break
		}
		x.diff = append(x.diff, s)
	}
	m.next(now, p)
}

// differing returns the spaces from lo up to hi, or to the end, whose digests
// differ between this replica and the peer's list, in order.
func (m *Machine) differing(theirs []SpaceDigest, lo, hi causal.SpaceID, toEnd bool) []causal.SpaceID {
	var diff []causal.SpaceID
	note := func(s causal.SpaceID) {
		if m.source.Holds(s) {
			diff = append(diff, s)
		}
	}
	for mine := range m.stretch(lo, hi, toEnd) {
		for len(theirs) > 0 && theirs[0].Space.Compare(mine.Space) < 0 {
			note(theirs[0].Space)
			theirs = theirs[1:]
		}
		if len(theirs) > 0 && theirs[0].Space == mine.Space {
			if theirs[0].Digest != mine.Digest {
				note(mine.Space)
			}
			theirs = theirs[1:]
			continue
		}
		note(mine.Space)
		if len(diff) > diffMax {
			return diff
		}
	}
	for _, s := range theirs {
		note(s.Space)
	}
	return diff
}

// stretch yields this replica's spaces from lo up to hi, or to the end.
func (m *Machine) stretch(lo, hi causal.SpaceID, toEnd bool) func(yield func(SpaceDigest) bool) {
	return func(yield func(SpaceDigest) bool) {
		for {
			page := m.source.Spaces(lo, digestsMax)
			for _, s := range page {
				if !toEnd && s.Space.Compare(hi) >= 0 || !yield(s) {
					return
				}
			}
			if len(page) < digestsMax {
				return
			}
			var over bool
			if lo, over = following(page[len(page)-1].Space); over {
				return
			}
		}
	}
}

// following returns the next space id there can be, or true if there is none.
func following(s causal.SpaceID) (next causal.SpaceID, over bool) {
	for i := len(s) - 1; i >= 0; i-- {
		if s[i]++; s[i] != 0 {
			return s, false
		}
	}
	return s, true
}

// next compares what is left to compare, then asks for the next page, then
// leaves the rest to the fetch.
func (m *Machine) next(now causal.Instant, p *peer) {
	x := p.exchange
	switch {
	case len(x.diff) > 0:
		m.await(now, p, awaitAhead, m.vectors(x))
	case !x.last:
		m.await(now, p, awaitPage, More{x.no, x.page})
	case p.fetch == nil:
		m.end(p, false)
	default:
		x.phase = fetching
	}
}

// vectors takes as many heads off diff as one message holds.
func (m *Machine) vectors(x *exchange) Vectors {
	x.turn++
	msg := Vectors{Exchange: x.no, Turn: x.turn, Hurry: x.hurry}
	room := headsMax
	for len(x.diff) > 0 && room > 0 && len(msg.Spaces) < spacesMax {
		heads := behind(m.source.Vector(x.diff[0]), x.after)
		n := min(len(heads), room)
		room -= n
		v := SpaceVector{x.diff[0], x.after, heads[:n], n == len(heads)}
		msg.Spaces = append(msg.Spaces, v)
		if v.Last {
			x.diff, x.after = x.diff[1:], causal.ReplicaID{}
		} else {
			x.after = heads[n-1].Author
		}
	}
	return msg
}

// behind returns the heads of the authors that come behind the given one.
func behind(heads []Head, author causal.ReplicaID) []Head {
	i, _ := slices.BinarySearchFunc(heads, author, func(h Head, a causal.ReplicaID) int {
		if h.Author.Compare(a) <= 0 {
			return -1
		}
		return 1
	})
	return heads[i:]
}

// ahead takes where the peer is ahead and goes on.
func (m *Machine) ahead(now causal.Instant, p *peer, msg Ahead) {
	x := p.open(msg.Exchange, awaitAhead)
	if x == nil || msg.Turn != x.turn {
		return
	}
	for _, s := range msg.Spaces {
		if !m.source.Holds(s.Space) {
			continue
		}
		for _, h := range s.Heads {
			m.weigh(now, p, x.no, x.hurry, s.Space, h)
		}
	}
	m.next(now, p)
}

// end is the end of an exchange begun here, if one is in flight.
func (m *Machine) end(p *peer, timedOut bool) {
	if x := p.exchange; x != nil {
		m.out.Ended = append(m.out.Ended, Ended{Peer: p.id, Begun: x.begun, TimedOut: timedOut, Whole: !timedOut && !x.lacks})
		p.exchange = nil
	}
}

// lack notes that the exchange begun here, if one is in flight, will not bring all.
func (p *peer) lack() {
	if p.exchange != nil {
		p.exchange.lacks = true
	}
}
