package node

import (
	"strconv"

	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/entity/saga"
	"github.com/martinelli-lang/martinelli/flow"
	"github.com/martinelli-lang/martinelli/plan"
	"github.com/martinelli-lang/martinelli/replica"
	"github.com/martinelli-lang/martinelli/value"
)

// A saga runs at the home, step by step, each a commit with the record of how
// far it is. It comes there as an item of the outbox, which stays in the shared
// space until its raiser has heard of the outcome: begin.go has that end.

// AbortPending is how a home says, in the words of a reply, that a saga has
// begun and has no outcome yet. Its detail is the item's name.
const AbortPending = "pending"

// sagas is a node's part in them: as the home, and as who raises them.
type sagas struct {
	machine *saga.Machine
	asking  map[saga.Name][]itemName // at the home: items that wait for the outcome of one under way

	hands func(*flow.Handed) (size int, abort, detail string)
	owed  map[itemName]*owing   // own items that were undone, and whose else has not run
	waits map[itemName]sagaWait // raises that are answered with the outcome; at most Limits.WaitingMax
	heard []itemName            // own items whose outcome has just come
	late  *saga.Change          // see Planted
	until causal.Instant        // when late is committed
}

// newSagas is the part of a node whose engine is there. A program without
// sagas costs nothing.
func newSagas(n *Node) sagas {
	s := sagas{
		asking: map[saga.Name][]itemName{}, owed: map[itemName]*owing{}, waits: map[itemName]sagaWait{},
		machine: saga.New(saga.Config{
			Steps: func(block string) (int, bool) {
				steps := n.engine.StepsOf(blockOf(block))
				return steps, steps > 0
			},
			Limits:  n.cfg.Limits.Sagas,
			Planted: n.cfg.Planted.Sagas,
		}),
	}
	if n.cfg.Program.HasSagas() {
		s.hands = n.mayBegin
	}
	return s
}

func blockOf(s string) (hash plan.BlockHash) {
	if len(s) == len(hash) {
		copy(hash[:], s)
	}
	return hash
}

// sagaName is the name under which a saga that is handed on is kept.
func sagaName(h *flow.Handed) saga.Name {
	return saga.Name{Block: string(h.Block[:]), Key: value.Encode(h.Key)}
}

// SagaOf returns the event whose handler ends with a saga, "" where the program
// has it no more, and its key.
func (n *Node) SagaOf(name saga.Name) (event string, key value.Value) {
	key, _ = value.DecodeAll(name.Key)
	return n.engine.EventOf(blockOf(name.Block)), key
}

// beginSaga takes in, at the home, an item that begins a saga. All it does is
// one commit: the records, the item's number, and where the outcome is there
// already, that.
func (n *Node) beginSaga(now causal.Instant, name itemName, it item) {
	o, result, isTold := n.decide(now, name, it)
	if done := n.outbox.done[name.sender]; name.seq > done.seq {
		o.Writes = joinWrite(o.Writes, n.doneWrite(name))
	}
	n.outbox.take(name)
	if isTold {
		n.commitTold(now, n.clock.Tick(now), o, name, result)
		return
	}
	n.commit(now, n.homeID, n.clock.Tick(now), nil, o)
}

// decide says what becomes of a start: what is written of it and, where there
// is one, its outcome.
func (n *Node) decide(now causal.Instant, name itemName, it item) (o flow.Outcome, result outcomeRecord, isTold bool) {
	h, ok := handedBy(&it.req)
	switch _, isKnown := n.outbox.outcomes[name]; {
	case isKnown:
		return o, result, false // its raiser has yet to hear of it
	case !ok:
		return o, outcomeRecord{Abort: flow.AbortArgument, Detail: "the start of a saga that can't be read"}, true
	case n.isAnothers(name.sender, it.req.User):
		return o, outcomeRecord{Abort: AbortOther, Detail: "the node " + name.sender.Short() + " may not begin sagas as the user " + it.req.User}, true
	case !n.engine.IsSaga(h.Block):
		return o, outcomeRecord{Abort: flow.AbortUpgrade, Detail: "the home's program has no such saga: it runs another version than the node that raised it"}, true
	case !n.raises(name.sender, h.Block):
		return o, outcomeRecord{Abort: flow.AbortForbidden, Detail: "the saga begins at another role than that of its raiser"}, true
	}
	if refused := n.engine.Refuses(&h); refused != "" {
		return o, outcomeRecord{Abort: flow.AbortArgument, Detail: refused}, true
	}
	id := sagaName(&h)
	verdict, change := n.sagas.machine.Begin(now, id, saga.Start{User: h.User, Raiser: name.sender, Item: name.seq, Slots: value.Encode(value.List(h.Slots...))})
	switch verdict {
	case saga.Fresh, saga.Joined:
		n.sagas.asking[id] = append(n.sagas.asking[id], name)
		o.Writes = joinWrite(o.Writes, homeWrite(change))
		return o, result, false
	case saga.Known:
		return o, outcomeRecord{Abort: change.Outcome.Abort, Duplicate: change.Outcome.Abort == ""}, true
	case saga.Busy:
		limit := n.cfg.Limits.Sagas.WithDefaults().UnderWayMax
		return o, outcomeRecord{Abort: AbortBusy, Detail: "as many sagas are under way at the home as it takes: " + strconv.Itoa(limit)}, true
	}
	return o, outcomeRecord{Abort: AbortTooLarge, Detail: "the saga's key or what it begins with is too large"}, true
}

// raises reports whether a replica's role may raise a block.
func (n *Node) raises(sender causal.ReplicaID, block plan.BlockHash) bool {
	reg, isKnown := n.identify(sender)
	return !n.access.isOn || !isKnown || n.isMine(sender) || n.engine.RaisedAt(block, reg.Role)
}

// homeWrite is what a change of a saga writes in the home's space.
func homeWrite(c saga.Change) flow.SpaceWrite {
	return flow.SpaceWrite{Space: plan.HomeSpace, Entries: c.Entries, Removed: c.Removed}
}

// runSagas does what is due of sagas at their home, of one Wake not more than
// keeps the node from its peers.
func (n *Node) runSagas(now causal.Instant) {
	if !n.isHome() || n.barred[n.homeID] != replica.Valid {
		return
	}
	if late := n.sagas.late; late != nil {
		if now < n.sagas.until {
			return
		}
		n.sagas.late = nil
		n.conclude(now, n.clock.Tick(now), flow.Outcome{}, *late)
	}
	for range n.cfg.Limits.SagaSteps {
		t, isDue := n.sagas.machine.Next(now)
		if !isDue || n.sagas.late != nil {
			return
		}
		n.runStep(now, t)
	}
}

// sagaDeadline is when runSagas has something to do.
func (n *Node) sagaDeadline() (causal.Instant, bool) {
	at, ok := n.sagas.machine.Deadline()
	if n.sagas.late != nil {
		at = n.sagas.until
	}
	return at, ok && at != never && n.isHome() && n.barred[n.homeID] == replica.Valid
}

// runStep does or undoes one step. Its effect and the record of it are one commit.
func (n *Node) runStep(now causal.Instant, t saga.Task) {
	slots, err := value.DecodeAll(t.Start.Slots)
	if err != nil {
		panic("node: a saga's record holds values that were never written: " + err.Error())
	}
	h := flow.Handed{Block: blockOf(t.Name.Block), Slots: slots.Elems(), User: t.Start.User}
	run := n.engine.Step
	if t.Undo {
		run = n.engine.Undo
	}
	o, stamp := n.ordered(now, t.Start.User, func(env flow.Env) flow.Outcome {
		env.Hands, env.Run = nil, runOf(t)
		return run(&h, t.Step, env)
	})
	if len(o.Calls) > 0 {
		n.awaitStep(now, t, o.Calls[0])
		return
	}
	n.doneStep(t)
	m := n.sagas.machine
	switch o.Abort {
	case "":
		n.turn(now, stamp, o, m.Done(now, t))
	case flow.AbortImport, flow.AbortBusy:
		n.turn(now, stamp, flow.Outcome{}, m.Failed(now, t, o.Detail))
	default:
		n.turn(now, stamp, flow.Outcome{}, m.Aborted(now, t, o.Abort, o.Detail))
	}
}

// runOf names a task for the functions of the host that it calls.
func runOf(t saga.Task) string {
	side := " does "
	if t.Undo {
		side = " undoes "
	}
	return t.Name.Block + t.Name.Key + side + strconv.Itoa(t.Step)
}

// turn commits what a step did with what it makes of its saga.
func (n *Node) turn(now causal.Instant, stamp causal.Stamp, o flow.Outcome, change saga.Change) {
	if n.cfg.Planted.PartsSagas {
		n.commit(now, n.homeID, stamp, nil, o)
		n.sagas.late, n.sagas.until = &change, now+50*causal.Millisecond
		return
	}
	n.conclude(now, stamp, o, change)
}

func (n *Node) conclude(now causal.Instant, stamp causal.Stamp, o flow.Outcome, change saga.Change) {
	o.Writes = joinWrite(o.Writes, homeWrite(change))
	end := change.Outcome
	if end == nil {
		n.commit(now, n.homeID, stamp, nil, o)
		n.notify(o)
		return
	}
	n.commitTold(now, stamp, o, itemName{end.Start.Raiser, end.Start.Item}, outcomeRecord{Abort: end.Abort, Detail: end.Detail})
	n.notify(o)
	for _, name := range n.sagas.asking[end.Name] {
		n.outbox.untake(name) // each asks again, and is told
	}
	delete(n.sagas.asking, end.Name)
	if end.Abort != "" {
		n.counts.Aborts++
	}
}

// commitTold commits with what o wrote what came of an item. What has committed
// is taken out of the outbox; after an abort its raiser does that, with the else.
func (n *Node) commitTold(now causal.Instant, stamp causal.Stamp, o flow.Outcome, name itemName, result outcomeRecord) {
	it, isOpen := n.outbox.find(name)
	if !isOpen {
		n.commit(now, n.homeID, stamp, nil, o)
		return
	}
	result.Abort, result.Detail = cut(result.Abort, nameMax), cut(result.Detail, detailMax)
	old := n.oldOutcomes(name)
	w := n.outcomeWrite(name, result, old)
	if result.Abort == "" {
		w.Removed = append(w.Removed, it.id)
		n.closeItem(name)
	}
	o.Writes = joinWrite(o.Writes, w)
	n.forgetOutcomes(old)
	n.commit(now, n.homeID, stamp, nil, o)
}
