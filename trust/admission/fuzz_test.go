package admission_test

import (
	"bytes"
	"testing"

	"github.com/martinelli-lang/martinelli/trust/admission"
	"github.com/martinelli-lang/martinelli/wire"
)

// FuzzPass: a pass that can be read is written as the bytes it was read from.
func FuzzPass(f *testing.F) {
	p := pagePass(f, ann, "ann")
	f.Add(p.AppendTo(nil))
	f.Fuzz(func(t *testing.T, b []byte) {
		p, err := admission.DecodePass(b)
		if err != nil {
			return
		}
		if !bytes.Equal(p.AppendTo(nil), b) {
			t.Fatal("two encodings of one pass")
		}
		if _, err := p.Judge(&authority, now); err == nil && len(p.Blocks) == 0 {
			t.Fatal("an empty pass is good")
		}
	})
}

// FuzzHandshake: whatever is said, nobody without a key is let in. Two frames
// come, each of them the fuzzer's or an honest page's.
func FuzzHandshake(f *testing.F) {
	page, door := newEnd(ann, pagePass(f, ann, "ann"), 1), newEnd(server, serverPass(f), 2)
	talk(page, door)
	f.Add(wire.KindGreeting, page.sent[0].Body, wire.KindProof, page.sent[1].Body)
	f.Add(wire.KindProof, page.sent[1].Body, wire.KindGreeting, door.sent[0].Body)
	pass := serverPass(f)
	f.Fuzz(func(t *testing.T, k1 uint8, b1 []byte, k2 uint8, b2 []byte) {
		e := newEnd(server, pass, 3)
		e.hear(admission.Message{Kind: k1, Body: b1}, admission.Message{Kind: k2, Body: b2})
		if e.peer != nil {
			t.Fatal("it is let in")
		}
	})
}
