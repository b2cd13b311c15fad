package invariant_test

import (
	"testing"

	"github.com/martinelli-lang/martinelli/lang/invariant"
)

// TestReadersOfAll judges conditions on readers that are no terms of the
// catalogue: refused, with two replicas that break them where there are any.
func TestReadersOfAll(t *testing.T) {
	const handlers = `
on_log do |s: id, n: nat|
  items.add({ id: s, name: s })
  sums.add(n)
end
on_unlog do |n: nat| sums.remove(n) end
database :sums, set<nat>, :replicated => true
`
	for _, c := range []struct {
		cond    string
		isShown bool
	}{
		{"sums.sum <= 5", true},
		{"sums.sum do |n| n * 2 end < 9", true},
		{"sums.max.or(0) <= 7", false},
		{"sums.min.or(9) >= 1 or sums.count < 3", true},
		{"sums.avg.or(0.0) <= 3.0", false},
		{"not (sums.any do |n| n == 3 end)", false},
		{"sums.sort_by do |n| n end.count <= 2", false},
		{"sums.top(2) do |n| n end.count <= 2", false},
		{"items.map do |i| i.name end.count <= 2", true},
		{"items.group do |i| i.name end.count <= 2", false},
		{"sums.filter do |n| n > 1 end.count <= 1", true},
		{"sums.first.or(0) < 4", false},
	} {
		v := invariant.Judge(typed(t, shop+handlers+"invariant :i do "+c.cond+" end")).Verdicts[0]
		t.Logf("%s: %v %q %q", c.cond, v.Kind, v.Shape, v.Counterexample)
		if v.Kind == invariant.Free && v.Shape == "" || c.isShown && v.Counterexample == "" {
			t.Errorf("%s: %v (%s) %q", c.cond, v.Kind, v.Shape, v.Counterexample)
		}
	}
}
