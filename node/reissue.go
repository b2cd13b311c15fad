package node

import (
	"cmp"
	"slices"
	"strconv"

	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/algebra/order"
	"github.com/martinelli-lang/martinelli/replica"
	"github.com/martinelli-lang/martinelli/value"
	"github.com/martinelli-lang/martinelli/wire"
)

// This file is the heir's side of inherit.go. What a node wrote under a former
// id, and others have, is an ordinary part of another replica. The rest it
// re-issues: commit by commit, in their order and with their stamps, what of
// them is live still. Up to where it has come stands in the same parts, so it is
// done once over crashes, and whoever goes on from this node's data knows it.

// mustRenew reports whether the host is to give this node another replica id.
// The first node does not take one by itself: with its id the home goes.
func (n *Node) mustRenew() bool {
	reason := n.barred[n.self]
	return (reason == replica.VoidRetired || reason == replica.VoidFork) && !n.isHome()
}

// orphan is a part of a former id that has no effect, or can't be shown to
// anybody as it bears no seal.
type orphan struct {
	causal.Ref
	hash  causal.Hash
	part  *causal.Part
	heir  causal.ReplicaID // zero: nobody yet
	ended bool             // its chain is
}

// heedReissued takes in up to where an heir has come.
func (n *Node) heedReissued(c replica.Change) {
	former, ok := decodeSender(c.Key)
	seq, isSeq := decodeSeq(c.Item.Value)
	if !ok || !isSeq || !slices.Contains(n.cfg.Former, former) {
		return
	}
	name := markName{causal.Chain{Space: c.Space, Replica: former}, c.Item.ID.Replica}
	switch known := n.legacy.marks[name]; {
	case c.Removed && known.id == c.Item.ID:
		delete(n.legacy.marks, name)
	case !c.Removed && seq > known.seq:
		n.legacy.marks[name] = reissueMark{c.Item.ID, seq}
	}
	n.legacy.isDue = true
}

// markOf returns up to where a chain was re-issued by this node, or by one of
// those whose data it has.
func (n *Node) markOf(c causal.Chain) (seq uint64) {
	for _, heir := range append(slices.Clone(n.cfg.Former), n.self) {
		seq = max(seq, n.legacy.marks[markName{c, heir}].seq)
	}
	return seq
}

// formers returns the former ids, in order.
func (n *Node) formers() []causal.ReplicaID {
	ids := slices.Clone(n.cfg.Former)
	order.Sort(ids, causal.ReplicaID.Compare)
	return slices.DeleteFunc(slices.Compact(ids), func(id causal.ReplicaID) bool { return id == n.self || id == n.homeID })
}

// takeOver re-issues what this node is the heir of, and reports whether there
// was anything.
func (n *Node) takeOver(now causal.Instant) (did bool) {
	l := &n.legacy
	if !l.isDue || len(n.cfg.Former) == 0 || n.barred[n.self] != replica.Valid {
		l.isDue = false
		return false
	}
	l.isDue, l.open = false, 0
	for _, former := range n.formers() {
		list := n.orphans(former)
		done := n.reissue(now, former, list)
		did = did || done > 0
		l.idle[former] = done == len(list)
		l.open += len(list) - done
	}
	if l.open > 0 && l.at == 0 {
		l.at = now + askEvery
	}
	return did
}

// orphans returns the orphans of a former id that this node has to see to, in
// the order in which they were written.
func (n *Node) orphans(former causal.ReplicaID) (list []orphan) {
	for _, space := range n.replica.Spaces() {
		chain := causal.Chain{Space: space, Replica: former}
		head := n.replica.Head(space, former)
		if !n.shared(space) || head.Seq == 0 {
			continue
		}
		end, ended := n.replica.Forked(chain)
		if !ended {
			end = n.replica.Shown(chain).Seq + 1
		}
		for seq := max(end, n.markOf(chain)+1); seq <= head.Seq; seq++ {
			if o, ok := n.orphan(chain.At(seq), ended); ok {
				list = append(list, o)
			}
		}
	}
	order.Sort(list, func(a, b orphan) int {
		return cmp.Or(cmp.Compare(a.part.Stamp, b.part.Stamp), a.Ref.Compare(b.Ref))
	})
	return list
}

// orphan looks at a part; false if it is none, or another's.
func (n *Node) orphan(ref causal.Ref, ended bool) (o orphan, ok bool) {
	if reason := n.replica.Verdict(ref); ended && reason != replica.VoidRetired && reason != replica.VoidFork {
		return o, false
	}
	o = orphan{Ref: ref, ended: ended, part: n.replica.Part(ref)}
	o.hash, ok = n.replica.HashAt(ref.Space, ref.Replica, ref.Seq)
	if !ok || o.part == nil {
		return o, false // the log lacks it yet, or the disk has failed and says so itself
	}
	o.heir = n.legacy.heirs[orphanName{ref.Chain(), causal.Head{Seq: ref.Seq, Hash: o.hash}}]
	isOwn := o.heir == causal.ReplicaID{} || o.heir == n.self || slices.Contains(n.cfg.Former, o.heir)
	return o, isOwn
}

// isHeir reports whether this node may re-issue an orphan now. What a former id
// of its own was the heir of it goes on with once it has re-issued all that this
// one wrote: marks may be among that.
func (n *Node) isHeir(o *orphan) bool {
	if !o.ended || o.heir == (causal.ReplicaID{}) {
		return false
	}
	return o.heir == n.self || n.hasEnded(causal.Chain{Space: o.Space, Replica: o.heir}) && n.legacy.idle[o.heir]
}

// tendLegacy asks the steward about what is left, and answers those who ask.
func (n *Node) tendLegacy(now causal.Instant) {
	l := &n.legacy
	n.nameHeirs(now)
	if l.at == 0 || now < l.at {
		return
	}
	l.at = 0
	if len(l.asks) > 0 {
		l.at = now + askEvery/4
	}
	if l.open == 0 || n.barred[n.self] != replica.Valid {
		return
	}
	l.at, l.isDue = now+askEvery, true
	isSteward := n.self == n.cfg.Steward
	if !isSteward && n.searches[n.cfg.Steward].begun == 0 {
		n.repair.Begin(now, n.cfg.Steward)
		return // what is sealed comes to it and from it first
	}
	for _, former := range n.formers() {
		q := n.inheritOf(former)
		switch {
		case len(q.Chains) == 0:
		case isSteward:
			n.takeInherit(now, n.self, q)
		default:
			n.sendTo(n.cfg.Steward, q)
		}
	}
}

// sendTo asks the steward, if it is a neighbour.
func (n *Node) sendTo(steward causal.ReplicaID, q inherit) {
	if slices.Contains(n.member.Neighbors(), steward) {
		n.send(steward, wire.Control, KindInherit, q.appendTo(nil))
	}
}

// inheritOf lists the first orphans of a former id that have no heir yet; and
// the chains that must end before this node may go on with what that one was
// the heir of.
func (n *Node) inheritOf(former causal.ReplicaID) inherit {
	q := inherit{Former: former, Key: n.cfg.Key}
	room := estatePartsMax
	for _, o := range n.orphans(former) {
		if room == 0 {
			break
		}
		if o.heir == (causal.ReplicaID{}) && q.add(n, &o) {
			room--
		}
	}
	for _, other := range n.formers() {
		for _, o := range n.orphans(other) {
			chain := causal.Chain{Space: o.Space, Replica: former}
			if o.heir == former && !n.hasEnded(chain) {
				q.estate(n, chain, n.replica.Shown(chain).Seq)
			}
		}
	}
	return q
}

// add puts an orphan behind the others of its chain; false if one between is
// another's.
func (q *inherit) add(n *Node, o *orphan) bool {
	c := q.estate(n, o.Chain(), o.Seq-1)
	if c == nil || o.Seq != c.After.Seq+uint64(len(c.Hashes))+1 {
		return false
	}
	c.Hashes = append(c.Hashes, o.hash)
	return true
}

// estate returns what is asked for of a chain, from behind a seq; nil if there
// is no room.
func (q *inherit) estate(n *Node, c causal.Chain, after uint64) *estate {
	for i := range q.Chains {
		if q.Chains[i].Space == c.Space {
			return &q.Chains[i]
		}
	}
	if len(q.Chains) == estateChainsMax {
		return nil
	}
	hash, _ := n.replica.HashAt(c.Space, c.Replica, after)
	q.Chains = append(q.Chains, estate{Space: c.Space, After: causal.Head{Seq: after, Hash: hash}})
	return &q.Chains[len(q.Chains)-1]
}

// reissue re-issues orphans, commit by commit, up to the first that this node
// is not the heir of. It returns how many it has seen to.
func (n *Node) reissue(now causal.Instant, former causal.ReplicaID, list []orphan) (done int) {
	w := reissuing{n: n, former: former, totals: map[totalName]int64{}, removed: map[causal.SpaceID]map[causal.EntryID]bool{}, marks: map[causal.SpaceID]uint64{}}
	commits := 0
	for done < len(list) {
		size := 1
		for done+size < len(list) && list[done+size].part.Stamp == list[done].part.Stamp {
			size++
		}
		group := list[done : done+size]
		if slices.ContainsFunc(group, func(o orphan) bool { return !n.isHeir(&o) }) || !w.read(group) {
			break
		}
		w.commit(now, group)
		done += size
		commits++
	}
	w.finish(now)
	n.counts.Reissued += uint64(commits)
	if commits > 0 {
		n.event(EventReissue, former, strconv.Itoa(commits)+" commits of this node's former id "+former.Short()+" that nobody else had are written again under "+n.self.Short())
	}
	return done
}

// reissuing is a run over the orphans of one former id.
type reissuing struct {
	n       *Node
	former  causal.ReplicaID
	removed map[causal.SpaceID]map[causal.EntryID]bool // of what the former id wrote behind the end of its chain
	totals  map[totalName]int64                        // its running totals, up to where the run has come
	marks   map[causal.SpaceID]uint64                  // up to where the run has come, if no part says so yet
}

type totalName struct {
	space         causal.SpaceID
	database, key string
}

// read reads what is to be known of the spaces of a commit.
func (w *reissuing) read(group []orphan) bool {
	for i := range group {
		o := &group[i]
		if w.removed[o.Space] != nil {
			continue
		}
		end, _ := w.n.replica.Forked(o.Chain())
		removed, ok := w.n.replica.Removals(o.Chain(), end-1)
		if !ok {
			return false
		}
		w.removed[o.Space] = removed
		for seq := end; seq < o.Seq; seq++ {
			if p := w.n.replica.Part(o.Chain().At(seq)); p != nil {
				w.count(p)
			}
		}
	}
	return true
}

// count follows the running totals of a part, and returns by how much each of
// its entries has moved one.
func (w *reissuing) count(p *causal.Part) (moves []int64) {
	moves = make([]int64, len(p.Entries))
	for i := range p.Entries {
		e := &p.Entries[i]
		v, err := value.DecodeAll(e.Value)
		if err != nil || !w.n.engine.KeepsTotals(e.Database) {
			continue
		}
		name := totalName{p.Space, e.Database, e.Key}
		before, isKnown := w.totals[name]
		if !isKnown {
			before = w.n.engine.Total(e.Database, e.Key, w.former)
		}
		moves[i], w.totals[name] = v.AsInt()-before, v.AsInt()
	}
	return moves
}

// commit re-issues one commit: all of it that is live, as one commit.
func (w *reissuing) commit(now causal.Instant, group []orphan) {
	d := replica.Draft{Author: w.n.self, Stamp: group[0].part.Stamp}
	spends := slices.ContainsFunc(group, func(o orphan) bool { return w.n.spends(o.part) })
	size := 0
	for _, o := range group {
		write := replica.Write{Space: o.Space, Grants: o.part.Grants}
		moves := w.count(o.part)
		if !spends {
			w.fill(&write, o.part, moves)
		}
		size += len(write.Entries) + len(write.Removed)
		d.Writes = append(d.Writes, write)
		w.marks[o.Space] = o.Seq
	}
	if spends {
		w.n.event(EventReissue, w.former, "a commit under this node's former id "+w.former.Short()+" is lost: it spent or made rights of a bounded counter, which this node does not have. Nobody else had heard of it")
	}
	if size > 0 {
		w.mint(now, d)
	}
}

// spends reports whether a part moves rights: those are not its heir's.
func (n *Node) spends(p *causal.Part) bool {
	return slices.ContainsFunc(p.Entries, func(e causal.Entry) bool { return n.isBounded(e.Database) })
}

// fill puts what is live of a part into a write.
func (w *reissuing) fill(write *replica.Write, p *causal.Part, moves []int64) {
	n := w.n
	for i := range p.Entries {
		e := p.Entries[i]
		switch {
		case n.engine.KeepsTotals(e.Database):
			w.add(write, e, moves[i])
		case w.removed[p.Space][p.EntryID(i)] || isOfItsAuthor(&e):
		case e.Database == outboxItems:
			if q, err := decodeRequest([]byte(e.Value)); err == nil && (q.Op == opRaise || q.Op == opSaga) {
				n.outbox.last[n.self]++
				e.Key = encodeSeq(n.outbox.last[n.self])
				write.Entries = append(write.Entries, e)
			}
		default:
			write.Entries = append(write.Entries, e)
		}
	}
	for _, id := range p.Removed {
		e, isLive := n.replica.Live(p.Space, id)
		if isLive && !(id.Replica == w.former && n.engine.KeepsTotals(e.Database)) && !slices.Contains(write.Removed, id) {
			write.Removed = append(write.Removed, id)
		}
	}
}

// isOfItsAuthor reports whether an entry means something under its author's id only.
func isOfItsAuthor(e *causal.Entry) bool {
	if e.Database != causal.ControlDatabase {
		return false
	}
	rec, err := causal.RecordOf(e)
	if err != nil {
		return true
	}
	switch rec.(type) {
	case *causal.Final, *causal.Checkpoint:
		return true
	}
	return false
}

// add counts under the new id what was counted under the former.
func (w *reissuing) add(write *replica.Write, e causal.Entry, move int64) {
	delta, err := w.n.engine.Count(e.Database, e.Key, w.n.self, move)
	if err != nil {
		w.n.event(EventReissue, w.former, "a count in "+e.Database+" can't be written again: "+err.Error())
		return
	}
	for _, v := range delta.Add {
		write.Entries = append(write.Entries, causal.Entry{Database: e.Database, Key: e.Key, Value: v})
	}
	for _, it := range delta.Remove {
		write.Removed = append(write.Removed, it.ID)
	}
}

// finish writes down up to where the run has come, if its last commits had
// nothing left to re-issue.
func (w *reissuing) finish(now causal.Instant) {
	if len(w.marks) == 0 {
		return
	}
	d := replica.Draft{Author: w.n.self, Stamp: w.n.clock.Tick(now)}
	for space := range w.marks {
		d.Writes = append(d.Writes, replica.Write{Space: space})
	}
	order.Sort(d.Writes, func(a, b replica.Write) int { return a.Space.Compare(b.Space) })
	w.mint(now, d)
}

// mint commits a draft with the marks of its spaces, and shows it.
func (w *reissuing) mint(now causal.Instant, d replica.Draft) {
	n := w.n
	var g replica.Group
	for i := range d.Writes {
		write := &d.Writes[i]
		for _, id := range write.Removed {
			if e, isLive := n.replica.Live(write.Space, id); isLive {
				c := replica.Change{Space: write.Space, Database: e.Database, Key: e.Key, Removed: true}
				c.Item.ID, c.Item.Stamp, c.Item.Value = id, e.Stamp, e.Value
				g.Changes = append(g.Changes, c)
			}
		}
		chain := causal.Chain{Space: write.Space, Replica: w.former}
		if old := n.legacy.marks[markName{chain, n.self}]; old.seq > 0 {
			write.Removed = append(write.Removed, old.id)
		}
		write.Entries = append(write.Entries, causal.Entry{Database: reissued, Key: string(w.former[:]), Value: encodeSeq(w.marks[write.Space])})
		delete(w.marks, write.Space)
	}
	n.showOwn(n.mint(now, d), g.Changes)
}
