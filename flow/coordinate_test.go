package flow

import (
	"testing"

	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/algebra/crdt"
	"github.com/martinelli-lang/martinelli/plan"
	"github.com/martinelli-lang/martinelli/value"
)

// TestWhatCoordinatesStandsWhereItCan gives an engine plans whose blocks, steps
// and seals stand where no compiler puts them.
func TestWhatCoordinatesStandsWhereItCan(t *testing.T) {
	for _, op := range []plan.StmtOp{plan.StmtSerial, plan.StmtSaga, plan.StmtStep, plan.StmtSeal} {
		for _, body := range [][]*plan.Stmt{
			{{Op: plan.StmtTentatively, Body: []*plan.Stmt{{Op: op}}}},
			{{Op: op}, {Op: plan.StmtNotify}},
			{{Op: plan.StmtSerial, Else: []*plan.Stmt{{Op: op}}}},
			{{Op: plan.StmtSaga, Body: []*plan.Stmt{{Op: plan.StmtStep, Else: []*plan.Stmt{{Op: plan.StmtStep}}}, {Op: plan.StmtSeal}}}},
		} {
			if _, err := New(Config{Program: &plan.Program{Handlers: []plan.Handler{{Event: "x", User: -1, Body: body}}}}); err == nil {
				t.Errorf("a plan with statement %d is run", op)
			}
		}
	}
}

// buying is a handler that sells what is in stock, in a serial block, and puts
// down at its raiser what was not sold. Databases and slots can be numbered
// differently, without being different.
func buying(shift int, at ...string) *plan.Program {
	slot := func(i int, t plan.Type) *plan.Expr { return &plan.Expr{Op: plan.OpLocal, Type: t, Index: i} }
	stock, missed := shift, shift+1
	sku, qty, why := slot(shift, plan.ID), slot(shift+1, plan.Nat), slot(shift+2, plan.Symbol)
	left := &plan.Expr{Op: plan.OpCell, Type: plan.Int, Index: stock, Args: []*plan.Expr{sku}}
	p := &plan.Program{Roles: []plan.Role{{Name: "server"}, {Name: "client", Ambient: "user_id"}}}
	h := plan.Handler{Event: "buy", User: -1, At: at, Slots: shift + 3}
	for range shift {
		p.Databases = append(p.Databases, plan.Database{Name: "other", Lattice: plan.Type{Kind: plan.KindOnce}, WriteByKey: -1})
		h.Params = append(h.Params, plan.Param{Name: "more", Type: plan.Int})
	}
	p.Databases = append(p.Databases,
		plan.Database{Name: "stock", Lattice: plan.Type{Kind: plan.KindCounter}, Dims: []plan.Dim{{Name: "sku", Type: plan.ID}}, WriteByKey: -1},
		plan.Database{Name: "missed", Lattice: plan.Type{Kind: plan.KindMV, Args: []plan.Type{plan.Symbol}}, Placement: plan.Shared, WriteByAll: true, WriteByKey: -1})
	h.Params = append(h.Params, plan.Param{Name: "sku", Type: plan.ID}, plan.Param{Name: "qty", Type: plan.Nat})
	h.Body = []*plan.Stmt{
		{Op: plan.StmtWrite, Index: missed, Name: "set", Args: []*plan.Expr{{Op: plan.OpConst, Type: plan.Symbol, Const: value.Symbol("asked")}}},
		{
			Op: plan.StmtSerial, Params: []int{shift + 2},
			Body: []*plan.Stmt{
				{Op: plan.StmtWrite, Index: stock, Name: "dec", Keys: 1, Args: []*plan.Expr{sku, qty}},
				{Op: plan.StmtIf, Args: []*plan.Expr{{Op: plan.OpEq, Type: plan.Bool, Args: []*plan.Expr{left, {Op: plan.OpConst, Type: plan.Int, Const: value.Int(-7)}}}},
					Body: []*plan.Stmt{{Op: plan.StmtAbort, Name: "unlucky"}}},
			},
			Else: []*plan.Stmt{{Op: plan.StmtWrite, Index: missed, Name: "set", Args: []*plan.Expr{why}}},
		},
	}
	p.Handlers = []plan.Handler{h}
	p.Invariants = []plan.Invariant{{
		Name: "never_oversold", Keep: plan.KeepSerial, Params: []int{0}, Slots: 1,
		Source: &plan.Expr{Op: plan.OpKeys, Type: plan.SetOf(plan.ID), Index: stock},
		Cond: &plan.Expr{Op: plan.OpGe, Type: plan.Bool, Args: []*plan.Expr{
			{Op: plan.OpCell, Type: plan.Int, Index: stock, Args: []*plan.Expr{slot(0, plan.ID)}}, {Op: plan.OpConst, Type: plan.Int, Const: value.Int(0)}}},
	}}
	return p
}

// counted gives each run the next part.
func counted() func() Env {
	runs := uint64(0)
	return func() Env {
		runs++
		return Env{Stamp: causal.Stamp(runs), Next: func(string) causal.Dot { return causal.Dot{Seq: runs} }}
	}
}

func engineOf(t *testing.T, p *plan.Program, role string) *Engine {
	t.Helper()
	e, err := New(Config{Program: p, Role: role})
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func inStock(t *testing.T, e *Engine) int64 {
	t.Helper()
	r, err := e.Read("stock", []value.Value{value.String("tea")})
	if err != nil {
		t.Fatal(err)
	}
	return r.Value.AsInt()
}

// TestABlockIsHandedOn follows a block from a client, where its handler runs,
// to a server with another version of the program, and back to its else.
func TestABlockIsHandedOn(t *testing.T) {
	client, server := engineOf(t, buying(0), "client"), engineOf(t, buying(3), "server")
	env := counted()
	h, _ := client.Handler("buy")
	out := client.Run(h, []value.Value{value.String("tea"), value.Int(2)}, env())
	if out.Abort != "" || out.Handed == nil || len(out.Writes) != 1 {
		t.Fatalf("the prefix: %+v", out)
	}
	if inStock(t, client) != 0 {
		t.Error("the block ran at the client")
	}
	if !server.Knows(out.Handed.Block) || !server.HasElse(out.Handed.Block) || server.IsSaga(out.Handed.Block) {
		t.Fatal("another version with the same block does not know it")
	}
	if o := server.Serve(out.Handed, env()); o.Abort != AbortInvariant || len(o.Writes) > 0 {
		t.Errorf("nothing is in stock: %+v", o)
	}
	if inStock(t, server) != 0 || len(server.databases[3].cells) != 0 {
		t.Error("a run that breaks an invariant left something")
	}
	o := client.Otherwise(out.Handed, AbortInvariant, env())
	missed, _ := client.Read("missed", nil)
	if o.Abort != "" || missed.Value.AsString() != AbortInvariant {
		t.Errorf("the else: %+v, %v", o, missed.Value)
	}
	server.Apply([]Change{{Database: "stock", Key: value.Encode(value.String("tea")), Item: supply(5)}})
	if o := server.Serve(out.Handed, env()); o.Abort != "" || len(o.Writes) != 1 || o.Writes[0].Space != plan.HomeSpace || inStock(t, server) != 3 {
		t.Errorf("the block: %+v", o)
	}
}

// TestWhatIsHandedOnIsNotBelieved: values of other types, too few of them, and
// unknown blocks abort, and so does what stands at another role.
func TestWhatIsHandedOnIsNotBelieved(t *testing.T) {
	server := engineOf(t, buying(0, "server"), "server")
	block := server.program.Atomics()[0].Hash
	if server.RaisedAt(block, "client") || !server.RaisedAt(block, "server") || engineOf(t, buying(0), "server").Knows(block) {
		t.Error("where the handler stands is no part of the block")
	}
	env := counted()
	for _, c := range []struct {
		h    Handed
		want string
	}{
		{Handed{}, AbortUpgrade},
		{Handed{Block: block}, AbortArgument},
		{Handed{Block: block, Slots: []value.Value{value.String("tea"), value.Int(-1)}}, AbortArgument},
		{Handed{Block: block, Slots: []value.Value{value.Int(1), value.Int(1)}}, AbortArgument},
	} {
		if o := server.Serve(&c.h, env()); o.Abort != c.want {
			t.Errorf("%+v: %+v", c.h, o)
		}
	}
	if o := server.Step(&Handed{Block: block}, 0, env()); o.Abort != AbortUpgrade {
		t.Error("a serial block has no steps")
	}
}

// supply is what another author has brought in.
func supply(n int64) crdt.Item {
	cell, _ := crdt.New("counter")
	author := causal.ReplicaID{9}
	delta, _ := cell.Do("inc", author, value.Int(n))
	return crdt.Item{ID: causal.EntryID{Dot: causal.Dot{Replica: author, Seq: 1}}, Value: delta.Add[0]}
}
