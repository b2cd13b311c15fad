package native

import (
	"crypto/ed25519"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/trust/admission"
)

// Every node has a pass, which it shows to pages and of which it makes theirs:
// the first node signs it with the authority's key when it admits the node, and
// its own at each start.

// passFile holds the pass of a node that has joined.
const passFile = "node.pass"

// How often in a row a pass may be handed on: a node's to a page, and from there
// a page's to a device that it invites.
const (
	nodeInvites = 4
	pageInvites = 1
)

// PassTTL is how long a page's pass is good for when nothing else is said.
const PassTTL = 30 * 24 * time.Hour

// admitting is what this cluster's passes are judged by.
func (id *identity) admitting() admission.Authority {
	key := id.homeKey()
	return admission.Authority{Cluster: id.cluster(), Root: key.Public}
}

// issue makes the pass of a node that has the key: a trusted one's, or with a
// user that of one of his. Only the first node can.
func (id *identity) issue(public ed25519.PublicKey, user string, now time.Time) (admission.Pass, error) {
	claim := admission.Claim{Subject: [32]byte(public), User: user, IsTrusted: user == "", Invites: nodeInvites, Issued: causal.Instant(now.UnixNano())}
	return extend(admission.Pass{Cluster: id.cluster()}, claim, id.authority.key)
}

// extend has a pass extended by the key of its holder.
func extend(p admission.Pass, c admission.Claim, key ed25519.PrivateKey) (admission.Pass, error) {
	statement, err := p.Statement(&c)
	if err != nil {
		return admission.Pass{}, err
	}
	return p.With(&c, causal.Signature(ed25519.Sign(key, statement))), nil
}

// loadPass reads this node's pass, or makes it at the first node. A node that
// joined before there were passes has none.
func (id *identity) loadPass() (err error) {
	if id.isSteward() {
		id.pass, err = id.issue(id.public(), "", tokenClock())
		return err
	}
	data, err := id.files.read(passFile)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err == nil {
		id.pass, err = admission.DecodePass(data)
	}
	if err != nil {
		return fmt.Errorf("read %s: %w", passFile, err)
	}
	return nil
}

// passText is a pass as JSON and URLs have it.
func passText(p admission.Pass) string { return base64.RawURLEncoding.EncodeToString(p.AppendTo(nil)) }
