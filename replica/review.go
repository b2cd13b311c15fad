package replica

import (
	"cmp"

	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/algebra/order"
)

// A flushed state has no effect of a void part in it, so with that loaded
// nothing has to be judged to go on. Which parts are void, and who names which
// grant, is asked when control records come and when a checkpoint is made: then
// the log is read, and not before (docs/why/verdicts-on-demand.md).

// LoadJudged says that what will be loaded was flushed by a replica that judged
// as this one does and had nothing left to judge again. It comes before
// everything else. Where escrow keeps something it changes nothing: what a part
// may spend depends on all before it.
func (r *Replica) LoadJudged() { r.isJudged = r.cfg.Escrow == nil }

// IsSettled reports whether no verdict waits to be applied to the entries.
func (r *Replica) IsSettled() bool { return len(r.staleSpaces) == 0 }

// enactFlushed makes law of the control records of the flushed states, before
// the log above them is replayed: so that is judged as it comes.
func (r *Replica) enactFlushed() {
	if !r.isJudged || r.isEnacted {
		return
	}
	r.isEnacted = true
	for _, id := range sorted(r.spaces, causal.SpaceID.Compare) {
		s := r.spaces[id]
		s.isUnread = true
		if records := r.flushedRecords(s); len(s.below)+len(records) > 0 {
			r.enactAll(s, records)
		}
		s.concerned = nil
		if s.law != nil {
			clear(s.law.moved)
		}
	}
}

// enactAll makes law of records. Finals come behind all others, in their order,
// so that each record finds out which of them it is not part of.
func (r *Replica) enactAll(s *space, records []piece) {
	l := r.lawOf(s)
	if len(s.below) > 0 && l.final == nil {
		l.settled(s.below)
	}
	order.Sort(records, func(a, b piece) int { return cmp.Or(compareFinal(a, b), a.part.Ref().Compare(b.part.Ref())) })
	for _, a := range records {
		r.govern(s, a)
	}
	for _, author := range sorted(l.ended, causal.ReplicaID.Compare) {
		if c := s.chains[author]; c != nil {
			r.recap(s, c)
		}
	}
}

// review judges the parts of a space that were loaded without being looked at.
// It costs what lies above the last checkpoint, once.
func (r *Replica) review(s *space) {
	if s == nil || !s.isUnread {
		return
	}
	parts, ok := r.above(s)
	if !ok {
		r.stale(s) // the rebuild looks at them, when they can be read
		return
	}
	s.isUnread = false
	r.use(s, parts)
	r.lawOf(s).void = r.verdicts(s, nil, parts)
}

// use notes again who names which grant.
func (r *Replica) use(s *space, parts []*causal.Part) {
	l := r.lawOf(s)
	l.used = map[causal.Ref][]causal.Dot{}
	for _, p := range parts {
		l.use(p)
	}
}
