package node

import (
	"strings"

	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/flow"
	"github.com/martinelli-lang/martinelli/plan"
)

// Read reads a database or a view, here or, where it is not replicated, at
// the home. The answer bears the ticket.
func (n *Node) Read(now causal.Instant, t Ticket, q ReadRequest) {
	n.read(now, caller{ticket: t}, q)
	n.settle(now)
}

func (n *Node) read(now causal.Instant, c caller, q ReadRequest) {
	session, ok := n.session(c, q.Session)
	if !ok {
		return
	}
	if why := n.refuses(q.User, q.Name, q.Key); why != "" {
		n.abort(c, flow.AbortForbidden, why)
		return
	}
	if n.isElsewhere(q.Name) {
		n.forward(now, c, request{Op: opRead, Name: q.Name, Values: q.Key, Session: q.Session})
		return
	}
	n.whenCovered(now, c, session, func(now causal.Instant) {
		reading, err := n.engine.ReadFor(q.Name, q.Key, q.User)
		if err != nil {
			n.abort(c, readingAbort(err), err.Error())
			return
		}
		n.answer(c, Answer{Committed: true, Token: n.token(now, session, n.handles(reading.Spaces)), Reading: &reading})
	})
}

// Ask reads what a view would show here that the program does not have; see
// flow.Engine.Ask. It waits for nothing and asks nobody else.
func (n *Node) Ask(v *plan.View) (flow.Reading, error) { return n.engine.Ask(v) }

// livesAtHome reports whether the database or view of a name lives at the home.
func livesAtHome(p *plan.Program, name string) bool {
	for i := range p.Databases {
		if d := p.Databases[i].Name; d == name || strings.HasPrefix(d, name+".") {
			return p.Databases[i].Placement == plan.Home
		}
	}
	for i := range p.Views {
		if p.Views[i].Name == name {
			return p.Views[i].Home
		}
	}
	return false
}

// StreamMark answers with the highest seq of a stream that committed here.
func (n *Node) StreamMark(now causal.Instant, t Ticket, stream string) {
	mark, _ := n.store.StreamMark(stream)
	n.answer(caller{ticket: t}, Answer{Committed: true, Mark: mark.Seq})
}

// Watch makes the changes of a database or view appear in Output.Shown with
// the ticket, until Unwatch. The answer bears the value it starts from.
func (n *Node) Watch(now causal.Instant, t Ticket, name string) { n.WatchFor(now, t, name, "") }

// WatchFor is Watch in a session of a user; "" is none.
func (n *Node) WatchFor(now causal.Instant, t Ticket, name, user string) {
	c := caller{ticket: t}
	if why := n.refuses(user, name, nil); why != "" {
		n.abort(c, flow.AbortForbidden, why)
		return
	}
	if n.isElsewhere(name) {
		n.abort(c, AbortHomeAway, name+" lives at the home: watch it at node "+n.home().Short())
		return
	}
	if err := n.engine.WatchFor(name, user); err != nil {
		n.abort(c, readingAbort(err), err.Error())
		return
	}
	n.settle(now)
	n.watches[t] = watched{name, user}
	n.read(now, c, ReadRequest{Name: name, User: user})
}

// Unwatch ends a Watch.
func (n *Node) Unwatch(t Ticket) {
	if w, ok := n.watches[t]; ok {
		delete(n.watches, t)
		n.engine.UnwatchFor(w.name, w.user)
	}
}
