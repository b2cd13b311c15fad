package native

import (
	"context"
	"errors"
	"sync"

	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/node"
)

// Watch is a value and its changes from there on.
type Watch struct {
	First node.Answer       // the value it starts from; with Abort set there is none
	C     <-chan node.Shown // the changes, in order; closed when the watch ends

	host   *Host
	ticket node.Ticket
	lagged bool // C was closed because its reader fell behind; under watches.mu
}

// ErrLagged ends a watch whose reader fell more than WatchMax changes behind.
var ErrLagged = errors.New("the watch fell too far behind and was ended: read the value again and watch anew")

// Watch watches a database or view. A watch that aborted has no changes; what
// it says is in First. Close it when done.
func (h *Host) Watch(ctx context.Context, name string) (*Watch, error) {
	return h.WatchFor(ctx, name, "")
}

// WatchFor is Watch in a session of a user; "" is none.
func (h *Host) WatchFor(ctx context.Context, name, user string) (*Watch, error) {
	w, err := h.watches.open()
	if err != nil {
		return nil, err
	}
	answered := make(chan node.Answer, 1)
	h.answers.expectAt(w.ticket, func(a node.Answer) { answered <- a })
	defer h.answers.forget(w.ticket)
	err = h.submit(ctx, h.owner.ordinary, func(now causal.Instant) { h.owner.node.WatchFor(now, w.ticket, name, user) })
	if err == nil {
		select {
		case w.First = <-answered:
			return w, nil
		case <-ctx.Done():
			err = context.Cause(ctx)
		case <-h.done:
			err = h.stopped()
		}
	}
	w.Close()
	return nil, err
}

// Close ends the watch.
func (w *Watch) Close() {
	w.host.watches.end(w.ticket, false)
	w.host.submit(w.host.ctx, w.host.owner.urgent, func(causal.Instant) { w.host.owner.node.Unwatch(w.ticket) })
}

// Err says, after C was closed, whether changes were lost.
func (w *Watch) Err() error {
	w.host.watches.mu.Lock()
	defer w.host.watches.mu.Unlock()
	if w.lagged {
		return ErrLagged
	}
	return nil
}

// watches are the watches that are open, and who takes what processes render.
type watches struct {
	host     *Host
	mu       sync.Mutex
	byTicket map[node.Ticket]*watcher
}

type watcher struct {
	watch *Watch
	c     chan node.Shown
}

func newWatches(h *Host) *watches {
	return &watches{host: h, byTicket: map[node.Ticket]*watcher{}}
}

func (ws *watches) open() (*Watch, error) {
	ws.mu.Lock()
	defer ws.mu.Unlock()
	if len(ws.byTicket) >= WatchersMax {
		return nil, errors.New("too many watches are open; close some")
	}
	c := make(chan node.Shown, WatchMax)
	w := &Watch{C: c, host: ws.host, ticket: ws.host.answers.ticket()}
	ws.byTicket[w.ticket] = &watcher{w, c}
	return w, nil
}

// show hands a change to its watchers. It runs on the disk goroutine, so one
// that is behind is ended, not waited for.
func (ws *watches) show(s node.Shown) {
	if len(s.Tickets) == 0 && ws.host.cfg.Render != nil {
		ws.host.cfg.Render(s)
	}
	for _, t := range s.Tickets {
		if !ws.hand(t, s) {
			ws.end(t, true)
		}
	}
}

// hand reports false where the watcher's queue is full.
func (ws *watches) hand(t node.Ticket, s node.Shown) bool {
	ws.mu.Lock()
	defer ws.mu.Unlock()
	w := ws.byTicket[t]
	if w == nil {
		return true
	}
	select {
	case w.c <- s:
		return true
	default:
		return false
	}
}

// end closes the watch's channel, once.
func (ws *watches) end(t node.Ticket, lagged bool) {
	ws.mu.Lock()
	defer ws.mu.Unlock()
	if w := ws.byTicket[t]; w != nil {
		w.watch.lagged = lagged
		close(w.c)
		delete(ws.byTicket, t)
	}
}
