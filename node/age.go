package node

import (
	"container/heap"

	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/flow"
	"github.com/martinelli-lang/martinelli/replica"
)

// What a program lets expire is emptied by nodes of trusted roles, by their own
// clocks: each waits a random while behind the moment, as with a repair, looks
// again, and does nothing where another's removal or a newer write has come.
// The removal takes back what this node has seen, so a write beside it stays.
// A key is looked at once in its life: when that may have passed.

// expireMax bounds the keys that one commit empties.
const expireMax = 256

// mortal is a key with the moment at which it is looked at, and what was newest
// there when that was planned.
type mortal struct {
	key    flow.Aging
	at     causal.Instant
	newest causal.Stamp
}

// mortals are the keys to look after, the earliest moment first.
type mortals struct {
	queue []mortal
	known map[flow.Aging]bool
}

func (q *mortals) Len() int { return len(q.queue) }
func (q *mortals) Less(i, j int) bool {
	a, b := q.queue[i], q.queue[j]
	switch {
	case a.at != b.at:
		return a.at < b.at
	case a.key.Database != b.key.Database:
		return a.key.Database < b.key.Database
	}
	return a.key.Key < b.key.Key
}
func (q *mortals) Swap(i, j int) { q.queue[i], q.queue[j] = q.queue[j], q.queue[i] }
func (q *mortals) Push(x any)    { q.queue = append(q.queue, x.(mortal)) }
func (q *mortals) Pop() any {
	last := q.queue[len(q.queue)-1]
	q.queue = q.queue[:len(q.queue)-1]
	return last
}

// deadline returns when the next key is looked at.
func (q *mortals) deadline() (causal.Instant, bool) {
	if len(q.queue) == 0 {
		return 0, false
	}
	return q.queue[0].at, true
}

// heedAging looks after the keys that began to hold something.
func (n *Node) heedAging(now causal.Instant, keys []flow.Aging) {
	role, _ := n.cfg.Program.Role(n.cfg.Role)
	for _, key := range keys {
		if _, isHome := n.engine.Expires(key); !role.Trusted() || isHome && !n.isHome() || n.mortals.known[key] {
			continue
		}
		if n.mortals.known == nil {
			n.mortals.known = map[flow.Aging]bool{}
		}
		n.mortals.known[key] = true
		n.lookLater(now, key)
	}
}

// lookLater plans when a key is looked at; one that holds nothing is forgotten. An
// author's clock may be ahead: what is further ahead than a clock may be counts
// from when it is heard of.
func (n *Node) lookLater(now causal.Instant, key flow.Aging) {
	newest, ok := n.engine.Newest(key)
	if !ok {
		delete(n.mortals.known, key)
		return
	}
	life, _ := n.engine.Expires(key)
	born := causal.Instant(newest.Milli()) * causal.Millisecond
	if born > now+causal.AheadMax {
		born = now
	}
	heap.Push(&n.mortals, mortal{key, max(born+life, now) + n.someOf(n.cfg.Limits.RepairDelay), newest})
}

// wither empties the keys whose life is over.
func (n *Node) wither(now causal.Instant) {
	var due [2][]flow.Aging // of others, and of the home
	for len(due[0])+len(due[1]) < expireMax {
		at, ok := n.mortals.deadline()
		if !ok || at > now {
			break
		}
		m := heap.Pop(&n.mortals).(mortal)
		if newest, ok := n.engine.Newest(m.key); !ok || newest != m.newest {
			n.lookLater(now, m.key)
			continue
		}
		author := 0
		if _, isHome := n.engine.Expires(m.key); isHome {
			author = 1
		}
		due[author] = append(due[author], m.key)
	}
	n.expireKeys(now, due[0], n.self)
	n.expireKeys(now, due[1], n.homeID)
}

// expireKeys empties keys as one commit of an author. What is still there, as
// where that is too much, is looked at again.
func (n *Node) expireKeys(now causal.Instant, keys []flow.Aging, author causal.ReplicaID) {
	if len(keys) == 0 {
		return
	}
	if n.barred[author] == replica.Valid {
		env := n.env(now, author, "")
		o := n.engine.Expire(keys, env)
		if o.Abort != "" {
			n.event(EventInvariant, n.self, "what expires could not be removed: "+o.Abort+" "+o.Detail)
		} else {
			n.commit(now, author, env.Stamp, nil, o)
		}
	}
	for _, key := range keys {
		if newest, ok := n.engine.Newest(key); ok {
			heap.Push(&n.mortals, mortal{key, now + expireAgain, newest})
		} else {
			delete(n.mortals.known, key)
		}
	}
	n.heed(now, n.engine.Drain())
}

// expireAgain is how long a key waits that could not be emptied.
const expireAgain = 10 * causal.Second
