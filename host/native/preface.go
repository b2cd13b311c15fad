package native

import (
	"crypto/rand"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"time"

	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/wire"
)

// preface is the first frame on every connection of a link, in both
// directions on control, from the dialler alone on the others. It says which
// link the connection belongs to and who is speaking; the certificate proves it.
//
//	nonce        16 bytes  of the link; chosen by the dialler
//	incarnation  uvarint   with the certificate's key it gives the replica id
//	epoch        uint64    greater after each start of the process
//	hello        bytes     the node's first words; empty but on control
type preface struct {
	nonce       [16]byte
	incarnation uint64
	epoch       uint64
	hello       []byte
}

// helloMax bounds a node's first words, of which the schema is most.
const helloMax = 1<<20 + 64<<10

func (p *preface) appendTo(b []byte) []byte {
	b = append(b, p.nonce[:]...)
	b = wire.AppendUvarint(b, p.incarnation)
	b = wire.AppendUint64(b, p.epoch)
	return wire.AppendBytes(b, p.hello)
}

func decodePreface(b []byte) (preface, error) {
	r := wire.NewReader(b)
	var p preface
	copy(p.nonce[:], r.Raw(len(p.nonce)))
	p.incarnation = r.Uvarint()
	p.epoch = r.Uint64()
	p.hello = r.Bytes(helloMax)
	return p, r.Done()
}

func newNonce() (n [16]byte) {
	rand.Read(n[:])
	return n
}

// sayPreface writes the first frame of a connection.
func sayPreface(conn net.Conn, c wire.Channel, p preface) error {
	conn.SetWriteDeadline(time.Now().Add(handshakeTimeout))
	_, err := conn.Write(wire.AppendFrame(nil, c, wire.KindHello, p.appendTo(nil)))
	conn.SetWriteDeadline(time.Time{})
	return err
}

// hearPreface reads the first frame of a connection, and no byte more.
func hearPreface(conn net.Conn) (wire.Channel, preface, error) {
	conn.SetReadDeadline(time.Now().Add(handshakeTimeout))
	f, err := wire.NewFrameReader(conn, helloMax+64).Next()
	conn.SetReadDeadline(time.Time{})
	switch {
	case err != nil:
		return 0, preface{}, err
	case f.Kind == kindRefused:
		return 0, preface{}, refusal(f.Body[:min(len(f.Body), refusalMax)])
	case f.Kind != wire.KindHello:
		return 0, preface{}, fmt.Errorf("the first frame is of kind %d, not a hello", f.Kind)
	}
	p, err := decodePreface(f.Body)
	if err != nil {
		return 0, preface{}, fmt.Errorf("the first frame is malformed: %w", err)
	}
	return f.Channel, p, nil
}

// speaker returns the replica id of who is at the other end, by the key that
// TLS proved and the incarnation it says it is in.
func speaker(conn *tls.Conn, p preface) (causal.ReplicaID, error) {
	certs := conn.ConnectionState().PeerCertificates
	if len(certs) == 0 {
		return causal.ReplicaID{}, errors.New("it showed no certificate")
	}
	public, err := publicKey(certs[0])
	if err != nil {
		return causal.ReplicaID{}, err
	}
	return causal.NewReplicaID(public, p.incarnation), nil
}
