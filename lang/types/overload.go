package types

import (
	"slices"

	"github.com/martinelli-lang/martinelli/lang/diag"
	"github.com/martinelli-lang/martinelli/lang/resolve"
	"github.com/martinelli-lang/martinelli/lang/syntax"
	"github.com/martinelli-lang/martinelli/plan"
)

// signature is an import's signature: of a parameter that is a lattice, the
// slice of a database, which lattice.
type signature struct {
	host     int
	lattices []plan.Type // beside the parameters as they are written; absorbing: a plain value
	out      int         // which of them is the cell; -1: none
	isShaped bool        // the cell is of a record or a map
}

// overloads lists the signatures of the imports of one name that take n arguments.
func (c *checker) overloads(name string, n int) []*signature {
	var list []*signature
	for _, f := range c.prog.Imports {
		if s := c.signatures[f]; f.Name == name && s != nil && len(s.lattices) == n {
			list = append(list, s)
		}
	}
	return list
}

// signatureFor returns the signature of an import that a call fills a cell
// by, or nil where there is none, which had a letter, or the host links it.
func (c *checker) signatureFor(out resolve.Out, args []*plan.Expr, own plan.Type) *signature {
	list := slices.DeleteFunc(c.overloads(out.Name, len(out.Call.Args)), func(s *signature) bool { return s.out != out.Arg })
	return c.pick(out.Call, list, args, &own)
}

// pick chooses the signature that fits what is given. One alone is taken as it
// is, so that what does not fit has its own letter.
func (c *checker) pick(call *syntax.Call, list []*signature, args []*plan.Expr, own *plan.Type) *signature {
	if len(list) < 2 {
		if len(list) == 1 {
			return list[0]
		}
		return nil
	}
	isKnown := own != nil && !absorbs(*own) || slices.ContainsFunc(args, func(a *plan.Expr) bool { return !absorbs(a.Type) })
	fitting := slices.DeleteFunc(slices.Clone(list), func(s *signature) bool { return !c.fitsSignature(s, args, own) })
	if len(fitting) == 1 && isKnown {
		return fitting[0]
	}
	if !c.learning {
		title := "no import of this name takes these arguments"
		if len(fitting) > 1 {
			title = "several imports of this name take these arguments"
		}
		c.write(diag.Errorf("E605", call.Where(), "%s", title).
			Hinting("imports of one name are told apart by the types of their arguments: write the types of the databases, or give each import a name of its own"))
	}
	return nil
}

func (c *checker) fitsSignature(s *signature, args []*plan.Expr, own *plan.Type) bool {
	for i, a := range args {
		if want := c.hosts[s.host].Params[i].Type; !absorbs(a.Type) && !a.Type.AssignableTo(want) {
			return false
		}
	}
	if own == nil || absorbs(*own) || s.out < 0 || s.isShaped {
		return true
	}
	return s.lattices[s.out].Element().AssignableTo(own.Element())
}

// learnSlices notes what a signature says of untyped databases that are given
// to its function, and of the one it fills.
func (c *checker) learnSlices(s *signature, args []*plan.Expr, own int) {
	if !c.learning {
		return
	}
	i := 0
	for at, lattice := range s.lattices {
		switch {
		case at == s.out:
			c.learnLattice(own, lattice)
			continue
		case lattice.Kind != absorbing.Kind:
			if db, ok := c.sliced(args[i]); ok {
				c.learnLattice(db, lattice)
			}
		}
		i++
	}
}

// sliced returns the database that an expression is a slice of.
func (c *checker) sliced(x *plan.Expr) (db int, ok bool) {
	switch x.Op {
	case plan.OpCell:
		return x.Index, true
	case plan.OpView, plan.OpViewAt:
		for own, f := range c.filled {
			if e := c.views[f.view]; e != nil && e.index == x.Index {
				return own, true
			}
		}
	}
	return 0, false
}

// learnLattice notes the lattice that a signature gives an untyped database.
// Verbs say more than it.
func (c *checker) learnLattice(db int, t plan.Type) {
	if db < 0 || !c.untyped(db) {
		return
	}
	if len(t.Args) == 1 {
		c.learnElement(db, t.Args[0])
	}
	hasVerb := slices.ContainsFunc(c.owners[db].Members, func(n syntax.Name) bool { return slices.Contains(plan.Verbs(), n.Text) })
	if !hasVerb && len(t.Args) == 1 {
		c.stored[db].Lattice.Kind = t.Kind
	}
}

// callOverloaded types a call of an import that shares its name with others.
func (c *checker) callOverloaded(list []*signature, x *syntax.Call) *plan.Expr {
	name := x.Fun.(*syntax.Ident).Name
	list = slices.DeleteFunc(list, func(s *signature) bool { return s.out >= 0 })
	if len(list) == 0 {
		return c.outsideProcess(name, x)
	}
	args := make([]*plan.Expr, len(x.Args))
	for i, a := range x.Args {
		args[i] = c.infer(a.Value)
	}
	s := c.pick(x, list, args, nil)
	if s == nil {
		return bad()
	}
	c.learnSlices(s, args, -1)
	for i, a := range args {
		args[i] = c.fit(a, c.hosts[s.host].Params[i].Type, x.Args[i].Value)
	}
	return &plan.Expr{Op: plan.OpImport, Type: c.hosts[s.host].Result, Index: s.host, Args: args}
}

// outsideProcess is the letter about a function that fills a cell where none is filled.
func (c *checker) outsideProcess(name string, x *syntax.Call) *plan.Expr {
	c.write(diag.Errorf("E203", x.Span, "`%s` fills a cell, so it is called in a process", name).
		Hinting("write `process do %s(...) end`, and read what it fills", name))
	return bad()
}
