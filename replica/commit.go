package replica

import (
	"slices"

	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/algebra/crdt"
	"github.com/martinelli-lang/martinelli/algebra/order"
)

// Draft is a commit before it has its place in the order.
type Draft struct {
	Author causal.ReplicaID
	Stamp  causal.Stamp
	Seen   Session          // what the session had seen
	Reads  []causal.SpaceID // spaces the run read
	Writes []Write          // one per space, none twice

	Through causal.Chain // its head is named in place of all that the chain names; zero: there is none
}

// Write is what a commit does in one space. The commit keeps the slices.
type Write struct {
	Space   causal.SpaceID
	Entries []causal.Entry
	Removed []causal.EntryID
	Grants  []causal.Ref // what permits it: parts of the space, ascending
}

// Next returns the dot the author's next part in the space will have.
func (r *Replica) Next(id causal.SpaceID, author causal.ReplicaID) causal.Dot {
	return causal.Dot{Replica: author, Seq: r.Head(id, author).Seq + 1}
}

// Commit gives a draft its place in the order and applies it; all seqs are
// assigned in this one step. Its group is returned here and not by Drain, and
// has no Changes: who ran the handler has made them. A draft without writes,
// one that writes a space twice or whose session is not covered is a bug and
// panics.
//
// The parts name what the session had seen and the heads of the spaces read
// and written, and what was seen in those of them that some replica lacks
// which keeps the part's space, without what the author's chain implies. A
// writer that stays in one space, alone there, names nothing.
func (r *Replica) Commit(d Draft) Group {
	if !r.Covers(d.Seen) {
		panic("replica: a commit is made only where its session is covered")
	}
	for i := range d.Writes {
		if w := &d.Writes[i]; r.cfg.Planted.RemovesUnseen {
			w.removeUnseen(r.space(w.Space))
		}
	}
	g := place(d)
	touched := d.touched()
	for _, p := range g.Parts {
		p.Seq = r.Next(p.Space, p.Replica).Seq
		r.oust(p.Ref())
	}
	for i, p := range g.Parts {
		s := r.space(p.Space)
		c := s.chain(p.Replica)
		p.Seen = r.seen(s, c, &d, touched)
		p.Siblings = siblings(c, p, g.Parts)
		g.Hashes[i] = r.hasher.Chain(c.head.Hash, p)
	}
	for i, p := range g.Parts {
		r.giveBack(p)
		if _, isVoid := r.keep(piece{part: p, hash: g.Hashes[i], isProven: true}); isVoid {
			r.takeBack(p)
		}
	}
	for _, p := range g.Parts {
		r.arrived(p.Ref())
	}
	r.settle()
	r.enforce(g.Parts)
	return g
}

// takeBack tells that a part made here has no effect: who ran the handler has
// shown what it does.
func (r *Replica) takeBack(p *causal.Part) {
	var g Group
	for i := range p.Entries {
		e := &p.Entries[i]
		g.Changes = append(g.Changes, Change{p.Space, e.Database, e.Key, crdt.Item{ID: p.EntryID(i), Stamp: p.Stamp, Value: e.Value}, true})
	}
	for _, id := range p.Removed {
		if e, isLive := r.space(p.Space).state.Entries.Get(id); isLive {
			live := crdt.Live{ID: id, Entry: e}
			g.Changes = append(g.Changes, Change{p.Space, e.Database, e.Key, live.Item(), false})
		}
	}
	r.out.Groups = append(r.out.Groups, g)
}

// giveBack tells that removals of a part made here count for nothing, while
// the part itself may stand.
func (r *Replica) giveBack(p *causal.Part) {
	s := r.space(p.Space)
	if r.removesFreely(s, p) || s.law != nil && s.law.judge(p) != Valid {
		return // or takeBack tells
	}
	var g Group
	for _, id := range p.Removed {
		if e, isLive := s.state.Entries.Get(id); isLive && !r.mayRemoveEntry(s, p, id, &e) {
			live := crdt.Live{ID: id, Entry: e}
			g.Changes = append(g.Changes, Change{p.Space, e.Database, e.Key, live.Item(), false})
		}
	}
	if len(g.Changes) > 0 {
		r.out.Groups = append(r.out.Groups, g)
	}
}

// Bars returns why the author's next part in a space would be void, whatever
// is in it; Valid if it would not.
func (r *Replica) Bars(id causal.SpaceID, author causal.ReplicaID) Reason {
	s := r.spaces[id]
	if s == nil || s.law == nil {
		return Valid
	}
	return s.law.judge(&causal.Part{Space: id, Replica: author, Seq: r.Next(id, author).Seq})
}

// Barred returns why the author's next part would be void in some space; Valid
// if it would not. It costs the number of governed spaces.
func (r *Replica) Barred(author causal.ReplicaID) Reason {
	for _, id := range sorted(r.spaces, causal.SpaceID.Compare) {
		if reason := r.Bars(id, author); reason != Valid {
			return reason
		}
	}
	return Valid
}

// place makes the parts of a draft, in the order of their spaces, without seqs.
func place(d Draft) Group {
	if len(d.Writes) == 1 {
		one := &struct {
			part   causal.Part
			parts  [1]*causal.Part
			hashes [1]causal.Hash
		}{part: d.part(0)}
		one.parts[0] = &one.part
		return Group{Parts: one.parts[:], Hashes: one.hashes[:]}
	}
	g := Group{Parts: make([]*causal.Part, len(d.Writes)), Hashes: make([]causal.Hash, len(d.Writes))}
	for i := range d.Writes {
		p := d.part(i)
		g.Parts[i] = &p
	}
	order.Sort(g.Parts, func(a, b *causal.Part) int { return a.Space.Compare(b.Space) })
	for i, p := range g.Parts {
		if i > 0 && g.Parts[i-1].Space == p.Space {
			panic("replica: a commit has one part per space")
		}
	}
	if len(g.Parts) == 0 {
		panic("replica: a run that wrote nothing makes no commit")
	}
	return g
}

func (d *Draft) part(i int) causal.Part {
	w := &d.Writes[i]
	return causal.Part{Space: w.Space, Replica: d.Author, Stamp: d.Stamp, Entries: w.Entries, Removed: w.Removed, Grants: w.Grants}
}

// writes reports whether the draft writes the space.
func (d *Draft) writes(id causal.SpaceID) bool {
	return slices.ContainsFunc(d.Writes, func(w Write) bool { return w.Space == id })
}

// seen returns what the draft's part in s names. Of s itself these are the
// heads, which have seen whatever the session saw there. Of another space that
// the commit writes nothing is named: there the sibling names the heads. Of
// the rest it is what the session saw and the heads of the spaces read.
func (r *Replica) seen(s *space, c *chain, d *Draft, touched []causal.SpaceID) []causal.Ref {
	var refs []causal.Ref
	if !r.cfg.Planted.OmitsHeads {
		refs = s.appendHeads(refs, c)
	}
	through := r.chain(d.Through)
	for _, ref := range d.Seen {
		isReplaced := d.writes(ref.Space) || slices.Contains(d.Reads, ref.Space) && r.spaces[ref.Space] != nil
		if !isReplaced && !r.cfg.Planted.OmitsSession {
			refs = c.appendUnlessImplied(refs, through, ref)
		}
	}
	for i, id := range d.Reads {
		read := r.spaces[id]
		if read == nil || r.cfg.Planted.OmitsReads || d.writes(id) || slices.Contains(d.Reads[:i], id) {
			continue
		}
		for _, head := range read.maximal {
			refs = c.appendUnlessImplied(refs, through, head.id.At(head.head.Seq))
		}
	}
	if len(touched) > 1 {
		r.beyond(s.id, touched, func(ref causal.Ref) {
			if !slices.Contains(touched, ref.Space) {
				refs = c.appendUnlessImplied(refs, through, ref)
			}
		})
	}
	order.Sort(refs, causal.Ref.Compare)
	return lastOfEach(refs)
}

// lastOfEach leaves of the references into one chain the last one. It changes refs.
func lastOfEach(refs []causal.Ref) []causal.Ref {
	kept := refs[:0]
	for i, ref := range refs {
		if i+1 == len(refs) || refs[i+1].Chain() != ref.Chain() {
			kept = append(kept, ref)
		}
	}
	return kept
}

// touched returns the spaces the draft reads or writes.
func (d *Draft) touched() []causal.SpaceID {
	if len(d.Reads) == 0 && len(d.Writes) == 1 {
		return nil
	}
	spaces := make([]causal.SpaceID, 0, len(d.Reads)+len(d.Writes))
	for i := range d.Writes {
		spaces = append(spaces, d.Writes[i].Space)
	}
	for _, id := range d.Reads {
		if !slices.Contains(spaces, id) {
			spaces = append(spaces, id)
		}
	}
	return spaces
}

// appendUnlessImplied names a part of another space unless an earlier part of
// the chain did, or named a later one of the same chain. What through names is
// named by its head.
func (c *chain) appendUnlessImplied(refs []causal.Ref, through *chain, ref causal.Ref) []causal.Ref {
	if through.implies(ref) {
		ref = through.id.At(through.head.Seq)
	}
	if !c.imply(ref) {
		return refs
	}
	return append(refs, ref)
}

// imply notes that the chain names ref, and reports whether that is new.
func (c *chain) imply(ref causal.Ref) bool {
	id := ref.Chain()
	if ref.Seq <= c.implied[id] {
		return false
	}
	if c.implied == nil || len(c.implied) >= impliedMax {
		c.implied = map[causal.Chain]uint64{}
	}
	c.implied[id] = ref.Seq
	return true
}

// siblings names the other parts of the commit.
func siblings(c *chain, p *causal.Part, parts []*causal.Part) []causal.Ref {
	if len(parts) == 1 {
		return nil
	}
	refs := make([]causal.Ref, 0, len(parts)-1)
	for _, o := range parts {
		if o != p {
			refs = append(refs, o.Ref())
			c.imply(o.Ref())
		}
	}
	return refs
}
