package native

import (
	"context"
	"errors"
)

// A replica id comes to its end when the replica was retired, or when its
// directory was copied and both ran. The node can't go on under it, but its data
// is sound. So Run closes it, gives it another id once all it had to write is on
// the disk, and opens it again at the same ports: clients go on with what they
// have seen, and the node writes again what nobody else has of it.

// errRenewed is why a host has stopped that has another replica id now.
var errRenewed = errors.New("this node goes on under a new replica id: open it again")

// renew stops the host, so that it can take another id.
func (h *Host) renew() {
	if !h.cfg.renews || h.ctx.Err() != nil {
		return
	}
	h.log.Warn("this node's replica id is at its end, as it was retired or its directory was copied: it goes on under a new one", "id", h.self.Short())
	h.cancel(errRenewed)
}

// renewIdentity takes the other id, durably. The store is closed.
func (h *Host) renewIdentity() error {
	if !errors.Is(context.Cause(h.ctx), errRenewed) {
		return nil
	}
	return h.identity.renew(h.identity.isStored())
}

// afterRenewal is how the host is opened again: at the ports it had.
func (h *Host) afterRenewal(cfg Config) Config {
	cfg.NewReplica, cfg.Token = false, ""
	if h.listener != nil {
		cfg.Listen = h.listener.Addr().String()
	}
	if h.httpListener != nil {
		cfg.HTTP = h.httpListener.Addr().String()
	}
	return cfg
}
