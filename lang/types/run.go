package types

import (
	"slices"

	"github.com/martinelli-lang/martinelli/lang/diag"
	"github.com/martinelli-lang/martinelli/lang/resolve"
	"github.com/martinelli-lang/martinelli/lang/syntax"
	"github.com/martinelli-lang/martinelli/plan"
)

// outOf returns the call of a process that a statement is, if it fills a cell.
func outOf(p *resolve.Process, s syntax.Stmt) (resolve.Out, bool) {
	if x, ok := s.(*syntax.ExprStmt); ok {
		for _, out := range p.Outs {
			if x.X == syntax.Expr(out.Call) {
				return out, true
			}
		}
	}
	return resolve.Out{}, false
}

// run types a call that fills a cell. Params are the slots of the process's
// key: a cell belongs to one instance, so each is among the cell's keys.
func (c *checker) run(out resolve.Out, params []int) (plan.Run, bool) {
	r := plan.Run{Import: -1}
	var args []*plan.Expr
	for i, a := range out.Call.Args {
		if a.Name.Text != "" {
			c.write(diag.Errorf("E107", a.Span, "`%s` takes its arguments in order, without names", out.Name))
			return r, false
		}
		if i != out.Arg {
			args = append(args, c.infer(a.Value))
		}
	}
	l, ok := c.cell(&r, out, params)
	if !ok {
		return r, false
	}
	own, index := absorbing, -1
	if l.isLeaf() {
		own, index = c.stored[l.index].Lattice, l.index
	}
	if sig := c.signatureFor(out, args, own); sig != nil {
		r.Import = sig.host
		c.learnSlices(sig, args, index)
		for i, a := range args {
			args[i] = c.fit(a, c.hosts[sig.host].Params[i].Type, valueOf(out, i))
		}
		if !c.learning {
			c.fills(sig, out, l)
		}
	} else if _, isLinked := c.prog.Uses[out.Call.Fun.(*syntax.Ident)].(resolve.Linked); isLinked && !c.learning {
		r.Import = c.link(out.Name, args, c.outcomeOf(l).result())
	}
	r.Args = args
	return r, r.Import >= 0 && !slices.ContainsFunc(args, func(a *plan.Expr) bool { return absorbs(a.Type) }) && c.fillable(l, out)
}

// fills compares what a function gives with what it is to fill.
func (c *checker) fills(sig *signature, out resolve.Out, l *layout) {
	gives, takes := sig.lattices[out.Arg].Element(), plan.Type{}
	if l.isLeaf() && !sig.isShaped {
		takes = c.stored[l.index].Lattice.Element()
	} else {
		gives, takes = c.hosts[sig.host].Result, c.outcomeOf(l).result()
	}
	if !absorbs(takes) && !gives.AssignableTo(takes) {
		c.mismatch(gives, takes, out.Call.Args[out.Arg])
	}
}

// valueOf returns the i-th argument that is given to a function.
func valueOf(out resolve.Out, i int) syntax.Node {
	if i >= out.Arg {
		i++
	}
	return out.Call.Args[i].Value
}

// cell finds the database and the key that a call fills.
func (c *checker) cell(r *plan.Run, out resolve.Out, params []int) (*layout, bool) {
	x := out.Call.Args[out.Arg].Value
	p, ok := c.target(x)
	if !ok || out.Database == nil {
		d := diag.Errorf("E107", x.Where(), "`%s` fills a database, and this is none", out.Name).
			Hinting("the last argument is the database its result goes to, as in `%s(photos[:user_id], favorites[:user_id])`", out.Name)
		c.write(resolve.Meant(d, out.Call.Fun.Where(), out.Name, []string{"render", "refresh", "notify"}))
		return nil, false
	}
	if p.index == nil && !c.slice(&p, x) || p.index != nil && c.prog.Faulty[p.index] {
		return nil, false
	}
	if !p.isWhole() {
		c.write(diag.Errorf("E104", x.Where(), "`%s` fills one key of `%s`: say which", out.Name, p.db.Name).
			There(p.db.Decl.Name.Span, "declared here"))
		return nil, false
	}
	r.Cells, r.Keys = p.layout.cells(out.Name, nil), c.keysAt(p)
	for _, slot := range params {
		if !slices.ContainsFunc(r.Keys, func(k *plan.Expr) bool { return k.Op == plan.OpLocal && k.Index == slot }) {
			c.write(diag.Errorf("E104", x.Where(), "every instance of the process would fill the same key of `%s`", p.db.Name).
				Hinting("the key of the process is among the keys of what it fills"))
			return nil, false
		}
	}
	return p.layout, !slices.ContainsFunc(r.Keys, func(k *plan.Expr) bool { return absorbs(k.Type) || k.Op != plan.OpLocal && k.Op != plan.OpConst })
}

// fillable refuses databases whose lattices cannot hold results.
func (c *checker) fillable(l *layout, out resolve.Out) bool {
	ok := true
	l.eachLeaf(func(l *layout) { ok = ok && c.leafFillable(l.filled, out) })
	return ok
}

func (c *checker) leafFillable(f *filled, out resolve.Out) bool {
	t := c.stored[f.own].Lattice
	switch {
	case absorbs(t) || c.learning:
	case c.stored[f.own].Expires > 0:
		c.notYet(out.Call.Args[out.Arg], "a database that a process fills and that expires", "leave out its `:expires`: what a process fills is emptied when its key leaves")
		return false
	case !canFill(t):
		c.write(notFilled(t, out.Call.Args[out.Arg]))
		return false
	case !isSetLike(t) && !isWord(t) && len(f.db.Cells) > 1:
		c.notYet(out.Call.Args[out.Arg], "a register that several functions fill", "let each fill one of its own, and choose in a view")
		return false
	}
	return true
}

// link is the import of a function that the host links by its name: its types
// are those of what it is given and of what it fills.
func (c *checker) link(name string, args []*plan.Expr, result plan.Type) int {
	f := plan.Import{Name: name, From: "go:" + name, Result: result}
	for _, a := range args {
		f.Params = append(f.Params, plan.Param{Type: a.Type})
	}
	c.hosts = append(c.hosts, f)
	return len(c.hosts) - 1
}
