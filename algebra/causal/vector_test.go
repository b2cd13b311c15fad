package causal_test

import (
	"errors"
	"maps"
	"testing"

	"pgregory.net/rapid"

	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/algebra/lattice/latticetest"
	"github.com/martinelli-lang/martinelli/wire"
)

func TestVectorLaws(t *testing.T) {
	latticetest.Laws(t, latticetest.Subject[causal.Vector]{
		Bottom: func() causal.Vector { return causal.Vector{} },
		Draw: func(t *rapid.T, n int) []causal.Vector {
			vectors := make([]causal.Vector, n)
			for i := range vectors {
				vectors[i] = causal.Vector{}
				for r := range 4 {
					vectors[i][replica(r)] = rapid.Uint64Range(0, 3).Draw(t, "seq")
				}
			}
			return vectors
		},
		Encode: func(v causal.Vector) []byte { return v.AppendTo(nil) },
		Decode: causal.DecodeVector,
		Mutators: []func(*rapid.T, causal.Vector) causal.Vector{
			func(t *rapid.T, v causal.Vector) causal.Vector {
				d := drawID(t).Dot
				v.Add(d)
				return causal.Vector{d.Replica: d.Seq}
			},
		},
	})
}

func TestVectorBytesAreChecked(t *testing.T) {
	one := causal.Vector{replica(1): 7}.AppendTo(nil)
	two := append(append([]byte{2}, one[1:]...), one[1:]...)
	for _, c := range []struct {
		what  string
		bytes []byte
		want  error
	}{
		{"a replica twice", two, wire.ErrMalformed},
		{"no parts", append(one[:17:17], 0), wire.ErrMalformed},
		{"a count without content", []byte{0xff, 0xff, 0x0f}, wire.ErrTruncated},
		{"too many replicas", []byte{0xff, 0xff, 0xff, 0x0f}, wire.ErrLimit},
		{"more behind it", append(one, 0), wire.ErrTrailing},
	} {
		if _, err := causal.DecodeVector(c.bytes); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", c.what, err, c.want)
		}
	}
}

func FuzzDecodeVector(f *testing.F) {
	f.Add(causal.Vector{replica(1): 7, replica(2): 1 << 40}.AppendTo(nil))
	f.Add([]byte{0})
	f.Fuzz(func(t *testing.T, b []byte) {
		v, err := causal.DecodeVector(b)
		if err != nil {
			return
		}
		if again := v.AppendTo(nil); string(again) != string(b) {
			t.Fatalf("%x decodes, but encodes as %x", b, again)
		}
		if !maps.Equal(v, v.Clone()) {
			t.Fatal("a clone differs")
		}
	})
}
