package native

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"
	"unicode/utf8"
)

// A user without a node of his own is served by a trusted one, in a session:
// whoever knows the node's secret opens it for him, and gives him a word to send
// along. Sessions are in memory: a restart ends them.

// Bounds of sessions.
const (
	SessionTTL  = 12 * time.Hour // how long a session is open when nothing else is said
	SessionsMax = 4096           // that are open; a further one is refused
	userSizeMax = 256            // bytes of a user's name
)

// sessions are the sessions that are open, by their words.
type sessions struct {
	now  func() time.Time
	mu   sync.Mutex
	open map[string]userSession
}

type userSession struct {
	user    string
	expires time.Time
}

func newSessions(now func() time.Time) *sessions {
	return &sessions{now: now, open: map[string]userSession{}}
}

// begin opens a session of a user and returns its word.
func (s *sessions) begin(user string, ttl time.Duration) (word string, expires time.Time, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.now()
	for w, o := range s.open {
		if !now.Before(o.expires) {
			delete(s.open, w)
		}
	}
	if len(s.open) >= SessionsMax {
		return "", time.Time{}, fmt.Errorf("%d sessions are open; end one, or wait until some expire", SessionsMax)
	}
	var b [16]byte
	rand.Read(b[:])
	word, expires = hex.EncodeToString(b[:]), now.Add(ttl)
	s.open[word] = userSession{user, expires}
	return word, expires, nil
}

// user returns whose session a word opens.
func (s *sessions) user(word string) (string, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	o, ok := s.open[word]
	return o.user, ok && s.now().Before(o.expires)
}

// end closes a session.
func (s *sessions) end(word string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.open, word)
}

// endUser closes all sessions of a user.
func (s *sessions) endUser(user string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for word, o := range s.open {
		if o.user == user {
			delete(s.open, word)
		}
	}
}

// sessionAnswer is what the admin verb session says.
type sessionAnswer struct {
	Session string    `json:"session"` // the word: Authorization: Bearer WORD
	User    string    `json:"user"`
	Expires time.Time `json:"expires"`
}

// serveSession opens a session for ?user=NAME. It needs the node's secret.
func (h *Host) serveSession(w http.ResponseWriter, r *http.Request) error {
	if err := h.admin(r); err != nil {
		return err
	}
	user, ttl := r.URL.Query().Get("user"), SessionTTL
	if user == "" || len(user) > userSizeMax || !utf8.ValidString(user) {
		return errBad("user is not a name of 1 to 256 bytes", "for example ?user=ann")
	}
	if text := r.URL.Query().Get("ttl"); text != "" {
		d, err := time.ParseDuration(text)
		if err != nil || d <= 0 {
			return errBad("ttl is not a duration", "for example ?ttl=1h")
		}
		ttl = d
	}
	if role, ok := h.cfg.Program.Role(h.cfg.Role); ok && !role.Trusted() {
		return refused(errors.New("this is a node of a user, and serves nobody else: open the session at a node of a trusted role"))
	}
	word, expires, err := h.sessions.begin(user, ttl)
	if err != nil {
		return &httpError{Code: http.StatusServiceUnavailable, Text: err.Error()}
	}
	return writeJSON(w, sessionAnswer{word, user, expires})
}

// serveSessionEnd closes the session that the request is in.
func (h *Host) serveSessionEnd(w http.ResponseWriter, r *http.Request) error {
	word, user, err := h.sessionUser(r)
	if err != nil {
		return err
	}
	if user == "" {
		return errBad("the request is in no session", "send the header Authorization: Bearer WORD")
	}
	h.sessions.end(word)
	return writeJSON(w, map[string]string{"ended": user})
}

// sessionUser returns in whose session a request is, and the session's word;
// "" where it is in none.
func (h *Host) sessionUser(r *http.Request) (word, user string, err error) {
	header := r.Header.Get("Authorization")
	word, isBearer := strings.CutPrefix(header, "Bearer ")
	switch {
	case header == "" || h.admin(r) == nil:
		return "", "", nil
	case isBearer:
		if user, ok := h.sessions.user(word); ok {
			return word, user, nil
		}
	}
	return "", "", &httpError{Code: http.StatusUnauthorized, Text: "this node has no such session: it has ended, or the node was started again",
		Hint: "open one with POST /v1/admin/session?user=NAME and the node's secret"}
}
