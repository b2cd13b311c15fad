package oracle

// Replica is one replica that runs the handlers of a pair by itself.
type Replica struct {
	pair *Pair
	now  world
}

// Replica returns a replica of empty databases.
func (p *Pair) Replica() *Replica { return &Replica{pair: p} }

// HasFresh reports whether a handler takes a new id, whose value nobody knows.
func (p *Pair) HasFresh() bool {
	for _, h := range p.Handlers {
		for _, a := range h {
			if a.Key == Fresh {
				return true
			}
		}
	}
	return false
}

// Run runs a handler with the argument n, 0 to 3, and the key k, 1 or 2, and
// reports whether the invariant holds behind it; else nothing happened. It is
// not ok where that leads out of the small world, which nothing did either.
func (r *Replica) Run(handler, n, k int) (holds, ok bool) {
	b := begin(r.now, 0, numberMax)
	if !b.do(r.pair.Handlers[handler], n, k) {
		return false, false
	}
	if !r.pair.holds(&b.world) {
		return false, true
	}
	r.now = b.world
	return true, true
}
