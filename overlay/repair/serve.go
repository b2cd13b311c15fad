package repair

import "github.com/martinelli-lang/martinelli/algebra/causal"

// serveRoot answers the beginning of a peer's exchange. When both sides have
// begun, that of the lower id goes on: the higher one gives its own up, the
// lower one leaves the other's unanswered.
func (m *Machine) serveRoot(now causal.Instant, p *peer, msg Root) {
	if x := p.exchange; x != nil && x.phase != fetching {
		if m.cfg.Self.Compare(p.id) < 0 {
			return
		}
		p.lack()
		m.end(p, false)
		m.out.Ended[len(m.out.Ended)-1].Yielded = true
	}
	p.served = now
	if msg.Digest == m.source.Root() {
		m.out.Equals = append(m.out.Equals, Equal{p.id, now})
		m.send(p, Same{msg.Exchange})
		return
	}
	m.serveDigests(p, msg.Exchange, causal.SpaceID{})
}

func (m *Machine) serveDigests(p *peer, exchange uint64, from causal.SpaceID) {
	page := m.source.Spaces(from, digestsMax)
	m.send(p, Digests{exchange, from, page, len(page) < digestsMax})
}

// serveVectors compares the peer's vectors with this replica's: where the peer
// is ahead is fetched, where this replica is ahead is told.
func (m *Machine) serveVectors(now causal.Instant, p *peer, msg Vectors) {
	answer := Ahead{Exchange: msg.Exchange, Turn: msg.Turn}
	room := aheadMax
	for _, v := range msg.Spaces {
		if !m.source.Holds(v.Space) {
			continue
		}
		for _, h := range v.Heads {
			m.weigh(now, p, msg.Exchange, msg.Hurry, v.Space, h)
		}
		heads := ahead(m.source.Vector(v.Space), v)
		heads = heads[:min(len(heads), room)]
		room -= len(heads)
		if len(heads) > 0 {
			answer.Spaces = append(answer.Spaces, SpaceHeads{v.Space, heads})
		}
	}
	m.send(p, answer)
}

// ahead returns those of a vector's heads, in the stretch of v, which are
// further on than v says or at the same place with another hash.
func ahead(mine []Head, v SpaceVector) []Head {
	var heads []Head
	theirs := v.Heads
	for _, h := range behind(mine, v.After) {
		for len(theirs) > 0 && theirs[0].Author.Compare(h.Author) < 0 {
			theirs = theirs[1:]
		}
		if len(theirs) == 0 && !v.Last {
			break
		}
		var t Head
		if len(theirs) > 0 && theirs[0].Author == h.Author {
			t = theirs[0]
		}
		if h.Seq > t.Seq || h.Seq == t.Seq && h.Hash != t.Hash {
			heads = append(heads, h)
		}
	}
	return heads
}

// serveParts answers a Wants with a chunk of what the peer may have: chains on
// which its last part stands. The others are forks.
func (m *Machine) serveParts(now causal.Instant, p *peer, msg Wants) {
	answer := Parts{Exchange: msg.Exchange, Turn: msg.Turn}
	wants := msg.Wants[:0]
	below := Below{Exchange: msg.Exchange}
	for _, w := range msg.Wants {
		if m.source.Holds(w.Space) && m.source.Start(w.Space, w.Author) > w.After.Seq {
			if n := len(below.Spaces); n == 0 || below.Spaces[n-1] != w.Space {
				below.Spaces = append(below.Spaces, w.Space)
			}
			continue
		}
		switch mine, known := m.hashAt(w); {
		case !known:
		case mine != w.After.Hash:
			m.forked(now, p, chain{w.Space, w.Author}, w.After.Seq)
			w.After.Hash = mine
			answer.Forks = append(answer.Forks, w)
		default:
			wants = append(wants, w)
		}
	}
	if len(wants) > 0 {
		answer.Body, answer.Parts = m.source.Parts(wants, min(msg.Size, m.cfg.ChunkMax))
	}
	if answer.Parts == 0 {
		answer.Body = nil // an encoding of no parts may have bytes
	}
	if len(below.Spaces) > 0 {
		m.send(p, below)
	}
	m.stats.PartsSent += uint64(answer.Parts)
	m.send(p, answer)
}

// hashAt returns this replica's chain hash where the want begins: zero at the
// beginning of a chain, and not known beyond its end.
func (m *Machine) hashAt(w Want) (causal.Hash, bool) {
	switch {
	case !m.source.Holds(w.Space):
		return causal.Hash{}, false
	case w.After.Seq == 0:
		return w.After.Hash, true
	case w.After.Seq > m.source.Head(w.Space, w.Author).Seq:
		return causal.Hash{}, false
	}
	return m.source.HashAt(w.Space, w.Author, w.After.Seq)
}
