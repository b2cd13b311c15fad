package native

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/coder/websocket"

	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/node"
	"github.com/martinelli-lang/martinelli/store"
	"github.com/martinelli-lang/martinelli/trust/admission"
	"github.com/martinelli-lang/martinelli/wire"
)

// guest is a page as these tests play it: a key, a pass, first words, and frames
// of its own making.
type guest struct {
	t     *testing.T
	at    *testHost
	key   ed25519.PrivateKey
	pass  admission.Pass
	user  string
	role  string
	inc   uint64
	hello []byte
}

// askAdmit posts a question to /v1/admit.
func (h *testHost) askAdmit(question map[string]any) (a admitAnswer, code int, said string) {
	h.t.Helper()
	body, _ := json.Marshal(question)
	r, err := http.Post("http://"+h.HTTPAddr()+"/v1/admit", "application/json", bytes.NewReader(body))
	if err != nil {
		h.t.Fatal(err)
	}
	defer r.Body.Close()
	text, _ := io.ReadAll(r.Body)
	json.Unmarshal(text, &a)
	return a, r.StatusCode, string(text)
}

func newKey(t *testing.T) (ed25519.PrivateKey, string) {
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key, keyText(key)
}

// keyText is the public key as /v1/admit takes it.
func keyText(key ed25519.PrivateKey) string {
	return base64.RawURLEncoding.EncodeToString(key.Public().(ed25519.PublicKey))
}

func readPass(t *testing.T, text string) admission.Pass {
	t.Helper()
	raw, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil {
		t.Fatal(err)
	}
	p, err := admission.DecodePass(raw)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// admitted is a guest with a pass of its own, for a user.
func admitted(t *testing.T, at *testHost, user string) *guest {
	t.Helper()
	key, text := newKey(t)
	a, code, said := at.askAdmit(map[string]any{"key": text, "user": user})
	if code != http.StatusOK {
		t.Fatalf("%s is not admitted: %d %s", user, code, said)
	}
	g := &guest{t: t, at: at, key: key, pass: readPass(t, a.Pass), user: user, role: a.Role, inc: 1}
	g.speak(g.user, g.role)
	return g
}

func (g *guest) public() [32]byte { return [32]byte(g.key.Public().(ed25519.PublicKey)) }

// speak makes the first words of a node of that user and role.
func (g *guest) speak(user, role string) {
	g.t.Helper()
	steward, err := g.at.identity.steward()
	if err != nil {
		g.t.Fatal(err)
	}
	key := causal.Key{Public: g.public(), Incarnation: g.inc}
	n, err := node.Open(causal.Instant(time.Now().UnixNano()), node.Config{
		Key: key, Name: user, Role: role, User: user, Addr: pagePrefix + key.ID().String(), Cluster: g.at.identity.cluster(),
		Steward: steward, Program: g.at.cfg.Program, Disk: store.NewMem(), Seed: 1,
	})
	if err != nil {
		g.t.Fatal(err)
	}
	g.hello = n.Hello()
}

// config is the guest's side of the handshake.
func (g *guest) config() admission.Config {
	cfg := admission.Config{
		Authority: g.at.identity.admitting(), Key: causal.Key{Public: g.public(), Incarnation: g.inc}, Pass: g.pass,
		Nonce: newNonce(), Epoch: 1, Hello: g.hello,
	}
	rand.Read(cfg.Random[:])
	return cfg
}

// dialWeb opens one WebSocket to the door.
func dialWeb(t *testing.T, at *testHost, c wire.Channel) (*webConn, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	url := "ws://" + at.HTTPAddr() + "/v1/link?channel=" + c.String()
	socket, r, err := websocket.Dial(ctx, url, &websocket.DialOptions{Subprotocols: []string{protocolLink}})
	if err != nil {
		if r != nil {
			text, _ := io.ReadAll(r.Body)
			err = fmt.Errorf("%w: %s", err, text)
		}
		return nil, err
	}
	conn := newWebConn(context.Background(), socket, "")
	t.Cleanup(func() { conn.Close() })
	return conn, nil
}

// link leads the handshake and opens the other channels.
func (g *guest) link() (*link, error) {
	g.t.Helper()
	control, err := dialWeb(g.t, g.at, wire.Control)
	if err != nil {
		return nil, err
	}
	cfg := g.config()
	control.SetDeadline(time.Now().Add(10 * time.Second))
	me := &Host{cfg: Config{Clock: newClock()}, identity: &identity{key: g.key}}
	peer, err := me.converse(control, cfg, nil)
	if err != nil {
		return nil, err
	}
	control.SetDeadline(time.Time{})
	l := newLink(peer.Key.ID(), preface{})
	l.welcome(peer)
	l.conns[wire.Control] = control
	for c := wire.Commits; int(c) < wire.Channels; c++ {
		conn, err := dialWeb(g.t, g.at, c)
		if err != nil {
			return nil, err
		}
		if _, err := conn.Write(wire.AppendFrame(nil, c, wire.KindGreeting, cfg.Nonce[:])); err != nil {
			return nil, err
		}
		l.conns[c] = conn
	}
	return l, nil
}

// heard returns the sentence with which the other side hangs up on a link.
func heard(l *link) string {
	conn := l.conns[wire.Control]
	conn.SetReadDeadline(time.Now().Add(10 * time.Second))
	frames := wire.NewFrameReader(conn, wire.FrameMax)
	for {
		f, err := frames.Next()
		if err != nil {
			return err.Error()
		}
		if f.Kind == kindRefused {
			return string(f.Body)
		}
	}
}

// openPage opens a whole node that has nothing but a pass, and links it to a
// server as a page does.
func openPage(t *testing.T, at *testHost, user string, cfg Config) *testHost {
	t.Helper()
	cfg.Dir = t.TempDir()
	key, text := newKey(t)
	a, code, said := at.askAdmit(map[string]any{"key": text, "user": user})
	if code != http.StatusOK {
		t.Fatalf("%s is not admitted: %d %s", user, code, said)
	}
	pass := readPass(t, a.Pass)
	f := dirFiles{vfs.Default, cfg.Dir}
	nobody, err := newAuthority(newMemFiles()) // whose word no other node takes: the page has a pass and nothing else
	if err != nil {
		t.Fatal(err)
	}
	cert, err := nobody.sign(user, user, key.Public().(ed25519.PublicKey), false)
	if err != nil {
		t.Fatal(err)
	}
	id := &identity{files: f}
	for _, err := range []error{
		writeKey(f, nodeKeyFile, key), writeCert(f, nodeCertFile, cert), writeCert(f, authorityCertFile, at.identity.authority.cert.Raw),
		f.write(passFile, pass.AppendTo(nil)), id.save(identityRecord{Incarnation: 1, Steward: a.Steward}),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	cfg.Role, cfg.User, cfg.Name = a.Role, user, user
	if cfg.Program == nil {
		cfg.Program = at.cfg.Program
	}
	page := open(t, cfg)
	page.linkOpen(at)
	return page
}

// linkOpen links a node to a server over WebSockets.
func (h *testHost) linkOpen(to *testHost) {
	h.t.Helper()
	g := &guest{t: h.t, at: to, key: h.identity.key, pass: h.identity.pass, user: h.cfg.User, role: h.cfg.Role, inc: h.incarnation, hello: h.hello}
	l, err := g.link()
	if err != nil {
		h.t.Fatalf("%s can't link: %v; the log there is\n%s", h.cfg.User, err, to.log)
	}
	l.dialed = "page:" + l.peer.String() // so that nobody dials it again by TCP
	h.edge.Go(func() { h.serve(l) })
	h.log.await(h.t, "linked")
	to.awaitLink(h)
}
