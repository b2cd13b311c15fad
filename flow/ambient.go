package flow

import (
	"slices"

	"github.com/martinelli-lang/martinelli/plan"
	"github.com/martinelli-lang/martinelli/value"
)

// What a role of users binds has one value at a node, its user's: so the
// expressions of such a node are bound when its engine is made, and a slice is
// as cheap as any key that is constant. A trusted node has no user. It shows
// the views of one to who asks on behalf of a user: they are bound when he
// first does, and stand beside those of others.

// UserViewsMax bounds how many views of users (one view of one user each) an
// engine has been asked for: what each adds to the graph stays there.
const UserViewsMax = 1 << 14

// ErrUser is the error of reading what has a value for a user alone.
const ErrUser = Error("the view is one of a user, and nobody is named: ask on behalf of one")

// ErrUserViews is the error of asking for a view beyond UserViewsMax.
const ErrUserViews = Error("views of too many users were asked for here: ask at another node, or start this one again")

// userView is a view as it is for a user.
type userView struct {
	view int
	user string
}

// ambient puts a user in the place of what a role binds.
type ambient struct {
	isBound func(dim string) bool
	view    func(index int) int // where a view stands as it is for the user
	user    value.Value
}

// bind returns the program as it reads at a node of the role, for its user. Its
// views are the engine's own, which adds to them.
func bind(p *plan.Program, role plan.Role, user string) *plan.Program {
	out := *p
	out.Views = slices.Clip(p.Views)
	if role.Ambient == "" {
		return &out
	}
	a := ambient{
		isBound: func(dim string) bool { return dim == role.Ambient },
		view:    func(index int) int { return index },
		user:    value.String(user),
	}
	out.Views = slices.Clone(p.Views)
	for i := range out.Views {
		out.Views[i].Expr = a.expr(out.Views[i].Expr)
	}
	out.Processes = slices.Clone(p.Processes)
	for i := range out.Processes {
		out.Processes[i] = a.process(out.Processes[i])
	}
	out.Invariants = slices.Clone(p.Invariants)
	for i := range out.Invariants {
		v := &out.Invariants[i]
		v.Source, v.Cond, v.Repair = a.expr(v.Source), a.expr(v.Cond), a.stmts(v.Repair)
	}
	return &out
}

func (a *ambient) process(q plan.Process) plan.Process {
	q.Renders = slices.Clone(q.Renders)
	for i := range q.Renders {
		q.Renders[i].Expr = a.expr(q.Renders[i].Expr)
	}
	return q
}

func (a *ambient) stmts(ss []*plan.Stmt) []*plan.Stmt {
	out := make([]*plan.Stmt, len(ss))
	for i, s := range ss {
		next := *s
		next.Args = a.exprs(s.Args)
		next.Body, next.Else = a.stmts(s.Body), a.stmts(s.Else)
		out[i] = &next
	}
	return out
}

func (a *ambient) exprs(es []*plan.Expr) []*plan.Expr {
	out := make([]*plan.Expr, len(es))
	for i, e := range es {
		out[i] = a.expr(e)
	}
	return out
}

// expr copies an expression with its user.
func (a *ambient) expr(e *plan.Expr) *plan.Expr {
	if e == nil {
		return nil
	}
	out := *e
	switch e.Op {
	case plan.OpAmbient:
		if a.isBound(e.Name) {
			return &plan.Expr{Op: plan.OpConst, Type: e.Type, Const: a.user}
		}
	case plan.OpView, plan.OpViewAt:
		out.Index = a.view(e.Index)
	}
	out.Args = a.exprs(e.Args)
	if e.Block != nil {
		out.Block = &plan.Block{Params: e.Block.Params, Expr: a.expr(e.Block.Expr)}
	}
	return &out
}

// isOfUser reports whether what e reads depends on who the user is.
func isOfUser(p *plan.Program, e *plan.Expr) bool {
	return !walk(e, func(x *plan.Expr) bool {
		isView := x.Op == plan.OpView || x.Op == plan.OpViewAt
		return x.Op != plan.OpAmbient && (!isView || !isOfUser(p, p.Views[x.Index].Expr))
	})
}

// viewFor returns where a view stands as it is for a user: where it is the
// same for everybody, or the node's own, that is its own place.
func (e *Engine) viewFor(view int, user string) (int, error) {
	if !isOfUser(e.program, e.program.Views[view].Expr) {
		return view, nil
	}
	if user == "" {
		return 0, ErrUser
	}
	name := userView{view, user}
	if at, ok := e.userViews[name]; ok {
		return at, nil
	}
	if len(e.userViews) >= UserViewsMax {
		return 0, ErrUserViews
	}
	a := ambient{isBound: func(string) bool { return true }, user: value.String(user), view: func(index int) int {
		at, err := e.viewFor(index, user)
		if err != nil {
			return index // beyond the bound: what is read then belongs to nobody
		}
		return at
	}}
	v := e.program.Views[view]
	v.Expr = a.expr(v.Expr)
	e.program.Views = append(e.program.Views, v)
	e.modes.Views = append(e.modes.Views, e.modes.Views[view])
	at := len(e.program.Views) - 1
	e.userViews[name] = at
	return at, nil
}

// isOfUser reports whether name is a view that depends on who the user is.
func (e *Engine) isOfUser(name string) bool {
	i, ok := e.program.View(name)
	return ok && isOfUser(e.program, e.program.Views[i].Expr)
}

// newWatched adds the show of what is watched for the first time.
func (e *Engine) newWatched(name, user string, x *plan.Expr) *show {
	if !e.isOfUser(name) {
		user = ""
	}
	s := e.graph.newShow(name, x)
	s.user = user
	e.shows = append(e.shows, s)
	return s
}
