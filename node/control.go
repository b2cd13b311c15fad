package node

import (
	"strconv"

	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/algebra/order"
	"github.com/martinelli-lang/martinelli/plan"
	"github.com/martinelli-lang/martinelli/replica"
	"github.com/martinelli-lang/martinelli/wire"
)

// Control records govern a space from within: they are entries of ordinary
// parts. The steward of all spaces is, so far, the cluster's first node.

// govern commits control records in a space under this node's own name.
func (n *Node) govern(now causal.Instant, space causal.SpaceID, records ...causal.Record) replica.Group {
	entries := make([]causal.Entry, len(records))
	for i, rec := range records {
		entries[i] = causal.EntryOf(rec)
	}
	return n.governing(now, replica.Write{Space: space, Entries: entries})
}

func (n *Node) governing(now causal.Instant, w replica.Write) replica.Group {
	return n.mint(now, replica.Draft{Author: n.self, Stamp: n.clock.Tick(now), Writes: []replica.Write{w}})
}

// isSteward reports whether the records of a replica govern: it is that of
// the cluster's first node, or was before its store was restored.
func (n *Node) isSteward(r causal.ReplicaID) bool { return n.stewards[r] }

// metaStewards is where the replica ids of the stewards are kept.
const metaStewards = "stewards"

// stewardsMax bounds how often the first node can be restored.
const stewardsMax = 1 << 10

// loadStewards reads who has been steward, and adds who is now.
func (n *Node) loadStewards() error {
	n.stewards = map[causal.ReplicaID]bool{}
	stored, ok, err := n.store.Meta(metaStewards)
	if err != nil {
		return err
	}
	if ok {
		r := wire.NewReader(stored)
		for range r.Count(stewardsMax, len(causal.ReplicaID{})) {
			n.stewards[causal.ReadReplicaID(r)] = true
		}
		if err := r.Done(); err != nil {
			return err
		}
	}
	n.addSteward(n.cfg.Steward)
	return nil
}

func (n *Node) addSteward(id causal.ReplicaID) {
	if n.stewards[id] || len(n.stewards) == stewardsMax {
		return
	}
	n.stewards[id] = true
	ids := make([]causal.ReplicaID, 0, len(n.stewards))
	for id := range n.stewards {
		ids = append(ids, id)
	}
	order.Sort(ids, causal.ReplicaID.Compare)
	b := wire.AppendUvarint(nil, uint64(len(ids)))
	for _, id := range ids {
		b = append(b, id[:]...)
	}
	n.store.PutMeta(metaStewards, b)
}

// owns reports whether a space is a user's own: the one of a dimension that is
// the user.
func (n *Node) owns(user string, space causal.SpaceID) bool {
	for i := range n.cfg.Program.Databases {
		d := &n.cfg.Program.Databases[i]
		if d.Placement != plan.Home && d.Placement != plan.Shared && n.space(d.Dims[d.Space].Name+"="+user) == space {
			return true
		}
	}
	return false
}

// bounds returns which databases escrow keeps, and how many rights there are at
// first at each of their keys; nil if it keeps none.
func bounds(p *plan.Program) func(database string) (opening int64, isBounded bool) {
	openings := map[string]int64{}
	for i := range p.Databases {
		if b := p.Databases[i].Bound; b.Side != plan.Unbounded {
			openings[p.Databases[i].Name] = b.Opening()
		}
	}
	if len(openings) == 0 {
		return nil
	}
	return func(database string) (int64, bool) {
		opening, ok := openings[database]
		return opening, ok
	}
}

// heedReplica passes on what the replica has gathered.
func (n *Node) heedReplica(now causal.Instant, o replica.Output) {
	for _, g := range o.Groups {
		n.enter(now, g)
	}
	n.keepSeals(o.Seals)
	for _, ref := range o.Proven {
		n.store.PutProven(ref)
	}
	for _, f := range o.Forks {
		n.event(EventFork, f.Chain.Replica, "replica "+f.Chain.Replica.Short()+" wrote its part "+strconv.FormatUint(f.Seq, 10)+
			" in space "+f.Chain.Space.String()+" twice; the one that came second is kept out")
	}
	for _, v := range o.Voids {
		n.heedVoid(v)
	}
	if o.HasNewLaw {
		n.judgeSelf()
		n.heedRevocations(now)
	}
	n.legacy.isDue = n.legacy.isDue || o.HasNewLaw || len(o.Voids) > 0
	for _, c := range o.Dropped {
		n.trust.Forget(c)
	}
	if len(o.Dropped) > 0 {
		n.event(EventDropped, n.self, strconv.Itoa(len(o.Dropped))+" parts that could not be applied yet were dropped; repair will bring them again")
	}
	if o.Err != nil {
		n.event(EventDropped, n.self, "reading the log back failed: "+o.Err.Error())
	}
	if len(o.Groups) > 0 {
		n.merge(now, o.Groups)
		if len(n.arriving) > 0 {
			n.install(now)
		}
		n.resume(now)
	}
}

// heedVoid tells an author what became of its part.
func (n *Node) heedVoid(v replica.Void) {
	if v.Reason == replica.Valid {
		n.counts.Restored++
	} else {
		n.counts.Voided++
	}
	if v.Replica != n.self && v.Replica != n.homeID {
		return
	}
	part := "this node's part " + strconv.FormatUint(v.Seq, 10) + " in space " + v.Space.String()
	if v.Reason == replica.Valid {
		n.event(EventVoid, v.Replica, part+" has its effect again")
		return
	}
	n.event(EventVoid, v.Replica, part+" has no effect any more: "+v.Reason.String())
}

// judgeSelf finds out whether this node may still write.
func (n *Node) judgeSelf() {
	for _, author := range n.own() {
		was := n.barred[author]
		n.barred[author] = n.replica.Barred(author)
		if n.clones[author] {
			n.barred[author] = replica.VoidFork
		}
		if is := n.barred[author]; is != was && is != replica.Valid {
			n.event(EventVoid, author, barredText(is))
		}
	}
	n.out.Renew = n.out.Renew || n.mustRenew()
}

// barredText tells people why this node may not write, and what to do.
func barredText(reason replica.Reason) string {
	why := reason.String()
	if reason == replica.VoidFork {
		why = "its store was copied, and both run under one replica id"
	}
	return "this node may not write any more: " + why + ". Start it with --new-replica to go on under a new replica id"
}

// abortOf returns the word with which a barred node aborts.
func abortOf(reason replica.Reason) string {
	if reason == replica.VoidFork {
		return AbortCloned
	}
	return AbortBarred
}
