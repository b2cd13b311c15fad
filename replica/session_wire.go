package replica

import (
	"slices"

	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/wire"
)

// Session is what someone has seen: the maximal parts of each space, ascending
// and none twice. Its binary form is the token a client carries from node to
// node.
type Session []causal.Ref

// SessionMax bounds the references of a session that a node accepts.
const SessionMax = 4096

// sessionForm is the first byte of a token.
const sessionForm = 1

// refSize is about what a reference takes in a token: most bring their space
// and their replica along.
const refSize = 40

// AppendTo appends the binary form: the form's number, a count, and the
// references as in a frame of parts. The empty session is no bytes at all.
func (s Session) AppendTo(b []byte) []byte {
	if len(s) == 0 {
		return b
	}
	b = append(slices.Grow(b, 2+refSize*len(s)), sessionForm)
	b = wire.AppendUvarint(b, uint64(len(s)))
	var t frameTables
	for _, ref := range s {
		b = t.AppendRef(b, ref)
	}
	return b
}

// DecodeSession reads a token; no bytes are the empty session.
func DecodeSession(b []byte) (Session, error) {
	if len(b) == 0 {
		return nil, nil
	}
	r := wire.NewReader(b)
	if r.Byte() != sessionForm {
		return nil, wire.ErrMalformed
	}
	n := r.Count(SessionMax, 2)
	if n == 0 {
		r.Fail(wire.ErrMalformed)
	}
	s := make(Session, 0, n)
	var t frameReader
	for range n {
		ref := t.ReadRef(r)
		if len(s) > 0 && s[len(s)-1].Compare(ref) >= 0 {
			r.Fail(wire.ErrMalformed)
		}
		s = append(s, ref)
	}
	if err := r.Done(); err != nil {
		return nil, err
	}
	return s, nil
}
