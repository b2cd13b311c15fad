package native

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/coder/websocket"

	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/trust/admission"
	"github.com/martinelli-lang/martinelli/wire"
)

// door is where pages come in. It is on the open internet, so all that it holds
// for whoever has not said yet who he is has a bound.
type door struct {
	slots    chan struct{} // a token for each connection whose first words are awaited
	greeting *meter        // links begun, by address
	admits   *meter        // passes asked for, by address
	patience time.Duration // for all first words of a connection
}

func newDoor(now func() time.Time) *door {
	return &door{
		slots:    make(chan struct{}, OpeningsMax),
		greeting: newMeter(now, LinkRate, LinkBurst),
		admits:   newMeter(now, AdmitRate, AdmitBurst),
		patience: handshakeTimeout,
	}
}

// serveLink takes one connection of an open link: ?channel=control, commits or
// bulk.
func (h *Host) serveLink(w http.ResponseWriter, r *http.Request) error {
	c, err := h.mayOpen(r)
	if err != nil {
		return err
	}
	select {
	case h.door.slots <- struct{}{}:
	default:
		h.metrics.turnedAway.WithLabelValues("full").Inc()
		return &httpError{Code: http.StatusServiceUnavailable, Text: fmt.Sprintf("%d connections are saying who they are, which is the bound", OpeningsMax), Hint: "try again in a moment"}
	}
	release := func() { <-h.door.slots }
	socket, err := websocket.Accept(w, r, &websocket.AcceptOptions{
		Subprotocols:       []string{protocolLink},
		InsecureSkipVerify: true, // guard has compared the origin
		CompressionMode:    websocket.CompressionDisabled,
	})
	if err != nil {
		release()
		return nil // it has been told
	}
	conn := newWebConn(h.ctx, socket, r.RemoteAddr)
	h.edge.Go(func() {
		defer release()
		h.greetOpen(conn, c)
	})
	return nil
}

// mayOpen judges the request before anything is taken for it.
func (h *Host) mayOpen(r *http.Request) (wire.Channel, error) {
	if !strings.EqualFold(r.Header.Get("Upgrade"), "websocket") {
		return 0, &httpError{Code: http.StatusUpgradeRequired, Text: "this is where pages link, and the request is no WebSocket's", Hint: "open a WebSocket here; the npm package martinelli does"}
	}
	if len(h.identity.pass.Blocks) == 0 {
		return 0, errNoPass()
	}
	for c := range wire.Channel(wire.Channels) {
		if r.URL.Query().Get("channel") != c.String() {
			continue
		}
		if c == wire.Control && !h.door.greeting.take(addressOf(r)) {
			h.metrics.turnedAway.WithLabelValues("rate").Inc()
			return 0, errRate("links were begun from this address")
		}
		return c, nil
	}
	return 0, errBad("there is no such channel of a link", "?channel=control, commits or bulk")
}

// errRate refuses what is asked for too often.
func errRate(what string) error {
	return &httpError{Code: http.StatusTooManyRequests, Text: "too many " + what, Hint: "wait a second, and longer each time"}
}

// errNoPass is what a node says that was admitted before there were passes.
func errNoPass() error {
	return &httpError{Code: http.StatusConflict, Text: "this node has no pass of the cluster's first node, so pages can't trust it",
		Hint: "join the cluster with a new token in a new directory"}
}

// greetOpen finds out who connected, and puts the connection to the others of
// its link.
func (h *Host) greetOpen(conn *webConn, c wire.Channel) {
	stop := context.AfterFunc(h.ctx, func() { hangUp(conn) })
	defer stop()
	conn.SetDeadline(time.Now().Add(h.door.patience)) // for all of it, so that a byte now and then wins nothing
	l, err := h.openWords(conn, c)
	if err != nil {
		h.refuseOpen(conn, err)
		return
	}
	conn.SetDeadline(time.Time{})
	if l != nil {
		h.edge.Go(func() { h.serve(l) })
	}
}

// openWords hears the first words of a connection. It returns the link when all
// its connections are there.
func (h *Host) openWords(conn *webConn, c wire.Channel) (*link, error) {
	first, nonce, err := hearOpen(conn, c)
	if err != nil {
		return nil, err
	}
	key := gatherKey{nonce: nonce}
	if c != wire.Control {
		return h.gathering.attach(key, c, conn)
	}
	if err := h.gathering.expect(key); err != nil {
		return nil, err
	}
	guest, err := h.converse(conn, h.handshake([16]byte{}), &first)
	if err != nil {
		h.gathering.drop(key)
		return nil, err
	}
	return h.gathering.prove(key, guest, conn)
}

// refuseOpen counts a refusal, says it to both sides, and hangs up.
func (h *Host) refuseOpen(conn *webConn, err error) {
	defer hangUp(conn)
	if h.ctx.Err() != nil {
		return
	}
	h.metrics.turnedAway.WithLabelValues(refusalKind(err)).Inc()
	h.log.Warn("refused an open link: "+explain(err), "from", conn.from)
	var refused refusal
	if !errors.As(err, &refused) && !errors.Is(err, io.EOF) && !isTimeout(err) {
		sayRefused(conn, err)
	}
}

// refusalKind is the word under which a refusal is counted.
func refusalKind(err error) string {
	var r *admission.Refusal
	var refused refusal
	var version *wire.VersionError
	switch {
	case errors.As(err, &r):
		return r.Kind.String()
	case errors.As(err, &version):
		return admission.Version.String()
	case errors.As(err, &refused):
		return "by the other side"
	case isTimeout(err):
		return "slow"
	case errors.Is(err, errGathering):
		return "full"
	case errors.Is(err, wire.ErrTruncated), errors.Is(err, wire.ErrLimit), errors.Is(err, wire.ErrChecksum), errors.Is(err, wire.ErrChannel):
		return admission.Malformed.String()
	}
	return "broken off"
}

func isTimeout(err error) bool {
	var n net.Error
	return errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) || errors.As(err, &n) && n.Timeout()
}

// addressOf returns from where a request comes, without the port.
func addressOf(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}
	return host
}

// errGathering refuses a link beyond the bound on those that are being made.
var errGathering = fmt.Errorf("%d links are being made; try again later", LinksMax)

// expect begins an open link, whose control connection says who it is.
func (g *gathering) expect(key gatherKey) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	switch {
	case g.links[key] != nil:
		return &admission.Refusal{Kind: admission.Replayed, Text: "a link with that nonce is being made already"}
	case len(g.links) >= LinksMax:
		return errGathering
	}
	g.begin(key, newLink(causal.ReplicaID{}, preface{nonce: key.nonce}))
	return nil
}

// attach adds a connection to an open link that has been begun.
func (g *gathering) attach(key gatherKey, c wire.Channel, conn net.Conn) (*link, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	at := g.links[key]
	switch {
	case at == nil:
		return nil, &admission.Refusal{Kind: admission.Malformed, Text: fmt.Sprintf("a connection for %v came for a link that nobody has begun: control is first", c)}
	case at.link.conns[c] != nil:
		return nil, &admission.Refusal{Kind: admission.Malformed, Text: fmt.Sprintf("there is a connection for %v on that link already", c)}
	}
	at.link.conns[c] = conn
	return g.whole(key, at), nil
}

// prove says who is at the other end of an open link.
func (g *gathering) prove(key gatherKey, guest *admission.Peer, conn net.Conn) (*link, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	at := g.links[key]
	if at == nil {
		return nil, errors.New("who it is came to light too late")
	}
	at.link.welcome(guest)
	at.link.conns[wire.Control] = conn
	return g.whole(key, at), nil
}
