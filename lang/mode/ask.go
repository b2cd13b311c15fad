package mode

import "github.com/martinelli-lang/martinelli/plan"

// Of says what is known of an expression where it stands in the program: what
// the lets around it gave its names counts, and that a run at the home finds
// things still. false where it stands in no body that acts or shows. Cost:
// linear in the plan.
func (p *Program) Of(x *plan.Expr) (Reason, bool) {
	for i := range p.p.Views {
		if r, ok := p.inside(p.standing, nil, p.p.Views[i].Expr, x); ok {
			return r, true
		}
	}
	for i := range p.p.Invariants {
		inv := &p.p.Invariants[i]
		for _, root := range []*plan.Expr{inv.Source, inv.Cond} {
			if r, ok := p.inside(p.standing, nil, root, x); ok {
				return r, true
			}
		}
	}
	for i := range p.p.Processes {
		for _, render := range p.p.Processes[i].Renders {
			if r, ok := p.inside(p.standing, nil, render.Expr, x); ok {
				return r, true
			}
		}
	}
	a := p.acts()
	a.sought = x
	for i := range p.p.Handlers {
		if a.handler(&p.p.Handlers[i]); a.found != nil {
			return *a.found, true
		}
	}
	return Reason{}, false
}

// inside says what is known of x under modes, where it is a part of root.
func (p *Program) inside(m plan.Modes, lets map[int]*plan.Expr, root, x *plan.Expr) (Reason, bool) {
	if root == nil {
		return Reason{}, false
	}
	if root == x {
		return p.reason(m, lets, x), true
	}
	for i, a := range root.Args {
		in, known := m, lets
		if root.Op == plan.OpLet && i == 1 {
			in, known = m.With(root.Index, m.Mark(root.Args[0])), map[int]*plan.Expr{root.Index: root.Args[0]}
			for slot, e := range lets {
				known[slot] = e
			}
		}
		if r, ok := p.inside(in, known, a, x); ok {
			return r, true
		}
	}
	if root.Block != nil {
		return p.inside(m, lets, root.Block.Expr, x)
	}
	return Reason{}, false
}

// seek notes what is known of the expression that is asked for, where it is
// part of what a statement computes.
func (a *acts) seek(xs []*plan.Expr, s scene) {
	if a.sought == nil || a.found != nil {
		return
	}
	for _, x := range xs {
		if r, ok := a.inside(s.modes, s.lets, x, a.sought); ok {
			a.found = &r
			return
		}
	}
}

// Database says what is known of one key of the stored database of that index.
func (p *Program) Database(i int) Reason {
	db := &p.p.Databases[i]
	x := &plan.Expr{Op: plan.OpCell, Type: db.Lattice.Reading(), Index: i}
	for range db.Dims {
		x.Args = append(x.Args, &plan.Expr{Op: plan.OpConst})
	}
	return p.Value(x)
}
