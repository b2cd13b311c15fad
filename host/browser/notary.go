package browser

import (
	"github.com/martinelli-lang/martinelli/trust"
)

// notary is what the worker was asked to sign and to verify. What the node asks
// is bounded by package trust, what handshakes ask by LinksMax and DoubtsMax.
type notary struct {
	asked    map[uint64]question
	last     uint64
	signed   []trust.Signed // answers that the node has not been given yet
	verified []trust.Verified
}

// question is who waits for an answer.
type question struct {
	kind questionKind
	id   uint64 // by which who asked knows it
	link uint64 // whose handshake asked
}

type questionKind uint8

const (
	signsSeal questionKind = iota
	verifiesSeal
	signsProof
	verifiesPass
	signsPass
)

func newNotary() notary { return notary{asked: map[uint64]question{}} }

// ask hands a question to the worker.
func (h *Host) ask(q question, l Out) {
	h.notary.last++
	no := h.notary.last
	h.notary.asked[no] = q
	switch l := l.(type) {
	case *Sign:
		l.No = no
	case *Verify:
		l.No = no
	}
	h.say(l)
}

// answered returns who asked, once.
func (h *Host) answered(no uint64) (question, bool) {
	q, ok := h.notary.asked[no]
	delete(h.notary.asked, no)
	return q, ok
}

func (h *Host) signed(l *Signed) {
	q, ok := h.answered(l.No)
	switch {
	case !ok:
	case !l.IsGood:
		h.fail(Broken, "this page's key can't be used: nothing can be signed with it")
	case q.kind == signsSeal:
		h.notary.signed = append(h.notary.signed, trust.Signed{ID: q.id, Signature: l.Signature})
	case q.kind == signsPass:
		h.signedPass(q.id, l)
	case q.kind == signsProof:
		if k := h.links.byNo[q.link]; k != nil && k.handshake != nil {
			k.handshake.Signed(l.Signature)
			h.converse(k)
		}
	}
}

func (h *Host) verified(l *Verified) {
	q, ok := h.answered(l.No)
	switch {
	case !ok:
	case q.kind == verifiesSeal:
		h.notary.verified = append(h.notary.verified, trust.Verified{ID: q.id, IsGood: l.IsGood})
	case q.kind == verifiesPass:
		k := h.links.byNo[q.link]
		if k == nil || k.handshake == nil {
			return
		}
		if err := k.handshake.Verified(q.id, l.IsGood); err != nil {
			h.refuse(k, err.Error())
			return
		}
		h.converse(k)
	}
}

// handOver gives the node the answers that have gathered.
func (h *Host) handOver() {
	signed, verified := h.notary.signed, h.notary.verified
	h.notary.signed, h.notary.verified = nil, nil
	if len(signed) > 0 {
		h.node.Signed(h.now, signed)
	}
	if len(verified) > 0 {
		h.node.Verified(h.now, verified)
	}
}
