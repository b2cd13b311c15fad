package native

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"github.com/martinelli-lang/martinelli/algebra/causal"
)

// TestRevoked: of a device that is revoked every server hangs up, refuses its pass
// and every pass that was made of it, and gives its key no other; others go on.
func TestRevoked(t *testing.T) {
	first := openDoor(t, diary)
	second := join(t, first, Config{Program: first.cfg.Program, Name: "second", Dir: t.TempDir(), Listen: "127.0.0.1:0", HTTP: "127.0.0.1:0", Login: OpenLogin})
	ann, ben := openPage(t, second, "ann", Config{}), openPage(t, second, "ben", Config{})
	ann.tell("note", "milk")
	first.awaitList("milk", "notes", "ann")
	if _, err := first.Revoke(context.Background(), ann.Self(), ""); err != nil {
		t.Fatal(err)
	}
	ann.log.await(t, "link ended")
	if !ann.log.has("revoked") {
		t.Errorf("ann's page is not told why:\n%s", ann.log)
	}
	key := ann.identity.key
	phone := &guest{t: t, key: key, pass: ann.identity.pass, user: "ann", role: "client", inc: 2}
	c := *phone.pass.Holder()
	invitedKey, _ := newKey(t)
	invited := &guest{t: t, key: invitedKey, user: "ann", role: "client", inc: 1}
	c.Subject, c.Invites = invited.public(), 0
	invited.pass, _ = extend(phone.pass, c, key)
	for _, server := range []*testHost{first, second} {
		for name, g := range map[string]*guest{"under another id": phone, "as a device it invited": invited} {
			g.at = server
			g.speak("ann", "client")
			if _, err := g.link(); err == nil || !strings.Contains(err.Error(), "revoked") {
				t.Errorf("%s lets it in %s: %v", server.cfg.Name, name, err)
			}
		}
	}
	for _, server := range []*testHost{first, second} {
		if _, code, said := server.askAdmit(map[string]any{"key": keyText(key), "user": "ann"}); code != http.StatusForbidden || !strings.Contains(said, "revoked") {
			t.Errorf("%s admits the key again: %d %s", server.cfg.Name, code, said)
		}
	}
	ben.tell("note", "tea")
	first.awaitList("tea", "notes", "ben")
}

// TestRevokedUser: a user's nodes are hung up on, passes, tokens and sessions are
// worth nothing any more, and one who logs in again goes on.
func TestRevokedUser(t *testing.T) {
	server := openDoor(t, diary)
	ann := openPage(t, server, "ann", Config{})
	ann.tell("note", "milk")
	server.awaitList("milk", "notes", "ann")
	server.await("ann to be registered", func() bool { return server.list("everybody") == "ann" })
	old := admitted(t, server, "ann")
	token, err := server.NewUserToken("ann", 0)
	if err != nil {
		t.Fatal(err)
	}
	deskToken, err := server.NewUserToken("ann", 0)
	if err != nil {
		t.Fatal(err)
	}
	word, _, _ := server.sessions.begin("ann", SessionTTL)
	desk := open(t, Config{Program: server.cfg.Program, Name: "desk", Role: "client", User: "ann", Dir: t.TempDir(), Join: server.LinkAddr(), Token: deskToken})
	desk.log.await(t, "linked")
	if _, err := server.Revoke(context.Background(), causal.ReplicaID{}, "ann"); err != nil {
		t.Fatal(err)
	}
	ann.log.await(t, "link ended")
	desk.log.await(t, "revoked")
	if _, err := old.link(); err == nil || !strings.Contains(err.Error(), "revoked") {
		t.Errorf("a pass from before is good: %v", err)
	}
	if _, code, said := server.askAdmit(map[string]any{"key": keyText(old.key), "secret": token}); code != http.StatusForbidden {
		t.Errorf("a token from before is good: %d %s", code, said)
	}
	if _, ok := server.sessions.user(word); ok {
		t.Error("a session goes on")
	}
	again := openPage(t, server, "ann", Config{})
	again.tell("note", "tea")
	server.awaitList("milk tea", "notes", "ann")
}
