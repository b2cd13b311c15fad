package lens

import (
	"github.com/martinelli-lang/martinelli/lang/resolve"
	"github.com/martinelli-lang/martinelli/lang/syntax"
)

// inside returns the declaration that a place stands in, down to the one that
// is no at; nil between declarations.
func inside(decls []syntax.Decl, offset int) syntax.Decl {
	for _, d := range decls {
		s := d.Where()
		if offset <= s.Start || offset > s.End {
			continue
		}
		if at, ok := d.(*syntax.At); ok {
			return inside(at.Decls, offset)
		}
		return d
	}
	return nil
}

// blocksOf lists the blocks of a declaration.
func blocksOf(d syntax.Decl) []*syntax.Block {
	switch d := d.(type) {
	case *syntax.View:
		return []*syntax.Block{d.Block}
	case *syntax.Handler:
		return []*syntax.Block{d.Block}
	case *syntax.Process:
		return []*syntax.Block{d.Block}
	case *syntax.Invariant:
		return []*syntax.Block{d.Block}
	case *syntax.Def:
		return []*syntax.Block{d.Block}
	case *syntax.Allow:
		return []*syntax.Block{d.Block}
	case *syntax.Test:
		return []*syntax.Block{d.Given, d.When, d.Always, d.Then}
	}
	return nil
}

// scope gathers the local names that can be said at a place, the outermost first.
type scope struct {
	lens   *Lens
	offset int
	locals []*resolve.Local
	inBody bool // the place is between the do and the end of a block
}

func (s *scope) holds(n syntax.Node) bool {
	at := n.Where()
	return at.Start < s.offset && s.offset <= at.End
}

func (s *scope) block(b *syntax.Block) {
	if b == nil || !s.holds(b) {
		return
	}
	s.inBody = true
	s.params(b.Params)
	for _, c := range []*syntax.Clause{b.Else, b.Undo} {
		if c != nil && s.holds(c) {
			s.params(c.Params)
			s.body(c.Body)
			return
		}
	}
	s.body(b.Body)
}

func (s *scope) params(ps []syntax.Param) {
	for i := range ps {
		if l := s.lens.names.Params[&ps[i]]; l != nil && ps[i].End < s.offset {
			s.locals = append(s.locals, l)
		}
	}
}

func (s *scope) body(ss []syntax.Stmt) {
	for _, st := range ss {
		switch st := st.(type) {
		case *syntax.Let:
			if l := s.lens.names.Lets[st]; l != nil && st.End < s.offset {
				s.locals = append(s.locals, l)
			}
			s.expr(st.Value)
		case *syntax.ExprStmt:
			s.expr(st.X)
		case *syntax.Command:
			s.block(st.Block)
		}
	}
}

// expr goes into the blocks of an expression that holds the place.
func (s *scope) expr(x syntax.Expr) {
	if x == nil || !s.holds(x) {
		return
	}
	switch x := x.(type) {
	case *syntax.List:
		s.exprs(x.Elems)
	case *syntax.Record:
		for _, f := range x.Fields {
			s.expr(f.Value)
		}
	case *syntax.Unary:
		s.expr(x.X)
	case *syntax.Binary:
		s.exprs([]syntax.Expr{x.X, x.Y})
	case *syntax.Member:
		s.expr(x.X)
	case *syntax.Index:
		s.exprs(append([]syntax.Expr{x.X}, x.Keys...))
	case *syntax.Call:
		s.expr(x.Fun)
		for _, a := range x.Args {
			s.expr(a.Value)
		}
		s.block(x.Block)
	case *syntax.If:
		for _, arm := range x.Arms {
			s.expr(arm.Cond)
			s.body(arm.Body)
		}
		s.body(x.Else)
	}
}

func (s *scope) exprs(xs []syntax.Expr) {
	for _, x := range xs {
		s.expr(x)
	}
}
