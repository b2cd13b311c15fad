package admission_test

import (
	"bytes"
	"crypto/ed25519"
	"reflect"
	"testing"

	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/trust/admission"
	"github.com/martinelli-lang/martinelli/wire"
)

// TestTwoMeet: a page and a server, two pages, and a device that a page invited
// prove to each other who they are.
func TestTwoMeet(t *testing.T) {
	invited := give(t, pagePass(t, ann, "ann"), ann, admission.Claim{
		Subject: phone.public, User: "ann", Roles: []string{"browser"}, Issued: 60 * causal.Second, Expires: 500 * causal.Second,
	})
	for name, ends := range map[string][2]*end{
		"page and server":  {newEnd(ann, pagePass(t, ann, "ann"), 1), newEnd(server, serverPass(t), 2)},
		"page and page":    {newEnd(ann, pagePass(t, ann, "ann"), 1), newEnd(bob, pagePass(t, bob, "bob"), 2)},
		"page and invited": {newEnd(bob, pagePass(t, bob, "bob"), 1), newEnd(phone, invited, 2)},
	} {
		a, b := ends[0], ends[1]
		talk(a, b)
		for _, e := range ends {
			if e.err != nil || e.peer == nil || !e.IsDone() {
				t.Fatalf("%s: %v, %+v", name, e.err, e.peer)
			}
		}
		if a.peer.Key.Public != b.who.public || b.peer.Key.ID() != causal.NewReplicaID(a.who.public[:], 7) {
			t.Errorf("%s: they take each other for somebody else", name)
		}
		if b.peer.Nonce[0] != 1 || b.peer.Epoch != 9 || !bytes.Equal(b.peer.Hello, []byte{'h', 1}) {
			t.Errorf("%s: the peer is %+v", name, b.peer)
		}
	}
}

// TestAnyOrderOfAnswers: signatures are made and judged in whatever order the
// host gets round to them, and a proof may come before the pass is looked at.
func TestAnyOrderOfAnswers(t *testing.T) {
	page := newEnd(ann, pagePass(t, ann, "ann"), 1)
	door := newEnd(server, serverPass(t), 2)
	page.hear(door.sent[0])
	door.fail(door.Receive(now, wire.KindGreeting, page.sent[0].Body))
	door.fail(door.Receive(now, wire.KindProof, page.sent[1].Body))
	out := door.Drain()
	if len(out.Sign) != 0 || len(out.Verify) != 2 {
		t.Fatalf("the server signs before it knows the pass: %+v", out)
	}
	door.fail(door.Verified(out.Verify[1].ID, true))
	door.fail(door.Verified(out.Verify[0].ID, true))
	out = door.Drain()
	if len(out.Sign) != 1 || len(out.Verify) != 1 {
		t.Fatalf("asks %+v", out)
	}
	q := out.Verify[0]
	door.fail(door.Verified(q.ID, ed25519.Verify(q.Public[:], q.Statement, q.Signature[:])))
	if out := door.Drain(); out.Peer != nil {
		t.Fatal("the peer is named before it has been sent a proof")
	}
	door.Signed(server.sign(out.Sign[0].Statement))
	out = door.Drain()
	if door.err != nil || out.Peer == nil || len(out.Send) != 1 {
		t.Fatalf("%v, %+v", door.err, out)
	}
}

// TestRefusals: whoever is not let in is told why.
func TestRefusals(t *testing.T) {
	good := pagePass(t, ann, "ann")
	// forged has the last block say something else under the old signature.
	forged := func(change func(*admission.Claim)) admission.Pass {
		c := *good.Holder()
		change(&c)
		before := admission.Pass{Cluster: cluster, Blocks: good.Blocks[:1]}
		return before.With(&c, good.Blocks[1].Signature)
	}
	// taken is a pass that its holder widened with his own good signature.
	taken := func(change func(*admission.Claim)) admission.Pass {
		c := admission.Claim{Subject: ann.public, User: "ann", Roles: []string{"browser"}, Issued: 60 * causal.Second, Expires: 1000 * causal.Second}
		change(&c)
		statement, _ := good.Statement(&c)
		return good.With(&c, ann.sign(statement))
	}
	own := admission.Pass{Cluster: cluster}
	foreign := give(t, admission.Pass{Cluster: "another"}, steward, admission.Claim{Subject: ann.public, User: "ann"})
	expired := give(t, serverPass(t), server, admission.Claim{Subject: ann.public, User: "ann", Expires: now})
	for name, c := range map[string]struct {
		pass admission.Pass
		kind admission.Kind
	}{
		"no pass":                       {own, admission.Malformed},
		"a pass of somebody else":       {pagePass(t, bob, "bob"), admission.Forged},
		"another cluster's":             {foreign, admission.Foreign},
		"an expired one":                {expired, admission.Expired},
		"one signed by himself":         {give(t, own, ann, admission.Claim{Subject: ann.public, User: "ann"}), admission.Forged},
		"one handed on by a stranger":   {give(t, serverPass(t), mallory, admission.Claim{Subject: ann.public, User: "ann"}), admission.Forged},
		"another user written in":       {forged(func(c *admission.Claim) { c.User = "bob" }), admission.Forged},
		"a later end written in":        {forged(func(c *admission.Claim) { c.Expires++ }), admission.Forged},
		"a server's role taken":         {taken(func(c *admission.Claim) { c.IsTrusted = true }), admission.Widened},
		"another user taken":            {taken(func(c *admission.Claim) { c.User = "bob" }), admission.Widened},
		"a role taken":                  {taken(func(c *admission.Claim) { c.Roles = append(c.Roles, "kiosk") }), admission.Widened},
		"all roles taken":               {taken(func(c *admission.Claim) { c.Roles = nil }), admission.Widened},
		"a later end taken":             {taken(func(c *admission.Claim) { c.Expires = 0 }), admission.Widened},
		"more invitations taken":        {taken(func(c *admission.Claim) { c.Invites = 2 }), admission.Widened},
		"trust handed on by a server":   {handedOn(t), admission.Widened},
		"handed on once more than said": {twiceHandedOn(t), admission.Widened},
	} {
		t.Run(name, func(t *testing.T) {
			page, door := newEnd(ann, c.pass, 1), newEnd(server, serverPass(t), 2)
			talk(page, door)
			door.refused(t, c.kind)
			if len(door.sent) > 1 {
				t.Error("the server signed for it")
			}
		})
	}
}

// handedOn is a pass in which a server calls somebody else trusted.
func handedOn(t *testing.T) admission.Pass {
	c := admission.Claim{Subject: ann.public, IsTrusted: true}
	p := serverPass(t)
	statement, err := p.Statement(&c)
	if err == nil {
		t.Error("nothing is wrong with a server that makes another one")
	}
	return p.With(&c, server.sign(statement))
}

// twiceHandedOn is the pass of somebody whom an invited device invited.
func twiceHandedOn(t *testing.T) admission.Pass {
	c := admission.Claim{Subject: phone.public, User: "ann", Roles: []string{"browser"}, Expires: 1000 * causal.Second}
	p := give(t, pagePass(t, bob, "ann"), bob, c)
	c.Subject = ann.public
	statement, err := p.Statement(&c)
	if err == nil {
		t.Error("nothing is wrong with an invitation by who may not")
	}
	return p.With(&c, phone.sign(statement))
}

// TestReplay: what was said in an earlier conversation is worth nothing in this
// one, nor what was said to somebody else.
func TestReplay(t *testing.T) {
	page, door := newEnd(ann, pagePass(t, ann, "ann"), 1), newEnd(server, serverPass(t), 2)
	talk(page, door)
	again := newEnd(server, serverPass(t), 3)
	again.hear(page.sent...)
	again.refused(t, admission.Replayed)

	mirror := newEnd(server, serverPass(t), 2)
	mirror.hear(mirror.sent[0])
	mirror.refused(t, admission.Self)
}

// TestSignaller: who stands between two pages may pass on every word, and is
// found by what each knows of the transport.
func TestSignaller(t *testing.T) {
	bind := func(b string) func(*admission.Config) { return func(c *admission.Config) { c.Binding = []byte(b) } }
	a := newEnd(ann, pagePass(t, ann, "ann"), 1, bind("ann's and mallory's fingerprints"))
	b := newEnd(bob, pagePass(t, bob, "bob"), 2, bind("mallory's and bob's fingerprints"))
	talk(a, b)
	a.refused(t, admission.Replayed)
	b.refused(t, admission.Replayed)
}

// TestOutOfTurn: a link begins with a greeting and a proof, and nothing else.
func TestOutOfTurn(t *testing.T) {
	page := newEnd(ann, pagePass(t, ann, "ann"), 1)
	proof := admission.Message{Kind: wire.KindProof, Body: make([]byte, 64)}
	for name, heard := range map[string][]admission.Message{
		"a proof first":    {proof},
		"two greetings":    {page.sent[0], page.sent[0]},
		"two proofs":       {page.sent[0], proof, proof},
		"a short proof":    {page.sent[0], {Kind: wire.KindProof, Body: make([]byte, 63)}},
		"something else":   {{Kind: wire.KindRequest}},
		"an empty word":    {{Kind: wire.KindGreeting}},
		"a greeting cut":   {{Kind: wire.KindGreeting, Body: page.sent[0].Body[:100]}},
		"one with a tail":  {{Kind: wire.KindGreeting, Body: append(bytes.Clone(page.sent[0].Body), 0)}},
		"malformed passes": {{Kind: wire.KindGreeting, Body: bytes.Replace(page.sent[0].Body, []byte(cluster), bytes.Repeat([]byte{0xff}, 32), 1)}},
	} {
		door := newEnd(server, serverPass(t), 2)
		for _, m := range heard {
			door.fail(door.Receive(now, m.Kind, m.Body))
		}
		if door.err == nil || door.peer != nil {
			t.Errorf("%s: %v, %+v", name, door.err, door.peer)
		}
	}
	door := newEnd(server, serverPass(t), 2)
	door.hear(admission.Message{Kind: wire.KindGreeting, Body: []byte{wire.Version + 1}})
	door.refused(t, admission.Version)
}

// TestRevoked: a pass of which any key is revoked counts no more, nor one of a
// user that was given out before he was.
func TestRevoked(t *testing.T) {
	given := admission.Claim{Subject: phone.public, User: "ann", Roles: []string{"browser"}, Issued: 90 * causal.Second, Expires: 500 * causal.Second}
	invited := give(t, pagePass(t, ann, "ann"), ann, given)
	for _, c := range []struct {
		rec  causal.Revocation
		want bool
	}{
		{causal.Revocation{Public: ann.public}, true},
		{causal.Revocation{Public: phone.public}, true},
		{causal.Revocation{Public: server.public}, true},
		{causal.Revocation{Public: bob.public}, false},
		{causal.Revocation{User: "ann", Until: 50 * causal.Second}, true},
		{causal.Revocation{User: "ann", Until: 49 * causal.Second}, false},
		{causal.Revocation{User: "bob", Until: now}, false},
		{causal.Revocation{Replica: causal.ReplicaID{1}}, false},
	} {
		if got := invited.IsRevoked(&c.rec); got != c.want {
			t.Errorf("%+v: %v", c.rec, got)
		}
	}
	bars := func(c *admission.Config) {
		c.Bars = func(p *admission.Pass) string {
			if p.IsRevoked(&causal.Revocation{Public: ann.public}) {
				return "its pass was revoked: ask whoever runs the cluster"
			}
			return ""
		}
	}
	page, door := newEnd(phone, invited, 1), newEnd(server, serverPass(t), 2, bars)
	talk(page, door)
	door.refused(t, admission.Revoked)
}

// TestSpeaks: whoever has come in says in its hello who it is, and that must be
// within its pass.
func TestSpeaks(t *testing.T) {
	page, trusted := *must(pagePass(t, ann, "ann")).Holder(), *must(serverPass(t)).Holder()
	for _, c := range []struct {
		claim      admission.Claim
		user, role string
		isTrusted  bool
		want       bool
	}{
		{page, "ann", "browser", false, true},
		{page, "bob", "browser", false, false},
		{page, "", "browser", false, false},
		{page, "ann", "kiosk", false, false},
		{page, "", "server", true, false},
		{trusted, "", "server", true, true},
	} {
		if err := c.claim.Speaks(c.user, c.role, c.isTrusted); (err == nil) != c.want {
			t.Errorf("%s as %s: %v", c.user, c.role, err)
		}
	}
}

func must(p admission.Pass) *admission.Pass { return &p }

// TestPassTravels: a pass is what its bytes say, and no other bytes say it.
func TestPassTravels(t *testing.T) {
	p := pagePass(t, ann, "ann")
	b := p.AppendTo(nil)
	got, err := admission.DecodePass(b)
	if err != nil || !reflect.DeepEqual(got, p) {
		t.Fatalf("%+v, %v", got, err)
	}
	for cut := range b {
		if _, err := admission.DecodePass(b[:cut]); err == nil {
			t.Fatalf("a pass cut at %d is read", cut)
		}
	}
	if _, err := admission.DecodePass(make([]byte, admission.PassSizeMax+1)); err == nil {
		t.Error("a pass over its bound is read")
	}
}

// TestEveryBitCounts: no bit of a pass or a greeting can be another one; each
// seventh is tried.
func TestEveryBitCounts(t *testing.T) {
	page := newEnd(ann, pagePass(t, ann, "ann"), 1)
	first := newEnd(server, serverPass(t), 2)
	talk(page, first)
	for i := 0; i < 8*len(page.sent[0].Body); i += 7 {
		body := bytes.Clone(page.sent[0].Body)
		body[i/8] ^= 1 << (i % 8)
		door := newEnd(server, serverPass(t), 2)
		door.hear(admission.Message{Kind: wire.KindGreeting, Body: body}, page.sent[1])
		if door.peer != nil {
			t.Fatalf("bit %d may be another one", i)
		}
	}
}
