package replica

import (
	"slices"

	"github.com/martinelli-lang/martinelli/algebra/causal"
)

// Revocations returns what the steward has said in a space of who is let in no
// more, in the order in which it came to be known here.
func (r *Replica) Revocations(id causal.SpaceID) []causal.Revocation {
	if s := r.spaces[id]; s != nil && s.law != nil {
		return s.law.revocations
	}
	return nil
}

// Enrolled returns the replicas of a user that a space names, and the stamps of
// their registrations, in no order.
func (r *Replica) Enrolled(id causal.SpaceID, user string) map[causal.ReplicaID]causal.Stamp {
	found := map[causal.ReplicaID]causal.Stamp{}
	if s := r.spaces[id]; s != nil && s.law != nil {
		for who, reg := range s.law.users {
			if reg.User == user {
				found[who] = reg.at.stamp
			}
		}
	}
	return found
}

func (l *law) revoke(rec *causal.Revocation) {
	if !slices.Contains(l.revocations, *rec) {
		l.revocations = append(l.revocations, *rec)
	}
}
