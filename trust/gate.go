package trust

import (
	"slices"

	"github.com/martinelli-lang/martinelli/algebra/causal"
)

// gate is where the parcels of one chain wait: for those before them, then for
// the host's word on their seals.
type gate struct {
	chain causal.Chain
	tip   causal.Head // up to here all is vouched for and handed out; behind the replica's own tip it means nothing
	run   []*held     // consecutive parcels from the tip on, with the host
	open  int         // how many of run are not answered
	queue []*held     // by first seq
}

// held is one parcel that waits.
type held struct {
	from   causal.ReplicaID
	parcel causal.Parcel
	size   int
	gate   *gate
	hashes []causal.Hash // once in a run
	isGood bool
}

// Receive takes the parcels of a frame that a peer sent, in their order.
func (m *Machine) Receive(from causal.ReplicaID, parcels []causal.Parcel) {
	var touched []*gate
	for i := range parcels {
		g := m.gate(parcels[i].Chain())
		if m.hold(from, g, &parcels[i]) && !slices.Contains(touched, g) {
			touched = append(touched, g)
		}
	}
	for _, g := range touched {
		m.advance(g)
	}
	m.settled(from)
	if len(m.gates) > gatesMax {
		m.sweep()
	}
}

// gatesMax is how many gates there may be before those are looked for that
// nothing waits at.
const gatesMax = 1024

func (m *Machine) gate(c causal.Chain) *gate {
	g := m.gates[c]
	if g == nil {
		g = &gate{chain: c}
		m.gates[c] = g
	}
	return g
}

// queueMax bounds the parcels that wait at one gate for those before them.
const queueMax = 256

// hold puts a parcel into its gate's queue, if there is room.
func (m *Machine) hold(from causal.ReplicaID, g *gate, p *causal.Parcel) bool {
	h := &held{from: from, parcel: *p, size: sizeOf(p), gate: g}
	if len(g.queue) >= queueMax || m.stats.Held >= m.cfg.HeldMax || m.stats.HeldSize+h.size > m.cfg.HeldSizeMax {
		m.stats.Dropped++
		return false
	}
	m.stats.Held++
	m.stats.HeldSize += h.size
	i := len(g.queue)
	for i > 0 && g.queue[i-1].parcel.First() > p.First() {
		i--
	}
	g.queue = slices.Insert(g.queue, i, h)
	return true
}

// gone says that a parcel waits no more.
func (m *Machine) gone(h *held) {
	m.stats.Held--
	m.stats.HeldSize -= h.size
}

// advance takes what connects off the queue and asks the host about it.
func (m *Machine) advance(g *gate) {
	if g.open > 0 {
		return
	}
	at := m.tip(g)
	for len(g.queue) > 0 && g.queue[0].parcel.First() <= at.Seq+1 {
		h := g.queue[0]
		g.queue = g.queue[1:]
		if h.parcel.Last() <= at.Seq {
			m.gone(h) // it came before
			continue
		}
		h.cut(at.Seq)
		at = h.chainFrom(at, &m.hasher)
		g.run = append(g.run, h)
	}
	if len(g.run) > 0 {
		m.ask(g)
	} else if len(g.queue) == 0 && g.tip.Seq <= m.cfg.Source.Tip(g.chain).Seq {
		delete(m.gates, g.chain)
	}
}

// tip returns behind which part the next one is awaited.
func (m *Machine) tip(g *gate) causal.Head {
	if applied := m.cfg.Source.Tip(g.chain); applied.Seq >= g.tip.Seq {
		return applied
	}
	return g.tip
}

// cut takes off the parts up to and including seq.
func (h *held) cut(seq uint64) {
	if first := h.parcel.First(); first <= seq {
		h.parcel.Parts = h.parcel.Parts[seq+1-first:]
	}
}

// chainFrom computes the chain hashes of the parts, and returns the chain's
// head behind them.
func (h *held) chainFrom(at causal.Head, hasher *causal.Hasher) causal.Head {
	h.hashes = make([]causal.Hash, len(h.parcel.Parts))
	for i, p := range h.parcel.Parts {
		at = causal.Head{Seq: p.Seq, Hash: hasher.Chain(at.Hash, p)}
		h.hashes[i] = at.Hash
	}
	return at
}

// ask asks the host about every seal of the run: a good one vouches for all
// parts before it.
func (m *Machine) ask(g *gate) {
	key, ok := m.keyOf(g)
	if !ok {
		m.stats.Unknown += uint64(len(g.run))
		m.fail(g, g.run)
		g.run = nil
		return
	}
	g.open = len(g.run)
	for _, h := range g.run {
		id := m.nextID()
		m.asked[id] = h
		m.open[h.from]++
		head := causal.Head{Seq: h.parcel.Last(), Hash: h.hashes[len(h.hashes)-1]}
		m.out.Verify = append(m.out.Verify, VerifyRequest{
			ID: id, Public: key.Public, Signature: h.parcel.Seal.Signature,
			Statement: causal.SealStatement(g.chain, head),
		})
	}
}

// keyOf returns the key of a chain's author: known, or brought by the run.
func (m *Machine) keyOf(g *gate) (causal.Key, bool) {
	if k, ok := m.keys[g.chain.Replica]; ok {
		return k, true
	}
	for _, h := range g.run {
		if h.parcel.Key != nil {
			return *h.parcel.Key, true
		}
	}
	return causal.Key{}, false
}

// Verified takes the host's answers.
func (m *Machine) Verified(answers []Verified) {
	for _, a := range answers {
		h, ok := m.asked[a.ID]
		if !ok {
			continue
		}
		delete(m.asked, a.ID)
		h.isGood = a.IsGood
		m.open[h.from]--
		if h.gate.open--; h.gate.open == 0 {
			m.conclude(h.gate)
		}
		m.settled(h.from)
	}
}

// settled tells that nothing of a peer's is with the host, if that is so.
func (m *Machine) settled(peer causal.ReplicaID) {
	if m.open[peer] == 0 {
		delete(m.open, peer)
		m.out.Settled = append(m.out.Settled, peer)
	}
}

// conclude hands out the run up to its last good seal and refuses the rest.
func (m *Machine) conclude(g *gate) {
	run := g.run
	g.run = nil
	good := len(run)
	for good > 0 && !run[good-1].isGood {
		good--
	}
	var loose *held // parts before a good seal whose own seal is bad
	for _, h := range run[:good] {
		m.gone(h)
		if loose != nil {
			h.parcel.Parts = append(loose.parcel.Parts, h.parcel.Parts...)
			h.hashes = append(loose.hashes, h.hashes...)
			loose = nil
		}
		if !h.isGood {
			m.stats.Refused++
			loose = h
			continue
		}
		m.accept(g, h)
	}
	m.stats.Refused += uint64(len(run) - good)
	m.fail(g, run[good:])
	m.advance(g)
}

func (m *Machine) accept(g *gate, h *held) {
	m.stats.Verified++
	g.tip = causal.Head{Seq: h.parcel.Last(), Hash: h.hashes[len(h.hashes)-1]}
	if k := h.parcel.Key; k != nil {
		if _, known := m.keys[g.chain.Replica]; !known {
			m.keys[g.chain.Replica] = *k
			m.out.Keys = append(m.out.Keys, NewKey{g.chain, *k})
		}
	}
	if m.isOwn(g.chain.Replica) {
		m.out.Clones = append(m.out.Clones, g.chain)
		return
	}
	m.out.Accepted = append(m.out.Accepted, Accepted{h.from, causal.Vouched{Parcel: h.parcel, Hashes: h.hashes}})
}

// fail drops parcels that nobody vouches for.
func (m *Machine) fail(g *gate, run []*held) {
	for _, h := range run {
		m.gone(h)
		m.out.Doubts = append(m.out.Doubts, Doubt{h.from, g.chain})
	}
}

// Forget says that the replica has let parts of a chain fall that were handed
// to it: they will come again.
func (m *Machine) Forget(c causal.Chain) {
	if g := m.gates[c]; g != nil {
		g.tip = causal.Head{}
	}
}

// sweep forgets the gates at which nothing waits and which are not ahead of
// the replica.
func (m *Machine) sweep() {
	for c, g := range m.gates {
		if g.open == 0 && len(g.queue) == 0 && g.tip.Seq <= m.cfg.Source.Tip(c).Seq {
			delete(m.gates, c)
		}
	}
}

// sizeOf is about what a parcel takes in memory.
func sizeOf(p *causal.Parcel) int {
	size := 256
	for _, part := range p.Parts {
		size += 256 + 40*(len(part.Seen)+len(part.Siblings)+len(part.Grants)) + causal.BodySize(part.Entries, part.Removed)
	}
	return size
}
