package sim

import (
	"os"
	"testing"

	"github.com/martinelli-lang/martinelli/flow"
	"github.com/martinelli-lang/martinelli/value"
)

// The programs of the language's design are played as they are written there:
// only a test, and what fills a stock, is added.

// declining is a payment service of which the poor get nothing.
func declining(args []value.Value) (value.Value, error) {
	return value.Bool(args[0].AsString() != "poor"), nil
}

// nothingFound is a model that recognises nothing.
func nothingFound([]value.Value) (value.Value, error) { return value.List(), nil }

var designs = []struct {
	file, test string
	fn         flow.Func
}{
	{"wine", `
test "what is sold is what is gone" do
  given do
    nodes(:server, 1)
    server.on_deliver("w1", 7)
    faults(drop: 0.2, duplicate: 0.2, reorder: true, cuts: 2, crashes: 1)
  end
  when do
    client("ann").on_photo({ url: "u", taken: 1 })
    client("ann").on_buy("w1", 1)
    client("ben").on_buy("w1", 2)
    client("ann").on_buy("w1", 3)
    client("ben").on_buy("w1", 4)
    settle()
    client("ben").on_buy("w1", 5)
  end
  then do
    expect(stock["w1"] >= 0 and stock["w1"] < 7)
    expect(stock["w1"] + orders["ann"].sum do |o| o.qty end + orders["ben"].sum do |o| o.qty end == 7)
  end
end
`, nothingFound},
	{"orders", `
at :server do
  on_deliver do |sku: id, qty: nat| stock[:sku].inc(qty) end
end
test "what was declined is on the shelf again" do
  given do
    nodes(:server, 2)
    server(1).on_deliver("tea", 5)
    faults(drop: 0.2, duplicate: 0.2, reorder: true, cuts: 2, crashes: 1)
  end
  when do
    server(2).on_purchase("rich", "tea", 2)
    server(2).on_purchase("poor", "tea", 2)
    settle()
    server(1).on_purchase("late", "tea", 2)
    server(2).on_pay("rich", "tea", 2)
    server(2).on_pay("poor", "tea", 2)
  end
  then do
    expect(stock["tea"] == 3)
    expect(orders["rich"].paid and orders["rich"].status == :shipped)
    expect(not orders["poor"].paid and orders["poor"].status == :cancelled)
    expect(orders["late"].status == nil)
  end
end
`, declining},
}

// TestDesigns: whatever is lost, cut or killed, the stock and what was sold of
// it are together what was delivered.
func TestDesigns(t *testing.T) {
	for _, d := range designs {
		text, err := os.ReadFile("../lang/testdata/" + d.file + "/" + d.file + ".mrt")
		if err != nil {
			t.Fatal(err)
		}
		p, tests := testsOf(t, d.test, string(text)) // a bare `at` reaches to the end
		funcs := map[string]flow.Func{}
		for i := range p.Imports {
			funcs[p.Imports[i].Link()] = d.fn
		}
		for seed := range seeds(20) {
			v, err := Try(Trial{Program: p, Funcs: funcs, Test: &tests[0], Seed: seed})
			if err != nil {
				t.Fatal(err)
			}
			if v.Failure != nil {
				t.Errorf("%s, seed %d: %v", d.file, seed, v.Failure.Letter(tests[0].Span, "again"))
			}
		}
	}
}
