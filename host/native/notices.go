package native

import (
	"encoding/json"
	"errors"
	"sync"

	"github.com/martinelli-lang/martinelli/flow"
	"github.com/martinelli-lang/martinelli/internal/jsonvalue"
)

// Listener gets what the program tells with notify, from now on.
type Listener struct {
	C <-chan flow.Notice // in order; closed when the listener falls behind or is closed

	list *listeners
	c    chan flow.Notice
	user string
}

// Listen listens to all notices of this node. Close it when done.
func (h *Host) Listen() (*Listener, error) { return h.ListenFor("") }

// ListenFor listens to the notices whose key is a user; "" listens to all.
func (h *Host) ListenFor(user string) (*Listener, error) { return h.notices.open(user) }

// Close ends the listening.
func (l *Listener) Close() { l.list.end(l) }

// listeners are all that listen.
type listeners struct {
	mu  sync.Mutex
	all map[*Listener]bool
}

func newListeners() *listeners { return &listeners{all: map[*Listener]bool{}} }

func (ls *listeners) open(user string) (*Listener, error) {
	ls.mu.Lock()
	defer ls.mu.Unlock()
	if len(ls.all) >= ListenersMax {
		return nil, errors.New("too many listeners are open; close some")
	}
	c := make(chan flow.Notice, NoticesMax)
	l := &Listener{C: c, list: ls, c: c, user: user}
	ls.all[l] = true
	return l, nil
}

// tell hands a notice to who listens. It runs on the disk goroutine, so one
// that is behind is ended, not waited for.
func (ls *listeners) tell(n flow.Notice) {
	ls.mu.Lock()
	defer ls.mu.Unlock()
	for l := range ls.all {
		if l.user != "" && n.Key.AsString() != l.user {
			continue
		}
		select {
		case l.c <- n:
		default:
			delete(ls.all, l)
			close(l.c)
		}
	}
}

func (ls *listeners) end(l *Listener) {
	ls.mu.Lock()
	defer ls.mu.Unlock()
	if ls.all[l] {
		delete(ls.all, l)
		close(l.c)
	}
}

// noticeMessage is the data of a "notice" event.
type noticeMessage struct {
	Key   json.RawMessage `json:"key"`
	Value json.RawMessage `json:"value"`
}

func noticeEvent(n flow.Notice) sse {
	return sse{"notice", noticeMessage{jsonvalue.Append(nil, n.KeyType, n.Key), jsonvalue.Append(nil, n.ValueType, n.Value)}}
}
