package store

import (
	"cmp"

	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/wire"
)

// truncateFew is how many parts are deleted one by one: a range costs the disk
// more than a few keys.
const truncateFew = 16

// Truncate lets the parts and the seals of a chain that lie behind from and not
// behind upTo be deleted, by Sweep: a checkpoint sums them up.
func (s *Store) Truncate(c causal.Chain, from, upTo uint64) {
	no, isKnown := s.chains[c]
	if !isKnown || from >= upTo {
		return
	}
	for _, kind := range []byte{kindPart, kindSeal} {
		prefix := appendOrdered([]byte{kind}, no)
		if upTo-from <= truncateFew {
			for seq := from + 1; seq <= upTo; seq++ {
				s.trash = append(s.trash, Op{Key: appendOrdered(prefix[:len(prefix):len(prefix)], seq), Delete: true})
			}
			continue
		}
		lo := appendOrdered(prefix[:len(prefix):len(prefix)], from+1)
		hi := appendOrdered(prefix[:len(prefix):len(prefix)], upTo+1)
		s.trash = append(s.trash, Op{Key: lo, Delete: true, End: hi})
	}
}

// Forsake deletes, in this batch, the parts and seals of a chain behind after:
// they are on a branch that is not the final one.
func (s *Store) Forsake(c causal.Chain, after uint64) {
	no, isKnown := s.chains[c]
	if !isKnown {
		return
	}
	for _, kind := range []byte{kindPart, kindSeal} {
		lo := appendOrdered(appendOrdered([]byte{kind}, no), after+1)
		s.ops = append(s.ops, Op{Key: lo, Delete: true, End: appendOrdered([]byte{kind}, no+1)})
	}
}

// readGeneration reads which copy of each space counts.
func (s *Store) readGeneration(key, value *wire.Reader) {
	var space causal.SpaceID
	copy(space[:], key.Raw(len(space)))
	s.counts[space] = value.Uvarint()
}

// readBases reads the heads of the checkpoints that count.
func (s *Store) readBases() error {
	return s.scanCopies(kindBase, func(no, generation uint64, key, value *wire.Reader) {
		if h, isCounted := s.readHead(kindBase, no, generation, key, value); isCounted {
			s.bases[s.byChain[no]] = h
		}
	})
}

// readHead reads a record of a chain's head in a copy, and whether that copy
// counts. A head of the state that is the chain's first part has no hash: that
// is in the log or in the checkpoint.
func (s *Store) readHead(kind byte, no, generation uint64, key, value *wire.Reader) (h causal.Head, isCounted bool) {
	h.Seq = value.Uvarint()
	if kind == kindBase || h.Seq != 1 {
		copy(h.Hash[:], value.Raw(len(h.Hash)))
	}
	if key.Err() != nil || value.Err() != nil || !s.isCounted(no, generation) {
		return h, false
	}
	if kind == kindHead && h.Seq == 1 {
		hash, ok, err := s.Hash(s.byChain[no].At(1))
		if err != nil || !ok {
			value.Fail(cmp.Or(err, error(wire.ErrTruncated)))
		}
		h.Hash = hash
	}
	return h, value.Err() == nil
}

// isCounted reports whether a chain's records of a generation count. Of those
// that do not it remembers that they are to be deleted.
func (s *Store) isCounted(no, generation uint64) bool {
	space := s.byChain[no].Space
	if generation == s.counts[space] {
		return true
	}
	s.newest[space] = max(s.newest[space], generation)
	if left := (leftover{no, generation}); !s.leftovers[left] {
		s.leftovers[left] = true
		s.discardChain(no, generation)
	}
	return false
}

// leftover is what a chain has in a copy that does not count.
type leftover struct{ chain, generation uint64 }

// restoreLog finds the parts that a truncation has not come to delete.
func (s *Store) restoreLog(no, base uint64) error {
	if base == 0 {
		return nil
	}
	lo := appendOrdered([]byte{kindPart}, no)
	hi := appendOrdered(appendOrdered([]byte{kindPart}, no), base+1)
	isLeft := false
	err := s.disk.Scan(lo, hi, func([]byte, []byte) bool {
		isLeft = true
		return false
	})
	if isLeft {
		s.Truncate(s.byChain[no], 0, base)
	}
	return err
}
