package causal

import (
	"github.com/martinelli-lang/martinelli/wire"

	"golang.org/x/crypto/blake2b"
)

// Tags keep the three hashes of a part apart. 0x03 and 0x04 begin what is signed.
const (
	tagBody   = 0x01
	tagChain  = 0x02
	tagHeader = 0x05
)

// Hasher computes chain hashes. It exists for its buffer: a part with one
// entry costs three blake2b blocks and no allocation. The zero value is ready.
type Hasher struct{ buf []byte }

// Chain returns the chain hash at p: blake2b-256 over the chain hash of p's
// predecessor (zero at seq 1), p's name and the hash of its header.
// docs/wire/part.md draws the bytes.
func (h *Hasher) Chain(prev Hash, p *Part) Hash {
	return h.ChainOf(prev, p.Ref(), h.Header(p))
}

// ChainOf returns the chain hash at a part of whose header the hash is known:
// 32 bytes a part are all that must be shown to prove what an author has
// sealed, however much the parts say and name.
func (h *Hasher) ChainOf(prev Hash, name Ref, header Hash) Hash {
	b := append(h.buf[:0], tagChain)
	b = append(b, prev[:]...)
	b = append(append(b, name.Space[:]...), name.Replica[:]...)
	b = wire.AppendUint64(b, name.Seq)
	b = append(b, header[:]...)
	h.buf = b
	return blake2b.Sum256(b)
}

// Header hashes a part's header: what it says of itself but its name, and the
// hash of its entries and removals.
func (h *Hasher) Header(p *Part) Hash {
	body := h.body(p)
	b := append(h.buf[:0], tagHeader)
	b = wire.AppendUint64(b, uint64(p.Stamp))
	b = appendRefs(appendRefs(appendRefs(b, p.Seen), p.Siblings), p.Grants)
	b = append(b, body[:]...)
	h.buf = b
	return blake2b.Sum256(b)
}

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
