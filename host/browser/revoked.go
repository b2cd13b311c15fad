package browser

import (
	"maps"

	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/algebra/order"
	"github.com/martinelli-lang/martinelli/trust/admission"
)

// A page refuses whom it knows to be revoked, as servers do: it hears of them with
// the other parts of the space that every node has.

// bars says why a pass does not count any more; "" if it does.
func (h *Host) bars(p *admission.Pass) string {
	for i := range h.revoked {
		if p.IsRevoked(&h.revoked[i]) {
			return "its pass was revoked, or one by whose word it comes: let it be admitted anew, if that is still allowed"
		}
	}
	return ""
}

// heedRevoked takes in what the node tells, and hangs up on whom that means.
func (h *Host) heedRevoked(list []causal.Revocation) {
	if len(list) == 0 {
		return
	}
	h.revoked = append(h.revoked, list...)
	for _, no := range order.Sorted(maps.Keys(h.links.byNo), func(a, b uint64) int { return int(int64(a - b)) }) {
		if k := h.links.byNo[no]; k.isUp() {
			if why := h.bars(&k.pass); why != "" {
				h.refuse(k, why)
			}
		}
	}
}
