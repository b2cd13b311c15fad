package flow

import (
	"errors"
	"math"
	"slices"
	"testing"

	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/plan"
	"github.com/martinelli-lang/martinelli/value"
)

// shop is a program whose handlers use every statement.
type shop struct {
	schema
	counters, items, status, home, own int
}

func newShop() *shop {
	s := &shop{}
	id := plan.Dim{Name: "id", Type: plan.ID}
	s.counters = s.database("counters", lattice(plan.KindGCounter), id)
	s.items = s.database("items", lattice(plan.KindORSet, plan.Int))
	s.status = s.database("status", lattice(plan.KindLWW, plan.String), id)
	s.home = s.database("stock", lattice(plan.KindCounter), id)
	s.Databases[s.home].Placement = plan.Home
	s.own = s.database("own", lattice(plan.KindORSet, plan.Int), plan.Dim{Name: "user_id", Type: plan.ID})
	s.Databases[s.own].Placement = plan.ByValue
	s.Databases[s.own].WriteByKey = 0
	return s
}

// handler adds a handler with parameters of the given types.
func (s *shop) handler(event string, types []plan.Type, body func(ps []*plan.Expr) []*plan.Stmt) {
	slots = 0
	var params []plan.Param
	var ps []*plan.Expr
	for _, t := range types {
		ps = append(ps, local(slot(), t))
		params = append(params, plan.Param{Name: "p", Type: t})
	}
	s.on(event, params, body(ps)...)
}

func (s *shop) simple(event string, body ...*plan.Stmt) {
	s.handler(event, nil, func([]*plan.Expr) []*plan.Stmt { return body })
}

func abort(why string) *plan.Stmt { return &plan.Stmt{Op: plan.StmtAbort, Name: why} }

func when(cond *plan.Expr, then ...*plan.Stmt) *plan.Stmt {
	return &plan.Stmt{Op: plan.StmtIf, Args: []*plan.Expr{cond}, Body: then}
}

// TestOneEntryForManyIncrements: increments of one run leave one entry with
// all of them, which replaces the entry of the run before.
func TestOneEntryForManyIncrements(t *testing.T) {
	s := newShop()
	inc := write(s.counters, "inc", 1, str("x"), num(2))
	s.simple("twice", inc, inc)
	e, a := s.open(t), newAuthor(1)
	first := a.raise(e, "twice")
	second := a.raise(e, "twice")
	want := []SpaceWrite{{
		Space:   "shared",
		Entries: []causal.Entry{{Database: "counters", Key: value.Encode(value.String("x")), Value: value.Encode(value.Int(8))}},
		Removed: []causal.EntryID{{Dot: causal.Dot{Replica: a.self, Seq: 1}}},
	}}
	if !slices.EqualFunc(second.Writes, want, sameWrite) {
		t.Fatalf("wrote %v, want %v", second.Writes, want)
	}
	if len(first.Writes[0].Entries) != 1 || len(first.Writes[0].Removed) != 0 {
		t.Fatalf("the first run wrote %v", first.Writes)
	}
	third := a.raise(e, "twice")
	if id := third.Writes[0].Removed; len(id) != 1 || id[0].Seq != 2 || id[0].Offset != 0 {
		t.Fatalf("the third run removes %v: the cell does not know the entry by its name in the part", id)
	}
}

// TestWhatIsOutIsKept: a set in which remove wins notes what was removed, also
// where nothing is in it: the next add has seen that and takes it back.
func TestWhatIsOutIsKept(t *testing.T) {
	s := newShop()
	members := s.database("members", lattice(plan.KindRSet, plan.Int))
	s.simple("enter", write(members, "add", 0, num(1)))
	s.simple("leave", write(members, "remove", 0, num(1)))
	e, a := s.open(t), newAuthor(1)
	for i, event := range []string{"enter", "leave", "enter", "leave"} {
		w := a.raise(e, event).Writes
		if len(w) != 1 || len(w[0].Entries) != 1 || len(w[0].Removed) != min(i, 1) {
			t.Fatalf("run %d writes %v", i, w)
		}
	}
}

func sameWrite(a, b SpaceWrite) bool {
	return a.Space == b.Space && slices.Equal(a.Entries, b.Entries) && slices.Equal(a.Removed, b.Removed)
}

// TestEntriesThatComeAndGoInOneRun leave no trace, and those behind them move up.
func TestEntriesThatComeAndGoInOneRun(t *testing.T) {
	s := newShop()
	s.simple("pass", write(s.items, "add", 0, num(1)), write(s.items, "remove", 0, num(1)))
	s.simple("mixed",
		write(s.items, "add", 0, num(1)), write(s.items, "add", 0, num(2)),
		write(s.items, "remove", 0, num(1)), write(s.items, "add", 0, num(3)))
	s.simple("drop", write(s.items, "remove", 0, num(3)))
	e, a := s.open(t), newAuthor(1)
	if out := a.raise(e, "pass"); len(out.Writes) != 0 {
		t.Fatalf("wrote %v", out.Writes)
	}
	out := a.raise(e, "mixed")
	if got := out.Writes[0].Entries; len(got) != 2 || got[0].Value != value.Encode(value.Int(2)) || got[1].Value != value.Encode(value.Int(3)) {
		t.Fatalf("wrote %v", got)
	}
	out = a.raise(e, "drop")
	if got := out.Writes[0].Removed; len(got) != 1 || got[0].Offset != 1 {
		t.Fatalf("removes %v, want the entry at offset 1", got)
	}
}

// TestARunReadsItsOwnWrites in cells, and views as they were before it.
func TestARunReadsItsOwnWrites(t *testing.T) {
	s := newShop()
	n := s.view("n", count(s.cell(s.items)))
	s.simple("grow",
		write(s.items, "add", 0, num(7)),
		when(yes(plan.OpNe, count(s.cell(s.items)), num(1)), abort("cell_unseen")),
		when(yes(plan.OpNot, yes(plan.OpIn, num(7), s.cell(s.items))), abort("element_unseen")),
		when(yes(plan.OpNe, n, num(0)), abort("view_ahead")),
		write(s.counters, "inc", 1, str("x"), num(5)),
		when(yes(plan.OpNe, s.cell(s.counters, str("x")), num(5)), abort("counter_unseen")))
	s.simple("after", when(yes(plan.OpNe, n, num(1)), abort("view_behind")))
	e, a := s.open(t), newAuthor(1)
	for _, event := range []string{"grow", "after"} {
		if out := a.raise(e, event); out.Abort != "" {
			t.Fatal(out.Abort)
		}
	}
}

// TestAbortUndoesEverything: cells, keys, views and what would be shown.
func TestAbortUndoesEverything(t *testing.T) {
	s := newShop()
	s.view("seen", s.cell(s.items))
	s.simple("set_up",
		write(s.items, "add", 0, num(1)), write(s.counters, "inc", 1, str("x"), num(3)),
		write(s.status, "set", 1, str("x"), str("old")))
	s.simple("fail",
		write(s.items, "remove", 0, num(1)), write(s.items, "add", 0, num(2)), write(s.items, "add", 0, num(1)),
		write(s.counters, "inc", 1, str("x"), num(1)), write(s.counters, "inc", 1, str("x"), num(1)),
		write(s.counters, "inc", 1, str("y"), num(1)),
		write(s.status, "set", 1, str("x"), str("new")), write(s.status, "set", 1, str("z"), str("new")),
		abort("enough"))
	s.simple("again", write(s.counters, "inc", 1, str("x"), num(1)))
	e, a := s.open(t), newAuthor(1)
	if err := e.Watch("seen"); err != nil {
		t.Fatal(err)
	}
	a.raise(e, "set_up")
	e.Drain()
	before := snapshot(e)
	out := a.raise(e, "fail")
	if out.Abort != "enough" || len(out.Writes) != 0 {
		t.Fatalf("aborted with %q and wrote %v", out.Abort, out.Writes)
	}
	if after := snapshot(e); !value.Equal(before, after) {
		t.Fatalf("before %v, after %v", before, after)
	}
	if shown := e.Drain().Shown; len(shown) != 0 {
		t.Fatalf("shown: %v", shown)
	}
	out = a.raise(e, "again")
	if ids := out.Writes[0].Removed; len(ids) != 1 || ids[0].Seq != 1 {
		t.Fatalf("after the abort the counter holds %v", ids)
	}
}

func snapshot(e *Engine) value.Value {
	var all []value.Value
	for _, db := range e.databases {
		for _, c := range db.sorted() {
			all = append(all, value.Tuple(value.String(db.decl.Name), value.String(c.path), c.crdt.Value()))
		}
	}
	return value.List(all...)
}

// TestSpacesOfARun: a run writes one share for each space, and names those it read.
func TestSpacesOfARun(t *testing.T) {
	s := newShop()
	v := s.view("mine", s.rows(s.own))
	s.handler("buy", []plan.Type{plan.ID}, func(ps []*plan.Expr) []*plan.Stmt {
		return []*plan.Stmt{
			when(yes(plan.OpLt, s.cell(s.home, str("x")), num(-9)), abort("sold_out")),
			write(s.home, "dec", 1, str("x"), num(1)),
			write(s.own, "add", 1, ps[0], num(1)),
			write(s.items, "add", 0, num(1)),
		}
	})
	s.simple("look", when(yes(plan.OpGt, count(v), num(9)), abort("much")))
	e, a := s.open(t), newAuthor(1)
	out := a.raise(e, "buy", value.String("ann"))
	var spaces []string
	for _, w := range out.Writes {
		spaces = append(spaces, w.Space)
	}
	if want := []string{"home", "shared", "user_id=ann"}; !slices.Equal(spaces, want) {
		t.Fatalf("wrote %v, want %v", spaces, want)
	}
	if !slices.Equal(out.Reads, []string{"home"}) {
		t.Fatalf("read %v", out.Reads)
	}
	a.raise(e, "buy", value.String("bob"))
	if out := a.raise(e, "look"); !slices.Equal(out.Reads, []string{"user_id=ann", "user_id=bob"}) {
		t.Fatalf("a view over both spaces read %v", out.Reads)
	}
}

// TestWhoMayWrite: at a role that binds a user, he writes his own keys only.
func TestWhoMayWrite(t *testing.T) {
	s := newShop()
	s.handler("mine", []plan.Type{plan.ID}, func(ps []*plan.Expr) []*plan.Stmt {
		return []*plan.Stmt{write(s.own, "add", 1, ps[0], num(1))}
	})
	s.Roles = []plan.Role{{Name: "server"}, {Name: "client", Ambient: "user_id"}}
	for _, c := range []struct{ role, user, key, abort string }{
		{"client", "ann", "ann", ""}, {"client", "ann", "bob", AbortForbidden},
		{"server", "", "bob", ""}, {"server", "bob", "bob", ""}, {"server", "ann", "bob", AbortForbidden},
	} {
		e, err := New(Config{Program: &s.Program, Role: c.role})
		if err != nil {
			t.Fatal(err)
		}
		env := newAuthor(1).env()
		env.User = c.user
		h, _ := e.Handler("mine")
		if out := e.Run(h, []value.Value{value.String(c.key)}, env); out.Abort != c.abort {
			t.Errorf("%s for %q writes key %s: %q, want %q", c.role, c.user, c.key, out.Abort, c.abort)
		}
	}
}

// TestWhatARunRefuses gives each word with which a run aborts.
func TestWhatARunRefuses(t *testing.T) {
	s := newShop()
	list := plan.Type{Kind: plan.KindList, Args: []plan.Type{plan.Int}}
	s.handler("inc", []plan.Type{plan.Int}, func(ps []*plan.Expr) []*plan.Stmt {
		return []*plan.Stmt{write(s.counters, "inc", 1, str("x"), ps[0])}
	})
	s.handler("nat", []plan.Type{plan.Nat}, func(ps []*plan.Expr) []*plan.Stmt { return nil })
	s.handler("cubed", []plan.Type{list}, func(ps []*plan.Expr) []*plan.Stmt {
		each := func(body ...*plan.Stmt) *plan.Stmt {
			return &plan.Stmt{Op: plan.StmtEach, Args: []*plan.Expr{ps[0]}, Params: []int{slot()}, Body: body}
		}
		return []*plan.Stmt{each(each(each()))}
	})
	fails := 0
	s.Imports = []plan.Import{{Name: "charge", Params: []plan.Param{{Name: "n", Type: plan.Int}}, Result: plan.Bool, From: "go:Charge"}}
	s.handler("charge", []plan.Type{plan.Int}, func(ps []*plan.Expr) []*plan.Stmt {
		call := &plan.Expr{Op: plan.OpImport, Type: plan.Bool, Args: ps}
		return []*plan.Stmt{write(s.items, "add", 0, num(1)), when(call, write(s.items, "add", 0, num(2)))}
	})
	charge := func(args []value.Value) (value.Value, error) {
		fails++
		switch args[0].AsInt() {
		case 1:
			return value.Nil, errors.New("declined")
		case 2:
			panic("bug")
		case 3:
			return value.Int(1), nil
		}
		return value.Bool(true), nil
	}
	e, err := New(Config{Program: &s.Program, Funcs: map[string]Func{"Charge": charge}, FuelMax: 10_000})
	if err != nil {
		t.Fatal(err)
	}
	a := newAuthor(1)
	many := make([]value.Value, 100)
	for i := range many {
		many[i] = value.Int(int64(i))
	}
	for _, c := range []struct {
		event, abort string
		arg          value.Value
	}{
		{"inc", "", value.Int(1)},
		{"inc", AbortRange, value.Int(-1)},
		{"inc", AbortRange, value.Int(1 << 31)},
		{"inc", AbortArgument, value.String("1")},
		{"nat", AbortArgument, value.Int(-1)},
		{"nat", AbortArgument, value.Int(1 << 31)},
		{"nat", "", value.Int(1<<31 - 1)},
		{"cubed", AbortFuel, value.List(many...)},
		{"cubed", "", value.List(many[:10]...)},
		{"charge", "", value.Int(0)},
		{"charge", AbortImport, value.Int(1)},
		{"charge", AbortImport, value.Int(2)},
		{"charge", AbortImport, value.Int(3)},
	} {
		if out := a.raise(e, c.event, c.arg); out.Abort != c.abort {
			t.Errorf("%s(%v): %q (%s), want %q", c.event, c.arg, out.Abort, out.Detail, c.abort)
		}
	}
	if _, err := New(Config{Program: &s.Program}); err == nil {
		t.Error("a program opens without the function it calls")
	}
}

// TestArithmeticIsTotal at the corners where machines differ.
func TestArithmeticIsTotal(t *testing.T) {
	const least = -1 << 63
	for _, c := range []struct {
		op         plan.Op
		x, y, want int64
	}{
		{plan.OpDiv, 7, 0, 0}, {plan.OpMod, 7, 0, 0},
		{plan.OpDiv, least, -1, least}, {plan.OpMod, least, -1, 0},
		{plan.OpDiv, -7, 2, -3}, {plan.OpMod, -7, 2, -1},
		{plan.OpAdd, 1<<63 - 1, 1, least}, {plan.OpSub, least, 1, 1<<63 - 1}, {plan.OpMul, 1 << 62, 2, least},
	} {
		s := newShop()
		s.view("v", calc(c.op, num(c.x), num(c.y)))
		s.view("loose", op(c.op, plan.Any, &plan.Expr{Op: plan.OpConst, Type: plan.Any, Const: value.Int(c.x)}, num(c.y)))
		e := s.open(t)
		for _, name := range []string{"v", "loose"} {
			if r, _ := e.Read(name, nil); r.Value.AsInt() != c.want {
				t.Errorf("%s: %d op%d %d = %v, want %d", name, c.x, c.op, c.y, r.Value, c.want)
			}
		}
	}
	for _, x := range []float64{floatOp(plan.OpDiv, 0, 0), floatOp(plan.OpDiv, 1, 0), floatOp(plan.OpMod, 1, 0), tidy(math.Copysign(0, -1))} {
		if x != 0 {
			t.Errorf("%v, want 0", x)
		}
	}
}

// TestForeignEntriesMeanNothing: what is not of this program's types is
// ignored, coming and going.
func TestForeignEntriesMeanNothing(t *testing.T) {
	s := newShop()
	s.view("doubled", mapped(s.cell(s.items), func(x *plan.Expr) *plan.Expr { return calc(plan.OpMul, x, num(2)) }))
	e, h := s.open(t), &history{}
	if err := e.Watch("doubled"); err != nil {
		t.Fatal(err)
	}
	e.Apply([]Change{
		h.add("items", nil, value.String("no int")),
		h.add("items", []value.Value{value.Int(1)}, value.Int(1)),
		h.add("unknown", nil, value.Int(1)),
		h.add("counters", []value.Value{value.Int(1)}, value.Int(1)),
	})
	for range h.live {
		e.Apply([]Change{h.remove(0)})
	}
	if got := snapshot(e); len(got.Elems()) != 0 {
		t.Fatalf("left: %v", got)
	}
	if out := e.Drain(); len(out.Shown) != 0 {
		t.Fatalf("shown: %v", out.Shown)
	}
}
