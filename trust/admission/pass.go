package admission

import (
	"slices"

	"golang.org/x/crypto/blake2b"

	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/wire"
)

// A Pass says who may come to a cluster, as a chain of blocks. The steward signs
// the first one, the subject of each block the next one, and each allows no more
// than the one before; so whoever holds a pass makes a narrower one of it by
// himself, for his own key or for somebody else's, and nobody makes a wider one.
// (The idea is that of A. Birgisson et al., "Macaroons", NDSS 2014, section II,
// with public keys in the place of shared secrets.)
type Pass struct {
	Cluster string
	Blocks  []Block
}

// A Block is one link of a pass: what its subject may, by the word of whose key
// the block before names.
type Block struct {
	Claim
	Signature causal.Signature
}

// A Claim is what the owner of a key may.
type Claim struct {
	Subject   [32]byte       // ed25519
	User      string         // whose nodes alone it may be; "" for anybody's, which only who is trusted is given
	Roles     []string       // as which it may speak; none for any role that binds a user
	IsTrusted bool           // it may speak as a role that binds nobody
	Invites   uint8          // how often in a row the pass may be handed on to another key
	Issued    causal.Instant // when it was signed, by the clock of who did
	Expires   causal.Instant // from when on it is worth nothing; 0: it is good for ever
}

// Bounds of a pass. They are checked before memory is taken.
const (
	PassSizeMax = 4 << 10
	BlocksMax   = 8
	RolesMax    = 16
	NameMax     = 256 // bytes of a cluster, a user or a role
)

// Authority is what is known of a cluster beforehand: what it is called, and the
// key that signs the first block of every pass, which is the steward's.
type Authority struct {
	Cluster string
	Root    [32]byte
}

// A Check is a signature that must be good.
type Check struct {
	Public    [32]byte
	Statement []byte
	Signature causal.Signature
}

// Statement returns what is to be signed, by the pass's last subject or for an
// empty pass by the steward, so that With may add the claim. A claim that allows
// more than the pass does is an error that says what.
func (p *Pass) Statement(c *Claim) ([]byte, error) {
	if len(p.Blocks) == BlocksMax {
		return nil, refuse(Widened, "this pass has been handed on too often to be handed on again")
	}
	if len(p.Blocks) == 0 {
		return p.statement(causal.Hash{}, c), c.check()
	}
	if err := c.isWithin(&p.Blocks[len(p.Blocks)-1].Claim); err != nil {
		return nil, err
	}
	return p.statement(p.hash(len(p.Blocks)), c), c.check()
}

// With returns the pass with one block more, signed as Statement says.
func (p *Pass) With(c *Claim, s causal.Signature) Pass {
	return Pass{p.Cluster, append(slices.Clone(p.Blocks), Block{*c, s})}
}

// Holder returns what the pass allows in the end. It must have a block.
func (p *Pass) Holder() *Claim { return &p.Blocks[len(p.Blocks)-1].Claim }

// Judge finds everything wrong with a pass that shows without a key, and returns
// the signatures which must be good for the rest.
func (p *Pass) Judge(a *Authority, now causal.Instant) ([]Check, error) {
	switch {
	case p.Cluster != a.Cluster:
		return nil, refuse(Foreign, "its pass is for the cluster "+p.Cluster+", and this one is "+a.Cluster)
	case len(p.Blocks) == 0:
		return nil, refuse(Malformed, "it has no pass: let it be admitted first")
	}
	checks, signer := make([]Check, len(p.Blocks)), a.Root
	for i := range p.Blocks {
		b := &p.Blocks[i]
		err := b.check()
		if err == nil && i > 0 {
			err = b.isWithin(&p.Blocks[i-1].Claim)
		}
		if err != nil {
			return nil, err
		}
		checks[i] = Check{signer, p.statement(p.hash(i), &b.Claim), b.Signature}
		signer = b.Subject
	}
	if at := p.Holder().Expires; at != 0 && now >= at {
		return nil, refuse(Expired, "its pass has expired: let it be admitted again")
	}
	return checks, nil
}

// IsRevoked reports whether a record takes the pass away: one of its keys is
// revoked, or its user was after it was given out.
func (p *Pass) IsRevoked(r *causal.Revocation) bool {
	isNamed := false
	for i := range p.Blocks {
		b := &p.Blocks[i]
		if r.Public != [32]byte{} && b.Subject == r.Public {
			return true
		}
		if r.User != "" && b.User == r.User && !isNamed {
			isNamed = true // the blocks behind it are of its holder, who may write any time into them
			if b.Issued <= r.Until {
				return true
			}
		}
	}
	return false
}

// Speaks says what keeps the holder of a claim from speaking as somebody; nil if
// nothing does. isTrusted says that the role binds no user.
func (c *Claim) Speaks(user, role string, isTrusted bool) error {
	switch {
	case isTrusted && !c.IsTrusted:
		return refuse(Widened, "it speaks as a "+role+", and its pass is one of the user "+c.User)
	case !isTrusted && c.User != "" && user != c.User:
		return refuse(Widened, "it speaks as a node of the user "+user+", and its pass is one of the user "+c.User)
	case len(c.Roles) > 0 && !slices.Contains(c.Roles, role):
		return refuse(Widened, "it speaks as a "+role+", and its pass is not one for that role")
	}
	return nil
}

// check finds what no pass says.
func (c *Claim) check() error {
	switch {
	case c.User == "" && !c.IsTrusted:
		return refuse(Malformed, "its pass names no user, and only one for a trusted node may")
	case len(c.User) > NameMax, len(c.Roles) > RolesMax:
		return refuse(Malformed, "its pass has too long a name or too many roles")
	case c.Issued < 0, c.Expires < 0:
		return refuse(Malformed, "its pass is of a time before 1970")
	}
	return nil
}

// isWithin says what a claim allows that the one before it does not.
func (c *Claim) isWithin(before *Claim) error {
	isSame, left := c.Subject == before.Subject, before.Invites
	switch {
	case !isSame && left == 0:
		return refuse(Widened, "its pass was handed on, and is not one that may be")
	case !isSame:
		left--
	}
	switch {
	case c.Invites > left:
		return refuse(Widened, "its pass may be handed on more often than the one it was made of")
	case c.IsTrusted && !(isSame && before.IsTrusted):
		return refuse(Widened, "its pass is one for a trusted node, and not the steward's word")
	case before.User != "" && c.User != before.User:
		return refuse(Widened, "its pass is one of the user "+c.User+", made of one of the user "+before.User)
	case before.Expires != 0 && (c.Expires == 0 || c.Expires > before.Expires):
		return refuse(Widened, "its pass is good for longer than the one it was made of")
	case len(before.Roles) > 0 && len(c.Roles) == 0:
		return refuse(Widened, "its pass is for any role, made of one for some")
	}
	for _, role := range c.Roles {
		if len(before.Roles) > 0 && !slices.Contains(before.Roles, role) {
			return refuse(Widened, "its pass is for the role "+role+", and the one it was made of is not")
		}
	}
	return nil
}

// statement is what a block's signature is over.
func (p *Pass) statement(before causal.Hash, c *Claim) []byte {
	b := append(append([]byte(nil), "martinelli"...), tagPass)
	b = wire.AppendString(b, p.Cluster)
	return c.appendTo(append(b, before[:]...))
}

// hash covers the first n blocks with their signatures; zeros for none.
func (p *Pass) hash(n int) (h causal.Hash) {
	if n == 0 {
		return h
	}
	b := wire.AppendString(nil, p.Cluster)
	for i := range p.Blocks[:n] {
		b = p.Blocks[i].appendTo(b)
	}
	return blake2b.Sum256(b)
}

// Tags keep the two statements of this package apart, and from those of package causal.
const (
	tagPass = 0x09
	tagLink = 0x0a
)
