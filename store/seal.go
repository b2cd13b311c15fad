package store

import (
	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/wire"
)

// This file keeps who wrote: the keys of authors, and their seals over the
// chains.

// PutKey keeps the key of a chain's author. One per author is enough; the
// chain says under which number it stands.
func (s *Store) PutKey(c causal.Chain, k causal.Key) {
	s.put(func(b []byte) []byte {
		return appendOrdered(append(b, kindKey), s.chain(c))
	}, k.AppendTo)
}

// PutSeal keeps a seal of a chain.
func (s *Store) PutSeal(c causal.Chain, seal causal.Seal) {
	s.put(func(b []byte) []byte {
		return s.appendSealKey(b, c, seal.Seq)
	}, func(b []byte) []byte {
		return append(b, seal.Signature[:]...)
	})
}

// DeleteSeal lets go of the seal of a chain over its seq-th part.
func (s *Store) DeleteSeal(c causal.Chain, seq uint64) {
	s.ops = append(s.ops, Op{Key: s.appendSealKey(nil, c, seq), Delete: true})
}

func (s *Store) appendSealKey(b []byte, c causal.Chain, seq uint64) []byte {
	return appendOrdered(appendOrdered(append(b, kindSeal), s.chain(c)), seq)
}

// PutProven keeps that a part holds a proof of a fork whose signatures were
// found good, so that nobody need be asked again.
func (s *Store) PutProven(ref causal.Ref) {
	s.put(func(b []byte) []byte {
		return appendOrdered(appendOrdered(append(b, kindProven), s.chain(ref.Chain())), ref.Seq)
	}, func(b []byte) []byte { return b })
}

func (s *Store) restoreProven(v Visitor) error {
	return s.scanKind(kindProven, func(key, value *wire.Reader) {
		no, seq := s.readChainNo(key), readOrdered(key)
		if key.Err() == nil && v.Proven != nil {
			v.Proven(s.byChain[no].At(seq))
		}
	})
}

func (s *Store) restoreKeys(v Visitor) error {
	return s.scanKind(kindKey, func(key, value *wire.Reader) {
		no, k := s.readChainNo(key), causal.ReadKey(value)
		if value.Err() == nil && key.Err() == nil && k.ID() != s.byChain[no].Replica {
			value.Fail(wire.ErrMalformed)
		}
		if key.Err() == nil && value.Err() == nil && v.Key != nil {
			v.Key(k)
		}
	})
}

func (s *Store) restoreSeals(v Visitor) error {
	return s.scanKind(kindSeal, func(key, value *wire.Reader) {
		no, seq := s.readChainNo(key), readOrdered(key)
		seal := causal.Seal{Seq: seq, Signature: causal.ReadSignature(value)}
		if key.Err() == nil && value.Err() == nil && v.Seal != nil {
			v.Seal(s.byChain[no], seal)
		}
	})
}
