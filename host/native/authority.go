package native

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"math/big"
	"slices"
	"strconv"
	"time"

	"github.com/martinelli-lang/martinelli/algebra/causal"
)

// authority is the cluster's certificate authority. It lives at the first
// node, the steward, which made it on its first run; it signs the certificate
// of every node it admits, and those certificates are all that nodes trust.
type authority struct {
	cert *x509.Certificate
	key  ed25519.PrivateKey
}

// Names in certificates. Every node has the same DNS name, for nodes are told
// apart by their keys; the steward is marked by its unit.
const (
	nodeDNS     = "node.martinelli"
	stewardUnit = "steward"
	userUnit    = "user" // and the user is the organization
)

// Certificates hold for ever: a node whose clock is a hundred years ahead is a
// member all the same. Who is to lose access is cut, not expired.
var (
	notBefore = time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)
	notAfter  = time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC)
)

// Files of keys and certificates.
const (
	authorityCertFile = "authority.crt"
	authorityKeyFile  = "authority.key"
	nodeCertFile      = "node.crt"
	nodeKeyFile       = "node.key"
)

// newAuthority makes the authority of a new cluster and keeps it in f.
func newAuthority(f files) (*authority, error) {
	public, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return nil, err
	}
	template := &x509.Certificate{
		SerialNumber:          serial(),
		Subject:               pkix.Name{CommonName: "Martinelli cluster authority"},
		NotBefore:             notBefore,
		NotAfter:              notAfter,
		KeyUsage:              x509.KeyUsageCertSign,
		BasicConstraintsValid: true,
		IsCA:                  true,
		MaxPathLenZero:        true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, public, key)
	if err != nil {
		return nil, err
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, err
	}
	if err := writeKey(f, authorityKeyFile, key); err != nil {
		return nil, err
	}
	return &authority{cert, key}, writeCert(f, authorityCertFile, der)
}

// loadAuthority reads the authority; its key is nil where this is not the steward.
func loadAuthority(f files) (*authority, error) {
	cert, err := readCert(f, authorityCertFile)
	if err != nil {
		return nil, err
	}
	key, err := readKey(f, authorityKeyFile)
	if errors.Is(err, fs.ErrNotExist) {
		err = nil
	}
	return &authority{cert, key}, err
}

// sign makes the certificate of a node. It says whose key it is and, at the
// steward, that it is the steward, or at a node that was admitted for a user, that it is his.
func (a *authority) sign(name, user string, public ed25519.PublicKey, steward bool) ([]byte, error) {
	subject := pkix.Name{CommonName: name}
	if user != "" {
		subject.OrganizationalUnit, subject.Organization = []string{userUnit}, []string{user}
		subject.SerialNumber = strconv.FormatInt(tokenClock().UnixNano(), 10) // it may not be "not before": clocks differ
	}
	if steward {
		subject.OrganizationalUnit = []string{stewardUnit}
	}
	return x509.CreateCertificate(rand.Reader, &x509.Certificate{
		SerialNumber: serial(),
		Subject:      subject,
		NotBefore:    notBefore,
		NotAfter:     notAfter,
		KeyUsage:     x509.KeyUsageDigitalSignature,
		ExtKeyUsage:  []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
		DNSNames:     []string{nodeDNS},
	}, a.cert, public, a.key)
}

// pool returns the one authority as a pool of roots.
func (a *authority) pool() *x509.CertPool {
	p := x509.NewCertPool()
	p.AddCert(a.cert)
	return p
}

// isSteward reports whether a certificate is the steward's.
func isSteward(c *x509.Certificate) bool {
	return slices.Contains(c.Subject.OrganizationalUnit, stewardUnit)
}

// userOf returns whose node alone a certificate admits; "" for anybody's.
func userOf(c *x509.Certificate) string {
	if !slices.Contains(c.Subject.OrganizationalUnit, userUnit) || len(c.Subject.Organization) != 1 {
		return ""
	}
	return c.Subject.Organization[0]
}

// issuedOf returns when a certificate was signed that admits a user's node; 0
// where it does not say.
func issuedOf(c *x509.Certificate) causal.Instant {
	at, err := strconv.ParseInt(c.Subject.SerialNumber, 10, 64)
	if err != nil || userOf(c) == "" {
		return 0
	}
	return causal.Instant(at)
}

// publicKey returns the key of a node's certificate.
func publicKey(c *x509.Certificate) (ed25519.PublicKey, error) {
	key, ok := c.PublicKey.(ed25519.PublicKey)
	if !ok {
		return nil, errors.New("the certificate has no ed25519 key")
	}
	return key, nil
}

func serial() *big.Int {
	var b [16]byte
	rand.Read(b[:])
	return new(big.Int).SetBytes(b[:])
}

func writeKey(f files, name string, key ed25519.PrivateKey) error {
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return err
	}
	return f.write(name, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))
}

func readKey(f files, name string) (ed25519.PrivateKey, error) {
	der, err := readPEM(f, name)
	if err != nil {
		return nil, err
	}
	any, err := x509.ParsePKCS8PrivateKey(der)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", name, err)
	}
	key, ok := any.(ed25519.PrivateKey)
	if !ok {
		return nil, fmt.Errorf("read %s: it holds no ed25519 key", name)
	}
	return key, nil
}

func writeCert(f files, name string, der []byte) error {
	return f.write(name, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
}

func readCert(f files, name string) (*x509.Certificate, error) {
	der, err := readPEM(f, name)
	if err != nil {
		return nil, err
	}
	c, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", name, err)
	}
	return c, nil
}

func readPEM(f files, name string) ([]byte, error) {
	data, err := f.read(name)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", name, err)
	}
	block, _ := pem.Decode(data)
	if block == nil {
		return nil, fmt.Errorf("read %s: it holds no PEM block", name)
	}
	return block.Bytes, nil
}
