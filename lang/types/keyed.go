package types

import (
	"github.com/martinelli-lang/martinelli/lang/diag"
	"github.com/martinelli-lang/martinelli/lang/resolve"
	"github.com/martinelli-lang/martinelli/lang/syntax"
	"github.com/martinelli-lang/martinelli/plan"
)

// A view with a parameter, `view :n do |k in xs| expr end`, has a value for
// each k. It is kept as one collection, of (k, value), or of (k, element) where
// the value is a collection: so what changes at one key is evaluated for that
// key alone, and whoever wants all keys has them.

// keyedView types the body of a view with a parameter as the collection of all
// its keys.
func (c *checker) keyedView(b *syntax.Block, e *entry) *plan.Expr {
	source, params, ok := c.perKey(b, "a view")
	x := c.value(b.Body, b, nil)
	if !ok || absorbs(x.Type) {
		return bad()
	}
	for i := range params {
		e.keys = append(e.keys, plan.Dim{Name: b.Params[i].Name.Text, Type: c.slotType(b, i)})
	}
	switch {
	case x.Type.Kind == plan.KindNil:
		c.write(diag.Errorf("E515", b.Span, "nil alone does not say what the value of a key may be"))
		return bad()
	case !isPlain(x.Type) && !(isCollection(x.Type) && isPlain(x.Type.Element())) && !isTuples(x.Type):
		c.write(diag.Errorf("E510", b.Span, "at a key, a view is a collection or one plain value, not `%s`", x.Type.Label()))
		return bad()
	}
	e.value = x.Type
	if !isCollection(x.Type) {
		e.value = plan.Maybe(x.Type)
	}
	return c.rows(b, source, params, x)
}

func isTuples(t plan.Type) bool {
	return isCollection(t) && t.Element().Kind == plan.KindTuple
}

// slotType is the type of a parameter that is bound.
func (c *checker) slotType(b *syntax.Block, i int) plan.Type {
	return c.body.locals[c.prog.Params[&b.Params[i]]].typ
}

// perKey types "|k in xs|", or "|a, b in xs|" over pairs, as the keys of what
// stands in the block. It is false where there was a letter.
func (c *checker) perKey(b *syntax.Block, what string) (*plan.Expr, []int, bool) {
	if b.Params[len(b.Params)-1].Source == nil {
		c.write(diag.Errorf("E107", b.Params[0].Span, "%s has a parameter for its keys: say where they come from", what).
			Hinting("`|%s in xs|` has a value for each element of xs", b.Params[0].Name.Text))
		c.noSources(b.Params)
		c.destructure(b, absorbing)
		return bad(), nil, false
	}
	source, params := c.quantifier(b, what)
	ok := !absorbs(source.Type)
	for i := range params {
		t := c.slotType(b, i)
		if t.Kind == plan.KindMaybe || t.Kind == plan.KindSymbol || t.Kind == plan.KindTuple {
			c.write(diag.Errorf("E519", b.Params[i].Span, "`%s` cannot be a key: it is `%s`", b.Params[i].Name.Text, t.Label()).
				Hinting("a key is never nil and never a symbol, and a tuple is taken apart, as in `|a, b in xs|`"))
			ok = false
		}
		ok = ok && !absorbs(t)
	}
	return source, params, ok
}

// rows is the collection of what x gives for each element of a source: tuples
// of the keys and the value, or of the keys and an element of it.
func (c *checker) rows(at syntax.Node, source *plan.Expr, params []int, x *plan.Expr) *plan.Expr {
	var keys []*plan.Expr
	for i, slot := range params {
		keys = append(keys, &plan.Expr{Op: plan.OpLocal, Type: components(source.Type.Element())[i], Index: slot})
	}
	if !isCollection(x.Type) {
		row := tupleOf(append(keys, x))
		return &plan.Expr{Op: plan.OpMap, Type: c.sized(at, plan.SetOf(row.Type)), Args: []*plan.Expr{source}, Block: &plan.Block{Params: params, Expr: row}}
	}
	slots, locals := c.fresh(components(x.Type.Element()))
	row := tupleOf(append(keys, locals...))
	t := c.sized(at, plan.SetOf(row.Type))
	inner := &plan.Expr{Op: plan.OpMap, Type: t, Args: []*plan.Expr{x}, Block: &plan.Block{Params: slots, Expr: row}}
	return &plan.Expr{Op: plan.OpFlatMap, Type: t, Args: []*plan.Expr{source}, Block: &plan.Block{Params: params, Expr: inner}}
}

func tupleOf(parts []*plan.Expr) *plan.Expr {
	e := &plan.Expr{Op: plan.OpTuple, Args: parts}
	for _, p := range parts {
		e.Type.Args = append(e.Type.Args, p.Type)
	}
	e.Type.Kind = plan.KindTuple
	return e
}

// keyedNamed returns the view with keys that x names.
func (c *checker) keyedNamed(x syntax.Expr) (*resolve.View, bool) {
	id, ok := x.(*syntax.Ident)
	if !ok {
		return nil, false
	}
	v, ok := c.prog.Uses[id].(*resolve.View)
	return v, ok && len(v.Decl.Block.Params) > 0
}

// viewAt reads a view at a key; with fewer keys than it has, what stands below.
func (c *checker) viewAt(v *resolve.View, x *syntax.Index) *plan.Expr {
	whole := c.readView(v, x)
	if absorbs(whole.Type) {
		return whole
	}
	e := c.views[v]
	if len(x.Keys) > len(e.keys) {
		c.write(diag.Errorf("E104", x.Span, "`%s` has fewer keys than are given here", v.Name).There(v.Decl.Name.Span, "declared here"))
		return bad()
	}
	keys := make([]*plan.Expr, len(x.Keys))
	for i, k := range x.Keys {
		keys[i] = c.viewKey(v, e.keys, i, k)
		if absorbs(keys[i].Type) {
			return bad()
		}
	}
	if len(keys) < len(e.keys) {
		return c.below(whole, keys, len(whole.Type.Element().Args))
	}
	return &plan.Expr{Op: plan.OpViewAt, Type: e.value, Index: whole.Index, Args: keys}
}

// viewKey types one key: a symbol is the value of the key's own name in scope.
func (c *checker) viewKey(v *resolve.View, dims []plan.Dim, i int, k syntax.Expr) *plan.Expr {
	if s, ok := k.(*syntax.Symbol); ok {
		switch {
		case s.Name != dims[i].Name:
			c.write(diag.Errorf("E103", s.Span, "`%s` is not the name of this key of `%s`", s.Name, v.Name).
				There(v.Decl.Block.Params[i].Span, "it is called `%s`", dims[i].Name).
				Hinting("write `%s[%s]` for the value at the key that a name stands for", v.Name, s.Name))
			return bad()
		case c.prog.Uses[s] == nil:
			c.write(diag.Errorf("E103", s.Span, "`%s` has no value here", s.Name).
				Hinting("`%s[:%s]` is the value at the `%s` in scope; write `%s[e]` for the value at a key e", v.Name, s.Name, s.Name, v.Name))
			return bad()
		}
	}
	return c.fit(c.keyValue(k), dims[i].Type, k)
}

// viewKeys reads the keys of a view: those with a value, or with an element.
func (c *checker) viewKeys(v *resolve.View, m *syntax.Member, call *syntax.Call) *plan.Expr {
	whole := c.readView(v, m)
	if absorbs(whole.Type) || !c.noArguments(m, call) {
		return bad()
	}
	return c.below(whole, nil, len(c.views[v].keys))
}
