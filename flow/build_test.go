package flow

import (
	"testing"

	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/algebra/crdt"
	"github.com/martinelli-lang/martinelli/plan"
	"github.com/martinelli-lang/martinelli/value"
)

// Plans by hand. A slot is taken anew for every local of a test, so no two
// bodies share one by accident.

var slots int

func slot() int {
	slots++
	return slots - 1
}

func num(n int64) *plan.Expr {
	return &plan.Expr{Op: plan.OpConst, Type: plan.Int, Const: value.Int(n)}
}

func str(s string) *plan.Expr {
	return &plan.Expr{Op: plan.OpConst, Type: plan.String, Const: value.String(s)}
}

func op(o plan.Op, t plan.Type, args ...*plan.Expr) *plan.Expr {
	return &plan.Expr{Op: o, Type: t, Args: args}
}

func yes(o plan.Op, args ...*plan.Expr) *plan.Expr  { return op(o, plan.Bool, args...) }
func calc(o plan.Op, args ...*plan.Expr) *plan.Expr { return op(o, plan.Int, args...) }

func field(e *plan.Expr, i int, t plan.Type) *plan.Expr {
	return &plan.Expr{Op: plan.OpField, Index: i, Type: t, Args: []*plan.Expr{e}}
}

// block makes a block over the parts of an element, or over the element as a whole.
func block(types []plan.Type, f func(xs []*plan.Expr) *plan.Expr) *plan.Block {
	b := &plan.Block{}
	var xs []*plan.Expr
	for _, t := range types {
		s := slot()
		b.Params = append(b.Params, s)
		xs = append(xs, local(s, t))
	}
	b.Expr = f(xs)
	return b
}

func over(o plan.Op, t plan.Type, in *plan.Expr, b *plan.Block) *plan.Expr {
	return &plan.Expr{Op: o, Type: t, Args: []*plan.Expr{in}, Block: b}
}

// mapped maps whole elements.
func mapped(in *plan.Expr, f func(x *plan.Expr) *plan.Expr) *plan.Expr {
	b := block([]plan.Type{in.Type.Element()}, func(xs []*plan.Expr) *plan.Expr { return f(xs[0]) })
	return over(plan.OpMap, plan.SetOf(b.Expr.Type), in, b)
}

// where filters by the parts of elements.
func where(in *plan.Expr, f func(xs []*plan.Expr) *plan.Expr) *plan.Expr {
	return over(plan.OpFilter, in.Type, in, block(sideTypes(in), f))
}

func product(a, b *plan.Expr) *plan.Expr {
	parts := append(append([]plan.Type{}, sideTypes(a)...), sideTypes(b)...)
	return op(plan.OpProduct, plan.SetOf(plan.TupleOf(parts...)), a, b)
}

func both(o plan.Op, a, b *plan.Expr) *plan.Expr { return op(o, a.Type, a, b) }
func count(e *plan.Expr) *plan.Expr              { return calc(plan.OpCount, e) }

// schema is a program under construction.
type schema struct{ plan.Program }

func lattice(k plan.Kind, args ...plan.Type) plan.Type { return plan.Type{Kind: k, Args: args} }

func (s *schema) database(name string, l plan.Type, dims ...plan.Dim) int {
	s.Databases = append(s.Databases, plan.Database{
		Name: name, Lattice: l, Dims: dims, Placement: plan.Shared, WriteByKey: -1,
	})
	return len(s.Databases) - 1
}

func (s *schema) cell(db int, key ...*plan.Expr) *plan.Expr {
	return &plan.Expr{Op: plan.OpCell, Index: db, Type: s.Databases[db].Lattice.Reading(), Args: key}
}

func (s *schema) rows(db int) *plan.Expr {
	return &plan.Expr{Op: plan.OpDatabase, Index: db, Type: plan.SetOf(s.Databases[db].Rows())}
}

func (s *schema) keys(db int) *plan.Expr {
	return &plan.Expr{Op: plan.OpKeys, Index: db, Type: plan.SetOf(s.Databases[db].KeyType())}
}

func (s *schema) view(name string, e *plan.Expr) *plan.Expr {
	s.Views = append(s.Views, plan.View{Name: name, Expr: e})
	return &plan.Expr{Op: plan.OpView, Index: len(s.Views) - 1, Type: e.Type}
}

// on adds a handler. Its parameters must have taken the first slots.
func (s *schema) on(event string, params []plan.Param, body ...*plan.Stmt) {
	s.Handlers = append(s.Handlers, plan.Handler{Event: event, Params: params, User: -1, Slots: slots + 1, Body: body})
}

func write(db int, verb string, keys int, args ...*plan.Expr) *plan.Stmt {
	return &plan.Stmt{Op: plan.StmtWrite, Index: db, Name: verb, Keys: keys, Args: args}
}

func (s *schema) open(t testing.TB) *Engine {
	t.Helper()
	e, err := New(Config{Program: &s.Program})
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// author mints dots as a node does: the next seq in a space once a run wrote there.
type author struct {
	self causal.ReplicaID
	seqs map[string]uint64
	ids  int
}

func newAuthor(n byte) *author {
	return &author{self: causal.ReplicaID{n}, seqs: map[string]uint64{}}
}

func (a *author) env() Env {
	return Env{
		Stamp: causal.Stamp(1000 << 16), Self: a.self,
		Next:  func(space string) causal.Dot { return causal.Dot{Replica: a.self, Seq: a.seqs[space] + 1} },
		NewID: func() string { a.ids++; return "id" },
	}
}

// raise runs an event and mints what it wrote.
func (a *author) raise(e *Engine, event string, args ...value.Value) Outcome {
	h, ok := e.Handler(event)
	if !ok {
		panic("no handler " + event)
	}
	out := e.Run(h, args, a.env())
	for _, w := range out.Writes {
		a.seqs[w.Space]++
	}
	return out
}

// history makes random changes of one engine's databases, as replicas would.
type history struct {
	seq  uint64
	live []Change
}

// add returns a change that adds a value under a new dot.
func (h *history) add(db string, key []value.Value, v value.Value) Change {
	h.seq++
	c := Change{Database: db, Key: string(value.AppendPath(nil, key...)), Item: crdt.Item{
		ID:    causal.EntryID{Dot: causal.Dot{Replica: causal.ReplicaID{9}, Seq: h.seq}},
		Stamp: causal.Stamp(h.seq), Value: value.Encode(v),
	}}
	h.live = append(h.live, c)
	return c
}

// remove returns a change that removes live entry i.
func (h *history) remove(i int) Change {
	c := h.live[i]
	h.live = append(h.live[:i], h.live[i+1:]...)
	c.Removed = true
	return c
}
