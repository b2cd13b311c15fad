package node

import (
	"errors"
	"slices"

	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/algebra/order"
	"github.com/martinelli-lang/martinelli/overlay/member"
	"github.com/martinelli-lang/martinelli/plan"
	"github.com/martinelli-lang/martinelli/replica"
	"github.com/martinelli-lang/martinelli/value"
	"github.com/martinelli-lang/martinelli/wire"
)

// Who may write what is said in the space itself, by the steward: what stands
// for everybody, and whose each replica is. A user's node tells the steward who
// its user is when they meet; the shared space is the directory of that. With
// the first user the cluster begins to judge: what others than users wrote before
// stays as it was, and a space that comes later is judged from its first part on.

// Waits of access.
const (
	accessAfter   = 50 * causal.Millisecond // what has come is looked at together
	admitAgain    = 5 * causal.Second       // a user's node that has no answer tells again who it is
	strangerAfter = 30 * causal.Second      // after this the steward writes down that nobody knows whose a replica is
)

// AbortOther says that the replica belongs to another user.
const AbortOther = "another_user"

// access is what a node keeps to allow and to be allowed.
type access struct {
	at      causal.Instant                                         // when there is something to do; 0: nothing
	isOn    bool                                                   // at the steward: users are judged
	authors map[causal.SpaceID]map[causal.ReplicaID]causal.Instant // at the steward: who has written, and since when nothing is said of him
	isDue   bool                                                   // at the steward: what grants stand on has changed
	inputs  map[string][]int                                       // the databases they stand on
	asked   causal.Instant                                         // at a user's node: when it told last who it is
}

func newAccess(cfg Config) access {
	return access{authors: map[causal.SpaceID]map[causal.ReplicaID]causal.Instant{}}
}

// metaUser is where a store says whose its replica is.
const metaUser = "user"

// checkUser refuses another user for a replica that is somebody's.
func (n *Node) checkUser() error {
	stored, ok, err := n.store.Meta(metaUser)
	if err != nil {
		return err
	}
	r := wire.NewReader(stored)
	if id := causal.ReadReplicaID(r); ok && id == n.self {
		user := r.String(nameMax)
		if err := r.Done(); err != nil {
			return errors.New("node: the store's user is malformed: " + err.Error())
		}
		if n.cfg.User != user {
			return errors.New("this store is of the user " + user + ", and a replica belongs to one user for ever: run it as that user, or with --new-replica")
		}
		return nil
	}
	if n.isUsers() {
		n.store.PutMeta(metaUser, wire.AppendString(append([]byte(nil), n.self[:]...), n.cfg.User))
	}
	return nil
}

// isUsers reports whether this node is a user's.
func (n *Node) isUsers() bool {
	role, _ := n.cfg.Program.Role(n.cfg.Role)
	return !role.Trusted() && n.cfg.User != ""
}

// resumeAccess takes up where the last run left.
func (n *Node) resumeAccess(now causal.Instant) {
	n.access.inputs = n.engine.Inputs()
	if n.self == n.cfg.Steward && n.replica.HasUsers(n.space(plan.SharedSpace)) {
		n.access.isOn, n.access.isDue = true, true
		n.rouse(now)
		for _, space := range n.replica.Spaces() {
			for _, head := range n.replica.Vector(space) {
				n.encounter(now, space, head.Chain.Replica)
			}
		}
	}
}

// rouse lets Wake look after access soon, whoever is waited for longer.
func (n *Node) rouse(now causal.Instant) {
	n.access.at = earlier(n.access.at, now+accessAfter)
}

// introduce greets a new neighbour: a user's node tells the steward who its
// user is, the steward notes what node it has met. Whose a user's node is, a
// trusted one says for it, before it takes a part of it: one that keeps silent
// is judged as well.
func (n *Node) introduce(now causal.Instant, peer member.Member, user string) {
	if n.isUsers() && n.isTrusted(peer.Role) {
		n.access.asked = 0
		n.rouse(now)
	}
	if user != "" && n.isTrusted(n.cfg.Role) && n.userOf(peer.ID) == nil {
		n.vouch(now, causal.Registration{Replica: peer.ID, User: user, Role: peer.Role})
	}
	if n.access.isOn && n.isTrusted(peer.Role) {
		n.encounter(now, n.space(plan.SharedSpace), peer.ID)
	}
}

// isTrusted reports whether a role of the topology binds no user.
func (n *Node) isTrusted(name string) bool {
	role, ok := n.cfg.Program.Role(name)
	return ok && role.Trusted()
}

// watchAccess notes, at the steward, who has written where, and whether what
// grants stand on has changed.
func (n *Node) watchAccess(now causal.Instant, g replica.Group) {
	if !n.access.isOn {
		return
	}
	for _, p := range g.Parts {
		n.encounter(now, p.Space, p.Replica)
	}
	n.watchInputs(now, g)
}

// encounter notes somebody of whom a space says nothing yet.
func (n *Node) encounter(now causal.Instant, space causal.SpaceID, who causal.ReplicaID) {
	if _, isKnown := n.replica.Registered(space, who); isKnown || !n.shared(space) || n.isSteward(who) || who == n.homeID || n.replica.IsStranger(space, who) && n.userOf(who) == nil {
		return
	}
	a := n.access.authors
	if a[space] == nil {
		a[space] = map[causal.ReplicaID]causal.Instant{}
	}
	if _, isNoted := a[space][who]; !isNoted {
		a[space][who] = now
		n.rouse(now)
	}
}

// userOf returns whose a replica is; nil if nobody has said.
func (n *Node) userOf(who causal.ReplicaID) *causal.Registration {
	if reg, ok := n.replica.Registered(n.space(plan.SharedSpace), who); ok {
		return &reg
	}
	return nil
}

// tendAccess does what is due.
func (n *Node) tendAccess(now causal.Instant) {
	if n.access.at == 0 || now < n.access.at {
		return
	}
	n.access.at = 0
	if n.isUsers() {
		n.tellUser(now)
	}
	if !n.access.isOn || n.barred[n.self] != replica.Valid {
		return
	}
	for _, space := range sortedSpaces(n.access.authors) {
		n.register(now, space)
	}
	n.revoke(now)
}

func sortedSpaces[V any](m map[causal.SpaceID]V) []causal.SpaceID {
	ids := make([]causal.SpaceID, 0, len(m))
	for id := range m {
		ids = append(ids, id)
	}
	order.Sort(ids, causal.SpaceID.Compare)
	return ids
}

// register writes down, in a space, whose the replicas are that have written
// there, and what stands.
func (n *Node) register(now causal.Instant, space causal.SpaceID) {
	authors := n.access.authors[space]
	ids := make([]causal.ReplicaID, 0, len(authors))
	for id := range authors {
		ids = append(ids, id)
	}
	order.Sort(ids, causal.ReplicaID.Compare)
	var records []causal.Record
	for _, id := range ids {
		reg, isKnown := n.identify(id)
		if !isKnown && now-authors[id] < strangerAfter {
			n.access.at = earlier(n.access.at, authors[id]+strangerAfter)
			continue
		}
		delete(authors, id)
		if _, isSaid := n.replica.Registered(space, id); !isSaid {
			records = append(records, reg)
		}
	}
	if len(authors) == 0 {
		delete(n.access.authors, space)
	}
	if s := n.whatStands(space, nil); s != nil {
		records = append(records, s)
	}
	if len(records) > 0 {
		n.govern(now, space, records...)
	}
}

func earlier(a, b causal.Instant) causal.Instant {
	if a == 0 {
		return b
	}
	return min(a, b)
}

// identify says whose a replica is: what the directory says, or that it is a
// trusted node that is a member; otherwise a stranger's.
func (n *Node) identify(who causal.ReplicaID) (reg *causal.Registration, isKnown bool) {
	if reg := n.userOf(who); reg != nil {
		return reg, true
	}
	for _, m := range n.member.Members() {
		if m.ID == who && n.isTrusted(m.Role) {
			return &causal.Registration{Replica: who, Role: m.Role}, true
		}
	}
	return &causal.Registration{Replica: who}, false
}

// whatStands returns what is to stand in a space from now on; nil if it does.
// Before is what is not judged by it: in a space that has no such record yet
// what is given, else all that is there.
func (n *Node) whatStands(space causal.SpaceID, before causal.Vector) *causal.Standing {
	now := n.replica.Standing(space)
	s := &causal.Standing{Before: before}
	for _, role := range n.cfg.Program.Roles {
		if role.Trusted() {
			s.Trusted = append(s.Trusted, role.Name)
		}
	}
	for i := range n.cfg.Program.Databases {
		if d := &n.cfg.Program.Databases[i]; d.Placement != plan.Home {
			s.Rules = append(s.Rules, causal.Rule{
				Database: d.Name, Everyone: d.WriteByAll, Key: d.WriteByKey, Appends: d.Appends.Anyone || n.engine.KeepsUsers(i), Field: d.Appends.Field,
			})
		}
	}
	if now != nil {
		if slices.Equal(now.Trusted, s.Trusted) && slices.EqualFunc(now.Rules, s.Rules, sameRule) {
			return nil
		}
		s.Before = n.vector(space)
	}
	if len(s.Before) > causal.BeforeMax {
		s.Rules, s.Before = nil, nil // too much to leave as it is: then nothing is judged
		if now != nil && len(now.Rules) == 0 {
			return nil
		}
	}
	return s
}

func sameRule(a, b causal.Rule) bool {
	return a.Database == b.Database && a.Everyone == b.Everyone && a.Key == b.Key && a.Appends == b.Appends && slices.Equal(a.Field, b.Field)
}

// vector returns what is here of a space and not final.
func (n *Node) vector(space causal.SpaceID) causal.Vector {
	v, final := causal.Vector{}, n.replica.Final(space)
	for _, head := range n.replica.Vector(space) {
		if id := head.Chain.Replica; head.Seq > final[id] && !n.isSteward(id) {
			v[id] = head.Seq
		}
	}
	return v
}

// unjudged returns what is here of a space from the time before there were
// users: all but what members wrote that are not trusted, who came before the
// steward heard whose they are.
func (n *Node) unjudged(space causal.SpaceID) causal.Vector {
	v := n.vector(space)
	for _, m := range n.member.Members() {
		if !n.isTrusted(m.Role) {
			delete(v, m.ID)
		}
	}
	return v
}

// tellUser tells the trusted nodes here who this node's user is, until the
// steward has written it down.
func (n *Node) tellUser(now causal.Instant) {
	if reg := n.userOf(n.self); reg != nil {
		n.heedOther(reg.User)
		return
	}
	if now < n.access.asked+admitAgain {
		return
	}
	n.access.at = earlier(n.access.at, now+admitAgain)
	for _, m := range n.member.Members() {
		if n.isTrusted(m.Role) && slices.Contains(n.member.Neighbors(), m.ID) {
			n.access.asked = now
			n.inquire(now, m.ID, request{Op: opAdmit, Name: n.cfg.Role, User: n.cfg.User}, func(now causal.Instant, p reply) {
				if p.Abort == AbortOther {
					n.rouse(now) // the directory is on its way
				}
			})
		}
	}
}

// heedOther tells the operator that this node's replica is another user's.
func (n *Node) heedOther(user string) {
	if user != n.cfg.User {
		n.event(EventAccess, n.self, "this replica belongs to the user "+user+" for ever, and what it writes as "+n.cfg.User+" is judged as that user's: run it as "+user+", or with --new-replica")
	}
}

// inquire sends a request of this node's own to a neighbour; false: too many are
// under way. then is called once, with the answer or with what became of it.
func (n *Node) inquire(now causal.Instant, peer causal.ReplicaID, q request, then func(now causal.Instant, p reply)) bool {
	if len(n.asked) >= n.cfg.Limits.ForwardMax || !q.fits() {
		return false
	}
	n.askedSeq++
	q.ID = n.askedSeq
	n.asked[q.ID] = asked{until: now + n.cfg.Limits.HomeTimeout, req: q, peer: peer, then: then}
	n.underWay[q.Stream]++
	n.send(peer, wire.Commits, KindRequest, q.appendTo(nil))
	return true
}

// askedLost ends the requests of this node's own to a neighbour that is gone.
func (n *Node) askedLost(now causal.Instant, peer causal.ReplicaID) {
	var ids []uint64
	for id, a := range n.asked {
		if a.then != nil && a.peer == peer {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	for _, id := range ids {
		n.unknown(now, id, "the link went down before the answer")
	}
}

// enlist writes down, at the steward, whose a replica is. Another trusted node
// passes the claim on, and vouches for whom it came from.
func (n *Node) enlist(now causal.Instant, c caller, q request) {
	who := c.peer
	if len(q.Values) == 1 && n.isMember(c.peer) {
		id, err := causal.ParseReplicaID(q.Values[0].AsString())
		if err != nil {
			n.abort(c, AbortNoName, "that is no replica")
			return
		}
		who = id
	}
	role, _ := n.cfg.Program.Role(q.Name)
	known := n.userOf(who)
	user, isUsers := n.isUsersNode(c.peer)
	switch {
	case isUsers && q.User != user:
		n.abort(c, AbortOther, "this is a node of the user "+user+", and says it is "+q.User+"'s")
	case n.self != n.cfg.Steward:
		q.Values = []value.Value{value.String(who.String())}
		if !n.inquire(now, n.cfg.Steward, q, func(_ causal.Instant, p reply) {
			n.answer(c, Answer{Committed: p.Committed, Abort: p.Abort, Detail: p.Detail})
		}) {
			n.abort(c, AbortBusy, "too many requests are under way to the steward")
		}
	case role.Trusted() || q.User == "":
		n.abort(c, AbortNoName, "only a node of a role that binds a user has one")
	case known != nil && known.User != q.User:
		n.event(EventAccess, who, "replica "+who.Short()+" of the user "+known.User+" says it is "+q.User+"'s: it is not")
		n.abort(c, AbortOther, "this replica belongs to the user "+known.User+" for ever: run it as that user, or with --new-replica")
	default:
		if known == nil {
			n.enrol(now, causal.Registration{Replica: who, User: q.User, Role: q.Name})
		}
		n.answer(c, Answer{Committed: true})
	}
}

// vouch lets the steward know whose a neighbour is. What is lost on the way is
// told again by the neighbour itself, if it wants to be somebody.
func (n *Node) vouch(now causal.Instant, reg causal.Registration) {
	if n.self == n.cfg.Steward {
		n.enrol(now, reg)
		return
	}
	q := request{Op: opAdmit, Name: reg.Role, User: reg.User, Values: []value.Value{value.String(reg.Replica.String())}}
	n.inquire(now, n.cfg.Steward, q, func(causal.Instant, reply) {})
}

// isMember reports whether a neighbour has a trusted role.
func (n *Node) isMember(peer causal.ReplicaID) bool {
	if reg := n.userOf(peer); reg != nil && reg.User != "" {
		return false
	}
	for _, m := range n.member.Members() {
		if m.ID == peer {
			return n.isTrusted(m.Role)
		}
	}
	return false
}

// enrol writes the directory's line about a user's replica, with what stands.
// The first one begins the judging: what is there of others than users is left
// as it is.
func (n *Node) enrol(now causal.Instant, reg causal.Registration) {
	shared := n.space(plan.SharedSpace)
	if !n.access.isOn {
		n.access.isOn = true
		for _, space := range n.replica.Spaces() {
			if s := n.whatStands(space, n.unjudged(space)); s != nil && n.shared(space) && space != shared {
				n.govern(now, space, s)
			}
			for _, head := range n.replica.Vector(space) {
				n.encounter(now, space, head.Chain.Replica)
			}
		}
	}
	records := []causal.Record{&reg}
	if s := n.whatStands(shared, n.unjudged(shared)); s != nil {
		records = append(records, s)
	}
	n.govern(now, shared, records...)
	n.event(EventAccess, reg.Replica, "replica "+reg.Replica.Short()+" is the user "+reg.User+"'s")
	for _, space := range n.replica.Spaces() {
		if n.replica.Head(space, reg.Replica).Seq > 0 {
			n.encounter(now, space, reg.Replica)
		}
	}
	n.rouse(now) // it may have been waited for
}
