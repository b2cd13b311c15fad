package replica

import (
	"slices"

	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/algebra/order"
)

// This file takes control records into the law of their space, and applies the
// law to the parts that are there already.

// Void says that the verdict on a part has changed.
type Void struct {
	causal.Ref
	Reason Reason // Valid: it has its effect again
}

// lawOf returns the law of a space, empty if nothing governs it yet.
func (r *Replica) lawOf(s *space) *law {
	if s.law == nil {
		s.law = newLaw(func(user string) bool { return r.cfg.Owns(user, s.id) }, r.cfg.IsSteward)
	}
	return s.law
}

// hasControl reports whether a part holds control records.
func hasControl(p *causal.Part) bool {
	for i := range p.Entries {
		if p.Entries[i].Database == causal.ControlDatabase {
			return true
		}
	}
	return false
}

// govern takes the control records of a part that has just been applied, and
// judges again whom they concern. Whether the part is itself void is asked when
// a record is used, as that may change.
func (r *Replica) govern(s *space, a piece) {
	var concerned []causal.ReplicaID
	for i := range a.part.Entries {
		e := &a.part.Entries[i]
		if e.Database != causal.ControlDatabase {
			continue
		}
		rec, err := causal.RecordOf(e)
		if err != nil {
			r.counts.BadRecords++
			continue
		}
		concerned = append(concerned, r.enact(s, r.lawOf(s), a, rec)...)
	}
	s.concerned = append(s.concerned, concerned...)
	r.out.HasNewLaw = true
}

// enact makes a record law, if its author may, and returns whose parts are to
// be judged again.
func (r *Replica) enact(s *space, l *law, a piece, rec causal.Record) (concerned []causal.ReplicaID) {
	p := a.part
	isSteward := r.cfg.IsSteward(p.Replica)
	switch rec := rec.(type) {
	case *causal.Registration:
		users := l.users
		if rec.User == "" && rec.Role == "" {
			users = l.strangers
		}
		known, isKnown := users[rec.Replica]
		if at := (stampedDot{p.Stamp, p.Dot()}); isSteward && (!isKnown || at.isBefore(known.at)) {
			users[rec.Replica] = &registration{*rec, at, l.final}
			l.moved[rec.Replica] = true
			return []causal.ReplicaID{rec.Replica}
		}
	case *causal.Standing:
		if isSteward {
			return l.stand(p, rec)
		}
	case *causal.Grant:
		if l.grants[p.Ref()] == nil {
			l.grants[p.Ref()] = &grant{Grant: *rec, part: p, isSteward: isSteward}
			return l.authorsOf(p.Ref())
		}
	case *causal.Cut:
		return l.enactCut(p, rec, isSteward)
	case *causal.Retire:
		if isSteward {
			r.endChain(s, l, rec.Replica, rec.Head.Seq+1)
			if l.books != nil && len(l.books.debts) > 0 {
				r.stale(s) // what was taken from it stands now
			}
			return l.limit(&limit{of: rec.Replica, after: rec.Head.Seq, by: p.Dot(), reason: VoidRetired})
		}
	case *causal.Final:
		if isSteward && rec.Marker > 0 && rec.Marker < p.Seq {
			l.waiting = append(l.waiting, causal.Dot{Replica: p.Replica, Seq: rec.Marker})
			return r.finalize(s, l)
		}
	case *causal.Checkpoint:
		dot := causal.Dot{Replica: p.Replica, Seq: rec.Marker}
		if isSteward && rec.Marker > 0 && rec.Marker < p.Seq && !s.below.Contains(dot) {
			r.claims[s.id] = Claim{s.id, dot, *rec}
		}
	case *causal.Revocation:
		if isSteward {
			l.revoke(rec)
		}
	case *causal.Proof:
		if a.isProven {
			return r.enactProof(s, l, p, rec)
		}
	}
	return nil
}

// enactCut limits a replica, by the steward, or who uses a grant, by the
// steward or an owner of the space.
func (l *law) enactCut(p *causal.Part, rec *causal.Cut, isSteward bool) []causal.ReplicaID {
	c := &limit{of: rec.Replica, after: rec.After, by: p.Dot(), reason: VoidCut}
	if (rec.Grant == causal.Ref{}) {
		if !isSteward || rec.Replica == (causal.ReplicaID{}) {
			return nil
		}
		return l.limit(c)
	}
	if rec.Replica == (causal.ReplicaID{}) {
		c.after = 0
	}
	if !isSteward {
		c.owner = p
	}
	c.reason, c.under = VoidGrant, l.final
	l.cuts[rec.Grant] = append(l.cuts[rec.Grant], c)
	return l.authorsOf(rec.Grant)
}

// limit takes a limit into the law.
func (l *law) limit(c *limit) []causal.ReplicaID {
	c.under = l.final
	l.limits[c.of] = append(l.limits[c.of], c)
	return []causal.ReplicaID{c.of}
}

// authorsOf returns who names a grant.
func (l *law) authorsOf(ref causal.Ref) (authors []causal.ReplicaID) {
	for _, d := range l.used[ref] {
		authors = append(authors, d.Replica)
	}
	return authors
}

// dependents returns the authors with those who use what one of them, or of
// the dependents, has granted or cut; sorted, each once.
func (l *law) dependents(authors []causal.ReplicaID) []causal.ReplicaID {
	isIn := map[causal.ReplicaID]bool{}
	for todo := authors; len(todo) > 0; {
		author := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		if isIn[author] {
			continue
		}
		isIn[author] = true
		for ref, g := range l.grants {
			if g.part.Replica == author || l.isCutBy(ref, author) {
				todo = append(todo, l.authorsOf(ref)...)
			}
		}
	}
	return sorted(isIn, causal.ReplicaID.Compare)
}

func (l *law) isCutBy(ref causal.Ref, author causal.ReplicaID) bool {
	return slices.ContainsFunc(l.cuts[ref], func(c *limit) bool { return c.by.Replica == author })
}

// enactProof makes everything a forker wrote from the fork on void, shows its
// chain only up to there, and lets nobody wait for what it wrote behind it.
func (r *Replica) enactProof(s *space, l *law, p *causal.Part, rec *causal.Proof) []causal.ReplicaID {
	forker, first := rec.Replica(), rec.Before.Seq+1
	r.out.Proven = append(r.out.Proven, p.Ref())
	l.proven[p.Dot()] = true
	if known, ok := l.forks[forker]; ok && known <= first {
		return nil
	}
	l.forks[forker] = first
	r.endChain(s, l, forker, first)
	return l.limit(&limit{of: forker, after: first - 1, by: p.Dot(), reason: VoidFork})
}

// endChain says that a chain ends before first for everybody: its author has
// forked there, or was retired.
func (r *Replica) endChain(s *space, l *law, author causal.ReplicaID, first uint64) {
	if known, ok := l.ended[author]; ok && known <= first {
		return
	}
	c := s.chains[author]
	if c != nil {
		r.loosen(c, first) // before the law says so: it asks what they need so far
	}
	l.ended[author] = first
	if c != nil {
		r.recap(s, c)
	}
	r.excuse(s, author, first)
}

// excuse says that what an author wrote behind the end of its chain is awaited
// no more, but by what it wrote next: neither what is absent, nor what waits
// itself.
func (r *Replica) excuse(s *space, author causal.ReplicaID, first uint64) {
	q := &r.pending
	var met []causal.Ref
	for ref := range q.needs {
		if ref.Space == s.id && ref.Replica == author && ref.Seq >= first {
			met = append(met, ref)
		}
	}
	order.Sort(met, causal.Ref.Compare)
	for _, ref := range met {
		var stay []*waiting
		for _, w := range q.needs[ref] {
			if w.part.Chain() == ref.Chain() && w.part.Seq == ref.Seq+1 {
				stay = append(stay, w)
				continue
			}
			if q.parts[ref] == nil {
				w.absent--
			}
			switch {
			case w.absent == 0:
				q.ready = append(q.ready, w)
			case w.isOverdue && r.isInsideMet(w):
				q.given = append(q.given, w)
			}
		}
		if q.needs[ref] = stay; len(stay) == 0 {
			delete(q.needs, ref)
		}
	}
}

// isPastEnd reports whether a part is behind the end of its author's chain: the
// author is a proven forker and the part not before the fork, or the author is
// retired and the part was not there then.
func (s *space) isPastEnd(d causal.Dot) bool {
	if s == nil || s.law == nil {
		return false
	}
	first, ok := s.law.ended[d.Replica]
	return ok && d.Seq >= first
}

// isProven reports whether a part holds the proof of a fork that was found good.
func (s *space) isProven(d causal.Dot) bool { return s.law != nil && s.law.proven[d] }

// use notes which grants a part names, so that a cut finds it.
func (l *law) use(p *causal.Part) {
	for _, ref := range p.Grants {
		l.used[ref] = append(l.used[ref], p.Dot())
	}
}

// enforce judges again whom the records of parts just applied concern, and
// rebuilds the spaces where a verdict has flipped. It comes after the group of
// those parts is handed out, as what it changes stands on that.
func (r *Replica) enforce(parts []*causal.Part) {
	if r.isLoading || r.cfg.Planted.JudgesOnce {
		return
	}
	for _, p := range parts {
		s := r.spaces[p.Space]
		if s == nil || len(s.concerned) == 0 {
			continue
		}
		for _, author := range s.law.dependents(s.concerned) {
			if c := s.chains[author]; c != nil && r.hasFlipped(s, c) {
				r.stale(s)
				break
			}
		}
		s.concerned = nil
		clear(s.law.moved)
	}
	r.Refresh()
}

// hasFlipped reports whether a part of a chain above the base is judged
// otherwise than it was.
func (r *Replica) hasFlipped(s *space, c *chain) bool {
	for seq := s.below[c.id.Replica] + 1; seq <= c.head.Seq; seq++ {
		p := r.Part(c.id.At(seq))
		if p == nil {
			return true // the rebuild waits for it
		}
		if len(p.Removed) > 0 && s.law.moved[c.id.Replica] && len(s.law.standings) > 0 {
			return true // what it removed counts, or counts no more
		}
		was := s.law.void[p.Dot()]
		if is := s.law.judge(p); is != was && !(is == Valid && was == VoidEscrow) {
			return true
		}
	}
	return false
}
