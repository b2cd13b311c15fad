package node

import (
	"slices"

	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/algebra/order"
	"github.com/martinelli-lang/martinelli/flow"
	"github.com/martinelli-lang/martinelli/plan"
	"github.com/martinelli-lang/martinelli/replica"
	"github.com/martinelli-lang/martinelli/value"
)

// A rule that looks at more than the key is decided by the steward or by the
// user whose key it is. A run that needs it asks whoever of them is a
// neighbour, waits for the grant, a part of the space, and runs again. The
// grant is for this replica and this key; it is kept like all parts, and what
// is written under it names it.

// permits is what a run makes use of, by space.
type permits struct {
	refs map[causal.SpaceID][]causal.Ref
}

// of returns the grants that a part in a space names, ascending.
func (p *permits) of(space causal.SpaceID) []causal.Ref {
	if p == nil {
		return nil
	}
	return p.refs[space]
}

// lets tells a run what its author has been granted.
func (n *Node) lets(author causal.ReplicaID, env *flow.Env) *permits {
	if role, _ := n.cfg.Program.Role(n.cfg.Role); role.Trusted() {
		return nil
	}
	p := &permits{}
	env.Granted = func(database, key string) bool {
		space, ok := n.spaceAt(database, key)
		if !ok {
			return false
		}
		ref, ok := n.replica.Permit(space, author, database, key)
		if ok && p.refs == nil {
			p.refs = map[causal.SpaceID][]causal.Ref{}
		}
		if ok && !slices.Contains(p.refs[space], ref) {
			p.refs[space] = append(p.refs[space], ref)
			order.Sort(p.refs[space], causal.Ref.Compare)
		}
		return ok
	}
	return p
}

// spaceAt returns the space of a key that is given by its canonical bytes.
func (n *Node) spaceAt(database, key string) (causal.SpaceID, bool) {
	i, ok := n.cfg.Program.Database(database)
	values, err := value.DecodePath(key)
	if !ok || err != nil || len(values) != len(n.cfg.Program.Databases[i].Dims) {
		return causal.SpaceID{}, false
	}
	return n.space(n.cfg.Program.Databases[i].SpaceName(values)), true
}

// A request or its answer may be lost: whose answer does not come is asked
// again, or somebody else is, each time after a longer wait.
const (
	grantTries = 5                 // how often a right is asked for
	grantWait  = 2 * causal.Second // for the first answer; for each further one twice as long, at most as for any of the home's
	grantAgain = 250 * causal.Millisecond
)

// seeking is a run that lacks a right and asks for it.
type seeking struct {
	caller  caller
	handler int
	raise   RaiseRequest
	session replica.Session
	wanted  flow.Wanted
	tries   int
	last    causal.ReplicaID // who did not answer; zero: nobody was asked
	at      causal.Instant   // when to ask again
}

// seekGrant asks for a right that a run lacked, and runs again with it; false:
// nobody who could give it is a neighbour.
func (n *Node) seekGrant(now causal.Instant, c caller, h int, q RaiseRequest, session replica.Session, w flow.Wanted) bool {
	d := &n.cfg.Program.Databases[w.Database]
	if d.Placement == plan.Home || !n.isUsers() {
		return false
	}
	if !n.keeps(n.space(d.SpaceName(w.Key))) && !n.beginHold(d.SpaceName(w.Key)) {
		return false // the grant would not reach this node
	}
	return n.askGrant(now, &seeking{caller: c, handler: h, raise: q, session: session, wanted: w})
}

// askGrant asks the next one who may give the right; false: nobody can be asked.
func (n *Node) askGrant(now causal.Instant, s *seeking) bool {
	d := &n.cfg.Program.Databases[s.wanted.Database]
	space, key := n.space(d.SpaceName(s.wanted.Key)), string(value.AppendPath(nil, s.wanted.Key...))
	giver, ok := n.giver(space, s.last)
	ok = ok && n.inquire(now, giver, request{Op: opGrant, Name: d.Name, Values: s.wanted.Key, User: n.cfg.User}, func(now causal.Instant, p reply) {
		if p.Abort == AbortUnknown || p.Abort == AbortBusy {
			n.seekAgain(now, s)
			return
		}
		n.granted(now, s, space, key, p)
	})
	if ok {
		a := n.asked[n.askedSeq]
		a.until = min(a.until, now+grantWait<<s.tries)
		n.asked[n.askedSeq] = a
		s.last = giver
		s.tries++
		n.stall(now, s.raise.Stream, s.raise.Seq)
	}
	return ok
}

// granted takes the answer of who may give the right.
func (n *Node) granted(now causal.Instant, s *seeking, space causal.SpaceID, key string, p reply) {
	name := n.cfg.Program.Databases[s.wanted.Database].Name
	if !p.Committed {
		n.endSeek(s, flow.AbortForbidden, "this user may not write this key of "+name+": "+p.Detail)
		return
	}
	seen, err := replica.DecodeSession(p.Token)
	if err != nil {
		n.endSeek(s, flow.AbortForbidden, "the grant is malformed")
		return
	}
	n.whenCovered(now, s.caller, seen, func(now causal.Instant) {
		if _, isGiven := n.replica.Permit(space, n.self, name, key); !isGiven {
			n.endSeek(s, flow.AbortForbidden, "the right to write this key of "+name+" was taken back")
			return
		}
		n.run(now, s.caller, s.handler, s.raise, s.session)
	})
}

func (n *Node) endSeek(s *seeking, abort, detail string) {
	n.moved(s.raise.Stream, s.raise.Seq)
	n.abort(s.caller, abort, detail)
}

// seekAgain lets a run wait until the right is asked for again, or gives up.
// The grant may be here before: then only its answer was lost.
func (n *Node) seekAgain(now causal.Instant, s *seeking) {
	if s.tries >= grantTries || len(n.seeking) >= n.cfg.Limits.WaitingMax {
		name := n.cfg.Program.Databases[s.wanted.Database].Name
		n.endSeek(s, AbortUnreachable, "nobody who may let this user write this key of "+name+" has answered; nothing was done")
		return
	}
	s.at = now + grantAgain<<s.tries + n.someOf(grantAgain<<s.tries)
	n.seeking = append(n.seeking, s)
}

// seek asks again for the rights that are to be asked for now.
func (n *Node) seek(now causal.Instant) {
	list := n.seeking
	n.seeking = nil
	for _, s := range list {
		d := &n.cfg.Program.Databases[s.wanted.Database]
		space, key := n.space(d.SpaceName(s.wanted.Key)), string(value.AppendPath(nil, s.wanted.Key...))
		_, isGiven := n.replica.Permit(space, n.self, d.Name, key)
		switch {
		case isGiven:
			n.run(now, s.caller, s.handler, s.raise, s.session)
		case now < s.at:
			n.seeking = append(n.seeking, s)
		case !n.askGrant(now, s):
			s.tries++
			n.seekAgain(now, s)
		}
	}
}

// giver returns a neighbour who may grant in a space: the steward, or the
// node of the user whose space it is; another one than did not answer last, if
// there is one.
func (n *Node) giver(space causal.SpaceID, last causal.ReplicaID) (giver causal.ReplicaID, ok bool) {
	neighbours := n.member.Neighbors()
	if slices.Contains(neighbours, n.cfg.Steward) {
		if giver, ok = n.cfg.Steward, true; giver != last {
			return giver, true
		}
	}
	for _, peer := range neighbours {
		if reg := n.userOf(peer); reg != nil && reg.User != "" && n.owns(reg.User, space) {
			if giver, ok = peer, true; peer != last {
				return giver, true
			}
		}
	}
	return giver, ok
}

// grantTo decides a rule for the user of a neighbour, and signs the grant.
func (n *Node) grantTo(now causal.Instant, c caller, q request) {
	i, ok := n.cfg.Program.Database(q.Name)
	reg := n.userOf(c.peer)
	switch {
	case !ok || len(q.Values) != len(n.cfg.Program.Databases[i].Dims) || n.cfg.Program.Databases[i].Placement == plan.Home:
		n.abort(c, AbortNoName, "there is no such key of a replicated database "+q.Name)
		return
	case reg == nil || reg.User == "":
		n.abort(c, flow.AbortForbidden, "the steward does not know yet whose replica "+c.peer.Short()+" is")
		return
	}
	d := &n.cfg.Program.Databases[i]
	space, key := n.space(d.SpaceName(q.Values)), string(value.AppendPath(nil, q.Values...))
	n.learnKey(d.Name, key)
	n.rouseHolds(now)
	isMine := n.self == n.cfg.Steward || n.isUsers() && n.owns(n.cfg.User, space)
	switch {
	case !isMine:
		n.abort(c, flow.AbortForbidden, "node "+n.self.Short()+" grants nothing there")
		return
	case !n.engine.Decide(i, reg.User, q.Values):
		n.abort(c, flow.AbortForbidden, "no rule gives it to the user "+reg.User)
		return
	}
	if _, isGiven := n.replica.Permit(space, c.peer, d.Name, key); !isGiven {
		n.sign(now, space, *reg, causal.Scope{Database: d.Name, Prefix: key})
	}
	n.answer(c, Answer{Committed: true, Token: n.token(now, nil, []causal.SpaceID{space})})
}

// sign writes a grant; the steward writes with it what stands in the space,
// and whose the replica is.
func (n *Node) sign(now causal.Instant, space causal.SpaceID, reg causal.Registration, scope causal.Scope) {
	records := []causal.Record{&causal.Grant{To: reg.Replica, User: reg.User, Scopes: []causal.Scope{scope}}}
	if n.self == n.cfg.Steward {
		if _, isSaid := n.replica.Registered(space, reg.Replica); !isSaid {
			records = append(records, &reg)
		}
		if s := n.whatStands(space, nil); s != nil {
			records = append(records, s)
		}
	}
	n.govern(now, space, records...)
	n.event(EventAccess, reg.Replica, "the user "+reg.User+" may write "+scope.Database+" in space "+space.String()+" from now on")
}

// watchInputs notes whether something has changed that grants stand on.
func (n *Node) watchInputs(now causal.Instant, g replica.Group) {
	for i := range g.Changes {
		if len(n.access.inputs[g.Changes[i].Database]) > 0 {
			n.access.isDue = true
			n.rouse(now)
			return
		}
	}
}

// watchOwn is watchInputs for what this node has written itself.
func (n *Node) watchOwn(now causal.Instant, g replica.Group) {
	if !n.access.isOn || len(n.access.inputs) == 0 {
		return
	}
	for _, p := range g.Parts {
		isInput := func(e causal.Entry) bool { return len(n.access.inputs[e.Database]) > 0 }
		if len(p.Removed) > 0 || slices.ContainsFunc(p.Entries, isInput) {
			n.access.isDue = true
			n.rouse(now)
			return
		}
	}
}

// revoke cuts the grants whose rule says so and holds no more. What was written
// under them, as far as it is here, stays.
func (n *Node) revoke(now causal.Instant) {
	if !n.access.isDue {
		return
	}
	n.access.isDue = false
	for _, space := range n.replica.Spaces() {
		for _, g := range n.replica.Given(space) {
			if n.isSteward(g.Ref.Replica) && n.hasLapsed(&g.Grant) {
				cut := &causal.Cut{Replica: g.To, Grant: g.Ref, After: n.replica.Head(space, g.To).Seq}
				n.govern(now, space, cut)
				n.event(EventAccess, g.To, "the user "+g.User+" may not write "+g.Scopes[0].Database+" in space "+space.String()+" any more")
			}
		}
	}
}

// hasLapsed reports whether a grant of a rule that takes back holds no more.
func (n *Node) hasLapsed(g *causal.Grant) bool {
	for _, s := range g.Scopes {
		i, ok := n.cfg.Program.Database(s.Database)
		key, err := value.DecodePath(s.Prefix)
		if !ok || err != nil {
			continue
		}
		isRevocable := slices.ContainsFunc(n.cfg.Program.Databases[i].Rules, func(rule int) bool { return n.cfg.Program.Allows[rule].Revoke })
		if isRevocable && !n.engine.Decide(i, g.User, key) {
			return true
		}
	}
	return false
}
