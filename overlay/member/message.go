package member

import (
	"encoding/binary"

	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/wire"
	"golang.org/x/crypto/blake2b"
)

// Limits of a member's bytes.
const (
	nameMax  = 64
	roleMax  = 64
	addrMax  = 256
	epochMax = 1 << 63 // any Instant, as a clock may be centuries off, with room for refutations
	listMax  = 4096    // members in one list

	memberSizeMin = 16 + 1 + 1 + 1 + 1
)

// AppendTo appends the member's bytes, for hellos and lists. Texts over their
// limits are cut: they are for people.
func (p Member) AppendTo(b []byte) []byte {
	b = append(b, p.ID[:]...)
	b = wire.AppendString(b, cut(p.Name, nameMax))
	b = wire.AppendString(b, cut(p.Role, roleMax))
	b = wire.AppendString(b, cut(p.Addr, addrMax))
	return wire.AppendUvarint(b, p.Epoch)
}

func cut(s string, sizeMax int) string { return s[:min(len(s), sizeMax)] }

// ReadMember reads what AppendTo wrote. The caller asks r for the error.
func ReadMember(r *wire.Reader) Member {
	var p Member
	copy(p.ID[:], r.Raw(len(p.ID)))
	p.Name = r.String(nameMax)
	p.Role = r.String(roleMax)
	p.Addr = r.String(addrMax)
	p.Epoch = r.Uvarint()
	if p.Epoch > epochMax {
		r.Fail(wire.ErrLimit)
	}
	return p
}

// digest is the member's share in the digest of a list: the digests of all its
// members, combined by exclusive or, so that order does not matter.
func (p Member) digest() uint64 {
	sum := blake2b.Sum256(p.AppendTo(nil))
	return binary.LittleEndian.Uint64(sum[:])
}

// The first byte of a body. Tags are only appended.
const (
	tagPing = 1
	tagPong = 2
	tagList = 3
)

// Body is a message between two member machines: Ping, Pong or List.
type Body interface{ AppendTo(b []byte) []byte }

// Ping asks whether the link carries both ways.
type Ping struct {
	At     causal.Instant // by the clock of the pinging side, which alone reads it
	Digest uint64         // over the sender's list
}

// Pong answers a ping.
type Pong struct {
	At     causal.Instant // of the ping
	Digest uint64
}

// List is what the sender knows, or a part of it that is news.
type List struct{ Members []Member }

// AppendTo appends the message's bytes.
func (p Ping) AppendTo(b []byte) []byte {
	return wire.AppendUint64(wire.AppendVarint(append(b, tagPing), int64(p.At)), p.Digest)
}

// AppendTo appends the message's bytes.
func (p Pong) AppendTo(b []byte) []byte {
	return wire.AppendUint64(wire.AppendVarint(append(b, tagPong), int64(p.At)), p.Digest)
}

// AppendTo appends the message's bytes.
func (l List) AppendTo(b []byte) []byte {
	b = wire.AppendUvarint(append(b, tagList), uint64(len(l.Members)))
	for _, p := range l.Members {
		b = p.AppendTo(b)
	}
	return b
}

// Decode reads a body. Its errors are those of wire.Reader.
func Decode(body []byte) (Body, error) {
	r := wire.NewReader(body)
	var m Body
	switch r.Byte() {
	case tagPing:
		m = Ping{causal.Instant(r.Varint()), r.Uint64()}
	case tagPong:
		m = Pong{causal.Instant(r.Varint()), r.Uint64()}
	case tagList:
		m = readList(r)
	default:
		r.Fail(wire.ErrMalformed)
	}
	if err := r.Done(); err != nil {
		return nil, err
	}
	return m, nil
}

func readList(r *wire.Reader) List {
	var l List
	for range r.Count(listMax, memberSizeMin) {
		l.Members = append(l.Members, ReadMember(r))
	}
	return l
}
