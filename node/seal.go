package node

import (
	"slices"

	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/overlay/broadcast"
	"github.com/martinelli-lang/martinelli/overlay/member"
	"github.com/martinelli-lang/martinelli/replica"
	"github.com/martinelli-lang/martinelli/trust"
)

// This file introduces trust to the others: own parts are pushed once they
// bear a seal, parts of others are applied once their seal is found good. The
// host does the arithmetic between two calls of the node.

// Signed takes the host's signatures for the requests of an Output.
func (n *Node) Signed(now causal.Instant, answers []trust.Signed) {
	n.trust.Signed(answers)
	n.settle(now)
}

// Verified takes the host's verdicts on signatures.
func (n *Node) Verified(now causal.Instant, answers []trust.Verified) {
	n.trust.Verified(answers)
	n.settle(now)
}

// minting notes that own chains have grown: they are sealed with the next Drain.
func (n *Node) minting(g replica.Group) {
	for i, p := range g.Parts {
		if !n.shared(p.Space) {
			continue
		}
		n.grew(p.Chain(), causal.Head{Seq: p.Seq, Hash: g.Hashes[i]}, causal.BodySize(p.Entries, p.Removed))
	}
}

func (n *Node) grew(c causal.Chain, head causal.Head, size int) {
	if _, known := n.pushed[c]; !known {
		n.pushed[c] = n.replica.Shown(c).Seq
	}
	n.trust.Grew(c, head, size)
	if !slices.Contains(n.minted, c) {
		n.minted = append(n.minted, c)
	}
}

// heedTrust carries what trust has decided to the others.
func (n *Node) heedTrust(now causal.Instant, o trust.Output) {
	n.out.Sign = append(n.out.Sign, o.Sign...)
	n.out.Verify = append(n.out.Verify, o.Verify...)
	for _, s := range o.Sealed {
		n.sealed(now, s)
	}
	n.heedAccepted(now, o.Accepted)
	for _, s := range o.Statements {
		n.attest(now, s.ID, s.Signature)
	}
	for _, v := range o.Verdicts {
		n.judged(now, v.ID, v.IsGood)
	}
	for _, d := range o.Doubts {
		n.counts.Doubted++
		n.event(EventRefused, d.From, "parts of "+d.Chain.Replica.Short()+" in space "+d.Chain.Space.String()+" bear no seal that fits what is here")
		n.repair.Begin(now, d.From)
	}
	n.heedForks(now, o)
	for _, peer := range o.Settled {
		if n.taking[peer] {
			delete(n.taking, peer)
			n.repair.Delivered(now, peer)
		}
	}
}

// heedAccepted applies parcels whose seals are good, and relays them where
// not every member is a neighbour.
func (n *Node) heedAccepted(now causal.Instant, list []trust.Accepted) {
	for len(list) > 0 {
		from, size := list[0].From, 1
		for size < len(list) && list[size].From == from {
			size++
		}
		vouched := make([]causal.Vouched, size)
		for i := range vouched {
			vouched[i] = list[i].Vouched
		}
		list = list[size:]
		if n.cfg.Planted.CountsUnread {
			n.blind(vouched)
		}
		if n.cfg.Mode == member.Static {
			n.relay(now, from, vouched)
		}
		for part := range slices.Chunk(vouched, mergeAlways) {
			n.replica.Receive(now, part)
			n.heedReplica(now, n.replica.Drain())
		}
	}
}

// sealed keeps an own seal and pushes the parts below it.
func (n *Node) sealed(now causal.Instant, s trust.Sealed) {
	n.replica.Seal(s.Chain, s.Seal)
	n.heedReplica(now, n.replica.Drain())
	from := n.pushed[s.Chain]
	if s.Seq <= from {
		return
	}
	n.pushed[s.Chain] = s.Seq
	if n.cast.IsAlone() {
		return
	}
	var parcels []causal.Vouched
	for p := range n.replica.Since([]replica.ChainHead{{Chain: s.Chain, Head: causal.Head{Seq: from}}}) {
		parcels = append(parcels, causal.Vouched{Parcel: n.keyed(p)})
	}
	for _, b := range n.batches(parcels) {
		n.cast.PushTo(now, b, func(peer causal.ReplicaID) bool { return n.mayHave(peer, s.Chain.Space) })
	}
}

// keyed gives a parcel that begins its chain the author's key.
func (n *Node) keyed(p causal.Parcel) causal.Parcel {
	if p.First() == 1 && p.Key == nil {
		if k, ok := n.trust.Key(p.Parts[0].Replica); ok {
			p.Key = &k
		}
	}
	return p
}

// keepSeals writes seals down, and lets go of those they replace.
func (n *Node) keepSeals(list []replica.Sealed) {
	for _, s := range list {
		n.store.PutSeal(s.Chain, s.Seal)
		for _, seq := range s.Gone {
			n.store.DeleteSeal(s.Chain, seq)
		}
	}
}

// batches encodes the parcels that others may have, in frames of at most the
// broadcast's bound. A parcel that is larger by itself is left to repair.
func (n *Node) batches(parcels []causal.Vouched) []broadcast.Batch {
	var list []broadcast.Batch
	var frame replica.Frame
	end := func() {
		if frame.Parts() > 0 {
			list = append(list, broadcast.Batch{Parts: frame.Parts(), Body: frame.Bytes()})
		}
		frame = replica.Frame{}
	}
	for i := range parcels {
		p := &parcels[i].Parcel
		if !n.shared(p.Chain().Space) {
			continue
		}
		if frame.Size()+sizeOf(p) > n.cast.SizeMax() || frame.Parts()+len(p.Parts) > replica.FramePartsMax {
			end()
		}
		frame.Append(p)
	}
	end()
	return list
}

// sizeOf is at least the bytes that a parcel adds to a frame.
func sizeOf(p *causal.Parcel) int {
	const head, ref, seal = 64, 52, 128
	size := seal
	for _, part := range p.Parts {
		size += head + ref*(len(part.Seen)+len(part.Siblings)+len(part.Grants)) + causal.BodySize(part.Entries, part.Removed)
	}
	return size
}

// reseal asks for the seals that a crash came before. To sign a part of a
// chain again says nothing new: the same parts were signed, or nobody has seen
// them.
func (n *Node) reseal() {
	for _, author := range n.own() {
		for _, c := range n.replica.Unsealed(author) {
			if n.shared(c.Chain.Space) {
				n.resealChain(c)
			}
		}
	}
}

func (n *Node) resealChain(c replica.ChainHead) {
	for seq := n.replica.Shown(c.Chain).Seq + 1; seq <= c.Seq; seq++ {
		p := n.replica.Part(c.Chain.At(seq))
		hash, ok := n.replica.HashAt(c.Chain.Space, c.Chain.Replica, seq)
		if p == nil || !ok {
			return // the disk has failed, and says so itself
		}
		n.grew(c.Chain, causal.Head{Seq: seq, Hash: hash}, causal.BodySize(p.Entries, p.Removed))
	}
}

// own returns under whose names this node writes.
func (n *Node) own() []causal.ReplicaID {
	if n.isHome() {
		return []causal.ReplicaID{n.self, n.homeID}
	}
	return []causal.ReplicaID{n.self}
}

// keepKeys writes down the keys of the authors of whom a group has the first
// part at all.
func (n *Node) keepKeys(g replica.Group) {
	for _, k := range g.Keys {
		n.trust.Learn(k)
	}
	for _, p := range g.Parts {
		if p.Seq > 1 || n.keyKept[p.Replica] {
			continue
		}
		if k, ok := n.trust.Key(p.Replica); ok {
			n.keyKept[p.Replica] = true
			n.store.PutKey(p.Chain(), k)
		}
	}
}

// source of trust: the chains as they are applied here.
type tips struct{ n *Node }

func (t tips) Tip(c causal.Chain) causal.Head {
	if slices.Contains(t.n.cfg.Former, c.Replica) {
		return t.n.replica.Shown(c) // what is behind still awaits its seal
	}
	return t.n.replica.Head(c.Space, c.Replica)
}

func (t tips) HashOf(ref causal.Ref) (causal.Hash, bool) {
	if hash, ok := t.n.replica.HashAt(ref.Space, ref.Replica, ref.Seq); ok {
		return hash, true
	}
	_, hash, ok := t.n.replica.Held(ref)
	return hash, ok
}

func (t tips) Part(ref causal.Ref) *causal.Part {
	p, _, _ := t.n.replica.Held(ref)
	return p
}

func (t tips) SealOver(c causal.Chain, seq uint64) (causal.Seal, bool) {
	return t.n.replica.SealOver(c, seq)
}

func (t tips) Forked(c causal.Chain) (first uint64, ok bool) { return t.n.replica.Forked(c) }
