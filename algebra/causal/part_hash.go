package causal

import (
	"github.com/martinelli-lang/martinelli/wire"

	"golang.org/x/crypto/blake2b"
)

// Tags keep the two hashes of a part apart.
const (
	tagBody  = 0x01
	tagChain = 0x02
)

// Hasher computes chain hashes. It exists for its buffer: a part with one
// entry costs two blake2b blocks and no allocation. The zero value is ready.
type Hasher struct{ buf []byte }

// body hashes entries and removals. They are hashed apart from the header, so
// that a header can be shown without them.
func (h *Hasher) body(p *Part) Hash {
	b := append(h.buf[:0], tagBody)
	b = wire.AppendUvarint(b, uint64(len(p.Entries)))
	for i := range p.Entries {
		e := &p.Entries[i]
		b = wire.AppendString(b, e.Database)
		b = wire.AppendString(b, e.Key)
		b = wire.AppendString(b, e.Value)
	}
	b = wire.AppendUvarint(b, uint64(len(p.Removed)))
	for i := range p.Removed {
		id := &p.Removed[i]
		b = append(b, id.Replica[:]...)
		b = wire.AppendUint64(b, id.Seq)
		b = wire.AppendUint32(b, id.Offset)
	}
	h.buf = b
	return blake2b.Sum256(b)
}

// appendRefs appends full ids, so that no two nodes need to agree on numbers.
func appendRefs(b []byte, refs []Ref) []byte {
	b = wire.AppendUvarint(b, uint64(len(refs)))
	for i := range refs {
		b = append(b, refs[i].Space[:]...)
		b = append(b, refs[i].Replica[:]...)
		b = wire.AppendUint64(b, refs[i].Seq)
	}
	return b
}
