package native

import (
	"crypto/tls"
	"errors"
	"io"
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/wire"
)

// TestJoinRefusals: each is a sentence at the joiner and in the log of the first node.
func TestJoinRefusals(t *testing.T) {
	a, b := pair(t)
	other := open(t, Config{Name: "olga", Listen: "127.0.0.1:0"})
	mint := func(h *testHost, ttl time.Duration) string {
		t.Helper()
		k, err := h.NewToken(ttl)
		if err != nil {
			t.Fatal(err)
		}
		return k
	}
	used := mint(a, 0)
	join := func(at *testHost, token string) error {
		_, err := tryOpen(t, Config{Name: "carl", Join: at.LinkAddr(), Token: token})
		return err
	}
	if err := join(a, used); err != nil {
		t.Fatal(err)
	}
	ca := fingerprintOf(a.identity.authority.cert)
	for _, c := range []struct {
		name, token string
		at          *testHost
		want        string
		said        string // in the log of at
	}{
		{"a used token", used, a, "used already", "used already"},
		{"an expired token", mint(a, time.Nanosecond), a, "expired", "expired"},
		{"a token nobody gave out", token{authority: ca}.String(), a, "never gave out that token", "never gave out that token"},
		{"no token at all", "", a, "needs a token", ""},
		{"something else as a token", "hello", a, "not a join token", ""},
		{"a token of another cluster", mint(other, 0), a, "belongs to another cluster", "bad certificate"},
		{"a member that is not the first node", mint(a, 0), b, "only its first node admits others", "bad certificate"},
	} {
		t.Run(c.name, func(t *testing.T) {
			err := join(c.at, c.token)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Fatalf("the joiner says %v, want %q", err, c.want)
			}
			c.at.log.await(t, c.said)
		})
	}
	if _, err := b.NewToken(0); err == nil {
		t.Error("a node that is not the first one gave out a token")
	}
}

// TestTokensSurviveRestart: a token is spent once and for all, and one that is
// not spent is still good.
func TestTokensSurviveRestart(t *testing.T) {
	dir := t.TempDir()
	a := open(t, Config{Dir: dir, Listen: "127.0.0.1:0"})
	used, _ := a.NewToken(0)
	fresh, _ := a.NewToken(0)
	if _, err := tryOpen(t, Config{Join: a.LinkAddr(), Token: used}); err != nil {
		t.Fatal(err)
	}
	a.Close()
	a = open(t, Config{Dir: dir, Listen: "127.0.0.1:0"})
	if _, err := tryOpen(t, Config{Join: a.LinkAddr(), Token: used}); err == nil || !strings.Contains(err.Error(), "used already") {
		t.Errorf("the used token: %v", err)
	}
	if _, err := tryOpen(t, Config{Join: a.LinkAddr(), Token: fresh}); err != nil {
		t.Errorf("the fresh token: %v", err)
	}
}

// TestOtherTypeIsRefused: a program that gives a known database another type
// is refused with a sentence on both sides; one with another database is fine.
func TestOtherTypeIsRefused(t *testing.T) {
	a, _ := pair(t)
	token, _ := a.NewToken(0)
	c := open(t, Config{Name: "carl", Join: a.LinkAddr(), Token: token,
		Program: compile(t, "database :counters, set<id>, :by => :ad_id, :replicated => true\n")})
	c.log.await(t, "counters")
	a.log.await(t, "counters")
	d := join(t, a, Config{Name: "dora", Program: compile(t, impressions+"database :extra, gcounter, :replicated => true\n")})
	a.shown("a1")
	d.awaitCount("a1", 1)
}

// impostor opens a connection to a node with somebody's certificate.
func impostor(t *testing.T, to *testHost, config *tls.Config) *tls.Conn {
	t.Helper()
	conn, err := tls.Dial("tcp", to.LinkAddr(), config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	conn.SetDeadline(time.Now().Add(20 * time.Second))
	return conn
}

func TestForeignCertificateIsRefused(t *testing.T) {
	a, _ := pair(t)
	other := open(t, Config{Name: "olga"})
	config := other.identity.linkConfig()
	config.RootCAs = a.identity.authority.pool()
	conn := impostor(t, a, config)
	_, _, err := hearPreface(conn)
	if err == nil || !strings.Contains(explain(err), "refuses this node's certificate") {
		t.Errorf("the dialler says %v", err)
	}
	a.log.await(t, "was not signed by this cluster's authority")

	// The other way round: a node that dials somebody of another cluster.
	if _, err := tls.Dial("tcp", a.LinkAddr(), other.identity.linkConfig()); err == nil || !strings.Contains(explain(err), "another cluster") {
		t.Errorf("dialling another cluster: %v", err)
	}
}

func TestUnknownVersionIsRefused(t *testing.T) {
	a, b := pair(t)
	conn := impostor(t, a, b.identity.linkConfig())
	frame := wire.AppendFrame(nil, wire.Control, wire.KindHello, nil)
	frame[4] = 9
	if _, err := conn.Write(frame); err != nil {
		t.Fatal(err)
	}
	var said refusal
	if _, _, err := hearPreface(conn); !errors.As(err, &said) || !strings.Contains(said.Error(), "protocol version 9") {
		t.Errorf("the dialler is told %v", err)
	}
	a.log.await(t, "protocol version 9")
}

// fakePeer is a link to a node whose frames the test writes itself. It speaks
// with the certificate of b, in another incarnation: so it is another replica.
func fakePeer(t *testing.T, a, b *testHost) (conns [wire.Channels]*tls.Conn) {
	t.Helper()
	mine := preface{nonce: newNonce(), incarnation: 99, epoch: 1}
	mine.hello = b.hello
	for c := range wire.Channel(wire.Channels) {
		conns[c] = impostor(t, a, b.identity.linkConfig())
		if err := sayPreface(conns[c], c, mine); err != nil {
			t.Fatal(err)
		}
		if c == wire.Control {
			if _, _, err := hearPreface(conns[c]); err != nil {
				t.Fatal(err)
			}
		}
	}
	return conns
}

// TestStolenNameIsRefused: a member can't speak as another replica.
func TestStolenNameIsRefused(t *testing.T) {
	a, b := pair(t)
	conns := fakePeer(t, a, b)
	frames := wire.NewFrameReader(conns[wire.Control], wire.FrameMax)
	for {
		f, err := frames.Next()
		if err != nil {
			t.Fatalf("the impostor was not told why: %v", err)
		}
		if f.Kind == kindRefused {
			if !strings.Contains(string(f.Body), "its key and incarnation are those of") {
				t.Errorf("refused: %s", f.Body)
			}
			break
		}
	}
	a.log.await(t, "its key and incarnation are those of")
	b.shown("a1")
	a.awaitCount("a1", 1)
}

// TestDamagedFrames puts a damaged frame on a live link: the link ends
// with a sentence, and the other peer does not notice.
func TestDamagedFrames(t *testing.T) {
	for _, c := range []struct {
		name   string
		damage func([]byte) []byte
		said   string
	}{
		{"a flipped bit", func(b []byte) []byte { b[len(b)-1] ^= 1; return b }, "checksum"},
		{"an endless length", func(b []byte) []byte { b[3] = 0xff; return b }, "over its limit"},
		{"another version", func(b []byte) []byte { b[4] ^= 0x40; return b }, "protocol version"},
		{"no such channel", func(b []byte) []byte { b[5] = 77; return b }, "channel that does not exist"},
		{"a truncated frame", func(b []byte) []byte { return b[:len(b)-1] }, "link ended"},
		{"an unknown kind", func([]byte) []byte { return wire.AppendFrame(nil, wire.Commits, 200, []byte("x")) }, "unknown kind"},
	} {
		t.Run(c.name, func(t *testing.T) {
			a, b := pair(t)
			other := join(t, a, Config{Name: "carl"})
			l := a.links.get(b.self)
			body := []byte("some words to damage")
			damaged := c.damage(wire.AppendFrame(nil, wire.Commits, 3, body))
			if !l.queues[wire.Commits].push(len(damaged), func(q []byte) []byte { return append(q, damaged...) }) {
				t.Fatal("the queue is full")
			}
			if c.name == "a truncated frame" {
				l.queues[wire.Commits].close()
			}
			b.log.await(t, "link ended")
			b.log.await(t, c.said)
			a.shown("a1")
			other.awaitCount("a1", 1)
			if other.log.has("link ended") {
				t.Error("the other peer's link ended too")
			}
		})
	}
}

// TestSlowPeer: a peer that stops reading fills its own queue and nothing else.
func TestSlowPeer(t *testing.T) {
	conn, stalled := net.Pipe()
	defer stalled.Close()
	l := newLink([16]byte{1}, preface{})
	for c := range l.conns {
		l.conns[c] = conn
	}
	done := make(chan error, 1)
	go func() { done <- l.write(wire.Commits) }()
	body := make([]byte, 1<<20)
	for range 2 * CommitsSizeMax / len(body) {
		l.queues[wire.Commits].push(len(body), func(b []byte) []byte { return append(b, body...) })
	}
	s := l.queues[wire.Commits].status()
	if s.Size > CommitsSizeMax || s.Dropped == 0 {
		t.Errorf("%d bytes wait, %d frames were dropped", s.Size, s.Dropped)
	}
	l.close(io.EOF)
	if err := <-done; err == nil {
		t.Error("the writer ended without an error")
	}
}

// TestSendQueue: bytes come out in order, and no more wait than the bound.
func TestSendQueue(t *testing.T) {
	q := newSendQueue(10)
	add := func(s string) bool {
		return q.push(len(s), func(b []byte) []byte { return append(b, s...) })
	}
	if !add("hello") || !add("world") || add("!") {
		t.Error("the bound is 10 bytes")
	}
	if b, ok := q.take(nil); !ok || string(b) != "helloworld" {
		t.Errorf("took %q", b)
	}
	if !add("again") {
		t.Error("what was taken still counts")
	}
	q.close()
	if b, ok := q.take(nil); !ok || string(b) != "again" {
		t.Errorf("what waited before close: %q", b)
	}
	if _, ok := q.take(nil); ok || add("late") {
		t.Error("a closed queue goes on")
	}
	if s := q.status(); s.Sent != 15 || s.Dropped != 2 {
		t.Errorf("%+v", s)
	}
}

// TestCutAndHeal cuts the wire between two nodes with a proxy. Both go on
// alone, and agree again when it heals.
func TestCutAndHeal(t *testing.T) {
	a := open(t, Config{Name: "ada", Listen: "127.0.0.1:0"})
	p := newProxy(t, a.LinkAddr())
	token, _ := a.NewToken(0)
	b := open(t, Config{Name: "bob", Join: p.addr, Token: token})
	b.log.await(t, "linked")
	p.cut.Store(true)
	p.dropAll()
	b.log.await(t, "link ended")
	a.shown("a1")
	b.shown("a1")
	p.cut.Store(false)
	a.awaitCount("a1", 2)
	b.awaitCount("a1", 2)
}

// TestClockAhead: a node whose clock is a hundred years ahead joins, links and
// converges like any other.
func TestClockAhead(t *testing.T) {
	a := open(t, Config{Name: "ada", Listen: "127.0.0.1:0"})
	wall := newClock()
	const century = 100 * 365 * 24 * 3600 * causal.Second
	b := join(t, a, Config{Name: "bob", Clock: func() causal.Instant { return wall() + century }})
	a.shown("a1")
	b.shown("a1")
	a.awaitCount("a1", 2)
	b.awaitCount("a1", 2)
}

// proxy passes connections on until it is cut.
type proxy struct {
	addr  string
	cut   atomic.Bool
	conns chan net.Conn
}

func newProxy(t *testing.T, to string) *proxy {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &proxy{addr: ln.Addr().String(), conns: make(chan net.Conn, 1024)}
	var pipes crew
	pipes.Go(func() {
		for {
			conn, err := ln.Accept()
			if err != nil {
				return
			}
			if p.cut.Load() {
				conn.Close()
				continue
			}
			out, err := net.Dial("tcp", to)
			if err != nil {
				conn.Close()
				continue
			}
			p.conns <- conn
			p.conns <- out
			pipes.Go(func() { io.Copy(conn, out); conn.Close(); out.Close() })
			pipes.Go(func() { io.Copy(out, conn); conn.Close(); out.Close() })
		}
	})
	t.Cleanup(func() {
		ln.Close()
		p.dropAll()
		pipes.wait()
	})
	return p
}

// dropAll closes what passes through the proxy.
func (p *proxy) dropAll() {
	for {
		select {
		case conn := <-p.conns:
			conn.Close()
		default:
			return
		}
	}
}

// TestACertificateNamesItsUser: who was admitted as a user's node starts as no
// other, and is refused where it says it is another.
func TestACertificateNamesItsUser(t *testing.T) {
	a, _ := pair(t)
	token, err := a.NewUserToken("ann", 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tryOpen(t, Config{Name: "eve", Join: a.LinkAddr(), Token: token}); err == nil || !strings.Contains(err.Error(), "a node of the user ann") {
		t.Errorf("a node of nobody starts with ann's token: %v", err)
	}
	known := a.links.all()[0]
	lie := &link{peer: known.peer, preface: known.preface, user: "ann"}
	if _, err := a.linkUp(lie); err == nil || !strings.Contains(err.Error(), "its certificate is that of a node of the user ann") {
		t.Errorf("who is ann's by the certificate and nobody's by the words: %v", err)
	}
}
