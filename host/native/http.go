package native

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"mime"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/martinelli-lang/martinelli/flow"
	"github.com/martinelli-lang/martinelli/node"
)

func (h *Host) newServer() *http.Server {
	return &http.Server{
		Handler:           h.handler(),
		ReadHeaderTimeout: headerTimeout,
		IdleTimeout:       idleTimeout,
		MaxHeaderBytes:    64 << 10,
		ErrorLog:          slog.NewLogLogger(h.log.Handler(), slog.LevelDebug),
	}
}

func (h *Host) serveHTTP() {
	err := h.http.Serve(h.httpListener)
	if !errors.Is(err, http.ErrServerClosed) && h.ctx.Err() == nil {
		h.stop(fmt.Errorf("serve HTTP on %s: %w", h.httpListener.Addr(), err))
	}
}

// handler is the API's alphabet.
func (h *Host) handler() http.Handler {
	mux := http.NewServeMux()
	for pattern, serve := range map[string]func(http.ResponseWriter, *http.Request) error{
		"POST /v1/raise/{event}":   h.serveRaise,
		"POST /v1/load/{event}":    h.serveLoad,
		"GET /v1/read/{name}":      h.serveRead,
		"GET /v1/watch/{name}":     h.serveWatch,
		"GET /v1/watch":            h.serveWatch,
		"GET /v1/stream/{name...}": h.serveStream,
		"GET /v1/link":             h.serveLink,
		"POST /v1/admit":           h.serveAdmit,
		"GET /v1/plan":             h.servePlan,
		"GET /v1/status":           h.serveStatus,
		"GET /v1/outbox":           h.serveOutbox,
		"POST /v1/admin/token":     h.serveToken,
		"POST /v1/admin/session":   h.serveSession,
		"POST /v1/session/end":     h.serveSessionEnd,
		"POST /v1/admin/backup":    h.serveBackup,
		"POST /v1/admin/cut":       h.serveCut,
		"POST /v1/admin/retire":    h.serveRetire,
		"POST /v1/admin/revoke":    h.serveRevoke,
		"POST /v1/admin/drop":      h.serveDrop,
		"GET /healthz":             h.serveHealth,
		"/":                        h.serveRest,
	} {
		mux.Handle(pattern, h.verb(pattern, serve))
	}
	mux.Handle("GET /metrics", promhttp.HandlerFor(h.metrics.registry, promhttp.HandlerOpts{}))
	if h.web == nil {
		mux.Handle("GET /{$}", console("index.html"))
	}
	mux.Handle("GET /console", console("index.html"))
	mux.Handle("GET /console.css", console("console.css"))
	mux.Handle("GET /console.js", console("console.js"))
	return h.guard(mux)
}

// verb counts requests and turns an error into JSON.
func (h *Host) verb(pattern string, serve func(http.ResponseWriter, *http.Request) error) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		code := http.StatusOK
		if err := serve(w, r); err != nil {
			code = writeError(w, err)
		}
		h.metrics.requests.WithLabelValues(pattern, strconv.Itoa(code)).Inc()
	})
}

// guard keeps pages of other origins out. The API listens on localhost, which
// every page in a local browser can reach: so a request must name this host as
// an address or as localhost (a name that was made to point here is refused),
// a browser's must come from the console's own origin, and a body must be
// declared as JSON, which a form can't do.
func (h *Host) guard(next http.Handler) http.Handler {
	origin := http.NewCrossOriginProtection()
	for _, o := range h.cfg.Origins {
		origin.AddTrustedOrigin(o) // Open has read them
	}
	origin.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		writeError(w, errForbidden("a page of another origin may not speak to this node", "open the console at http://"+r.Host+"/"))
	}))
	guarded := origin.Handler(next)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Content-Type-Options", "nosniff")
		w.Header().Set("Cross-Origin-Resource-Policy", "same-origin")
		if !h.isOwnName(r.Host) {
			writeError(w, errForbidden("the request is for the host "+strconv.Quote(r.Host)+", which is not a name of this node", "use its address, or localhost"))
			return
		}
		if o := r.Header.Get("Origin"); o != "" && o != "http://"+r.Host && o != "https://"+r.Host && !slices.Contains(h.cfg.Origins, o) {
			writeError(w, errForbidden("the page at "+o+" may not speak to this node", "open it at http://"+r.Host+"/, or run the node with --origin "+o))
			return
		}
		if h.isPreflight(w, r) {
			return
		}
		guarded.ServeHTTP(w, r)
	})
}

// isPreflight lets pages of the origins that were named to this node read its
// answers, and answers a browser's question about that.
func (h *Host) isPreflight(w http.ResponseWriter, r *http.Request) bool {
	o := r.Header.Get("Origin")
	if !slices.Contains(h.cfg.Origins, o) {
		return false
	}
	w.Header().Set("Access-Control-Allow-Origin", o)
	w.Header().Set("Access-Control-Expose-Headers", "Martinelli-Session, ETag")
	w.Header().Add("Vary", "Origin")
	if r.Method != http.MethodOptions || r.Header.Get("Access-Control-Request-Method") == "" {
		return false
	}
	w.Header().Set("Access-Control-Allow-Methods", "GET, POST")
	w.Header().Set("Access-Control-Allow-Headers", "Authorization, Content-Type, Martinelli-Session")
	w.Header().Set("Access-Control-Max-Age", "600")
	w.WriteHeader(http.StatusNoContent)
	return true
}

// isOwnName reports whether a Host header can only mean this node: an address,
// localhost, or the name it was told to listen on.
func (h *Host) isOwnName(host string) bool {
	name, _, err := net.SplitHostPort(host)
	if err != nil {
		name = host
	}
	name = strings.Trim(name, "[]")
	own, _, _ := net.SplitHostPort(h.cfg.HTTP)
	for _, o := range h.cfg.Origins {
		if _, at, _ := strings.Cut(o, "://"); strings.EqualFold(at, host) {
			return true
		}
	}
	_, err = netip.ParseAddr(name)
	return err == nil || name == "localhost" || (own != "" && strings.EqualFold(name, own))
}

// httpError is an error of the API: what went wrong and what to do.
type httpError struct {
	Code  int    `json:"-"`
	Text  string `json:"error"`
	Hint  string `json:"hint,omitempty"`
	Abort string `json:"abort,omitempty"` // the word, where an event or read aborted
}

func (e *httpError) Error() string { return e.Text }

func errForbidden(text, hint string) error {
	return &httpError{Code: http.StatusForbidden, Text: text, Hint: hint}
}

func errBad(text, hint string) error {
	return &httpError{Code: http.StatusBadRequest, Text: text, Hint: hint}
}

// writeError writes err as JSON and returns the status it was given.
func writeError(w http.ResponseWriter, err error) int {
	e := asHTTPError(err)
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	if e.Code == http.StatusServiceUnavailable {
		w.Header().Set("Retry-After", "1")
	}
	w.WriteHeader(e.Code)
	json.NewEncoder(w).Encode(e)
	return e.Code
}

func asHTTPError(err error) *httpError {
	var e *httpError
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &e):
		return e
	case errors.As(err, &large):
		return &httpError{Code: http.StatusRequestEntityTooLarge, Text: fmt.Sprintf("the body is over %d bytes", large.Limit), Hint: "send less at once; /v1/load takes many lines"}
	case errors.Is(err, errBackupRuns):
		return &httpError{Code: http.StatusConflict, Text: err.Error()}
	case errors.Is(err, ErrDiskFull), isFull(err):
		return &httpError{Code: http.StatusInsufficientStorage, Text: err.Error(), Hint: "free some space on the node's disk"}
	case errors.Is(err, ErrClosed):
		return &httpError{Code: http.StatusServiceUnavailable, Text: err.Error(), Hint: "start it again, or ask another node"}
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return &httpError{Code: http.StatusServiceUnavailable, Text: "the request ended before its answer came", Hint: "raise with a stream and seq, so that a retry is harmless"}
	}
	return &httpError{Code: http.StatusInternalServerError, Text: err.Error()}
}

// aborts are the words of node and flow as statuses and hints. Every other
// word is the program's own.
var aborts = map[string]httpError{
	node.AbortNoEvent:   {Code: http.StatusNotFound, Hint: "GET /v1/status lists the events"},
	node.AbortUser:      {Code: http.StatusUnprocessableEntity, Hint: "ask in a user's session: POST /v1/admin/session?user=NAME, or martinelli read --user NAME"},
	node.AbortNoName:    {Code: http.StatusNotFound, Hint: "GET /v1/status lists databases and views"},
	node.AbortSession:   {Code: http.StatusBadRequest, Hint: "send the Martinelli-Session of the last answer unchanged, or none"},
	node.AbortStream:    {Code: http.StatusBadRequest, Hint: "a stream is a short name, a seq a number from 1"},
	node.AbortBehind:    {Code: http.StatusServiceUnavailable, Hint: "this node has not seen yet what the session has; try again, or go on at the node before"},
	node.AbortBusy:      {Code: http.StatusServiceUnavailable, Hint: "nothing was done; try again"},
	node.AbortHomeAway:  {Code: http.StatusServiceUnavailable, Hint: "nothing was done; the first node can't be reached"},
	node.AbortUnknown:   {Code: http.StatusGatewayTimeout, Hint: "whether it took place is not known; raise again with the same stream and seq"},
	node.AbortStalled:   {Code: http.StatusConflict, Hint: "nothing was done; raise what came before it in the stream again first"},
	flow.AbortArgument:  {Code: http.StatusBadRequest, Hint: "arguments are one JSON object, a member for each parameter"},
	flow.AbortRange:     {Code: http.StatusBadRequest, Hint: "a nat is 0 to 2147483647"},
	flow.AbortForbidden: {Code: http.StatusForbidden, Hint: "the program's allow rules say who may"},
}

// abortError makes the error of an answer that aborted.
func abortError(a node.Answer) error {
	e, known := aborts[a.Abort]
	if !known {
		e = httpError{Code: http.StatusUnprocessableEntity, Hint: "the event had no effect"}
	}
	if a.Serial {
		e = httpError{Code: http.StatusUnprocessableEntity, Hint: "what stands before the serial block stays, and its else has run"}
	}
	if a.Saga {
		e = httpError{Code: http.StatusUnprocessableEntity, Hint: "what the saga did is undone; what stands before it stays"}
	}
	e.Abort, e.Text = a.Abort, "aborted: "+a.Abort
	if a.Detail != "" {
		e.Text += ": " + a.Detail
	}
	return &e
}

// isJSON requires a body to be declared as one of the given types.
func isJSON(r *http.Request, types ...string) error {
	got, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	for _, t := range types {
		if got == t {
			return nil
		}
	}
	return &httpError{Code: http.StatusUnsupportedMediaType, Text: "the body is declared as " + strconv.Quote(got), Hint: "send the header Content-Type: " + types[0]}
}

// writeJSON writes one JSON value.
func writeJSON(w http.ResponseWriter, v any) error {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	return json.NewEncoder(w).Encode(v)
}

// serveRest serves the application's own files, where there are any.
func (h *Host) serveRest(w http.ResponseWriter, r *http.Request) error {
	if h.web == nil || strings.HasPrefix(r.URL.Path, "/v1/") {
		return serveUnknown(w, r)
	}
	return h.web.serve(w, r)
}

func serveUnknown(w http.ResponseWriter, r *http.Request) error {
	return &httpError{Code: http.StatusNotFound, Text: "there is no " + r.Method + " " + r.URL.Path,
		Hint: "POST /v1/raise/EVENT, POST /v1/load/EVENT, GET /v1/read/NAME, /v1/watch/NAME, /v1/stream/NAME, /v1/status, /metrics, /healthz"}
}

func (h *Host) serveHealth(w http.ResponseWriter, r *http.Request) error {
	if h.ctx.Err() != nil {
		return ErrClosed
	}
	if h.disk.isFull() {
		return ErrDiskFull
	}
	return writeJSON(w, map[string]bool{"ok": true})
}

func (h *Host) serveStatus(w http.ResponseWriter, r *http.Request) error {
	s, err := h.askStatus(r.Context())
	if err != nil {
		return err
	}
	return writeJSON(w, s)
}
