package lsp

import (
	"bufio"
	"bytes"
	"encoding/json"
	"io"
	"net/url"
	"strings"
	"sync"
	"testing"
)

// client is an editor that speaks over pipes.
type client struct {
	t      testing.TB
	to     io.WriteCloser
	from   *bufio.Reader
	log    *lockedBuffer
	status chan int
	id     int
}

type lockedBuffer struct {
	sync.Mutex
	bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.Lock()
	defer b.Unlock()
	return b.Buffer.Write(p)
}

func (b *lockedBuffer) String() string {
	b.Lock()
	defer b.Unlock()
	return b.Buffer.String()
}

func newClient(t testing.TB) *client {
	in, to := io.Pipe()
	from, out := io.Pipe()
	c := &client{t: t, to: to, from: bufio.NewReader(from), log: &lockedBuffer{}, status: make(chan int, 1)}
	go func() {
		c.status <- Serve(in, out, c.log)
		in.Close()
		out.Close()
	}()
	return c
}

// write sends a frame with a body as it is.
func (c *client) write(body string) {
	c.t.Helper()
	if err := writeFrame(c.to, []byte(body)); err != nil {
		c.t.Fatal(err, c.log.String())
	}
}

// reply is what the server says.
type reply struct {
	ID     json.RawMessage
	Method string
	Params json.RawMessage
	Result json.RawMessage
	Error  *failure
}

func (c *client) read() reply {
	c.t.Helper()
	body, err := readFrame(c.from)
	if err != nil {
		c.t.Fatal(err, c.log.String())
	}
	var r reply
	if err := json.Unmarshal(body, &r); err != nil {
		c.t.Fatal(err)
	}
	return r
}

// notify says something that is not answered.
func (c *client) notify(method string, params any) {
	c.t.Helper()
	body, _ := json.Marshal(map[string]any{"jsonrpc": "2.0", "method": method, "params": params})
	c.write(string(body))
}

// ask asks, and returns the answer; others gets what comes before it.
func (c *client) ask(method string, params any, others func(reply)) reply {
	c.t.Helper()
	c.id++
	body, _ := json.Marshal(map[string]any{"jsonrpc": "2.0", "id": c.id, "method": method, "params": params})
	c.write(string(body))
	for {
		r := c.read()
		if r.Method == "" {
			return r
		}
		if others != nil {
			others(r)
		}
	}
}

// published waits for the letters about a file.
func (c *client) published(uri string, others func(reply)) publishParams {
	c.t.Helper()
	for {
		r := c.read()
		var p publishParams
		if r.Method == "textDocument/publishDiagnostics" && json.Unmarshal(r.Params, &p) == nil && p.URI == uri {
			return p
		}
		if others != nil {
			others(r)
		}
	}
}

func (c *client) initialize(encodings ...string) {
	c.t.Helper()
	r := c.ask("initialize", map[string]any{"capabilities": map[string]any{"general": map[string]any{"positionEncodings": encodings}}}, nil)
	if r.Error != nil {
		c.t.Fatal(r.Error)
	}
	c.notify("initialized", map[string]any{})
}

func (c *client) open(path, text string, version int) {
	c.t.Helper()
	c.notify("textDocument/didOpen", map[string]any{"textDocument": map[string]any{"uri": uri(path), "languageId": "martinelli", "version": version, "text": text}})
}

// end says goodbye, and returns the status.
func (c *client) end() int {
	c.t.Helper()
	if r := c.ask("shutdown", nil, nil); r.Error != nil || string(r.Result) != "null" {
		c.t.Error("shutdown answers", r.Error, string(r.Result))
	}
	c.notify("exit", nil)
	return <-c.status
}

func uri(path string) string {
	if !strings.HasPrefix(path, "/") {
		return path
	}
	return (&url.URL{Scheme: "file", Path: path}).String()
}
