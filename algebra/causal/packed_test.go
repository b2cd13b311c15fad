package causal

import (
	"strings"
	"testing"

	"github.com/martinelli-lang/martinelli/wire"
)

// TestPacked: whatever is packed comes back, and a string as package
// value writes it takes two bytes less than its length and itself.
func TestPacked(t *testing.T) {
	for s, size := range map[string]int{
		"": 1, "k": 2, "\x22": 2, "\x22\x00": 1, "\x22a\x00": 2, "\x22a\x00\x22b\x00": 5,
		"\x22a": 3, "a\x00": 3, "\x00\x22": 3, "\x19\x01": 3,
		strings.Repeat("x", 63): 64, strings.Repeat("x", ValueMax): ValueMax + 4,
	} {
		b := appendPacked(nil, s)
		r := wire.NewReader(b)
		if got := readPacked(r); got != s || r.Done() != nil || len(b) != size {
			t.Errorf("%.20q of %d bytes takes %d, wanted %d, and reads as %.20q, %v", s, len(s), len(b), size, got, r.Done())
		}
	}
}

// FuzzReadPacked: what is read is within the limit and packs and reads as itself.
func FuzzReadPacked(f *testing.F) {
	for _, s := range []string{"", "k", "\x22a\x00"} {
		f.Add(appendPacked(nil, s))
	}
	f.Add(wire.AppendUvarint(nil, ValueMax<<1|1))
	f.Fuzz(func(t *testing.T, b []byte) {
		r := wire.NewReader(b)
		s := readPacked(r)
		if r.Err() != nil {
			return
		}
		if len(s) > ValueMax {
			t.Fatalf("%d bytes", len(s))
		}
		again := wire.NewReader(appendPacked(nil, s))
		if got := readPacked(again); got != s || again.Done() != nil {
			t.Fatalf("%q, packed again, reads as %q", s, got)
		}
	})
}
