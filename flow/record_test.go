package flow_test

import (
	"testing"

	"github.com/martinelli-lang/martinelli/flow"
	"github.com/martinelli-lang/martinelli/value"
)

// TestWatchRecords: a record is watched by its own name, at all its keys.
func TestWatchRecords(t *testing.T) {
	n := &node{compile(t, `
database :orders, { lines: gset<string>, state: { paid: once, note: lww<string> } }, :by => :order_id
database :one, { n: gcounter, who: gset<string> }
database :deep, { n: gcounter, m: map<int, gcounter> }
on_line do |order_id: id, s: string| orders[:order_id].lines.add(s) end
on_pay do |order_id: id| orders[:order_id].state.paid.on() end
on_count do one.n.inc(1) end
on_deep do deep.m[3].inc(1) end
`), map[string]uint64{}}
	for _, name := range []string{"orders", "one"} {
		if err := n.Watch(name); err != nil {
			t.Fatal(err)
		}
	}
	if err := n.Watch("deep"); err == nil {
		t.Error("a record with a map in it is watched as a whole")
	}
	shown := func() (s flow.Shown) {
		t.Helper()
		out := n.Drain()
		if len(out.Shown) != 1 {
			t.Fatalf("%d changes are shown", len(out.Shown))
		}
		return out.Shown[0]
	}
	n.raise(t, "line", value.String("a"), value.String("tea"))
	if s := shown(); len(s.Added) != 1 || len(s.Removed) != 0 || s.Added[0].Field(0).AsString() != "a" || len(s.Added[0].Field(1).Field(0).Elems()) != 1 {
		t.Errorf("a new key shows %+v", s)
	}
	n.raise(t, "pay", value.String("a"))
	if s := shown(); len(s.Added) != 1 || len(s.Removed) != 1 || !s.Added[0].Field(1).Field(1).Field(1).AsBool() {
		t.Errorf("a field of a field shows %+v", s)
	}
	n.raise(t, "count")
	if s := shown(); len(s.Added) != 1 || s.Added[0].Field(0).AsInt() != 1 {
		t.Errorf("without keys: %+v", s)
	}
}
