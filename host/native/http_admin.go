package native

import (
	"crypto/subtle"
	"net/http"
	"strings"
	"time"

	"github.com/martinelli-lang/martinelli/algebra/causal"
)

// tokenAnswer is what the admin verb token says.
type tokenAnswer struct {
	Token   string    `json:"token"`
	Join    string    `json:"join"` // where to join with it
	Expires time.Time `json:"expires"`
}

// serveToken makes a join token. It needs the secret that is in the node's
// directory: who can read that may admit nodes.
func (h *Host) serveToken(w http.ResponseWriter, r *http.Request) error {
	if err := h.admin(r); err != nil {
		return err
	}
	ttl := TokenTTL
	if text := r.URL.Query().Get("ttl"); text != "" {
		d, err := time.ParseDuration(text)
		if err != nil || d <= 0 {
			return errBad("ttl is not a duration", "for example ?ttl=1h")
		}
		ttl = d
	}
	if h.LinkAddr() == "" {
		return errBad("this node takes no links, so nobody can join at it", "start it with --listen HOST:PORT")
	}
	user := r.URL.Query().Get("user")
	if len(user) > nameSizeMax {
		return errBad("the user's name is too long", "it has at most 128 bytes")
	}
	t, err := h.NewUserToken(user, ttl)
	if err != nil {
		return refused(err)
	}
	return writeJSON(w, tokenAnswer{t, h.LinkAddr(), tokenClock().Add(ttl)})
}

// refused is the answer to an admin verb that did nothing. A full disk has one
// of its own.
func refused(err error) error {
	if isFull(err) {
		return err
	}
	return &httpError{Code: http.StatusConflict, Text: err.Error()}
}

// replicaAsked reads ?replica=ID.
func replicaAsked(r *http.Request) (causal.ReplicaID, error) {
	who, err := causal.ParseReplicaID(r.URL.Query().Get("replica"))
	if err != nil {
		return who, errBad(err.Error(), "for example ?replica=0123456789abcdef0123456789abcdef")
	}
	return who, nil
}

// cutAnswer is what the admin verbs cut and retire say.
type cutAnswer struct {
	Spaces int `json:"spaces"`
}

// serveCut takes the right to write away from ?replica=ID, with ?all=true all
// that it wrote. It needs the secret of the first node.
func (h *Host) serveCut(w http.ResponseWriter, r *http.Request) error {
	if err := h.admin(r); err != nil {
		return err
	}
	who, err := replicaAsked(r)
	if err != nil {
		return err
	}
	spaces, err := h.Cut(r.Context(), who, r.URL.Query().Get("all") == "true")
	if err != nil {
		return refused(err)
	}
	return writeJSON(w, cutAnswer{spaces})
}

// serveRevoke lets ?replica=ID in no more, or every node that ?user=NAME has now.
// It needs the secret of the first node.
func (h *Host) serveRevoke(w http.ResponseWriter, r *http.Request) error {
	if err := h.admin(r); err != nil {
		return err
	}
	user, who := r.URL.Query().Get("user"), causal.ReplicaID{}
	if user == "" {
		var err error
		if who, err = replicaAsked(r); err != nil {
			return err
		}
	}
	if len(user) > userSizeMax {
		return errBad("the user's name is too long", "it has at most 256 bytes")
	}
	spaces, err := h.Revoke(r.Context(), who, user)
	if err != nil {
		return refused(err)
	}
	return writeJSON(w, cutAnswer{spaces})
}

// serveRetire says that ?replica=ID will not be back. It needs the secret of the
// first node.
func (h *Host) serveRetire(w http.ResponseWriter, r *http.Request) error {
	if err := h.admin(r); err != nil {
		return err
	}
	who, err := replicaAsked(r)
	if err != nil {
		return err
	}
	spaces, err := h.Retire(r.Context(), who)
	if err != nil {
		return refused(err)
	}
	return writeJSON(w, cutAnswer{spaces})
}

// dropAnswer is what the admin verb drop says.
type dropAnswer struct {
	Entries int `json:"entries"`
	Bytes   int `json:"bytes"` // of keys and values
	Spaces  int `json:"spaces"`
}

// serveDrop removes the entries of ?database=NAME, which the program does not
// name. It needs the secret of the first node.
func (h *Host) serveDrop(w http.ResponseWriter, r *http.Request) error {
	if err := h.admin(r); err != nil {
		return err
	}
	database := r.URL.Query().Get("database")
	if database == "" {
		return errBad("no database is named", "for example ?database=seen")
	}
	d, err := h.Drop(r.Context(), database)
	if err != nil {
		return refused(err)
	}
	return writeJSON(w, dropAnswer{d.Entries, d.Bytes, d.Spaces})
}

// serveBackup streams a backup. One that breaks off has no end that fits, so
// nobody takes it for whole.
func (h *Host) serveBackup(w http.ResponseWriter, r *http.Request) error {
	if err := h.admin(r); err != nil {
		return err
	}
	out := &lateHeader{ResponseWriter: w}
	err := h.Backup(r.Context(), out)
	if err != nil && out.begun {
		h.log.Warn("a backup broke off: " + err.Error())
		panic(http.ErrAbortHandler)
	}
	return err
}

// lateHeader says what follows only once something does: until then the answer
// may still be an error.
type lateHeader struct {
	http.ResponseWriter
	begun bool
}

func (l *lateHeader) Write(p []byte) (int, error) {
	if !l.begun {
		l.begun = true
		l.Header().Set("Content-Type", "application/x-tar")
		l.Header().Set("Cache-Control", "no-store")
	}
	return l.ResponseWriter.Write(p)
}

// admin lets pass who knows the secret.
func (h *Host) admin(r *http.Request) error {
	got, _ := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if subtle.ConstantTimeCompare([]byte(got), []byte(h.identity.secret)) == 1 {
		return nil
	}
	return &httpError{Code: http.StatusUnauthorized, Text: "this needs the node's admin secret",
		Hint: "send the header Authorization: Bearer SECRET with what is in " + SecretFile + " of the node's directory"}
}
