package flow_test

import (
	"testing"

	"github.com/martinelli-lang/martinelli/internal/jsonvalue"
	"github.com/martinelli-lang/martinelli/value"
)

// A log has what came twice twice: that is how many it counts, and what a loop
// goes over. All else that is computed of it is of its elements, each once and
// in their order, wherever it is computed: in a view, in the body of one, and
// in a handler. Programs that were made up found that bodies, handlers and
// group took what was appended instead.
const logged = `
database :l, log<int>, :replicated => true
database :s, set<int>, :replicated => true
database :out, gset<string>, :replicated => true
database :loops, gcounter, :replicated => true
on_append do |n: int| l.append(n) end
on_put do |n: int| s.add(n) end
view :all do l.count end
view :some do l.filter do |x| x > 0 end.count end
view :sizes do l.group do |x| x % 2 end.map do |k, of| of.count end end
view :inside do s.map do |x| l.filter do |y| y > x - 100 end.count end end
view :apart do s.filter do |x| l.count == 4 end.count end
on_look do
  tentatively do
  if l.count == 4 and l.union(s).count == 4 and s.minus(l).count == 1
    out.add("sets")
  end
  if l.filter do |x| x > 0 end.count == 3 and l.sum == 6 and l.first.or(0) == 3 and l.last.or(0) == 1
    out.add("readers")
  end
  l.each do |x| loops.inc(1) end
  end
end
`

func TestLogIsABagOfOneMeaning(t *testing.T) {
	n := &node{compile(t, logged), map[string]uint64{}}
	for _, x := range []int64{3, 2, 3, 1} {
		n.raise(t, "append", value.Int(x))
	}
	for _, x := range []int64{3, 9} {
		n.raise(t, "put", value.Int(x))
	}
	n.raise(t, "look")
	for _, c := range []struct{ read, want string }{
		{"all", "4"}, {"some", "3"}, {"sizes", "[1,2]"}, {"inside", "[3]"}, {"apart", "2"}, {"out", `["readers","sets"]`}, {"loops", "4"},
	} {
		r, err := n.Read(c.read, nil)
		if got := string(jsonvalue.Append(nil, r.Type, r.Value)); err != nil || got != c.want {
			t.Errorf("%s is %s, not %s", c.read, got, c.want)
		}
	}
}
