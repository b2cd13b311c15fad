package node

import (
	"slices"

	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/algebra/order"
	"github.com/martinelli-lang/martinelli/plan"
	"github.com/martinelli-lang/martinelli/replica"
)

// A node that goes on under a new id may hold parts of its former one that
// nobody else has, and that nobody would take from it, as it can't seal them
// any more. Others may hold them too: the process it was copied from, or another
// copy. So the steward decides. It ends the former id's chains where it has
// them, once every neighbour was asked for more; what is behind is void for
// everybody. In the same commit it names for each part behind, by its chain
// hash, one heir, which writes it again under its own id. Who has the same part
// and asks later is told that it has an heir.

// legacy is what this node knows of former ids and their heirs.
type legacy struct {
	heirs map[orphanName]causal.ReplicaID // who re-issues a part: of all at the steward, else of own former ids
	marks map[markName]reissueMark        // up to where an heir has come
	asks  map[causal.ReplicaID]*estateAsk // at the steward: who wants what of a former id; at most asksMax
	idle  map[causal.ReplicaID]bool       // former ids with nothing left to re-issue
	isDue bool                            // something has changed: takeOver looks
	at    causal.Instant                  // when to look, and to ask, again; 0 for not
	open  int                             // see Status
}

// orphanName names a part of a former id on its branch.
type orphanName struct {
	chain causal.Chain
	causal.Head
}

// markName names who has re-issued parts of which chain.
type markName struct {
	chain causal.Chain
	heir  causal.ReplicaID
}

// reissueMark is up to where.
type reissueMark struct {
	id  causal.EntryID
	seq uint64
}

// estateAsk is what heirs ask of one former id.
type estateAsk struct {
	since causal.Instant // everybody is to be asked after this
	by    map[causal.ReplicaID]inherit
	last  causal.Instant // when the last one asked
	ends  bool           // one of them may end the chains
}

// Bounds of the asking.
const (
	asksMax   = 256 // former ids at a time; the others ask again
	askersMax = 64  // heirs of each
	askEvery  = causal.Second
	askTTL    = 15 * causal.Second
)

func newLegacy() legacy {
	return legacy{
		heirs: map[orphanName]causal.ReplicaID{}, marks: map[markName]reissueMark{},
		asks: map[causal.ReplicaID]*estateAsk{}, idle: map[causal.ReplicaID]bool{},
		isDue: true,
	}
}

// heedHeir takes in whom a steward has named.
func (n *Node) heedHeir(c replica.Change) {
	former, ok := decodeSender(c.Key)
	h, err := decodeHeir(c.Item.Value)
	isMine := n.self == n.cfg.Steward || slices.Contains(n.cfg.Former, former)
	if !ok || err != nil || !isMine || !n.isSteward(c.Item.ID.Replica) {
		return
	}
	chain := causal.Chain{Space: c.Space, Replica: former}
	for i, hash := range h.Hashes {
		name := orphanName{chain, causal.Head{Seq: h.First + uint64(i), Hash: hash}}
		if c.Removed {
			delete(n.legacy.heirs, name)
		} else {
			n.legacy.heirs[name] = h.Heir
		}
	}
	n.legacy.isDue = true
}

// heedInherit takes what an heir asks for.
func (n *Node) heedInherit(now causal.Instant, peer causal.ReplicaID, body []byte) error {
	q, err := decodeInherit(body)
	if err == nil {
		n.takeInherit(now, peer, q)
	}
	return err
}

func (n *Node) takeInherit(now causal.Instant, heir causal.ReplicaID, q inherit) {
	l := &n.legacy
	mayEnd := n.mayEnd(heir, &q)
	isOver := !slices.ContainsFunc(q.Chains, func(c estate) bool { return !n.hasEnded(causal.Chain{Space: c.Space, Replica: q.Former}) })
	if n.self != n.cfg.Steward || q.Former == n.self || q.Former == n.homeID || q.Former == heir || !mayEnd && !isOver {
		return
	}
	a := l.asks[q.Former]
	if a == nil && len(l.asks) < asksMax {
		a = &estateAsk{since: now, by: map[causal.ReplicaID]inherit{}}
		l.asks[q.Former] = a
	}
	if _, isKnown := a.by[heir]; a == nil || !isKnown && len(a.by) == askersMax {
		return
	}
	a.by[heir], a.last, a.ends = q, now, a.ends || mayEnd
	l.at = now
}

// mayEnd reports whether a peer may end a former id's chains: it bears the same
// key, or has a role that is trusted. Of chains that have ended anybody may
// inherit: who knows the hash at a part has the part.
func (n *Node) mayEnd(heir causal.ReplicaID, q *inherit) bool {
	if heir == n.self {
		return true
	}
	former, isKnown := n.trust.Key(q.Former)
	if isKnown && q.Key.ID() == heir && former.Public == q.Key.Public {
		return true
	}
	for _, m := range n.member.Members() {
		if role, ok := n.cfg.Program.Role(m.Role); m.ID == heir && ok && role.Trusted() {
			return true
		}
	}
	return false
}

func (n *Node) hasEnded(c causal.Chain) bool {
	_, ok := n.replica.Forked(c)
	return ok
}

// nameHeirs answers the asks that are ripe.
func (n *Node) nameHeirs(now causal.Instant) {
	l := &n.legacy
	for _, former := range sortedIDs(l.asks) {
		switch a := l.asks[former]; {
		case now >= a.last+askTTL:
			delete(l.asks, former)
		case n.isRipe(now, former, a):
			delete(l.asks, former)
			n.bequeath(now, former, a)
		}
	}
}

func sortedIDs[V any](m map[causal.ReplicaID]V) []causal.ReplicaID {
	ids := make([]causal.ReplicaID, 0, len(m))
	for id := range m {
		ids = append(ids, id)
	}
	order.Sort(ids, causal.ReplicaID.Compare)
	return ids
}

// isRipe reports whether this node has all of a former id that can be had: what
// the heirs can still show of it, and what any neighbour has. An id that is here
// itself does not end: it seals its parts, unless its chains have ended.
func (n *Node) isRipe(now causal.Instant, former causal.ReplicaID, a *estateAsk) bool {
	peers := n.member.Neighbors()
	isRipe := len(peers) > 0
	for _, heir := range sortedIDs(a.by) {
		for _, c := range a.by[heir].Chains {
			chain := causal.Chain{Space: c.Space, Replica: former}
			if !n.hasEnded(chain) && (slices.Contains(peers, former) || !n.shows(chain, c.After)) {
				isRipe = false
			}
		}
	}
	for _, peer := range peers {
		s := n.searches[peer]
		if s.begun >= a.since {
			continue
		}
		isRipe = false
		if s.asked < a.since || now >= s.asked+askEvery {
			s.asked = now
			n.searches[peer] = s
			n.repair.Begin(now, peer)
		}
	}
	return isRipe
}

// shows reports whether a chain is shown here up to a part.
func (n *Node) shows(c causal.Chain, at causal.Head) bool {
	if at.Seq == 0 {
		return true
	}
	hash, ok := n.replica.HashAt(c.Space, c.Replica, at.Seq)
	return ok && hash == at.Hash && n.replica.Shown(c).Seq >= at.Seq
}

// bequeath ends the chains of a former id that have not ended, and names the
// heirs of what is behind: one commit, so that a half of one is never void
// without the other.
func (n *Node) bequeath(now causal.Instant, former causal.ReplicaID, a *estateAsk) {
	d := replica.Draft{Author: n.self, Stamp: n.clock.Tick(now)}
	write := func(space causal.SpaceID, e causal.Entry) {
		for i := range d.Writes {
			if w := &d.Writes[i]; w.Space == space {
				w.Entries = append(w.Entries, e)
				return
			}
		}
		d.Writes = append(d.Writes, replica.Write{Space: space, Entries: []causal.Entry{e}})
	}
	for _, space := range n.endsOf(former, a) {
		write(space, causal.EntryOf(&causal.Retire{Replica: former, Head: n.replica.Shown(causal.Chain{Space: space, Replica: former})}))
	}
	for _, heir := range sortedIDs(a.by) {
		for _, c := range a.by[heir].Chains {
			if h := n.share(former, heir, &c); len(h.Hashes) > 0 {
				write(c.Space, causal.Entry{Database: heirs, Key: string(former[:]), Value: h.encode()})
			}
		}
	}
	if len(d.Writes) > 0 {
		n.mint(now, d)
	}
}

// endsOf returns the spaces in which the chains of a former id are to end: the
// shared one, those that heirs name and all others where it has written. None
// while it is here itself.
func (n *Node) endsOf(former causal.ReplicaID, a *estateAsk) []causal.SpaceID {
	if !a.ends || slices.Contains(n.member.Neighbors(), former) {
		return nil
	}
	list := append(n.replica.Spaces(), n.space(plan.SharedSpace))
	for _, q := range a.by {
		for _, c := range q.Chains {
			list = append(list, c.Space)
		}
	}
	order.Sort(list, causal.SpaceID.Compare)
	return slices.DeleteFunc(slices.Compact(list), func(id causal.SpaceID) bool {
		chain := causal.Chain{Space: id, Replica: former}
		isNamed := id == n.space(plan.SharedSpace) || n.replica.Head(id, former).Seq > 0
		for _, q := range a.by {
			isNamed = isNamed || slices.ContainsFunc(q.Chains, func(c estate) bool { return c.Space == id })
		}
		return !n.shared(id) || !isNamed || n.hasEnded(chain)
	})
}

// share returns what an heir gets of what it holds: what is behind the end of
// the chain and has no heir.
func (n *Node) share(former, heir causal.ReplicaID, c *estate) heirRecord {
	chain := causal.Chain{Space: c.Space, Replica: former}
	end, ok := n.replica.Forked(chain)
	if !ok {
		end = n.replica.Shown(chain).Seq + 1
	}
	h := heirRecord{Heir: heir}
	for i, hash := range c.Hashes {
		name := orphanName{chain, causal.Head{Seq: c.After.Seq + 1 + uint64(i), Hash: hash}}
		if _, hasHeir := n.legacy.heirs[name]; hasHeir || name.Seq < end {
			continue
		}
		if len(h.Hashes) == 0 {
			h.First = name.Seq
		}
		if name.Seq != h.First+uint64(len(h.Hashes)) {
			break
		}
		n.legacy.heirs[name] = heir
		h.Hashes = append(h.Hashes, hash)
	}
	return h
}
