package node

import (
	"strconv"

	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/flow"
	"github.com/martinelli-lang/martinelli/replica"
)

// Raise runs the handler of an event, here or, where it touches what is not
// replicated, at the home. The answer bears the ticket.
func (n *Node) Raise(now causal.Instant, t Ticket, q RaiseRequest) {
	n.raise(now, caller{ticket: t}, q)
	n.settle(now)
}

func (n *Node) raise(now causal.Instant, c caller, q RaiseRequest) {
	session, ok := n.session(c, q.Session)
	if !ok {
		return
	}
	if len(q.Stream) > streamMax || q.Stream != "" && q.Seq == 0 {
		n.abort(c, AbortStream, "a stream's name has at most 256 bytes and its seq counts from 1")
		return
	}
	if n.isOneTooMany(q.Stream) {
		n.abort(c, AbortStream, "this node keeps the marks of "+strconv.Itoa(n.store.Streams())+" streams and takes no more: raise under the name of one that exists, with its next numbers")
		return
	}
	if n.isStalled(q.Stream, q.Seq) {
		n.abort(c, AbortStalled, "raise "+strconv.FormatUint(n.stalled[q.Stream].seq, 10)+" of the stream again first")
		return
	}
	h, ok := n.engine.Handler(q.Event)
	if !ok {
		n.abort(c, AbortNoEvent, "no handler on_"+q.Event+" at role "+n.cfg.Role)
		return
	}
	if n.cfg.Program.Handlers[h].Home && !n.isHome() {
		if n.postedBefore(now, c, &q, session) {
			return
		}
		if n.mustPost(&q) {
			n.whenFree(now, c, q, session)
			return
		}
		n.forward(now, c, request{
			Op: opRaise, Name: q.Event, Values: q.Args, User: n.user(q.User),
			Session: q.Session, Stream: q.Stream, Seq: q.Seq,
		})
		return
	}
	if n.isBehindOwn(now, c, &q) {
		return
	}
	if n.replica.Covers(session) { // nearly always
		n.run(now, c, h, q, session)
		return
	}
	n.runLater(now, c, h, q, session)
}

// runLater runs a handler when this node has seen what the session has. It
// stands apart, so that a raise that need not wait has nothing on the heap.
func (n *Node) runLater(now causal.Instant, c caller, h int, q RaiseRequest, session replica.Session) {
	n.stall(now, q.Stream, q.Seq)
	n.whenCovered(now, c, session, func(now causal.Instant) { n.run(now, c, h, q, session) })
}

// isBehindOwn stalls a raise that comes behind one of its stream under way to
// the home: its mark would say that that one has run.
func (n *Node) isBehindOwn(now causal.Instant, c caller, q *RaiseRequest) bool {
	if q.Stream == "" || n.underWay[q.Stream] == 0 {
		return false
	}
	n.stall(now, q.Stream, q.Seq)
	n.abort(c, AbortStalled, "an earlier raise of the stream is under way to the home: raise again when it is answered")
	return true
}

// user returns who raises an event: the caller's user, or the node's own.
func (n *Node) user(of string) string { return or(of, n.cfg.User) }

// run runs handler h here and now, as one commit.
func (n *Node) run(now causal.Instant, c caller, h int, q RaiseRequest, session replica.Session) {
	n.runUntil(now, c, h, q, session, 0)
}

// runUntil is run for what has waited for rights and waits for more at most
// until then; 0: it has not.
func (n *Node) runUntil(now causal.Instant, c caller, h int, q RaiseRequest, session replica.Session, until causal.Instant) {
	n.moved(q.Stream, q.Seq)
	if mark, ok := n.store.StreamMark(q.Stream); ok && q.Seq <= mark.Seq {
		if !n.raisedBefore(now, c, &q, session) {
			n.answer(c, Answer{Committed: true, Duplicate: true, Token: n.token(now, session, spacesOf(mark.Parts))})
		}
		return
	}
	if !n.mayHandOn(now, c, h, &q) {
		return
	}
	author := n.author(n.cfg.Program.Handlers[h].Home)
	if reason := n.barred[author]; reason != replica.Valid {
		n.abort(c, abortOf(reason), barredText(reason))
		return
	}
	env := n.env(now, author, n.user(q.User))
	uses := n.lets(author, &env)
	o := n.engine.Run(h, q.Args, env)
	if o.Abort != "" {
		if o.Abort == AbortBusy {
			n.stall(now, q.Stream, q.Seq)
		}
		if o.Short != nil {
			n.lack(now, shortRun{c, h, q, session, author, until, o.Short.Need}, o.Short)
			return
		}
		if o.Wanted == nil || !n.seekGrant(now, c, h, q, session, *o.Wanted) && !n.awaitGiver(now, c, h, q, session, *o.Wanted) {
			n.abort(c, o.Abort, o.Detail)
		}
		return
	}
	if until > 0 {
		n.counts.Borrowed++
	}
	n.enclose(&o, author)
	group := n.commitUnder(now, author, env.Stamp, session, o, uses)
	n.notify(o)
	if q.Stream != "" {
		n.mark(q.Stream, q.Seq, group.Parts)
	}
	if n.isSaga(&o) {
		n.await(now, c, n.replica.Advance(session, n.touched(o)...), itemName{author, n.outbox.last[author]})
		return
	}
	if o.Handed != nil {
		n.handOn(now, c, q, n.replica.Advance(session, n.touched(o)...), o.Handed)
		return
	}
	a := Answer{Committed: true}
	if !q.Sessionless {
		a.Token = n.token(now, session, n.touched(o))
	}
	n.answer(c, a)
}

// author returns under whose name a run writes: what runs at the home is
// minted by the home partition's own replica, so that the partition can move
// to other nodes without taking this node's identity along.
func (n *Node) author(home bool) causal.ReplicaID {
	if home {
		return n.homeID
	}
	return n.self
}

// env is what one run may see of the world.
func (n *Node) env(now causal.Instant, author causal.ReplicaID, user string) flow.Env {
	n.lookAtClock(now)
	stamp := n.clock.Tick(now)
	return flow.Env{
		Holds:  n.holdsNamed(),
		Stamp:  stamp,
		User:   user,
		Self:   author,
		Lapsed: n.hasLapsedRights(now),
		Next:   func(space string) causal.Dot { return n.replica.Next(n.space(space), author) },
		NewID:  func() string { return newID(author, n.clock.Tick(now)) },

		Uploads: n.outboxRoom(author),
		Hands:   n.sagas.hands,

		Returned: n.calls.returned,
	}
}

// commit mints the parts of a run that did not abort, records them and hands
// them to the broadcast. A run without writes makes no commit.
func (n *Node) commit(now causal.Instant, author causal.ReplicaID, stamp causal.Stamp, seen replica.Session, o flow.Outcome) replica.Group {
	return n.commitUnder(now, author, stamp, seen, o, nil)
}

// commitUnder is commit by somebody whom grants permit what he wrote.
func (n *Node) commitUnder(now causal.Instant, author causal.ReplicaID, stamp causal.Stamp, seen replica.Session, o flow.Outcome, uses *permits) replica.Group {
	if len(o.Writes) == 0 {
		return replica.Group{}
	}
	n.writes = n.writes[:0]
	for _, w := range o.Writes {
		n.writes = append(n.writes, replica.Write{Space: n.space(w.Space), Entries: w.Entries, Removed: w.Removed, Grants: uses.of(n.space(w.Space))})
	}
	group := n.mint(now, replica.Draft{Author: author, Stamp: stamp, Seen: seen, Reads: n.handles(o.Reads), Writes: n.writes})
	n.stirOwn(group)
	return group
}

// mint gives a draft its place in the order, records it and sees to its seals.
func (n *Node) mint(now causal.Instant, d replica.Draft) replica.Group {
	n.shorten(now, &d)
	group := n.replica.Commit(d)
	n.record(group)
	n.heedOwn(group)
	if n.clock.Last() > d.Stamp {
		n.keepClock() // the run took ids, above its parts' stamp: none may be given again
	}
	n.watchOwn(now, group)
	n.watchOwnHolds(now, group)
	n.minting(group)
	n.heedReplica(now, n.replica.Drain())
	n.counts.Commits++
	n.elsewhere.written += uint64(len(group.Parts))
	return group
}

// touched names the spaces a run read or wrote.
func (n *Node) touched(o flow.Outcome) []causal.SpaceID {
	spaces := n.handles(o.Reads)
	for _, w := range o.Writes {
		spaces = append(spaces, n.space(w.Space))
	}
	return spaces
}

// handles returns the handles of the named spaces.
func (n *Node) handles(names []string) []causal.SpaceID {
	spaces := make([]causal.SpaceID, len(names))
	for i, name := range names {
		spaces[i] = n.space(name)
	}
	return spaces
}

// spacesOf returns the spaces of some parts.
func spacesOf(parts []causal.Ref) []causal.SpaceID {
	spaces := make([]causal.SpaceID, len(parts))
	for i, ref := range parts {
		spaces[i] = ref.Space
	}
	return spaces
}
