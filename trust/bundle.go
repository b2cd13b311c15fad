package trust

import (
	"slices"

	"github.com/martinelli-lang/martinelli/algebra/causal"
)

// bundle is consecutive parcels of one lane that are judged by the last one's
// seal: it covers them all, and the other seals are not needed any more. So
// where parcels come in faster than the host verifies, it verifies fewer.
type bundle struct {
	gate    *gate
	members []held
	parts   int
	size    int
	before  causal.Hash
	hashes  []causal.Hash // at each of the parts
	claims  []*claim      // proofs that the parts hold; at most one a part
	isGood  bool
}

// fits reports whether one seal may stand for h too.
func (b *bundle) fits(h held) bool {
	return b.parts+len(h.parcel.Parts) <= causal.ParcelPartsMax && b.size+h.size <= causal.ParcelSizeMax
}

// add puts h at the end, computes its chain hashes, and returns the chain's
// head behind it.
func (b *bundle) add(h held, at causal.Head, hasher *causal.Hasher) causal.Head {
	b.members = append(b.members, h)
	b.parts += len(h.parcel.Parts)
	b.size += h.size
	for _, p := range h.parcel.Parts {
		at = causal.Head{Seq: p.Seq, Hash: hasher.Chain(at.Hash, p)}
		b.hashes = append(b.hashes, at.Hash)
	}
	return at
}

// last returns the seal that stands for all, and what it is over.
func (b *bundle) last() (causal.Seal, causal.Head) {
	seal := b.members[len(b.members)-1].parcel.Seal
	return seal, causal.Head{Seq: seal.Seq, Hash: b.hashes[len(b.hashes)-1]}
}

// parcel returns the members as one parcel.
func (b *bundle) parcel() causal.Parcel {
	p := b.members[0].parcel
	if len(b.members) > 1 {
		p.Parts = slices.Clip(p.Parts)
		for _, h := range b.members[1:] {
			p.Parts = append(p.Parts, h.parcel.Parts...)
		}
		p.Seal, _ = b.last()
	}
	return p
}
