package replica

import (
	"slices"
	"strings"

	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/algebra/crdt"
	"github.com/martinelli-lang/martinelli/value"
)

// What users may write without a grant is a record of the space like any other,
// so a node that does not know the program judges by it as one that does. It
// judges the parts of registered replicas: until the steward says whose a
// replica is, nothing is held against it.

// standing is a standing record.
type standing struct {
	*causal.Standing
	rules map[string]*causal.Rule
	at    stampedDot
	under causal.Vector // as a limit's
}

// stand takes a standing record into the law.
func (l *law) stand(p *causal.Part, rec *causal.Standing) []causal.ReplicaID {
	s := &standing{Standing: rec, rules: map[string]*causal.Rule{}, at: stampedDot{p.Stamp, p.Dot()}, under: l.final}
	for i := range rec.Rules {
		s.rules[rec.Rules[i].Database] = &rec.Rules[i]
	}
	i, isKnown := slices.BinarySearchFunc(l.standings, s, func(a, b *standing) int {
		switch {
		case b.at.isBefore(a.at):
			return -1
		case a.at.isBefore(b.at):
			return 1
		}
		return 0
	})
	if isKnown {
		return nil
	}
	l.standings = slices.Insert(l.standings, i, s)
	all := l.everybody()
	for _, id := range all {
		l.moved[id] = true
	}
	return all
}

// everybody returns whom a standing record concerns: who is registered.
func (l *law) everybody() []causal.ReplicaID {
	all := sorted(l.users, causal.ReplicaID.Compare)
	return append(all, sorted(l.strangers, causal.ReplicaID.Compare)...)
}

// registered returns whose the author of a part is, as far as that counts for the part.
func (l *law) registered(d causal.Dot) *registration {
	for _, reg := range []*registration{l.users[d.Replica], l.strangers[d.Replica]} {
		if reg != nil && !reg.under.Contains(d) {
			return reg
		}
	}
	return nil
}

// standingOf returns the record that judges a part, with the user whose it is;
// nil if none does.
func (l *law) standingOf(d causal.Dot) (*standing, string) {
	if len(l.standings) == 0 {
		return nil, ""
	}
	reg := l.registered(d)
	if reg == nil || l.isSteward(d.Replica) {
		return nil, ""
	}
	for _, s := range l.standings {
		if s.Before.Contains(d) || s.under.Contains(d) {
			continue
		}
		if reg.User == "" && slices.Contains(s.Trusted, reg.Role) {
			return nil, ""
		}
		return s, reg.User
	}
	return nil, ""
}

// permits reports whether a user may add an entry.
func (s *standing) permits(user string, e *causal.Entry) bool {
	if s.mayWrite(user, e.Database, e.Key) {
		return true
	}
	rule := s.rules[e.Database]
	return rule.Appends && (len(rule.Field) == 0 || user != "" && nameAt(e.Value, rule.Field) == user)
}

// mayWrite reports whether a user may write a key with every verb.
func (s *standing) mayWrite(user, database, key string) bool {
	rule := s.rules[database]
	switch {
	case rule == nil, isReserved(database), rule.Everyone:
		return true
	case rule.Key < 0 || user == "":
		return false
	}
	for i := 0; ; i++ {
		v, rest, err := value.DecodeString(key)
		switch {
		case err != nil:
			return false
		case i == rule.Key:
			return v.Kind() == value.KindString && v.AsString() == user
		}
		key = rest
	}
}

// isReserved reports whether a database is the system's own.
func isReserved(database string) bool { return strings.HasPrefix(database, "@") }

// nameAt returns the text at a path of fields; "" where there is none.
func nameAt(bytes string, path []int) string {
	v, err := value.DecodeAll(bytes)
	if err != nil {
		return ""
	}
	for _, i := range path {
		fields := v.Elems()
		if i >= len(fields) {
			return ""
		}
		v = fields[i]
	}
	if v.Kind() != value.KindString {
		return ""
	}
	return v.AsString()
}

// mayTake reports whether the removal of an entry by a part counts.
func (l *law) mayTake(p *causal.Part, e *crdt.Entry) bool {
	s, user := l.standingOf(p.Dot())
	switch {
	case s == nil && len(p.Grants) == 0, l.covers(p.Grants, e.Database, e.Key):
		return true
	}
	return s != nil && s.mayWrite(user, e.Database, e.Key)
}

// Standing returns the standing record of the highest stamp in a space; nil if
// there is none. Nobody may change it.
func (r *Replica) Standing(id causal.SpaceID) *causal.Standing {
	if s := r.spaces[id]; s != nil && s.law != nil && len(s.law.standings) > 0 {
		return s.law.standings[0].Standing
	}
	return nil
}

// Registered returns what a space says of whose a replica is.
func (r *Replica) Registered(id causal.SpaceID, who causal.ReplicaID) (causal.Registration, bool) {
	if s := r.spaces[id]; s != nil && s.law != nil && s.law.users[who] != nil {
		return s.law.users[who].Registration, true
	}
	return causal.Registration{}, false
}

// IsStranger reports whether a space says that nobody knows whose a replica is.
func (r *Replica) IsStranger(id causal.SpaceID, who causal.ReplicaID) bool {
	s := r.spaces[id]
	return s != nil && s.law != nil && s.law.strangers[who] != nil
}

// HasUsers reports whether a space says of some replica that it is a user's.
func (r *Replica) HasUsers(id causal.SpaceID) bool {
	s := r.spaces[id]
	if s == nil || s.law == nil {
		return false
	}
	for _, reg := range s.law.users {
		if reg.User != "" {
			return true
		}
	}
	return false
}

// Given is a grant that stands in a space.
type Given struct {
	causal.Ref
	causal.Grant
}

// Given returns the grants of a space that their replica's next part could make
// use of, in the order of their parts. It costs the number of grants.
func (r *Replica) Given(id causal.SpaceID) (list []Given) {
	s := r.spaces[id]
	if s == nil || s.law == nil {
		return nil
	}
	for _, ref := range sorted(s.law.grants, causal.Ref.Compare) {
		g := s.law.grants[ref]
		if g.To != (causal.ReplicaID{}) && s.law.allows(g, r.Next(id, g.To), depthMax) {
			list = append(list, Given{ref, g.Grant})
		}
	}
	return list
}

// Permit returns the first grant that lets the author's next part write a key.
func (r *Replica) Permit(id causal.SpaceID, author causal.ReplicaID, database, key string) (causal.Ref, bool) {
	s := r.spaces[id]
	if s == nil || s.law == nil {
		return causal.Ref{}, false
	}
	next := r.Next(id, author)
	for _, ref := range sorted(s.law.grants, causal.Ref.Compare) {
		if s.law.covers([]causal.Ref{ref}, database, key) && s.law.allows(s.law.grants[ref], next, depthMax) {
			return ref, true
		}
	}
	return causal.Ref{}, false
}
