package native

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"

	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/internal/jsonvalue"
	"github.com/martinelli-lang/martinelli/node"
	"github.com/martinelli-lang/martinelli/plan"
)

// outboxItem is an event in the outbox, or what came of it.
type outboxItem struct {
	Item      string `json:"item"`
	Event     string `json:"event,omitempty"`  // of one that waits
	Serial    bool   `json:"serial,omitempty"` // it is the serial block of the event
	State     string `json:"state"`            // waits, undone, committed, duplicate or aborted
	Abort     string `json:"abort,omitempty"`
	Detail    string `json:"detail,omitempty"`
	Committed bool   `json:"committed,omitempty"`

	Saga json.RawMessage `json:"saga,omitempty"` // the key of the one it begins
}

// Outbox returns the events of this node that wait for the home, and what came
// of the last ones.
func (h *Host) Outbox(ctx context.Context) (list []node.OutboxItem, err error) {
	err = h.ask(ctx, func(causal.Instant) { list = h.owner.node.Outbox() })
	return list, err
}

// outboxOf reads ?outbox=away or ?outbox=always.
func outboxOf(q url.Values) (node.Outboxing, error) {
	switch q.Get("outbox") {
	case "":
		return node.OutboxNever, nil
	case "away":
		return node.OutboxAway, nil
	case "always":
		return node.OutboxAlways, nil
	}
	return 0, errBad("outbox is away or always", "?outbox=away keeps an event that runs at the home while the home can't be reached")
}

// serveOutbox lists the outbox.
func (h *Host) serveOutbox(w http.ResponseWriter, r *http.Request) error {
	items, err := h.Outbox(r.Context())
	if err != nil {
		return err
	}
	list := make([]outboxItem, len(items))
	for i, it := range items {
		list[i] = outboxItem{Serial: it.Serial, Saga: sagaKey(it), Item: it.Name, Event: it.Event, State: stateOf(it), Abort: it.Abort, Detail: it.Detail, Committed: it.Committed}
	}
	return writeJSON(w, list)
}

func sagaKey(it node.OutboxItem) json.RawMessage {
	if !it.Saga {
		return nil
	}
	return jsonvalue.Append(nil, plan.Any, it.Key)
}

func stateOf(it node.OutboxItem) string {
	switch {
	case it.Open && it.Sent:
		return "sent"
	case it.Open && it.Abort != "":
		return "undone" // and its else has yet to run
	case it.Open:
		return "waits"
	case it.Duplicate:
		return "duplicate"
	case it.Committed:
		return "committed"
	}
	return "aborted"
}
