package native

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/martinelli-lang/martinelli/lang"
	"github.com/martinelli-lang/martinelli/node"
	"github.com/martinelli-lang/martinelli/plan"
	"github.com/martinelli-lang/martinelli/value"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// impressions is the program of these tests.
const impressions = `
database :counters, gcounter, :by => :ad_id, :replicated => true
database :ads, set<id>, :replicated => true

view :shown_ads do
  ads.map do |ad| ad end
end
on_shown do |ad_id: id|
  counters[:ad_id].inc(1)
end
on_add do |ad: id|
  ads.add(ad)
end
on_refuse do |ad: id|
  if ad == "bad"
    abort :unwanted
  end
  ads.add(ad)
end
`

func compile(t testing.TB, text string) *plan.Program {
	t.Helper()
	p, letters := lang.Compile([]lang.Source{{Name: "test.mrt", Text: text}}, nil)
	if p == nil {
		t.Fatalf("the program does not compile: %v", letters)
	}
	return p
}

// journal keeps what a host logs, so that a test can wait for a sentence.
type journal struct {
	mu    sync.Mutex
	text  bytes.Buffer
	wrote *sync.Cond
}

func newJournal() *journal {
	j := &journal{}
	j.wrote = sync.NewCond(&j.mu)
	return j
}

func (j *journal) Write(p []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	defer j.wrote.Broadcast()
	return j.text.Write(p)
}

func (j *journal) logger() *slog.Logger { return slog.New(slog.NewTextHandler(j, nil)) }

// await returns when the journal has the words.
func (j *journal) await(t *testing.T, words string) {
	t.Helper()
	late := time.AfterFunc(20*time.Second, func() { j.wrote.Broadcast() })
	defer late.Stop()
	start := time.Now()
	j.mu.Lock()
	defer j.mu.Unlock()
	for !strings.Contains(j.text.String(), words) {
		if time.Since(start) > 19*time.Second {
			t.Fatalf("nobody said %q; the log is\n%s", words, j.text.String())
		}
		j.wrote.Wait()
	}
}

// forget empties the journal, so that a sentence can be waited for again.
func (j *journal) forget() {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.text.Reset()
}

// has reports whether the journal has the words by now.
func (j *journal) has(words string) bool { return strings.Contains(j.String(), words) }

func (j *journal) String() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.String()
}

// testHost is a host with its journal.
type testHost struct {
	*Host
	t   *testing.T
	log *journal
}

// open opens a host and closes it when the test ends.
func open(t *testing.T, cfg Config) *testHost {
	t.Helper()
	h, err := tryOpen(t, cfg)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func tryOpen(t *testing.T, cfg Config) (*testHost, error) {
	t.Helper()
	j := newJournal()
	cfg.Log = j.logger()
	if cfg.Program == nil {
		cfg.Program = compile(t, impressions)
	}
	h, err := Open(context.Background(), cfg)
	if err != nil {
		return &testHost{nil, t, j}, err
	}
	t.Cleanup(func() {
		if err := h.Close(); err != nil && !t.Failed() {
			t.Logf("the host stopped: %v", err)
		}
	})
	return &testHost{h, t, j}, nil
}

func (h *testHost) shown(ad string) node.Answer {
	h.t.Helper()
	a, err := h.Raise(context.Background(), node.RaiseRequest{Event: "shown", Args: []value.Value{value.String(ad)}})
	if err != nil || !a.Committed {
		h.t.Fatalf("raise shown: %+v, %v", a, err)
	}
	return a
}

func (h *testHost) count(ad string) int64 {
	h.t.Helper()
	a, err := h.Read(context.Background(), node.ReadRequest{Name: "counters", Key: []value.Value{value.String(ad)}})
	if err != nil || a.Reading == nil {
		h.t.Fatalf("read counters: %+v, %v", a, err)
	}
	return a.Reading.Value.AsInt()
}

// awaitCount watches the counters until an ad has the count.
func (h *testHost) awaitCount(ad string, want int64) {
	h.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	w, err := h.Watch(ctx, "counters")
	if err != nil || w.First.Abort != "" {
		h.t.Fatalf("watch counters: %+v, %v", w, err)
	}
	defer w.Close()
	for h.count(ad) != want {
		select {
		case <-w.C:
		case <-ctx.Done():
			h.t.Fatalf("%s has %d, want %d; the log is\n%s", ad, h.count(ad), want, h.log)
		}
	}
}

func TestRestart(t *testing.T) {
	dir := t.TempDir()
	h := open(t, Config{Dir: dir})
	if !h.Founded() {
		t.Error("the first start does not found a cluster")
	}
	self := h.Self()
	for range 10 {
		h.shown("a1")
	}
	if err := h.Close(); err != nil {
		t.Fatal(err)
	}
	h = open(t, Config{Dir: dir})
	if got := h.count("a1"); got != 10 || h.Self() != self || h.Founded() {
		t.Errorf("after a restart: %d of 10, the same replica: %v, a new cluster: %v", got, h.Self() == self, h.Founded())
	}
	h.shown("a1")
	h.Close()
	h = open(t, Config{Dir: dir, NewReplica: true})
	if got := h.count("a1"); got != 11 || h.Self() == self {
		t.Errorf("with a new replica id: %d of 11, the same replica: %v", got, h.Self() == self)
	}
	h.shown("a1")
	if got := h.count("a1"); got != 12 {
		t.Errorf("a new replica goes on at %d, want 12", got)
	}
}

func TestInMemory(t *testing.T) {
	h := open(t, Config{})
	h.shown("a1")
	if got := h.count("a1"); got != 1 {
		t.Errorf("got %d, want 1", got)
	}
	if h.HTTPAddr() != "" || h.LinkAddr() != "" {
		t.Error("an embedded node listens")
	}
}

func TestSecondProcessIsRefused(t *testing.T) {
	dir := t.TempDir()
	open(t, Config{Dir: dir})
	_, err := tryOpen(t, Config{Dir: dir})
	if err == nil || !strings.Contains(err.Error(), "in use by another process") {
		t.Errorf("got %v", err)
	}
}

func TestPortInUse(t *testing.T) {
	h := open(t, Config{HTTP: "127.0.0.1:0"})
	for _, cfg := range []Config{{HTTP: h.HTTPAddr()}, {Listen: h.HTTPAddr()}} {
		_, err := tryOpen(t, cfg)
		if err == nil || !strings.Contains(err.Error(), h.HTTPAddr()+" is in use") {
			t.Errorf("got %v", err)
		}
	}
}

// pair opens two linked nodes.
func pair(t *testing.T) (a, b *testHost) {
	t.Helper()
	a = open(t, Config{Name: "ada", Dir: t.TempDir(), Listen: "127.0.0.1:0", HTTP: "127.0.0.1:0"})
	b = join(t, a, Config{Name: "bob", Dir: t.TempDir(), Listen: "127.0.0.1:0", HTTP: "127.0.0.1:0"})
	return a, b
}

// join opens a node that joins a's cluster, and returns when they are linked.
func join(t *testing.T, a *testHost, cfg Config) *testHost {
	t.Helper()
	token, err := a.NewToken(0)
	if err != nil {
		t.Fatal(err)
	}
	cfg.Join, cfg.Token = a.LinkAddr(), token
	b := open(t, cfg)
	b.log.await(t, "linked")
	a.log.await(t, "peer="+cfg.Name)
	return b
}

func TestTwoNodes(t *testing.T) {
	a, b := pair(t)
	a.shown("a1")
	b.shown("a1")
	a.awaitCount("a1", 2)
	b.awaitCount("a1", 2)

	// A restart needs neither token nor --join.
	dir := b.cfg.Dir
	b.Close()
	a.shown("a1")
	b = open(t, Config{Name: "bob", Dir: dir, Listen: "127.0.0.1:0"})
	b.awaitCount("a1", 3)
}

func get(t *testing.T, h *testHost, path string) (int, string, http.Header) {
	t.Helper()
	return do(t, h, "GET", path, "", nil)
}

func do(t *testing.T, h *testHost, method, path, body string, header map[string]string) (int, string, http.Header) {
	t.Helper()
	r, err := http.NewRequest(method, "http://"+h.HTTPAddr()+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for k, v := range header {
		if k == "Host" {
			r.Host = v
		}
		r.Header.Set(k, v)
	}
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	resp, err := client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(text), resp.Header
}

var asJSON = map[string]string{"Content-Type": "application/json"}

func TestHTTPRoundTrip(t *testing.T) {
	a, b := pair(t)
	code, text, header := do(t, a, "POST", "/v1/raise/shown?stream=till&seq=1", `{"ad_id":"a1"}`, asJSON)
	if code != 200 || !strings.Contains(text, `"committed":true`) || header.Get(sessionHeader) == "" {
		t.Fatalf("raise: %d %s", code, text)
	}
	code, text, _ = do(t, a, "POST", "/v1/raise/shown?stream=till&seq=1", `{"ad_id":"a1"}`, asJSON)
	if code != 200 || !strings.Contains(text, `"duplicate":true`) {
		t.Errorf("the same seq again: %d %s", code, text)
	}
	// The session finds at b what it did at a, at once.
	code, text, _ = do(t, b, "GET", "/v1/read/counters?key=a1", "", map[string]string{sessionHeader: header.Get(sessionHeader)})
	if code != 200 || text != "1\n" {
		t.Errorf("read at the other node: %d %s", code, text)
	}
	if code, text, _ = get(t, a, "/v1/read/counters"); code != 200 || text != "{\"a1\":1}\n" {
		t.Errorf("read all: %d %s", code, text)
	}
	if code, text, _ = get(t, a, "/v1/stream/till"); code != 200 || text != "{\"stream\":\"till\",\"mark\":1}\n" {
		t.Errorf("stream: %d %s", code, text)
	}
	for path, want := range map[string]string{
		"/healthz":       `"ok":true`,
		"/v1/status":     `"name":"bob"`,
		"/metrics":       "martinelli_commits_total 1",
		"/":              "<title>Martinelli</title>",
		"/console.js":    "EventSource",
		"/console.css":   "color-scheme",
		"/v1/read/ghost": `"abort":"no_such_name"`,
		"/nowhere":       `"hint":`,
	} {
		if _, text, _ = get(t, a, path); !strings.Contains(text, want) {
			t.Errorf("%s: %s", path, text)
		}
	}
}

func TestHTTPRefusals(t *testing.T) {
	h := open(t, Config{HTTP: "127.0.0.1:0"})
	raise := "/v1/raise/shown"
	body := `{"ad_id":"a1"}`
	with := func(k, v string) map[string]string {
		return map[string]string{"Content-Type": "application/json", k: v}
	}
	for _, c := range []struct {
		name, method, path, body string
		header                   map[string]string
		code                     int
		want                     string
	}{
		{"a page of another origin", "POST", raise, body, with("Origin", "http://evil.example"), 403, "may not speak"},
		{"a request the browser calls cross-site", "POST", raise, body, with("Sec-Fetch-Site", "cross-site"), 403, "another origin"},
		{"a name that was made to point here", "POST", raise, body, with("Host", "evil.example"), 403, "not a name of this node"},
		{"a form", "POST", raise, body, map[string]string{"Content-Type": "text/plain"}, 415, "Content-Type: application/json"},
		{"an unknown event", "POST", "/v1/raise/ghost", body, asJSON, 404, "no_such_event"},
		{"no JSON", "POST", raise, "{", asJSON, 400, "bad_argument"},
		{"an unknown member", "POST", raise, `{"ad_id":"a1","x":1}`, asJSON, 400, "x"},
		{"too large", "POST", raise, `{"ad_id":"` + strings.Repeat("x", BodySizeMax) + `"}`, asJSON, 413, "over 65536 bytes"},
		{"a stream without seq", "POST", raise + "?stream=s", body, asJSON, 400, "seq from 1"},
		{"a broken session", "POST", raise, body, with(sessionHeader, "!"), 400, "bad_session"},
		{"an abort of the program", "POST", "/v1/raise/refuse", `{"ad":"bad"}`, asJSON, 422, `"abort":"unwanted"`},
		{"too many keys", "GET", "/v1/read/counters?key=a&key=b", "", nil, 400, "1 key dimensions"},
		{"a token without the secret", "POST", "/v1/admin/token", "", nil, 401, "admin.secret"},
		{"nothing to watch", "GET", "/v1/watch", "", nil, 400, "name"},
		{"an unknown value to watch", "GET", "/v1/watch/ghost", "", nil, 404, "no_such_name"},
	} {
		t.Run(c.name, func(t *testing.T) {
			code, text, header := do(t, h, c.method, c.path, c.body, c.header)
			var e struct{ Error, Hint string }
			if err := json.Unmarshal([]byte(text), &e); err != nil || e.Error == "" || header.Get("Content-Type") != "application/json" {
				t.Errorf("no JSON error: %s", text)
			}
			if code != c.code || !strings.Contains(text, c.want) {
				t.Errorf("got %d %s, want %d and %q", code, text, c.code, c.want)
			}
		})
	}
	if got := h.count("a1"); got != 0 {
		t.Errorf("something refused was raised: %d", got)
	}
}

func TestLoad(t *testing.T) {
	h := open(t, Config{Dir: t.TempDir(), HTTP: "127.0.0.1:0"})
	var body strings.Builder
	for i := range 5000 {
		switch i {
		case 41:
			body.WriteString("no json\n")
		case 42:
			body.WriteString(`{"ad_id":"` + strings.Repeat("x", BodySizeMax) + "\"}\n")
		default:
			fmt.Fprintf(&body, "{\"ad_id\":\"a%d\"}\n", i%2)
		}
	}
	load := func(path, body string) (string, loadProgress) {
		t.Helper()
		code, text, _ := do(t, h, "POST", path, body, map[string]string{"Content-Type": "application/x-ndjson"})
		lines := strings.Split(strings.TrimSpace(text), "\n")
		var last struct{ Done loadProgress }
		if err := json.Unmarshal([]byte(lines[len(lines)-1]), &last); err != nil || code != 200 {
			t.Fatalf("%d %v: %s", code, err, text)
		}
		return text, last.Done
	}
	text, done := load("/v1/load/shown?stream=s", body.String())
	if done.Lines != 5000 || done.Committed != 4998 || done.Rejected != 2 || done.Seq != 5000 {
		t.Errorf("done: %+v", done)
	}
	for _, want := range []string{`"line":42,"seq":42,"reason":"bad_argument"`, `"line":43,"seq":43`, "over 65536 bytes"} {
		if !strings.Contains(text, want) {
			t.Errorf("the answer lacks %s", want)
		}
	}
	if got := h.count("a0") + h.count("a1"); got != 4998 {
		t.Errorf("the counters have %d, want 4998", got)
	}
	// The same load again changes nothing; the rest of it begins at its offset.
	if _, done = load("/v1/load/shown?stream=s", body.String()); done.Duplicates != 4998 {
		t.Errorf("again: %+v", done)
	}
	if _, done = load("/v1/load/shown?stream=s&offset=5000", `{"ad_id":"a1"}`); done.Committed != 1 || done.Duplicates != 0 || done.Seq != 5001 {
		t.Errorf("the rest: %+v", done)
	}
	if got := h.count("a0") + h.count("a1"); got != 4999 {
		t.Errorf("the counters have %d, want 4999", got)
	}
}
