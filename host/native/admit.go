package native

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/plan"
	"github.com/martinelli-lang/martinelli/trust/admission"
)

// A page is admitted with its key: by a one-time token of a user, or by whoever
// the login hook says it is. Any trusted node does it, as its own pass may be
// handed on; tokens are spent at the first node, which made them.

// admitQuestion is what a page asks with. What else the body holds is for the
// login hook.
type admitQuestion struct {
	Key    string `json:"key"`    // 32 bytes, ed25519, base64url
	Secret string `json:"secret"` // a token, or "" to log in
	User   string `json:"user"`   // the name, where that is enough
	Role   string `json:"role"`   // as which it will speak; "" where one role binds users
}

// admitAnswer is all a page needs to be a node.
type admitAnswer struct {
	Pass    string `json:"pass"`    // base64url
	Cluster string `json:"cluster"` // its name
	Root    string `json:"root"`    // the key that signs the first block of every pass, base64url
	Steward string `json:"steward"` // the replica id of the first node
	User    string `json:"user"`
	Role    string `json:"role"`
	Expires int64  `json:"expires"` // milliseconds since 1970
}

// serveAdmit gives a page its pass.
func (h *Host) serveAdmit(w http.ResponseWriter, r *http.Request) error {
	if err := isJSON(r, "application/json"); err != nil {
		return err
	}
	if !h.door.admits.take(addressOf(r)) {
		h.metrics.turnedAway.WithLabelValues("rate").Inc()
		return errRate("passes were asked for from this address")
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, BodySizeMax))
	if err != nil {
		return err
	}
	var q admitQuestion
	if err := json.Unmarshal(body, &q); err != nil {
		return errBad("the body is no JSON object: "+err.Error(), `for example {"key": KEY, "user": "ann"}`)
	}
	key, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(q.Key, "="))
	if err != nil || len(key) != 32 {
		return errBad("key is not an ed25519 key of 32 bytes", "send the raw public key as base64url")
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	a, err := h.admit(r, [32]byte(key), &q)
	if err != nil {
		return err
	}
	return writeJSON(w, a)
}

// admit finds out who a page is and makes its pass.
func (h *Host) admit(r *http.Request, key [32]byte, q *admitQuestion) (a admitAnswer, err error) {
	if len(h.identity.pass.Blocks) == 0 {
		return a, errNoPass()
	}
	user, role, err := h.identify(r, key, q)
	if err != nil {
		return a, err
	}
	if role, err = h.pageRole(role); err != nil {
		return a, err
	}
	if user == "" || len(user) > userSizeMax || !utf8.ValidString(user) {
		return a, errBad("user is not a name of 1 to 256 bytes", `for example {"key": KEY, "user": "ann"}`)
	}
	now := h.cfg.Clock()
	claim := admission.Claim{Subject: key, User: user, Roles: []string{role}, Invites: pageInvites, Issued: now, Expires: now + causal.Instant(h.cfg.PassTTL)}
	pass, err := extend(h.identity.pass, claim, h.identity.key)
	if err != nil {
		return a, refused(fmt.Errorf("this node may not admit others: %w", err))
	}
	if why := h.bars(&pass); why != "" {
		return a, errForbidden(why, "ask whoever runs the cluster")
	}
	steward, err := h.identity.steward()
	if err != nil {
		return a, err
	}
	root := h.identity.admitting().Root
	h.log.Info("admitted a page", "user", user, "role", role, "from", r.RemoteAddr)
	return admitAnswer{passText(pass), h.identity.cluster(), base64.RawURLEncoding.EncodeToString(root[:]), steward.String(), user, role, int64(claim.Expires) / int64(time.Millisecond)}, nil
}

// identify says who a page is, and as which role it is to speak; "" where that
// is not said.
func (h *Host) identify(r *http.Request, key [32]byte, q *admitQuestion) (user, role string, err error) {
	switch {
	case q.Secret != "":
		user, err = h.redeem(key, q.Secret)
		return user, q.Role, err
	case h.cfg.Login != nil:
		if user, role, err = h.cfg.Login(r); err != nil {
			var asIs *httpError
			if !errors.As(err, &asIs) {
				err = &httpError{Code: http.StatusUnauthorized, Text: err.Error(), Hint: "log in"}
			}
		}
		return user, role, err
	}
	return "", "", &httpError{Code: http.StatusUnauthorized, Text: "this node admits by token alone", Hint: "make one with martinelli token --user NAME and send it as secret; or set Config.Login, or run with --open-login"}
}

// redeem spends a user's token for a key.
func (h *Host) redeem(key [32]byte, secret string) (string, error) {
	t, err := parseToken(secret)
	switch {
	case err != nil:
		return "", errForbidden(err.Error(), "make one with martinelli token --user NAME")
	case t.authority != fingerprintOf(h.identity.authority.cert):
		return "", errForbidden("this token is of another cluster", "make one at this cluster's first node: martinelli token --user NAME")
	case !h.identity.isSteward():
		return "", &httpError{Code: http.StatusConflict, Text: "only the cluster's first node takes tokens", Hint: "ask there"}
	}
	user, err := h.tokens.spendOfUser(t.secret, key[:])
	if err != nil {
		if isFull(err) {
			return "", err
		}
		return "", errForbidden(err.Error(), "make one with martinelli token --user NAME")
	}
	return user, nil
}

// OpenLogin is a Config.Login for which a name is enough: the member "user" of the
// body. It is for examples and trials: anybody is whoever he says.
func OpenLogin(r *http.Request) (user, role string, err error) {
	var q admitQuestion
	if err := json.NewDecoder(r.Body).Decode(&q); err != nil {
		return "", "", err
	}
	return q.User, q.Role, nil
}

// pageRole returns as which role a page speaks: the one that is named, or the
// only one that binds a user.
func (h *Host) pageRole(name string) (string, error) {
	of := h.userRoles()
	switch {
	case len(of) == 0:
		return "", refused(errors.New("the program's topology has no role that binds a user, so no page can be a node of it"))
	case name == "" && len(of) == 1:
		return of[0], nil
	case slices.Contains(of, name):
		return name, nil
	case name == "":
		return "", errBad("several roles bind a user: "+strings.Join(of, ", "), `name one: {"role": "`+of[0]+`"}`)
	}
	return "", errBad("the program has no role "+name+" that binds a user", "it has "+strings.Join(of, ", "))
}

// userRoles returns the roles that bind a user, as the program names them.
func (h *Host) userRoles() (names []string) {
	for _, r := range h.cfg.Program.Roles {
		if !r.Trusted() {
			names = append(names, r.Name)
		}
	}
	return names
}

// servePlan gives a page the program it runs: the bytes of package plan. They
// are the same for every role; ?role=NAME is checked, so that a page learns at
// once that there is none.
func (h *Host) servePlan(w http.ResponseWriter, r *http.Request) error {
	if name := r.URL.Query().Get("role"); name != "" {
		if _, ok := h.cfg.Program.Role(name); !ok {
			return &httpError{Code: http.StatusNotFound, Text: "the program has no role " + name, Hint: "GET /v1/status names this node's; the program's topology has all"}
		}
	}
	encoded := plan.Encode(h.cfg.Program)
	w.Header().Set("Content-Type", "application/octet-stream")
	serveBytes(w, r, encoded)
	return nil
}
