package plan

import "errors"

// ErrOpen is the error of a plan that refers to what it does not have. The
// compiler never writes one; bytes from elsewhere may.
var ErrOpen = errors.New("plan: it refers to something it does not have, or an operation has the wrong arguments")

// opLast is the last operation of this version.
const opLast = OpClock

// stmtLast is the last statement of this version.
const stmtLast = StmtUpload

// arity is how many arguments each operation takes; many where the type or the
// thing referred to decides.
const many = -1

var arity = [opLast + 1]int{
	OpLet: 2, OpField: 1, OpMember: 1, OpRecord: many, OpTuple: many, OpList: many, OpAt: 2,
	OpCall: many, OpImport: many, OpOr: 2,
	OpNot: 1, OpNeg: 1, OpAdd: 2, OpSub: 2, OpMul: 2, OpDiv: 2, OpMod: 2,
	OpEq: 2, OpNe: 2, OpLt: 2, OpLe: 2, OpGt: 2, OpGe: 2, OpAnd: 2, OpEither: 2, OpIf: 3, OpIn: 2, OpFloat: 1,
	OpCell: many, OpViewAt: many,
	OpMap: 1, OpFilter: 1, OpFlatMap: 1, OpProduct: 2, OpJoin: 2, OpUnion: 2, OpIntersection: 2, OpMinus: 2, OpCount: 1,
	OpSum: 1, OpAvg: 1, OpMax: 1, OpMin: 1, OpFirst: 1, OpLast: 1, OpSort: 1, OpTop: 2, OpGroup: 1, OpClosure: 1,
	OpClock: 1,
}

// needsBlock says which operations have a block, and mayHaveBlock which may
// have one; the others have none.
var (
	needsBlock   = [opLast + 1]bool{OpMap: true, OpFilter: true, OpFlatMap: true, OpJoin: true, OpSort: true, OpTop: true, OpGroup: true}
	mayHaveBlock = [opLast + 1]bool{OpSum: true, OpAvg: true, OpMax: true, OpMin: true}
)

// Validate reports ErrOpen unless the plan is closed: every index is within
// its slice, every slot within its frame, views read only views before them,
// and operations have the arguments they take. Types are not checked again.
func (p *Program) Validate() error {
	v := validator{p: p, views: len(p.Views)}
	ok := v.databases() && v.bodies()
	if !ok {
		return ErrOpen
	}
	return nil
}

type validator struct {
	p     *Program
	views int // how many views may be read here
	slots int // the frame's size
}

func (v *validator) databases() bool {
	for i := range v.p.Databases {
		d := &v.p.Databases[i]
		if d.Placement > ByValue || d.Placement == ByValue && !within(d.Space, len(d.Dims)) || d.WriteByKey >= len(d.Dims) || d.Users < 0 || d.Users > len(d.Dims) || !d.Lattice.IsLattice() ||
			!each(d.Rules, func(_ int, a *int) bool { return within(*a, len(v.p.Allows)) && v.p.Allows[*a].Database == i }) || !d.Appends.fits(d.Lattice) || !v.isHeir(d) || !d.isBound() || !d.isMortal() ||
			len(d.Roles) > 0 && (d.Placement != Shared || !areRoles(d.Roles)) {
			return false
		}
	}
	return true
}

// isBound reports whether a bound is one of a counter that can be handed out.
func (d *Database) isBound() bool {
	if d.Bound.Side == Unbounded {
		return d.Bound.At == 0
	}
	isCounter := d.Lattice.Kind == KindGCounter || d.Lattice.Kind == KindCounter
	return d.Bound.Side <= AtMost && d.Bound.Opening() >= 0 && isCounter && d.Placement != Home && !d.Removable && d.Was == ""
}

// isMortal reports whether what expires is stored so that it can be taken back.
func (d *Database) isMortal() bool {
	if d.Expires == 0 {
		return d.Whole == 0
	}
	return d.Expires > 0 && d.Expires <= ExpiresMax && d.Removable && within(d.Whole, len(d.Dims)+1)
}

// ExpiresMax bounds how long a key may stay: a hundred years, in milliseconds.
const ExpiresMax = 100 * 36_525 * 24 * 36_000

func (v *validator) bodies() bool {
	return each(v.p.Views, v.view) && each(v.p.Handlers, v.handler) && each(v.p.Processes, v.process) &&
		each(v.p.Invariants, v.invariant) && each(v.p.Funcs, v.function) && each(v.p.Allows, v.allow)
}

// each reports whether ok holds for every item.
func each[T any](xs []T, ok func(i int, x *T) bool) bool {
	for i := range xs {
		if !ok(i, &xs[i]) {
			return false
		}
	}
	return true
}

func (v *validator) view(i int, w *View) bool {
	v.slots, v.views = w.Slots, i
	defer func() { v.views = len(v.p.Views) }()
	return v.expr(w.Expr) && (len(w.Keys) == 0 || w.isKeyed())
}

// isKeyed reports whether the elements of a view begin with its keys.
func (w *View) isKeyed() bool {
	t := w.Expr.Type
	return t.Kind == KindSet && t.Element().Kind == KindTuple && len(t.Element().Args) > len(w.Keys)
}

func (v *validator) handler(_ int, h *Handler) bool {
	v.slots = h.Slots
	return len(h.Params) <= h.Slots && h.User < h.Slots && v.stmts(h.Body)
}

func (v *validator) process(_ int, p *Process) bool {
	v.slots = p.Slots
	return each(p.Renders, v.render) &&
		(p.Source == nil || v.expr(p.Source)) && v.inFrame(p.Params) && each(p.Runs, v.run)
}

func (v *validator) render(_ int, r *Render) bool {
	return v.expr(r.Expr) && (!r.Notice || r.Expr.Type.Kind == KindSet && r.Expr.Type.Element().parts() == 2)
}

func (v *validator) run(_ int, r *Run) bool {
	one := func(_ int, e **Expr) bool { return v.expr(*e) }
	return within(r.Import, len(v.p.Imports)) && len(r.Args) == len(v.p.Imports[r.Import].Params) &&
		len(r.Cells) > 0 && each(r.Cells, func(_ int, c *Cell) bool { return v.cell(r, c) }) &&
		each(r.Args, one) && each(r.Keys, one)
}

// cell checks that the way to a cell leads through the result of its function.
func (v *validator) cell(r *Run, c *Cell) bool {
	if !within(c.Database, len(v.p.Databases)) || len(r.Keys)+c.Below() != len(v.p.Databases[c.Database].Dims) {
		return false
	}
	t := v.p.Imports[r.Import].Result
	for _, step := range c.Path {
		switch {
		case step >= 0 && t.Kind == KindRecord && step < len(t.Fields):
			t = t.Fields[step].Type
		case step < 0 && (t.Kind == KindSet || t.Kind == KindList) && t.Element().Kind == KindTuple && len(t.Element().Args) == 1-step:
			t = t.Element().Args[-step]
		default:
			return false
		}
	}
	return true
}

func (v *validator) invariant(_ int, i *Invariant) bool {
	v.slots = i.Slots
	return i.Keep <= KeepSerial && (i.Source == nil || v.expr(i.Source)) && v.inFrame(i.Params) && v.expr(i.Cond) && v.stmts(i.Repair)
}

func (v *validator) function(_ int, f *Func) bool {
	v.slots = f.Slots
	return len(f.Params) <= f.Slots && v.expr(f.Expr)
}

func (v *validator) allow(_ int, a *Allow) bool {
	v.slots = a.Slots
	isOfView := a.Database == -1 && within(a.View, len(v.p.Views)) && len(a.Keys) == 0
	isOfDatabase := a.View == -1 && within(a.Database, len(v.p.Databases)) && len(a.Keys) == len(v.p.Databases[a.Database].Dims)
	return (isOfView || isOfDatabase) && within(a.Me, a.Slots) && v.inFrame(a.Keys) && v.expr(a.Cond)
}

// fits reports whether the path leads through records to a field.
func (a *Appends) fits(lattice Type) bool {
	if len(a.Field) == 0 {
		return true
	}
	if len(lattice.Args) != 1 {
		return false
	}
	t := lattice.Args[0]
	for _, i := range a.Field {
		if t.Kind != KindRecord || !within(i, len(t.Fields)) {
			return false
		}
		t = t.Fields[i].Type
	}
	return true
}

func within(i, n int) bool { return i >= 0 && i < n }

func (v *validator) inFrame(slots []int) bool {
	return each(slots, func(_ int, s *int) bool { return within(*s, v.slots) })
}

func (v *validator) stmts(ss []*Stmt) bool {
	return each(ss, func(_ int, s **Stmt) bool { return v.stmt(*s) })
}

func (v *validator) stmt(s *Stmt) bool {
	ok := each(s.Args, func(_ int, e **Expr) bool { return v.expr(*e) }) &&
		v.inFrame(s.Params) && v.stmts(s.Body) && v.stmts(s.Else)
	switch s.Op {
	case StmtLet:
		return ok && len(s.Args) == 1 && within(s.Index, v.slots)
	case StmtIf, StmtEach:
		return ok && len(s.Args) == 1
	case StmtClear:
		return ok && within(s.Index, len(v.p.Databases)) && len(s.Args) <= len(v.p.Databases[s.Index].Dims)
	case StmtTentatively, StmtStep:
		return ok && len(s.Args) == 0
	case StmtSerial:
		return ok && len(s.Args) == 0 && len(s.Params) <= 1
	case StmtSaga:
		return ok && len(s.Args) == 1 && len(s.Params) <= 1
	case StmtSeal:
		return ok && within(s.Index, len(v.p.Databases)) && s.Keys == len(v.p.Databases[s.Index].Dims) && s.Keys == len(s.Args)
	case StmtNotify:
		return ok && len(s.Args) == 2
	case StmtUpload:
		return ok && s.Name != ""
	case StmtWrite:
		return ok && within(s.Index, len(v.p.Databases)) && s.Keys == len(v.p.Databases[s.Index].Dims) && s.Keys <= len(s.Args)
	}
	return ok && (len(s.Args) == 0 || len(s.Args) == 1 && s.Args[0].Op == OpConst)
}

func (v *validator) expr(e *Expr) bool {
	if n := arity[e.Op]; n != many && n != len(e.Args) || needsBlock[e.Op] != (e.Block != nil) && !mayHaveBlock[e.Op] {
		return false
	}
	return v.reference(e) && each(e.Args, func(_ int, a **Expr) bool { return v.expr(*a) }) &&
		(e.Block == nil || v.inFrame(e.Block.Params) && v.expr(e.Block.Expr))
}

// reference checks what the expression's index refers to.
func (v *validator) reference(e *Expr) bool {
	p := v.p
	switch e.Op {
	case OpLocal, OpLet:
		return within(e.Index, v.slots)
	case OpClock:
		return within(e.Index, 2) && e.Args[0].Type.isInteger()
	case OpField:
		return within(e.Index, e.Args[0].Type.parts())
	case OpRecord:
		return len(e.Args) == len(e.Type.Fields)
	case OpCall:
		return within(e.Index, len(p.Funcs)) && len(e.Args) == len(p.Funcs[e.Index].Params)
	case OpImport:
		return within(e.Index, len(p.Imports)) && len(e.Args) == len(p.Imports[e.Index].Params)
	case OpCell:
		return within(e.Index, len(p.Databases)) && len(e.Args) == len(p.Databases[e.Index].Dims)
	case OpDatabase, OpKeys:
		return within(e.Index, len(p.Databases))
	case OpView:
		return within(e.Index, v.views)
	case OpViewAt:
		return within(e.Index, v.views) && len(e.Args) > 0 && len(e.Args) == len(p.Views[e.Index].Keys)
	}
	return true
}

// parts returns how many elements a value of a record or tuple type has.
func (t Type) parts() int {
	if t.Kind == KindTuple {
		return len(t.Args)
	}
	return len(t.Fields)
}
