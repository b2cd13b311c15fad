package native

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/node"
	"github.com/martinelli-lang/martinelli/store"
	"github.com/martinelli-lang/martinelli/trust/admission"
	"github.com/martinelli-lang/martinelli/value"
	"github.com/martinelli-lang/martinelli/wire"
)

// diary is a program whose notes nobody has but their owner and his friends.
const diary = `
database :friends, set<id>, :by => :user_id, :replicated => true
database :notes, set<string>, :replicated => :user_id
on_befriend do |other: id| friends[:user_id].add(other) end
on_note do |text: string| notes[:user_id].add(text) end
on_slip do |whose: id, text: string| notes[whose].add(text) end
view :all do notes.keys end
view :everybody do users end
allow :read, notes, :revoke => :future do |me| me == user_id or me in friends[:user_id] end
allow :write, notes do |me| me == user_id or me in friends[:user_id] end
`

// openDoor opens a server that admits everybody by a name.
func openDoor(t *testing.T, text string) *testHost {
	return open(t, Config{Program: compile(t, text), Name: "server", Dir: t.TempDir(), Listen: "127.0.0.1:0", HTTP: "127.0.0.1:0", Login: OpenLogin})
}

func (h *testHost) tell(event string, args ...string) {
	h.t.Helper()
	q := node.RaiseRequest{Event: event}
	for _, a := range args {
		q.Args = append(q.Args, value.String(a))
	}
	a, err := h.Raise(context.Background(), q)
	if err != nil || !a.Committed {
		h.t.Fatalf("%s raises %s%q: %+v, %v", h.cfg.Name, event, args, a, err)
	}
}

// list returns what a set or view shows, with spaces between.
func (h *testHost) list(name string, key ...string) string {
	h.t.Helper()
	q := node.ReadRequest{Name: name}
	for _, k := range key {
		q.Key = append(q.Key, value.String(k))
	}
	a, err := h.Read(context.Background(), q)
	if err != nil || a.Reading == nil {
		h.t.Fatalf("%s reads %s: %+v, %v", h.cfg.Name, name, a, err)
	}
	var words []string
	for _, v := range a.Reading.Value.Elems() {
		words = append(words, v.AsString())
	}
	return strings.Join(words, " ")
}

func (h *testHost) awaitList(want, name string, key ...string) {
	h.t.Helper()
	defer func() {
		if h.t.Failed() {
			h.t.Logf("%s shows %q", h.cfg.Name, h.list(name, key...))
		}
	}()
	h.await(name+" to be "+want, func() bool { return h.list(name, key...) == want })
}

// TestPagesLink: two pages that have nothing but a pass share what they may by
// way of a server, and what one may not read never comes to it.
func TestPagesLink(t *testing.T) {
	server := openDoor(t, diary)
	ann, ben, cat := openPage(t, server, "ann", Config{}), openPage(t, server, "ben", Config{}), openPage(t, server, "cat", Config{})
	ann.tell("note", "milk")
	cat.tell("note", "cocoa")
	server.awaitList("milk", "notes", "ann")
	ben.awaitList("ann ben cat", "everybody")
	ben.tell("note", "tea")
	server.awaitList("ann ben cat", "all")
	if got := ben.list("all"); got != "ben" {
		t.Errorf("ben's page has the notes of %q", got)
	}
	ann.tell("befriend", "ben")
	ben.awaitList("milk", "notes", "ann")
	ben.tell("slip", "ann", "rum")
	ann.awaitList("milk rum", "notes", "ann")
	has := keptSpaces(t, cat)
	for user, want := range map[string]bool{"ann": false, "ben": false, "cat": true} {
		if has[causal.SpaceOf(server.identity.cluster(), "user_id="+user)] != want {
			t.Errorf("cat's page keeps %s's space: %v", user, !want)
		}
	}
}

// keptSpaces closes a node and returns the spaces of which its store holds parts,
// whatever the node showed.
func keptSpaces(t *testing.T, h *testHost) map[causal.SpaceID]bool {
	t.Helper()
	if err := h.Close(); err != nil {
		t.Fatal(err)
	}
	d, err := openDisk(h.cfg.Dir, diskOptions{fs: vfs.Default, log: silent, written: true})
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	s, err := store.Open(d)
	if err != nil {
		t.Fatal(err)
	}
	spaces := map[causal.SpaceID]bool{}
	for c := range lastSeqs(t, s) {
		spaces[c.Space] = true
	}
	return spaces
}

// turnedAway returns how many the door refused for a reason.
func turnedAway(t *testing.T, h *testHost, why string) (n int) {
	t.Helper()
	r, err := http.Get("http://" + h.HTTPAddr() + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	text, _ := io.ReadAll(r.Body)
	if _, rest, ok := strings.Cut(string(text), `martinelli_door_refused_total{why="`+why+`"} `); ok {
		fmt.Sscan(rest, &n)
	}
	return n
}

// TestDoorRefusals: whoever does not come in is told why, and it is counted.
func TestDoorRefusals(t *testing.T) {
	server := openDoor(t, diary)
	other := openDoor(t, diary)
	good := admitted(t, server, "ann")
	if l, err := good.link(); err != nil {
		t.Fatal(err)
	} else {
		server.log.await(t, "linked")
		l.close(nil)
	}
	for _, c := range []struct {
		name   string
		change func(*guest)
		want   string
		kind   string
	}{
		{"no pass", func(g *guest) { g.pass.Blocks = nil }, "no pass", "malformed"},
		{"another cluster's pass", func(g *guest) { g.pass = admitted(t, other, "ann").pass }, "for the cluster", "foreign"},
		{"somebody else's pass", func(g *guest) { g.pass = admitted(t, server, "ben").pass }, "another key", "forged"},
		{"a pass written over", func(g *guest) { g.pass.Blocks[1].User = "root" }, "not good", "forged"},
		{"another user's words", func(g *guest) { g.speak("ben", "client") }, "of the user ann", ""},
		{"a server's words", func(g *guest) { g.speak("", "server") }, "speaks as a server", ""},
		{"another replica's words", func(g *guest) { g.inc++ }, "it says it is replica", ""},
		{"an expired pass", func(g *guest) {
			c := *g.pass.Holder()
			c.Expires = 1
			g.pass, _ = extend(g.pass, c, g.key)
		}, "has expired", "expired"},
	} {
		t.Run(c.name, func(t *testing.T) {
			g := admitted(t, server, "ann")
			c.change(g)
			before := turnedAway(t, server, c.kind)
			l, err := g.link()
			said := ""
			if err != nil {
				said = err.Error()
			} else {
				said = heard(l)
			}
			if !strings.Contains(said, c.want) {
				t.Errorf("it is told %q, want %q", said, c.want)
			}
			if after := turnedAway(t, server, c.kind); c.kind != "" && after != before+1 {
				t.Errorf("it is counted %v times as %s", after-before, c.kind)
			}
		})
	}
}

// TestAPassEnds: a link ends with the pass it came by.
func TestAPassEnds(t *testing.T) {
	server := openDoor(t, diary)
	g := admitted(t, server, "ann")
	c := *g.pass.Holder()
	c.Expires = newClock()() + causal.Second
	g.pass, _ = extend(g.pass, c, g.key)
	l, err := g.link()
	if err != nil {
		t.Fatal(err)
	}
	if said := heard(l); !strings.Contains(said, "expired") {
		t.Errorf("it is told %q", said)
	}
}

// TestInvited: a device that a page invites comes in without asking a server
// first, and may no more than it was given.
func TestInvited(t *testing.T) {
	server := openDoor(t, diary)
	ann := admitted(t, server, "ann")
	key, _ := newKey(t)
	c := *ann.pass.Holder()
	phone := &guest{t: t, at: server, key: key, user: "ann", role: c.Roles[0], inc: 1}
	c.Subject, c.Invites = phone.public(), 0
	phone.pass, _ = extend(ann.pass, c, ann.key)
	phone.speak("ann", phone.role)
	l, err := phone.link()
	if err != nil {
		t.Fatal(err)
	}
	server.log.await(t, "linked")
	l.close(nil)
	c.User = "ben"
	if _, err := extend(ann.pass, c, ann.key); err == nil {
		t.Error("ann invites a device of ben's")
	}
}

// TestTheDoorsRequests: what is no WebSocket of a link is refused in a sentence.
func TestTheDoorsRequests(t *testing.T) {
	server := openDoor(t, diary)
	get := func(path string, headers ...string) (int, string) {
		r, _ := http.NewRequest("GET", "http://"+server.HTTPAddr()+path, nil)
		for i := 0; i < len(headers); i += 2 {
			if headers[i] == "Host" {
				r.Host = headers[i+1]
			}
			r.Header.Set(headers[i], headers[i+1])
		}
		answer, err := http.DefaultTransport.RoundTrip(r)
		if err != nil {
			t.Fatal(err)
		}
		defer answer.Body.Close()
		if answer.StatusCode == http.StatusSwitchingProtocols {
			return answer.StatusCode, ""
		}
		text, _ := io.ReadAll(answer.Body)
		return answer.StatusCode, string(text)
	}
	upgrade := []string{"Upgrade", "websocket", "Connection", "Upgrade", "Sec-WebSocket-Version", "13", "Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="}
	for _, c := range []struct {
		path    string
		headers []string
		code    int
		want    string
	}{
		{"/v1/link?channel=control", nil, 426, "no WebSocket"},
		{"/v1/link?channel=gossip", upgrade, 400, "no such channel"},
		{"/v1/link?channel=control", append([]string{"Origin", "http://evil.example"}, upgrade...), 403, "evil.example"},
		{"/v1/link?channel=control", append([]string{"Host", "evil.example"}, upgrade...), 403, "not a name of this node"},
		{"/v1/link?channel=control", upgrade, 101, ""},
		{"/v1/plan?role=nobody", nil, 404, "no role nobody"},
	} {
		code, said := get(c.path, c.headers...)
		if code != c.code || !strings.Contains(said, c.want) {
			t.Errorf("%s %q: %d %s", c.path, c.headers, code, said)
		}
	}
}

// TestTheDoorIsNarrow: of connections that say nothing there are so many and no
// more, a slow one is hung up on, and who comes too often is asked to wait.
func TestTheDoorIsNarrow(t *testing.T) {
	server := openDoor(t, diary)
	for range OpeningsMax {
		if _, err := dialWeb(t, server, wire.Bulk); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := dialWeb(t, server, wire.Bulk); err == nil || !strings.Contains(err.Error(), "which is the bound") {
		t.Errorf("one more than the bound: %v", err)
	}
	now := time.Unix(1, 0)
	m := newMeter(func() time.Time { return now }, 1, 3)
	taken := func(from string) (n int) {
		for range 10 {
			if m.take(from) {
				n++
			}
		}
		return n
	}
	if a, b := taken("a"), taken("b"); a != 3 || b != 3 {
		t.Errorf("%d and %d of 3 at once", a, b)
	}
	now = now.Add(2 * time.Second)
	if a := taken("a"); a != 2 {
		t.Errorf("%d after 2 seconds", a)
	}
	for i := range AddressesMax + 100 {
		m.take(string(rune(i + 1000)))
	}
	if len(m.buckets) > AddressesMax+1 {
		t.Errorf("%d addresses are told apart", len(m.buckets))
	}
}

// TestAdmit: who a page is comes from a token, once, or from the
// login hook; each refusal is a sentence.
func TestAdmit(t *testing.T) {
	closed := open(t, Config{Program: compile(t, diary), Name: "server", Dir: t.TempDir(), Listen: "127.0.0.1:0", HTTP: "127.0.0.1:0"})
	server := openDoor(t, diary)
	_, key := newKey(t)
	_, key2 := newKey(t)
	token, err := closed.NewUserToken("ann", 0)
	if err != nil {
		t.Fatal(err)
	}
	anybodys, _ := closed.NewToken(0)
	foreign, _ := server.NewUserToken("ann", 0)
	for _, c := range []struct {
		at       *testHost
		question map[string]any
		code     int
		want     string
	}{
		{closed, map[string]any{"key": key}, 401, "by token alone"},
		{closed, map[string]any{"key": key, "user": "ann"}, 401, "by token alone"},
		{closed, map[string]any{"key": "x", "secret": token}, 400, "32 bytes"},
		{closed, map[string]any{"key": key, "secret": "x"}, 403, "not a join token"},
		{closed, map[string]any{"key": key, "secret": anybodys}, 403, "admits a server"},
		{closed, map[string]any{"key": key, "secret": foreign}, 403, "another cluster"},
		{closed, map[string]any{"key": key, "secret": token, "role": "server"}, 400, "no role server that binds a user"},
		{closed, map[string]any{"key": key, "secret": token}, 200, `"user":"ann"`},
		{closed, map[string]any{"key": key, "secret": token}, 200, `"role":"client"`},
		{closed, map[string]any{"key": key2, "secret": token}, 403, "used already"},
		{server, map[string]any{"key": key, "user": ""}, 400, "not a name"},
		{server, map[string]any{"key": key, "user": strings.Repeat("x", 257)}, 400, "not a name"},
		{server, map[string]any{"key": key, "user": "ann", "extra": 1}, 200, `"pass"`},
	} {
		_, code, said := c.at.askAdmit(c.question)
		if code != c.code || !strings.Contains(said, c.want) {
			t.Errorf("%v: %d %s, want %d %q", c.question, code, said, c.code, c.want)
		}
	}
	p := admitted(t, server, "ann").pass
	checks, err := p.Judge(&admission.Authority{Cluster: server.identity.cluster(), Root: server.identity.admitting().Root}, newClock()())
	if err != nil || len(checks) != 2 {
		t.Errorf("the pass is %+v: %v", p, err)
	}
	for range AdmitBurst {
		server.askAdmit(map[string]any{"key": key, "user": "ann"})
	}
	if _, code, said := server.askAdmit(map[string]any{"key": key, "user": "ann"}); code != 429 {
		t.Errorf("asked for too often: %d %s", code, said)
	}
}

// TestAnotherServerAdmits: a server that has joined is a door as well.
func TestAnotherServerAdmits(t *testing.T) {
	first := openDoor(t, diary)
	second := join(t, first, Config{Program: first.cfg.Program, Name: "second", Dir: t.TempDir(), Listen: "127.0.0.1:0", HTTP: "127.0.0.1:0", Login: OpenLogin})
	ann, ben := openPage(t, second, "ann", Config{}), openPage(t, first, "ben", Config{})
	ann.tell("note", "milk")
	first.awaitList("milk", "notes", "ann")
	ben.awaitList("ann ben", "everybody")
}
