package node

import (
	"slices"

	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/algebra/crdt"
	"github.com/martinelli-lang/martinelli/algebra/order"
	"github.com/martinelli-lang/martinelli/flow"
	"github.com/martinelli-lang/martinelli/plan"
	"github.com/martinelli-lang/martinelli/value"
	"github.com/martinelli-lang/martinelli/wire"
	"golang.org/x/crypto/blake2b"
)

// A role that declares a copy of a home database pulls it from the home once
// per sync period: all its copies with one request, so that what they show is
// the home at one moment. Of a database by what the role binds it is the slice
// of its user. A copy is never written here and never stored: after a start it
// is empty until the home has answered, and while the home is away it stays as
// it was.

// copies is what a node has pulled.
type copies struct {
	asks   []value.Value  // what is asked for, as it travels; none: this role has no copies
	at     causal.Instant // when the next request is due
	asked  bool           // one is under way
	asOf   causal.Instant // when the answer that is shown was asked for
	digest []byte         // of that answer
	held   []flow.Change  // what it said, in the order of itsOrder
	failed string         // why the last request came to nothing, which was told
}

func newCopies(cfg Config) copies {
	var c copies
	role, _ := cfg.Program.Role(cfg.Role)
	for i := range cfg.Program.Databases {
		d := &cfg.Program.Databases[i]
		if !slices.Contains(d.Pulled, cfg.Role) {
			continue
		}
		ask := []value.Value{value.String(d.Name)}
		if len(d.Dims) > 0 && d.Dims[0].Name == role.Ambient && cfg.User != "" {
			ask = append(ask, value.String(cfg.User))
		}
		c.asks = append(c.asks, value.List(ask...))
	}
	return c
}

func (c *copies) waits() bool { return len(c.asks) > 0 && !c.asked }

// isElsewhere reports whether a name is read at the home, and not here: a copy
// of this role is read as it is.
func (n *Node) isElsewhere(name string) bool {
	p := n.cfg.Program
	if n.isHome() || !livesAtHome(p, name) {
		return false
	}
	for i := range p.Databases {
		if d := &p.Databases[i]; stores(d, name) {
			return !slices.Contains(d.Pulled, n.cfg.Role)
		}
	}
	i, ok := p.View(name)
	return !ok || len(n.copies.asks) == 0 || !plan.Runs(p.Views[i].At, n.cfg.Role)
}

// pull asks the home for what this role has copies of, when it is time.
func (n *Node) pull(now causal.Instant) {
	c := &n.copies
	if !c.waits() || now < c.at {
		return
	}
	c.at = now + n.cfg.SyncEvery
	if n.isHome() || !slices.Contains(n.member.Neighbors(), n.home()) {
		return
	}
	q := request{Op: opPull, Values: c.asks, User: n.cfg.User, Session: c.digest}
	c.asked = n.inquire(now, n.home(), q, func(_ causal.Instant, p reply) {
		c.asked = false
		n.pulled(now, p)
	})
}

// pulled takes in what the home holds, as it was when it was asked.
func (n *Node) pulled(asked causal.Instant, p reply) {
	c := &n.copies
	if p.Abort != "" {
		if p.Abort != c.failed && p.Abort != AbortUnknown {
			n.event(EventRefused, n.home(), "the home does not give the copies of this role: "+p.Abort+" "+p.Detail)
		}
		c.failed = p.Abort
		return
	}
	c.failed = ""
	if p.Duplicate {
		c.asOf = asked
		return
	}
	held := make([]flow.Change, 0, len(p.Values))
	for _, v := range p.Values {
		ch, ok := decodeHeld(v)
		if i, known := n.cfg.Program.Database(ch.Database); !ok || !known || !slices.Contains(n.cfg.Program.Databases[i].Pulled, n.cfg.Role) {
			n.event(EventRefused, n.home(), "the home's answer about the copies of this role is malformed")
			return
		}
		held = append(held, ch)
	}
	order.Sort(held, itsOrder)
	n.engine.Apply(between(c.held, held))
	c.held, c.digest, c.asOf = held, p.Token, asked
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

// givePull answers, at the home, what it holds of what a role has copies of. A
// hash that is the asker's own says that nothing has changed.
func (n *Node) givePull(c caller, q request) {
	user := q.User
	if reg := n.userOf(c.peer); reg != nil {
		user = reg.User
	}
	var values []value.Value
	hash, _ := blake2b.New256(nil)
	for _, ask := range q.Values {
		parts := ask.Elems()
		if len(parts) == 0 || parts[0].Kind() != value.KindString {
			n.abort(c, AbortNoName, "what is pulled begins with the name of a database")
			return
		}
		name, key := parts[0].AsString(), parts[1:]
		if i, ok := n.cfg.Program.Database(name); !ok || len(n.cfg.Program.Databases[i].Pulled) == 0 {
			n.abort(c, AbortNoName, name+" is no database of which a role has a copy, by the program here")
			return
		}
		if why := n.refuses(user, name, key); why != "" {
			n.abort(c, flow.AbortForbidden, why)
			return
		}
		held, err := n.engine.Held(name, key)
		if err != nil {
			n.abort(c, AbortNoName, err.Error())
			return
		}
		for _, ch := range held {
			v := encodeHeld(ch)
			hash.Write([]byte(value.Encode(v)))
			values = append(values, v)
		}
	}
	digest := hash.Sum(nil)
	p := reply{ID: c.request, Committed: true, Token: digest, Form: elements, Values: values}
	if string(digest) == string(q.Session) {
		p.Duplicate, p.Form, p.Values = true, noReading, nil
	}
	body := p.appendTo(nil)
	if !p.fits(body) {
		n.abort(c, AbortTooLarge, "the copies are larger than a message")
		return
	}
	n.send(c.peer, wire.Commits, KindReply, body)
}

// encodeHeld makes an entry a value: its database, its key, its replica, its
// seq, offset and stamp, and its bytes.
func encodeHeld(ch flow.Change) value.Value {
	id := ch.Item.ID
	key, _ := value.DecodePath(ch.Key)
	return value.List(value.String(ch.Database), value.List(key...), value.String(textOf(string(id.Replica[:]))),
		value.Int(int64(id.Seq)), value.Int(int64(id.Offset)), value.Int(int64(ch.Item.Stamp)),
		value.String(textOf(ch.Item.Value)))
}

func decodeHeld(v value.Value) (flow.Change, bool) {
	parts := v.Elems()
	if len(parts) != 7 {
		return flow.Change{}, false
	}
	for i, kind := range []value.Kind{value.KindString, value.KindList, value.KindString, value.KindInt, value.KindInt, value.KindInt, value.KindString} {
		if parts[i].Kind() != kind {
			return flow.Change{}, false
		}
	}
	var id causal.EntryID
	who, ok := bytesOf(parts[2].AsString())
	bytes, isBytes := bytesOf(parts[6].AsString())
	if !ok || !isBytes || len(who) != len(id.Replica) {
		return flow.Change{}, false
	}
	copy(id.Replica[:], who)
	id.Seq, id.Offset = uint64(parts[3].AsInt()), uint32(parts[4].AsInt())
	key := string(value.AppendPath(nil, parts[1].Elems()...))
	return flow.Change{Database: parts[0].AsString(), Key: key, Item: crdt.Item{ID: id, Stamp: causal.Stamp(parts[5].AsInt()), Value: bytes}}, true
}

// textOf writes bytes as text, since strings are UTF-8: each byte is the code
// point of its number, so that what is text in the main stays as long as it is.
func textOf(bytes string) string {
	runes := make([]rune, len(bytes))
	for i := range len(bytes) {
		runes[i] = rune(bytes[i])
	}
	return string(runes)
}

// bytesOf is textOf's inverse; false where a code point is no byte.
func bytesOf(text string) (string, bool) {
	bytes := make([]byte, 0, len(text))
	for _, r := range text {
		if r > 0xff {
			return "", false
		}
		bytes = append(bytes, byte(r))
	}
	return string(bytes), true
}
