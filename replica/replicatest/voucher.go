// Package replicatest gives tests parts that somebody vouches for, without
// signatures: what the replica takes has been checked before.
package replicatest

import (
	"slices"

	"github.com/martinelli-lang/martinelli/algebra/causal"
)

// KeyOf returns the key of the i-th author.
func KeyOf(i int) causal.Key {
	return causal.Key{Public: [32]byte{byte(i), byte(i >> 8)}}
}

// Author returns the replica id of the i-th author.
func Author(i int) causal.ReplicaID {
	key := KeyOf(i)
	return key.ID()
}

// authorsMax is how many authors have a key here.
const authorsMax = 1 << 10

var keys = func() map[causal.ReplicaID]causal.Key {
	all := map[causal.ReplicaID]causal.Key{}
	for i := range authorsMax {
		all[Author(i)] = KeyOf(i)
	}
	return all
}()

// Parcels wraps each part by itself.
func Parcels(parts ...*causal.Part) []causal.Parcel {
	list := make([]causal.Parcel, len(parts))
	for i, p := range parts {
		list[i] = causal.Parcel{Parts: []*causal.Part{p}, Seal: causal.Seal{Seq: p.Seq}}
		if key, ok := keys[p.Replica]; ok && p.Seq == 1 {
			list[i].Key = &key
		}
	}
	return list
}

// Parcel wraps consecutive parts of one chain.
func Parcel(parts ...*causal.Part) causal.Parcel {
	p := Parcels(parts[0])[0]
	p.Parts, p.Seal.Seq = parts, parts[len(parts)-1].Seq
	return p
}

// Stretches wraps consecutive parts of one chain as an author does who seals as
// seldom as may be.
func Stretches(parts ...*causal.Part) (list []causal.Parcel) {
	for chunk := range slices.Chunk(parts, causal.ParcelPartsMax) {
		list = append(list, Parcel(chunk...))
	}
	return list
}

// Parts unwraps parcels.
func Parts(parcels []causal.Parcel) (parts []*causal.Part) {
	for _, p := range parcels {
		parts = append(parts, p.Parts...)
	}
	return parts
}

// Voucher vouches for parts. The hash at a part is right if the one before was
// vouched for or learnt; otherwise it is some hash of the part. The zero value
// is ready.
type Voucher struct {
	hashes map[causal.Ref]causal.Hash
	hasher causal.Hasher
}

// Learn takes the hashes of parts that a replica has minted.
func (v *Voucher) Learn(parts []*causal.Part, hashes []causal.Hash) {
	for i, p := range parts {
		v.learn(p.Ref(), hashes[i])
	}
}

func (v *Voucher) learn(ref causal.Ref, h causal.Hash) {
	if v.hashes == nil {
		v.hashes = map[causal.Ref]causal.Hash{}
	}
	v.hashes[ref] = h
}

// Vouch wraps each part by itself, with its hash and a seal.
func (v *Voucher) Vouch(parts ...*causal.Part) []causal.Vouched {
	return v.VouchParcels(Parcels(parts...)...)
}

// VouchParcels vouches for parcels as they are.
func (v *Voucher) VouchParcels(parcels ...causal.Parcel) []causal.Vouched {
	list := make([]causal.Vouched, len(parcels))
	for i, p := range parcels {
		list[i].Parcel, list[i].Before = p, v.hashes[p.Chain().At(p.First()-1)]
		for _, part := range p.Parts {
			list[i].Hashes = append(list[i].Hashes, v.hash(part))
		}
	}
	return list
}

// hash returns the hash at a part. One of another content than was learnt has
// another hash, as a fork has.
func (v *Voucher) hash(p *causal.Part) causal.Hash {
	h := v.hasher.Chain(v.hashes[p.Chain().At(p.Seq-1)], p)
	if known, ok := v.hashes[p.Ref()]; ok && (known == h || v.hashes[p.Chain().At(p.Seq-1)] == causal.Hash{} && p.Seq > 1) {
		return known
	}
	v.learn(p.Ref(), h)
	return h
}
