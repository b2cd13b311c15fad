package node

import (
	"github.com/martinelli-lang/martinelli/flow"
	"github.com/martinelli-lang/martinelli/value"
	"github.com/martinelli-lang/martinelli/wire"
	"golang.org/x/crypto/blake2b"
)

// Nodes of before there were pages ask with a request for all they have copies
// of, and are answered in one reply or not at all.

// givePull answers, at the home, what it holds of what a role has copies of. A
// hash that is the asker's own says that nothing has changed.
func (n *Node) givePull(c caller, q request) {
	user, isUsers := n.isUsersNode(c.peer)
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
		if isUsers {
			if why := n.withholds(user, name, key); why != "" {
				n.abort(c, flow.AbortForbidden, why)
				return
			}
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

// textOf writes bytes as text, since strings are UTF-8: each byte is the code
// point of its number, so that what is text in the main stays as long as it is.
func textOf(bytes string) string {
	runes := make([]rune, len(bytes))
	for i := range len(bytes) {
		runes[i] = rune(bytes[i])
	}
	return string(runes)
}
