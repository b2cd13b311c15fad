package node

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/algebra/order"
	"github.com/martinelli-lang/martinelli/flow"
	"github.com/martinelli-lang/martinelli/plan"
	"github.com/martinelli-lang/martinelli/value"
	"github.com/martinelli-lang/martinelli/wire"
)

// What is not replicated lives at the home, and whole events that touch it run
// there. This file is both ends of that conversation. A request is sent once;
// what makes a retry harmless is the raiser's stream.

// home returns the node at which what is not replicated lives.
func (n *Node) home() causal.ReplicaID { return n.place.Home(n.homeSpace) }

// isHome reports whether that is this node.
func (n *Node) isHome() bool { return n.place.Here(n.homeSpace) }

// asked is a request under way to the home.
type asked struct {
	caller caller
	until  causal.Instant
	req    request
	peer   causal.ReplicaID
	then   func(now causal.Instant, p reply) // of a request of this node's own: takes the answer in place of the caller
}

// forward asks the home, or answers why not.
func (n *Node) forward(now causal.Instant, c caller, q request) {
	switch {
	case !slices.Contains(n.member.Neighbors(), n.home()):
		n.stall(now, q.Stream, q.Seq)
		n.abort(c, AbortHomeAway, "the home of this data, node "+n.home().Short()+", can't be reached from here; nothing was sent")
		return
	case len(n.asked) >= n.cfg.Limits.ForwardMax:
		n.stall(now, q.Stream, q.Seq)
		n.abort(c, AbortBusy, "too many requests are under way to the home; nothing was sent")
		return
	case !q.fits():
		n.moved(q.Stream, q.Seq)
		n.abort(c, AbortTooLarge, "the request can't be sent to the home: a name is over 256 bytes, or an argument over 64 KiB")
		return
	}
	n.moved(q.Stream, q.Seq)
	n.askedSeq++
	q.ID = n.askedSeq
	n.asked[q.ID] = asked{caller: c, until: now + n.cfg.Limits.HomeTimeout, req: q, peer: n.home()}
	n.underWay[q.Stream]++
	n.send(n.home(), wire.Commits, KindRequest, q.appendTo(nil))
}

// homeLost answers what was under way when the link to the home went down. The
// home may have run it.
func (n *Node) homeLost(now causal.Instant) {
	for _, id := range order.Sorted(maps.Keys(n.asked), cmp.Compare) {
		if n.asked[id].peer == n.home() {
			n.unknown(now, id, "the link to the home went down before it answered")
		}
	}
}

// expire answers what the home has not answered in time.
func (n *Node) expire(now causal.Instant) {
	for _, id := range order.Sorted(maps.Keys(n.asked), cmp.Compare) {
		if now >= n.asked[id].until {
			n.unknown(now, id, "the home has not answered in time")
		}
	}
}

func (n *Node) unknown(now causal.Instant, id uint64, detail string) {
	a := n.asked[id]
	n.came(id)
	if a.then != nil {
		a.then(now, reply{Abort: AbortUnknown, Detail: detail})
		return
	}
	n.stall(now, a.req.Stream, a.req.Seq)
	if a.req.Op == opRaise {
		detail += "; it may have run: raise it again in the same stream with the same number"
	}
	n.abort(a.caller, AbortUnknown, detail)
}

// came says that a request is under way no more.
func (n *Node) came(id uint64) {
	stream := n.asked[id].req.Stream
	delete(n.asked, id)
	if n.underWay[stream]--; n.underWay[stream] == 0 {
		delete(n.underWay, stream)
	}
}

// serve answers a request at the home. It is served like a command of a local
// client; its answer goes back as a message, which leaves after its records
// are durable like every message.
func (n *Node) serve(now causal.Instant, peer causal.ReplicaID, body []byte) error {
	q, err := decodeRequest(body)
	if err != nil {
		return err
	}
	c := caller{peer: peer, request: q.ID}
	user, isUsers := n.isUsersNode(peer)
	if q.Op == opRaise && isUsers {
		q.User = or(q.User, user)
	}
	switch {
	case q.Op == opAdmit:
		n.enlist(now, c, q)
	case q.Op == opGrant:
		n.grantTo(now, c, q)
	case !n.isHome():
		n.abort(c, AbortHomeAway, "node "+n.self.Short()+" is not the home")
	case q.Op == opRaise && isUsers && q.User != user:
		n.abort(c, AbortOther, "a node of the user "+user+" raises events as that user alone, and this one says "+q.User)
	case q.Op == opRead && isUsers && n.refuses(user, q.Name, q.Values) != "":
		n.abort(c, flow.AbortForbidden, n.refuses(user, q.Name, q.Values))
	case q.Op == opRaise:
		n.raise(now, c, RaiseRequest{Event: q.Name, Args: q.Values, User: q.User, Session: q.Session, Stream: q.Stream, Seq: q.Seq})
	case q.Op == opPull:
		n.givePull(c, q)
	case q.Op == opRead:
		n.read(now, c, ReadRequest{Name: q.Name, Key: q.Values, Session: q.Session})
	}
	return nil
}

// replied gives the home's answer to who asked.
func (n *Node) replied(now causal.Instant, peer causal.ReplicaID, body []byte) error {
	p, err := decodeReply(body)
	if err != nil {
		return err
	}
	a, ok := n.asked[p.ID]
	if !ok || peer != a.peer {
		return nil // it came too late: the asker was told "unknown"
	}
	n.came(p.ID)
	if a.then != nil {
		a.then(now, p)
		return nil
	}
	answer := Answer{Committed: p.Committed, Duplicate: p.Duplicate, Token: p.Token, Abort: p.Abort, Detail: p.Detail}
	if a.req.Op == opRaise && p.Abort == AbortPending {
		answer = Answer{Pending: true, Saga: true, Item: p.Detail, Token: p.Token}
	}
	if answer.IsOpen() {
		n.stall(now, a.req.Stream, a.req.Seq)
	}
	if answer.Abort != "" {
		n.abort(a.caller, answer.Abort, answer.Detail)
		return nil
	}
	if p.Form != noReading {
		reading, err := n.readingOf(a.req, p)
		if err != nil {
			return err
		}
		answer.Reading, answer.Copied, answer.AsOf = &reading, true, a.until-n.cfg.Limits.HomeTimeout
	}
	if a.req.Op == opRaise && a.req.Stream != "" {
		n.mark(a.req.Stream, a.req.Seq, nil)
	}
	n.answer(a.caller, answer)
	return nil
}

// replyOf puts an answer into the form that travels.
func replyOf(id uint64, a Answer) reply {
	p := reply{
		ID: id, Committed: a.Committed, Duplicate: a.Duplicate,
		Abort: cut(a.Abort, nameMax), Detail: cut(a.Detail, detailMax),
	}
	if a.Pending {
		p.Abort, p.Detail = AbortPending, a.Item
	}
	if len(a.Token) <= sessionMax { // of more references than a session may have nobody reads one
		p.Token = a.Token
	}
	switch r := a.Reading; {
	case r == nil:
	case r.Keyed:
		p.Form = keysValues
		for _, pair := range r.Pairs {
			p.Values = append(p.Values, value.List(value.List(pair.Key...), pair.Value))
		}
	case r.Type.Kind == plan.KindSet:
		p.Form, p.Values = elements, r.Value.Elems()
	default:
		p.Form, p.Values = oneValue, []value.Value{r.Value}
	}
	return p
}

// cut shortens a text for people.
func cut(s string, sizeMax int) string {
	if len(s) <= sizeMax {
		return s
	}
	return strings.ToValidUTF8(s[:sizeMax], "")
}

// readingOf gives a reading of the home the type that this node's own, empty
// copy has.
func (n *Node) readingOf(q request, p reply) (flow.Reading, error) {
	reading, err := n.engine.Read(q.Name, q.Values)
	if err != nil {
		return reading, err
	}
	if (p.Form == keysValues) != reading.Keyed {
		return reading, wire.ErrMalformed
	}
	switch p.Form {
	case oneValue:
		reading.Value = p.Values[0]
		return reading, nil
	case elements:
		reading.Value = value.List(p.Values...)
		return reading, nil
	}
	reading.Pairs = nil
	for _, v := range p.Values {
		if len(v.Elems()) != 2 {
			return reading, wire.ErrMalformed
		}
		reading.Pairs = append(reading.Pairs, flow.Pair{Key: v.Field(0).Elems(), Value: v.Field(1)})
	}
	return reading, nil
}
