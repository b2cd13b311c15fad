package node

import (
	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/algebra/crdt"
	"github.com/martinelli-lang/martinelli/algebra/order"
	"github.com/martinelli-lang/martinelli/overlay/repair"
	"github.com/martinelli-lang/martinelli/replica"
	"github.com/martinelli-lang/martinelli/store"
	"maps"
)

// A node that lags behind the logs of others takes a checkpoint: repair fetches
// it and compares it with what the steward has signed; here it is written
// beside the space's state as it comes, and then both replica and store switch
// to it at once, with the other spaces that are referred to.

// arriving is a checkpoint on its way here.
type arriving struct {
	repair.Outline
	buckets map[causal.BucketName]arrived
	copy    store.Copy
	isWhole bool
}

// arrived is a bucket that is here.
type arrived struct {
	leaf    causal.Leaf
	entries []crdt.Live
}

// heedStaged takes what has come of checkpoints.
func (n *Node) heedStaged(now causal.Instant, o repair.Staged) {
	for _, u := range o.Untrue {
		n.counts.Untrue++
		n.event(EventCheckpoint, u.Peer, "node "+u.Peer.Short()+" sent "+u.Why+", of space "+u.Space.String()+"; others are asked")
	}
	for _, offer := range o.Offers {
		n.ask(now, offer)
	}
	for i := range o.Outlines {
		n.outline(&o.Outlines[i])
	}
	for _, b := range o.Buckets {
		n.bucket(now, b)
	}
	for _, space := range o.Whole {
		if a := n.arriving[space]; a != nil {
			a.isWhole = true
		}
	}
	if len(o.Whole) > 0 {
		n.install(now)
	}
}

// ask asks the host whether a steward has signed an offer.
func (n *Node) ask(now causal.Instant, o repair.Offer) {
	steward := o.Key.ID()
	if !n.isSteward(steward) {
		n.repair.Attested(now, o.Space, false)
		return
	}
	statement := causal.AppendCheckpointStatement(nil, o.Space, steward, &o.Record)
	n.offers[n.trust.Verify(o.Key, statement, o.Record.Signature)] = o.Space
}

// judged takes the host's word on an offer.
func (n *Node) judged(now causal.Instant, request uint64, isGood bool) {
	if space, ok := n.offers[request]; ok {
		delete(n.offers, request)
		n.repair.Attested(now, space, isGood)
	}
}

// outline begins a copy with all but its entries, and with the buckets that
// are here already.
func (n *Node) outline(o *repair.Outline) {
	before := n.arriving[o.Space]
	a := &arriving{Outline: *o, buckets: map[causal.BucketName]arrived{}, copy: n.store.NewCopy(o.Space)}
	n.arriving[o.Space] = a
	own := map[causal.BucketName]bool{}
	for _, l := range o.Leaves {
		if known, ok := n.replica.Leaf(o.Space, l.BucketName); ok && known == l {
			own[l.BucketName] = true
		}
	}
	found := n.replica.Buckets(o.Space, own)
	for _, l := range o.Leaves {
		switch {
		case own[l.BucketName]:
			n.put(a, arrived{l, found[l.BucketName]})
		case before != nil && before.buckets[l.BucketName].leaf == l:
			n.put(a, before.buckets[l.BucketName])
		}
	}
	if before != nil {
		n.store.Discard(before.copy)
	}
	for _, h := range o.Heads {
		a.copy.PutHead(h.Replica, h.Head)
		a.copy.PutBase(h.Replica, h.Head)
	}
	a.copy.PutMaximal([]causal.Dot{{Replica: o.Key.ID(), Seq: o.Record.Marker}})
	kept := note{signed{o.Key.ID(), o.Record}, o.Needs}
	a.copy.PutCheckpoint(kept.appendTo(nil))
}

// put writes a bucket to the copy.
func (n *Node) put(a *arriving, b arrived) {
	a.buckets[b.leaf.BucketName] = b
	for _, e := range b.entries {
		a.copy.PutEntry(e.ID, e.Entry)
	}
}

func (n *Node) bucket(now causal.Instant, b repair.Bucket) {
	a := n.arriving[b.Space]
	entries, err := replica.DecodeBucket(b.Leaf.BucketName, b.Body)
	switch {
	case a == nil:
	case err != nil:
		n.event(EventCheckpoint, a.Key.ID(), "a steward has signed entries that can't be read, of space "+b.Space.String())
		n.forgetArriving(b.Space)
	default:
		n.put(a, arrived{b.Leaf, entries})
	}
}

// forgetArriving gives a checkpoint up.
func (n *Node) forgetArriving(space causal.SpaceID) {
	if a := n.arriving[space]; a != nil {
		n.store.Discard(a.copy)
		delete(n.arriving, space)
		delete(n.differing, space)
	}
	n.repair.Unstage(space)
}

// install switches to the checkpoints that can be switched to now.
func (n *Node) install(now causal.Instant) {
	var copies []*replica.Copy
	for _, space := range order.Sorted(maps.Keys(n.arriving), causal.SpaceID.Compare) {
		a := n.arriving[space]
		if !a.isWhole {
			continue
		}
		c := a.whole()
		if c == nil || !n.replica.IsNews(c) && !n.differing[space] {
			n.forgetArriving(space)
			continue
		}
		copies = append(copies, c)
	}
	for _, c := range copies {
		if n.arriving[c.Space] == nil {
			continue // it went with another one
		}
		set := n.replica.Closure(c, copies)
		if set == nil {
			continue
		}
		if list, ok := n.replica.Install(set); ok {
			n.switchTo(now, list)
		}
	}
}

// whole puts the buckets together; nil if one is missing.
func (a *arriving) whole() *replica.Copy {
	c := &replica.Copy{
		Space: a.Space, Marker: causal.Dot{Replica: a.Key.ID(), Seq: a.Record.Marker},
		Needs: a.Needs, Leaves: a.Leaves,
	}
	for i := range a.Heads {
		c.Heads = append(c.Heads, a.Heads[i].AuthorHead)
	}
	for _, l := range a.Leaves {
		b, ok := a.buckets[l.BucketName]
		if !ok || b.leaf != l {
			return nil
		}
		for _, e := range b.entries {
			c.Entries.Put(e.ID, e.Entry)
		}
	}
	return c
}

// switchTo makes the store follow the replica: what is put here is one small
// write, as everything else of the copies was written before.
func (n *Node) switchTo(now causal.Instant, list []replica.Installed) {
	for _, in := range list {
		a := n.arriving[in.Copy.Space]
		n.store.Switch([]store.Copy{a.copy})
		n.store.Rebase(a.Space, in.Copy.Heads)
		for _, h := range a.Heads {
			n.meet(causal.Chain{Space: a.Space, Replica: h.Replica}, h.Key)
		}
		for _, g := range in.Grown {
			n.store.Truncate(causal.Chain{Space: a.Space, Replica: g.Replica}, g.Was, g.Seq)
		}
		for _, h := range in.Forsaken {
			n.store.Forsake(causal.Chain{Space: a.Space, Replica: h.Replica}, h.Seq)
			n.event(EventFork, h.Replica, "replica "+h.Replica.Short()+" has two histories in space "+a.Space.String()+
				"; what was here of it is not the final one and is gone")
		}
		for _, e := range in.Copy.Entries.All() {
			n.clock.Witness(now, e.Stamp)
		}
		delete(n.sums, a.Space)
		n.signed[a.Space] = signed{a.Key.ID(), a.Record}
		delete(n.arriving, a.Space)
		delete(n.differing, a.Space)
		n.repair.Unstage(a.Space)
		n.counts.Installs++
		if n.cfg.Installed != nil {
			n.cfg.Installed(a.Space, n.replica.Below(a.Space))
		}
	}
	n.keepClock()
	n.heedReplica(now, n.replica.Drain())
}

// meet keeps the key of an author that came with a checkpoint.
func (n *Node) meet(c causal.Chain, k causal.Key) {
	if _, isKnown := n.trust.Key(c.Replica); !isKnown || !n.keyKept[c.Replica] {
		n.trust.Learn(k)
		n.keyKept[c.Replica] = true
		n.store.PutKey(c, k)
	}
}
