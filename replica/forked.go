package replica

import (
	"cmp"
	"slices"

	"github.com/martinelli-lang/martinelli/algebra/causal"
)

// What a forker wrote from its fork on has no effect, so nobody need have the
// same of it. What is shown of its chain ends before the fork at every node
// that has the proof; behind it each may hold another branch, or none. In the
// same way the chain of a retired replica ends where the steward had it.

// Forked returns the first seq that is not of a chain any more: its author is
// proven to have written it twice, or was retired before. False if neither.
func (r *Replica) Forked(id causal.Chain) (first uint64, ok bool) {
	if s := r.spaces[id.Space]; s != nil && s.law != nil {
		first, ok = s.law.ended[id.Replica]
	}
	return first, ok
}

// IsRetired reports whether the steward has retired a replica in a space.
func (r *Replica) IsRetired(id causal.Chain) bool {
	s := r.spaces[id.Space]
	return s != nil && s.law != nil && s.law.hasRetired(id.Replica)
}

func (l *law) hasRetired(r causal.ReplicaID) bool {
	return slices.ContainsFunc(l.limits[r], func(c *limit) bool { return c.reason == VoidRetired })
}

// recap shows a chain up to its end, as soon as it goes that far.
func (r *Replica) recap(s *space, c *chain) {
	if s.law == nil {
		return
	}
	first, ok := s.law.ended[c.id.Replica]
	last := max(first-1, c.base.Seq) // the checkpoint is everybody's
	if !ok || c.head.Seq < last || c.seals.cap != nil && c.seals.cap.Seq == last {
		return
	}
	hash, isKnown := r.HashAt(s.id, c.id.Replica, last)
	if last == 0 || isKnown {
		c.seals.cap = &causal.Head{Seq: last, Hash: hash}
		s.isDigest = false
	}
}

// recapAll is recap for all chains of a space that have ended.
func (r *Replica) recapAll(s *space) {
	if s.law == nil {
		return
	}
	for _, author := range sorted(s.law.ended, causal.ReplicaID.Compare) {
		if c := s.chains[author]; c != nil {
			r.recap(s, c)
		}
	}
}

// loosen lets what stands behind the end of a chain wait for its predecessor
// alone: it has no effect, so it makes nothing visible before its causes.
func (r *Replica) loosen(c *chain, first uint64) {
	q := &r.pending
	for _, w := range c.waiting {
		if w.part.Seq < first {
			continue
		}
		r.eachNeed(w.part, func(ref causal.Ref) bool {
			if before := w.part.Chain().At(w.part.Seq - 1); ref != before {
				q.forgetNeed(ref, w)
				if q.parts[ref] == nil {
					w.absent--
				}
			}
			return true
		})
		if w.absent == 0 {
			q.ready = append(q.ready, w)
		}
	}
}

// Held returns a part that is applied or waits here, and the chain hash at it;
// false if it does neither or can't be read.
func (r *Replica) Held(ref causal.Ref) (*causal.Part, causal.Hash, bool) {
	if w := r.pending.parts[ref]; w != nil {
		return w.part, w.hash, true
	}
	p := r.Part(ref)
	if p == nil {
		return nil, causal.Hash{}, false
	}
	hash, ok := r.HashAt(ref.Space, ref.Replica, ref.Seq)
	return p, hash, ok
}

// SealOver returns the first good seal known here of a chain that is over the
// given part or one behind it, whether the chain is applied so far or not.
func (r *Replica) SealOver(id causal.Chain, seq uint64) (causal.Seal, bool) {
	if seq == 0 {
		return causal.Seal{}, false
	}
	if s, ok := r.SealAfter(id, seq-1); ok {
		return s, true
	}
	c := r.chain(id)
	if c == nil {
		return causal.Seal{}, false
	}
	i, _ := slices.BinarySearchFunc(c.seals.ahead, seq, func(p promised, seq uint64) int { return cmp.Compare(p.Seq, seq) })
	for _, p := range c.seals.ahead[i:] {
		if _, hash, ok := r.Held(id.At(p.Seq)); ok && hash == p.hash {
			return p.Seal, true
		}
	}
	return causal.Seal{}, false
}
