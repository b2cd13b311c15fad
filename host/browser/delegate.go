package browser

import (
	"github.com/martinelli-lang/martinelli/trust/admission"
	"github.com/martinelli-lang/martinelli/wire"
)

// A page whose pass may be handed on lets another device of its user in, with no
// server: it signs one block more of its pass, for the key of that device
// (docs/why/invites.md). Both have met already: nothing that stands in an invite
// lets anybody in by itself.

// AbortInvite is the word for a pass that this page does not give.
const AbortInvite = "invite"

// delegate makes a pass for another key, or says why not. A trial says so alone.
func (h *Host) delegate(l *Delegate) {
	c, statement, why := h.claimFor(l)
	switch {
	case why != "":
		h.abort(l.Ticket, AbortInvite, why)
	case l.IsTrial:
		h.say(&Answer{Ticket: l.Ticket, State: Done, IsLast: true})
	default:
		h.delegated[l.Ticket] = c
		h.ask(question{kind: signsPass, id: l.Ticket}, &Sign{Statement: statement})
	}
}

// claimFor returns what the other key's owner may, which is what this page may
// but for letting others in, and what is to be signed for it.
func (h *Host) claimFor(l *Delegate) (c admission.Claim, statement []byte, why string) {
	if h.admitted == nil {
		return c, nil, "this page has no pass, so it can let nobody in: open it with a server first"
	}
	own, pass := h.admitted.Pass.Holder(), &h.admitted.Pass
	switch {
	case own.User != l.User:
		return c, nil, "this page is one of the user " + own.User + ", and lets in devices of " + own.User + " alone: " + l.User + " has to log in at a server, or at a page of his own"
	case own.Invites == 0:
		return c, nil, "this page was let in by an invite itself, and lets nobody else in: invite from the device that it was"
	case own.Expires != 0 && h.now >= own.Expires:
		return c, nil, "this page's pass has expired: open it with a server first"
	case own.Subject == l.Public:
		return c, nil, "the other device has this page's key: it is a copy of it, and needs a key of its own"
	case len(h.delegated) >= DelegatedMax:
		return c, nil, "too many devices are being let in: wait a moment"
	}
	if why := h.bars(pass); why != "" {
		return c, nil, "this page's own pass does not count any more: " + why
	}
	c = *own
	c.Subject, c.Invites, c.IsTrusted, c.Issued = l.Public, own.Invites-1, false, h.now
	statement, err := pass.Statement(&c)
	if err != nil {
		return c, nil, "this page can't let that device in: " + err.Error()
	}
	return c, statement, ""
}

// signedPass answers with the pass, in hexadecimal.
func (h *Host) signedPass(ticket uint64, l *Signed) {
	c, ok := h.delegated[ticket]
	if !ok {
		return
	}
	delete(h.delegated, ticket)
	pass := h.admitted.Pass.With(&c, l.Signature)
	h.say(&Answer{Ticket: ticket, State: Done, IsLast: true, Value: []byte(`"` + wire.Hex(pass.AppendTo(nil)) + `"`)})
}
