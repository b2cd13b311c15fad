package types

import (
	"github.com/martinelli-lang/martinelli/lang/diag"
	"github.com/martinelli-lang/martinelli/lang/resolve"
	"github.com/martinelli-lang/martinelli/plan"
)

// handler types a handler. Its user has a slot where something asks for it.
func (c *checker) handler(h *resolve.Handler) {
	defer c.enter(inHandler, c.raiser(h)...)()
	out := plan.Handler{Event: h.Decl.Event.Text, At: h.At, User: -1}
	c.body.handler = h
	out.Params = c.params(h.Decl.Block.Params, true)
	if ss := h.Decl.Block.Body; len(ss) > 0 {
		c.body.last = ss[len(ss)-1]
	}
	guard := c.ownIdentity(h, out.Params)
	out.Body = append(guard, c.stmts(h.Decl.Block.Body)...)
	if u, ok := c.body.locals[h.User]; ok {
		out.User = u.slot
	}
	out.Slots = c.body.slots
	c.out.Handlers = append(c.out.Handlers, out)
}

// user returns the user of the handler as an expression.
func (c *checker) user(l *resolve.Local) *plan.Expr {
	v, ok := c.body.locals[l]
	if !ok {
		v = &variable{c.body.slots, plan.ID}
		c.body.slots++
		c.body.locals[l] = v
	}
	return &plan.Expr{Op: plan.OpLocal, Type: v.typ, Index: v.slot}
}

// ownIdentity is the check that begins a handler with a parameter named like
// an ambient dimension: a raiser who is a user may only name himself.
func (c *checker) ownIdentity(h *resolve.Handler, params []plan.Param) []*plan.Stmt {
	var checks []*plan.Stmt
	for i, p := range params {
		if !c.isAmbient(p.Name) {
			continue
		}
		if !isText(p.Type) && !absorbs(p.Type) {
			c.write(diag.Errorf("E510", h.Decl.Block.Params[i].Span, "`%s` is the raiser, an id, not a `%s`", p.Name, p.Type.Label()))
			continue
		}
		user := c.user(h.User)
		isUser := boolean(plan.OpNe, user, text(""))
		isOther := boolean(plan.OpNe, user, &plan.Expr{Op: plan.OpLocal, Type: p.Type, Index: i})
		checks = append(checks, &plan.Stmt{
			Op: plan.StmtIf, Args: []*plan.Expr{boolean(plan.OpAnd, isUser, isOther)},
			Body: []*plan.Stmt{{Op: plan.StmtAbort, Name: "forbidden", Args: []*plan.Expr{text(p.Name + " names another user than the one who raises the event")}}},
		})
	}
	return checks
}
