package admission

import (
	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/wire"
)

// docs/wire/pass.md draws these bytes.

// AppendTo appends the pass.
func (p *Pass) AppendTo(b []byte) []byte {
	b = wire.AppendString(b, p.Cluster)
	b = wire.AppendUvarint(b, uint64(len(p.Blocks)))
	for i := range p.Blocks {
		b = p.Blocks[i].appendTo(b)
	}
	return b
}

func (k *Block) appendTo(b []byte) []byte {
	return append(k.Claim.appendTo(b), k.Signature[:]...)
}

func (c *Claim) appendTo(b []byte) []byte {
	b = append(b, c.Subject[:]...)
	b = wire.AppendString(b, c.User)
	b = wire.AppendUvarint(b, uint64(len(c.Roles)))
	for _, role := range c.Roles {
		b = wire.AppendString(b, role)
	}
	b = append(wire.AppendBool(b, c.IsTrusted), c.Invites)
	b = wire.AppendVarint(b, int64(c.Issued))
	return wire.AppendVarint(b, int64(c.Expires))
}

// claimSizeMin is the least a block takes.
const claimSizeMin = 32 + 1 + 1 + 1 + 1 + 1 + 1 + 64

// DecodePass reads a pass, and nothing else, from b.
func DecodePass(b []byte) (Pass, error) {
	if len(b) > PassSizeMax {
		return Pass{}, wire.ErrLimit
	}
	r := wire.NewReader(b)
	p := Pass{Cluster: r.String(NameMax)}
	n := r.Count(BlocksMax, claimSizeMin)
	if n > 0 {
		p.Blocks = make([]Block, n)
	}
	for i := range p.Blocks {
		p.Blocks[i] = Block{readClaim(r), causal.ReadSignature(r)}
	}
	return p, r.Done()
}

func readClaim(r *wire.Reader) (c Claim) {
	copy(c.Subject[:], r.Raw(len(c.Subject)))
	c.User = r.String(NameMax)
	for range r.Count(RolesMax, 1) {
		c.Roles = append(c.Roles, r.String(NameMax))
	}
	c.IsTrusted, c.Invites = r.Bool(), r.Byte()
	c.Issued, c.Expires = causal.Instant(r.Varint()), causal.Instant(r.Varint())
	return c
}
