package replica

import (
	"maps"
	"slices"

	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/algebra/crdt"
	"github.com/martinelli-lang/martinelli/algebra/order"
)

// Install takes checkpoints of others that a steward has signed. What the
// replica has above them, its own parts before all, is played on top, so
// nothing of its own is lost; and as many spaces change at once as it takes
// for no commit to be there in half (history 4: half commits over "the spaces
// we share").

// Copy is a checkpoint that was fetched whole.
type Copy struct {
	Space   causal.SpaceID
	Marker  causal.Dot          // the steward's part whose past it is
	Heads   []causal.AuthorHead // in order
	Needs   []causal.Ref
	Leaves  []causal.Leaf
	Proven  []causal.Dot // parts whose entries hold proofs of forks that are good
	Entries crdt.Entries // the replica keeps it
}

// vector returns the copy's vector.
func (c *Copy) vector() causal.Vector {
	v := make(causal.Vector, len(c.Heads))
	for _, h := range c.Heads {
		v[h.Replica] = h.Seq
	}
	return v
}

// Installed says what has become of a space.
type Installed struct {
	Copy     *Copy
	Grown    []Grown             // chains whose checkpoint has grown
	Forsaken []causal.AuthorHead // chains that were on another branch: the parts behind are void and gone
}

// IsNews reports whether a copy brings anything: parts, or, where what is here
// is known to differ, what the parts here come to.
func (r *Replica) IsNews(c *Copy, differs bool) bool {
	s := r.spaces[c.Space]
	if s == nil {
		return true
	}
	v := c.vector()
	return s.below.Leq(v) && (differs || !v.Leq(s.state.Context))
}

// Closure returns the smallest set of copies with first in it that can be
// installed together: whatever their parts refer to in spaces held here is
// applied, or in one of them, or waits for them alone. Nil if there is none yet,
// because of the part that is returned as missing. If isLate, what cannot be had
// is not waited for, and all of it is returned as missing. The bulk is never
// late: who names it says that all is here that it names.
func (r *Replica) Closure(first *Copy, others []*Copy, isLate bool) (set []*Copy, missing []causal.Ref) {
	set = []*Copy{first}
	waived := map[causal.Ref]bool{}
	for {
		of, lack := r.lack(set, waived)
		if of == nil {
			return set, r.lacked(set, sorted(waived, causal.Ref.Compare))
		}
		i := slices.IndexFunc(others, func(c *Copy) bool { return c.Space == lack.Space })
		switch isThere := i >= 0 && others[i].vector().Contains(lack.Dot); {
		case isThere && !slices.Contains(set, others[i]):
			set = append(set, others[i])
		case !isLate || first.Space == r.cfg.Bulk:
			return nil, []causal.Ref{lack}
		case of.Space == r.cfg.Bulk: // then it is done without the bulk
			others = slices.DeleteFunc(slices.Clone(others), func(c *Copy) bool { return c == of })
			set = []*Copy{first}
			clear(waived)
		default:
			waived[lack] = true
		}
	}
}

// lacked returns the parts that are missing where copies refer to the last of
// them: those of its chain before it too.
func (r *Replica) lacked(set []*Copy, last []causal.Ref) (missing []causal.Ref) {
	for _, ref := range last {
		have := r.Head(ref.Space, ref.Replica).Seq
		for _, c := range set {
			if c.Space == ref.Space {
				have = max(have, c.vector()[ref.Replica])
			}
		}
		for seq := have + 1; seq <= ref.Seq && len(missing) < missingMax; seq++ {
			missing = append(missing, ref.Chain().At(seq))
		}
	}
	return missing
}

// lack returns one of the copies and a part that it refers to and that would
// not be there with them; nil if there is none. What is waived the copies do
// without, but for the bulk's; and the waiting parts that wait for it go on waiting.
func (r *Replica) lack(set []*Copy, waived map[causal.Ref]bool) (of *Copy, ref causal.Ref) {
	vectors := map[causal.SpaceID]causal.Vector{}
	for _, c := range set {
		vectors[c.Space] = c.vector()
	}
	isMet := func(ref causal.Ref) bool {
		return !r.cfg.Holds(ref.Space) || r.isMet(ref) || vectors[ref.Space].Contains(ref.Dot)
	}
	ready := map[causal.Ref]bool{}
	for ref := range r.pending.parts {
		ready[ref] = true
	}
	for again := true; again; {
		again = false
		for ref := range ready {
			if !r.eachNeedOf(r.pending.parts[ref], func(need causal.Ref) bool { return isMet(need) || ready[need] }) {
				delete(ready, ref)
				again = true
			}
		}
	}
	for _, c := range set {
		for _, ref := range c.Needs {
			if isWaived := waived[ref] && c.Space != r.cfg.Bulk; !isMet(ref) && !ready[ref] && !isWaived {
				return c, ref
			}
		}
	}
	return nil, causal.Ref{}
}

// Install makes the copies of a closure the checkpoints of their spaces, all
// at once. The last group that Drain hands out then has everything that
// becomes visible with it, and is written with the copies. It is false, and
// nothing has changed, while a part above a copy can't be read. What the copies
// refer to and nobody has is told as missing.
func (r *Replica) Install(set []*Copy, missing []causal.Ref) ([]Installed, bool) {
	plans := make([]installing, len(set))
	for i, c := range set {
		plans[i] = installing{Installed: Installed{Copy: c}, old: r.space(c.Space)}
		if !r.plan(&plans[i]) {
			return nil, false
		}
	}
	waiting := r.unwait()
	from := len(r.out.Groups)
	list := make([]Installed, len(plans))
	g := Group{Missing: missing}
	for _, ref := range missing {
		r.counts.Late++
		if len(r.missing) < missingMax {
			r.missing[ref] = true
		}
	}
	for i := range plans {
		r.install(&plans[i])
		g.Changes = append(g.Changes, plans[i].changes...)
		list[i] = plans[i].Installed
	}
	r.out.Groups = append(r.out.Groups, g)
	r.rewait(waiting)
	all := joined(r.out.Groups[from:])
	all.Missing = slices.DeleteFunc(all.Missing, r.isApplied) // some have come with what was waiting
	r.out.Groups = append(r.out.Groups[:from], all)
	maps.DeleteFunc(r.missing, func(ref causal.Ref, _ bool) bool { return r.isApplied(ref) })
	return list, true
}

// installing is one space on its way to a copy.
type installing struct {
	Installed
	old     *space
	above   []piece // what is here above the copy
	changes []Change
}

// plan reads what is here above a copy.
func (r *Replica) plan(in *installing) bool {
	v := in.Copy.vector()
	for _, h := range in.Copy.Heads {
		if was := in.old.below[h.Replica]; h.Seq > was {
			in.Grown = append(in.Grown, Grown{h, was})
		}
	}
	for _, author := range sorted(in.old.chains, causal.ReplicaID.Compare) {
		c := in.old.chains[author]
		if c.head.Seq <= v[author] {
			continue
		}
		if hash, ok := r.HashAt(in.old.id, author, v[author]); v[author] > 0 {
			at, _ := slices.BinarySearchFunc(in.Copy.Heads, author, func(h causal.AuthorHead, id causal.ReplicaID) int { return h.Replica.Compare(id) })
			switch {
			case !ok:
				return false
			case hash != in.Copy.Heads[at].Hash:
				in.Forsaken = append(in.Forsaken, in.Copy.Heads[at])
				continue
			}
		}
		for seq := v[author] + 1; seq <= c.head.Seq; seq++ {
			p := r.Part(c.id.At(seq))
			hash, ok := r.HashAt(in.old.id, author, seq)
			if p == nil || !ok {
				return false
			}
			in.above = append(in.above, piece{part: p, hash: hash, isProven: in.old.isProven(p.Dot())})
		}
	}
	return true
}

// unwait takes all waiting parts out of the cache.
func (r *Replica) unwait() (list []*waiting) {
	for _, w := range r.pending.order {
		if w.isGone {
			continue
		}
		list = append(list, w)
		w.isGone = true
		if c := r.chain(w.part.Chain()); c != nil {
			c.waiting = nil
		}
	}
	r.pending = newPending()
	return list
}

// rewait puts parts back that waited, as long ago as they came.
func (r *Replica) rewait(list []*waiting) {
	for _, was := range list {
		r.take(was.piece)
		if w := r.pending.parts[was.part.Ref()]; w != nil {
			w.since = was.since
		}
	}
}

// install puts the copy in the place of its space, and plays on top what was here.
func (r *Replica) install(in *installing) {
	old := in.old
	s := newSpace(old.id)
	s.below = in.Copy.vector()
	s.rest = newBase()
	r.spaces[s.id] = s
	r.staleSpaces = slices.DeleteFunc(r.staleSpaces, func(o *space) bool { return o == old })
	for _, h := range in.Copy.Heads {
		c := s.chain(h.Replica)
		c.head, c.base, c.flushed, c.seals.shown = h.Head, h.Head, h.Seq, h.Head
		s.state.Context[h.Replica] = h.Seq
		s.rest.heads[h.Replica] = h.Head
	}
	for author, was := range old.chains {
		if was.head.Seq > 0 {
			s.chain(author).inherit(was)
		}
	}
	for _, ref := range in.Copy.Needs {
		s.rest.needs[ref.Chain()] = ref.Seq
		s.noteRef(ref)
	}
	s.isOutsideGrown = false
	s.rest.leaves, s.rest.isHash = map[causal.BucketName]causal.Leaf{}, true
	for _, l := range in.Copy.Leaves {
		s.rest.leaves[l.BucketName] = l
	}
	s.state.Entries = in.Copy.Entries
	s.setMaximal(s.chain(in.Copy.Marker.Replica))

	delete(r.claims, s.id) // a later one is among the records
	r.isLoading = true
	for _, d := range in.Copy.Proven {
		r.LoadProven(causal.Ref{Space: s.id, Dot: d})
	}
	for id, e := range s.state.Entries.All() {
		if e.Database == causal.ControlDatabase {
			r.endEarly(s, r.recordPiece(s, id, e))
		}
	}
	for _, a := range in.above {
		r.take(a)
	}
	in.reconnect(r, s)
	r.relawSpace(s)
	r.proven = nil
	r.isLoading = false
	in.changes = differences(old, s)
}

// reconnect looks at what has become of the parts above the copy. One that was
// behind another branch of a fork has lost its past, and is gone with it.
func (in *installing) reconnect(r *Replica, s *space) {
	r.unwait()
	for author, c := range s.chains {
		c.seals.fit(c)
		if c.head.Seq == 0 {
			delete(s.chains, author)
		}
	}
}

// inherit takes over what the chain's new place does not say.
func (c *chain) inherit(was *chain) {
	c.implied = was.implied
	c.seals.kept = slices.DeleteFunc(slices.Clone(was.seals.kept), func(s stretch) bool { return s.Seq <= c.base.Seq })
	c.seals.ahead = slices.DeleteFunc(slices.Clone(was.seals.ahead), func(p promised) bool { return p.Seq <= c.base.Seq })
	if n := len(c.seals.kept); n > 0 {
		c.seals.shown = was.seals.shown
	}
}

// fit lets go of seals behind the end of the chain.
func (q *seals) fit(c *chain) {
	if q.shown.Seq > c.head.Seq {
		q.kept, q.shown = nil, c.base
	}
}

// differences says what changes between two forms of a space.
func differences(old, s *space) (changes []Change) {
	var changed, come, gone []crdt.Live // changed: on another branch of a fork it was something else
	for id, e := range s.state.Entries.All() {
		was, isOld := old.state.Entries.Get(id)
		if isOld && was != e {
			changed = append(changed, crdt.Live{ID: id, Entry: was})
		}
		if !isOld || was != e {
			come = append(come, crdt.Live{ID: id, Entry: e})
		}
	}
	for id, e := range old.state.Entries.All() {
		if !s.state.Entries.Has(id) {
			gone = append(gone, crdt.Live{ID: id, Entry: e})
		}
	}
	tell := func(list []crdt.Live, removed bool) {
		order.Sort(list, compareLive)
		for _, e := range list {
			changes = append(changes, Change{s.id, e.Database, e.Key, e.Item(), removed})
		}
	}
	tell(changed, true)
	tell(come, false)
	tell(gone, true)
	return changes
}

// joined makes one group of several.
func joined(groups []Group) (g Group) {
	for _, o := range groups {
		g.Parts = append(g.Parts, o.Parts...)
		g.Hashes = append(g.Hashes, o.Hashes...)
		g.Changes = append(g.Changes, o.Changes...)
		g.Keys = append(g.Keys, o.Keys...)
		g.Missing = append(g.Missing, o.Missing...)
	}
	return g
}
