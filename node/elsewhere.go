package node

import (
	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/overlay/repair"
	"github.com/martinelli-lang/martinelli/wire"
)

// A device wants to know what would be lost with it. An exchange that finds two
// replicas equal proves that all this one showed when the exchange began is at
// the other too. What it shows ends at its seals; so this file notes when all
// that was written was sealed, and waits for an exchange that began later.

// metaMatched keeps how many own parts others had.
const metaMatched = "matched"

// sealedMax bounds the times noted; beyond it every second one is forgotten,
// and a part is known to be elsewhere a little later.
const sealedMax = 64

// elsewhere counts this node's own parts.
type elsewhere struct {
	written uint64
	sealed  []sealed // when all of so many were sealed, ascending
	matched uint64   // so many of them another node has, by its own word
}

type sealed struct {
	at    causal.Instant
	parts uint64
}

// countOwn counts what was restored.
func (n *Node) countOwn() error {
	n.elsewhere.written = n.replica.Written(n.self)
	stored, ok, err := n.store.Meta(metaMatched)
	if err != nil || !ok {
		return err
	}
	r := wire.NewReader(stored)
	isThis := string(r.Raw(len(n.self))) == string(n.self[:])
	if parts := r.Uvarint(); r.Done() == nil && isThis {
		n.elsewhere.matched = min(parts, n.elsewhere.written)
	}
	return nil
}

// noteSealed notes the time if all that was written is sealed.
func (n *Node) noteSealed(now causal.Instant) {
	o := &n.elsewhere
	if !n.isUsers() { // a server's disk is what others rely on, and it has many spaces
		return
	}
	if o.written == o.matched || len(o.sealed) > 0 && o.sealed[len(o.sealed)-1].parts == o.written {
		return
	}
	if len(n.minted) > 0 || len(n.replica.Unsealed(n.self)) > 0 {
		return
	}
	if len(o.sealed) == sealedMax {
		for i := range sealedMax / 2 {
			o.sealed[i] = o.sealed[2*i+1]
		}
		o.sealed = o.sealed[:sealedMax/2]
	}
	o.sealed = append(o.sealed, sealed{now, o.written})
}

// heedEquals learns what others have.
func (n *Node) heedEquals(equals []repair.Equal) {
	o := &n.elsewhere
	before := o.matched
	for _, e := range equals {
		for len(o.sealed) > 0 && o.sealed[0].at < e.Since {
			o.matched = o.sealed[0].parts
			o.sealed = o.sealed[1:]
		}
	}
	if o.matched != before {
		n.store.PutMeta(metaMatched, wire.AppendUvarint(append([]byte(nil), n.self[:]...), o.matched))
	}
}

// Written returns how many parts this node has written under its own name, and
// of how many of the first ones it is known that another node has them. The
// difference is what would be lost with this node's disk, or less.
func (n *Node) Written() (parts, matched uint64) { return n.elsewhere.written, n.elsewhere.matched }

// Online tells the node that the network is back, or its machine awake: whoever
// is not linked is dialled soon.
func (n *Node) Online(now causal.Instant) {
	n.member.Hasten(now)
	n.settle(now)
}
