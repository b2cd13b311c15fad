package node

import (
	"slices"

	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/algebra/crdt"
	"github.com/martinelli-lang/martinelli/entity/saga"
	"github.com/martinelli-lang/martinelli/entity/serial"
	"github.com/martinelli-lang/martinelli/flow"
	"github.com/martinelli-lang/martinelli/plan"
	"github.com/martinelli-lang/martinelli/replica"
	"github.com/martinelli-lang/martinelli/store"
)

// Planted are mistakes on purpose, for tests that show that the judges of a
// history see a rule that is missing. All are false but in such tests; no flag
// of a program reaches them.
type Planted struct {
	Replica      replica.Planted
	Flow         flow.Planted
	SplitsWrites bool // what belongs into one store write goes into two
	LosesHeads   bool // a restart does not read which parts nobody has seen
	ForgetsItems bool // the home does not ask what of an outbox and of a stream has run
	Sagas        saga.Planted
	PartsSagas   bool // what a step of a saga did and the record of it are two commits
	ElsesTwice   bool // who runs the else of a saga does not take its item out
	KeepsGiven   bool // who hands rights on goes on counting them as its own
	SpendsLapsed bool // rights are spent after their lease
	CountsUnread bool // of databases the program lacks nothing is kept, and the parts are counted

	SplitsResults   bool // what came of a serial block is a commit behind its effect, in another store write
	RenamesRequests bool // a serial block without an answer is asked for again under another number
	LosesRequests   bool // a serial block goes to its home and is not kept until it has its outcome
	ForgetsResults  bool // the home runs a serial block again that it is asked for again
	RepeatsElse     bool // the else of a serial block runs twice

	OffersUnasked bool // a space is offered to every node, whoever may have it
}

// split is a result that is kept apart from its effect.
type split struct {
	entry causal.Entry
	gone  []causal.EntryID
}

// keepSplit writes results that were kept apart.
func (n *Node) keepSplit(now causal.Instant) {
	for _, s := range n.serial.split {
		w := flow.SpaceWrite{Space: plan.HomeSpace, Entries: []causal.Entry{s.entry}, Removed: s.gone}
		n.commit(now, n.homeID, n.clock.Tick(now), nil, flow.Outcome{Writes: []flow.SpaceWrite{w}})
	}
	n.serial.split = nil
}

// renamedBy is by how much a request has another number that is said again.
const renamedBy = 500

// rename gives a request another number, unless it has just been raised.
func (n *Node) rename(q *serial.Request) {
	if !n.cfg.Planted.RenamesRequests {
		return
	}
	if !n.serial.raised[q.Name.No] {
		q.Name.No += renamedBy
	}
	delete(n.serial.raised, q.Name.No)
}

// blind takes out of parts what the program can't read.
func (n *Node) blind(list []causal.Vouched) {
	for i := range list {
		list[i].Parts = slices.Clone(list[i].Parts)
		for j, p := range list[i].Parts {
			seen := *p
			seen.Entries = slices.DeleteFunc(slices.Clone(p.Entries), func(e causal.Entry) bool {
				return !isReserved(e.Database) && !slices.ContainsFunc(n.cfg.Program.Databases, func(d plan.Database) bool { return d.Name == e.Database })
			})
			list[i].Parts[j] = &seen
		}
	}
}

// keepGiven takes out of this node's own books what it has handed on.
func (n *Node) keepGiven(o flow.Outcome) {
	for _, w := range o.Writes {
		dot := n.replica.Next(n.space(w.Space), n.self)
		dot.Seq--
		var changes []flow.Change
		for i, e := range w.Entries {
			it := crdt.Item{ID: causal.EntryID{Dot: dot, Offset: uint32(i)}, Value: e.Value}
			changes = append(changes, flow.Change{Database: e.Database, Key: e.Key, Item: it, Removed: true})
		}
		n.engine.Apply(changes)
	}
}

// holdBack keeps the last part of a store write back until the next one.
func (n *Node) holdBack(ops []store.Op) []store.Op {
	ops = append(n.heldBack, ops...)
	n.heldBack = nil
	for i := len(ops) - 1; i > 0; i-- {
		if ops[i].Key[0] == 'p' {
			n.heldBack = append(n.heldBack, ops[i])
			return append(ops[:i:i], ops[i+1:]...)
		}
	}
	return ops
}
