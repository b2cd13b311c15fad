package flow

import (
	"strconv"
	"strings"

	"github.com/martinelli-lang/martinelli/plan"
	"github.com/martinelli-lang/martinelli/value"
)

// bindings maps slots to the expressions that stand for them.
type bindings map[int]*plan.Expr

// rewriter copies expressions. It puts bound expressions in the place of
// locals, and numbers all other slots anew in the order in which they are
// bound. So a body can be taken out of its frame and moved to another place,
// and bodies that differ in slots alone become equal.
type rewriter struct {
	bound bindings
	next  int // the next free slot
}

func (r *rewriter) expr(e *plan.Expr) *plan.Expr {
	switch e.Op {
	case plan.OpLocal:
		by, ok := r.bound[e.Index]
		switch {
		case !ok:
			return e
		case by.Op == plan.OpLocal:
			return local(by.Index, e.Type)
		}
		return r.insert(by)
	case plan.OpLet:
		if formOf(e.Args[0].Type) == formSet {
			// A collection is put where it is used, so that a node may keep it.
			r.bound[e.Index] = r.expr(e.Args[0])
			return r.expr(e.Args[1])
		}
		out := *e
		first := r.expr(e.Args[0])
		out.Index = r.bind(e.Index, e.Args[0].Type)
		out.Args = []*plan.Expr{first, r.expr(e.Args[1])}
		return &out
	}
	out := *e
	out.Args = make([]*plan.Expr, len(e.Args))
	for i, arg := range e.Args {
		out.Args[i] = r.expr(arg)
	}
	if e.Block != nil {
		out.Block = r.block(e.Block, paramTypes(e))
	}
	return &out
}

// insert copies an expression that is bound already. Its own slots are
// numbered behind those of the place it comes to.
func (r *rewriter) insert(by *plan.Expr) *plan.Expr {
	inner := rewriter{bound: bindings{}, next: r.next}
	out := inner.expr(by)
	r.next = inner.next
	return out
}

// bind gives slot a new number.
func (r *rewriter) bind(slot int, t plan.Type) int {
	fresh := r.next
	r.next++
	r.bound[slot] = local(fresh, t)
	return fresh
}

func (r *rewriter) block(b *plan.Block, types []plan.Type) *plan.Block {
	out := &plan.Block{Params: make([]int, len(b.Params))}
	for i, slot := range b.Params {
		out.Params[i] = r.bind(slot, types[i])
	}
	out.Expr = r.expr(b.Expr)
	return out
}

func local(slot int, t plan.Type) *plan.Expr {
	return &plan.Expr{Op: plan.OpLocal, Index: slot, Type: t}
}

// paramTypes returns the types of the parameters of e's block.
func paramTypes(e *plan.Expr) []plan.Type {
	if e.Op == plan.OpJoin {
		return spread(append(sideTypes(e.Args[0]), sideTypes(e.Args[1])...), len(e.Block.Params))
	}
	return spread(sideTypes(e.Args[0]), len(e.Block.Params))
}

// sideTypes returns the types an element of the collection is destructured into.
func sideTypes(collection *plan.Expr) []plan.Type {
	elem := collection.Type.Element()
	if elem.Kind == plan.KindTuple {
		return elem.Args
	}
	return []plan.Type{elem}
}

// spread returns n types for the parts of an element: the parts, or the element as a whole.
func spread(parts []plan.Type, n int) []plan.Type {
	switch {
	case n == len(parts):
		return parts
	case n == 1:
		return []plan.Type{plan.TupleOf(parts...)}
	}
	types := make([]plan.Type, n)
	for i := range types {
		types[i] = plan.Any
		if i < len(parts) {
			types[i] = parts[i]
		}
	}
	return types
}

// alone takes a block out of its frame: bound locals are replaced, and its
// slots are numbered from zero. It returns how many there are.
func alone(b *plan.Block, types []plan.Type, bound bindings) (*plan.Block, int) {
	r := rewriter{bound: copied(bound)}
	out := r.block(b, types)
	return out, r.next
}

// closed takes an expression without free locals out of its frame.
func closed(e *plan.Expr, bound bindings) (*plan.Expr, int) {
	r := rewriter{bound: copied(bound)}
	out := r.expr(e)
	return out, r.next
}

func copied(b bindings) bindings {
	out := bindings{}
	for slot, e := range b {
		out[slot] = e
	}
	return out
}

// walk visits e and all in it, bodies too, until visit says false.
func walk(e *plan.Expr, visit func(*plan.Expr) bool) bool {
	if e == nil {
		return true
	}
	if !visit(e) {
		return false
	}
	for _, arg := range e.Args {
		if !walk(arg, visit) {
			return false
		}
	}
	return e.Block == nil || walk(e.Block.Expr, visit)
}

// isPure reports whether e gives the same for the same locals, always: it
// reads no database and no view, and calls no import.
func (e *Engine) isPure(x *plan.Expr) bool {
	return walk(x, func(x *plan.Expr) bool {
		switch x.Op {
		case plan.OpImport, plan.OpNow, plan.OpNewID, plan.OpCell, plan.OpDatabase, plan.OpKeys, plan.OpView, plan.OpViewAt, plan.OpClock:
			return false
		case plan.OpCall:
			return e.isPure(e.program.Funcs[x.Index].Expr)
		}
		return true
	})
}

// freeSlots returns the slots that e reads and does not bind itself.
func freeSlots(e *plan.Expr) map[int]bool {
	free, own := map[int]bool{}, map[int]bool{}
	walk(e, func(x *plan.Expr) bool {
		switch {
		case x.Op == plan.OpLet:
			own[x.Index] = true
		case x.Op == plan.OpLocal:
			free[x.Index] = true
		}
		if x.Block != nil {
			for _, slot := range x.Block.Params {
				own[slot] = true
			}
		}
		return true
	})
	for slot := range own {
		delete(free, slot)
	}
	return free
}

// shape writes an expression so that equal texts mean equal code.
func shape(b *strings.Builder, e *plan.Expr) {
	for _, n := range []int{int(e.Op), int(e.Type.Kind), e.Index, len(e.Args)} {
		b.WriteString(strconv.Itoa(n))
		b.WriteByte(' ')
	}
	for _, text := range []string{e.Name, value.Encode(e.Const)} {
		b.WriteString(strconv.Itoa(len(text)))
		b.WriteByte(' ')
		b.WriteString(text)
	}
	for _, arg := range e.Args {
		shape(b, arg)
	}
	if e.Block != nil {
		blockShape(b, e.Block)
	}
}

func blockShape(b *strings.Builder, block *plan.Block) {
	b.WriteString("|")
	for _, slot := range block.Params {
		b.WriteString(strconv.Itoa(slot))
		b.WriteByte(' ')
	}
	b.WriteString("|")
	shape(b, block.Expr)
}
