package native

import (
	"errors"
	"sync"

	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/trust/admission"
)

// revoked is what this node knows of who is let in no more. The node tells; what
// somebody shows at the door is held against it here.
type revoked struct {
	mu   sync.RWMutex
	list []causal.Revocation
}

// add takes in what the node tells.
func (r *revoked) add(list []causal.Revocation) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.list = append(r.list, list...)
}

const (
	revokedKey  = "its key was revoked, or one by whose word it comes: it is let in nowhere. Ask whoever runs the cluster to admit it anew, with another key"
	revokedUser = "its user was revoked: log in again, if that is still allowed"
)

// barsPass says why a pass does not count any more; "" if it does.
func (r *revoked) barsPass(p *admission.Pass) string {
	r.mu.RLock()
	defer r.mu.RUnlock()
	for i := range r.list {
		if rec := &r.list[i]; p.IsRevoked(rec) {
			if rec.User != "" {
				return revokedUser
			}
			return revokedKey
		}
	}
	return ""
}

// bars says why a link may not be, by the pass or the certificate of its peer; ""
// if it may.
func (r *revoked) bars(l *link) string {
	if l.guest != nil {
		return r.barsPass(&l.guest.Pass)
	}
	r.mu.RLock()
	defer r.mu.RUnlock()
	for _, rec := range r.list {
		switch {
		case rec.User == "" && (rec.Replica == l.peer || rec.Public != [32]byte{} && rec.Public == l.public):
			return revokedKey
		case rec.User != "" && rec.User == l.user && l.issued <= rec.Until:
			return revokedUser
		}
	}
	return ""
}

// bars says why a pass does not count here; "" if it does.
func (h *Host) bars(p *admission.Pass) string { return h.revoked.barsPass(p) }

// heedRevoked hangs up on whoever is linked and is let in no more, and ends the
// sessions of the users. It runs on the owner goroutine.
func (h *Host) heedRevoked(list []causal.Revocation) {
	h.revoked.add(list)
	for _, rec := range list {
		if rec.User != "" {
			h.sessions.endUser(rec.User)
		}
	}
	for _, l := range h.links.all() {
		if why := h.revoked.bars(l); why != "" {
			h.dismiss(l, errors.New(why))
		}
	}
}

// publicOf returns the key of a linked peer; zeros for another.
func (h *Host) publicOf(who causal.ReplicaID) (public [32]byte) {
	if l := h.links.get(who); l != nil {
		public = l.public
	}
	return public
}
