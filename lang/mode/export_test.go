package mode

import "github.com/martinelli-lang/martinelli/plan"

// WithoutR12 lets a program act on anything.
func (p *Program) WithoutR12() *Program {
	p.off = plan.R12
	return p
}
