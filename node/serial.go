package node

import (
	"cmp"
	"maps"
	"slices"

	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/algebra/order"
	"github.com/martinelli-lang/martinelli/entity/serial"
	"github.com/martinelli-lang/martinelli/flow"
	"github.com/martinelli-lang/martinelli/plan"
	"github.com/martinelli-lang/martinelli/replica"
	"github.com/martinelli-lang/martinelli/wire"
)

// A handler that ends with a serial block is a commit of its own, and in the
// same store write the block goes to the desk, which brings it to its home.
// There it runs as a commit of the home's, which holds what came of it too.
// What it wrote travels like every commit; the raiser waits for what of that it
// keeps, runs the else where the block aborted, and answers.

// AbortUnreachable is the word for a serial block that never left, as its home
// could not be reached.
const AbortUnreachable = serial.AbortUnreachable

// serially is what a node keeps of serial blocks.
type serially struct {
	desk    *serial.Desk
	ledger  *serial.Ledger
	home    serial.Home
	from    map[serial.Name]causal.ReplicaID // who asked for what is being ordered
	callers map[uint64][]handing             // who waits for the outcome of a request
	coming  []coming                         // outcomes whose effect is on its way here
	parked  []*parked                        // at the home: blocks that wait for functions; at most Limits.ParkedMax

	split  []split         // see Planted
	raised map[uint64]bool // likewise
}

// handing is a caller who waits for a request's outcome.
type handing struct {
	caller  caller
	session replica.Session // after the prefix
	until   causal.Instant
}

// coming is an outcome that waits for what its token names.
type coming struct {
	no      uint64
	outcome serial.Outcome
	seen    replica.Session
	until   causal.Instant
}

// Bounds of the desk.
const (
	serialRetry = 2 * causal.Second // until a request without an answer is said again
	serialKept  = 1024              // outcomes that are kept for who asks again
)

func newSerially(cfg Config) serially {
	return serially{
		desk:   serial.New(serial.Config{Self: cfg.Key.ID(), Wait: cfg.Limits.SerialWait, Retry: serialRetry, Kept: serialKept}),
		ledger: serial.NewLedger(), home: &serial.Sole{},
		from: map[serial.Name]causal.ReplicaID{}, callers: map[uint64][]handing{}, raised: map[uint64]bool{},
	}
}

// mayHandOn reports whether the block at the end of a handler could go to its
// home now, and answers if not: before the run nothing has happened yet.
func (n *Node) mayHandOn(now causal.Instant, c caller, h int, q *RaiseRequest) bool {
	if s, ok := n.cfg.Program.Handlers[h].Atomic(); !ok || s.Op != plan.StmtSerial {
		return true
	}
	reason := n.barred[n.homeID]
	switch {
	case n.isHome() && reason != replica.Valid:
		n.abort(c, abortOf(reason), barredText(reason))
		return false
	case (!n.isHome() || n.cfg.Calls) && !n.serial.desk.HasRoom():
		n.stall(now, q.Stream, q.Seq)
		n.abort(c, AbortBusy, "as many serial blocks wait for their outcome as may; see `martinelli outbox`")
		return false
	}
	return true
}

// handOn brings a block to its home, once the commit before it is made.
func (n *Node) handOn(now causal.Instant, c caller, q RaiseRequest, session replica.Session, h *flow.Handed) {
	it := serial.Item{
		Request: serial.Request{Block: h.Block, User: h.User, Slots: h.Slots},
		Event:   q.Event, Stream: q.Stream, Seq: q.Seq,
	}
	if n.isHome() {
		if outcome, spaces, isDone := n.serveHere(now, h, true); isDone {
			if q.Stream != "" {
				it.Slots, it.Outcome = nil, outcome
				n.serial.desk.Note(it)
			}
			n.answer(c, answerOf(outcome, n.token(now, session, spaces)))
			return
		}
	}
	name := n.serial.desk.Put(now, it)
	if n.cfg.Planted.RenamesRequests {
		n.serial.raised[name.No] = true
	}
	n.serial.callers[name.No] = []handing{{c, session, now + n.cfg.Limits.HomeTimeout}}
}

func answerOf(o serial.Outcome, token []byte) Answer {
	return Answer{Serial: true, Committed: o.Abort == "", Abort: o.Abort, Detail: o.Detail, Token: token}
}

// serveHere runs a block that was raised at its home, and its else: one store
// write holds the handler, the block and the else, so nothing need be kept to
// do any of it again. A block that waits for a function, or for rights, is not
// done: it goes to the desk like one of another node. Where it may not wait,
// functions are called in place.
func (n *Node) serveHere(now causal.Instant, h *flow.Handed, mayWait bool) (out serial.Outcome, spaces []causal.SpaceID, isDone bool) {
	o, stamp := n.ordered(now, h.User, func(env flow.Env) flow.Outcome {
		if env.Run = n.serial.desk.Next().String(); !mayWait {
			env.Returned = nil
		}
		return n.engine.Serve(h, env)
	})
	if len(o.Calls) > 0 || mayWait && o.Short != nil && n.serial.desk.HasRoom() && n.mayFind(o.Short) {
		return out, nil, false
	}
	spaces = n.touched(o)
	if o.Abort == "" {
		n.commit(now, n.homeID, stamp, nil, o)
		n.notify(o)
		return out, spaces, true
	}
	n.counts.Aborts++
	otherwise := n.otherwise(now, h, o.Abort, nil)
	return serial.Outcome{Abort: cut(o.Abort, serial.AbortMax), Detail: cut(o.Detail, serial.DetailMax)}, append(spaces, otherwise...), true
}

// otherwise runs the else of a block that aborted, and returns what it touched.
func (n *Node) otherwise(now causal.Instant, h *flow.Handed, why string, seen replica.Session) []causal.SpaceID {
	author := n.author(n.isHome() && n.engine.IsOfHome(h.Block))
	env := n.env(now, author, h.User)
	uses := n.lets(author, &env)
	o := n.engine.Otherwise(h, why, env)
	if o.Abort != "" {
		n.event(EventSerial, n.self, "the else of a serial block that aborted :"+why+" did nothing itself: "+o.Abort+": "+o.Detail)
		return nil
	}
	n.enclose(&o, author)
	n.commitUnder(now, author, env.Stamp, seen, o, uses)
	n.notify(o)
	return n.touched(o)
}

// heedSerial takes a message about a serial block.
func (n *Node) heedSerial(now causal.Instant, peer causal.ReplicaID, body []byte) error {
	q, p, err := serial.Decode(body)
	switch {
	case err != nil:
		return err
	case p != nil:
		if n.cfg.Planted.RenamesRequests && p.Name.No > renamedBy {
			p.Name.No -= renamedBy
		}
		if peer == n.home() {
			n.serial.desk.Receive(p)
		}
	case !n.isHome() || n.barred[n.homeID] != replica.Valid:
		// who asks goes on asking, and will find the home
	default:
		if abort, detail := n.refusesBlock(peer, q); abort != "" {
			n.reply(peer, q.Name, serial.Outcome{Abort: abort, Detail: detail})
			return nil
		}
		n.serial.from[q.Name] = peer
		n.serial.home.Propose(now, *q)
	}
	return nil
}

// refusesBlock says why a peer may not ask for a block; "" where it may. It
// speaks for its own requests or those of a former id of the same user, as that
// user, and about blocks of handlers that stand at its role.
func (n *Node) refusesBlock(peer causal.ReplicaID, q *serial.Request) (abort, detail string) {
	user, isUsers := n.isUsersNode(peer)
	former := n.userOf(q.Name.Replica)
	switch {
	case isUsers && q.User != user:
		return AbortOther, "a node of the user " + user + " raises events as that user alone, and this one says " + q.User
	case isUsers && q.Name.Replica != peer && (former == nil || former.User != user):
		return AbortOther, "the request is another node's"
	case n.engine.Knows(q.Block) && !n.engine.RaisedAt(q.Block, n.facing[peer].role):
		return flow.AbortForbidden, "no handler with this block stands at the role " + n.facing[peer].role
	}
	return "", ""
}

func (n *Node) reply(to causal.ReplicaID, name serial.Name, o serial.Outcome) {
	p := serial.Reply{Name: name, Outcome: o}
	if to == n.self {
		n.serial.desk.Receive(&p)
		return
	}
	n.send(to, wire.Commits, KindSerial, p.AppendTo(nil))
}

// tendSerial runs what was ordered at the home, and carries what the desk has
// gathered. It reports whether there was anything.
func (n *Node) tendSerial(now causal.Instant) (again bool) {
	for _, q := range n.serial.home.Ordered() {
		peer := n.serial.from[q.Name]
		delete(n.serial.from, q.Name)
		if p := n.parkedAs(q.Name); p != nil {
			p.peer = peer
			continue
		}
		n.runOrdered(now, &q, peer)
		again = true
	}
	again = n.replay(now) || again
	out := n.serial.desk.Drain()
	for _, r := range out.Records {
		if n.cfg.Planted.LosesRequests {
			break
		}
		if r.Value == nil {
			n.store.DeleteRequest(r.No)
		} else {
			n.store.PutRequest(r.No, r.Value)
		}
	}
	for i := range out.Messages {
		n.rename(&out.Messages[i])
		n.bring(now, &out.Messages[i])
	}
	for _, d := range out.Decided {
		n.come(now, d)
	}
	return n.arrive(now) || again || !out.Empty()
}

// bring sends a request of this node's desk to the home, which may be here.
func (n *Node) bring(now causal.Instant, q *serial.Request) {
	if n.isHome() {
		n.serial.from[q.Name] = n.self
		n.serial.home.Propose(now, *q)
		return
	}
	n.send(n.home(), wire.Commits, KindSerial, q.AppendTo(nil))
}

// runOrdered runs a request at the home, unless it was, and answers it, or lets
// it wait for a function.
func (n *Node) runOrdered(now causal.Instant, q *serial.Request, peer causal.ReplicaID) {
	verdict, res := n.serial.ledger.Judge(q)
	if n.cfg.Planted.ForgetsResults && verdict == serial.Known {
		verdict = serial.Fresh
	}
	switch verdict {
	case serial.Fresh:
		var lack *lacked
		if res, lack = n.runRequest(now, q); lack != nil {
			n.park(now, q, peer, lack)
			return
		}
	case serial.Known:
	default: // whoever says it has had its answer, or does not keep to the protocol
		n.unpark(q.Name)
		return
	}
	n.unpark(q.Name)
	o := serial.Outcome{Abort: res.Abort, Detail: res.Detail, Token: n.token(now, nil, res.Spaces)}
	n.reply(peer, q.Name, o)
}

// runRequest runs a request: its effect and what came of it are one commit. It
// did nothing where it lacks something that may come.
func (n *Node) runRequest(now causal.Instant, q *serial.Request) (serial.Result, *lacked) {
	h := flow.Handed{Block: q.Block, Slots: q.Slots, User: q.User}
	o, stamp := n.ordered(now, q.User, func(env flow.Env) flow.Outcome {
		env.Run = q.Name.String()
		return n.engine.Serve(&h, env)
	})
	if len(o.Calls) > 0 {
		weary := n.wearies(q.Name)
		if weary == "" {
			return serial.Result{}, &lacked{call: &o.Calls[0]}
		}
		o = flow.Outcome{Abort: flow.AbortImport, Detail: weary}
	}
	if o.Short != nil && n.maySeek(now, q.Name, o.Short) {
		return serial.Result{}, &lacked{short: o.Short}
	}
	res := serial.Result{Abort: cut(o.Abort, serial.AbortMax), Detail: cut(o.Detail, serial.DetailMax), Spaces: n.touched(o)}
	slices.SortFunc(res.Spaces, causal.SpaceID.Compare)
	res.Spaces = slices.Compact(res.Spaces)
	if o.Abort != "" {
		n.counts.Aborts++
		o = flow.Outcome{}
	}
	entry, gone := n.serial.ledger.Conclude(q, res)
	if n.cfg.Planted.SplitsResults {
		n.serial.split = append(n.serial.split, split{entry, gone})
	} else {
		o.Writes = joinWrite(slices.Clone(o.Writes), flow.SpaceWrite{Space: plan.HomeSpace, Entries: []causal.Entry{entry}, Removed: gone})
	}
	n.commit(now, n.homeID, stamp, nil, o)
	n.notify(o)
	return res, nil
}

// ordered runs a block or step at the home, and where it lacked rights that this
// node holds under another name, runs it again with them.
func (n *Node) ordered(now causal.Instant, user string, run func(flow.Env) flow.Outcome) (flow.Outcome, causal.Stamp) {
	env := n.env(now, n.homeID, user)
	o := run(env)
	if n.lends(now, n.homeID, o.Short) {
		env = n.env(now, n.homeID, user)
		o = run(env)
	}
	return o, env.Stamp
}

// come notes an outcome, until what its token names is here.
func (n *Node) come(now causal.Instant, d serial.Decision) {
	seen, err := replica.DecodeSession(d.Outcome.Token)
	if err != nil {
		seen = nil // without it nothing is waited for
	}
	n.serial.coming = append(n.serial.coming, coming{d.No, d.Outcome, seen, now + n.cfg.Limits.BehindAfter})
}

// arrive acts on the outcomes whose effect is here, or has been waited for long
// enough. It reports whether there were any.
func (n *Node) arrive(now causal.Instant) (any bool) {
	if n.barred[n.self] != replica.Valid {
		return false // the else would be void: the node goes on under its next id
	}
	for i := 0; i < len(n.serial.coming); {
		w := n.serial.coming[i]
		if !n.replica.Covers(w.seen) && now < w.until {
			i++
			continue
		}
		n.serial.coming = slices.Delete(n.serial.coming, i, i+1)
		n.act(now, w)
		any = true
	}
	return any
}

// act runs the else of what aborted, closes the request in the same store
// write, and answers who still waits.
func (n *Node) act(now causal.Instant, w coming) {
	it, _ := n.serial.desk.Item(w.no)
	callers := n.serial.callers[w.no]
	delete(n.serial.callers, w.no)
	seen := w.seen
	for _, c := range callers {
		seen = c.session.With(seen)
	}
	var touched []causal.SpaceID
	if w.outcome.Abort != "" {
		h := &flow.Handed{Block: it.Block, Slots: it.Slots, User: it.User}
		touched = n.otherwise(now, h, w.outcome.Abort, seen)
		if n.cfg.Planted.RepeatsElse {
			n.otherwise(now, h, w.outcome.Abort, seen)
		}
	}
	n.serial.desk.Close(w.no, w.outcome)
	for _, c := range callers {
		n.answer(c.caller, answerOf(w.outcome, n.token(now, seen, touched)))
	}
}

// raisedBefore answers a raise whose block was handed on before: with its
// outcome, or when that comes.
func (n *Node) raisedBefore(now causal.Instant, c caller, q *RaiseRequest, session replica.Session) bool {
	it, ok := n.serial.desk.Raised(q.Stream, q.Seq)
	switch {
	case !ok:
		return false
	case it.State == serial.Closed:
		a := answerOf(it.Outcome, n.token(now, session, nil))
		a.Duplicate = true
		n.answer(c, a)
	default:
		list := n.serial.callers[it.Name.No]
		n.serial.callers[it.Name.No] = append(list, handing{c, session, now + n.cfg.Limits.HomeTimeout})
	}
	return true
}

// giveUp answers those who have waited long enough for an outcome: it will be
// there under the request's name.
func (n *Node) giveUp(now causal.Instant) {
	for _, no := range order.Sorted(maps.Keys(n.serial.callers), cmp.Compare) {
		list := n.serial.callers[no]
		it, _ := n.serial.desk.Item(no)
		n.serial.callers[no] = slices.DeleteFunc(list, func(c handing) bool {
			if now < c.until {
				return false
			}
			n.answer(c.caller, Answer{Pending: true, Serial: true, Item: it.Name.String(), Token: n.token(now, c.session, nil)})
			return true
		})
		if len(n.serial.callers[no]) == 0 {
			delete(n.serial.callers, no)
		}
	}
}

// serialDeadlines yields when something about serial blocks is due.
func (n *Node) serialDeadlines(consider func(causal.Instant, bool)) {
	consider(n.serial.desk.Deadline())
	for _, p := range n.serial.parked {
		consider(p.at, p.at != never && n.barred[n.homeID] == replica.Valid)
	}
	for _, list := range n.serial.callers {
		for _, c := range list {
			consider(c.until, true)
		}
	}
	if n.barred[n.self] == replica.Valid {
		for _, w := range n.serial.coming {
			consider(w.until, true)
		}
	}
}

// serialItems lists the serial blocks of this node as items of the outbox.
func (n *Node) serialItems() []OutboxItem {
	var list []OutboxItem
	for _, it := range n.serial.desk.Items() {
		list = append(list, OutboxItem{
			Name: it.Name.String(), Event: it.Event, User: it.User, Stream: it.Stream, Seq: it.Seq,
			Serial: true, Open: it.State != serial.Closed, Sent: it.State == serial.Sent,
			Committed: it.State == serial.Closed && it.Outcome.Abort == "", Abort: it.Outcome.Abort, Detail: it.Outcome.Detail,
		})
	}
	return list
}
