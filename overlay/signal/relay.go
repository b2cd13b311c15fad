package signal

import (
	"slices"

	"github.com/martinelli-lang/martinelli/algebra/causal"
)

// Relay is one node's share in signalling: it passes on what one of its links
// says to another, and knows by which links to reach who is not linked.
type Relay struct {
	self  causal.ReplicaID
	links map[causal.ReplicaID]*link
	order []causal.ReplicaID // the keys of links, sorted
}

// link is how much a linked peer may still say, and be told.
type link struct{ says, hears bucket }

// Bounds. Beyond them a message is dropped: whoever wants the link calls again.
const (
	saysRate, saysBurst   = 16, 64 // messages a second that a peer may have passed on
	hearsRate, hearsBurst = 32, 128
	viaMax                = 3 // links by which one message is sent
)

// NewRelay returns the relay of a node without links.
func NewRelay(self causal.ReplicaID) *Relay {
	return &Relay{self: self, links: map[causal.ReplicaID]*link{}}
}

// Self returns whose relay this is.
func (r *Relay) Self() causal.ReplicaID { return r.self }

// Up says that a link is up.
func (r *Relay) Up(now causal.Instant, peer causal.ReplicaID) {
	if at, isUp := slices.BinarySearchFunc(r.order, peer, causal.ReplicaID.Compare); !isUp {
		r.order = slices.Insert(r.order, at, peer)
	}
	r.links[peer] = &link{bucket{saysBurst, now}, bucket{hearsBurst, now}}
}

// Down says that a link ended.
func (r *Relay) Down(peer causal.ReplicaID) {
	if at, isUp := slices.BinarySearchFunc(r.order, peer, causal.ReplicaID.Compare); isUp {
		r.order = slices.Delete(r.order, at, at+1)
	}
	delete(r.links, peer)
}

// Receive takes a frame's body that came over the link to a peer. What is for
// this node is heard; what the peer itself says to somebody who is linked is to
// be passed on as it is; anything else is dropped. A malformed body is an error:
// the caller hangs up.
func (r *Relay) Receive(now causal.Instant, from causal.ReplicaID, body []byte) (heard *Message, passTo *causal.ReplicaID, err error) {
	m, err := Decode(body)
	if err != nil {
		return nil, nil, err
	}
	l, to := r.links[from], r.links[m.To]
	switch {
	case l == nil || !l.says.take(now, saysRate, saysBurst):
	case m.To == r.self && m.From != r.self:
		return &m, nil, nil
	case m.From == from && to != nil && to.hears.take(now, hearsRate, hearsBurst):
		return nil, &m.To, nil
	}
	return nil, nil, nil
}

// Via returns the links by which to send a message of this node's own, at most
// three, and others at the next attempt.
func (r *Relay) Via(m *Message) (via []causal.ReplicaID) {
	n := len(r.order)
	for i := range n {
		peer := r.order[(int(m.Attempt%uint64(n))+i)%n]
		if peer != m.To && len(via) < viaMax {
			via = append(via, peer)
		}
	}
	return via
}

// bucket holds what may still be said; it fills with time.
type bucket struct {
	left float64
	at   causal.Instant
}

// take takes one, if there is one.
func (b *bucket) take(now causal.Instant, rate, burst float64) bool {
	b.left = min(burst, b.left+float64(rate*float64(max(now-b.at, 0)))/float64(causal.Second))
	b.at = max(b.at, now)
	if b.left < 1 {
		return false
	}
	b.left--
	return true
}
