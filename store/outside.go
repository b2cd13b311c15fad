package store

import (
	"math"

	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/wire"
)

// PutOutside replaces what the parts of a space's flushed state name of other
// spaces, as the replica keeps it.
func (s *Store) PutOutside(space causal.SpaceID, refs []causal.Ref) {
	s.Copy(space).PutOutside(refs)
}

func (s *Store) restoreOutside(v Visitor) error {
	t := logTables{store: s}
	return s.scanKind(kindOutside, func(key, value *wire.Reader) {
		space, isCounted := s.readSpaceCopy(kindOutside, key)
		var refs []causal.Ref
		for range value.Count(math.MaxInt32, 2) {
			ref := t.ReadRef(value)
			if ref.Space == space {
				value.Fail(wire.ErrMalformed)
			}
			refs = append(refs, ref)
		}
		if key.Err() == nil && value.Err() == nil && isCounted && v.Outside != nil {
			v.Outside(space, refs)
		}
	})
}
