package node

import (
	"maps"
	"slices"
	"strconv"

	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/algebra/crdt"
	"github.com/martinelli-lang/martinelli/algebra/order"
	"github.com/martinelli-lang/martinelli/entity/escrow"
	"github.com/martinelli-lang/martinelli/flow"
	"github.com/martinelli-lang/martinelli/plan"
	"github.com/martinelli-lang/martinelli/replica"
	"github.com/martinelli-lang/martinelli/value"
	"github.com/martinelli-lang/martinelli/wire"
)

// What escrow keeps changes by rights that a replica holds. A run that lacks
// some waits a bounded while, if a neighbour may give them, and runs again when
// they have come; offline it aborts at once. Rights are moved by parts of their
// own. What there is at first is the steward's, who writes it down when it is
// needed for the first time.

// rights is what a node keeps to move them.
type rights struct {
	machine  *escrow.Machine
	runs     map[escrow.Cell][]shortRun          // that wait, in the order in which they came
	met      causal.Instant                      // when this node was last in touch with one that is nearly always there; its lease runs from then
	looked   causal.Instant                      // at the steward: when it last looked who is away
	away     map[causal.ReplicaID]causal.Instant // at the steward: who may be away and is, since when
	kept     causal.Instant                      // what of met is in the store
	waiting  int                                 // how many runs those are; at most Limits.WaitingMax
	isLapsed bool                                // the lease has ended, as of the last look
	stirred  map[escrow.Cell]bool                // cells whose holders have changed; true: this node has spent there
}

// shortRun is a run that lacks rights.
type shortRun struct {
	caller  caller
	handler int
	request RaiseRequest
	session replica.Session
	author  causal.ReplicaID
	until   causal.Instant // 0: it has not waited yet
	need    int64
}

func newRights() rights {
	return rights{runs: map[escrow.Cell][]shortRun{}, stirred: map[escrow.Cell]bool{}}
}

// isBounded reports whether escrow keeps a database.
func (n *Node) isBounded(database string) bool {
	if n.bounds == nil {
		return false
	}
	_, is := n.bounds(database)
	return is
}

// ledger is what the machine sees of this node's books.
type ledger struct{ n *Node }

// Held returns what this node's authors hold, and what the steward has not
// opened yet.
func (l ledger) Held(c escrow.Cell) (held int64) {
	e, ok := l.n.engine.Escrow(c.Database, c.Key)
	if !ok || l.n.barred[l.n.self] != replica.Valid || l.n.rights.isLapsed {
		return 0
	}
	for _, author := range l.n.own() {
		held += max(e.Rights(author), 0)
	}
	if l.n.self == l.n.cfg.Steward {
		held += e.Unopened()
	}
	return held
}

// Known returns what a neighbour holds.
func (l ledger) Known(c escrow.Cell, r causal.ReplicaID) int64 {
	e, ok := l.n.engine.Escrow(c.Database, c.Key)
	switch {
	case !ok:
		return 0
	case r == l.n.cfg.Steward:
		return e.Rights(r) + e.Unopened()
	}
	return e.Rights(r)
}

// Others returns what all others hold.
func (l ledger) Others(c escrow.Cell) (sum int64) {
	e, ok := l.n.engine.Escrow(c.Database, c.Key)
	if !ok {
		return 0
	}
	own := l.n.own()
	for r, held := range e.Holders {
		if !slices.Contains(own, r) {
			sum += max(held, 0)
		}
	}
	if l.n.self != l.n.cfg.Steward {
		sum += e.Unopened()
	}
	return sum
}

// lack lets a run wait for the rights that it lacks, or aborts it.
func (n *Node) lack(now causal.Instant, w shortRun, s *flow.Short) {
	c := n.cellOf(s)
	w.need = s.Need
	if n.collect(now, c, w.author, s.Need) {
		n.runUntil(now, w.caller, w.handler, w.request, w.session, w.until)
		return
	}
	if w.until == 0 {
		w.until = now + n.cfg.Limits.RightsWait
	}
	isHopeless := ledger{n}.Held(c)+ledger{n}.Others(c) < s.Need // to ask would bring them all here, for nothing
	if isHopeless || now >= w.until || n.rights.waiting >= n.cfg.Limits.WaitingMax || !n.rights.machine.Seek(now, c, n.lacking(c)+s.Need, w.until) {
		n.abortShort(c, &w)
		return
	}
	n.stall(now, w.request.Stream, w.request.Seq)
	n.rights.runs[c] = append(n.rights.runs[c], w)
	n.rights.waiting++
}

// lends brings together for an author of this node what a run of his lacked;
// false where this node does not hold that much. The run is run again then.
func (n *Node) lends(now causal.Instant, author causal.ReplicaID, s *flow.Short) bool {
	return s != nil && n.collect(now, n.cellOf(s), author, s.Need)
}

// cellOf returns where a run lacked rights.
func (n *Node) cellOf(s *flow.Short) escrow.Cell {
	d := &n.cfg.Program.Databases[s.Database]
	return escrow.Cell{Space: n.space(d.SpaceName(s.Key)), Database: d.Name, Key: s.Path}
}

// lacking returns how many rights the runs need that wait at a cell.
func (n *Node) lacking(c escrow.Cell) (need int64) {
	for i := range n.rights.runs[c] {
		need += n.rights.runs[c][i].need
	}
	return need
}

// abortShort answers a run that did not get its rights: how many are held here,
// who has others, and what to do.
func (n *Node) abortShort(c escrow.Cell, w *shortRun) {
	n.moved(w.request.Stream, w.request.Seq)
	held, others := ledger{n}.Held(c), ledger{n}.Others(c)
	if n.rights.isLapsed {
		n.abort(w.caller, flow.AbortRights, "the lease of this node's rights of "+n.cellText(c)+" has ended: it was out of touch for longer than `:offline` lets its role be, less a minute for clocks, and others may have them now. Let it meet a node of the cluster that is always there, and raise it again")
		return
	}
	text := "it takes " + count(w.need, "right") + " of " + n.cellText(c) + ", and this node holds " + strconv.FormatInt(held, 10)
	switch {
	case others == 0:
		text += "; nobody else is known to hold any, so no more is left before the bound is reached"
	case held+others < w.need:
		text += "; other nodes hold " + strconv.FormatInt(others, 10) + ": all together that is too few, so the bound would be passed"
	case len(n.member.Neighbors()) == 0:
		text += "; other nodes hold " + strconv.FormatInt(others, 10) + ", and none of them can be reached: raise it again when one can"
	default:
		text += "; other nodes hold " + strconv.FormatInt(others, 10) + ", and those that can be reached gave none in time: raise it again in a moment"
	}
	n.abort(w.caller, flow.AbortRights, text)
}

func count(n int64, what string) string {
	if n != 1 {
		what += "s"
	}
	return strconv.FormatInt(n, 10) + " " + what
}

// cellAt returns the cell of a key that escrow keeps.
func (n *Node) cellAt(at *flow.Escrowed) escrow.Cell {
	i, _ := n.cfg.Program.Database(at.Database)
	space := n.space(n.cfg.Program.Databases[i].SpaceName(at.Key))
	return escrow.Cell{Space: space, Database: at.Database, Key: string(value.AppendPath(nil, at.Key...))}
}

// cellText names a cell for people.
func (n *Node) cellText(c escrow.Cell) string {
	key, err := value.DecodePath(c.Key)
	if err != nil || len(key) == 0 {
		return c.Database
	}
	text := c.Database + "["
	for i, v := range key {
		if i > 0 {
			text += ", "
		}
		text += keyText(v)
	}
	return text + "]"
}

func keyText(v value.Value) string {
	switch v.Kind() {
	case value.KindString:
		return strconv.Quote(v.AsString())
	case value.KindInt:
		return strconv.FormatInt(v.AsInt(), 10)
	}
	return "..."
}

// collect brings together what this node holds under its several names, and
// reports whether an author holds as many rights as it needs then.
func (n *Node) collect(now causal.Instant, c escrow.Cell, author causal.ReplicaID, need int64) bool {
	held := func(r causal.ReplicaID) int64 {
		e, ok := n.engine.Escrow(c.Database, c.Key)
		if !ok {
			return 0
		}
		return e.Rights(r)
	}
	if n.rights.isLapsed {
		return false
	}
	if held(author) >= need {
		return true
	}
	if e, ok := n.engine.Escrow(c.Database, c.Key); ok && n.self == n.cfg.Steward && e.Unopened() > 0 {
		n.moveRights(now, n.self, c, flow.Move{Verb: "open"})
	}
	for _, other := range n.own() {
		missing := need - held(author)
		if has := min(held(other), missing); other != author && has > 0 && missing > 0 && held(other)+held(author) >= need {
			n.moveRights(now, other, c, flow.Move{Verb: "transfer", With: author, N: has})
		}
	}
	return held(author) >= need
}

// moveRights commits a move of rights by an author of this node.
func (n *Node) moveRights(now causal.Instant, author causal.ReplicaID, c escrow.Cell, move flow.Move) bool {
	if n.barred[author] != replica.Valid {
		return false
	}
	env := n.env(now, author, n.cfg.User)
	uses := n.lets(author, &env)
	env.Lapsed = env.Lapsed && move.Verb == "transfer"
	o := n.engine.MoveRights(c.Database, c.Key, []flow.Move{move}, env)
	if o.Abort != "" {
		return false
	}
	if n.cfg.Planted.KeepsGiven && move.Verb == "transfer" {
		defer n.keepGiven(o)
	}
	return len(n.commitUnder(now, author, env.Stamp, nil, o, uses).Parts) > 0
}

// stirRights notes a change of a cell that may be escrow's.
func (n *Node) stirRights(space causal.SpaceID, database, key string) {
	if c := (escrow.Cell{Space: space, Database: database, Key: key}); n.isBounded(database) && !n.rights.stirred[c] {
		n.rights.stirred[c] = false
	}
}

// stirOwn notes where this node has spent or made rights itself.
func (n *Node) stirOwn(g replica.Group) {
	if n.bounds == nil {
		return
	}
	for _, p := range g.Parts {
		for i := range p.Entries {
			if e := &p.Entries[i]; n.isBounded(e.Database) {
				n.rights.stirred[escrow.Cell{Space: p.Space, Database: e.Database, Key: e.Key}] = true
			}
		}
	}
}

// stirredCells returns the cells whose holders have changed, in order.
func (n *Node) stirredCells() []escrow.Cell {
	if len(n.rights.stirred) == 0 { // nearly always, and asked after every commit
		return nil
	}
	return order.Sorted(maps.Keys(n.rights.stirred), escrow.Cell.Compare)
}

// tendRights sees to the cells whose holders have changed, and to what the
// machine wants. It reports whether there was anything.
func (n *Node) tendRights(now causal.Instant) bool {
	did := false
	for _, c := range n.stirredCells() {
		hasSpent := n.rights.stirred[c]
		delete(n.rights.stirred, c)
		n.rerun(now, c)
		n.reclaim(now, c)
		n.rights.machine.Stir(now, c)
		if hasSpent {
			n.rights.machine.Ahead(now, c)
		}
		did = true
	}
	o := n.rights.machine.Drain()
	for _, g := range o.Gives {
		n.rights.machine.Given(g, n.give(now, g))
	}
	for _, c := range o.Failed {
		n.failRights(c)
	}
	for _, m := range o.Messages {
		n.send(m.To, wire.Control, KindEscrow, m.Body)
	}
	return did || len(o.Gives)+len(o.Failed)+len(o.Messages) > 0
}

// rerun runs again, in their order, the runs whose rights have come.
func (n *Node) rerun(now causal.Instant, c escrow.Cell) {
	list := n.rights.runs[c]
	if len(list) == 0 {
		return
	}
	delete(n.rights.runs, c)
	n.rights.waiting -= len(list)
	for i, w := range list {
		if (ledger{n}).Held(c) < w.need {
			n.rights.runs[c] = append(n.rights.runs[c], list[i:]...)
			n.rights.waiting += len(list) - i
			break
		}
		n.runUntil(now, w.caller, w.handler, w.request, w.session, w.until)
	}
	n.rights.machine.Need(now, c, n.lacking(c))
}

// failRights aborts the runs of a cell that nobody gives rights of.
func (n *Node) failRights(c escrow.Cell) {
	list := n.rights.runs[c]
	delete(n.rights.runs, c)
	n.rights.waiting -= len(list)
	for i := range list {
		n.abortShort(c, &list[i])
	}
}

// expireRights aborts the runs that have waited long enough.
func (n *Node) expireRights(now causal.Instant) {
	n.hasLapsedRights(now)
	n.rights.machine.Wake(now)
	for _, c := range order.Sorted(maps.Keys(n.rights.runs), escrow.Cell.Compare) {
		list := n.rights.runs[c]
		kept := slices.DeleteFunc(slices.Clone(list), func(w shortRun) bool { return now >= w.until })
		if len(kept) == len(list) {
			continue
		}
		n.rights.waiting -= len(list) - len(kept)
		if n.rights.runs[c] = kept; len(kept) == 0 {
			delete(n.rights.runs, c)
		}
		for i := range list {
			if now >= list[i].until {
				n.abortShort(c, &list[i])
			}
		}
		n.rights.machine.Need(now, c, n.lacking(c))
	}
}

// give hands rights to a neighbour who has asked, and returns how many.
func (n *Node) give(now causal.Instant, g escrow.Give) int64 {
	if !n.mayHold(g.To, g.Cell) {
		return 0
	}
	n.collect(now, g.Cell, n.self, g.N)
	e, ok := n.engine.Escrow(g.Cell.Database, g.Cell.Key)
	if !ok {
		return 0
	}
	amount := min(g.N, e.Rights(n.self), crdt.NatMax)
	if amount <= 0 || !n.moveRights(now, n.self, g.Cell, flow.Move{Verb: "transfer", With: g.To, N: amount}) {
		return 0
	}
	n.counts.Handed++
	return amount
}

// mayHold reports whether a neighbour could spend what it is given: who may
// not write the key would only keep it from others.
func (n *Node) mayHold(peer causal.ReplicaID, c escrow.Cell) bool {
	i, ok := n.cfg.Program.Database(c.Database)
	key, err := value.DecodePath(c.Key)
	if !ok || err != nil || len(key) != len(n.cfg.Program.Databases[i].Dims) {
		return false
	}
	d := &n.cfg.Program.Databases[i]
	user, isUsers := n.isUsersNode(peer)
	return n.space(d.SpaceName(key)) == c.Space && n.mayHave(peer, c.Space) && (!isUsers || d.MayWrite(plan.Role{Ambient: "user"}, user, key) || n.engine.Decide(i, user, key))
}

// deadline returns when the next wait ends.
func (r *rights) deadline() (at causal.Instant, ok bool) {
	at, ok = r.machine.Deadline()
	for _, list := range r.runs {
		for i := range list {
			if !ok || list[i].until < at {
				at, ok = list[i].until, true
			}
		}
	}
	return at, ok
}
