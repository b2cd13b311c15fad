package trust

import (
	"slices"

	"github.com/martinelli-lang/martinelli/algebra/causal"
)

// gate is where the parcels of one chain wait: for those before them, then for
// the host's word on their seals. What each peer sent waits in a lane of its
// own and is judged by itself, in turn; so what one peer forges delays what
// others send by its turn, and does no more.
type gate struct {
	chain causal.Chain
	tip   causal.Head // up to here all is vouched for and handed out; behind the replica's own tip it means nothing
	key   *causal.Key // that came with the first part, for as long as the replica may not have it
	lanes []*lane     // the one whose turn is next first

	turn        *lane     // whose run it is
	run         []*bundle // consecutive from the tip on, with the host
	open        int       // how many of run are not answered
	isForgotten bool      // the replica let parts fall that lie before the run
}

// lane is what one peer sent of one chain.
type lane struct {
	gate    *gate
	peer    *peer
	queue   []held // by first seq; at most queueMax
	isOwed  bool   // the peer is told when nothing here can go to the host any more
	isSplit bool   // a bundle was found bad: one of its parcels is to blame
}

// held is a parcel that waits.
type held struct {
	parcel causal.Parcel
	size   int
}

// bundle is consecutive parcels of one lane that are judged by the last one's
// seal: it covers them all, and the other seals are not needed any more. So
// where parcels come in faster than the host verifies, it verifies fewer.
type bundle struct {
	gate    *gate
	members []held
	parts   int
	size    int
	before  causal.Hash
	hashes  []causal.Hash // at each of the parts
	claims  []*claim      // proofs that the parts hold; at most claimsMax
	isGood  bool
}

// peer is what waits of one peer's.
type peer struct {
	id    causal.ReplicaID
	lanes map[*lane]struct{} // with a queue
	held  int
	size  int
	owed  int // lanes
}

// Receive takes the parcels of a frame that a peer sent, in their order.
func (m *Machine) Receive(from causal.ReplicaID, parcels []causal.Parcel) {
	p := m.peer(from)
	var touched []*lane
	for i := range parcels {
		l := m.hold(p, &parcels[i])
		if l != nil && !l.isOwed {
			l.owe()
			touched = append(touched, l)
		}
	}
	for _, l := range touched {
		m.advance(l.gate)
	}
	if len(touched) == 0 {
		m.settled(p)
	}
	m.sweep()
}

func (m *Machine) peer(id causal.ReplicaID) *peer {
	p := m.peers[id]
	if p == nil {
		p = &peer{id: id, lanes: map[*lane]struct{}{}}
		m.peers[id] = p
	}
	return p
}

func (m *Machine) gate(c causal.Chain) *gate {
	g := m.gates[c]
	if g == nil {
		g = &gate{chain: c}
		m.gates[c] = g
	}
	return g
}

// lane returns the lane of a peer.
func (g *gate) lane(p *peer) *lane {
	for _, l := range g.lanes {
		if l.peer == p {
			return l
		}
	}
	l := &lane{gate: g, peer: p}
	g.lanes = append(g.lanes, l)
	return l
}

// queueMax bounds the parcels that wait in one lane; the last of the chain
// fall out.
const queueMax = 256

// hold puts a parcel into its lane, if it is news and there is room.
func (m *Machine) hold(p *peer, parcel *causal.Parcel) *lane {
	if m.isStale(p, parcel) {
		m.stats.Stale++
		return nil
	}
	h := held{*parcel, sizeOf(parcel)}
	if m.isFull(h) {
		m.relieve()
	}
	if m.isFull(h) { // what is left is with the host
		m.stats.Dropped++
		return nil
	}
	l := m.gate(parcel.Chain()).lane(p)
	i := len(l.queue)
	for i > 0 && l.queue[i-1].parcel.First() > parcel.First() {
		i--
	}
	l.queue = slices.Insert(l.queue, i, h)
	p.lanes[l] = struct{}{}
	m.came(p, h)
	if last := len(l.queue) - 1; last >= queueMax {
		m.stats.Dropped++
		m.gone(p, l.queue[last])
		l.queue = l.queue[:last]
	}
	return l
}

// isStale reports whether nobody needs a parcel: it came before, is another
// branch of what did, or is behind a fork that is proven.
func (m *Machine) isStale(p *peer, parcel *causal.Parcel) bool {
	c := parcel.Chain()
	at := m.cfg.Source.Tip(c)
	if g := m.gates[c]; g != nil {
		at = m.tip(g)
	}
	if parcel.First() > at.Seq {
		return m.isPast(c, parcel.First())
	}
	return !m.suspect(p.id, parcel, at) || parcel.Last() <= at.Seq
}

func (m *Machine) isFull(h held) bool {
	return m.stats.Held >= m.cfg.HeldMax || m.stats.HeldSize+h.size > m.cfg.HeldSizeMax
}

func (m *Machine) came(p *peer, h held) { m.count(p, 1, h.size) }

// gone says that a parcel waits no more.
func (m *Machine) gone(p *peer, h held) { m.count(p, -1, -h.size) }

func (m *Machine) count(p *peer, parcels, size int) {
	p.held += parcels
	p.size += size
	m.stats.Held += parcels
	m.stats.HeldSize += size
}

// relieve makes room: who holds most loses all that waits.
func (m *Machine) relieve() {
	var most *peer
	for _, p := range m.peers {
		if most == nil || p.size > most.size || p.size == most.size && p.id.Compare(most.id) < 0 {
			most = p
		}
	}
	m.stats.Dropped += uint64(m.clear(most))
}

// clear lets all fall that waits of a peer's and is not with the host.
func (m *Machine) clear(p *peer) (dropped int) {
	for l := range p.lanes {
		dropped += len(l.queue)
		for _, h := range l.queue {
			m.gone(p, h)
		}
		l.queue = nil
		if !l.isOwed { // otherwise its turn will come
			m.leave(l)
		}
	}
	clear(p.lanes)
	return dropped
}

// leave takes an empty lane from its gate.
func (m *Machine) leave(l *lane) {
	g := l.gate
	if at := slices.Index(g.lanes, l); at >= 0 {
		g.lanes = slices.Delete(g.lanes, at, at+1)
	}
	delete(l.peer.lanes, l)
	if m.isIdle(g) {
		delete(m.gates, g.chain)
	}
}

// LinkDown says that a peer sends no more. What it sent and is with the host
// is judged all the same.
func (m *Machine) LinkDown(from causal.ReplicaID) {
	delete(m.strikes, from)
	if p := m.peers[from]; p != nil {
		m.clear(p)
		m.settled(p)
	}
}

// advance gives the turn to the first lane that has something to verify, if no
// lane has it.
func (m *Machine) advance(g *gate) {
	for left := len(g.lanes); g.open == 0 && left > 0; left-- {
		l := g.lanes[0]
		g.back(l)
		switch m.connect(l); {
		case len(g.run) == 0:
			if len(l.queue) == 0 {
				m.leave(l)
			}
			m.done(l)
		case !m.ask(g):
			left = len(g.lanes) + 1
		}
	}
	if m.isIdle(g) {
		delete(m.gates, g.chain)
	}
}

// back makes a lane's turn the last.
func (g *gate) back(l *lane) {
	at := slices.Index(g.lanes, l)
	copy(g.lanes[at:], g.lanes[at+1:])
	g.lanes[len(g.lanes)-1] = l
}

// owe notes that something of the lane may go to the host, or is there.
func (l *lane) owe() {
	if !l.isOwed {
		l.isOwed = true
		l.peer.owed++
	}
}

// done says that nothing of a lane can go to the host for now.
func (m *Machine) done(l *lane) {
	if l.isOwed {
		l.isOwed = false
		l.peer.owed--
		m.settled(l.peer)
	}
}

// settled tells that nothing of a peer's is with the host or can go there, if
// that is so.
func (m *Machine) settled(p *peer) {
	if p.owed > 0 {
		return
	}
	m.out.Settled = append(m.out.Settled, p.id)
	if p.held == 0 && m.peers[p.id] == p {
		delete(m.peers, p.id)
	}
}

// tip returns behind which part the next one is awaited.
func (m *Machine) tip(g *gate) causal.Head {
	if applied := m.cfg.Source.Tip(g.chain); applied.Seq >= g.tip.Seq {
		return applied
	}
	return g.tip
}

// connect makes the run of what connects in the lane's queue.
func (m *Machine) connect(l *lane) {
	g := l.gate
	g.turn = l
	at := m.tip(g)
	n := 0
	for ; n < len(l.queue) && l.queue[n].parcel.First() <= at.Seq+1; n++ {
		h := l.queue[n]
		if h.parcel.First() <= at.Seq && (len(g.run) == 0 && !m.suspect(l.peer.id, &h.parcel, at) || h.parcel.Last() <= at.Seq) {
			m.gone(l.peer, h) // it came before, or is of another branch
			continue
		}
		h.cut(at.Seq)
		if last := len(g.run) - 1; last < 0 || l.isSplit || !g.run[last].fits(h) {
			g.run = append(g.run, &bundle{gate: g, before: at.Hash})
		}
		at = g.run[len(g.run)-1].add(h, at, &m.hasher)
	}
	l.queue = l.queue[n:]
}

// cut takes off the parts up to and including seq.
func (h *held) cut(seq uint64) {
	if first := h.parcel.First(); first <= seq {
		h.parcel.Parts = h.parcel.Parts[seq+1-first:]
	}
}

// fits reports whether one seal may stand for h too.
func (b *bundle) fits(h held) bool {
	return b.parts+len(h.parcel.Parts) <= causal.ParcelPartsMax && b.size+h.size <= causal.ParcelSizeMax
}

// add puts h at the end, computes its chain hashes, and returns the chain's
// head behind it.
func (b *bundle) add(h held, at causal.Head, hasher *causal.Hasher) causal.Head {
	b.members = append(b.members, h)
	b.parts += len(h.parcel.Parts)
	b.size += h.size
	for _, p := range h.parcel.Parts {
		at = causal.Head{Seq: p.Seq, Hash: hasher.Chain(at.Hash, p)}
		b.hashes = append(b.hashes, at.Hash)
	}
	return at
}

// last returns the seal that stands for all, and what it is over.
func (b *bundle) last() (causal.Seal, causal.Head) {
	seal := b.members[len(b.members)-1].parcel.Seal
	return seal, causal.Head{Seq: seal.Seq, Hash: b.hashes[len(b.hashes)-1]}
}

// parcel returns the members as one parcel.
func (b *bundle) parcel() causal.Parcel {
	p := b.members[0].parcel
	if len(b.members) > 1 {
		p.Parts = slices.Clip(p.Parts)
		for _, h := range b.members[1:] {
			p.Parts = append(p.Parts, h.parcel.Parts...)
		}
		p.Seal, _ = b.last()
	}
	return p
}

// ask asks the host about the seals of the run; false if nobody can tell.
func (m *Machine) ask(g *gate) bool {
	key, ok := m.keyOf(g)
	if !ok {
		m.stats.Unknown++
		m.fail(g, g.run)
		g.run = nil
		return false
	}
	g.turn.owe()
	g.open = len(g.run)
	for _, b := range g.run {
		seal, head := b.last()
		m.verify(question{bundle: b}, key.Public, causal.SealStatement(g.chain, head), seal.Signature)
		b.claims = nil
		g.open += m.examine(b)
	}
	return true
}

// question is what the host was asked: about the seal of a bundle, about a
// proof in one of its parts, or about a branch of a fork.
type question struct {
	bundle   *bundle
	claim    *claim // of the bundle; nil: its seal
	evidence *evidence
}

func (m *Machine) verify(q question, public [32]byte, statement []byte, s causal.Signature) {
	id := m.nextID()
	m.asked[id] = q
	m.out.Verify = append(m.out.Verify, VerifyRequest{ID: id, Public: public, Statement: statement, Signature: s})
}

// keyOf returns the key of a chain's author: known, or brought by the run.
func (m *Machine) keyOf(g *gate) (causal.Key, bool) {
	if k, ok := m.Key(g.chain.Replica); ok {
		return k, true
	}
	if g.key != nil {
		return *g.key, true
	}
	if k := g.run[0].members[0].parcel.Key; k != nil && k.ID() == g.chain.Replica {
		return *k, true
	}
	return causal.Key{}, false
}

// Verified takes the host's answers.
func (m *Machine) Verified(answers []Verified) {
	for _, a := range answers {
		q, ok := m.asked[a.ID]
		if !ok {
			continue
		}
		delete(m.asked, a.ID)
		b := q.bundle
		switch {
		case q.evidence != nil:
			m.judged(q.evidence, a.IsGood)
			continue
		case q.claim != nil:
			q.claim.judged(a.IsGood)
		default:
			b.isGood = a.IsGood
		}
		if b.gate.open--; b.gate.open == 0 {
			m.conclude(b.gate)
		}
	}
}

// conclude hands out the run up to its first bad seal and refuses the rest. A
// bad bundle is judged again, parcel by parcel.
func (m *Machine) conclude(g *gate) {
	run, l := g.run, g.turn
	g.run, l.isSplit = nil, false
	for len(run) > 0 && run[0].isGood {
		m.accept(g, run[0])
		run = run[1:]
	}
	switch {
	case len(run) == 0:
	case len(run[0].members) > 1:
		l.isSplit = true
		m.again(l, run)
	default:
		m.stats.Refused++
		m.strike(l.peer.id, g.chain)
		m.fail(g, run)
	}
	g.isForgotten = false
	m.advance(g)
}

// again puts what was in a run back into its lane.
func (m *Machine) again(l *lane, run []*bundle) {
	var back []held
	for _, b := range run {
		back = append(back, b.members...)
	}
	l.queue = append(back, l.queue...)
	l.peer.lanes[l] = struct{}{}
}

func (m *Machine) accept(g *gate, b *bundle) {
	m.stats.Verified++
	m.release(b)
	parcel := b.parcel()
	if _, head := b.last(); !g.isForgotten {
		g.tip = head
	}
	if g.key == nil {
		g.key = parcel.Key
	}
	if m.isOwn(g.chain.Replica) {
		m.out.Clones = append(m.out.Clones, g.chain)
		return
	}
	m.out.Accepted = append(m.out.Accepted, Accepted{g.turn.peer.id, causal.Vouched{Parcel: parcel, Before: b.before, Hashes: b.hashes, Proven: b.proven()}})
}

func (m *Machine) release(b *bundle) {
	for _, h := range b.members {
		m.gone(b.gate.turn.peer, h)
	}
}

// fail drops parcels that nobody vouches for.
func (m *Machine) fail(g *gate, run []*bundle) {
	for _, b := range run {
		m.release(b)
	}
	m.out.Doubts = append(m.out.Doubts, Doubt{g.turn.peer.id, g.chain})
}

// Forget says that the replica has let parts of a chain fall that were handed
// to it: they will come again.
func (m *Machine) Forget(c causal.Chain) {
	if g := m.gates[c]; g != nil {
		g.tip, g.key, g.isForgotten = causal.Head{}, nil, g.open > 0
	}
}

// isIdle reports whether nothing waits at a gate, and it is not ahead of the
// replica.
func (m *Machine) isIdle(g *gate) bool {
	return g.open == 0 && len(g.lanes) == 0 && g.tip.Seq <= m.cfg.Source.Tip(g.chain).Seq
}

// sweep forgets the gates at which nothing waits any more, when there are many
// and twice as many as the last time.
func (m *Machine) sweep() {
	const gatesMin = 1024
	if len(m.gates) < max(gatesMin, 2*m.swept) {
		return
	}
	for c, g := range m.gates {
		if m.isIdle(g) {
			delete(m.gates, c)
		}
	}
	m.swept = len(m.gates)
}

// sizeOf is about what a parcel takes in memory.
func sizeOf(p *causal.Parcel) int {
	size := 256
	for _, part := range p.Parts {
		size += 256 + 40*(len(part.Seen)+len(part.Siblings)+len(part.Grants)) + causal.BodySize(part.Entries, part.Removed)
	}
	return size
}
