package invariant

import (
	"slices"

	"github.com/martinelli-lang/martinelli/plan"
	"github.com/martinelli-lang/martinelli/value"
)

// reader computes expressions over a world.
type reader struct {
	m       *model
	w       world
	env     []binding
	unknown []binding // of a write: what the text does not say, by slot
	others  []guess   // of a write: what else it does not say
	ids     []value.Value
	lets    map[int]*plan.Expr
}

// binding is the value of a slot.
type binding struct {
	slot int
	v    value.Value
}

// guess is the value of an expression that only a run knows.
type guess struct {
	e *plan.Expr
	v value.Value
}

func (r *reader) bind(slots []int, v value.Value) {
	if len(slots) == 1 {
		r.env = append(r.env, binding{slots[0], v})
		return
	}
	for i, x := range v.Elems() {
		if i < len(slots) {
			r.env = append(r.env, binding{slots[i], x})
		}
	}
}

// value computes e; it is false where that is not known.
func (r *reader) value(e *plan.Expr) (value.Value, bool) {
	r.m.work++
	if v, ok := r.guessed(e); ok {
		return v, true
	}
	switch e.Op {
	case plan.OpConst:
		return e.Const, true
	case plan.OpLocal:
		return r.local(e)
	case plan.OpCell:
		if r.m.o.p.Databases[e.Index].Scalar() && r.w != nil {
			return r.scalar(e)
		}
	case plan.OpNewID:
		if len(r.ids) > 0 {
			id := r.ids[0]
			r.ids = r.ids[1:]
			return id, true
		}
	case plan.OpIn:
		return r.in(e)
	case plan.OpCount:
		items, more, ok := r.items(e.Args[0])
		return value.Int(int64(len(items)) + more), ok
	case plan.OpSum, plan.OpMax, plan.OpMin:
		return r.over(e)
	case plan.OpAnd, plan.OpEither:
		a, ok := r.value(e.Args[0])
		if !ok || a.AsBool() == (e.Op == plan.OpEither) {
			return a, ok
		}
		return r.value(e.Args[1])
	}
	args := make([]value.Value, len(e.Args))
	for i, a := range e.Args {
		v, ok := r.value(a)
		if !ok {
			return v, false
		}
		args[i] = v
	}
	switch e.Op {
	case plan.OpField:
		if fields := args[0].Elems(); e.Index < len(fields) {
			return fields[e.Index], true
		}
		return value.Nil, false
	case plan.OpRecord:
		return value.Record(args...), true
	case plan.OpTuple:
		return value.Tuple(args...), true
	}
	if len(args) == 0 {
		return value.Nil, false
	}
	return compute(e, args)
}

func (r *reader) local(e *plan.Expr) (value.Value, bool) {
	for _, bs := range [][]binding{r.env, r.unknown} {
		for i := len(bs) - 1; i >= 0; i-- {
			if bs[i].slot == e.Index {
				return bs[i].v, true
			}
		}
	}
	if x, ok := r.lets[e.Index]; ok {
		v, ok := r.value(x)
		r.env = append(r.env, binding{e.Index, v})
		return v, ok
	}
	return value.Nil, false
}

func (r *reader) guessed(e *plan.Expr) (value.Value, bool) {
	for _, g := range r.others {
		if same(g.e, e) {
			return g.v, true
		}
	}
	return value.Nil, false
}

// keys computes the key of a cell.
func (r *reader) keys(es []*plan.Expr) ([]value.Value, bool) {
	keys := make([]value.Value, len(es))
	for i, k := range es {
		v, ok := r.value(k)
		if !ok {
			return nil, false
		}
		keys[i] = v
	}
	return keys, true
}

// scalar reads a counter, register or mark.
func (r *reader) scalar(e *plan.Expr) (value.Value, bool) {
	keys, ok := r.keys(e.Args)
	f, p := fact{}, place{kind: r.m.o.p.Databases[e.Index].Lattice.Kind}
	for i := range r.m.places {
		if q := &r.m.places[i]; q.db == e.Index && sameValues(q.keys, keys) {
			f = r.w[i]
		}
	}
	return r.m.valueOf(&p, f), ok
}

// valueOf returns what a scalar place reads as.
func (m *model) valueOf(p *place, f fact) value.Value {
	switch {
	case p.isRegister():
		return m.values[f.n]
	case p.kind == plan.KindOnce || p.kind == plan.KindFlag:
		return value.Bool(f.isHere)
	}
	return value.Int(f.n)
}

func (r *reader) in(e *plan.Expr) (value.Value, bool) {
	x, ok := r.value(e.Args[0])
	if !ok {
		return x, false
	}
	items, _, ok := r.items(e.Args[1])
	return value.Bool(slices.ContainsFunc(items, func(v value.Value) bool { return value.Equal(v, x) })), ok
}

// over computes a sum, or the largest or smallest of numbers.
func (r *reader) over(e *plan.Expr) (value.Value, bool) {
	items, more, ok := r.items(e.Args[0])
	if !ok || more > 0 || e.Op == plan.OpSum && !isInteger(e.Type) {
		return value.Nil, false
	}
	best, sum := value.Nil, int64(0)
	for _, x := range items {
		if e.Block != nil {
			if x, ok = r.inside(e.Block, x); !ok {
				return value.Nil, false
			}
		}
		sum += x.AsInt()
		if c := value.Compare(x, best); best.IsNil() || e.Op == plan.OpMax && c > 0 || e.Op == plan.OpMin && c < 0 {
			best = x
		}
	}
	if e.Op == plan.OpSum {
		return value.Int(sum), true
	}
	return best, true
}

// inside computes a block of one element.
func (r *reader) inside(b *plan.Block, x value.Value) (value.Value, bool) {
	n := len(r.env)
	r.bind(b.Params, x)
	v, ok := r.value(b.Expr)
	r.env = r.env[:n]
	return v, ok
}

// items lists the elements of a collection, and how many more there are that have no names.
func (r *reader) items(e *plan.Expr) (out []value.Value, more int64, ok bool) {
	r.m.work += len(r.w)
	switch e.Op {
	case plan.OpCell:
		keys, ok := r.keys(e.Args)
		if !ok || r.m.o.p.Databases[e.Index].Scalar() {
			return nil, 0, false
		}
		for i := range r.m.places {
			if p := &r.m.places[i]; p.db == e.Index && r.isThere(i) && sameValues(p.keys, keys) {
				out = append(out, p.elem)
			}
		}
		return out, r.m.ballast, true
	case plan.OpDatabase, plan.OpKeys:
		return r.rows(e), r.m.ballast, true
	case plan.OpMap, plan.OpFilter, plan.OpFlatMap:
		return r.block(e)
	case plan.OpList:
		out, ok = r.keys(e.Args)
		return out, 0, ok
	case plan.OpUnion, plan.OpMinus, plan.OpIntersection, plan.OpProduct:
		return r.pair(e)
	}
	return nil, 0, false
}

// isThere reports whether a place is visible.
func (r *reader) isThere(i int) bool {
	f, p := r.w[i], &r.m.places[i]
	if p.isRegister() {
		return f.n != 0
	}
	return f.isHere && !f.isGone
}

// rows lists the rows or keys of a database.
func (r *reader) rows(e *plan.Expr) (out []value.Value) {
	for i := range r.m.places {
		p := &r.m.places[i]
		if p.db != e.Index || !r.isThere(i) {
			continue
		}
		row := slices.Clone(p.keys)
		if e.Op == plan.OpDatabase && p.isElement() {
			row = append(row, p.elem)
		} else if e.Op == plan.OpDatabase {
			row = append(row, r.m.valueOf(p, r.w[i]))
		}
		v := value.Tuple(row...)
		if len(row) == 1 {
			v = row[0]
		}
		if !slices.ContainsFunc(out, func(o value.Value) bool { return value.Equal(o, v) }) {
			out = append(out, v)
		}
	}
	return out
}

func (r *reader) block(e *plan.Expr) (out []value.Value, more int64, ok bool) {
	items, more, ok := r.items(e.Args[0])
	if !ok {
		return nil, 0, false
	}
	for _, x := range items {
		if e.Op == plan.OpFlatMap {
			n := len(r.env)
			r.bind(e.Block.Params, x)
			inner, _, ok := r.items(e.Block.Expr)
			if r.env = r.env[:n]; !ok {
				return nil, 0, false
			}
			out = merged(out, inner)
			continue
		}
		v, ok := r.inside(e.Block, x)
		switch {
		case !ok:
			return nil, 0, false
		case e.Op == plan.OpMap:
			out = merged(out, []value.Value{v})
		case v.AsBool():
			out = append(out, x)
		}
	}
	return out, more, true
}

func merged(a, b []value.Value) []value.Value {
	for _, v := range b {
		if !slices.ContainsFunc(a, func(o value.Value) bool { return value.Equal(o, v) }) {
			a = append(a, v)
		}
	}
	return a
}

func (r *reader) pair(e *plan.Expr) (out []value.Value, more int64, ok bool) {
	as, _, okA := r.items(e.Args[0])
	bs, _, okB := r.items(e.Args[1])
	if !okA || !okB {
		return nil, 0, false
	}
	switch e.Op {
	case plan.OpUnion:
		return merged(slices.Clip(as), bs), r.m.ballast, true
	case plan.OpProduct:
		for _, a := range as {
			for _, b := range bs {
				out = append(out, value.Tuple(slices.Concat(flat(a), flat(b))...))
			}
		}
		return out, 0, true
	}
	for _, a := range as {
		if slices.ContainsFunc(bs, func(b value.Value) bool { return value.Equal(a, b) }) == (e.Op == plan.OpIntersection) {
			out = append(out, a)
		}
	}
	return out, 0, true
}

func flat(v value.Value) []value.Value {
	if v.Kind() == value.KindTuple {
		return v.Elems()
	}
	return []value.Value{v}
}

func sameValues(a, b []value.Value) bool { return slices.EqualFunc(a, b, value.Equal) }
