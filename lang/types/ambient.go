package types

import (
	"slices"

	"github.com/martinelli-lang/martinelli/lang/diag"
	"github.com/martinelli-lang/martinelli/lang/resolve"
	"github.com/martinelli-lang/martinelli/lang/syntax"
	"github.com/martinelli-lang/martinelli/lang/token"
	"github.com/martinelli-lang/martinelli/plan"
)

// A role of users gives a dimension a value, its ambient one: the user of the
// node, or in a session the user of the session. In a handler that is who
// raises the event; elsewhere it is a value of the plan, which each node knows.

// named is a name in scope, and what it stands for.
type named struct {
	text   string
	object resolve.Object
}

// ambients lists what the roles a declaration exists at bind.
func (c *checker) ambients(at []string) []named {
	var bound []named
	for _, r := range c.prog.Topology.Roles {
		if r.Ambient != "" && c.prog.Topology.Binds(at, r.Ambient) {
			bound = append(bound, named{r.Ambient, &resolve.Ambient{Name: r.Ambient}})
		}
	}
	return bound
}

// raiser lists the names under which a handler knows who raises its event.
func (c *checker) raiser(h *resolve.Handler) []named {
	bound := []named{{"user_id", h.User}}
	for _, n := range c.ambients(nil) {
		bound = append(bound, named{n.text, h.User})
	}
	return bound
}

// ambient is the role's own value outside a handler.
func (c *checker) ambient(o *resolve.Ambient) *plan.Expr {
	return &plan.Expr{Op: plan.OpAmbient, Type: plan.ID, Name: o.Name}
}

// bound returns what a name in scope stands for; the innermost counts.
func (b *body) bound(name string) (resolve.Object, bool) {
	for _, n := range slices.Backward(b.scope) {
		if n.text == name {
			return n.object, true
		}
	}
	return nil, false
}

// isSlice adds to a letter about a database that stands alone that it is its
// slice, where a dimension of it has a value in scope.
func (c *checker) isSlice(d diag.Diagnostic, x syntax.Expr) diag.Diagnostic {
	id, ok := x.(*syntax.Ident)
	if !ok {
		return d
	}
	db, ok := c.prog.Uses[id].(*resolve.Database)
	if !ok || len(db.Dims) == 0 {
		return d
	}
	dim := db.Dims[0].Text
	if _, ok := c.body.bound(dim); !ok {
		return d
	}
	return d.Since(token.Span{}, "`%[1]s` alone is `%[1]s[:%[2]s]` here, as `%[2]s` has a value; all of it are `%[1]s.keys` and `%[1]s[k]`, or name the dimension otherwise", id.Name, dim)
}

// slice gives a database without an index the keys that its dimensions have in
// scope: alone it means its value there. It is false where it had a letter.
func (c *checker) slice(p *place, x syntax.Node) bool {
	var keys []syntax.Expr
	for i, dim := range p.db.Dims {
		object, ok := c.body.bound(dim.Text)
		if !ok {
			continue
		}
		if len(keys) < i {
			c.notYet(x, "a slice by `"+dim.Text+"`, which is not the first dimension of `"+p.db.Name+"`",
				"write a view of `"+p.db.Name+"` under `at` a role that does not bind `"+dim.Text+"`, and filter it")
			return false
		}
		key := &syntax.Symbol{Span: x.Where(), Name: dim.Text}
		c.prog.Uses[key] = object
		keys = append(keys, key)
	}
	if len(keys) > 0 {
		p.index = &syntax.Index{Span: x.Where(), Keys: keys}
	}
	return true
}
