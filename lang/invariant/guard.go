package invariant

import (
	"slices"

	"github.com/martinelli-lang/martinelli/plan"
	"github.com/martinelli-lang/martinelli/value"
)

// Guard makes every write that could break a free invariant by itself check
// it: behind the last statement of its block stands "or abort", with the
// invariant's name. Every counter that escrow keeps gets its bound. The program
// changes in place.
func (j *Judgement) Guard() {
	p := j.typed.Program
	for db, bound := range j.bounds {
		p.Databases[db].Bound = bound
	}
	for _, c := range j.checks {
		for i := range p.Handlers {
			h := &p.Handlers[i]
			g := guard{check: c, inv: &p.Invariants[c.index], slots: &h.Slots}
			h.Body = g.block(h.Body)
		}
		for i := range p.Invariants {
			r := &p.Invariants[i]
			g := guard{check: c, inv: &p.Invariants[c.index], slots: &r.Slots}
			r.Repair = g.block(r.Repair)
		}
	}
}

// guard brings one check into one body.
type guard struct {
	check
	inv   *plan.Invariant
	slots *int // of the body
}

func (g *guard) block(ss []*plan.Stmt) []*plan.Stmt {
	var out, checks []*plan.Stmt
	for _, s := range ss {
		if s.Op != plan.StmtClear {
			s.Body, s.Else = g.block(s.Body), g.block(s.Else)
		}
		if i := slices.IndexFunc(g.writes, func(w *write) bool { return w.stmt == s }); i >= 0 {
			out = append(out, g.still(s)...)
			checks = append(checks, g.checking(g.writes[i]))
		}
		out = append(out, s)
	}
	return append(out, checks...)
}

// still names what a write says, so that the check says the same.
func (g *guard) still(s *plan.Stmt) []*plan.Stmt {
	var lets []*plan.Stmt
	for i, a := range s.Args {
		if a.Op == plan.OpConst || a.Op == plan.OpLocal {
			continue
		}
		lets = append(lets, &plan.Stmt{Op: plan.StmtLet, Index: *g.slots, Args: []*plan.Expr{a}})
		s.Args[i] = &plan.Expr{Op: plan.OpLocal, Type: a.Type, Index: *g.slots}
		*g.slots++
	}
	return lets
}

// checking returns the check behind a write: of the element that the write is
// about, or where that is not known of all.
func (g *guard) checking(w *write) *plan.Stmt {
	by := *g.slots
	*g.slots += g.inv.Slots
	test := &plan.Stmt{
		Op: plan.StmtIf, Args: []*plan.Expr{{Op: plan.OpNot, Type: plan.Bool, Args: []*plan.Expr{shifted(g.inv.Cond, by)}}},
		Body: []*plan.Stmt{{Op: plan.StmtAbort, Name: g.inv.Name, Args: []*plan.Expr{{
			Op: plan.OpConst, Type: plan.String, Const: value.String("the invariant " + g.inv.Name + " would not hold"),
		}}}},
	}
	if g.inv.Source == nil {
		return test
	}
	params := make([]int, len(g.inv.Params))
	for i, p := range g.inv.Params {
		params[i] = p + by
	}
	source := shifted(g.inv.Source, by)
	if elem := g.element(w); elem != nil {
		source = narrowed(source, elem)
	}
	return &plan.Stmt{Op: plan.StmtEach, Args: []*plan.Expr{source}, Params: params, Body: []*plan.Stmt{test}}
}

// element returns what a write puts into the collection that the invariant
// ranges over, nil where the text does not say it.
func (g *guard) element(w *write) *plan.Expr {
	s := w.stmt
	leaf := leafOf(g.inv.Source)
	switch {
	case leaf == nil, w.verb == "", leaf.Op == plan.OpCell && len(leaf.Args) > 0,
		leaf.Op == plan.OpDatabase && g.normal.p.Databases[leaf.Index].Scalar():
		return nil
	case leaf.Op == plan.OpKeys && (g.lit.isSource || sameAll(g.lit.terms[0].keys, g.normal.params)):
		return tuple(s.Args[:s.Keys])
	case !g.lit.isSource || leaf.Op == plan.OpKeys || len(s.Args) == s.Keys:
		return nil
	}
	return tuple(s.Args)
}

// leafOf returns the database that a source reads, nil where it reads several
// or the rows of scalars.
func leafOf(e *plan.Expr) *plan.Expr {
	switch e.Op {
	case plan.OpCell, plan.OpKeys, plan.OpDatabase:
		return e
	case plan.OpUnion: // of the keys of a record's fields
		return leafOf(e.Args[0])
	case plan.OpMap, plan.OpFilter, plan.OpFlatMap:
		return leafOf(e.Args[0])
	}
	return nil
}

// narrowed returns a source over one element of its database.
func narrowed(e, elem *plan.Expr) *plan.Expr {
	switch e.Op {
	case plan.OpMap, plan.OpFilter, plan.OpFlatMap:
		c := *e
		c.Args = []*plan.Expr{narrowed(e.Args[0], elem)}
		return &c
	}
	return &plan.Expr{Op: plan.OpList, Type: e.Type, Args: []*plan.Expr{elem}}
}

// shifted copies an expression into another frame, by slots further on.
func shifted(e *plan.Expr, by int) *plan.Expr {
	c := *e
	if e.Op == plan.OpLocal || e.Op == plan.OpLet {
		c.Index += by
	}
	c.Args = make([]*plan.Expr, len(e.Args))
	for i, a := range e.Args {
		c.Args[i] = shifted(a, by)
	}
	if b := e.Block; b != nil {
		params := make([]int, len(b.Params))
		for i, p := range b.Params {
			params[i] = p + by
		}
		c.Block = &plan.Block{Params: params, Expr: shifted(b.Expr, by)}
	}
	return &c
}
