package plan

import (
	"slices"

	"golang.org/x/crypto/blake2b"

	"github.com/martinelli-lang/martinelli/value"
	"github.com/martinelli-lang/martinelli/wire"
)

// A serial block or saga is raised at one node and runs at another, which may
// run another version of the program. So a block is called by a hash of what
// it does: two programs that have the same block agree on its hash, however
// their databases, functions and slots are numbered.

// BlockHash names a serial block or a saga, its else included.
type BlockHash [32]byte

// Atomic is the serial block or saga that ends a handler.
type Atomic struct {
	Hash    BlockHash
	Handler int   // of Program.Handlers
	Stmt    *Stmt // StmtSerial or StmtSaga

	// Free are the slots of the handler that the block, its key and its else
	// read and do not bind themselves: what a raiser hands on, in this order.
	Free []Free
}

// Free is a slot whose value comes from outside a block.
type Free struct {
	Slot   int
	Type   Type
	IsUser bool // it is the raiser's user, whoever says something else
	IsOwn  bool // it is a parameter that names the raiser, where the raiser is a user
}

// Atomics returns the serial blocks and sagas of the program, in the order of
// its handlers. Its cost is that of the blocks and what they call.
func (p *Program) Atomics() []Atomic {
	var found []Atomic
	f := blockForm{p: p, views: map[int][32]byte{}, funcs: map[int][32]byte{}}
	for i := range p.Handlers {
		if s, ok := p.Handlers[i].Atomic(); ok {
			found = append(found, f.atomic(i, s))
		}
	}
	return found
}

// Atomic returns the serial block or saga that ends the handler, if one does.
func (h *Handler) Atomic() (*Stmt, bool) {
	if len(h.Body) == 0 {
		return nil, false
	}
	last := h.Body[len(h.Body)-1]
	return last, last.Op == StmtSerial || last.Op == StmtSaga
}

// HasSagas reports whether a handler of the program ends with a saga.
func (p *Program) HasSagas() bool {
	return slices.ContainsFunc(p.Handlers, func(h Handler) bool {
		s, ok := h.Atomic()
		return ok && s.Op == StmtSaga
	})
}

// blockForm writes statements and expressions without an index: what they
// refer to is written by its name and its form.
type blockForm struct {
	p            *Program
	b            []byte
	slots        map[int]int // of the frame being written, numbered as they first appear
	reads        []*Expr     // the first OpLocal of each slot, in that order
	bound        []int       // slots that are bound in what is written
	views, funcs map[int][32]byte
}

func (f *blockForm) atomic(i int, s *Stmt) Atomic {
	h := &f.p.Handlers[i]
	f.b, f.slots, f.reads, f.bound = nil, map[int]int{}, nil, nil
	at := slices.Clone(h.At)
	slices.Sort(at)
	f.b = appendList(f.b, at, appendString)
	f.stmt(s)
	a := Atomic{Handler: i, Stmt: s}
	for _, e := range f.reads {
		if slices.Contains(f.bound, e.Index) {
			continue
		}
		free := Free{Slot: e.Index, Type: e.Type, IsUser: e.Index == h.User}
		free.IsOwn = !free.IsUser && e.Index < len(h.Params) && f.p.isAmbient(h.Params[e.Index].Name)
		a.Free = append(a.Free, free)
		f.b = appendInt(f.b, f.slots[e.Index])
		f.b = wire.AppendBool(wire.AppendBool(f.b, free.IsUser), free.IsOwn)
	}
	a.Hash = blake2b.Sum256(f.b)
	return a
}

// isAmbient reports whether a role gives the name its user as a value.
func (p *Program) isAmbient(name string) bool {
	return slices.ContainsFunc(p.Roles, func(r Role) bool { return r.Ambient != "" && r.Ambient == name })
}

// slot writes a slot of the frame as the number of its first appearance.
func (f *blockForm) slot(i int) {
	n, known := f.slots[i]
	if !known {
		n = len(f.slots)
		f.slots[i] = n
	}
	f.b = appendInt(f.b, n)
}

func (f *blockForm) bind(slots ...int) {
	f.b = appendInt(f.b, len(slots))
	for _, s := range slots {
		f.slot(s)
		f.bound = append(f.bound, s)
	}
}

func (f *blockForm) stmts(ss []*Stmt) {
	f.b = appendInt(f.b, len(ss))
	for _, s := range ss {
		f.stmt(s)
	}
}

func (f *blockForm) stmt(s *Stmt) {
	f.b = append(f.b, byte(s.Op))
	f.b = appendInt(wire.AppendString(f.b, s.Name), s.Keys)
	f.exprs(s.Args)
	switch s.Op {
	case StmtLet:
		f.bind(s.Index)
	case StmtWrite, StmtClear, StmtSeal:
		f.database(s.Index)
	}
	f.bind(s.Params...)
	f.stmts(s.Body)
	f.stmts(s.Else)
}

func (f *blockForm) exprs(es []*Expr) {
	f.b = appendInt(f.b, len(es))
	for _, e := range es {
		f.expr(e)
	}
}

func (f *blockForm) expr(e *Expr) {
	f.b = append(f.b, byte(e.Op))
	f.b = wire.AppendString(f.b, e.Type.String())
	f.b = wire.AppendString(f.b, e.Name)
	f.b = wire.AppendString(f.b, value.Encode(e.Const))
	f.reference(e)
	f.exprs(e.Args)
	f.b = wire.AppendBool(f.b, e.Block != nil)
	if e.Block != nil {
		f.bind(e.Block.Params...)
		f.expr(e.Block.Expr)
	}
}

// reference writes what the index of an expression refers to.
func (f *blockForm) reference(e *Expr) {
	switch e.Op {
	case OpLocal:
		if _, known := f.slots[e.Index]; !known {
			f.reads = append(f.reads, e)
		}
		f.slot(e.Index)
	case OpLet:
		f.bind(e.Index)
	case OpField:
		f.b = appendInt(f.b, e.Index)
	case OpCell, OpDatabase, OpKeys:
		f.database(e.Index)
	case OpView, OpViewAt:
		v := &f.p.Views[e.Index]
		f.called(f.views, e.Index, v.Name, v.Expr)
	case OpCall:
		def := &f.p.Funcs[e.Index]
		f.called(f.funcs, e.Index, def.Name, def.Expr)
	case OpImport:
		imp := &f.p.Imports[e.Index]
		f.b = wire.AppendString(wire.AppendString(f.b, imp.Name), imp.From)
	}
}

func (f *blockForm) database(i int) {
	d := f.p.Databases[i].stored()
	f.b = wire.AppendString(wire.AppendString(f.b, d.Name), d.String())
}

// called writes the name and the hash of a view or def, whose body has a frame
// of its own. Each is hashed once, so that views over views cost what they are.
func (f *blockForm) called(hashes map[int][32]byte, i int, name string, body *Expr) {
	hash, known := hashes[i]
	if !known {
		inner := blockForm{p: f.p, slots: map[int]int{}, views: f.views, funcs: f.funcs}
		inner.expr(body)
		hash = blake2b.Sum256(inner.b)
		hashes[i] = hash
	}
	f.b = append(wire.AppendString(f.b, name), hash[:]...)
}
