package plan

import (
	"bytes"
	"reflect"
	"strings"
	"testing"

	"github.com/martinelli-lang/martinelli/value"
)

var ad = Type{Kind: KindRecord, Name: "Ad", Fields: []Field{{"id", ID}, {"image", String}}}

// sample uses every part of a plan's form.
func sample() *Program {
	local := func(i int, t Type) *Expr { return &Expr{Op: OpLocal, Type: t, Index: i} }
	return &Program{
		Types: []TypeDecl{{"Ad", ad}},
		Databases: []Database{
			{Name: "ads", Lattice: Type{Kind: KindORSet, Args: []Type{ad}}, Placement: Shared, WriteByKey: -1, WriteByAll: true},
			{Name: "seen", Lattice: Type{Kind: KindGCounter}, Dims: []Dim{{"user_id", ID}, {"day", Int}}, Placement: ByValue, At: []string{"server"}, WriteByKey: 0},
		},
		Views: []View{{Name: "ids", Slots: 1, Expr: &Expr{
			Op: OpMap, Type: SetOf(ID), Args: []*Expr{{Op: OpDatabase, Type: SetOf(ad)}},
			Block: &Block{Params: []int{0}, Expr: &Expr{Op: OpField, Type: ID, Args: []*Expr{local(0, ad)}}},
		}}},
		Handlers: []Handler{{
			Event: "shown", Params: []Param{{"id", ID}}, User: 1, Slots: 2,
			Body: []*Stmt{{
				Op: StmtIf, Args: []*Expr{{Op: OpConst, Type: Bool, Const: value.Bool(true)}},
				Body: []*Stmt{{Op: StmtWrite, Index: 1, Name: "inc", Keys: 2, Args: []*Expr{
					local(1, ID), {Op: OpConst, Type: Int, Const: value.Int(7)}, {Op: OpConst, Type: Int, Const: value.Int(1)},
				}}},
				Else: []*Stmt{{Op: StmtAbort, Name: "never"}},
			}},
		}},
		Processes:  []Process{{At: []string{"client"}, Renders: []Render{{"ids", &Expr{Op: OpView, Type: SetOf(ID)}, false}}}},
		Invariants: []Invariant{{Name: "budget", Source: &Expr{Op: OpDatabase, Type: SetOf(ad)}, Params: []int{0}, Slots: 1, Cond: &Expr{Op: OpConst, Type: Bool}}},
		Imports:    []Import{{"f", []Param{{"", Int}}, Maybe(TupleOf(Int, Float)), "go:f", []string{"monotone"}}},
		Funcs:      []Func{{"one", nil, 0, &Expr{Op: OpConst, Type: Int, Const: value.Int(1)}}},
		Allows: []Allow{
			{"write", 0, 0, 1, &Expr{Op: OpConst, Type: Bool, Const: value.Bool(true)}, nil, false, -1},
			{"read", 1, 0, 3, &Expr{Op: OpConst, Type: Bool, Const: value.Bool(true)}, []int{1, 2}, true, -1},
		},
		Roles: []Role{{Name: "client", Nodes: 2, Quorum: true, OfflineMax: 5, Ambient: "user_id"}},
		Links: []Link{{"client", "client", 1000, 5000}},
	}
}

func TestEncodingRoundTrips(t *testing.T) {
	p := sample()
	b := Encode(p)
	q, err := Decode(b)
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(p, q) {
		t.Errorf("decoded\n%+v\nwant\n%+v", q, p)
	}
	if p.Hash() != q.Hash() {
		t.Error("equal plans have different hashes")
	}
	for n := range b {
		if _, err := Decode(b[:n]); err == nil {
			t.Fatalf("the first %d of %d bytes decode", n, len(b))
		}
	}
	b[0]++
	if _, err := Decode(b); err != ErrVersion {
		t.Errorf("another version: %v", err)
	}
}

func TestDecodeRefusesOpenPlans(t *testing.T) {
	for name, breaks := range map[string]func(*Program){
		"slot":     func(p *Program) { p.Views[0].Expr.Block.Params[0] = 9 },
		"database": func(p *Program) { p.Handlers[0].Body[0].Body[0].Index = 9 },
		"keys":     func(p *Program) { p.Handlers[0].Body[0].Body[0].Keys = 1 },
		"view":     func(p *Program) { p.Views[0].Expr = &Expr{Op: OpView} },
		"field":    func(p *Program) { p.Views[0].Expr.Block.Expr.Index = 2 },
		"arity":    func(p *Program) { p.Funcs[0].Expr.Op = OpAdd },
		"block":    func(p *Program) { p.Views[0].Expr.Block = nil },
		"space":    func(p *Program) { p.Databases[1].Space = 2 },
		"import":   func(p *Program) { p.Funcs[0].Expr.Op = OpImport },
	} {
		p := sample()
		breaks(p)
		if _, err := Decode(Encode(p)); err != ErrOpen {
			t.Errorf("%s: got %v, want %v", name, err, ErrOpen)
		}
	}
}

func TestDecodeBoundsNesting(t *testing.T) {
	e := &Expr{Op: OpConst, Type: Bool}
	for range 2 * ExprDepthMax {
		e = &Expr{Op: OpNot, Type: Bool, Args: []*Expr{e}}
	}
	p := &Program{Funcs: []Func{{Name: "deep", Expr: e}}}
	if _, err := Decode(Encode(p)); err != ErrDepth {
		t.Errorf("got %v, want %v", err, ErrDepth)
	}
}

func FuzzDecode(f *testing.F) {
	f.Add(Encode(sample()))
	f.Add([]byte{Version})
	f.Fuzz(func(t *testing.T, b []byte) {
		p, err := Decode(b)
		if err == nil && !bytes.Equal(Encode(p), b) {
			t.Error("it decodes, and encodes to other bytes")
		}
	})
}

func TestAssignable(t *testing.T) {
	open := Type{Kind: KindRecord, Fields: []Field{{"id", String}, {"image", Maybe(String)}}}
	for _, c := range []struct {
		from, to Type
		want     bool
	}{
		{Nat, Int, true}, {Int, Nat, false}, {Time, Int, true}, {Int, Time, true}, {Int, Float, false},
		{ID, String, true}, {String, ID, true}, {Symbol, String, false},
		{Int, Any, true}, {Any, Int, false}, {ad, Any, false}, {SetOf(ad), Any, false},
		{Type{Kind: KindNil}, Maybe(Int), true}, {Int, Maybe(Int), true}, {Maybe(Nat), Maybe(Int), true}, {Maybe(Int), Int, false},
		{ad, open, true}, {open, ad, false},
		{SetOf(Nat), SetOf(Int), true}, {SetOf(Int), SetOf(Nat), false},
		{TupleOf(Nat, ID), TupleOf(Int, String), true}, {TupleOf(Int), TupleOf(Int, Int), false},
	} {
		if got := c.from.AssignableTo(c.to); got != c.want {
			t.Errorf("%v to %v: got %v", c.from, c.to, got)
		}
	}
}

func TestUnify(t *testing.T) {
	for _, c := range []struct {
		a, b Type
		want string
	}{
		{Nat, Int, "int"}, {Int, Type{Kind: KindNil}, "int or nil"}, {Maybe(Nat), Int, "int or nil"}, {Int, String, ""},
	} {
		got, ok := c.a.Unify(c.b)
		if ok != (c.want != "") || ok && got.String() != c.want {
			t.Errorf("%v with %v: got %v, %v", c.a, c.b, got, ok)
		}
	}
}

func TestTypesAsText(t *testing.T) {
	set := Type{Kind: KindORSet, Args: []Type{ad}}
	if got := set.String(); got != "set<{ id: id, image: string }>" {
		t.Error(got)
	}
	if got := set.Label(); got != "set<Ad>" {
		t.Error(got)
	}
}

func TestLatticeWithVerbs(t *testing.T) {
	for verbs, want := range map[string]string{
		"": "set", "add": "gset", "add remove": "set", "remove": "set", "inc": "gcounter", "dec": "counter", "inc dec": "counter",
		"on": "once", "on off": "flag", "set": "mv", "append": "log", "add inc": "",
	} {
		l, _ := LatticeWith(strings.Fields(verbs))
		if l.Name != want {
			t.Errorf("%q: got %q, want %q", verbs, l.Name, want)
		}
	}
}

func TestSpaceName(t *testing.T) {
	p := sample()
	if got := p.Databases[0].SpaceName(nil); got != "shared" {
		t.Error(got)
	}
	if got := p.Databases[1].SpaceName([]value.Value{value.String("ann"), value.Int(3)}); got != "user_id=ann" {
		t.Error(got)
	}
	if got := (&Database{}).SpaceName(nil); got != "home" {
		t.Error(got)
	}
}

func TestMayWrite(t *testing.T) {
	d := &sample().Databases[1]
	key := []value.Value{value.String("ann"), value.Int(3)}
	client, server := Role{Ambient: "user_id"}, Role{}
	if !d.MayWrite(server, "", key) || !d.MayWrite(client, "ann", key) || d.MayWrite(client, "bob", key) {
		t.Error("the default rule lets servers and the key's user write, and nobody else")
	}
}

func TestCompareSchema(t *testing.T) {
	mine, other := sample(), sample()
	if got := CompareSchema(mine.Schema(), other.Schema()); got != "" {
		t.Error(got)
	}
	other.Databases = append(other.Databases, Database{Name: "more", Lattice: Type{Kind: KindOnce}})
	if got := CompareSchema(mine.Schema(), other.Schema()); got != "" {
		t.Errorf("an added database: %s", got)
	}
	other.Databases[1].Lattice = Type{Kind: KindCounter}
	want := "database seen is gcounter by (user_id: id, day: int), by user_id here and counter by (user_id: id, day: int), by user_id there"
	if got := CompareSchema(mine.Schema(), other.Schema()); !strings.HasPrefix(got, want) {
		t.Error(got)
	}
}
