package plan

import (
	"errors"

	"github.com/martinelli-lang/martinelli/value"
	"github.com/martinelli-lang/martinelli/wire"
)

// Limits of an encoded plan. The compiler refuses what is over them too.
const (
	SizeMax      = 8 << 20 // bytes of a whole plan
	ExprDepthMax = 400     // levels of an expression, or of statements in each other
	TypeDepthMax = 32      // levels of a type
	nameMax      = 1 << 12 // bytes of a name
	constMax     = 1 << 17 // bytes of an encoded constant
	listMax      = 1 << 20 // items of one list
)

// Errors of Decode, besides wire's.
var (
	ErrVersion = errors.New("plan: another version of the plan's form: compile the program with this node's martinelli")
	ErrSize    = errors.New("plan: larger than 8 MiB")
	ErrDepth   = errors.New("plan: nested too deeply")
	ErrUnknown = errors.New("plan: an operation or kind this version does not know")
)

// Decode reads a plan that Encode wrote. The result is Valid; it shares no
// memory with b.
func Decode(b []byte) (*Program, error) {
	if len(b) > SizeMax {
		return nil, ErrSize
	}
	d := &decoder{r: wire.NewReader(b)}
	if d.r.Byte() != Version {
		d.r.Fail(ErrVersion)
	}
	p := d.program()
	if err := d.r.Done(); err != nil {
		return nil, err
	}
	return p, p.Validate()
}

type decoder struct {
	r     *wire.Reader
	depth int // of expressions and statements
}

func (d *decoder) program() *Program {
	return &Program{
		Types:      list(d, d.typeDecl),
		Databases:  list(d, d.database),
		Views:      list(d, d.view),
		Handlers:   list(d, d.handler),
		Processes:  list(d, d.process),
		Invariants: list(d, d.invariant),
		Imports:    list(d, d.importOf),
		Funcs:      list(d, d.function),
		Allows:     list(d, d.allow),
		Roles:      list(d, d.role),
		Links:      list(d, d.link),
	}
}

// list reads a count and that many items; nil for none, as the compiler writes it.
func list[T any](d *decoder, one func() T) []T {
	n := d.r.Count(listMax, 1)
	var xs []T
	for i := 0; i < n && d.r.Err() == nil; i++ {
		xs = append(xs, one())
	}
	return xs
}

func (d *decoder) name() string { return d.r.String(nameMax) }

func (d *decoder) int() int {
	n := d.r.Varint()
	if int64(int32(n)) != n {
		d.r.Fail(ErrUnknown)
		return 0
	}
	return int(n)
}

func (d *decoder) typeDecl() TypeDecl { return TypeDecl{Name: d.name(), Type: d.typ(0)} }

func (d *decoder) typed() Type { return d.typ(0) }

func (d *decoder) typ(depth int) Type {
	k := Kind(d.r.Byte())
	switch {
	case k > KindProduct:
		d.r.Fail(ErrUnknown)
	case depth > TypeDepthMax:
		d.r.Fail(ErrDepth)
	}
	if d.r.Err() != nil {
		return Type{}
	}
	t := Type{Kind: k, Name: d.name()}
	t.Args = list(d, func() Type { return d.typ(depth + 1) })
	t.Fields = list(d, func() Field { return Field{Name: d.name(), Type: d.typ(depth + 1)} })
	return t
}

func (d *decoder) database() Database {
	db := Database{Name: d.name(), Lattice: d.typed()}
	db.Dims = list(d, d.dim)
	db.Removable = d.r.Bool()
	db.Placement = Placement(d.r.Byte())
	db.Space = d.int()
	db.At = list(d, d.name)
	db.Pulled = list(d, d.name)
	db.WriteByAll = d.r.Bool()
	db.WriteByKey = d.int()
	db.Rules = list(d, d.int)
	db.Appends.Anyone = d.r.Bool()
	db.Appends.Field = list(d, d.int)
	db.Users = d.int()
	db.Was = d.name()
	db.Bound = Bound{Side(d.r.Byte()), d.r.Varint()}
	db.Expires = d.r.Varint()
	db.Whole = d.int()
	db.Roles = list(d, d.name)
	return db
}

func (d *decoder) view() View {
	return View{
		Name: d.name(), At: list(d, d.name), Slots: d.int(), Expr: d.expr(), Home: d.r.Bool(),
		Keys: list(d, d.dim), Value: d.typed(), Pulled: list(d, d.name),
	}
}

func (d *decoder) dim() Dim { return Dim{Name: d.name(), Type: d.typed()} }

func (d *decoder) handler() Handler {
	return Handler{
		Event: d.name(), At: list(d, d.name), Params: list(d, d.param), User: d.int(),
		Slots: d.int(), Body: list(d, d.stmt), Home: d.r.Bool(),
	}
}

func (d *decoder) param() Param { return Param{Name: d.name(), Type: d.typed()} }

func (d *decoder) process() Process {
	p := Process{At: list(d, d.name), Slots: d.int()}
	p.Renders = list(d, func() Render { return Render{Name: d.name(), Expr: d.expr(), Notice: d.r.Bool()} })
	if d.r.Bool() {
		p.Source = d.expr()
	}
	p.Params = list(d, d.int)
	p.Runs = list(d, func() Run {
		return Run{Import: d.int(), Args: list(d, d.expr), Cells: list(d, d.cell), Keys: list(d, d.expr)}
	})
	p.Home = d.r.Bool()
	return p
}

func (d *decoder) cell() Cell { return Cell{Database: d.int(), Path: list(d, d.int)} }

func (d *decoder) invariant() Invariant {
	i := Invariant{Name: d.name(), At: list(d, d.name)}
	if d.r.Bool() {
		i.Source = d.expr()
	}
	i.Params = list(d, d.int)
	i.Slots = d.int()
	i.Cond = d.expr()
	i.Repair = list(d, d.stmt)
	i.Keep = Keep(d.r.Byte())
	return i
}

func (d *decoder) importOf() Import {
	return Import{Name: d.name(), Params: list(d, d.param), Result: d.typed(), From: d.name(), Promises: list(d, d.name)}
}

func (d *decoder) function() Func {
	return Func{Name: d.name(), Params: list(d, d.param), Slots: d.int(), Expr: d.expr()}
}

func (d *decoder) allow() Allow {
	return Allow{
		Verb: d.name(), Database: d.int(), Me: d.int(), Slots: d.int(), Cond: d.expr(),
		Keys: list(d, d.int), Revoke: d.r.Bool(), View: d.int(),
	}
}

func (d *decoder) role() Role {
	return Role{Name: d.name(), Nodes: d.int(), Quorum: d.r.Bool(), OfflineMax: d.r.Varint(), Ambient: d.name()}
}

func (d *decoder) link() Link {
	return Link{From: d.name(), To: d.name(), Every: d.r.Varint(), LateAfter: d.r.Varint()}
}

// enter counts a level of nesting and reports whether there may be one more.
func (d *decoder) enter() bool {
	d.depth++
	if d.depth > ExprDepthMax {
		d.r.Fail(ErrDepth)
	}
	return d.r.Err() == nil
}

func (d *decoder) leave() { d.depth-- }

func (d *decoder) expr() *Expr {
	e := &Expr{Op: Op(d.r.Byte())}
	if e.Op > opLast {
		d.r.Fail(ErrUnknown)
	}
	if !d.enter() {
		return e
	}
	defer d.leave()
	e.Type = d.typed()
	e.Index = d.int()
	e.Name = d.name()
	e.Const = d.constant()
	e.Args = list(d, d.expr)
	if d.r.Bool() {
		e.Block = &Block{Params: list(d, d.int), Expr: d.expr()}
	}
	return e
}

func (d *decoder) constant() value.Value {
	v, err := value.DecodeAll(d.r.String(constMax))
	if err != nil {
		d.r.Fail(err)
	}
	return v
}

func (d *decoder) stmt() *Stmt {
	s := &Stmt{Op: StmtOp(d.r.Byte())}
	if s.Op > stmtLast {
		d.r.Fail(ErrUnknown)
	}
	if !d.enter() {
		return s
	}
	defer d.leave()
	s.Index = d.int()
	s.Name = d.name()
	s.Keys = d.int()
	s.Params = list(d, d.int)
	s.Args = list(d, d.expr)
	s.Body = list(d, d.stmt)
	s.Else = list(d, d.stmt)
	return s
}
