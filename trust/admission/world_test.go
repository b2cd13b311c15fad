package admission_test

import (
	"crypto/ed25519"
	"errors"
	"testing"

	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/trust/admission"
)

const (
	cluster = "00112233445566778899aabbccddeeff"
	now     = 100 * causal.Second
)

// who is somebody with a key.
type who struct {
	private ed25519.PrivateKey
	public  [32]byte
}

func newWho(seed byte) who {
	k := ed25519.NewKeyFromSeed(append(make([]byte, 31), seed))
	return who{k, [32]byte(k.Public().(ed25519.PublicKey))}
}

func (w who) sign(statement []byte) causal.Signature {
	return causal.Signature(ed25519.Sign(w.private, statement))
}

var (
	steward, server = newWho(1), newWho(2)
	ann, bob        = newWho(3), newWho(4) // their pages
	phone           = newWho(5)            // that ann's page invites
	mallory         = newWho(6)
	authority       = admission.Authority{Cluster: cluster, Root: steward.public}
)

// give has a pass extended by its holder's signature.
func give(t testing.TB, p admission.Pass, by who, c admission.Claim) admission.Pass {
	t.Helper()
	statement, err := p.Statement(&c)
	if err != nil {
		t.Fatal(err)
	}
	return p.With(&c, by.sign(statement))
}

// serverPass is what the steward gives a server: it may be anybody's door.
func serverPass(t testing.TB) admission.Pass {
	return give(t, admission.Pass{Cluster: cluster}, steward, admission.Claim{Subject: server.public, IsTrusted: true, Invites: 3, Issued: 1})
}

// pagePass is what a server gives a page.
func pagePass(t testing.TB, of who, user string) admission.Pass {
	return give(t, serverPass(t), server, admission.Claim{
		Subject: of.public, User: user, Roles: []string{"browser"}, Invites: 1, Issued: 50 * causal.Second, Expires: 1000 * causal.Second,
	})
}

// end is one side of a handshake with the frames it has sent.
type end struct {
	*admission.Handshake
	who  who
	sent []admission.Message
	peer *admission.Peer
	err  error
}

func newEnd(w who, p admission.Pass, random byte, change ...func(*admission.Config)) *end {
	cfg := admission.Config{
		Authority: authority, Key: causal.Key{Public: w.public, Incarnation: 7}, Pass: p, Random: [32]byte{random},
		Nonce: [16]byte{random}, Epoch: 9, Hello: []byte{'h', random},
	}
	for _, c := range change {
		c(&cfg)
	}
	e := &end{Handshake: admission.New(cfg), who: w}
	e.settle()
	return e
}

// settle answers what an end asks, until it asks no more.
func (e *end) settle() {
	for {
		out := e.Drain()
		e.sent = append(e.sent, out.Send...)
		if out.Peer != nil {
			e.peer = out.Peer
		}
		if len(out.Sign)+len(out.Verify) == 0 {
			return
		}
		for _, q := range out.Sign {
			e.Signed(e.who.sign(q.Statement))
		}
		for _, q := range out.Verify {
			e.fail(e.Verified(q.ID, ed25519.Verify(q.Public[:], q.Statement, q.Signature[:])))
		}
	}
}

func (e *end) fail(err error) {
	if e.err == nil {
		e.err = err
	}
}

// hear gives an end the messages that others sent.
func (e *end) hear(messages ...admission.Message) {
	for _, m := range messages {
		e.fail(e.Receive(now, m.Kind, m.Body))
		e.settle()
	}
}

// talk lets two ends speak until they have nothing more to say.
func talk(a, b *end) {
	for i, j := 0, 0; i < len(a.sent) || j < len(b.sent); {
		for ; i < len(a.sent); i++ {
			b.hear(a.sent[i])
		}
		for ; j < len(b.sent); j++ {
			a.hear(b.sent[j])
		}
	}
}

// refused requires that an end refuses, for a kind of reason and in a sentence.
func (e *end) refused(t *testing.T, kind admission.Kind) {
	t.Helper()
	var r *admission.Refusal
	if !errors.As(e.err, &r) || r.Kind != kind || len(r.Text) < 20 || e.peer != nil || e.IsDone() {
		t.Errorf("refused with %v, want one of the kind %v; the peer is %+v", e.err, kind, e.peer)
	}
}
