package lsp

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/martinelli-lang/martinelli/lang/diag"
	"github.com/martinelli-lang/martinelli/lang/token"
)

const wine = "file:///nowhere/at/all/wine.mrt"

// TestLifecycle ends with the statuses of LSP 3.17 ("Exit Notification").
func TestLifecycle(t *testing.T) {
	c := newClient(t)
	if r := c.ask("textDocument/hover", map[string]any{}, nil); r.Error == nil || r.Error.Code != serverNotInitialized {
		t.Error("before initialize:", r.Error)
	}
	c.initialize()
	if r := c.ask("initialize", map[string]any{}, nil); r.Error == nil || r.Error.Code != invalidRequest {
		t.Error("twice:", r.Error)
	}
	if r := c.ask("shutdown", nil, nil); r.Error != nil {
		t.Error(r.Error)
	}
	if r := c.ask("textDocument/hover", map[string]any{}, nil); r.Error == nil || r.Error.Code != invalidRequest {
		t.Error("after shutdown:", r.Error)
	}
	c.notify("exit", nil)
	if status := <-c.status; status != 0 {
		t.Error("status", status)
	}

	c = newClient(t)
	c.initialize()
	c.notify("exit", nil)
	if status := <-c.status; status != 1 {
		t.Error("without shutdown: status", status)
	}

	c = newClient(t)
	c.initialize()
	c.to.Close()
	if status := <-c.status; status != 1 {
		t.Error("a client that is gone: status", status)
	}
}

// TestMalformed says what is no message, and is still there afterwards.
func TestMalformed(t *testing.T) {
	c := newClient(t)
	c.initialize()
	for body, code := range map[string]int{
		`{`: parseError, ``: parseError, `[]`: invalidRequest, `7`: invalidRequest,
		`{"jsonrpc":"1.0","id":7,"method":"shutdown"}`:                                      invalidRequest,
		`{"jsonrpc":"2.0","id":{},"method":"shutdown"}`:                                     invalidRequest,
		`{"jsonrpc":"2.0","id":8,"method":"no/such"}`:                                       methodNotFound,
		`{"jsonrpc":"2.0","id":"nine","method":"textDocument/hover","params":[1]}`:          invalidParams,
		`{"jsonrpc":"2.0","id":10,"method":"textDocument/rename","params":{"newName":"x"}}`: requestFailed,
	} {
		c.write(body)
		r := c.read()
		for r.Method != "" {
			r = c.read()
		}
		if r.Error == nil || r.Error.Code != code {
			t.Errorf("%s gets %v, want %d", body, r.Error, code)
		}
	}
	for _, body := range []string{
		`{"jsonrpc":"2.0","method":"no/such"}`, `{"jsonrpc":"2.0","id":1,"result":null}`,
		`{"jsonrpc":"2.0","method":"textDocument/didChange","params":{"textDocument":{"uri":"file:///a.mrt"}}}`,
		`{"jsonrpc":"2.0","method":"$/cancelRequest","params":{"id":77}}`, `{"jsonrpc":"2.0","method":"$/setTrace","params":{}}`,
	} {
		c.write(body)
	}
	if !strings.Contains(c.log.String(), "is no JSON") {
		t.Error("the log says", c.log.String())
	}
	if status := c.end(); status != 0 {
		t.Error("status", status)
	}
}

// TestTooLarge passes over a message that is larger than any is, and answers the next.
func TestTooLarge(t *testing.T) {
	c := newClient(t)
	c.initialize()
	fmt.Fprintf(c.to, "Content-Length: %d\r\n\r\n", messageMax+1)
	if _, err := io.CopyN(c.to, blanks{}, messageMax+1); err != nil {
		t.Fatal(err)
	}
	r := c.read()
	for r.Method != "" {
		r = c.read()
	}
	if r.Error == nil || r.Error.Code != invalidRequest || !strings.Contains(r.Error.Message, "at most 16777216") {
		t.Error("got", r.Error)
	}
	if status := c.end(); status != 0 {
		t.Error("status", status)
	}
}

type blanks struct{}

func (blanks) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = ' '
	}
	return len(p), nil
}

// TestBrokenHeader ends the conversation: where the next message begins, nobody knows.
func TestBrokenHeader(t *testing.T) {
	for _, header := range []string{"Content-Length: -1\r\n\r\n", "Content-Type: x\r\n\r\n", "no colon\r\n\r\n", "Content-Length: 9x\r\n\r\n"} {
		c := newClient(t)
		c.initialize()
		go io.WriteString(c.to, header) //nolint:errcheck // the server may be gone
		go io.Copy(io.Discard, c.from)  //nolint:errcheck // it says why
		if status := <-c.status; status != 1 || !strings.Contains(c.log.String(), "header") {
			t.Error(header, "status", status, c.log.String())
		}
	}
}

// TestCancelled answers a request that was cancelled while it waited, without doing it.
func TestCancelled(t *testing.T) {
	p := pending{ids: map[string]bool{}}
	p.add([]byte("1"))
	p.add([]byte(`"two"`))
	p.cancel([]byte(`{"id":"two"}`))
	p.cancel([]byte(`{"id":3}`)) // which nobody asked
	if p.take([]byte("1")) || !p.take([]byte(`"two"`)) || p.take([]byte("3")) || len(p.ids) != 0 {
		t.Error("the second alone is cancelled", p.ids)
	}

	var out bytes.Buffer
	s := &Server{out: &out, log: io.Discard, state: serving, pending: pending{ids: map[string]bool{"4": true}}}
	s.handle(message{Version: "2.0", ID: []byte("4"), Method: "textDocument/hover"})
	if !strings.Contains(out.String(), "-32800") {
		t.Error("got", out.String())
	}
}

// TestCoalescing compiles a burst of edits once: what waits in the queue is
// heard before anything is compiled.
func TestCoalescing(t *testing.T) {
	var out bytes.Buffer
	s := &Server{out: &out, log: io.Discard, state: serving, encoding: utf16, pending: pending{ids: map[string]bool{}},
		world: &world{open: map[string]opened{}, disk: map[string]onDisk{}, folders: map[string]*folder{}}}
	queue := make(chan message, 100)
	queue <- parse([]byte(`{"jsonrpc":"2.0","method":"textDocument/didOpen","params":{"textDocument":{"uri":"untitled:a","version":1,"text":""}}}`))
	for i := range 50 {
		queue <- parse(fmt.Appendf(nil, `{"jsonrpc":"2.0","method":"textDocument/didChange","params":{"textDocument":{"uri":"untitled:a","version":%d},"contentChanges":[{"text":"def :n do %d end\n"}]}}`, i+2, i))
	}
	close(queue)
	for {
		m, ok := s.next(queue)
		if !ok {
			break
		}
		s.handle(m)
	}
	s.publish()
	if n := strings.Count(out.String(), "publishDiagnostics"); n != 1 || !strings.Contains(out.String(), `"version":51`) {
		t.Error(n, "times published:", out.String())
	}
}

// TestEncodings asks behind an é and an emoji, which are 2 and 4 bytes, and 1
// and 2 units of UTF-16.
func TestEncodings(t *testing.T) {
	const text = "view :v do \"é🍷\" + nowhere end\n"
	for _, c := range []struct {
		offered []string
		want    string
		start   int
	}{
		{nil, "utf-16", 19}, {[]string{"utf-16"}, "utf-16", 19}, {[]string{"utf-32", "utf-8"}, "utf-8", 22},
	} {
		client := newClient(t)
		r := client.ask("initialize", map[string]any{"capabilities": map[string]any{"general": map[string]any{"positionEncodings": c.offered}}}, nil)
		if !strings.Contains(string(r.Result), `"positionEncoding":"`+c.want+`"`) {
			t.Error("offered", c.offered, "it takes", string(r.Result))
		}
		client.notify("textDocument/didOpen", map[string]any{"textDocument": map[string]any{"uri": wine, "version": 1, "text": text}})
		p := client.published(wine, nil)
		if len(p.Diagnostics) != 1 || p.Diagnostics[0].Range.Start != (position{0, c.start}) || p.Diagnostics[0].Range.End != (position{0, c.start + 7}) {
			t.Error(c.want, p.Diagnostics)
		}
		edit := map[string]any{"textDocument": map[string]any{"uri": wine, "version": 2}, "contentChanges": []any{map[string]any{
			"range": p.Diagnostics[0].Range, "text": `"🍷"`}}}
		client.notify("textDocument/didChange", edit)
		if p := client.published(wine, nil); len(p.Diagnostics) != 0 {
			t.Error(c.want, "after the edit:", p.Diagnostics)
		}
		client.end()
	}
}

// TestPositions is a law: every offset that begins a character is found again
// from its position, and a position inside one is its beginning.
func TestPositions(t *testing.T) {
	const text = "a é 🍷\r\n\r\nß🍷🍷\nend"
	f := token.NewFile("", text)
	for _, e := range []encoding{utf16, utf8s} {
		for at := range text {
			if text[at] == '\n' && at > 0 && text[at-1] == '\r' {
				continue // inside the end of a line
			}
			if got := e.offset(f, e.position(f, at)); got != at {
				t.Errorf("%s: offset %d is found at %d", e, at, got)
			}
		}
		if got := e.offset(f, position{0, 1000}); got != strings.Index(text, "\r") {
			t.Error("beyond a line it is its end, not", got)
		}
		if got := e.offset(f, position{100, 0}); got != len(text) {
			t.Error("beyond the text it is its end, not", got)
		}
		if got := e.offset(f, position{-1, -1}); got < 0 || got > len(text) {
			t.Error("before the text:", got)
		}
	}
	if got := utf16.offset(f, position{0, 5}); got != strings.Index(text, "🍷") {
		t.Error("inside a pair it is its beginning, not", got)
	}
}

// FuzzFrame reads anything as frames: it ends, and what is written is read again.
func FuzzFrame(f *testing.F) {
	f.Add([]byte("Content-Length: 2\r\n\r\n{}"))
	f.Add([]byte("content-length:2\nContent-Type: x\n\n{}Content-Length: 0\r\n\r\n"))
	f.Add([]byte("Content-Length: 99999999999999999999\r\n\r\n"))
	f.Add([]byte(strings.Repeat("x: y\r\n", headersMax+1)))
	f.Fuzz(func(t *testing.T, data []byte) {
		r := bufio.NewReader(bytes.NewReader(data))
		for range len(data) + 1 {
			body, err := readFrame(r)
			if err != nil {
				break
			}
			m := parse(body)
			if m.flaw == nil && m.isRequest() && !json.Valid(m.ID) {
				t.Error("an id that is no JSON:", string(m.ID))
			}
			var again bytes.Buffer
			if err := writeFrame(&again, body); err != nil {
				t.Fatal(err)
			}
			if got, err := readFrame(bufio.NewReader(&again)); err != nil || !bytes.Equal(got, body) {
				t.Fatal("written and read again it is", string(got), err)
			}
		}
	})
}

// TestText says of a letter what has no place, and where more is said of it.
func TestText(t *testing.T) {
	f := token.NewFile("a.mrt", "view :v do x end")
	at := token.Span{File: f, Start: 11, End: 12}
	d := diag.Errorf("E301", at, "nothing keeps it").Here("here").There(at, "lowered").Since(token.Span{}, "rights are held").Since(at, "seen").
		Hinting("a hint").Way(":keep => :escrow", "offline").Way("else ...", "")
	d.Example = "two replicas"
	const want = "nothing keeps it\nhere\nbecause rights are held\nexample: two replicas\na hint\n" +
		"way out: :keep => :escrow (offline)\nway out: else ...\nmartinelli explain E301"
	if got := text(d); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	s := &Server{encoding: utf16, world: &world{open: map[string]opened{}}}
	got := s.diagnostic(&folder{dir: "/p"}, d)
	if len(got.Related) != 2 || got.Related[0].Message != "lowered" || got.Related[1].Message != "seen" || got.Related[0].Location.URI != "file:///p/a.mrt" {
		t.Error("the other places are", got.Related)
	}
}
