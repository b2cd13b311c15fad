package node

import (
	"maps"
	"slices"

	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/algebra/crdt"
	"github.com/martinelli-lang/martinelli/algebra/order"
	"github.com/martinelli-lang/martinelli/overlay/repair"
	"github.com/martinelli-lang/martinelli/replica"
	"github.com/martinelli-lang/martinelli/store"
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
	since   causal.Instant // when all of it was here first, it or an earlier one; 0: not yet
	next    causal.Instant // when it is tried again
	again   causal.Instant // when a newer one may be asked for
	isWhole bool
	open    int                           // proofs of forks in it that are with the host
	proofs  map[causal.Dot]causal.EntryID // the first proof of each part that holds one
	twofold map[causal.Dot]bool           // parts with more than one, which prove nothing: a good one would vouch for the others
	proven  []causal.Dot                  // parts whose proofs are good
	built   *replica.Copy                 // once it is whole
}

// installLate is how long a checkpoint that is here waits for what it refers to
// in other spaces. Then, if every neighbour was asked since, it is shown without.
const installLate = 10 * causal.Second

// restageEvery is how often a space that differs from what was signed is asked for.
const restageEvery = causal.Second

// attested is a proof of a fork in a checkpoint, while the host looks at its
// signatures: the steward has signed that it stands there, not that it is good.
type attested struct {
	of    *arriving
	dot   causal.Dot
	open  int
	isBad bool
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
			if a.since == 0 {
				a.since = now
			}
			a.next = now + restageEvery
		}
	}
	if len(o.Whole) > 0 {
		n.install(now)
	}
}

// ask asks the host whether a steward has signed an offer.
func (n *Node) ask(now causal.Instant, o repair.Offer) {
	steward := o.Key.ID()
	if a := n.arriving[o.Space]; a != nil && a.isWhole && a.Key == o.Key && o.Record.Marker <= a.Record.Marker {
		n.repair.Unstage(o.Space) // renew asked for a newer one, and this peer has none
		return
	}
	if !n.isSteward(steward) {
		n.repair.Attested(now, o.Space, false)
		return
	}
	statement := causal.AppendCheckpointStatement(nil, o.Space, steward, &o.Record)
	n.offers[n.trust.Verify(o.Key, statement, o.Record.Signature)] = o.Space
}

// judged takes the host's word on an offer, or on a proof in a checkpoint.
func (n *Node) judged(now causal.Instant, request uint64, isGood bool) {
	if p := n.attests[request]; p != nil {
		delete(n.attests, request)
		p.isBad = p.isBad || !isGood
		if p.open--; p.open == 0 {
			n.concludeProof(now, p)
		}
	}
	if space, ok := n.offers[request]; ok {
		delete(n.offers, request)
		n.repair.Attested(now, space, isGood)
	}
}

func (n *Node) concludeProof(now causal.Instant, p *attested) {
	a := p.of
	if !p.isBad {
		a.proven = append(a.proven, p.dot)
	}
	if a.open--; a.open == 0 && n.arriving[a.Space] == a {
		n.install(now)
	}
}

// outline begins a copy with all but its entries, and with the buckets that
// are here already.
func (n *Node) outline(o *repair.Outline) {
	before := n.arriving[o.Space]
	a := &arriving{
		Outline: *o, buckets: map[causal.BucketName]arrived{}, copy: n.store.NewCopy(o.Space),
		proofs: map[causal.Dot]causal.EntryID{}, twofold: map[causal.Dot]bool{},
	}
	if before != nil {
		a.since = before.since
	}
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
	for i := range b.entries {
		e := &b.entries[i]
		a.copy.PutEntry(e.ID, e.Entry)
		if e.Database == causal.ControlDatabase {
			n.attestProof(a, e)
		}
	}
}

// attestProof has the host look at a proof of a fork, if the entry holds one.
func (n *Node) attestProof(a *arriving, e *crdt.Live) {
	rec, err := causal.RecordOf(&e.Entry.Entry)
	proof, ok := rec.(*causal.Proof)
	if err != nil || !ok {
		return
	}
	if first, isKnown := a.proofs[e.ID.Dot]; isKnown && first != e.ID {
		a.twofold[e.ID.Dot] = true
	} else {
		a.proofs[e.ID.Dot] = e.ID
	}
	statements, ok := proof.Statements(a.Space)
	if !ok {
		return
	}
	a.open++
	p := &attested{of: a, dot: e.ID.Dot, open: len(statements)}
	for i, s := range statements {
		n.attests[n.trust.Verify(proof.Key, s, proof.Branches[i].Signature)] = p
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
	}
	n.repair.Unstage(space)
}

// install switches to the checkpoints that can be switched to now.
func (n *Node) install(now causal.Instant) {
	var copies []*replica.Copy
	for _, space := range order.Sorted(maps.Keys(n.arriving), causal.SpaceID.Compare) {
		a := n.arriving[space]
		if !a.isWhole || a.open > 0 {
			continue
		}
		_, differs := n.differing[space]
		c := a.whole()
		if c == nil || !n.replica.IsNews(c, differs) {
			n.forgetArriving(space)
			continue
		}
		copies = append(copies, c)
	}
	for _, c := range copies {
		if n.arriving[c.Space] == nil {
			continue // it went with another one
		}
		set, missing := n.replica.Closure(c, copies, n.isOverdue(now, n.arriving[c.Space]))
		if set == nil {
			n.renew(now, missing[0].Space)
			continue
		}
		if list, ok := n.replica.Install(set, missing); ok {
			n.switchTo(now, list)
		}
	}
}

// renew asks for a newer checkpoint of a space where that which is here does not
// go as far as another refers to. The steward marks all spaces at one moment, so
// there is one, or will be.
func (n *Node) renew(now causal.Instant, space causal.SpaceID) {
	if a := n.arriving[space]; a != nil && a.isWhole && a.again <= now {
		a.again = now + restageEvery
		n.repair.Unstage(space)
		n.repair.Restage(now, space)
	}
}

// isOverdue reports whether a checkpoint has waited for long enough for what it
// refers to: every neighbour was asked since, and nothing is on its way any more.
func (n *Node) isOverdue(now causal.Instant, a *arriving) bool {
	if now < a.since+installLate {
		return false
	}
	for _, other := range n.arriving {
		if !other.isWhole {
			return false
		}
	}
	for _, peer := range n.member.Neighbors() {
		if n.searches[peer].begun < a.since {
			return false
		}
	}
	return true
}

// restage sees to it that what waits for checkpoints goes on: it asks the
// neighbours for what one refers to, and asks again for a space that differs.
func (n *Node) restage(now causal.Instant) {
	for _, space := range order.Sorted(maps.Keys(n.differing), causal.SpaceID.Compare) {
		if n.differing[space] <= now {
			n.differing[space] = now + restageEvery
			if n.arriving[space] == nil {
				n.repair.Restage(now, space)
			}
		}
	}
	isLate := false
	for _, a := range n.arriving {
		if a.isWhole && a.next <= now {
			a.next, isLate = now+restageEvery, true
		}
	}
	if isLate {
		n.searchFor(now)
		n.install(now)
	}
}

// searchFor asks each neighbour that was not asked since a checkpoint came that waits.
func (n *Node) searchFor(now causal.Instant) {
	var since causal.Instant
	for _, a := range n.arriving {
		since = max(since, a.since)
	}
	for _, peer := range n.member.Neighbors() {
		if s := n.searches[peer]; s.begun < since && s.asked < since {
			s.asked = now
			n.searches[peer] = s
			n.repair.Begin(now, peer)
		}
	}
}

// stageDeadline returns when restage is due.
func (n *Node) stageDeadline() (at causal.Instant, ok bool) {
	for _, next := range n.differing {
		if !ok || next < at {
			at, ok = next, true
		}
	}
	for _, a := range n.arriving {
		if a.isWhole && (!ok || a.next < at) {
			at, ok = a.next, true
		}
	}
	return at, ok
}

// whole puts the buckets together; nil if one is missing.
func (a *arriving) whole() *replica.Copy {
	if a.built != nil {
		return a.built
	}
	c := &replica.Copy{
		Space: a.Space, Marker: causal.Dot{Replica: a.Key.ID(), Seq: a.Record.Marker},
		Needs: a.Needs, Leaves: a.Leaves, Proven: slices.DeleteFunc(slices.Clone(a.proven), func(d causal.Dot) bool { return a.twofold[d] }),
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
	a.built = c
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
	o := n.replica.Drain()
	if n.cfg.Observe != nil && len(o.Groups[0].Parts) == 0 {
		n.cfg.Observe(nil, o.Groups[0].Missing)
	}
	n.heedReplica(now, o)
}

// isFetching reports whether checkpoints are on their way here.
func (n *Node) isFetching() bool { return len(n.arriving) > 0 || n.repair.IsStaging() }

// meet keeps the key of an author that came with a checkpoint.
func (n *Node) meet(c causal.Chain, k causal.Key) {
	if _, isKnown := n.trust.Key(c.Replica); !isKnown || !n.keyKept[c.Replica] {
		n.trust.Learn(k)
		n.keyKept[c.Replica] = true
		n.store.PutKey(c, k)
	}
}
