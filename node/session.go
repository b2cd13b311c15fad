package node

import (
	"encoding/binary"

	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/replica"
)

// waiting is a command whose session has seen what this node has not yet.
type waiting struct {
	caller  caller
	session replica.Session
	until   causal.Instant
	run     func(now causal.Instant)
}

// session reads a caller's token. It answers for the caller where the token is none.
func (n *Node) session(c caller, token []byte) (replica.Session, bool) {
	session, err := replica.DecodeSession(token)
	if err != nil {
		n.abort(c, AbortSession, "the session token is not one of this cluster: begin without a token")
		return nil, false
	}
	return session, true
}

// whenCovered runs a command now if this node has seen what the session has,
// otherwise as soon as it has.
func (n *Node) whenCovered(now causal.Instant, c caller, session replica.Session, run func(causal.Instant)) {
	switch {
	case n.replica.Covers(session):
		run(now)
	case len(n.waiting) >= n.cfg.Limits.WaitingMax:
		n.abort(c, AbortBusy, "too many sessions wait for this node to catch up")
	default:
		n.waiting = append(n.waiting, waiting{c, session, now + n.cfg.Limits.BehindAfter, run})
	}
}

// resume runs the commands whose past has come, and answers those that have
// waited too long. What they do can free others, which stay in the list for
// the next round.
func (n *Node) resume(now causal.Instant) {
	n.runEarly(now)
	n.seek(now)
	if len(n.waiting) == 0 {
		return
	}
	list := n.waiting
	n.waiting = nil
	for _, w := range list {
		switch {
		case n.replica.Covers(w.session):
			w.run(now)
		case now >= w.until:
			n.abort(w.caller, AbortBehind, "this node has not yet seen what the session has: try again, or go to the node it came from")
		default:
			n.waiting = append(n.waiting, w)
		}
	}
}

// token returns the session after a command that touched the spaces.
func (n *Node) token(now causal.Instant, session replica.Session, spaces []causal.SpaceID) []byte {
	s := n.replica.Advance(session, spaces...)
	if len(s) > n.cfg.Limits.SeenMax {
		n.fold(now, s)
		s = n.replica.Through(n.bulk(), s)
	}
	return s.AppendTo(nil)
}

// space returns the handle of a space of this cluster.
func (n *Node) space(name string) causal.SpaceID {
	if id, ok := n.spaces[name]; ok {
		return id
	}
	id := causal.SpaceOf(n.cfg.Cluster, name)
	n.spaces[name] = id
	return id
}

const base32 = "abcdefghijklmnopqrstuvwxyz234567"

// newID returns base32 of (replica, stamp). It is unique because each id takes
// a stamp of its own and a replica's stamps never repeat, and it says whose it
// is: the user registered for the replica owns the key.
func newID(author causal.ReplicaID, stamp causal.Stamp) string {
	raw := binary.BigEndian.AppendUint64(author[:], uint64(stamp))
	var id []byte
	held, bits := uint(0), 0 // the bits not yet written, and how many
	for _, c := range raw {
		held, bits = held<<8|uint(c), bits+8
		for ; bits >= 5; bits -= 5 {
			id = append(id, base32[held>>(bits-5)&31])
		}
	}
	return string(append(id, base32[held<<(5-bits)&31]))
}
