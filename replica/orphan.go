package replica

import (
	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/algebra/crdt"
)

// This file tells what became of the parts of one author, for whoever has
// written them under another id.

// Verdict returns why an applied part has no effect; Valid if it has one, as
// every part below the checkpoint.
func (r *Replica) Verdict(ref causal.Ref) Reason {
	s := r.spaces[ref.Space]
	r.review(s)
	if s != nil && s.law != nil {
		return s.law.void[ref.Dot]
	}
	return Valid
}

// Live returns an entry; false if it is not live.
func (r *Replica) Live(id causal.SpaceID, entry causal.EntryID) (crdt.Entry, bool) {
	s := r.spaces[id]
	if s == nil {
		return crdt.Entry{}, false
	}
	return s.state.Entries.Get(entry)
}

// Removals returns which entries of an author's parts behind a seq were removed:
// by a part that has its effect, or by the author itself. It reads all parts of
// the space above its checkpoint, and fails if one can't be read.
func (r *Replica) Removals(id causal.Chain, after uint64) (removed map[causal.EntryID]bool, ok bool) {
	s := r.spaces[id.Space]
	if s == nil {
		return nil, true
	}
	parts, ok := r.above(s)
	removed = map[causal.EntryID]bool{}
	for _, p := range parts {
		if p.Replica != id.Replica && r.Verdict(p.Ref()) != Valid {
			continue
		}
		for _, e := range p.Removed {
			if e.Replica == id.Replica && e.Seq > after {
				removed[e] = true
			}
		}
	}
	return removed, ok
}
