package node

import (
	"slices"
	"strings"

	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/algebra/order"
	"github.com/martinelli-lang/martinelli/flow"
	"github.com/martinelli-lang/martinelli/plan"
	"github.com/martinelli-lang/martinelli/value"
	"github.com/martinelli-lang/martinelli/wire"
	"golang.org/x/crypto/blake2b"
)

// A role that reads what lives at the home pulls it from there once per sync
// period: the views and databases that its program reads, and those that were
// asked for here since the start. All is asked for together, so that what is
// shown is the home at one moment; what is larger than a page comes in pages,
// and is shown when the last one is here. Of what is by the dimension that the
// role binds it is the slice of its user. A copy is never written here and
// never stored: after a start it is empty until the home has answered, and
// while the home is away it stays as it was.

// copies is what a node has pulled.
type copies struct {
	fixed []asking       // what the program reads
	more  []asking       // what was asked for beside it; with fixed at most pullAsksMax
	at    causal.Instant // when the next request is due

	arriving *arrivingCopy // nil: no request is under way
	lastID   uint64

	asOf    causal.Instant    // when what is shown was asked for; 0: never
	digest  []byte            // of it
	held    []flow.Change     // what it is, in the order of itsOrder
	answers map[asking]string // to what was asked: "", or why not
	failed  string            // why the last request came to nothing, which was told
	waiting []pullWaiting     // at most Limits.WaitingMax
}

// arrivingCopy is what has come of a copy on its way.
type arrivingCopy struct {
	id      uint64
	asks    []asking
	asked   causal.Instant
	until   causal.Instant // given up then
	page    uint64         // the next
	pages   uint64         // how many there are; 0: not known yet
	digest  []byte
	refused []refusal
	entries []flow.Change
}

// pullWaiting is a command that waits for the first answer to what it asks for.
type pullWaiting struct {
	ticket Ticket
	until  causal.Instant
	run    func(now causal.Instant)
}

func newCopies(cfg Config) copies {
	c := copies{answers: map[asking]string{}}
	role, _ := cfg.Program.Role(cfg.Role)
	for i := range cfg.Program.Views {
		if v := &cfg.Program.Views[i]; slices.Contains(v.Pulled, cfg.Role) {
			c.fixed = append(c.fixed, sliceOf(flow.ViewMark+v.Name, v.Keys, role, cfg.User))
		}
	}
	for i := range cfg.Program.Databases {
		if d := &cfg.Program.Databases[i]; slices.Contains(d.Pulled, cfg.Role) {
			c.fixed = append(c.fixed, sliceOf(d.Name, d.Dims, role, cfg.User))
		}
	}
	return c
}

// sliceOf asks for what is by the dimension that a role binds at its user
// alone, and for the whole of all else.
func sliceOf(name string, dims []plan.Dim, role plan.Role, user string) asking {
	a := asking{Name: name}
	if len(dims) > 0 && dims[0].Name == role.Ambient && user != "" {
		a.Key = string(value.AppendPath(nil, value.String(user)))
	}
	return a
}

func (c *copies) asks() []asking { return append(slices.Clip(c.fixed), c.more...) }

// deadline returns when there is something to do; false: never.
func (c *copies) deadline() (causal.Instant, bool) {
	next, is := c.at, len(c.fixed)+len(c.more) > 0
	if c.arriving != nil {
		next = c.arriving.until
	}
	for _, w := range c.waiting {
		next = min(next, w.until)
	}
	return next, is
}

// where says where a name is read.
type where uint8

const (
	isHere      where = iota
	isPulled          // it is here as it was at the home
	isElsewhere       // at the home alone: this node has the role of the home, and is not it
)

func (n *Node) where(name string) where {
	if n.isHome() {
		return isHere
	}
	p := n.cfg.Program
	if i, ok := p.View(name); ok {
		switch {
		case n.engine.Pulls(name):
			return isPulled
		case p.Views[i].Home && len(n.engine.Copies(name)) == 0:
			return isElsewhere
		}
		return isHere
	}
	switch {
	case !livesAtHome(p, name):
		return isHere
	case len(n.engine.Copies(name)) > 0:
		return isPulled
	}
	return isElsewhere
}

// asksFor returns what is asked for to have a name here.
func (n *Node) asksFor(name string) (asks []asking) {
	p := n.cfg.Program
	role, _ := p.Role(n.cfg.Role)
	for _, copied := range n.engine.Copies(name) {
		if i, ok := p.View(strings.TrimPrefix(copied, flow.ViewMark)); ok && copied[:1] == flow.ViewMark {
			asks = append(asks, sliceOf(copied, p.Views[i].Keys, role, n.cfg.User))
		} else if i, ok := p.Database(copied); ok {
			asks = append(asks, sliceOf(copied, p.Databases[i].Dims, role, n.cfg.User))
		}
	}
	return asks
}

// want adds what a command asked for to what is pulled from now on. It is
// false where that is too much.
func (n *Node) want(name string) bool {
	c := &n.copies
	for _, a := range n.asksFor(name) {
		switch {
		case slices.Contains(c.fixed, a) || slices.Contains(c.more, a):
		case len(c.fixed)+len(c.more) >= pullAsksMax:
			return false
		default:
			c.more, c.at = append(c.more, a), 0
		}
	}
	return true
}

// isAnswered reports whether the home has answered about a name, and why it
// does not give it; "" where it does.
func (n *Node) isAnswered(name string) (why string, is bool) {
	for _, a := range n.asksFor(name) {
		said, ok := n.copies.answers[a]
		if !ok {
			return "", false
		}
		if said != "" {
			why = said
		}
	}
	return why, true
}

// isFixed reports whether the program itself reads, at this role, what a name stands for.
func (n *Node) isFixed(name string) bool {
	for _, a := range n.asksFor(name) {
		if slices.Contains(n.copies.fixed, a) {
			return true
		}
	}
	return false
}

// pull asks the home, when it is time.
func (n *Node) pull(now causal.Instant) {
	c := &n.copies
	if c.arriving != nil && now >= c.arriving.until {
		n.endPull(now, "") // it is asked again
	}
	n.lapse(now)
	asks := c.asks()
	if c.arriving != nil || len(asks) == 0 || now < c.at {
		return
	}
	c.at = now + n.cfg.SyncEvery
	if n.isHome() || !n.isNear() {
		return
	}
	c.lastID++
	c.arriving = &arrivingCopy{id: c.lastID, asks: asks, asked: now, until: now + n.cfg.Limits.HomeTimeout}
	q := pulling{ID: c.lastID, Asks: asks}
	if c.isOf(asks) {
		q.Digest = c.digest
	}
	n.send(n.home(), wire.Commits, KindPull, q.appendTo(nil))
}

// isNear reports whether the home is a neighbour.
func (n *Node) isNear() bool { return slices.Contains(n.member.Neighbors(), n.home()) }

// isOf reports whether what is shown answers what is asked.
func (c *copies) isOf(asks []asking) bool {
	return len(asks) == len(c.answers) && !slices.ContainsFunc(asks, func(a asking) bool {
		_, ok := c.answers[a]
		return !ok
	})
}

// endPull gives up what is on its way. What is shown stays.
func (n *Node) endPull(now causal.Instant, why string) {
	c := &n.copies
	c.arriving = nil
	if why != "" && why != c.failed {
		n.event(EventRefused, n.home(), "the copies of what lives at the home stay as they were: "+why)
	}
	c.failed = why
}

// heedPull takes a frame of either side.
func (n *Node) heedPull(now causal.Instant, peer causal.ReplicaID, body []byte) error {
	if len(body) > 0 && body[0] == pullAsks {
		return n.servePull(now, peer, body)
	}
	p, err := decodePage(body)
	if err != nil {
		return err
	}
	if a := n.copies.arriving; a == nil || p.ID != a.id || peer != n.home() {
		return nil // it came too late
	}
	n.pulled(now, p)
	return nil
}

// pulled takes a page in.
func (n *Node) pulled(now causal.Instant, p page) {
	c := &n.copies
	a := c.arriving
	switch {
	case p.Abort == AbortUnknown || p.Abort == AbortBusy:
		n.endPull(now, "")
	case p.Abort != "":
		n.endPull(now, p.Abort+" "+p.Detail)
	case p.Same && a.page == 0 && c.isOf(a.asks) && string(p.Digest) == string(c.digest):
		c.asOf, c.failed, c.arriving = a.asked, "", nil
		n.proceed(now)
	case !a.takes(&p):
		n.endPull(now, "the home's answer is malformed")
	case a.page < a.pages:
		a.until = now + n.cfg.Limits.HomeTimeout
		q := pulling{ID: a.id, Page: a.page, Digest: a.digest}
		n.send(n.home(), wire.Commits, KindPull, q.appendTo(nil))
	case string(digestOf(a.refused, a.entries)) != string(a.digest):
		n.endPull(now, "the home's answer is not what it says it is")
	default:
		n.showCopy(now, a)
	}
}

// takes adds a page to what has come, if it is the next one and of what was asked.
func (a *arrivingCopy) takes(p *page) bool {
	if p.Same || p.Page != a.page || p.Pages == 0 || len(p.Digest) != digestMax {
		return false
	}
	if a.page == 0 {
		a.pages, a.digest, a.refused = p.Pages, slices.Clone(p.Digest), p.Refused
	} else if p.Pages != a.pages || len(p.Refused) > 0 || string(p.Digest) != string(a.digest) {
		return false
	}
	for i := range p.Entries {
		ch := &p.Entries[i]
		if !slices.ContainsFunc(a.asks, func(q asking) bool {
			isView := strings.HasPrefix(q.Name, flow.ViewMark)
			return q.Name == ch.Database && (isView || strings.HasPrefix(ch.Key, q.Key))
		}) {
			return false
		}
	}
	a.entries = append(a.entries, p.Entries...)
	a.page++
	return true
}

// digestOf is the hash of a whole answer.
func digestOf(refused []refusal, entries []flow.Change) []byte {
	hash, _ := blake2b.New256(nil)
	b := appendRefusals(nil, refused)
	for i := range entries {
		hash.Write(b)
		b = appendEntry(b[:0], &entries[i])
	}
	hash.Write(b)
	return hash.Sum(nil)
}

// showCopy shows a copy in place of the one before.
func (n *Node) showCopy(now causal.Instant, a *arrivingCopy) {
	c := &n.copies
	answers := map[asking]string{}
	for _, ask := range a.asks {
		answers[ask] = ""
		for _, r := range a.refused {
			if r.Name == ask.Name {
				answers[ask] = r.Why
			}
		}
	}
	for _, r := range a.refused {
		if !slices.ContainsFunc(a.asks, func(ask asking) bool { return ask.Name == r.Name && c.answers[ask] == r.Why }) {
			n.event(EventAccess, n.home(), "the home does not give "+strings.TrimPrefix(r.Name, flow.ViewMark)+": "+r.Why)
		}
	}
	order.Sort(a.entries, itsOrder)
	changes := between(c.held, a.entries)
	c.held, c.digest, c.asOf, c.answers, c.failed, c.arriving = a.entries, a.digest, a.asked, answers, "", nil
	n.engine.Apply(changes)
	n.proceed(now)
}

// whenPulled runs a command when the home has answered about a name, or at
// once where it can't be asked.
func (n *Node) whenPulled(now causal.Instant, c caller, name string, run func(now causal.Instant)) {
	switch _, is := n.isAnswered(name); {
	case is || !n.isNear():
		run(now)
	case len(n.copies.waiting) >= n.cfg.Limits.WaitingMax:
		n.abort(c, AbortBusy, "too many commands wait for what is pulled from the home")
	default:
		n.copies.waiting = append(n.copies.waiting, pullWaiting{c.ticket, now + n.cfg.Limits.BehindAfter, run})
	}
}

// forget drops what the ticket waits for.
func (c *copies) forget(t Ticket) {
	c.waiting = slices.DeleteFunc(c.waiting, func(w pullWaiting) bool { return w.ticket == t })
}

// proceed runs what waited for an answer: it has come, or it will not.
func (n *Node) proceed(now causal.Instant) {
	if n.copies.at == 0 {
		return // something was asked for since: the next answer is soon
	}
	list := n.copies.waiting
	n.copies.waiting = nil
	for _, w := range list {
		w.run(now)
	}
}

// lapse runs what has waited long enough.
func (n *Node) lapse(now causal.Instant) {
	list := n.copies.waiting
	n.copies.waiting = nil
	for _, w := range list {
		if now >= w.until {
			w.run(now)
		} else {
			n.copies.waiting = append(n.copies.waiting, w)
		}
	}
}

// between returns the changes that lead from one sorted list to another.
func between(old, held []flow.Change) []flow.Change {
	var changes []flow.Change
	for len(old)+len(held) > 0 {
		switch {
		case len(old) == 0 || len(held) > 0 && itsOrder(held[0], old[0]) < 0:
			changes = append(changes, held[0])
			held = held[1:]
		case len(held) == 0 || itsOrder(old[0], held[0]) < 0:
			gone := old[0]
			gone.Removed = true
			changes = append(changes, gone)
			old = old[1:]
		default:
			old, held = old[1:], held[1:]
		}
	}
	return changes
}

// itsOrder orders entries by where they are and which they are.
func itsOrder(a, b flow.Change) int {
	for _, c := range []int{compare(a.Database, b.Database), compare(a.Key, b.Key), a.Item.ID.Compare(b.Item.ID)} {
		if c != 0 {
			return c
		}
	}
	return compare(a.Item.Value, b.Item.Value)
}

func compare(a, b string) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}
