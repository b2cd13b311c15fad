package native

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net/http"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"

	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/node"
	"github.com/martinelli-lang/martinelli/value"
)

// events reads server-sent events.
type events struct{ *bufio.Scanner }

func watchEvents(t *testing.T, h *testHost, path string) events {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	r, err := http.NewRequestWithContext(ctx, "GET", "http://"+h.HTTPAddr()+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := (&http.Client{Transport: &http.Transport{DisableKeepAlives: true}}).Do(r)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cancel(); resp.Body.Close() })
	if got := resp.Header.Get("Content-Type"); got != "text/event-stream" {
		t.Fatalf("got %s", got)
	}
	return events{bufio.NewScanner(resp.Body)}
}

// await returns the data of the next event of the kind.
func (e events) await(t *testing.T, kind string) string {
	t.Helper()
	for e.Scan() {
		if e.Text() == "event: "+kind && e.Scan() {
			return strings.TrimPrefix(e.Text(), "data: ")
		}
	}
	t.Fatalf("no event %s: %v", kind, e.Err())
	return ""
}

func TestWatchOverHTTP(t *testing.T) {
	h := open(t, Config{HTTP: "127.0.0.1:0"})
	h.shown("a1")
	e := watchEvents(t, h, "/v1/watch?name=counters&name=shown_ads&status=1")
	if got := e.await(t, "value"); !strings.Contains(got, `"name":"counters","value":{"a1":1}`) {
		t.Errorf("the value it starts from: %s", got)
	}
	if got := e.await(t, "value"); !strings.Contains(got, `"name":"shown_ads","value":[]`) {
		t.Errorf("the value it starts from: %s", got)
	}
	if got := e.await(t, "status"); !strings.Contains(got, `"events":["shown"`) {
		t.Errorf("status: %s", got)
	}
	h.shown("a1")
	if got := e.await(t, "change"); !strings.Contains(got, `"name":"counters","added":[["a1",2]]`) {
		t.Errorf("change: %s", got)
	}
	if _, err := h.Raise(context.Background(), node.RaiseRequest{Event: "add", Args: []value.Value{value.String("x")}}); err != nil {
		t.Fatal(err)
	}
	if got := e.await(t, "change"); !strings.Contains(got, `"name":"shown_ads","added":["x"],"removed":[]`) {
		t.Errorf("change: %s", got)
	}
}

// TestLaggingWatcher: one that reads nothing is ended and told so; the node goes on.
func TestLaggingWatcher(t *testing.T) {
	h := open(t, Config{})
	w, err := h.Watch(context.Background(), "counters")
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	for range WatchMax + 1 {
		h.shown("a1")
	}
	seen := 0
	for range w.C {
		seen++
	}
	if seen != WatchMax || !errors.Is(w.Err(), ErrLagged) {
		t.Errorf("saw %d changes, then %v", seen, w.Err())
	}
}

// TestHostOnFullDisk: raises are refused, reads go on, and so do raises once
// there is space. Nothing acknowledged is lost.
func TestHostOnFullDisk(t *testing.T) {
	var noSpace atomic.Bool
	fs := errorfs.Wrap(vfs.Default, errorfs.InjectorFunc(func(op errorfs.Op) error {
		if noSpace.Load() && op.Kind.ReadOrWrite() == errorfs.OpIsWrite && strings.Contains(op.Path, string(filepath.Separator)) {
			return syscall.ENOSPC
		}
		return nil
	}))
	dir := t.TempDir()
	h := open(t, Config{Dir: dir, FS: fs, HTTP: "127.0.0.1:0"})
	h.shown("a1")
	loaded := make(chan string, 1)
	lines, more := io.Pipe()
	defer more.Close()
	go func() {
		resp, err := http.Post("http://"+h.HTTPAddr()+"/v1/load/shown?stream=s", "application/x-ndjson", lines)
		if err != nil {
			loaded <- err.Error()
			return
		}
		defer resp.Body.Close()
		text, _ := io.ReadAll(resp.Body) // an answer that breaks off lacks what the test looks for
		loaded <- string(text)
	}()
	if _, err := io.WriteString(more, "{\"ad_id\":\"a2\"}\n"); err != nil {
		t.Fatal(err)
	}
	h.awaitCount("a2", 1)
	noSpace.Store(true)
	held := make(chan node.Answer, 1)
	err := h.raiseThen(context.Background(), node.RaiseRequest{Event: "shown", Args: []value.Value{value.String("a1")}},
		func(a node.Answer) { held <- a })
	if err != nil {
		t.Fatal(err)
	}
	h.log.await(t, "the disk is full")
	if text := <-loaded; !strings.Contains(text, `"failed":{"error":"the disk is full`) {
		t.Errorf("a load under way: %s", text)
	}
	if code, text, _ := get(t, h, "/v1/stream/s"); code != 507 {
		t.Errorf("the mark of a stream, which may not be durable: %d %s", code, text)
	}
	if _, err := h.Raise(context.Background(), node.RaiseRequest{Event: "shown"}); !errors.Is(err, ErrDiskFull) {
		t.Errorf("a raise: %v", err)
	}
	if code, text, _ := do(t, h, "POST", "/v1/raise/shown", `{"ad_id":"a1"}`, asJSON); code != 507 || !strings.Contains(text, "disk is full") {
		t.Errorf("a raise over HTTP: %d %s", code, text)
	}
	if got := h.count("a1"); got < 1 {
		t.Errorf("a read: %d", got)
	}
	if code, _, header := get(t, h, "/v1/read/counters"); code != 200 || header.Get(sessionHeader) != "" {
		t.Errorf("a read over HTTP: %d, session %q; what is not durable must not be built on", code, header.Get(sessionHeader))
	}
	select {
	case a := <-held:
		t.Errorf("what is not durable was answered: %+v", a)
	default:
	}
	noSpace.Store(false)
	if a := <-held; !a.Committed {
		t.Errorf("after there was space: %+v", a)
	}
	h.log.await(t, "the disk has space again")
	h.shown("a1")
	h.Close()
	h = open(t, Config{Dir: dir})
	if got := h.count("a1"); got != 3 {
		t.Errorf("after a restart: %d, want 3", got)
	}
}

// TestBrokenInvariantStopsTheNode: a panic of the node stops the host with a
// message; what was acknowledged is there after a restart.
func TestBrokenInvariantStopsTheNode(t *testing.T) {
	dir := t.TempDir()
	h := open(t, Config{Dir: dir})
	h.shown("a1")
	h.submit(context.Background(), h.owner.urgent, func(causal.Instant) { panic("the sentence of a broken invariant") })
	<-h.Done()
	if err := h.Err(); err == nil || !strings.Contains(err.Error(), "the sentence of a broken invariant") {
		t.Errorf("got %v", err)
	}
	if _, err := h.Raise(context.Background(), node.RaiseRequest{Event: "shown"}); !errors.Is(err, ErrClosed) {
		t.Errorf("a raise after that: %v", err)
	}
	h = open(t, Config{Dir: dir})
	if got := h.count("a1"); got != 1 {
		t.Errorf("after a restart: %d, want 1", got)
	}
}

// TestBoundedInputs: where the owner is held up its queue fills to the bound,
// and a caller whose time is up gets an error instead of growing it.
func TestBoundedInputs(t *testing.T) {
	h := open(t, Config{})
	holding, hold := make(chan struct{}), make(chan struct{})
	h.submit(context.Background(), h.owner.urgent, func(causal.Instant) { close(holding); <-hold })
	<-holding
	for range InputsMax {
		if err := h.submit(context.Background(), h.owner.ordinary, func(causal.Instant) {}); err != nil {
			t.Fatal(err)
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := h.Raise(ctx, node.RaiseRequest{Event: "shown"}); !errors.Is(err, context.Canceled) {
		t.Errorf("a raise at the bound: %v", err)
	}
	if n := h.answers.len(); n != 0 {
		t.Errorf("%d answers are awaited by nobody", n)
	}
	close(hold)
	h.shown("a1")
}

// TestOwnerPushesBack: with a backlog of outputs the owner takes no ordinary
// input; control goes on up to twice the bound. A full disk closes the door
// elsewhere, so reads go on.
func TestOwnerPushesBack(t *testing.T) {
	full := false
	o := &owner{urgent: make(chan input), ordinary: make(chan input), isFull: func() bool { return full }}
	for _, c := range []struct {
		outputs, size    int
		full             bool
		urgent, ordinary bool
	}{
		{0, 0, false, true, true},
		{OutputsMax - 1, OutputsSizeMax - 1, false, true, true},
		{OutputsMax, 0, false, true, false},
		{0, OutputsSizeMax, false, true, false},
		{2 * OutputsMax, 0, false, false, false},
		{OutputsMax, 0, true, true, true},
	} {
		o.pending, o.pendingSize, full = make([]output, c.outputs), c.size, c.full
		urgent, ordinary := o.open()
		if (urgent != nil) != c.urgent || (ordinary != nil) != c.ordinary {
			t.Errorf("%+v: takes urgent %v, ordinary %v", c, urgent != nil, ordinary != nil)
		}
	}
}
