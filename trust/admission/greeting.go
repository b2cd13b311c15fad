package admission

import (
	"golang.org/x/crypto/blake2b"

	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/wire"
)

// greeting is what each side says first on the control channel of an open link.
type greeting struct {
	Random [32]byte // never said before
	Nonce  [16]byte // of the link: the dialler's ties its other channels to it
	Key    causal.Key
	Epoch  uint64
	Pass   []byte
	Hello  []byte
}

// HelloMax bounds a node's first words, of which the schema is most.
const HelloMax = 256 << 10

// GreetingMax bounds a greeting, and so everything that is read of somebody who
// has not said yet who he is.
const GreetingMax = HelloMax + PassSizeMax + 256

// protocol stands at the front of a greeting.
const protocol = wire.Version

func (g *greeting) appendTo(b []byte) []byte {
	b = wire.AppendUvarint(b, protocol)
	b = append(append(b, g.Random[:]...), g.Nonce[:]...)
	b = wire.AppendUint64(g.Key.AppendTo(b), g.Epoch)
	return wire.AppendBytes(wire.AppendBytes(b, g.Pass), g.Hello)
}

// decodeGreeting reads a greeting. Of one of another protocol nothing but that
// is read.
func decodeGreeting(b []byte) (g greeting, err error) {
	r := wire.NewReader(b)
	if v := r.Uvarint(); r.Err() == nil && v != protocol {
		return g, refuse(Version, "it greets in another version of the protocol: run the same release of martinelli at both ends, and load the page again")
	}
	copy(g.Random[:], r.Raw(len(g.Random)))
	copy(g.Nonce[:], r.Raw(len(g.Nonce)))
	g.Key, g.Epoch = causal.ReadKey(r), r.Uint64()
	g.Pass, g.Hello = r.Bytes(PassSizeMax), r.Bytes(HelloMax)
	if err := r.Done(); err != nil {
		return g, refuse(Malformed, "its greeting is malformed: "+err.Error())
	}
	return g, nil
}

// proofStatement is what one side signs: both greetings, its own first, and what
// binds the conversation to the transport beneath it.
func proofStatement(own, other, binding []byte) []byte {
	b := wire.AppendBytes(nil, own)
	b = wire.AppendBytes(b, other)
	sum := blake2b.Sum256(wire.AppendBytes(b, binding))
	s := append(append([]byte(nil), "martinelli"...), tagLink)
	return append(s, sum[:]...)
}

// NonceOf returns the nonce of the link that a greeting begins, before anything
// of it is judged.
func NonceOf(b []byte) ([16]byte, error) {
	g, err := decodeGreeting(b)
	return g.Nonce, err
}
