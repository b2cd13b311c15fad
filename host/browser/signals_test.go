package browser_test

import (
	"encoding/hex"
	"strings"
	"testing"

	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/host/browser"
	"github.com/martinelli-lang/martinelli/overlay/signal"
)

// call begins what a dial of a page is: an offer by the smaller id, which the
// greater one asks for. Its number is that of the attempt.
func (p *worker) call(link uint64, to string) {
	var id causal.ReplicaID
	if _, err := hex.Decode(id[:], []byte(to)); err != nil {
		p.w.t.Fatal(err)
	}
	kind := signal.Call
	if signal.Offers(p.id(), id) {
		kind = signal.Offer
	}
	p.put(&browser.Signal{To: id, Kind: byte(kind), Attempt: link})
}

// signalled plays a browser: a call is answered with an offer, an offer with an
// answer, and with an answer there is a connection.
func (p *worker) signalled(l *browser.Signalled) {
	p.w.signals = append(p.w.signals, signal.Kind(l.Kind))
	switch signal.Kind(l.Kind) {
	case signal.Call:
		p.put(&browser.Signal{To: l.From, Kind: byte(signal.Offer), Attempt: l.Attempt})
	case signal.Offer:
		p.put(&browser.Signal{To: l.From, Kind: byte(signal.Answer), Attempt: l.Attempt})
	case signal.Answer:
		for _, to := range p.w.workers {
			if to.id() == l.From && len(p.linked(to)) == 0 {
				p.lastLink, to.lastLink = p.lastLink+2, to.lastLink+2
				p.links[p.lastLink], to.links[to.lastLink] = end{to, to.lastLink}, end{p, p.lastLink}
				binding := []byte("both fingerprints")
				p.put(&browser.Connected{Link: p.lastLink, Via: browser.WebRTC, Addr: "page:" + hex.EncodeToString(l.From[:]), Binding: binding})
				to.put(&browser.Connected{Link: to.lastLink, Via: browser.WebRTC, Binding: to.forge(binding)})
			}
		}
	}
}

func (p *worker) forge(binding []byte) []byte {
	if p.w.forged {
		return []byte("another fingerprint")
	}
	return binding
}

// linked returns the links to another worker.
func (p *worker) linked(to *worker) (nos []uint64) {
	for no, e := range p.links {
		if e.to == to {
			nos = append(nos, no)
		}
	}
	return nos
}

// TestPagesFindEachOther: two pages that have met at a server are linked by its
// signals, go on without it, and let a third one in that knows one of them.
func TestPagesFindEachOther(t *testing.T) {
	w := newWorld(t, "chat")
	w.rtc = true
	ann, ben := w.add("ann", "client"), w.add("ben", "client")
	w.settle(10 * causal.Second)
	if len(ann.linked(ben)) != 1 || len(w.signals) == 0 {
		t.Fatalf("ann and ben have %d links, after %v", len(ann.linked(ben)), w.signals)
	}
	w.steward.cut = true
	w.steward.die()
	w.signals = nil
	cleo := w.add("cleo", "client")
	cleo.peers = []string{"ann"} // as an invite says
	cleo.start()
	ann.raise(1, "say", `{"room":"kitchen","text":"the server is gone"}`)
	w.settle(20 * causal.Second)
	for _, p := range []*worker{ben, cleo} {
		if got := p.read("speakers"); got != `{"kitchen":["ann"]}` {
			t.Errorf("%s reads %s", p.name, got)
		}
	}
	if len(cleo.linked(ben)) != 1 || len(w.signals) == 0 {
		t.Errorf("cleo and ben, who have ann in common, have %d links, after %v", len(cleo.linked(ben)), w.signals)
	}
}

// TestSignallerInTheMiddle: where the two ends know different fingerprints, the
// link is refused by both.
func TestSignallerInTheMiddle(t *testing.T) {
	w := newWorld(t, "chat")
	w.rtc, w.forged = true, true
	ann, ben := w.add("ann", "client"), w.add("ben", "client")
	w.settle(10 * causal.Second)
	if len(w.signals) == 0 {
		t.Fatal("nothing was tried")
	}
	ann.put(&browser.AskStatus{})
	ann.deliver()
	if len(ann.linked(ben)) != 0 || strings.Contains(string(ann.status), "webrtc") {
		t.Errorf("they are linked: %s", ann.status)
	}
}
