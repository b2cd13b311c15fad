// Package signal passes on the few words that two pages need to find to each
// other. A connection between browsers begins with an offer and an answer, and
// before it is there these go over links that are: by way of whoever is linked
// to both, a server or a page, and one hop only.
//
// Who passes words on is not believed. What an offer and an answer say of the
// connection is bound into the handshake over it, and who changed it is found
// there (docs/wire/open-link.md).
package signal

import (
	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/wire"
)

// Message is the body of a frame of wire.KindSignal, on the control channel.
type Message struct {
	To, From causal.ReplicaID
	Kind     Kind
	Attempt  uint64 // of the one who offers, and another at each attempt; an answer bears that of its offer
	Text     string // a session description, as browsers write it
}

// Kind is what a message is.
type Kind uint8

// The kinds of messages. Of two replicas the one with the smaller id offers,
// whichever wants the link: so two never offer to each other at once.
const (
	Call   Kind = 1 // offer to me: by the one with the greater id
	Offer  Kind = 2
	Answer Kind = 3
)

// TextMax bounds the text: a session description with a dozen candidates has 3 KB.
const TextMax = 16 << 10

// AppendTo appends the bytes of the message.
func (m *Message) AppendTo(b []byte) []byte {
	b = append(append(b, m.To[:]...), m.From[:]...)
	b = wire.AppendUint64(append(b, byte(m.Kind)), m.Attempt)
	return wire.AppendString(b, m.Text)
}

// Decode reads what AppendTo wrote.
func Decode(b []byte) (m Message, err error) {
	r := wire.NewReader(b)
	copy(m.To[:], r.Raw(len(m.To)))
	copy(m.From[:], r.Raw(len(m.From)))
	m.Kind, m.Attempt = Kind(r.Byte()), r.Uint64()
	m.Text = r.String(TextMax)
	if m.Kind < Call || m.Kind > Answer || m.To == m.From {
		r.Fail(wire.ErrMalformed)
	}
	return m, r.Done()
}

// Offers reports whether, of two replicas, self is the one that offers.
func Offers(self, peer causal.ReplicaID) bool { return self.Compare(peer) < 0 }
