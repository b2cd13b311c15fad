package replica

import (
	"github.com/martinelli-lang/martinelli/algebra/causal"
)

// finalize works out the pasts of the finals that wait and puts them in force,
// in their order. It returns whose parts are to be judged again.
func (r *Replica) finalize(s *space, l *law) (concerned []causal.ReplicaID) {
	for len(l.waiting) > 0 {
		past, ok := r.past(s, l.waiting[0], l.final)
		if !ok {
			r.stale(s) // the log is not written yet; Refresh tries again
			return concerned
		}
		l.past.remember(l.waiting[0], past)
		l.waiting = l.waiting[1:]
		concerned = append(concerned, l.fix(past)...)
		if l.books != nil && len(l.books.debts) > 0 || l.hasCovered {
			r.stale(s) // what is covered from outside a final stays void within it
		}
		if !r.isLoading {
			r.out.Finals = append(r.out.Finals, Final{s.id, past})
		}
	}
	return concerned
}

// remember keeps the past of a marker, joined with the finals before. It is the
// marker's own past if the one before was of the same steward, whose own past
// it sees.
func (m *markedPast) remember(marker causal.Dot, joined causal.Vector) {
	if m.marker.Replica != marker.Replica && m.marker.Seq > 0 {
		joined = nil
	}
	*m = markedPast{marker, joined.Clone()}
}

// Final says that a space's final vector has grown.
type Final struct {
	Space  causal.SpaceID
	Vector causal.Vector // shared: nobody may change it
}

// Final returns the vector of what is final in a space; nil while nothing is.
// Nobody may change it.
func (r *Replica) Final(id causal.SpaceID) causal.Vector {
	if s := r.spaces[id]; s != nil && s.law != nil {
		return s.law.final
	}
	return nil
}

// settled says that a checkpoint covers a vector: it is final, and so are the
// verdicts below it.
func (l *law) settled(below causal.Vector) {
	l.final = below.Clone()
	l.finals = nil
}

// fix makes a past final. Records outside it take nothing away within it. Of
// two finals of different stewards neither may contain the other; then what is
// final is what either covers.
func (l *law) fix(past causal.Vector) (concerned []causal.ReplicaID) {
	past.Join(l.final)
	l.final, l.finals = past, append(l.finals, past)
	for _, users := range []map[causal.ReplicaID]*registration{l.users, l.strangers} {
		for _, reg := range users {
			if !past.Contains(reg.at.dot) {
				reg.under = past
				concerned = append(concerned, reg.Replica)
			}
		}
	}
	for _, s := range l.standings {
		if !past.Contains(s.at.dot) {
			s.under = past
			concerned = append(concerned, l.everybody()...)
		}
	}
	for _, limits := range l.limits {
		for _, c := range limits {
			concerned = append(concerned, c.fix(past)...)
		}
	}
	for ref, cuts := range l.cuts {
		for _, c := range cuts {
			if len(c.fix(past)) > 0 {
				concerned = append(concerned, l.authorsOf(ref)...)
			}
		}
	}
	return concerned
}

// fix raises what a limit leaves alone, unless the final knows the limit.
func (c *limit) fix(past causal.Vector) []causal.ReplicaID {
	if past.Contains(c.by) {
		return nil
	}
	c.under = past
	return []causal.ReplicaID{c.of}
}

// past returns the vector of the causal past of a part in its space, itself
// included: what predecessors and Seen lead to. It reads each part above known
// once. It fails if one can't be read.
//
// What a replica wrote behind the end of its chain, if it was retired before the
// part was made, is not in it: not everybody has that.
//
// Of a proven forker this node may have another branch than the steward, or
// none: then the past it finds may be another too. The vector of the steward's
// checkpoint tells, as it bears chain hashes, and the node takes that.
func (r *Replica) past(s *space, of causal.Dot, known causal.Vector) (causal.Vector, bool) {
	past := causal.Vector{}
	past.Join(known)
	past.Join(s.below)
	todo := []causal.Dot{of}
	for len(todo) > 0 {
		d := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		for seq := past[d.Replica] + 1; seq <= d.Seq; seq++ {
			at := causal.Dot{Replica: d.Replica, Seq: seq}
			p := r.Part(causal.Ref{Space: s.id, Dot: at})
			if s.law.isRetired(at, of) {
				break
			}
			if p == nil && s.law.isForked(at) {
				past[d.Replica] = d.Seq
				break
			}
			if p == nil {
				return nil, false
			}
			past[d.Replica] = seq
			for _, ref := range p.Seen {
				if ref.Space == s.id && !past.Contains(ref.Dot) {
					todo = append(todo, ref.Dot)
				}
			}
		}
	}
	return past, true
}

// isRetired reports whether a part is behind the end of a chain that the author
// of another part had cut off by then.
func (l *law) isRetired(d, by causal.Dot) bool {
	for _, c := range l.limits[d.Replica] {
		if c.reason == VoidRetired && d.Seq > c.after && c.by.Replica == by.Replica && c.by.Seq <= by.Seq {
			return true
		}
	}
	return false
}

// endOf returns the last part of a chain that may have an effect, as its author
// has forked or was retired; false if neither.
func (l *law) endOf(author causal.ReplicaID) (last uint64, ok bool) {
	for _, c := range l.limits[author] {
		if c.reason == VoidFork || c.reason == VoidRetired {
			if end := max(c.after, c.under[author]); !ok || end < last {
				last, ok = end, true
			}
		}
	}
	return last, ok
}

// isForked reports whether a part is not before a proven fork of its author's.
func (l *law) isForked(d causal.Dot) bool {
	first, ok := l.forks[d.Replica]
	return ok && d.Seq >= first
}
