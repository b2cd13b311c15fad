package replica

import (
	"slices"

	"github.com/martinelli-lang/martinelli/algebra/causal"
)

// Causality must not leak through a space that a reader does not hold: c1 in X
// is seen by c2 in W, c2 is seen by c3 in Z, and who holds X and Z, but not W,
// must not show c3 without c1 (history 5 of the model). So c3 names c1 too.
//
// What a part of W saw elsewhere is not kept part by part, which would be as
// much as the log, but for the space as a whole: its outside, the last part of
// each foreign chain that any applied part of W names. Who has read W has read
// all of these, so naming them says too much at worst and never too little;
// and what it says too much is applied here, so nobody can wait for it in vain.

// outside is what the parts of a space name of other spaces.
type outside map[causal.SpaceID]causal.Vector

// note adds what p names of other spaces.
func (s *space) note(p *causal.Part) {
	for _, refs := range [...][]causal.Ref{p.Seen, p.Siblings} {
		for _, ref := range refs {
			if ref.Space != s.id {
				s.noteRef(ref)
			}
		}
	}
}

func (s *space) noteRef(ref causal.Ref) {
	v := s.outside[ref.Space]
	if v == nil {
		if s.outside == nil {
			s.outside = outside{}
		}
		v = causal.Vector{}
		s.outside[ref.Space] = v
	}
	if v.Add(ref.Dot) {
		s.isOutsideGrown = true
	}
}

// condense replaces what s names of a space that is held here by the heads of
// that space, where these are fewer: they have seen it. What is not applied
// here, as it was missing when a part was late, stays. So an outside has not
// many more references than the spaces it names have heads.
func (r *Replica) condense(s *space) {
	for id, v := range s.outside {
		named := r.spaces[id]
		if named == nil || len(v) <= len(named.maximal) {
			continue
		}
		for author, seq := range v {
			if r.isApplied(causal.Chain{Space: id, Replica: author}.At(seq)) {
				delete(v, author)
			}
		}
		for _, c := range named.maximal {
			v.Add(causal.Dot{Replica: c.id.Replica, Seq: c.head.Seq})
		}
	}
}

// needs returns the outside of s, in order.
func (s *space) needs() []causal.Ref {
	var refs []causal.Ref
	for _, id := range sorted(s.outside, causal.SpaceID.Compare) {
		v := s.outside[id]
		for _, author := range v.Replicas() {
			refs = append(refs, causal.Chain{Space: id, Replica: author}.At(v[author]))
		}
	}
	return refs
}

// beyond calls yield for what a part written in a space has to name of other
// spaces, though its author's session did not see it there: what was seen in
// the spaces from which lead on, of those that not every replica that keeps
// the written space keeps too; of a space that is come by only so, its heads
// go with it. What is not applied here was not seen. The zero
// space stands for any that may be written later.
func (r *Replica) beyond(written causal.SpaceID, from []causal.SpaceID, yield func(causal.Ref)) {
	open := slices.Clone(from)
	for i := 0; i < len(open); i++ {
		s := r.spaces[open[i]]
		if s == nil || open[i] == written || slices.Contains(open[:i], open[i]) || r.cfg.Covers(written, open[i]) {
			continue
		}
		r.condense(s)
		if i >= len(from) { // what all its parts name is named next: so these have been seen, too
			for _, c := range s.maximal {
				yield(c.id.At(c.head.Seq))
			}
		}
		for _, ref := range s.needs() {
			if r.isApplied(ref) || !r.cfg.Holds(ref.Space) {
				yield(ref)
			}
			if !slices.Contains(open, ref.Space) {
				open = append(open, ref.Space)
			}
		}
	}
}

// add puts a reference into a session, unless it names as much of the chain.
func (s Session) add(ref causal.Ref) Session {
	for i := range s {
		if s[i].Chain() == ref.Chain() {
			s[i].Seq = max(s[i].Seq, ref.Seq)
			return s
		}
	}
	return append(s, ref)
}

// impliedMax bounds the chains of which an own chain remembers what it has
// named. Beyond it all is forgotten, and named again when it is seen again.
const impliedMax = 1 << 17

// Needs returns what the parts of a space name of other spaces: of each chain
// the last, or the heads of a space in place of what they have seen; in order.
func (r *Replica) Needs(id causal.SpaceID) []causal.Ref {
	s := r.spaces[id]
	if s == nil {
		return nil
	}
	return s.needs()
}
