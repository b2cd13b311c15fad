package node

import (
	"maps"
	"strconv"

	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/algebra/order"
	"github.com/martinelli-lang/martinelli/entity/saga"
	"github.com/martinelli-lang/martinelli/flow"
	"github.com/martinelli-lang/martinelli/plan"
	"github.com/martinelli-lang/martinelli/replica"
	"github.com/martinelli-lang/martinelli/value"
)

// Who raises a saga commits what stands before it, and in the same commit puts
// the start into the outbox: so it begins iff that is there, offline too. The
// item is also what the raiser keeps of it. Where the outcome is an abort, the
// else and the item's removal are one commit: so it runs once, whenever the
// node is killed.

// owing is an else that has not run.
type owing struct {
	at    causal.Instant // when it is tried next
	tries int
	said  string // what the last try said that failed
}

// sagaWait is a raise that is answered when its saga has ended, or is said to
// be pending.
type sagaWait struct {
	caller  caller
	session replica.Session
	until   causal.Instant
}

// startOf puts what a run hands on into the form of an item.
func startOf(h *flow.Handed) request {
	return request{Op: opSaga, Name: string(h.Block[:]), Values: append([]value.Value{h.Key}, h.Slots...), User: h.User}
}

// handedBy is its inverse; false where an item can't have been written so.
func handedBy(q *request) (h flow.Handed, ok bool) {
	if len(q.Name) != len(h.Block) || len(q.Values) == 0 {
		return h, false
	}
	return flow.Handed{Block: blockOf(q.Name), Key: q.Values[0], Slots: q.Values[1:], User: q.User}, true
}

// mayBegin says what the start of a saga takes in the commit before it, or why
// there is no room for it.
func (n *Node) mayBegin(h *flow.Handed) (size int, abort, detail string) {
	if !n.engine.IsSaga(h.Block) {
		return 0, "", ""
	}
	q := startOf(h)
	if !q.fits() {
		return 0, AbortTooLarge, "the saga can't begin: its key or a value that it reads is over 64 KiB"
	}
	size = len(q.appendTo(nil)) + len(outboxItems) + 64
	switch {
	case size > itemSizeMax || len(value.Encode(value.List(h.Slots...))) > saga.SlotsMax || len(h.User) > saga.UserMax || len(value.Encode(h.Key)) > saga.KeyMax:
		return 0, AbortTooLarge, "the saga can't begin: what it reads takes over 256 KiB"
	case n.outbox.sagas >= n.cfg.Limits.SagasMax:
		return 0, AbortBusy, "as many sagas raised here wait for their outcome as may: " + strconv.Itoa(n.outbox.sagas)
	}
	return size, "", ""
}

// await answers a raise whose saga began with its last commit: when the outcome
// comes within Limits.SagaWait, with that.
func (n *Node) await(now causal.Instant, c caller, session replica.Session, name itemName) {
	w := sagaWait{c, session, now + n.cfg.Limits.SagaWait}
	if len(n.sagas.waits) >= n.cfg.Limits.WaitingMax {
		n.answerPending(now, name, w)
		return
	}
	n.sagas.waits[name] = w
}

func (n *Node) answerPending(now causal.Instant, name itemName, w sagaWait) {
	n.answer(w.caller, Answer{Pending: true, Saga: true, Item: name.String(), Token: n.token(now, w.session, n.sagaSpaces())})
}

// sagaSpaces are the spaces in which a saga's raiser finds its outcome.
func (n *Node) sagaSpaces() []causal.SpaceID {
	if n.isHome() {
		return []causal.SpaceID{n.space(plan.SharedSpace), n.homeSpace}
	}
	return []causal.SpaceID{n.space(plan.SharedSpace)}
}

// answerSagas answers the raises whose outcome has come.
func (n *Node) answerSagas(now causal.Instant) {
	for _, name := range n.sagas.heard {
		w, isAwaited := n.sagas.waits[name]
		o, isKnown := n.outbox.outcomes[name]
		if !isAwaited || !isKnown {
			continue
		}
		delete(n.sagas.waits, name)
		if o.Abort != "" {
			n.counts.Aborts++
			n.answer(w.caller, Answer{Saga: true, Abort: o.Abort, Detail: o.Detail, Item: name.String()})
			continue
		}
		n.answer(w.caller, Answer{Committed: true, Saga: true, Duplicate: o.Duplicate, Item: name.String(), Token: n.token(now, w.session, n.sagaSpaces())})
	}
	n.sagas.heard = n.sagas.heard[:0]
}

// expireSagas answers the raises that have waited long enough: their sagas go on.
func (n *Node) expireSagas(now causal.Instant) {
	for _, name := range sortedNames(n.sagas.waits) {
		if w := n.sagas.waits[name]; now >= w.until {
			delete(n.sagas.waits, name)
			n.answerPending(now, name, w)
		}
	}
}

// beginDeadline is when expireSagas or runElses has something to do.
func (n *Node) beginDeadline() (next causal.Instant, found bool) {
	for _, w := range n.sagas.waits {
		if !found || w.until < next {
			next, found = w.until, true
		}
	}
	for _, o := range n.sagas.owed {
		if o.at > 0 && (!found || o.at < next) {
			next, found = o.at, true
		}
	}
	return next, found
}

// isMine reports whether items of a sender are this node's to see to.
func (n *Node) isMine(sender causal.ReplicaID) bool {
	return sender == n.self || sender == n.homeID && n.isHome()
}

// owe puts an own item on the list whose saga was undone.
func (n *Node) owe(name itemName) {
	it, isOpen := n.outbox.find(name)
	o, isKnown := n.outbox.outcomes[name]
	if isOpen && isKnown && o.Abort != "" && it.req.Op == opSaga && n.isMine(name.sender) && n.sagas.owed[name] == nil {
		n.sagas.owed[name] = &owing{}
	}
}

// runElses runs the elses that are due, and reports whether any did. One whose
// block the program lacks waits for a program that has it.
func (n *Node) runElses(now causal.Instant) (ran bool) {
	if len(n.sagas.owed) == 0 {
		return false
	}
	for _, name := range order.Sorted(maps.Keys(n.sagas.owed), itemName.compare) {
		due := n.sagas.owed[name]
		it, _ := n.outbox.find(name)
		h, ok := handedBy(&it.req)
		if now < due.at || n.barred[name.sender] != replica.Valid || ok && !n.engine.Knows(h.Block) {
			continue
		}
		if n.runElse(now, name, it, &h) {
			ran = true
			continue
		}
		due.tries++
		due.at = now + causal.Second<<min(due.tries, 9)
	}
	return ran
}

// runElse runs one, and takes its item out in the same commit.
func (n *Node) runElse(now causal.Instant, name itemName, it item, h *flow.Handed) bool {
	env := n.env(now, name.sender, h.User)
	env.Hands = nil
	var o flow.Outcome
	if n.engine.HasElse(h.Block) {
		o = n.engine.Otherwise(h, n.outbox.outcomes[name].Abort, env)
	}
	if o.Abort != "" {
		n.sagas.owed[name].said = o.Abort + ": " + o.Detail
		n.event(EventProcess, n.self, "the else of "+name.String()+" could not run and is tried again: "+o.Abort+" "+o.Detail)
		return false
	}
	n.enclose(&o, name.sender)
	if !n.cfg.Planted.ElsesTwice {
		o.Writes = joinWrite(o.Writes, flow.SpaceWrite{Space: plan.SharedSpace, Removed: []causal.EntryID{it.id}})
	}
	n.closeItem(name)
	n.commit(now, name.sender, env.Stamp, nil, o)
	n.notify(o)
	return true
}
