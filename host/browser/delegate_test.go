package browser_test

import (
	"crypto/ed25519"
	"encoding/hex"
	"encoding/json"
	"strings"
	"testing"

	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/host/browser"
	"github.com/martinelli-lang/martinelli/trust/admission"
)

// stranger adds a device with a key that nobody has admitted; it is not started.
func (w *world) stranger(name string, peers ...string) *worker {
	seed := make([]byte, ed25519.SeedSize)
	copy(seed, name)
	p := &worker{w: w, name: name, role: "client", key: ed25519.NewKeyFromSeed(seed), inc: 1, peers: peers}
	w.workers = append(w.workers, p)
	return p
}

// lets asks a page for a pass for a device, and returns it or why there is none.
func (p *worker) lets(t *testing.T, device *worker, user string) (admission.Pass, string) {
	t.Helper()
	const ticket = 1 << 41
	delete(p.answers, ticket)
	p.put(&browser.Delegate{Ticket: ticket, Public: device.public(), User: user})
	p.deliver()
	p.w.step()
	if len(p.answers[ticket]) != 1 {
		t.Fatalf("%d answers", len(p.answers[ticket]))
	}
	a := p.answers[ticket][0]
	if a.State != browser.Done {
		return admission.Pass{}, a.Why + ": " + a.Detail
	}
	var text string
	if err := json.Unmarshal(a.Value, &text); err != nil {
		t.Fatal(err)
	}
	b, err := hex.DecodeString(text)
	if err != nil {
		t.Fatal(err)
	}
	pass, err := admission.DecodePass(b)
	if err != nil {
		t.Fatal(err)
	}
	return pass, ""
}

// TestAPageLetsADeviceIn: a device that no server has heard of joins at a page
// while there is no server, reads and writes there as the page's user, and is
// the user's at the server when that is back.
func TestAPageLetsADeviceIn(t *testing.T) {
	for name, serverAfter := range map[string]causal.Instant{"soon": 5 * causal.Second, "once its parts are taken for a stranger's": 60 * causal.Second} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, "presence", "ann", "ben")
			ann := w.page("ann")
			w.page("ben").raise(1, "beat", `{"doing":"reading"}`)
			w.settle(5 * causal.Second)
			w.steward.cut = true
			w.steward.die()
			phone := w.stranger("phone", "ann")
			var why string
			if phone.pass, why = ann.lets(t, phone, "ann"); why != "" {
				t.Fatal(why)
			}
			phone.start()
			w.settle(5 * causal.Second)
			if got := phone.read("last"); !strings.Contains(got, `"ben":`) {
				t.Errorf("the phone reads %s", got)
			}
			phone.raise(1, "beat", `{"doing":"phoning"}`)
			w.settle(5 * causal.Second)
			if got := ann.read("last"); !phone.has(1, browser.Synced) || !strings.Contains(got, `"ann":`) {
				t.Errorf("ann's page reads %s; the phone was told %+v", got, phone.answers[1])
			}
			w.steward.cut = false
			w.steward.start()
			ann.start()
			w.settle(serverAfter)
			phone.peers = []string{"server"}
			phone.die()
			phone.start()
			w.settle(30 * causal.Second)
			if got := w.steward.read("last"); !strings.Contains(got, `"ann":`) {
				t.Errorf("the server reads %s", got)
			}
			phone.raise(2, "beat", `{"doing":"writing"}`)
			w.settle(5 * causal.Second)
			if !phone.has(2, browser.Synced) {
				t.Errorf("with a server the phone was told %+v", phone.answers[2])
			}
		})
	}
}

// TestAPageLetsInNoFurther: as another user, by a pass that was let in itself,
// or under its own key a page gives no pass, and says why.
func TestAPageLetsInNoFurther(t *testing.T) {
	w := newWorld(t, "presence", "ann", "ben")
	ann := w.page("ann")
	w.settle(causal.Second)
	phone, watch := w.stranger("phone", "server"), w.stranger("watch")
	if _, why := ann.lets(t, phone, "ben"); !strings.Contains(why, "devices of ann alone") {
		t.Errorf("as ben: %s", why)
	}
	if _, why := ann.lets(t, ann, "ann"); !strings.Contains(why, "key of its own") {
		t.Errorf("its own key: %s", why)
	}
	phone.pass, _ = ann.lets(t, phone, "ann")
	got, own := phone.pass.Holder(), ann.pass.Holder()
	if len(phone.pass.Blocks) != len(ann.pass.Blocks)+1 || got.Invites != 0 || got.IsTrusted || got.Expires != own.Expires || got.User != "ann" || got.Roles[0] != own.Roles[0] {
		t.Errorf("the phone may %+v, and ann's page %+v", got, own)
	}
	phone.start()
	w.settle(causal.Second)
	if _, why := phone.lets(t, watch, "ann"); !strings.Contains(why, "was let in by an invite itself") {
		t.Errorf("a device of a device: %s", why)
	}
	ann.put(&browser.Delegate{Ticket: 9, Public: watch.public(), User: "ann", IsTrial: true})
	ann.deliver()
	if a := ann.answers[9]; len(a) != 1 || a[0].State != browser.Done || a[0].Value != nil {
		t.Errorf("a trial is answered %+v", a)
	}
}

// TestRevokedWithWhomItLetIn: with the page that let it in a device is revoked,
// at the server and at other pages, and the page lets nobody in any more.
func TestRevokedWithWhomItLetIn(t *testing.T) {
	w := newWorld(t, "presence")
	ann := w.add("ann", "client")
	ben := w.add("ben", "client")
	w.settle(5 * causal.Second)
	phone := w.stranger("phone", "server", "ben")
	phone.pass, _ = ann.lets(t, phone, "ann")
	phone.start()
	w.settle(5 * causal.Second)
	if len(w.steward.linked(phone)) != 1 || len(ben.linked(phone)) != 1 {
		t.Fatal("the phone is not linked")
	}
	w.steward.host.Node().Revoke(w.now, 999, ann.id(), ann.public(), "")
	w.steward.deliver()
	w.settle(10 * causal.Second)
	if n, m := len(w.steward.linked(phone)), len(ben.linked(phone)); n+m != 0 {
		t.Errorf("after ann's page was revoked her phone has %d links to the server and %d to ben's", n, m)
	}
}
