package native

import (
	"encoding/json"
	"net/http"
	"time"

	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/internal/jsonvalue"
	"github.com/martinelli-lang/martinelli/node"
)

// watchNamesMax bounds how many values one connection watches.
const watchNamesMax = 64

// statusEvery is how often a watcher that asked for it gets the status; it
// also keeps an idle connection known to be alive.
const statusEvery = time.Second

// serveWatch sends changes as server-sent events: first "value" with the value
// a name starts from, then "change" with what came and went; "lost" where the
// client fell behind and must begin anew. /v1/watch?name=a&name=b watches
// several names on one connection; status=1 adds a "status" every second, and
// notices=1 a "notice" for each word that the program tells: in a session, for
// those about its user.
func (h *Host) serveWatch(w http.ResponseWriter, r *http.Request) error {
	q := r.URL.Query()
	names := q["name"]
	if name := r.PathValue("name"); name != "" {
		names = []string{name}
	}
	if len(names) > watchNamesMax || len(names) == 0 && q.Get("status") == "" && q.Get("notices") == "" {
		return errBad("name between 1 and 64 databases or views", "for example /v1/watch/ads or /v1/watch?name=ads&name=counters")
	}
	_, user, err := h.sessionUser(r)
	if err != nil {
		return err
	}
	changes := make(chan sse)
	var watches []*Watch
	defer func() {
		for _, w := range watches {
			w.Close()
		}
	}()
	for _, name := range names {
		watch, err := h.WatchFor(r.Context(), name, user)
		if err != nil {
			return err
		}
		watches = append(watches, watch)
		if watch.First.Abort != "" {
			return abortError(watch.First)
		}
	}
	var notices *Listener
	if q.Get("notices") != "" {
		if notices, err = h.ListenFor(user); err != nil {
			return &httpError{Code: http.StatusServiceUnavailable, Text: err.Error()}
		}
		defer notices.Close()
	}
	control := http.NewResponseController(w)
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("Cache-Control", "no-store")
	s := &sseWriter{w: w, flush: control.Flush}
	for i, watch := range watches {
		s.send(firstEvent(names[i], watch.First))
		h.edge.Go(func() { forward(r, names[i], watch.C, changeEvent, changes) })
	}
	if notices != nil {
		s.send(sse{}) // who listens sees that it does
		h.edge.Go(func() { forward(r, "notices", notices.C, noticeEvent, changes) })
	}
	h.pump(r, s, changes, q.Get("status") != "")
	return nil
}

// forward hands what comes from a watch or a listener to the connection that
// asked; where that ends by falling behind, it says of name that it is lost.
func forward[T any](r *http.Request, name string, from <-chan T, event func(T) sse, to chan<- sse) {
	for {
		e := sse{kind: "lost", data: map[string]string{"name": name, "error": ErrLagged.Error()}}
		select {
		case v, ok := <-from:
			if ok {
				e = event(v)
			}
			select {
			case to <- e:
			case <-r.Context().Done():
				return
			}
			if !ok {
				return
			}
		case <-r.Context().Done():
			return
		}
	}
}

// pump writes events until the client goes, falls behind, or the node stops.
func (h *Host) pump(r *http.Request, s *sseWriter, changes <-chan sse, withStatus bool) {
	tick := time.NewTicker(statusEvery)
	defer tick.Stop()
	if withStatus {
		h.sendStatus(r, s)
	}
	for s.err == nil {
		select {
		case e := <-changes:
			s.send(e)
			if e.kind == "lost" {
				return
			}
		case <-tick.C:
			if withStatus {
				h.sendStatus(r, s)
			} else {
				s.send(sse{})
			}
		case <-r.Context().Done():
			return
		case <-h.ctx.Done():
			return
		}
	}
}

func (h *Host) sendStatus(r *http.Request, s *sseWriter) {
	if status, err := h.askStatus(r.Context()); err == nil {
		s.send(sse{"status", status})
	}
}

// sse is one server-sent event; the zero value is a comment that keeps the
// connection alive.
type sse struct {
	kind string
	data any
}

type sseWriter struct {
	w     http.ResponseWriter
	flush func() error
	err   error
}

func (s *sseWriter) send(e sse) {
	b := []byte(": \n\n")
	if e.kind != "" {
		data, err := json.Marshal(e.data)
		if err != nil {
			s.err = err
			return
		}
		b = append([]byte("event: "+e.kind+"\ndata: "), data...)
		b = append(b, "\n\n"...)
	}
	if _, s.err = s.w.Write(b); s.err == nil {
		s.err = s.flush()
	}
}

// valueMessage is the data of a "value" event.
type valueMessage struct {
	Name    string          `json:"name"`
	Value   json.RawMessage `json:"value"`
	Session string          `json:"session,omitempty"`
	AsOf    string          `json:"as_of,omitempty"` // of what lives at the home, at another node: when it was so, or "never"
}

func firstEvent(name string, a node.Answer) sse {
	m := valueMessage{Name: name, Value: json.RawMessage("null"), Session: sessionText(a.Token)}
	if a.Reading != nil {
		m.Value = jsonvalue.AppendReading(nil, *a.Reading)
	}
	if a.Copied {
		m.AsOf = sinceWhen(a.AsOf)
	}
	return sse{"value", m}
}

// changeMessage is the data of a "change" event. Of a collection, added and
// removed are elements; of a scalar, added holds its new value; of a database
// with keys, elements are arrays that begin with the key.
type changeMessage struct {
	Name    string          `json:"name"`
	Added   json.RawMessage `json:"added"`
	Removed json.RawMessage `json:"removed"`
	Settled bool            `json:"settled"` // nothing of it is ever taken back
	AsOf    string          `json:"as_of"`   // when it was so, by this node's clock
}

func changeEvent(s node.Shown) sse {
	return sse{"change", changeMessage{s.Name, jsonvalue.AppendChange(nil, s.Type, s.Added), jsonvalue.AppendChange(nil, s.Type, s.Removed), s.Settled, instantText(s.AsOf)}}
}

// sinceWhen says when what the home gave was so.
func sinceWhen(at causal.Instant) string {
	if at == 0 {
		return "never"
	}
	return instantText(at)
}

// instantText writes an instant as people and programs read it; "" for never.
func instantText(at causal.Instant) string {
	if at == 0 {
		return ""
	}
	return time.UnixMilli(int64(at / causal.Millisecond)).UTC().Format("2006-01-02T15:04:05.000Z07:00")
}
