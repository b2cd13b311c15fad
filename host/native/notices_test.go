package native

import (
	"strings"
	"testing"

	"github.com/martinelli-lang/martinelli/flow"
	"github.com/martinelli-lang/martinelli/value"
)

// TestNoticesOverHTTP: who listens is told from then on, in order.
func TestNoticesOverHTTP(t *testing.T) {
	h := open(t, Config{HTTP: "127.0.0.1:0"})
	e := watchEvents(t, h, "/v1/watch?notices=1")
	for !strings.HasPrefix(e.Text(), ":") && e.Scan() {
	}
	h.notices.tell(flow.Notice{Key: value.String("ann"), Value: value.Int(3)})
	if got := e.await(t, "notice"); got != `{"key":"ann","value":3}` {
		t.Errorf("told %s", got)
	}
}

// TestListenersAreBounded: one that falls behind is ended and the others go on;
// in a session a user hears what is about him.
func TestListenersAreBounded(t *testing.T) {
	ls := newListeners()
	slow, err := ls.open("")
	if err != nil {
		t.Fatal(err)
	}
	ann, _ := ls.open("ann")
	for range NoticesMax + 1 {
		ls.tell(flow.Notice{Key: value.String("ben")})
	}
	ls.tell(flow.Notice{Key: value.String("ann"), Value: value.Int(1)})
	if len(ann.C) != 1 || len(ls.all) != 1 {
		t.Errorf("ann has %d notices, and %d listen", len(ann.C), len(ls.all))
	}
	n := 0
	for range slow.C {
		n++
	}
	if n != NoticesMax {
		t.Errorf("the slow one was told %d", n)
	}
	slow.Close()
	ann.Close()
	for range ListenersMax {
		ls.open("")
	}
	if _, err := ls.open(""); err == nil {
		t.Error("one more than ListenersMax listens")
	}
}
