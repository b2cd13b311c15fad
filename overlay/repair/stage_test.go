package repair

import (
	"bytes"
	"testing"

	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/wire"
	"github.com/martinelli-lang/martinelli/wire/wiretest"
)

var (
	stagedKey   = causal.Key{Public: [32]byte{7, 31: 7}}
	stagedSpace = causal.SpaceID{1, 15: 1}
	stagedPages = map[string]Body{
		"checkpoint.below": Below{5, []causal.SpaceID{stagedSpace}},
		"checkpoint.take":  Take{stagedSpace, 3, 300, SectionBuckets, 17, 1 << 20, []causal.BucketName{{Replica: causal.ReplicaID{3, 15: 3}, Number: 300}}},
		"checkpoint.taken": Taken{stagedSpace, 3, 300, SectionHeads, 2, 9, []byte("a page")},
	}
)

func TestFrozenPages(t *testing.T) {
	for name, m := range stagedPages {
		wiretest.Frozen(t, name, m, func(m Body) []byte { return m.AppendTo(nil) }, Decode)
	}
	ref := causal.Chain{Space: stagedSpace, Replica: stagedKey.ID()}.At(300)
	leaf := causal.Leaf{BucketName: causal.BucketName{Replica: stagedKey.ID(), Number: 2}, Size: 900, Hash: causal.Hash{1, 31: 2}}
	head := KeyedHead{causal.AuthorHead{Replica: stagedKey.ID(), Head: causal.Head{Seq: 300, Hash: causal.Hash{5}}}, stagedKey}
	offer := Offer{stagedSpace, stagedKey, causal.Checkpoint{Marker: 300, Vector: causal.Hash{1}, Entries: causal.Hash{2}, Needs: causal.Hash{3}, Signature: causal.Signature{4}}}
	wiretest.Frozen(t, "checkpoint.needs", ref, func(r causal.Ref) []byte { return AppendNeed(nil, r) }, one(readNeeds))
	wiretest.Frozen(t, "checkpoint.leaves", leaf, func(l causal.Leaf) []byte { return AppendLeaf(nil, l) }, one(readLeaves))
	wiretest.Frozen(t, "checkpoint.heads", head, func(h KeyedHead) []byte { return h.AppendTo(nil) },
		one(func(r *wire.Reader) []KeyedHead { return readKeyedHeads(r, nil) }))
	wiretest.Frozen(t, "checkpoint.signed", offer, func(o Offer) []byte { return o.AppendTo(nil) },
		one(func(r *wire.Reader) []Offer { return []Offer{readOffer(r, stagedSpace)} }))
}

// one reads a page of one item.
func one[T any](read func(*wire.Reader) []T) func([]byte) (T, error) {
	return func(b []byte) (item T, err error) {
		r := wire.NewReader(b)
		if list := read(r); len(list) > 0 {
			item = list[0]
		}
		return item, r.Done()
	}
}

// FuzzSections reads any bytes as a page of each section: what is taken has one form.
func FuzzSections(f *testing.F) {
	offer := Offer{Key: stagedKey, Record: causal.Checkpoint{Marker: 1}}
	head := KeyedHead{causal.AuthorHead{Replica: stagedKey.ID(), Head: causal.Head{Seq: 1}}, stagedKey}
	f.Add(byte(SectionSigned), offer.AppendTo(nil))
	f.Add(byte(SectionHeads), head.AppendTo(nil))
	f.Add(byte(SectionNeeds), AppendNeed(nil, causal.Ref{}))
	f.Add(byte(SectionLeaves), AppendLeaf(nil, causal.Leaf{}))
	f.Fuzz(func(t *testing.T, section byte, page []byte) {
		r := wire.NewReader(page)
		var again []byte
		switch Section(section) {
		case SectionSigned:
			o := readOffer(r, stagedSpace)
			again = o.AppendTo(nil)
		case SectionHeads:
			for _, h := range readKeyedHeads(r, nil) {
				again = h.AppendTo(again)
			}
		case SectionNeeds:
			for _, ref := range readNeeds(r) {
				again = AppendNeed(again, ref)
			}
		case SectionLeaves:
			for _, l := range readLeaves(r) {
				again = AppendLeaf(again, l)
			}
		default:
			return
		}
		if r.Done() == nil && !bytes.Equal(again, page) {
			t.Fatalf("section %d: %x is written back as %x", section, page, again)
		}
	})
}
