package repair

import (
	"slices"

	"github.com/martinelli-lang/martinelli/algebra/causal"
)

// Two nodes whose hashes of a chain differ hold different branches of it, and
// each can prove that once it has seen the other's headers. So each asks the
// other: it names hashes of its own, ever farther apart towards the beginning,
// and is told between which two of them the chains part. Where these are far
// apart it asks again with hashes from between, until the other's headers from
// there on fit into one answer. Forks that are deep cost a few questions, and
// neither side keeps more than that it has asked.

// probe is a question for a peer's branch of a chain.
type probe struct {
	no     uint64
	turns  int
	lapses causal.Instant // until then it is not asked anew
}

// Bounds of the search for where two branches part.
const (
	probesMax = 256 // chains asked about at a time, over all peers
	turnsMax  = 8   // questions for one branch
	hashesMax = 65  // in one question; with each the stretch in doubt becomes a sixtieth
	gapMax    = 256 // common parts an answer may have before the first that differs
)

// contend asks a peer for its branch of a chain, unless that was done just now.
func (m *Machine) contend(now causal.Instant, p *peer, c chain) {
	k := peerChain{p.id, c}
	if old := m.probes[k]; old != nil && now < old.lapses {
		return
	}
	if m.probes[k] == nil && len(m.probes) >= probesMax {
		m.forgetProbes(now)
		if len(m.probes) >= probesMax {
			return
		}
	}
	m.last++
	q := &probe{no: m.last, lapses: now + m.cfg.Timeout/2}
	m.probes[k] = q
	m.send(p, Branch{q.no, c.space, c.author, m.hashes(c)})
}

// forgetProbes lets go of those that have lapsed.
func (m *Machine) forgetProbes(now causal.Instant) {
	for k, q := range m.probes {
		if now >= q.lapses {
			delete(m.probes, k)
		}
	}
}

// hashes returns this replica's hashes of a chain, ascending: at its end, and
// ever farther from it.
func (m *Machine) hashes(c chain) (list []causal.Head) {
	end := m.source.Head(c.space, c.author)
	for step := uint64(1); step < end.Seq; step *= 2 {
		if h, ok := m.source.HashAt(c.space, c.author, end.Seq-step); ok {
			list = append(list, causal.Head{Seq: end.Seq - step, Hash: h})
		}
	}
	slices.Reverse(list)
	if end.Seq > 0 {
		list = append(list, end)
	}
	return list
}

// serveBranch answers with this replica's headers from the last part that is
// known to be common, or says between which parts to look closer.
func (m *Machine) serveBranch(now causal.Instant, p *peer, msg Branch) {
	c := chain{msg.Space, msg.Author}
	after, over, differs := m.parting(msg)
	if over <= after {
		return // no fork, or one that is proven
	}
	answer := Evidence{Exchange: msg.Exchange, Space: msg.Space, Author: msg.Author, After: after, Over: over}
	if differs && over-after <= gapMax {
		if b, ok := m.source.Branch(c.space, c.author, answer.After, answer.Over); ok {
			answer.Branch = b
		}
	}
	m.send(p, answer)
	m.contend(now, p, c)
}

// parting returns the last of a peer's hashes that is this replica's too, and
// the first that is not. Where the peer names none between that and this
// replica's end, that is what to look at next: whether it differs is not known.
func (m *Machine) parting(msg Branch) (after, over uint64, differs bool) {
	end := m.source.Head(msg.Space, msg.Author).Seq
	for _, h := range msg.Heads {
		if h.Seq > end {
			return after, end, false
		}
		mine, ok := m.hashAt(Want{msg.Space, msg.Author, h})
		if !ok {
			break
		}
		if mine != h.Hash {
			return after, h.Seq, true
		}
		after = h.Seq
	}
	return after, 0, false
}

// evidence takes a peer's branch, or looks closer where the peer says.
func (m *Machine) evidence(now causal.Instant, p *peer, msg Evidence) {
	k := peerChain{p.id, chain{msg.Space, msg.Author}}
	q := m.probes[k]
	if q == nil || q.no != msg.Exchange {
		return
	}
	if len(msg.Branch.Headers) > 0 {
		m.stats.Branches++
		m.out.Evidence = append(m.out.Evidence, Contended{p.id, msg.Space, msg.Author, msg.After, msg.Branch})
		return
	}
	if q.turns++; q.turns >= turnsMax {
		return
	}
	m.send(p, Branch{q.no, msg.Space, msg.Author, m.between(k.chain, msg.After, msg.Over)})
}

// between returns hashes at even distances from lo to hi, both included.
func (m *Machine) between(c chain, lo, hi uint64) (list []causal.Head) {
	hi = min(hi, m.source.Head(c.space, c.author).Seq)
	step := max(1, (hi-min(lo, hi))/(hashesMax-2))
	for seq := lo; seq < hi && len(list) < hashesMax-1; seq += step {
		if h, ok := m.source.HashAt(c.space, c.author, seq); ok && seq > 0 {
			list = append(list, causal.Head{Seq: seq, Hash: h})
		}
	}
	if h, ok := m.source.HashAt(c.space, c.author, hi); ok {
		list = append(list, causal.Head{Seq: hi, Hash: h})
	}
	return list
}
