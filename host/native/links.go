package native

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"slices"
	"sync"
	"time"

	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/node"
	"github.com/martinelli-lang/martinelli/overlay/member"
	"github.com/martinelli-lang/martinelli/trust/admission"
	"github.com/martinelli-lang/martinelli/wire"
)

// links are the links that are up, at most one per peer.
type links struct {
	mu     sync.RWMutex
	byPeer map[causal.ReplicaID]*link
}

// send queues a message for a peer. One whose link is down is dropped: what
// it carried is asked for again when the link is back.
func (ls *links) send(m *node.Message) {
	ls.mu.RLock()
	l := ls.byPeer[m.To]
	ls.mu.RUnlock()
	if l != nil {
		l.send(m)
	}
}

func (ls *links) get(peer causal.ReplicaID) *link {
	ls.mu.RLock()
	defer ls.mu.RUnlock()
	return ls.byPeer[peer]
}

func (ls *links) put(l *link) {
	ls.mu.Lock()
	defer ls.mu.Unlock()
	ls.byPeer[l.peer] = l
}

// forget takes the peer's link out and returns it, or nil.
func (ls *links) forget(peer causal.ReplicaID) *link {
	ls.mu.Lock()
	defer ls.mu.Unlock()
	l := ls.byPeer[peer]
	delete(ls.byPeer, peer)
	return l
}

// all returns the links in the order of their peers.
func (ls *links) all() []*link {
	ls.mu.RLock()
	defer ls.mu.RUnlock()
	var all []*link
	for _, l := range ls.byPeer {
		all = append(all, l)
	}
	slices.SortFunc(all, func(a, b *link) int { return a.peer.Compare(b.peer) })
	return all
}

// linkConfig is the TLS of links: both sides show a certificate that this
// cluster's authority signed.
func (id *identity) linkConfig() *tls.Config {
	return &tls.Config{
		MinVersion:   tls.VersionTLS13,
		NextProtos:   []string{protocolLink},
		Certificates: []tls.Certificate{id.cert},
		RootCAs:      id.authority.pool(),
		ClientCAs:    id.authority.pool(),
		ClientAuth:   tls.RequireAndVerifyClientCert,
		ServerName:   nodeDNS,
	}
}

// listenConfig tells links from joins by the protocol they ask for: a joiner
// has no certificate yet.
func (id *identity) listenConfig() *tls.Config {
	linking := id.linkConfig()
	joining := &tls.Config{
		MinVersion:   tls.VersionTLS13,
		NextProtos:   []string{protocolJoin},
		Certificates: []tls.Certificate{id.cert},
	}
	c := linking.Clone()
	c.NextProtos = []string{protocolLink, protocolJoin}
	c.GetConfigForClient = func(hello *tls.ClientHelloInfo) (*tls.Config, error) {
		if slices.Contains(hello.SupportedProtos, protocolJoin) {
			return joining, nil
		}
		return linking, nil
	}
	return c
}

// accept takes connections until the listener closes.
func (h *Host) accept(ln net.Listener) {
	config := h.identity.listenConfig()
	slots := make(chan struct{}, HandshakesMax)
	for {
		slots <- struct{}{}
		conn, err := ln.Accept()
		if err != nil {
			if h.ctx.Err() != nil {
				return
			}
			h.log.Warn("a connection could not be taken: "+err.Error(), "addr", ln.Addr().String())
			h.pause(acceptRetry)
			<-slots
			continue
		}
		h.edge.Go(func() {
			defer func() { <-slots }()
			h.greet(tls.Server(conn, config))
		})
	}
}

// acceptRetry is how long accept waits when the system has, say, no more file descriptors.
const acceptRetry = 100 * time.Millisecond

// pause waits, or until the host stops.
func (h *Host) pause(d time.Duration) {
	select {
	case <-time.After(d):
	case <-h.ctx.Done():
	}
}

// greet finds out who connected.
func (h *Host) greet(conn *tls.Conn) {
	ctx, cancel := context.WithTimeout(h.ctx, handshakeTimeout)
	defer cancel()
	from := conn.RemoteAddr().String()
	if err := conn.HandshakeContext(ctx); err != nil {
		hangUp(conn)
		if h.ctx.Err() == nil {
			h.log.Warn("refused a connection: "+explain(err), "from", from)
		}
		return
	}
	stop := context.AfterFunc(h.ctx, func() { hangUp(conn) })
	defer stop()
	switch conn.ConnectionState().NegotiatedProtocol {
	case protocolJoin:
		h.greetJoiner(conn, from)
	case protocolLink:
		h.greetLink(conn, from)
	default:
		h.log.Warn("refused a connection: it names no protocol of Martinelli", "from", from)
		hangUp(conn)
	}
}

func (h *Host) greetJoiner(conn *tls.Conn, from string) {
	defer conn.Close()
	name, err := h.identity.admit(conn, h.tokens)
	if err != nil {
		h.log.Warn("refused a join: "+err.Error(), "from", from, "name", name)
		return
	}
	h.log.Info("admitted a node to the cluster", "from", from, "name", name)
}

// greetLink puts a connection to the others of its link. The link is up when
// all are there.
func (h *Host) greetLink(conn *tls.Conn, from string) {
	c, p, err := hearPreface(conn)
	var peer causal.ReplicaID
	if err == nil {
		peer, err = speaker(conn, p)
	}
	if err != nil {
		h.log.Warn("refused a link: "+explain(err), "from", from)
		sayRefused(conn, err)
		hangUp(conn)
		return
	}
	if c == wire.Control {
		mine := h.preface(p.nonce)
		if err := sayPreface(conn, c, mine); err != nil {
			hangUp(conn)
			return
		}
	}
	l, err := h.gathering.add(peer, c, p, conn)
	if err != nil {
		h.log.Warn("refused a link: "+err.Error(), "from", from)
		sayRefused(conn, err)
		hangUp(conn)
		return
	}
	if l != nil {
		l.certify(conn.ConnectionState().PeerCertificates[0])
		h.edge.Go(func() { h.serve(l) })
	}
}

// gathering holds links whose connections have not all come.
type gathering struct {
	mu    sync.Mutex
	links map[gatherKey]*gathered
}

type gatherKey struct {
	peer  causal.ReplicaID // zero for an open link, of which the nonce is known first
	nonce [16]byte
}

type gathered struct {
	link  *link
	timer *time.Timer
}

// add adds a connection to its link, and returns the link when it was the
// last one. What has not come within handshakeTimeout is closed.
func (g *gathering) add(peer causal.ReplicaID, c wire.Channel, p preface, conn net.Conn) (*link, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	key := gatherKey{peer, p.nonce}
	at := g.links[key]
	if at == nil {
		if len(g.links) >= LinksMax {
			return nil, errGathering
		}
		at = g.begin(key, newLink(peer, p))
	}
	if at.link.conns[c] != nil {
		return nil, fmt.Errorf("there is a connection for %v on that link already", c)
	}
	at.link.conns[c] = conn
	if c == wire.Control {
		at.link.preface = p
	}
	return g.whole(key, at), nil
}

// begin awaits the connections of a link.
func (g *gathering) begin(key gatherKey, l *link) *gathered {
	at := &gathered{link: l}
	at.timer = time.AfterFunc(handshakeTimeout, func() { g.drop(key) })
	g.links[key] = at
	return at
}

// whole returns a link when its last connection is there; nil until then.
func (g *gathering) whole(key gatherKey, at *gathered) *link {
	if slices.Contains(at.link.conns[:], nil) {
		return nil
	}
	at.timer.Stop()
	delete(g.links, key)
	return at.link
}

func (g *gathering) drop(key gatherKey) {
	g.mu.Lock()
	at := g.links[key]
	delete(g.links, key)
	g.mu.Unlock()
	if at != nil {
		at.timer.Stop()
		at.link.close(errors.New("its other connections did not come in time"))
	}
}

// dropAll closes what has gathered.
func (g *gathering) dropAll() {
	g.mu.Lock()
	keys := make([]gatherKey, 0, len(g.links))
	for key := range g.links {
		keys = append(keys, key)
	}
	g.mu.Unlock()
	for _, key := range keys {
		g.drop(key)
	}
}

// dial makes a link to a member, beside what the caller does. The membership
// machine bounds how many are under way.
func (h *Host) dial(m member.Member) {
	h.edge.Go(func() {
		if isPage(m.Addr) { // pages dial each other, and this node
			h.submit(h.ctx, h.owner.urgent, func(now causal.Instant) { h.owner.node.DialFailed(now, m) })
			return
		}
		if m.Addr == h.advertised() { // it stood where this node stands now, which was restored in its place
			h.submit(h.ctx, h.owner.urgent, func(now causal.Instant) { h.owner.node.DialFailed(now, m) })
			return
		}
		l, err := h.connect(m)
		if err != nil {
			if h.ctx.Err() == nil {
				h.log.Warn("no link to "+m.Addr+": "+explain(err), "peer", m.Name)
			}
			h.submit(h.ctx, h.owner.urgent, func(now causal.Instant) { h.owner.node.DialFailed(now, m) })
			return
		}
		h.serve(l)
	})
}

// connect dials control, exchanges first words, and dials the other channels.
func (h *Host) connect(m member.Member) (l *link, err error) {
	ctx, cancel := context.WithTimeout(h.ctx, handshakeTimeout)
	defer cancel()
	dialer := tls.Dialer{Config: h.identity.linkConfig()}
	mine := h.preface(newNonce())
	defer func() {
		if err != nil && l != nil {
			l.close(err)
		}
	}()
	for c := range wire.Channel(wire.Channels) {
		conn, err := dialer.DialContext(ctx, "tcp", m.Addr)
		if err != nil {
			return l, err
		}
		stop := context.AfterFunc(ctx, func() { hangUp(conn) })
		if c == wire.Control {
			l, err = h.firstWords(conn.(*tls.Conn), m, mine)
			mine.hello = nil // once is enough
		} else {
			l.conns[c] = conn
			err = sayPreface(conn, c, mine)
		}
		stop()
		if err != nil {
			hangUp(conn)
			return l, err
		}
	}
	return l, nil
}

// firstWords exchanges prefaces on the control connection.
func (h *Host) firstWords(conn *tls.Conn, m member.Member, mine preface) (*link, error) {
	if err := sayPreface(conn, wire.Control, mine); err != nil {
		return nil, err
	}
	_, theirs, err := hearPreface(conn)
	if err != nil {
		var version *wire.VersionError
		if errors.As(err, &version) {
			sayRefused(conn, err)
		}
		return nil, err
	}
	peer, err := speaker(conn, theirs)
	if err != nil {
		return nil, err
	}
	l := newLink(peer, theirs)
	l.dialed = m.Addr
	l.certify(conn.ConnectionState().PeerCertificates[0])
	l.conns[wire.Control] = conn
	return l, nil
}

// preface returns this node's first frame for a link.
func (h *Host) preface(nonce [16]byte) preface {
	return preface{nonce: nonce, incarnation: h.incarnation, epoch: h.epoch, hello: h.hello}
}

// serve brings a link up and moves its frames until it ends.
func (h *Host) serve(l *link) {
	stop := context.AfterFunc(h.ctx, func() { l.close(errors.New("this node shuts down")) })
	defer stop()
	defer h.expire(l)()
	m, err := h.linkUp(l)
	if err != nil {
		l.refuse(err)
		if !errors.Is(err, errLinked) && h.ctx.Err() == nil {
			h.log.Warn("refused a link: "+err.Error(), "peer", l.peer.Short(), "from", l.conns[wire.Control].RemoteAddr().String())
		}
		if l.dialed != "" {
			failed := member.Member{ID: l.peer, Addr: l.dialed}
			h.submit(h.ctx, h.owner.urgent, func(now causal.Instant) { h.owner.node.DialFailed(now, failed) })
		}
		return
	}
	h.log.Info("linked", "peer", m.Name, "id", m.ID.Short(), "addr", l.conns[wire.Control].RemoteAddr().String())
	if err := h.identity.met(m, l.steward); err != nil {
		h.log.Warn("the peer's address could not be kept for the next start: "+err.Error(), "peer", m.Name)
	}
	l.serve(h.receive, h.faulted(l))
	if h.ctx.Err() == nil {
		h.log.Info("link ended: "+l.reason(), "peer", m.Name, "id", m.ID.Short())
	}
	h.submit(h.ctx, h.owner.urgent, func(now causal.Instant) { h.linkDown(now, l) })
}

// errLinked refuses a second link to one peer.
var errLinked = errors.New("these two nodes are linked already; that link stays")

// linkUp tells the node of the link, unless there is one to the peer that is to stay.
func (h *Host) linkUp(l *link) (m member.Member, err error) {
	switch who, user, ok := node.Speaker(l.preface.hello); {
	case ok && who.ID != l.peer:
		return m, fmt.Errorf("it says it is replica %s, but its key and incarnation are those of %s", who.ID.Short(), l.peer.Short())
	case ok && l.guest != nil:
		role, isKnown := h.cfg.Program.Role(who.Role)
		if err := l.guest.Claim.Speaks(user, who.Role, isKnown && role.Trusted()); err != nil {
			return m, err
		}
	case ok && l.user != "" && user != l.user:
		return m, fmt.Errorf("its certificate is that of a node of the user %s: run it with that --user, at a role that binds one", l.user)
	}
	if why := h.revoked.bars(l); why != "" {
		return m, errors.New(why)
	}
	asked := h.ask(h.ctx, func(now causal.Instant) {
		old := h.links.get(l.peer)
		switch {
		case old == nil && len(h.links.all()) >= LinksMax:
			err = fmt.Errorf("this node has %d links, which is its bound", LinksMax)
			return
		case old != nil && !member.Replaces(h.self, l.peer, old.asMember(), l.asMember()):
			err = errLinked
			return
		case old != nil:
			h.linkDown(now, old)
			old.close(errors.New("a newer link to the same peer replaces it"))
		}
		m, err = h.owner.node.LinkUp(now, l.preface.hello, l.dialed)
		if err != nil {
			return
		}
		h.links.put(l)
		h.relay.Up(now, l.peer)
		if l.steward {
			h.owner.node.MoveHome(now, l.peer)
		}
	})
	return m, errors.Join(asked, err)
}

// linkDown tells the node that a link ended, unless it knows.
func (h *Host) linkDown(now causal.Instant, l *link) {
	if h.links.get(l.peer) != l {
		return
	}
	h.links.forget(l.peer)
	h.relay.Down(l.peer)
	h.owner.node.LinkDown(now, l.peer, l.reason())
}

// receive hands a frame to the owner. Where its queue is full it waits, so
// that TCP holds the peer back.
func (h *Host) receive(l *link, f wire.Frame) error {
	to := h.owner.ordinary
	if f.Channel == wire.Control {
		to = h.owner.urgent
	}
	if f.Channel != wire.Control && h.disk.isFull() {
		if f.Kind != node.KindRequest {
			h.metrics.refusedFull.Inc() // what can't be kept is left to repair
			return nil
		}
		if err := h.awaitSpace(l); err != nil { // a request left out would be overtaken by later ones of its stream
			return err
		}
	}
	if !l.enter(&f) {
		return net.ErrClosed
	}
	in := func(now causal.Instant) {
		defer l.leave(&f)
		if h.links.get(l.peer) != l {
			return // it came behind the end of its link
		}
		receive := h.owner.node.Receive
		if f.Kind == wire.KindSignal {
			receive = h.signal
		}
		if err := receive(now, l.peer, f.Kind, f.Body); err != nil {
			why := fmt.Errorf("it sent a malformed message: %w", err)
			l.blame(why.Error())
			h.linkDown(now, l)
			h.metrics.turnedAwayBy(l, admission.Malformed.String())
			h.dismiss(l, why)
		}
	}
	select {
	case to <- in:
		return nil
	case <-l.done:
		return net.ErrClosed
	}
}

// awaitSpace returns when the disk has space, or fails when the link ends.
func (h *Host) awaitSpace(l *link) error {
	retry := time.NewTicker(fullRetry)
	defer retry.Stop()
	for h.disk.isFull() {
		select {
		case <-retry.C:
		case <-l.done:
			return net.ErrClosed
		}
	}
	return nil
}

// explain turns an error of a handshake into a sentence.
func explain(err error) string {
	var unknown x509.UnknownAuthorityError
	var invalid x509.CertificateInvalidError
	var remote *net.OpError
	switch {
	case errors.As(err, &unknown), errors.As(err, &invalid):
		return "its certificate was not signed by this cluster's authority: it belongs to another cluster, or to none"
	case errors.As(err, &remote) && remote.Op == "remote error":
		return "the other side refuses this node's certificate (" + remote.Err.Error() + "): it belongs to another cluster than this node"
	}
	return err.Error()
}
