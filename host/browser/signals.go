package browser

import (
	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/overlay/signal"
	"github.com/martinelli-lang/martinelli/wire"
)

// pagePrefix is how the address of a page begins, behind which its replica id
// stands in hexadecimal. Who dials it sends signals by way of others.
const pagePrefix = "page:"

// addrOf is where others reach this page. One that says only that it is a page
// does not know its id yet.
func addrOf(l *Open, self causal.ReplicaID) string {
	if l.Addr == pagePrefix {
		return pagePrefix + wire.Hex(self[:])
	}
	return l.Addr
}

// forget takes a link out that is no more.
func (ls *links) forget(peer causal.ReplicaID) {
	delete(ls.byPeer, peer)
	ls.relay.Down(peer)
}

// signal sends what the worker says to another page, by some of the links there are.
func (h *Host) signal(l *Signal) {
	m := signal.Message{To: l.To, From: h.links.relay.Self(), Kind: signal.Kind(l.Kind), Attempt: l.Attempt, Text: l.Text}
	if m.Kind < signal.Call || m.Kind > signal.Answer || m.To == m.From {
		h.fail(Refused, "a signal came that is none: this is a bug of the worker")
		return
	}
	for _, via := range h.links.relay.Via(&m) {
		h.sendFrame(h.links.byPeer[via], wire.Control, wire.KindSignal, m.AppendTo(nil))
	}
}

// heard takes a signal that came over a link: it is for this page, or to be
// passed on.
func (h *Host) heard(k *link, body []byte) {
	m, to, err := h.links.relay.Receive(h.now, k.peer, body)
	switch {
	case err != nil:
		h.refuse(k, "it sent a malformed signal: "+err.Error())
	case to != nil:
		h.sendFrame(h.links.byPeer[*to], wire.Control, wire.KindSignal, body)
	case m != nil:
		h.say(&Signalled{m.From, byte(m.Kind), m.Attempt, m.Text})
	}
}
