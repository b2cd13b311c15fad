package native

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"strings"
	"time"

	"github.com/coder/websocket"

	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/trust/admission"
	"github.com/martinelli-lang/martinelli/wire"
)

// An open link goes over WebSockets to a page, which shows a pass where another
// node shows a certificate. Behind its first words it is a link like any other.

// webConn is a WebSocket as a stream of bytes.
type webConn struct {
	net.Conn
	socket *websocket.Conn
	from   string // the address of who connected
}

func newWebConn(ctx context.Context, socket *websocket.Conn, from string) *webConn {
	return &webConn{websocket.NetConn(ctx, socket, websocket.MessageBinary), socket, from}
}

// Close hangs up at once: a polite close waits for the peer.
func (c *webConn) Close() error { return c.socket.CloseNow() }

// RemoteAddr returns the address of who connected.
func (c *webConn) RemoteAddr() net.Addr { return webAddr(c.from) }

type webAddr string

func (webAddr) Network() string  { return "websocket" }
func (a webAddr) String() string { return string(a) }

// handshake is this node's side of an open link.
func (h *Host) handshake(nonce [16]byte) admission.Config {
	cfg := admission.Config{
		Authority: h.identity.admitting(), Key: h.identity.replicaKey(), Pass: h.identity.pass,
		Nonce: nonce, Epoch: h.epoch, Hello: h.hello, Bars: h.bars,
	}
	rand.Read(cfg.Random[:])
	return cfg
}

// converse leads a handshake over the control connection. first is a greeting
// that was heard already; without one this side speaks first.
func (h *Host) converse(conn net.Conn, cfg admission.Config, first *wire.Frame) (*admission.Peer, error) {
	hs, frames := admission.New(cfg), wire.NewFrameReader(conn, admission.GreetingMax)
	if first != nil {
		if err := hs.Receive(h.cfg.Clock(), first.Kind, first.Body); err != nil {
			return nil, err
		}
	}
	for {
		peer, err := h.answerHandshake(conn, hs)
		if peer != nil || err != nil {
			return peer, err
		}
		f, err := frames.Next()
		switch {
		case err != nil:
			return nil, err
		case f.Kind == kindRefused:
			return nil, refusal(f.Body[:min(len(f.Body), refusalMax)])
		}
		if err := hs.Receive(h.cfg.Clock(), f.Kind, f.Body); err != nil {
			return nil, err
		}
	}
}

// answerHandshake does what a handshake asks for, until it asks no more.
func (h *Host) answerHandshake(conn net.Conn, hs *admission.Handshake) (*admission.Peer, error) {
	for {
		out := hs.Drain()
		for _, m := range out.Send {
			if _, err := conn.Write(wire.AppendFrame(nil, wire.Control, m.Kind, m.Body)); err != nil {
				return nil, err
			}
		}
		if out.Peer != nil || len(out.Sign)+len(out.Verify) == 0 {
			return out.Peer, nil
		}
		for _, q := range out.Sign {
			hs.Signed(causal.Signature(ed25519.Sign(h.identity.key, q.Statement)))
		}
		for _, q := range out.Verify {
			if err := hs.Verified(q.ID, ed25519.Verify(q.Public[:], q.Statement, q.Signature[:])); err != nil {
				return nil, err
			}
		}
	}
}

// hearOpen reads the first frame of a connection of an open link, and no byte
// more: on control a greeting, on the others the link's nonce.
func hearOpen(conn net.Conn, c wire.Channel) (f wire.Frame, nonce [16]byte, err error) {
	f, err = wire.NewFrameReader(conn, admission.GreetingMax).Next()
	switch {
	case err != nil:
		return f, nonce, err
	case f.Channel != c || f.Kind != wire.KindGreeting:
		return f, nonce, &admission.Refusal{Kind: admission.Malformed, Text: fmt.Sprintf("the first frame on %v is of kind %d for %v, and not a greeting", c, f.Kind, f.Channel)}
	case c != wire.Control && len(f.Body) != len(nonce):
		return f, nonce, &admission.Refusal{Kind: admission.Malformed, Text: fmt.Sprintf("the first frame on %v has %d bytes, and is to be the link's nonce", c, len(f.Body))}
	case c != wire.Control:
		return f, [16]byte(f.Body), nil
	}
	nonce, err = admission.NonceOf(f.Body)
	return f, nonce, err
}

// dismiss ends a link. A guest is told why, beside what the caller does: a person
// sits in front of it.
func (h *Host) dismiss(l *link, why error) {
	if l.guest == nil {
		l.close(why)
		return
	}
	l.blame(why.Error())
	h.edge.Go(func() { l.refuse(why) })
}

// faulted returns what is done when reading from a link fails: of a guest that
// speaks out of order it is counted, and he is told.
func (h *Host) faulted(l *link) func(error) {
	if l.guest == nil {
		return l.close
	}
	return func(err error) {
		var told refusal
		if kind := refusalKind(err); !errors.As(err, &told) && kind != "broken off" && kind != "slow" {
			h.metrics.turnedAway.WithLabelValues(kind).Inc()
			h.log.Warn("hung up on a page: "+err.Error(), "peer", l.peer.Short(), "user", l.guest.Claim.User)
			l.blame(err.Error())
			l.refuse(err)
		}
		l.close(err)
	}
}

// pagePrefix is how the address of a page begins: nobody dials it but pages, by
// way of whom both are linked to.
const pagePrefix = "page:"

func isPage(addr string) bool { return strings.HasPrefix(addr, pagePrefix) }

// expire ends a guest's link when its pass does. The function it returns calls
// that off.
func (h *Host) expire(l *link) (stop func()) {
	if l.guest == nil || l.guest.Claim.Expires == 0 {
		return func() {}
	}
	left := time.Duration(l.guest.Claim.Expires - h.cfg.Clock())
	t := time.AfterFunc(left, func() { l.refuse(errors.New("its pass has expired: let it be admitted again")) })
	return func() { t.Stop() }
}
