package store

import (
	"math"

	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/wire"
)

// PutOutside replaces what the parts of a space's flushed state name of other
// spaces, as the replica keeps it.
func (s *Store) PutOutside(space causal.SpaceID, refs []causal.Ref) {
	t := logTables{store: s}
	s.put(func(b []byte) []byte {
		return append(append(b, kindOutside), space[:]...)
	}, func(b []byte) []byte {
		b = wire.AppendUvarint(b, uint64(len(refs)))
		for _, ref := range refs {
			b = t.AppendRef(b, ref)
		}
		return b
	})
}

func (s *Store) restoreOutside(v Visitor) error {
	t := logTables{store: s}
	return s.scanKind(kindOutside, func(key, value *wire.Reader) {
		var space causal.SpaceID
		copy(space[:], key.Raw(len(space)))
		var refs []causal.Ref
		for range value.Count(math.MaxInt32, 2) {
			ref := t.ReadRef(value)
			if ref.Space == space {
				value.Fail(wire.ErrMalformed)
			}
			refs = append(refs, ref)
		}
		if key.Err() == nil && value.Err() == nil && v.Outside != nil {
			v.Outside(space, refs)
		}
	})
}
