package admission

import (
	"testing"

	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/wire/wiretest"
)

func frozenPass() Pass {
	return Pass{"00112233445566778899aabbccddeeff", []Block{
		{Claim{Subject: [32]byte{1}, IsTrusted: true, Invites: 3, Issued: 1 << 40}, causal.Signature{2}},
		{Claim{Subject: [32]byte{3}, User: "ann", Roles: []string{"browser", "kiosk"}, Issued: 1 << 41, Expires: 1 << 42}, causal.Signature{4}},
	}}
}

func TestFrozenPass(t *testing.T) {
	p := frozenPass()
	wiretest.Frozen(t, "pass", p, func(p Pass) []byte { return p.AppendTo(nil) }, DecodePass)
	same(t, "pass.statement", p.statement(p.hash(1), &p.Blocks[1].Claim))
}

func TestFrozenGreeting(t *testing.T) {
	p := frozenPass()
	g := greeting{[32]byte{1}, [16]byte{2}, causal.Key{Public: [32]byte{3}, Incarnation: 300}, 4, p.AppendTo(nil), []byte("the node's first words")}
	wiretest.Frozen(t, "open-link.greeting", g, func(g greeting) []byte { return g.appendTo(nil) }, decodeGreeting)
	same(t, "open-link.proof-statement", proofStatement([]byte("own"), []byte("other"), []byte("binding")))
}

// same requires that bytes which nobody reads back are those that were frozen.
func same(t *testing.T, name string, b []byte) {
	t.Helper()
	asIs := func(b []byte) []byte { return b }
	wiretest.Frozen(t, name, b, asIs, func(b []byte) ([]byte, error) { return b, nil })
}
