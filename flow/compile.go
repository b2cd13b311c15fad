package flow

import (
	"github.com/martinelli-lang/martinelli/plan"
	"github.com/martinelli-lang/martinelli/value"
)

// Code of an expression, in the form its type makes cheapest. A bool or an int
// stays in a register from operator to operator; only what has no smaller form
// becomes a value.Value.
type (
	boolFn  func(m *machine) bool
	intFn   func(m *machine) int64
	floatFn func(m *machine) float64
	textFn  func(m *machine) string
	valueFn func(m *machine) value.Value
	listFn  func(m *machine) []value.Value // the elements of a collection in order, or of a list
)

// form is what code a type is compiled to.
type form uint8

const (
	formValue form = iota
	formBool
	formInt
	formFloat
	formString
	formSymbol
	formSet // a collection: code yields its elements
)

func formOf(t plan.Type) form {
	switch t.Kind {
	case plan.KindBool:
		return formBool
	case plan.KindInt, plan.KindNat, plan.KindTime:
		return formInt
	case plan.KindFloat:
		return formFloat
	case plan.KindString, plan.KindID:
		return formString
	case plan.KindSymbol:
		return formSymbol
	case plan.KindSet:
		return formSet
	}
	return formValue
}

// compiler turns expressions into code.
type compiler struct {
	engine *Engine

	// graph is set for the bodies of views: what stands in them and does not
	// depend on their element is kept by nodes of its own, which the body reads.
	graph *builder
}

// value compiles e to code for its value.
func (c *compiler) value(e *plan.Expr) valueFn {
	if f := c.structure(e); f != nil {
		return f
	}
	switch resultOf(e) {
	case formBool:
		f := c.bool(e)
		return func(m *machine) value.Value { return value.Bool(f(m)) }
	case formInt:
		f := c.int(e)
		return func(m *machine) value.Value { return value.Int(f(m)) }
	case formFloat:
		f := c.float(e)
		return func(m *machine) value.Value { return value.Float(f(m)) }
	case formString:
		f := c.text(e)
		return func(m *machine) value.Value { return value.String(f(m)) }
	case formSet:
		f := c.list(e)
		return func(m *machine) value.Value { return value.List(f(m)...) }
	}
	return c.loose(e)
}

// resultOf is the form of the code of an operator. One over operands of which
// the type says too little decides when it runs.
func resultOf(e *plan.Expr) form {
	switch e.Op {
	case plan.OpNot, plan.OpEq, plan.OpNe, plan.OpLt, plan.OpLe, plan.OpGt, plan.OpGe, plan.OpAnd, plan.OpEither, plan.OpIn, plan.OpClock:
		return formBool
	case plan.OpCount, plan.OpNow:
		return formInt
	case plan.OpFloat:
		return formFloat
	case plan.OpNeg, plan.OpAdd, plan.OpSub, plan.OpMul, plan.OpDiv, plan.OpMod:
		return operandsOf(e)
	}
	return formSet
}

// operandsOf is the form both operands have, or formValue.
func operandsOf(e *plan.Expr) form {
	f := formOf(e.Args[0].Type)
	for _, arg := range e.Args[1:] {
		if formOf(arg.Type) != f {
			return formValue
		}
	}
	return f
}

// structure compiles what moves values about without looking into them; nil for operators.
func (c *compiler) structure(e *plan.Expr) valueFn {
	switch e.Op {
	case plan.OpConst:
		v := e.Const
		return func(*machine) value.Value { return v }
	case plan.OpLocal:
		slot := e.Index
		return func(m *machine) value.Value { return m.slots[slot] }
	case plan.OpLet:
		return letIn(e.Index, c.value(e.Args[0]), c.value(e.Args[1]))
	case plan.OpIf:
		return choose(c.bool(e.Args[0]), c.value(e.Args[1]), c.value(e.Args[2]))
	case plan.OpField:
		return c.field(e)
	case plan.OpMember:
		return c.member(e)
	case plan.OpRecord:
		return gather(c.values(e.Args), value.Record)
	case plan.OpTuple:
		return gather(c.values(e.Args), value.Tuple)
	case plan.OpList:
		return gather(c.values(e.Args), value.List)
	case plan.OpAt:
		return c.at(e)
	case plan.OpCall:
		return c.callDef(e)
	case plan.OpImport:
		return c.callImport(e)
	case plan.OpNewID:
		return newID
	case plan.OpAmbient:
		return func(*machine) value.Value { return value.String("") } // nobody reads it: bind has put in the user where there is one
	case plan.OpOr:
		return c.or(e)
	case plan.OpView:
		return c.view(e)
	case plan.OpViewAt:
		return c.viewAt(e)
	case plan.OpCell:
		return c.cell(e)
	case plan.OpSum, plan.OpAvg, plan.OpMax, plan.OpMin, plan.OpFirst, plan.OpLast, plan.OpSort, plan.OpTop:
		return c.aggregate(e)
	}
	return nil
}

func (c *compiler) values(es []*plan.Expr) []valueFn {
	fs := make([]valueFn, len(es))
	for i, e := range es {
		fs[i] = c.value(e)
	}
	return fs
}

// letIn binds a slot before it runs in.
func letIn[T any](slot int, bound valueFn, in func(*machine) T) func(*machine) T {
	return func(m *machine) T {
		m.slots[slot] = bound(m)
		return in(m)
	}
}

// choose runs one of two.
func choose[T any](cond boolFn, then, otherwise func(*machine) T) func(*machine) T {
	return func(m *machine) T {
		if cond(m) {
			return then(m)
		}
		return otherwise(m)
	}
}

// gather makes a compound of the values of parts.
func gather(parts []valueFn, compound func(...value.Value) value.Value) valueFn {
	return func(m *machine) value.Value {
		elems := make([]value.Value, len(parts))
		for i, part := range parts {
			elems[i] = part(m)
		}
		return compound(elems...)
	}
}

// field reads an element of a record or tuple. Most often the record is an
// element in a slot: then nothing is copied but the field.
func (c *compiler) field(e *plan.Expr) valueFn {
	i := e.Index
	if of := e.Args[0]; of.Op == plan.OpLocal {
		slot := of.Index
		return func(m *machine) value.Value { return *part(&m.slots[slot], i) }
	}
	of := c.value(e.Args[0])
	return func(m *machine) value.Value {
		v := of(m)
		return *part(&v, i)
	}
}

var nothing value.Value

// part points to element i of a compound, or to nil where it has none.
func part(v *value.Value, i int) *value.Value {
	if elems := v.Elems(); uint(i) < uint(len(elems)) {
		return &elems[i]
	}
	return &nothing
}

// slotPart is a field of an element in a slot, the usual operand of a predicate.
func slotPart(e *plan.Expr) (slot, i int, ok bool) {
	if e.Op != plan.OpField || e.Args[0].Op != plan.OpLocal {
		return 0, 0, false
	}
	return e.Args[0].Index, e.Index, true
}

// member reads a field by name of a record whose fields come with it.
func (c *compiler) member(e *plan.Expr) valueFn {
	of, name := c.value(e.Args[0]), e.Name
	return func(m *machine) value.Value {
		v := of(m)
		if v.Kind() != value.KindObject {
			return value.Nil
		}
		pairs := v.Elems()
		for i := 0; i+1 < len(pairs); i += 2 {
			if pairs[i].AsString() == name {
				return pairs[i+1]
			}
		}
		return value.Nil
	}
}

func (c *compiler) at(e *plan.Expr) valueFn {
	of, index := c.value(e.Args[0]), c.int(e.Args[1])
	if isString(e.Args[0].Type) {
		return codePoint(of, index)
	}
	return func(m *machine) value.Value {
		v := of(m)
		if i := index(m); i >= 0 && i < int64(len(v.Elems())) {
			return v.Field(int(i))
		}
		return value.Nil
	}
}

func (c *compiler) or(e *plan.Expr) valueFn {
	first, second := c.value(e.Args[0]), c.value(e.Args[1])
	return func(m *machine) value.Value {
		if v := first(m); !v.IsNil() {
			return v
		}
		return second(m)
	}
}

func newID(m *machine) value.Value {
	if m.env == nil || m.env.NewID == nil {
		return value.String("")
	}
	return value.String(m.env.NewID())
}

// callDef compiles a call. A def is compiled once, whoever calls it: it sees
// its own window only.
func (c *compiler) callDef(e *plan.Expr) valueFn {
	engine, index, args := c.engine, e.Index, c.values(e.Args)
	slots := engine.program.Funcs[index].Slots
	body := engine.def(index)
	return func(m *machine) value.Value { return m.call(slots, args, body) }
}

// callImport compiles a call of a host's function. Its result is asked for its
// type, since code relies on types.
func (c *compiler) callImport(e *plan.Expr) valueFn {
	imp := c.engine.program.Imports[e.Index]
	f, link, args := c.engine.imports[e.Index], imp.Link(), c.values(e.Args)
	return func(m *machine) value.Value {
		given := make([]value.Value, len(args))
		for i, arg := range args {
			given[i] = arg(m)
		}
		if m.abort != "" {
			return value.Nil
		}
		result := m.link(imp.Name, link, f, given)
		if m.abort == "" && !imp.Result.Takes(result) {
			m.stop(AbortImport, imp.Name+" did not return a value of its type "+imp.Result.Label())
		}
		return result
	}
}
