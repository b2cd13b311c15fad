package native

import (
	"encoding/base64"
	"io"
	"net/http"
	"net/url"
	"strconv"

	"github.com/martinelli-lang/martinelli/flow"
	"github.com/martinelli-lang/martinelli/internal/jsonvalue"
	"github.com/martinelli-lang/martinelli/node"
	"github.com/martinelli-lang/martinelli/plan"
	"github.com/martinelli-lang/martinelli/value"
)

// sessionHeader carries the causal context of a client, both ways: what it has
// seen at one node it will find at the next.
const sessionHeader = "Martinelli-Session"

// raiseAnswer is what a raise says.
type raiseAnswer struct {
	Committed bool   `json:"committed"`
	Duplicate bool   `json:"duplicate,omitempty"` // the stream had this seq already
	Pending   bool   `json:"pending,omitempty"`   // it is in the outbox, durable, and runs at the home
	Item      string `json:"item,omitempty"`      // under this name
	Session   string `json:"session,omitempty"`
	Serial    bool   `json:"serial,omitempty"` // likewise of the serial block at its end
	Saga      bool   `json:"saga,omitempty"`   // the handler has committed, and this is of the saga at its end
}

// serveRaise raises one event: the body is its argument object.
func (h *Host) serveRaise(w http.ResponseWriter, r *http.Request) error {
	if err := isJSON(r, "application/json"); err != nil {
		return err
	}
	event := r.PathValue("event")
	params, ok := h.Params(event)
	if !ok {
		return abortError(node.Answer{Abort: node.AbortNoEvent, Detail: "the program has no on_" + event + " at this role"})
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, BodySizeMax))
	if err != nil {
		return err
	}
	args, err := jsonvalue.Args(params, body)
	if err != nil {
		return abortError(node.Answer{Abort: flow.AbortArgument, Detail: err.Error()})
	}
	_, user, err := h.sessionUser(r)
	if err != nil {
		return err
	}
	q := node.RaiseRequest{Event: event, Args: args, User: user}
	if q.Session, err = sessionOf(r); err != nil {
		return err
	}
	if q.Stream, q.Seq, err = streamOf(r.URL.Query()); err != nil {
		return err
	}
	if q.Outbox, err = outboxOf(r.URL.Query()); err != nil {
		return err
	}
	a, err := h.Raise(r.Context(), q)
	if err != nil {
		return err
	}
	setSession(w, a.Token)
	if a.Abort != "" {
		return abortError(a)
	}
	return writeJSON(w, raiseAnswer{a.Committed, a.Duplicate, a.Pending, a.Item, sessionText(a.Token), a.Serial, a.Saga})
}

// streamOf reads ?stream=NAME&seq=N: both, or neither.
func streamOf(q url.Values) (stream string, seq uint64, err error) {
	stream = q.Get("stream")
	if stream == "" && !q.Has("seq") {
		return "", 0, nil
	}
	seq, err = strconv.ParseUint(q.Get("seq"), 10, 64)
	if err != nil || stream == "" || seq == 0 {
		return "", 0, errBad("a stream goes with a seq from 1", "for example ?stream=till-7&seq=1, then seq=2")
	}
	return stream, seq, nil
}

func sessionOf(r *http.Request) ([]byte, error) {
	s := r.Header.Get(sessionHeader)
	token, err := base64.RawURLEncoding.DecodeString(s)
	if err != nil {
		return nil, abortError(node.Answer{Abort: node.AbortSession, Detail: "the header is not base64url"})
	}
	return token, nil
}

func sessionText(token []byte) string { return base64.RawURLEncoding.EncodeToString(token) }

func setSession(w http.ResponseWriter, token []byte) {
	if len(token) > 0 {
		w.Header().Set(sessionHeader, sessionText(token))
	}
}

// asOfHeader says of what lives at the home, read at another node, when it was
// so, by that node's clock; "never": the home has not answered yet.
const asOfHeader = "Martinelli-As-Of"

// serveRead reads a database or view: the body of the answer is its value.
// Each ?key= is one key value: JSON, or for a string its bare text.
func (h *Host) serveRead(w http.ResponseWriter, r *http.Request) error {
	name := r.PathValue("name")
	key, err := h.keyOf(name, r.URL.Query()["key"])
	if err != nil {
		return err
	}
	_, user, err := h.sessionUser(r)
	if err != nil {
		return err
	}
	q := node.ReadRequest{Name: name, Key: key, User: user}
	if q.Session, err = sessionOf(r); err != nil {
		return err
	}
	a, err := h.Read(r.Context(), q)
	if err != nil {
		return err
	}
	setSession(w, a.Token)
	if a.Abort != "" || a.Reading == nil {
		return abortError(a)
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	if a.Copied {
		w.Header().Set(asOfHeader, sinceWhen(a.AsOf))
	}
	w.Write(append(jsonvalue.AppendReading(nil, *a.Reading), '\n')) // fails where the client is gone: nobody hears it
	return nil
}

// keyOf gives the key values the types of what the database or view is read by.
func (h *Host) keyOf(name string, texts []string) ([]value.Value, error) {
	if len(texts) == 0 {
		return nil, nil
	}
	dims, ok := h.cfg.Program.Keys(name)
	if fields := h.cfg.Program.Fields(name); len(fields) > 0 {
		return h.keyOf(name+"."+fields[0], texts)
	}
	if !ok {
		return nil, errBad(strconv.Quote(name)+" is no database and no view", "the names are those of the program")
	}
	if len(texts) > min(len(dims), keysMax) {
		return nil, errBad(name+" has "+strconv.Itoa(len(dims))+" key dimensions, and "+strconv.Itoa(len(texts))+" key values came", "give one key= for each dimension, in order")
	}
	key := make([]value.Value, len(texts))
	for j, text := range texts {
		v, err := decodeKey(dims[j].Type, text)
		if err != nil {
			return nil, errBad("the key "+dims[j].Name+" of "+name+": "+err.Error(), "a string may stand as it is, every other value as JSON")
		}
		key[j] = v
	}
	return key, nil
}

// decodeKey reads a key value: JSON of the dimension's type, or bare text
// where that is a string.
func decodeKey(t plan.Type, text string) (value.Value, error) {
	v, err := jsonvalue.Decode(t, []byte(text))
	if err == nil {
		return v, nil
	}
	if bare, bareErr := jsonvalue.Decode(t, jsonvalue.AppendString(nil, text)); bareErr == nil {
		return bare, nil
	}
	return value.Nil, err
}

// serveStream says how far a stream has come here.
func (h *Host) serveStream(w http.ResponseWriter, r *http.Request) error {
	stream := r.PathValue("name")
	mark, err := h.StreamMark(r.Context(), stream)
	if err != nil {
		return err
	}
	return writeJSON(w, struct {
		Stream string `json:"stream"`
		Mark   uint64 `json:"mark"`
	}{stream, mark})
}
