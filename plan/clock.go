package plan

// ViewsReadClock reports whether a view looks at its node's clock.
// Cost: linear in the program.
func (p *Program) ViewsReadClock() bool {
	for i := range p.Views {
		if p.Views[i].Expr.readsClock() {
			return true
		}
	}
	return false
}

func (x *Expr) readsClock() bool {
	if x.Op == OpClock {
		return true
	}
	for _, a := range x.Args {
		if a.readsClock() {
			return true
		}
	}
	return x.Block != nil && x.Block.Expr.readsClock()
}
