package native

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"time"

	"github.com/martinelli-lang/martinelli/flow"
	"github.com/martinelli-lang/martinelli/internal/jsonvalue"
	"github.com/martinelli-lang/martinelli/node"
	"github.com/martinelli-lang/martinelli/plan"
)

// serveLoad raises an event for every line of the body, which is read as fast
// as the lines become durable: LoadPending of them are under way at a time,
// so they share synced writes. Line i of the body, counted from 1, has the seq
// offset+i of the stream.
//
// The answer is a stream of JSON lines: {"rejected": {...}} for a line that had
// no effect, {"progress": {...}} every progressEvery, and {"done": {...}} or
// {"failed": {...}} at the end. What was acknowledged before is durable. A
// stream fails at the first line whose outcome is open, for the lines behind
// it have to wait for it.
func (h *Host) serveLoad(w http.ResponseWriter, r *http.Request) error {
	if err := isJSON(r, "application/x-ndjson", "application/json"); err != nil {
		return err
	}
	event := r.PathValue("event")
	params, ok := h.Params(event)
	if !ok {
		return abortError(node.Answer{Abort: node.AbortNoEvent, Detail: "the program has no on_" + event + " at this role"})
	}
	_, user, err := h.sessionUser(r)
	if err != nil {
		return err
	}
	stream := r.URL.Query().Get("stream")
	offset, err := offsetOf(r)
	if err != nil {
		return err
	}
	control := http.NewResponseController(w)
	if err := control.EnableFullDuplex(); err != nil {
		return fmt.Errorf("a load needs to be answered while it is read: %w", err)
	}
	w.Header().Set("Content-Type", "application/x-ndjson")
	w.Header().Set("Cache-Control", "no-store")
	control.Flush()

	ctx, cancel := context.WithCancelCause(r.Context())
	defer cancel(nil)
	stop := context.AfterFunc(h.ctx, func() { cancel(ErrClosed) })
	defer stop()
	l := &load{
		host: h, event: event, user: user, params: params, stream: stream, offset: offset,
		lines: bufio.NewReaderSize(r.Body, 64<<10),
		ended: make(chan outcome, LoadPending), out: w, flush: control.Flush,
		stop: func() {
			cancel(nil)
			control.SetReadDeadline(time.Unix(1, 0)) // fails where the connection is gone, and with it the reading
		},
	}
	l.run(ctx)
	return nil
}

// offsetOf reads ?offset=N: how many lines of the stream stand before the body.
func offsetOf(r *http.Request) (uint64, error) {
	text := r.URL.Query().Get("offset")
	if text == "" {
		return 0, nil
	}
	n, err := strconv.ParseUint(text, 10, 63)
	if err != nil {
		return 0, errBad("offset is not a number", "offset is how many lines of the stream stand before the body; 0 if left out")
	}
	return n, nil
}

// load is one load under way. A goroutine reads and raises; run writes.
type load struct {
	host   *Host
	event  string
	user   string // in whose session; "" for none
	params []plan.Param
	stream string
	offset uint64
	lines  *bufio.Reader
	ended  chan outcome // room for every line under way, so that who answers never waits
	out    io.Writer
	flush  func() error
	stop   func() // ends the reading and raising

	progress loadProgress
}

// outcome is what came of one line.
type outcome struct {
	line   uint64 // in the body
	why    string // it had no effect; "" where it had
	detail string
	answer node.Answer
}

// loadProgress is how far a load has come.
type loadProgress struct {
	Lines      uint64 `json:"lines"` // answered
	Committed  uint64 `json:"committed"`
	Duplicates uint64 `json:"duplicates"` // of Committed: the stream had them already
	Rejected   uint64 `json:"rejected"`
	Seq        uint64 `json:"seq"` // the largest that was answered
	Session    string `json:"session,omitempty"`
}

// rejection is a line that had no effect.
type rejection struct {
	Line   uint64 `json:"line"` // in the body
	Seq    uint64 `json:"seq"`  // in the stream: its line in the whole input
	Reason string `json:"reason"`
	Detail string `json:"detail,omitempty"`
}

// progressEvery is how often a load says how far it is.
const progressEvery = 200 * time.Millisecond

// run reports outcomes until all lines are answered.
func (l *load) run(ctx context.Context) {
	slots := make(chan struct{}, LoadPending)
	raised := make(chan error, 1)
	l.host.edge.Go(func() { raised <- l.raise(ctx, slots) })
	tick := time.NewTicker(progressEvery)
	defer tick.Stop()
	var end error
	for reading := true; reading || len(slots) > 0; {
		select {
		case o := <-l.ended:
			<-slots
			if l.stream != "" && o.answer.IsOpen() {
				l.halt(raised, abortError(o.answer))
				return
			}
			l.count(o)
		case end = <-raised:
			reading, raised = false, nil
		case <-tick.C:
			if l.host.disk.isFull() {
				l.halt(raised, ErrDiskFull)
				return
			}
			l.write(map[string]any{"progress": l.progress})
		case <-ctx.Done():
			l.fail(context.Cause(ctx))
			return
		}
	}
	if end != nil {
		l.fail(end)
		return
	}
	l.write(map[string]any{"done": l.progress})
}

// halt ends the load before its lines have ended. raised is nil where they
// have. Who hears of it may begin anew: nothing of this load comes after that.
func (l *load) halt(raised <-chan error, err error) {
	l.stop()
	if raised != nil {
		<-raised
	}
	l.fail(err)
}

func (l *load) fail(err error) {
	l.write(map[string]any{"failed": asHTTPError(err), "progress": l.progress})
}

// raise reads lines and raises them, until the end or the first error.
func (l *load) raise(ctx context.Context, slots chan<- struct{}) error {
	for line := uint64(1); ctx.Err() == nil; line++ {
		text, err := readLine(l.lines)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil && !errors.Is(err, errLong) {
			return fmt.Errorf("read line %d: %w", line, err)
		}
		select {
		case slots <- struct{}{}:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
		if err := l.raiseLine(ctx, line, text, err); err != nil {
			return err
		}
	}
	return context.Cause(ctx)
}

// raiseLine raises one line. One that is not the event's arguments is an
// outcome, not an error.
func (l *load) raiseLine(ctx context.Context, line uint64, text []byte, err error) error {
	reject := func(err error) error {
		l.ended <- outcome{line: line, why: flow.AbortArgument, detail: err.Error()}
		return nil
	}
	if err != nil {
		return reject(err)
	}
	args, err := jsonvalue.Args(l.params, text)
	if err != nil {
		return reject(err)
	}
	q := node.RaiseRequest{Event: l.event, Args: args, User: l.user}
	if l.stream != "" {
		q.Stream, q.Seq = l.stream, l.offset+line
	}
	return l.host.raiseThen(ctx, q, func(a node.Answer) {
		l.ended <- outcome{line: line, why: a.Abort, detail: a.Detail, answer: a}
	})
}

// count takes an outcome into the progress, and reports a rejection.
func (l *load) count(o outcome) {
	p := &l.progress
	p.Lines++
	p.Seq = max(p.Seq, l.offset+o.line)
	if o.why != "" {
		p.Rejected++
		l.write(map[string]any{"rejected": rejection{o.line, l.offset + o.line, o.why, o.detail}})
		return
	}
	p.Committed++
	if o.answer.Duplicate {
		p.Duplicates++
	}
	if len(o.answer.Token) > 0 {
		p.Session = sessionText(o.answer.Token)
	}
}

// write writes one line of the answer. It fails where the client is gone,
// which ends the request's context.
func (l *load) write(v any) {
	json.NewEncoder(l.out).Encode(v)
	l.flush()
}

// errLong is a line over BodySizeMax. The line is skipped.
var errLong = fmt.Errorf("the line is over %d bytes", BodySizeMax)

// readLine returns the next line without its end. Empty lines count as lines
// and are returned; the end of the input after a newline is no line.
func readLine(r *bufio.Reader) ([]byte, error) {
	var long []byte
	for {
		part, err := r.ReadSlice('\n')
		switch {
		case err == bufio.ErrBufferFull:
			long = append(long, part...)
			if len(long) > BodySizeMax {
				return nil, skipLine(r)
			}
			continue
		case err != nil && !(err == io.EOF && len(long)+len(part) > 0):
			return nil, err
		}
		line := append(long, part...)
		if len(line) > BodySizeMax {
			return nil, errLong
		}
		return bytes.TrimRight(line, "\r\n"), nil
	}
}

// skipLine reads to the end of a line that is too long, and says that it was.
func skipLine(r *bufio.Reader) error {
	for {
		_, err := r.ReadSlice('\n')
		switch err {
		case nil, io.EOF:
			return errLong
		case bufio.ErrBufferFull:
		default:
			return err
		}
	}
}
