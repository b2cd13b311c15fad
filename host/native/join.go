package native

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"time"

	"github.com/martinelli-lang/martinelli/wire"
)

// Joining is one question and one answer over TLS, as JSON: it happens once in
// a node's life, and who debugs it wants to read it. The joiner verifies the
// server by the token's fingerprint before it sends anything.

// joinQuestion is what a joiner sends.
type joinQuestion struct {
	Protocol int    `json:"protocol"`
	Secret   []byte `json:"secret"`  // the token's
	Request  []byte `json:"request"` // a certificate request: the joiner has the key it names
	Name     string `json:"name"`
}

// joinAnswer is what the steward says: why not, or all a member needs.
type joinAnswer struct {
	Refused     string `json:"refused,omitempty"`
	Certificate []byte `json:"certificate,omitempty"` // the joiner's, signed
	Steward     string `json:"steward,omitempty"`     // its replica id
	Pass        []byte `json:"pass,omitempty"`        // what the joiner shows pages
	Authority   []byte `json:"-"`                     // taken from the handshake, where it was verified
	StewardName string `json:"-"`                     // likewise
}

// Protocols by which a listener tells links from joins before a word is said.
const (
	protocolLink = "martinelli-link"
	protocolJoin = "martinelli-join"
)

const (
	joinTimeout = 10 * time.Second
	joinSizeMax = 64 << 10
	nameSizeMax = 128
)

// askToJoin asks the node at cfg.Join to admit this one.
func askToJoin(ctx context.Context, cfg *Config, key ed25519.PrivateKey) (joinAnswer, error) {
	t, err := parseToken(cfg.Token)
	if err != nil {
		return joinAnswer{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, joinTimeout)
	defer cancel()
	dialer := tls.Dialer{Config: joinerConfig(t, cfg.Join)}
	conn, err := dialer.DialContext(ctx, "tcp", cfg.Join)
	if err != nil {
		return joinAnswer{}, fmt.Errorf("join at %s: %w", cfg.Join, err)
	}
	defer conn.Close()
	stop := context.AfterFunc(ctx, func() { conn.Close() })
	defer stop()
	a, err := converse(conn, t, cfg.Name, key)
	if err != nil {
		return joinAnswer{}, fmt.Errorf("join at %s: %w", cfg.Join, err)
	}
	shown := conn.(*tls.Conn).ConnectionState().PeerCertificates
	a.StewardName, a.Authority = shown[0].Subject.CommonName, shown[1].Raw
	return a, nil
}

// joinerConfig trusts exactly the steward of the authority that the token names.
func joinerConfig(t token, addr string) *tls.Config {
	return &tls.Config{
		MinVersion: tls.VersionTLS13,
		NextProtos: []string{protocolJoin},
		// The roots are not known yet: VerifyConnection finds the authority
		// by its fingerprint and verifies the chain itself.
		InsecureSkipVerify: true,
		VerifyConnection:   func(cs tls.ConnectionState) error { return verifySteward(cs, t, addr) },
	}
}

func verifySteward(cs tls.ConnectionState, t token, addr string) error {
	if len(cs.PeerCertificates) != 2 {
		return fmt.Errorf("%s does not speak as a Martinelli node; nothing was sent to it", addr)
	}
	leaf, ca := cs.PeerCertificates[0], cs.PeerCertificates[1]
	if got := fingerprintOf(ca); got != t.authority {
		return fmt.Errorf("%s belongs to another cluster (authority %v) than the token (authority %v); nothing was sent to it", addr, got, t.authority)
	}
	roots := x509.NewCertPool()
	roots.AddCert(ca)
	if _, err := leaf.Verify(x509.VerifyOptions{Roots: roots, DNSName: nodeDNS}); err != nil {
		return fmt.Errorf("%s shows a certificate its cluster did not sign: %w", addr, err)
	}
	if !isSteward(leaf) {
		return fmt.Errorf("%s is a member of the cluster, but only its first node admits others: give --join that one's address", addr)
	}
	return nil
}

// converse sends the question and reads the answer.
func converse(conn net.Conn, t token, name string, key ed25519.PrivateKey) (joinAnswer, error) {
	csr, err := x509.CreateCertificateRequest(rand.Reader, &x509.CertificateRequest{Subject: pkix.Name{CommonName: name}}, key)
	if err != nil {
		return joinAnswer{}, err
	}
	err = json.NewEncoder(conn).Encode(joinQuestion{wire.Version, t.secret[:], csr, name})
	if err != nil {
		return joinAnswer{}, err
	}
	var a joinAnswer
	if err := json.NewDecoder(io.LimitReader(conn, joinSizeMax)).Decode(&a); err != nil {
		return joinAnswer{}, fmt.Errorf("the answer can't be read: %w", err)
	}
	if a.Refused != "" {
		return joinAnswer{}, fmt.Errorf("refused: %s", a.Refused)
	}
	cert, err := x509.ParseCertificate(a.Certificate)
	if err != nil {
		return joinAnswer{}, fmt.Errorf("the certificate can't be read: %w", err)
	}
	if public, err := publicKey(cert); err != nil || !public.Equal(key.Public()) {
		return joinAnswer{}, errors.New("the certificate is not for this node's key")
	}
	return a, nil
}

// admit answers one joiner. It returns what to tell the operator: who was
// admitted, or the refusal, which the joiner has been told too.
func (id *identity) admit(conn net.Conn, ts *tokens) (name string, err error) {
	conn.SetDeadline(time.Now().Add(joinTimeout))
	var q joinQuestion
	if err := json.NewDecoder(io.LimitReader(conn, joinSizeMax)).Decode(&q); err != nil {
		return "", fmt.Errorf("the question can't be read: %w", err)
	}
	a, err := id.judgeJoin(q, ts)
	if err != nil {
		a = joinAnswer{Refused: err.Error()}
	}
	return q.Name, errors.Join(err, json.NewEncoder(conn).Encode(a))
}

// judgeJoin spends the token and signs the certificate. The error is a sentence for both sides.
func (id *identity) judgeJoin(q joinQuestion, ts *tokens) (joinAnswer, error) {
	if q.Protocol != wire.Version {
		return joinAnswer{}, fmt.Errorf("the joiner speaks protocol version %d and the cluster version %d: run the same release of martinelli", q.Protocol, wire.Version)
	}
	if !id.isSteward() {
		return joinAnswer{}, errors.New("only the cluster's first node admits others")
	}
	csr, err := x509.ParseCertificateRequest(q.Request)
	if err == nil {
		err = csr.CheckSignature()
	}
	if err != nil {
		return joinAnswer{}, fmt.Errorf("the certificate request is not a valid one: %w", err)
	}
	public, ok := csr.PublicKey.(ed25519.PublicKey)
	if !ok || len(q.Secret) != 16 || len(q.Name) > nameSizeMax {
		return joinAnswer{}, errors.New("the certificate request is not for an ed25519 key, or the name or secret is of the wrong length")
	}
	user, err := ts.spend([16]byte(q.Secret), public)
	if err != nil {
		return joinAnswer{}, err
	}
	cert, err := id.authority.sign(q.Name, user, public, false)
	if err != nil {
		return joinAnswer{}, fmt.Errorf("the certificate could not be signed: %w", err)
	}
	pass, err := id.issue(public, user, tokenClock())
	if err != nil {
		return joinAnswer{}, fmt.Errorf("the pass could not be signed: %w", err)
	}
	return joinAnswer{Certificate: cert, Steward: id.kept().Steward, Pass: pass.AppendTo(nil)}, nil
}
