package replica

import (
	"strings"

	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/algebra/crdt"
)

// law is what the control records of a space say. Everything a node judges by
// stands here, and all of it comes from parts of this one space: two nodes
// that have applied the same parts judge alike, in whatever order those came.
//
// Nothing that is final is taken away: a record counts against a part only if
// it is in the past of every final that covers the part. So each record that
// takes away remembers the largest final vector it is not part of.
type law struct {
	owns        func(user string) bool // the space
	users       map[causal.ReplicaID]*registration
	strangers   map[causal.ReplicaID]*registration // replicas of nobody known; whoever is known after all is in users
	grants      map[causal.Ref]*grant              // by the part that holds it
	limits      map[causal.ReplicaID][]*limit
	cuts        map[causal.Ref][]*limit     // of grants: who must not use one any more, and from where on
	used        map[causal.Ref][]causal.Dot // parts that name a grant, above the base
	final       causal.Vector               // what is final; nil while nothing is
	finals      []causal.Vector             // how it grew, above the base
	void        map[causal.Dot]Reason       // of the parts above the base, those without effect
	forks       map[causal.ReplicaID]uint64 // the first seq that a proven forker wrote twice
	ended       map[causal.ReplicaID]uint64 // the first seq that is not of the chain any more: of forkers, and of who is retired
	proven      map[causal.Dot]bool         // parts that hold a proof of a fork that was found good
	past        markedPast                  // of the last final
	waiting     []causal.Dot                // markers of finals whose past can't be read yet
	hasCovered  bool                        // a debt was covered once
	books       *books                      // who holds which rights; nil while nobody does
	standings   []*standing                 // what users may write without a grant; the newest first
	moved       map[causal.ReplicaID]bool   // whose removals are to be judged again
	revocations []causal.Revocation         // who is let in no more
	isSteward   func(causal.ReplicaID) bool
}

// markedPast is the past of a marker, worked out once.
type markedPast struct {
	marker causal.Dot
	vector causal.Vector
}

// registration says whose a replica is: it belongs to one user for ever, so the
// first one holds.
type registration struct {
	causal.Registration
	at    stampedDot
	under causal.Vector // as a limit's: of what that covers it says nothing
}

// stampedDot orders records: by stamp, and of equal stamps by dot.
type stampedDot struct {
	stamp causal.Stamp
	dot   causal.Dot
}

func (a stampedDot) isBefore(b stampedDot) bool {
	return a.stamp < b.stamp || a.stamp == b.stamp && a.dot.Compare(b.dot) < 0
}

// grant is a grant, in force or not.
type grant struct {
	causal.Grant
	part      *causal.Part // that holds it
	isSteward bool         // its author is a steward; otherwise it must be of an owner
}

// limit is a record that takes away: parts of a replica behind after are void.
type limit struct {
	of     causal.ReplicaID // zero: everybody
	after  uint64
	by     causal.Dot    // the part that holds the record
	owner  *causal.Part  // that part, where it is not a steward's: it may be void itself
	under  causal.Vector // the largest final vector that the record is not in: what that covers stays
	reason Reason
}

// voids reports whether the limit takes the effect of a part.
func (l *limit) voids(d causal.Dot) bool {
	isHis := l.of == d.Replica || l.of == causal.ReplicaID{}
	return isHis && d.Seq > l.after && !l.under.Contains(d)
}

// Reason says why a part is void.
type Reason uint8

const (
	Valid       Reason = iota
	VoidCut            // its author was cut
	VoidRetired        // its author was retired, or had taken another id
	VoidFork           // its author wrote two parts under one seq
	VoidGrant          // it names a grant that is none, does not cover it, or was cut
	VoidEscrow         // it spends or hands on what its author did not hold
	VoidAccess         // its author's user may not write that
)

// String says it for people.
func (r Reason) String() string {
	switch r {
	case VoidCut:
		return "its author was cut"
	case VoidRetired:
		return "its author's replica was retired"
	case VoidFork:
		return "its author forked"
	case VoidGrant:
		return "it names a grant that does not allow it"
	case VoidEscrow:
		return "it spends what its author did not hold"
	case VoidAccess:
		return "its author's user may not write what it writes"
	}
	return "valid"
}

func newLaw(owns func(user string) bool, isSteward func(causal.ReplicaID) bool) *law {
	return &law{
		owns: owns, isSteward: isSteward, moved: map[causal.ReplicaID]bool{},
		users: map[causal.ReplicaID]*registration{}, strangers: map[causal.ReplicaID]*registration{},
		grants: map[causal.Ref]*grant{},
		limits: map[causal.ReplicaID][]*limit{},
		cuts:   map[causal.Ref][]*limit{},
		used:   map[causal.Ref][]causal.Dot{},
		void:   map[causal.Dot]Reason{},
		forks:  map[causal.ReplicaID]uint64{},
		ended:  map[causal.ReplicaID]uint64{},
		proven: map[causal.Dot]bool{},
	}
}

// judge returns what the records say of a part. Escrow is judged apart: it
// depends on the parts before.
func (l *law) judge(p *causal.Part) Reason { return l.judgeAt(p, depthMax) }

// depthMax bounds how long a chain of grants is that permit each other.
const depthMax = 64

func (l *law) judgeAt(p *causal.Part, depth int) Reason {
	for _, limit := range l.limits[p.Replica] {
		if limit.voids(p.Dot()) {
			return limit.reason
		}
	}
	for _, ref := range p.Grants {
		if g := l.grants[ref]; ref.Space != p.Space || g == nil || !l.allows(g, p.Dot(), depth) {
			return VoidGrant
		}
	}
	return l.judgeEntries(p)
}

// judgeEntries asks of each entry whether a grant covers it that the part
// names, or whether it may stand without.
func (l *law) judgeEntries(p *causal.Part) Reason {
	s, user := l.standingOf(p.Dot())
	if s == nil && len(p.Grants) == 0 {
		return Valid
	}
	for i := range p.Entries {
		e := &p.Entries[i]
		switch {
		case l.covers(p.Grants, e.Database, e.Key), s != nil && s.permits(user, e):
		case len(p.Grants) > 0:
			return VoidGrant
		default:
			return VoidAccess
		}
	}
	return Valid
}

// allows reports whether a grant is valid, for this author, and not cut.
func (l *law) allows(g *grant, d causal.Dot, depth int) bool {
	isHis := g.To == d.Replica
	if (g.To == causal.ReplicaID{}) {
		isHis = g.User != "" && l.userOf(d) == g.User
	}
	if !isHis || !l.isInForce(g, depth) {
		return false
	}
	for _, c := range l.cuts[g.part.Ref()] {
		if c.voids(d) && (c.owner == nil || l.isOwners(c.owner, depth)) {
			return false
		}
	}
	return true
}

// isInForce reports whether the author of a grant may give it.
func (l *law) isInForce(g *grant, depth int) bool { return g.isSteward || l.isOwners(g.part, depth) }

// isOwners reports whether a part is by an owner of the space and not void.
func (l *law) isOwners(p *causal.Part, depth int) bool {
	user := l.userOf(p.Dot())
	return depth > 0 && user != "" && l.owns(user) && l.judgeAt(p, depth-1) == Valid
}

// userOf returns to whom the author of a part is registered, as far as that
// counts for the part.
func (l *law) userOf(d causal.Dot) string {
	if reg := l.users[d.Replica]; reg != nil && !reg.under.Contains(d) {
		return reg.User
	}
	return ""
}

// covers reports whether one of the grants is for the key.
func (l *law) covers(grants []causal.Ref, database, key string) bool {
	for _, ref := range grants {
		g := l.grants[ref]
		if g == nil {
			continue
		}
		for _, s := range g.Scopes {
			if s.Database == database && strings.HasPrefix(key, s.Prefix) {
				return true
			}
		}
	}
	return false
}

// mayRemove reports whether p's removal of an entry counts: who writes under a
// grant removes only what it covers, and nobody strikes a line from the books
// of another.
func (r *Replica) mayRemove(s *space, p *causal.Part, id causal.EntryID) bool {
	if r.removesFreely(s, p) {
		return true
	}
	e, isLive := s.state.Entries.Get(id)
	return !isLive || r.mayRemoveEntry(s, p, id, &e)
}

// removesFreely reports whether no removal of a part has to be looked at.
func (r *Replica) removesFreely(s *space, p *causal.Part) bool {
	return len(p.Grants) == 0 && r.cfg.Escrow == nil && (s.law == nil || len(s.law.standings) == 0)
}

func (r *Replica) mayRemoveEntry(s *space, p *causal.Part, id causal.EntryID, e *crdt.Entry) bool {
	if s.law == nil && len(p.Grants) > 0 || s.law != nil && !s.law.mayTake(p, e) {
		return false
	}
	return id.Replica == p.Replica || !r.isBounded(e.Database) || r.cfg.IsSteward(p.Replica)
}
