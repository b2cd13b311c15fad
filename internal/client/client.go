// Package client speaks the JSON API of a running node.
package client

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

// Client speaks with one node. What it has seen there travels with it in
// Session, so that it may go on at another node.
type Client struct {
	base    string
	Session string // the causal context; follows every answer
	AsOf    string // of the last answer: when what was read was so at the home, or "never"; "": it was read where it lives
	Secret  string // of the node's directory, for the admin verbs
}

// sessionHeader carries the causal context both ways.
const sessionHeader = "Martinelli-Session"

const asOfHeader = "Martinelli-As-Of"

// New returns a client of the node whose API is at HOST:PORT.
func New(address string) *Client {
	return &Client{base: "http://" + strings.TrimPrefix(address, "http://")}
}

// Error is what a node refused, and its advice.
type Error struct {
	Status int    `json:"-"`
	Text   string `json:"error"`
	Hint   string `json:"hint"`
	Abort  string `json:"abort"` // the word, where an event aborted
}

func (e *Error) Error() string {
	if e.Hint == "" {
		return e.Text
	}
	return e.Text + "\n  " + e.Hint
}

// do sends a request and returns the answer's body, open, if the node agreed.
func (c *Client) do(ctx context.Context, method, path string, query url.Values, kind string, body io.Reader) (io.ReadCloser, error) {
	if len(query) > 0 {
		path += "?" + query.Encode()
	}
	q, err := http.NewRequestWithContext(ctx, method, c.base+path, body)
	if err != nil {
		return nil, err
	}
	if kind != "" {
		q.Header.Set("Content-Type", kind)
	}
	if c.Session != "" {
		q.Header.Set(sessionHeader, c.Session)
	}
	if c.Secret != "" {
		q.Header.Set("Authorization", "Bearer "+c.Secret)
	}
	a, err := http.DefaultClient.Do(q)
	if err != nil {
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		return nil, fmt.Errorf("no node answers at %s: %w\n  start one with: martinelli run PROGRAM, or name its address with --http", c.base, err)
	}
	if a.StatusCode != http.StatusOK {
		defer a.Body.Close()
		return nil, refusal(a)
	}
	if s := a.Header.Get(sessionHeader); s != "" {
		c.Session = s
	}
	c.AsOf = a.Header.Get(asOfHeader)
	return a.Body, nil
}

// refusal reads what a node refused.
func refusal(a *http.Response) error {
	e := &Error{Status: a.StatusCode}
	text, err := io.ReadAll(io.LimitReader(a.Body, 64<<10))
	if err != nil || json.Unmarshal(text, e) != nil || e.Text == "" {
		e.Text = a.Status + ": " + strings.TrimSpace(string(text))
	}
	return e
}

// call is do for an answer that is one JSON value.
func (c *Client) call(ctx context.Context, method, path string, query url.Values, kind string, body io.Reader, into any) error {
	answer, err := c.do(ctx, method, path, query, kind, body)
	if err != nil {
		return err
	}
	defer answer.Close()
	return json.NewDecoder(answer).Decode(into)
}

// Outcome is what a raise came to.
type Outcome struct {
	Committed bool   `json:"committed"`
	Duplicate bool   `json:"duplicate,omitempty"`
	Pending   bool   `json:"pending,omitempty"` // it is in the node's outbox, and runs at the home
	Item      string `json:"item,omitempty"`    // under this name
	Session   string `json:"session,omitempty"`
	Serial    bool   `json:"serial,omitempty"` // likewise of the serial block at its end
	Saga      bool   `json:"saga,omitempty"`   // the handler has committed, and this is of the saga at its end
}

// Raise raises an event with its argument object. stream may be ""; outbox is
// "", "away" or "always".
func (c *Client) Raise(ctx context.Context, event string, args []byte, stream string, seq uint64, outbox string) (Outcome, error) {
	query := url.Values{}
	if outbox != "" {
		query.Set("outbox", outbox)
	}
	if stream != "" {
		query.Set("stream", stream)
		query.Set("seq", strconv.FormatUint(seq, 10))
	}
	var o Outcome
	err := c.call(ctx, "POST", "/v1/raise/"+url.PathEscape(event), query, "application/json", bytes.NewReader(args), &o)
	return o, err
}

// OutboxItem is an event in a node's outbox, or what came of it.
type OutboxItem struct {
	Item, Event, State, Abort, Detail string
	Serial                            bool            // it is the serial block of the event
	Saga                              json.RawMessage // the key of the saga it begins; nil: it is an event
}

// Outbox returns the events of a node that wait for the home, and what came of
// the last ones.
func (c *Client) Outbox(ctx context.Context) (items []OutboxItem, err error) {
	err = c.call(ctx, "GET", "/v1/outbox", nil, "", nil, &items)
	return items, err
}

// Read returns the JSON value of a database or view, or of a database at a key.
func (c *Client) Read(ctx context.Context, name string, key []string) (json.RawMessage, error) {
	var v json.RawMessage
	err := c.call(ctx, "GET", "/v1/read/"+url.PathEscape(name), url.Values{"key": key}, "", nil, &v)
	return v, err
}

// Mark returns the largest seq of a stream that has committed at the node.
func (c *Client) Mark(ctx context.Context, stream string) (uint64, error) {
	var m struct{ Mark uint64 }
	err := c.call(ctx, "GET", "/v1/stream/"+url.PathEscape(stream), nil, "", nil, &m)
	return m.Mark, err
}

// Status returns the node's status as the API gives it.
func (c *Client) Status(ctx context.Context) (json.RawMessage, error) {
	var s json.RawMessage
	err := c.call(ctx, "GET", "/v1/status", nil, "", nil, &s)
	return s, err
}

// Ticket admits one node to a cluster.
type Ticket struct {
	Token   string `json:"token"`
	Join    string `json:"join"`
	Expires string `json:"expires"`
}

// Token asks for a fresh join token, for a node of a user or "" for any. It needs Secret.
func (c *Client) Token(ctx context.Context, user string) (Ticket, error) {
	var t Ticket
	query := url.Values{}
	if user != "" {
		query.Set("user", user)
	}
	err := c.call(ctx, "POST", "/v1/admin/token", query, "", nil, &t)
	return t, err
}

// As opens a session for a user and returns a client in it. It needs Secret.
func (c *Client) As(ctx context.Context, user string) (*Client, error) {
	var opened struct {
		Session string `json:"session"`
	}
	if err := c.call(ctx, "POST", "/v1/admin/session", url.Values{"user": {user}}, "", nil, &opened); err != nil {
		return nil, err
	}
	in := *c
	in.Secret = opened.Session
	return &in, nil
}

// End closes the session the client is in.
func (c *Client) End(ctx context.Context) error {
	var ended struct{}
	return c.call(ctx, "POST", "/v1/session/end", nil, "", nil, &ended)
}

// Cut takes the right to write away from a replica, with isWhole all that it
// wrote, and returns in how many spaces. It needs Secret of the first node.
func (c *Client) Cut(ctx context.Context, replica string, isWhole bool) (spaces int, err error) {
	var answer struct {
		Spaces int `json:"spaces"`
	}
	query := url.Values{"replica": {replica}, "all": {strconv.FormatBool(isWhole)}}
	err = c.call(ctx, "POST", "/v1/admin/cut", query, "", nil, &answer)
	return answer.Spaces, err
}

// Revoke lets a replica in no more, or where a user is named all nodes he has, and
// returns in how many spaces somebody was cut. It needs Secret of the first node.
func (c *Client) Revoke(ctx context.Context, replica, user string) (spaces int, err error) {
	var answer struct {
		Spaces int `json:"spaces"`
	}
	query := url.Values{}
	if user != "" {
		query.Set("user", user)
	} else {
		query.Set("replica", replica)
	}
	err = c.call(ctx, "POST", "/v1/admin/revoke", query, "", nil, &answer)
	return answer.Spaces, err
}

// Retire says that a replica will not be back, and returns in how many spaces it
// had not been said yet. It needs Secret of the first node.
func (c *Client) Retire(ctx context.Context, replica string) (spaces int, err error) {
	var answer struct {
		Spaces int `json:"spaces"`
	}
	err = c.call(ctx, "POST", "/v1/admin/retire", url.Values{"replica": {replica}}, "", nil, &answer)
	return answer.Spaces, err
}

// Dropped is what a drop has removed.
type Dropped struct{ Entries, Bytes, Spaces int }

// Drop removes the entries of a database that the program of the first node does
// not name. It needs Secret of that node.
func (c *Client) Drop(ctx context.Context, database string) (d Dropped, err error) {
	err = c.call(ctx, "POST", "/v1/admin/drop", url.Values{"database": {database}}, "", nil, &d)
	return d, err
}

// Backup asks for a backup and returns it as it comes. It needs Secret. Who
// reads it checks it whole: a connection that breaks leaves it cut off.
func (c *Client) Backup(ctx context.Context) (io.ReadCloser, error) {
	return c.do(ctx, "POST", "/v1/admin/backup", nil, "", nil)
}

// Progress is how far a load has come.
type Progress struct {
	Lines      uint64 `json:"lines"`
	Committed  uint64 `json:"committed"`
	Duplicates uint64 `json:"duplicates"`
	Rejected   uint64 `json:"rejected"`
	Seq        uint64 `json:"seq"`
	Session    string `json:"session,omitempty"`
}

// Rejection is a line of a load that had no effect.
type Rejection struct {
	Line   uint64 `json:"line"`
	Seq    uint64 `json:"seq"`
	Reason string `json:"reason"`
	Detail string `json:"detail"`
}

// Watcher is told how a load goes on; each func may be nil.
type Watcher struct {
	Progress func(Progress)
	Rejected func(Rejection)
}

// Load raises an event for each line of lines, its argument object, as fast as
// they become durable. Line i has the seq offset+i of the stream; stream may
// be "". An error leaves open which of the lines after Progress.Seq took
// place: with a stream, loading them again is harmless.
func (c *Client) Load(ctx context.Context, event string, lines io.Reader, stream string, offset uint64, w Watcher) (Progress, error) {
	query := url.Values{}
	if stream != "" {
		query.Set("stream", stream)
		query.Set("offset", strconv.FormatUint(offset, 10))
	}
	answer, err := c.do(ctx, "POST", "/v1/load/"+url.PathEscape(event), query, "application/x-ndjson", lines)
	if err != nil {
		return Progress{}, err
	}
	defer answer.Close()
	return c.follow(answer, w)
}

// follow reads the answer of a load.
func (c *Client) follow(answer io.Reader, w Watcher) (last Progress, err error) {
	scanner := bufio.NewScanner(answer)
	scanner.Buffer(nil, 1<<20)
	for scanner.Scan() {
		var m struct {
			Progress, Done *Progress
			Rejected       *Rejection
			Failed         *Error
		}
		if err := json.Unmarshal(scanner.Bytes(), &m); err != nil {
			return last, fmt.Errorf("the node's answer is malformed: %w", err)
		}
		if m.Rejected != nil && w.Rejected != nil {
			w.Rejected(*m.Rejected)
		}
		if m.Progress != nil {
			last = *m.Progress
		}
		if m.Done != nil {
			last = *m.Done
		}
		if w.Progress != nil && (m.Progress != nil || m.Done != nil) {
			w.Progress(last)
		}
		switch {
		case m.Failed != nil:
			return last, m.Failed
		case m.Done != nil:
			if last.Session != "" {
				c.Session = last.Session
			}
			return last, nil
		}
	}
	if err := scanner.Err(); err != nil {
		return last, fmt.Errorf("the connection to the node broke: %w", err)
	}
	return last, fmt.Errorf("the connection to the node broke: %w", io.ErrUnexpectedEOF)
}

// Change is one server-sent event of a watch.
type Change struct {
	Kind string // "value", "change", "notice" or "lost"
	Data json.RawMessage
}

// Watch yields the value of a database or view and then every change, until
// ctx ends, the node stops, or yield returns an error.
func (c *Client) Watch(ctx context.Context, name string, yield func(Change) error) error {
	return c.watch(ctx, "/v1/watch/"+url.PathEscape(name), yield)
}

// Notices yields what the program tells from now on, as Watch does.
func (c *Client) Notices(ctx context.Context, yield func(Change) error) error {
	return c.watch(ctx, "/v1/watch?notices=1", yield)
}

func (c *Client) watch(ctx context.Context, path string, yield func(Change) error) error {
	answer, err := c.do(ctx, "GET", path, nil, "", nil)
	if err != nil {
		return err
	}
	defer answer.Close()
	scanner := bufio.NewScanner(answer)
	scanner.Buffer(nil, 64<<20)
	var change Change
	for scanner.Scan() {
		line := scanner.Text()
		switch {
		case strings.HasPrefix(line, "event: "):
			change.Kind = line[len("event: "):]
		case strings.HasPrefix(line, "data: "):
			change.Data = json.RawMessage(line[len("data: "):])
			if err := yield(change); err != nil {
				return err
			}
		}
	}
	if ctx.Err() != nil {
		return nil
	}
	if err := scanner.Err(); err != nil {
		return fmt.Errorf("the connection to the node broke: %w", err)
	}
	return fmt.Errorf("the node ended the watch")
}
