package types

import (
	"github.com/martinelli-lang/martinelli/lang/diag"
	"github.com/martinelli-lang/martinelli/lang/resolve"
	"github.com/martinelli-lang/martinelli/lang/syntax"
	"github.com/martinelli-lang/martinelli/plan"
)

func (c *checker) ident(x *syntax.Ident) *plan.Expr {
	switch o := c.prog.Uses[x].(type) {
	case *resolve.Local:
		return c.local(o)
	case *resolve.Ambient:
		return c.ambient(o)
	case *resolve.Database:
		return c.whole(o, x)
	case *resolve.View:
		return c.readView(o, x)
	case *resolve.Def:
		return c.callDef(o, x, nil)
	case *resolve.Import:
		c.write(diag.Errorf("E107", x.Span, "`%s` is a function: call it, as `%s(...)`", x.Name, x.Name))
	case resolve.Prelude:
		return c.preludeValue(string(o), x)
	case resolve.TestWord:
		c.write(diag.Errorf("E107", x.Span, "`%s` is a function: call it, as `%s(...)`", x.Name, x.Name))
	}
	return bad()
}

// local reads a local name. The user of a handler gets its slot now.
func (c *checker) local(l *resolve.Local) *plan.Expr {
	v, ok := c.body.locals[l]
	switch {
	case ok:
		return &plan.Expr{Op: plan.OpLocal, Type: v.typ, Index: v.slot}
	case c.body.kind == inHandler && l.Name.File == nil:
		return c.user(l)
	}
	return bad() // its declaration had a letter
}

// whole reads a database without an index: all of it.
func (c *checker) whole(db *resolve.Database, x syntax.Node) *plan.Expr {
	return c.read(place{db: db, layout: c.layouts[db]}, x)
}

// mayRead refuses databases and views in functions.
func (c *checker) mayRead(x syntax.Node) bool {
	switch c.body.kind {
	case inDef:
	case inRaise:
		c.write(diag.Errorf("E203", x.Where(), "what a test raises is known before it runs").
			Hinting("write the value out, or take it from a def"))
		return false
	default:
		return true
	}
	c.write(diag.Errorf("E203", x.Where(), "a def is a pure function: it sees its parameters alone").
		Hinting("write a view, or take the value as a parameter"))
	return false
}

func (c *checker) readView(v *resolve.View, x syntax.Node) *plan.Expr {
	if !c.mayRead(x) {
		return bad()
	}
	e := c.view(v, x)
	if e.state == underway || absorbs(e.result) {
		return bad()
	}
	return &plan.Expr{Op: plan.OpView, Type: e.result, Index: e.index}
}

func (c *checker) index(x *syntax.Index) *plan.Expr {
	if p, isPlace := c.target(x); isPlace {
		return c.read(p, x)
	}
	return c.element(x)
}

// key types the keys of an index, and learns from them.
func (c *checker) key(db *resolve.Database, x *syntax.Index) []*plan.Expr {
	l, first := c.layouts[db], -1
	l.leaves(func(i int) { first = max(i, first) })
	keys := make([]*plan.Expr, len(x.Keys))
	for j, k := range x.Keys {
		e := c.keyValue(k)
		if c.learning {
			l.leaves(func(i int) { c.learnDim(i, j, e.Type) })
			keys[j] = e
			continue
		}
		keys[j] = c.fit(e, c.stored[first].Dims[j].Type, k)
	}
	return keys
}

// keyValue types one key: a symbol is the value of the dimension in scope.
func (c *checker) keyValue(k syntax.Expr) *plan.Expr {
	var e *plan.Expr
	if s, ok := k.(*syntax.Symbol); ok {
		switch o := c.prog.Uses[s].(type) {
		case *resolve.Local:
			e = c.local(o)
		case *resolve.Ambient:
			e = c.ambient(o)
		default:
			return bad()
		}
	} else {
		e = c.plain(k)
	}
	switch e.Type.Kind {
	case plan.KindMaybe, plan.KindNil:
		c.write(diag.Errorf("E519", k.Where(), "a key is never nil").Hinting("say what it is then with `.or(x)`"))
		return bad()
	case plan.KindSymbol:
		c.write(diag.Errorf("E519", k.Where(), "a key is never a symbol").Hinting("inside `[ ]`, `:name` is the value of the dimension; a key of text is a string"))
		return bad()
	}
	return e
}

// element types an index into a list.
func (c *checker) element(x *syntax.Index) *plan.Expr {
	if v, ok := c.keyedNamed(x.X); ok {
		return c.viewAt(v, x)
	}
	xs := c.infer(x.X)
	if absorbs(xs.Type) {
		return bad()
	}
	if isText(xs.Type) && len(x.Keys) == 1 {
		return &plan.Expr{Op: plan.OpAt, Type: plan.Maybe(plan.String), Args: []*plan.Expr{xs, c.check(x.Keys[0], plan.Int)}}
	}
	if xs.Type.Kind != plan.KindList || len(x.Keys) != 1 {
		d := diag.Errorf("E104", x.Span, "`%s` has no keys: databases and lists have", xs.Type.Label())
		if xs.Type.Kind == plan.KindMaybe && bare(xs.Type).Kind == plan.KindList {
			d = d.Hinting("it may be nil: say what it is then, as in `%s.or([])[0]`", x.X.Where().Text())
		}
		if id, ok := x.X.(*syntax.Ident); ok {
			d = resolve.Meant(d, id.Span, id.Name, c.databaseNames())
		}
		c.write(d)
		return bad()
	}
	return &plan.Expr{Op: plan.OpAt, Type: plan.Maybe(xs.Type.Element()), Args: []*plan.Expr{xs, c.check(x.Keys[0], plan.Int)}}
}

// databaseNames lists the databases as they are declared.
func (c *checker) databaseNames() []string {
	names := make([]string, len(c.prog.Databases))
	for i, db := range c.prog.Databases {
		names[i] = db.Name
	}
	return names
}

// sample is a plain value of a type, for a hint; x where none is short.
func sample(t plan.Type) string {
	switch t.Kind {
	case plan.KindInt, plan.KindNat:
		return "0"
	case plan.KindFloat:
		return "0.0"
	case plan.KindString, plan.KindID:
		return "\"\""
	case plan.KindBool:
		return "false"
	case plan.KindList:
		return "[]"
	}
	return "x"
}
