package node

import (
	"cmp"
	"slices"
	"strconv"

	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/algebra/order"
	"github.com/martinelli-lang/martinelli/entity/saga"
	"github.com/martinelli-lang/martinelli/entity/serial"
	"github.com/martinelli-lang/martinelli/flow"
	"github.com/martinelli-lang/martinelli/plan"
	"github.com/martinelli-lang/martinelli/replica"
	"github.com/martinelli-lang/martinelli/value"
)

// An event that must run at the home can be put into the outbox where the home
// can't be reached: a durable part of the sender's in the shared space, which
// finds its way to the home like any other. The home, and nobody else, runs it.
// In the same commit as its effect it notes the item's number in its own
// space, takes the item out and puts the outcome in. So however often an item
// is seen, and whenever the home is killed, it has its effect once; and an
// event that was put into the outboxes of two nodes under one stream and seq
// has it once too, by the stream's mark (history 14 of the model: an event
// retried at a second server ran twice).

// Outboxing says when a raise may go to the outbox.
type Outboxing uint8

const (
	OutboxNever  Outboxing = iota
	OutboxAway             // where the home can't be reached
	OutboxAlways           // wherever the event runs at the home, and this is not the home
)

// outcomesMax is how many outcomes of each sender the shared space keeps.
const outcomesMax = 64

// itemName names an item: the sender counts its items from 1.
type itemName struct {
	sender causal.ReplicaID
	seq    uint64
}

func (i itemName) compare(o itemName) int {
	return cmp.Or(i.sender.Compare(o.sender), cmp.Compare(i.seq, o.seq))
}

func (i itemName) String() string { return i.sender.String() + "." + strconv.FormatUint(i.seq, 10) }

// outbox is what the reserved databases hold.
type outbox struct {
	items    map[itemName]item
	outcomes map[itemName]outcome
	done     map[causal.ReplicaID]doneMark // at the home
	streams  map[string]int                // open items of this node, by stream
	open     int                           // items of this node that are events
	sagas    int                           // and that begin sagas
	last     map[causal.ReplicaID]uint64   // the numbers of this node's newest items, by its authors
	taken    map[itemName]item             // at the home: those that begin sagas, and were heeded
}

// item is an event that awaits the home.
type item struct {
	id  causal.EntryID
	req request
}

// outcome is what came of one.
type outcome struct {
	id causal.EntryID
	outcomeRecord
}

// doneMark is up to where the items of a sender have run.
type doneMark struct {
	id  causal.EntryID
	seq uint64
}

func newOutbox() outbox {
	return outbox{
		items: map[itemName]item{}, outcomes: map[itemName]outcome{},
		done: map[causal.ReplicaID]doneMark{}, streams: map[string]int{},
		last: map[causal.ReplicaID]uint64{}, taken: map[itemName]item{},
	}
}

// find returns an item that is in the shared space.
func (b *outbox) find(name itemName) (item, bool) {
	it, ok := b.items[name]
	if !ok {
		it, ok = b.taken[name]
	}
	return it, ok
}

func (b *outbox) has(name itemName) bool {
	_, ok := b.find(name)
	return ok
}

// take puts an item aside that the home has heeded and that stays.
func (b *outbox) take(name itemName) {
	b.taken[name] = b.items[name]
	delete(b.items, name)
}

// untake puts an item back, to be looked at again.
func (b *outbox) untake(name itemName) {
	if it, ok := b.taken[name]; ok {
		b.items[name] = it
		delete(b.taken, name)
	}
}

// OutboxItem is an item of this node's outbox, open or with its outcome.
type OutboxItem struct {
	Name      string      // the sender and its number, as an Answer gave it
	Event     string      // of an open item
	User      string      // likewise
	Stream    string      // likewise, "" for none
	Seq       uint64      // of the stream
	Open      bool        // it has not run yet, as far as is known here
	Serial    bool        // it is a serial block, and no event
	Sent      bool        // of an open serial block: it has left, so it may have run
	Saga      bool        // it begins the saga at the end of the event's handler
	Key       value.Value // of the saga
	Committed bool
	Duplicate bool   // the event had run already under its stream and seq
	Abort     string // otherwise why it had no effect; of an open saga why it was undone, and its else has not run
	Detail    string
}

// Outbox returns the open items of this node and the outcomes of its last 64,
// in order.
func (n *Node) Outbox() []OutboxItem {
	b := &n.outbox
	list := []OutboxItem{}
	for _, items := range []map[itemName]item{b.items, b.taken} {
		for _, name := range sortedNames(items) {
			if n.isMine(name.sender) {
				list = append(list, n.openItem(name, items[name].req))
			}
		}
	}
	for _, name := range sortedNames(b.outcomes) {
		if o := b.outcomes[name]; n.isMine(name.sender) && !b.has(name) {
			list = append(list, OutboxItem{Name: name.String(), Committed: o.Abort == "", Duplicate: o.Duplicate, Abort: o.Abort, Detail: o.Detail})
		}
	}
	return append(list, n.serialItems()...)
}

// openItem tells of an item that has no outcome yet, or whose else has not run.
func (n *Node) openItem(name itemName, q request) OutboxItem {
	it := OutboxItem{Name: name.String(), Event: q.Name, User: q.User, Stream: q.Stream, Seq: q.Seq, Open: true}
	if h, ok := handedBy(&q); ok && q.Op == opSaga {
		it.Saga, it.Event = true, n.engine.EventOf(h.Block)
		if len(q.Values) > 0 {
			it.Key = q.Values[0]
		}
		it.Abort = n.outbox.outcomes[name].Abort
		if due := n.sagas.owed[name]; due != nil {
			it.Detail = due.said
		}
	}
	return it
}

func sortedNames[V any](m map[itemName]V) []itemName {
	names := make([]itemName, 0, len(m))
	for name := range m {
		names = append(names, name)
	}
	order.Sort(names, itemName.compare)
	return names
}

// heedReserved takes a change of a reserved database in. What is malformed, or not by
// whom it says, means nothing.
func (n *Node) heedReserved(c replica.Change) {
	switch {
	case c.Database == outboxItems && c.Space == n.space(plan.SharedSpace):
		n.heedItem(c)
	case c.Database == outboxOutcomes && c.Space == n.space(plan.SharedSpace):
		n.heedOutcome(c)
	case c.Database == outboxDone && c.Space == n.homeSpace:
		n.heedDone(c)
	case c.Space == n.homeSpace && (c.Database == saga.Begun || c.Database == saga.Progress || c.Database == saga.Ended):
		if !c.Removed {
			n.sagas.machine.Heed(c.Database, c.Key, c.Item.Value, c.Item.ID)
		}
	case c.Database == serial.Results && c.Space == n.homeSpace:
		n.serial.ledger.Heed(c.Item.ID, c.Key, c.Item.Value, c.Removed)
	case c.Database == heirs:
		n.heedHeir(c)
	case c.Database == reissued:
		n.heedReissued(c)
	}
}

func (n *Node) heedItem(c replica.Change) {
	seq, ok := decodeSeq(c.Key)
	name := itemName{c.Item.ID.Replica, seq}
	b := &n.outbox
	old, isOpen := b.find(name)
	if isOpen && c.Removed && old.id == c.Item.ID {
		n.closeItem(name)
		return
	}
	q, err := decodeRequest([]byte(c.Item.Value))
	if !ok || isOpen || c.Removed || err != nil || q.Op != opRaise && q.Op != opSaga {
		return
	}
	b.items[name] = item{c.Item.ID, q}
	if !n.isMine(name.sender) {
		return
	}
	b.last[name.sender] = max(b.last[name.sender], seq)
	if q.Op == opSaga {
		b.sagas++
		n.owe(name)
		return
	}
	b.open++
	if q.Stream != "" {
		b.streams[q.Stream]++
	}
}

// closeItem forgets an item that is in the shared space no more.
func (n *Node) closeItem(name itemName) {
	b := &n.outbox
	it, _ := b.find(name)
	stream := it.req.Stream
	delete(b.items, name)
	delete(b.taken, name)
	delete(n.sagas.owed, name)
	if !n.isMine(name.sender) {
		return
	}
	if it.req.Op == opSaga {
		b.sagas--
		return
	}
	b.open--
	if stream == "" {
		return
	}
	if b.streams[stream]--; b.streams[stream] == 0 {
		delete(b.streams, stream)
	}
}

func (n *Node) heedOutcome(c replica.Change) {
	name, ok := decodeItemName(c.Key)
	if old, isKnown := n.outbox.outcomes[name]; isKnown && c.Removed && old.id == c.Item.ID {
		delete(n.outbox.outcomes, name)
	}
	o, err := decodeOutcome(c.Item.Value)
	if !ok || c.Removed || err != nil {
		return
	}
	n.outbox.outcomes[name] = outcome{c.Item.ID, o}
	if n.isMine(name.sender) {
		n.outbox.last[name.sender] = max(n.outbox.last[name.sender], name.seq)
		n.owe(name)
		n.sagas.heard = append(n.sagas.heard, name)
	}
}

func (n *Node) heedDone(c replica.Change) {
	sender, ok := decodeSender(c.Key)
	seq, isSeq := decodeSeq(c.Item.Value)
	if ok && isSeq && !c.Removed && seq >= n.outbox.done[sender].seq {
		n.outbox.done[sender] = doneMark{c.Item.ID, seq}
	}
}

// heedOwn takes in what a commit of this node adds to reserved databases.
func (n *Node) heedOwn(g replica.Group) {
	for _, p := range g.Parts {
		for i := range p.Entries {
			if e := &p.Entries[i]; isReserved(e.Database) {
				c := replica.Change{Space: p.Space, Database: e.Database, Key: e.Key}
				c.Item.ID, c.Item.Value = p.EntryID(i), e.Value
				n.heedReserved(c)
			}
		}
	}
}

// mustPost reports whether a raise that runs at the home goes to the outbox.
func (n *Node) mustPost(q *RaiseRequest) bool {
	isAway := !slices.Contains(n.member.Neighbors(), n.home())
	return q.Outbox == OutboxAlways || q.Outbox == OutboxAway && (isAway || n.outbox.streams[q.Stream] > 0)
}

// postedBefore answers a raise whose stream has an item open here: one that is
// in the outbox already is not put there again, and others must not overtake it.
func (n *Node) postedBefore(now causal.Instant, c caller, q *RaiseRequest, session replica.Session) bool {
	if q.Stream == "" || n.outbox.streams[q.Stream] == 0 {
		return false
	}
	for _, name := range sortedNames(n.outbox.items) {
		if it := n.outbox.items[name].req; name.sender == n.self && it.Stream == q.Stream && it.Seq == q.Seq {
			n.answer(c, Answer{Pending: true, Duplicate: true, Item: name.String(), Token: n.token(now, session, nil)})
			return true
		}
	}
	if q.Outbox != OutboxNever {
		return false
	}
	n.stall(now, q.Stream, q.Seq)
	n.abort(c, AbortStalled, "an earlier raise of the stream is in the outbox: raise with the outbox too, or wait")
	return true
}

// whenFree posts an event once what its session has seen is here, as what it
// names is what the home waits for.
func (n *Node) whenFree(now causal.Instant, c caller, q RaiseRequest, session replica.Session) {
	if n.isBehindOwn(now, c, &q) {
		return
	}
	if !n.replica.Covers(session) {
		n.stall(now, q.Stream, q.Seq)
	}
	n.whenCovered(now, c, session, func(now causal.Instant) { n.post(now, c, q, session) })
}

// post puts an event into the outbox. The answer says that it is durable, and
// under which name its outcome will be found.
func (n *Node) post(now causal.Instant, c caller, q RaiseRequest, session replica.Session) {
	req := request{Op: opRaise, Name: q.Event, Values: q.Args, User: n.user(q.User), Stream: q.Stream, Seq: q.Seq}
	if !req.fits() {
		n.abort(c, AbortTooLarge, "the event can't be put into the outbox: a name is over 256 bytes, or an argument over 64 KiB")
		return
	}
	value := string(req.appendTo(nil))
	switch reason := n.barred[n.self]; {
	case reason != replica.Valid:
		n.abort(c, AbortBarred, "this node may not write any more: "+reason.String()+". Start it with --new-replica")
		return
	case len(value) > itemSizeMax:
		n.abort(c, AbortTooLarge, "the event can't be put into the outbox: its arguments take over 256 KiB")
		return
	case n.outbox.open >= n.cfg.Limits.OutboxMax:
		n.stall(now, q.Stream, q.Seq)
		n.abort(c, AbortBusy, "the outbox is full: "+strconv.Itoa(n.outbox.open)+" events wait for the home")
		return
	}
	n.moved(q.Stream, q.Seq)
	name := itemName{n.self, n.outbox.last[n.self] + 1}
	shared := n.space(plan.SharedSpace)
	entry := causal.Entry{Database: outboxItems, Key: encodeSeq(name.seq), Value: value}
	n.mint(now, replica.Draft{
		Author: n.self, Stamp: n.clock.Tick(now), Seen: session,
		Writes: []replica.Write{{Space: shared, Entries: []causal.Entry{entry}}},
	})
	n.answer(c, Answer{Pending: true, Item: name.String(), Token: n.token(now, session, []causal.SpaceID{shared})})
}

// runItems runs, at the home, what has come in outboxes, each sender's items in
// their order. It reports whether there was anything.
func (n *Node) runItems(now causal.Instant) (ran bool) {
	if len(n.outbox.items) == 0 || !n.isHome() || n.barred[n.homeID] != replica.Valid {
		return false
	}
	for _, name := range sortedNames(n.outbox.items) {
		if it, isOpen := n.outbox.items[name]; isOpen && !n.isNameless(name.sender) {
			if it.req.Op == opSaga {
				n.beginSaga(now, name, it)
			} else {
				n.runItem(now, name, it)
			}
			ran = true
		}
	}
	return ran
}

// isNameless reports whether it is about to be said whose a sender is: what he
// says of himself is not believed where there are users, so his items wait.
func (n *Node) isNameless(sender causal.ReplicaID) bool {
	if !n.access.isOn || n.replica.IsStranger(n.space(plan.SharedSpace), sender) || slices.Contains(n.own(), sender) {
		return false
	}
	_, isKnown := n.identify(sender)
	return !isKnown
}

// isAnothers reports whether an item is raised in the name of somebody whom its
// sender may not speak for: a user's node speaks for that user, a stranger's for nobody.
func (n *Node) isAnothers(sender causal.ReplicaID, user string) bool {
	if !n.access.isOn || slices.Contains(n.own(), sender) {
		return false
	}
	reg, isKnown := n.identify(sender)
	if isKnown && reg.User == "" && n.isTrusted(reg.Role) {
		return false
	}
	return user != reg.User
}

// runItem runs one item. All it does is one commit: the effect, the number in
// the home space, the item's removal and the outcome in the shared one.
func (n *Node) runItem(now causal.Instant, name itemName, it item) {
	env := n.env(now, n.homeID, it.req.User)
	done := n.outbox.done[name.sender]
	var o flow.Outcome
	var result outcomeRecord
	mark, isMarked := n.store.StreamMark(it.req.Stream)
	h, isKnown := n.engine.Handler(it.req.Name)
	switch {
	case n.cfg.Planted.ForgetsItems && isKnown:
		o = n.engine.Run(h, it.req.Values, env)
	case name.seq <= done.seq || it.req.Stream != "" && isMarked && it.req.Seq <= mark.Seq:
		result.Duplicate = true
	case n.isAnothers(name.sender, it.req.User):
		result.Abort, result.Detail = AbortOther, "the node "+name.sender.Short()+" may not raise events as the user "+it.req.User
	case n.isOneTooMany(it.req.Stream):
		result.Abort, result.Detail = AbortStream, "the home keeps the marks of as many streams as it takes: raise under the name of one that exists"
	case !isKnown:
		result.Abort, result.Detail = AbortNoEvent, "no handler on_"+it.req.Name+" at the home"
	default:
		o = n.engine.Run(h, it.req.Values, env)
		result.Abort, result.Detail = cut(o.Abort, nameMax), cut(o.Detail, detailMax)
	}
	if o.Handed != nil && !n.isSaga(&o) { // beside it in the same store write
		n.enclose(&o, n.homeID)
		n.commit(now, n.homeID, env.Stamp, nil, o)
		n.notify(o)
		outcome, _, _ := n.serveHere(now, o.Handed, false) // an item has one outcome, so its block does not wait
		o, result.Abort, result.Detail = flow.Outcome{}, cut(outcome.Abort, nameMax), cut(outcome.Detail, detailMax)
		env.Stamp = n.clock.Tick(now)
	}
	if o.Abort != "" {
		o = flow.Outcome{}
	}
	n.enclose(&o, n.homeID)
	old := n.oldOutcomes(name)
	w := n.outcomeWrite(name, result, old)
	w.Removed = append(w.Removed, it.id)
	o.Writes = joinWrite(slices.Clone(o.Writes), w)
	if name.seq > done.seq {
		o.Writes = joinWrite(o.Writes, n.doneWrite(name))
	}
	n.closeItem(name)
	n.forgetOutcomes(old)
	g := n.commit(now, n.homeID, env.Stamp, nil, o)
	n.notify(o)
	if it.req.Stream != "" && result.Abort == "" && !result.Duplicate {
		n.mark(it.req.Stream, it.req.Seq, g.Parts)
	}
	if result.Abort != "" {
		n.counts.Aborts++
	}
}

// doneWrite says in the home's space that an item of its sender has run.
func (n *Node) doneWrite(name itemName) flow.SpaceWrite {
	w := flow.SpaceWrite{Space: plan.HomeSpace}
	if done := n.outbox.done[name.sender]; done.seq > 0 {
		w.Removed = append(w.Removed, done.id)
	}
	w.Entries = append(w.Entries, causal.Entry{Database: outboxDone, Key: string(name.sender[:]), Value: encodeSeq(name.seq)})
	return w
}

// outcomeWrite says in the shared space what came of an item, in the place of
// what came of old ones.
func (n *Node) outcomeWrite(name itemName, result outcomeRecord, old []itemName) flow.SpaceWrite {
	w := flow.SpaceWrite{Space: plan.SharedSpace}
	for _, gone := range old {
		w.Removed = append(w.Removed, n.outbox.outcomes[gone].id)
	}
	w.Entries = append(w.Entries, causal.Entry{Database: outboxOutcomes, Key: name.key(), Value: result.encode()})
	return w
}

func (n *Node) forgetOutcomes(old []itemName) {
	for _, gone := range old {
		delete(n.outbox.outcomes, gone)
	}
}

// joinWrite puts what is written in a space behind what a run wrote there.
func joinWrite(writes []flow.SpaceWrite, w flow.SpaceWrite) []flow.SpaceWrite {
	if len(w.Entries)+len(w.Removed) == 0 {
		return writes
	}
	for i := range writes {
		if writes[i].Space == w.Space {
			writes[i].Entries = append(slices.Clone(writes[i].Entries), w.Entries...)
			writes[i].Removed = append(slices.Clone(writes[i].Removed), w.Removed...)
			return writes
		}
	}
	return append(writes, w)
}

// oldOutcomes returns the outcomes of the item's sender that make room for
// those that follow. One that the sender has yet to heed stays.
func (n *Node) oldOutcomes(name itemName) []itemName {
	var old []itemName
	for _, o := range sortedNames(n.outbox.outcomes) {
		if o.sender == name.sender && o.seq+outcomesMax <= name.seq && !n.outbox.has(o) || o == name {
			old = append(old, o)
		}
	}
	return old
}
