package flow_test

import (
	"os"
	"strconv"
	"testing"

	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/flow"
	"github.com/martinelli-lang/martinelli/lang"
	"github.com/martinelli-lang/martinelli/lang/diag"
	"github.com/martinelli-lang/martinelli/value"
)

// compile opens an engine for a program's text.
func compile(t *testing.T, text string) *flow.Engine {
	t.Helper()
	return compileWith(t, text, nil)
}

func compileWith(t *testing.T, text string, funcs map[string]flow.Func) *flow.Engine {
	t.Helper()
	program, letters := lang.Compile([]lang.Source{{Name: "app.mrt", Text: text}}, nil)
	if program == nil {
		t.Fatalf("%s%s", diag.Renderer{}.Letter(letters[0]), text)
	}
	e, err := flow.New(flow.Config{Program: program, Role: "server", Funcs: funcs})
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// node runs events as one replica.
type node struct {
	*flow.Engine
	seqs map[string]uint64
}

func (n *node) raise(t *testing.T, event string, args ...value.Value) flow.Outcome {
	t.Helper()
	h, ok := n.Handler(event)
	if !ok {
		t.Fatal("no handler of ", event)
	}
	out := n.Run(h, args, n.env())
	n.mint(out)
	return out
}

func (n *node) env() flow.Env {
	self := causal.ReplicaID{1}
	return flow.Env{
		Stamp: 1, Self: self,
		Next: func(space string) causal.Dot { return causal.Dot{Replica: self, Seq: n.seqs[space] + 1} },
	}
}

func (n *node) mint(out flow.Outcome) {
	for _, w := range out.Writes {
		n.seqs[w.Space]++
	}
}

func (n *node) read(t *testing.T, name string) []value.Value {
	t.Helper()
	r, err := n.Read(name, nil)
	if err != nil {
		t.Fatal(name, err)
	}
	return r.Value.Elems()
}

// TestWhereLaspFails runs the programs on which Lasp's combinators are wrong:
// functions that are not injective or not monotone, and an intersection that
// one side leaves.
func TestWhereLaspFails(t *testing.T) {
	n := &node{compile(t, `
database :xs, set<int>, :replicated => true
database :ys, set<int>, :replicated => true
view :negated do xs.map do |x| -x end end
view :rem3 do xs.map do |x| x % 3 end end
view :common do xs.intersection(ys) end
on_add do |x: int| xs.add(x) end
on_take do |x: int| xs.remove(x) end
on_also do |x: int| ys.add(x) end
`), map[string]uint64{}}
	for _, view := range []string{"negated", "rem3", "common"} {
		if err := n.Watch(view); err != nil {
			t.Fatal(err)
		}
	}
	for _, x := range []int64{1, 2, 3, 5, 7, 8, 9} {
		n.raise(t, "add", value.Int(x))
		n.raise(t, "also", value.Int(x))
	}
	expect(t, n.read(t, "negated"), -9, -8, -7, -5, -3, -2, -1)
	expect(t, n.read(t, "rem3"), 0, 1, 2)
	for _, x := range []int64{1, 3, 7} {
		n.raise(t, "take", value.Int(x))
	}
	expect(t, n.read(t, "rem3"), 0, 2)
	n.raise(t, "take", value.Int(9))
	expect(t, n.read(t, "negated"), -8, -5, -2)
	expect(t, n.read(t, "rem3"), 2)
	expect(t, n.read(t, "common"), 2, 5, 8)
}

func expect(t *testing.T, got []value.Value, want ...int64) {
	t.Helper()
	elems := make([]value.Value, len(want))
	for i, x := range want {
		elems[i] = value.Int(x)
	}
	if !value.Equal(value.List(got...), value.List(elems...)) {
		t.Errorf("got %v, want %v", got, want)
	}
}

// TestTheAdvertisementCounter runs the example's text: ads with contracts are
// displayed until their budget is spent, and an impression costs the same
// whatever else there is.
func TestTheAdvertisementCounter(t *testing.T) {
	text, err := os.ReadFile("../examples/ads/ads.mrt")
	if err != nil {
		t.Fatal(err)
	}
	n := &node{compile(t, string(text)), map[string]uint64{}}
	if err := n.Watch("ads_to_display"); err != nil {
		t.Fatal(err)
	}
	var ads, contracts []value.Value
	for i := range 200 {
		id := value.String("a" + strconv.Itoa(i))
		ads = append(ads, value.Record(id, value.String("")))
		contracts = append(contracts, value.Record(id, value.String("p")))
	}
	n.raise(t, "load", value.List(ads...))
	before := n.Steps()
	n.raise(t, "sign", value.List(contracts[:100]...))
	if got := n.Steps() - before; got > 100*8 {
		t.Errorf("100 contracts over 200 ads took %d steps: the product is not joined", got)
	}
	if got := len(n.read(t, "ads_to_display")); got != 100 {
		t.Errorf("%d ads are displayed, 100 have contracts", got)
	}
	before = n.Steps()
	for range 50_000 {
		n.raise(t, "shown", value.String("a7"))
	}
	if out := n.Drain(); len(out.Violations) != 0 {
		t.Fatalf("at its budget: %v", out.Violations)
	}
	if got := n.Steps() - before; got > 50_000*2 {
		t.Errorf("50,000 impressions took %d steps", got)
	}
	n.raise(t, "shown", value.String("a7"))
	vs := n.Drain().Violations
	if len(vs) != 1 || !vs[0].Standing {
		t.Fatalf("over its budget: %v", vs)
	}
	n.mint(n.Repair(vs[0], n.env()))
	if got := len(n.read(t, "ads_to_display")); got != 99 {
		t.Errorf("%d ads are displayed after the repair", got)
	}
}
