package lattice_test

import (
	"encoding/binary"
	"errors"
	"testing"

	"pgregory.net/rapid"

	"github.com/martinelli-lang/martinelli/algebra/lattice"
	"github.com/martinelli-lang/martinelli/algebra/lattice/latticetest"
)

func TestSet(t *testing.T) {
	latticetest.Laws(t, latticetest.Subject[lattice.Set[int]]{
		Bottom: func() lattice.Set[int] { return lattice.SetOf[int]() },
		Draw: func(t *rapid.T, n int) []lattice.Set[int] {
			return rapid.SliceOfN(rapid.Custom(func(t *rapid.T) lattice.Set[int] {
				return lattice.SetOf(rapid.SliceOf(rapid.IntRange(0, 9)).Draw(t, "elems")...)
			}), n, n).Draw(t, "sets")
		},
		Mutators: []func(*rapid.T, lattice.Set[int]) lattice.Set[int]{
			func(t *rapid.T, x lattice.Set[int]) lattice.Set[int] {
				e := rapid.IntRange(0, 9).Draw(t, "add")
				x[e] = struct{}{}
				return lattice.SetOf(e)
			},
		},
	})
}

func TestMax(t *testing.T) {
	latticetest.Laws(t, latticetest.Subject[*lattice.Max]{
		Bottom: func() *lattice.Max { return new(lattice.Max) },
		Draw: func(t *rapid.T, n int) []*lattice.Max {
			states := make([]*lattice.Max, n)
			for i := range states {
				m := lattice.Max(rapid.Uint64Range(0, 5).Draw(t, "count"))
				states[i] = &m
			}
			return states
		},
		Encode: func(m *lattice.Max) []byte { return binary.BigEndian.AppendUint64(nil, uint64(*m)) },
		Decode: func(b []byte) (*lattice.Max, error) {
			if len(b) != 8 {
				return nil, errors.New("eight bytes")
			}
			m := lattice.Max(binary.BigEndian.Uint64(b))
			return &m, nil
		},
	})
}
