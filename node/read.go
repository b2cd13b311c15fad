package node

import (
	"slices"
	"strings"

	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/flow"
	"github.com/martinelli-lang/martinelli/plan"
	"github.com/martinelli-lang/martinelli/replica"
	"github.com/martinelli-lang/martinelli/value"
)

// Read reads a database or a view, here or, where it is not replicated, at
// the home. The answer bears the ticket.
func (n *Node) Read(now causal.Instant, t Ticket, q ReadRequest) {
	n.read(now, caller{ticket: t}, q)
	n.settle(now)
}

func (n *Node) read(now causal.Instant, c caller, q ReadRequest) {
	n.lookAtClock(now)
	session, ok := n.session(c, q.Session)
	if !ok {
		return
	}
	if why := n.refuses(q.User, q.Name, q.Key); why != "" {
		n.abort(c, flow.AbortForbidden, why)
		return
	}
	if n.isAsked(q.Name, q.Key) {
		n.want(q.Name)
		n.forward(now, c, request{Op: opRead, Name: q.Name, Values: q.Key, Session: q.Session})
		return
	}
	if why := n.isWithheld(q.Name); why != "" {
		n.abort(c, flow.AbortForbidden, why)
		return
	}
	n.whenCovered(now, c, session, func(now causal.Instant) { n.readHere(now, c, session, q) })
}

// readHere answers with what is here.
func (n *Node) readHere(now causal.Instant, c caller, session replica.Session, q ReadRequest) {
	reading, err := n.engine.ReadFor(q.Name, q.Key, q.User)
	if err != nil {
		n.abort(c, readingAbort(err), err.Error())
		return
	}
	a := Answer{Committed: true, Token: n.token(now, session, n.handles(reading.Spaces)), Reading: &reading}
	if a.Copied = len(n.engine.Copies(q.Name)) > 0; a.Copied {
		a.AsOf = n.copies.asOf
	}
	n.answer(c, a)
}

// isAsked reports whether a reading of a name is asked of the home now. What
// the program pulls is read as it is here, once it has come; what was asked for
// beside it only where the home can't be reached; and a key of another user is
// not among it.
func (n *Node) isAsked(name string, key []value.Value) bool {
	switch n.where(name) {
	case isElsewhere:
		return true
	case isPulled:
		path := string(value.AppendPath(nil, key...))
		if slices.ContainsFunc(n.asksFor(name), func(a asking) bool { return !strings.HasPrefix(path, a.Key) && !strings.HasPrefix(a.Key, path) }) {
			return true
		}
		_, isAnswered := n.isAnswered(name)
		return !isAnswered && !n.isFixed(name) || n.isNear() && !(isAnswered && n.isFixed(name))
	}
	return false
}

// isWithheld says why the home does not give this node what a name stands for.
func (n *Node) isWithheld(name string) string {
	why, _ := n.isAnswered(name)
	return why
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
	switch {
	case n.where(name) == isElsewhere:
		n.abort(c, AbortHomeAway, name+" lives at the home: watch it at node "+n.home().Short())
		return
	case !n.want(name):
		n.abort(c, AbortBusy, "too much is pulled from the home already")
		return
	case len(n.engine.Copies(name)) > 0:
		n.whenPulled(now, c, name, func(now causal.Instant) { n.watch(now, c, name, user) })
		n.pull(now)
	default:
		n.watch(now, c, name, user)
	}
}

// watch begins a watch of what is here, with its value.
func (n *Node) watch(now causal.Instant, c caller, name, user string) {
	if why := n.isWithheld(name); why != "" {
		n.abort(c, flow.AbortForbidden, why)
		return
	}
	if err := n.engine.WatchFor(name, user); err != nil {
		n.abort(c, readingAbort(err), err.Error())
		return
	}
	n.settle(now)
	n.watches[c.ticket] = watched{name, user}
	n.readHere(now, c, nil, ReadRequest{Name: name, User: user})
}

// Unwatch ends a Watch.
func (n *Node) Unwatch(t Ticket) {
	n.copies.forget(t)
	if w, ok := n.watches[t]; ok {
		delete(n.watches, t)
		n.engine.UnwatchFor(w.name, w.user)
	}
}
