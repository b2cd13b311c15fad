package causal

import "cmp"

// Chain names all parts of one replica in one space, in their order.
type Chain struct {
	Space   SpaceID
	Replica ReplicaID
}

// Compare orders chains by space, then replica.
func (c Chain) Compare(o Chain) int {
	return cmp.Or(c.Space.Compare(o.Space), c.Replica.Compare(o.Replica))
}

// At names the seq-th part of the chain.
func (c Chain) At(seq uint64) Ref { return Ref{c.Space, Dot{c.Replica, seq}} }

// Chain returns the chain the part belongs to.
func (p *Part) Chain() Chain { return Chain{p.Space, p.Replica} }

// Chain returns the chain the named part belongs to.
func (r Ref) Chain() Chain { return Chain{r.Space, r.Replica} }
