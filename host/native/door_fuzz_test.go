package native

import (
	"bytes"
	"context"
	"io"
	"net"
	"testing"
	"time"

	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/trust/admission"
	"github.com/martinelli-lang/martinelli/wire"
)

// spoken is a connection on which everything was said already.
type spoken struct{ *bytes.Reader }

func (spoken) Write(b []byte) (int, error)      { return len(b), nil }
func (spoken) Close() error                     { return nil }
func (spoken) LocalAddr() net.Addr              { return webAddr("here") }
func (spoken) RemoteAddr() net.Addr             { return webAddr("there") }
func (spoken) SetDeadline(time.Time) error      { return nil }
func (spoken) SetReadDeadline(time.Time) error  { return nil }
func (spoken) SetWriteDeadline(time.Time) error { return nil }

// FuzzDoor: whatever is said on a connection of an open link, nobody comes in who
// has no key, nothing is left behind, and no more is read than a greeting may have.
func FuzzDoor(f *testing.F) {
	h, err := Open(context.Background(), Config{Program: compile(f, diary)})
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { h.Close() })
	greeting := admission.New(admission.Config{
		Authority: h.identity.admitting(), Key: causal.Key{Public: [32]byte{1}, Incarnation: 1}, Pass: h.identity.pass, Nonce: [16]byte{1}, Hello: []byte("hello"),
	}).Drain().Send[0]
	first := wire.AppendFrame(nil, wire.Control, greeting.Kind, greeting.Body)
	f.Add(uint8(0), first)
	f.Add(uint8(0), wire.AppendFrame(first, wire.Control, wire.KindProof, make([]byte, 64)))
	f.Add(uint8(1), wire.AppendFrame(nil, wire.Commits, wire.KindGreeting, make([]byte, 16)))
	f.Fuzz(func(t *testing.T, c uint8, said []byte) {
		all := bytes.NewReader(said)
		conn := &webConn{Conn: spoken{all}, from: "there"}
		l, err := h.openWords(conn, wire.Channel(c)%wire.Channel(wire.Channels))
		if l != nil || err == nil {
			t.Fatalf("somebody comes in: %+v", l)
		}
		if len(h.gathering.links) != 0 {
			t.Fatal("a link that came to nothing is kept")
		}
		if kind := refusalKind(err); kind == "broken off" && err != io.EOF {
			t.Fatalf("it is counted as %s: %v", kind, err)
		}
	})
}
