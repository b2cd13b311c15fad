package node_test

import (
	"strings"
	"testing"

	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/node"
	"github.com/martinelli-lang/martinelli/value"
)

const coupons = `
database :coupons, gcounter, :replicated => true
database :stock, counter, :by => :sku, :replicated => true

invariant :enough, :keep => :escrow do
  coupons <= 100
end
invariant :never_oversold, :keep => :escrow do |sku in stock.keys|
  stock[:sku] >= -3
end
on_give do |n: nat|
  coupons.inc(n)
end
on_deliver do |sku: id, qty: nat|
  stock[:sku].inc(qty)
end
on_sell do |sku: id, qty: nat|
  stock[:sku].dec(qty)
end
on_sell_twice do |sku: id|
  stock[:sku].dec(1)
  stock[:sku].dec(1)
end
`

func give(n int64) node.RaiseRequest {
	return node.RaiseRequest{Event: "give", Args: []value.Value{value.Int(n)}}
}

func TestTheHomeHoldsWhatThereIsAtFirst(t *testing.T) {
	w := newWorld(t, coupons, 1)
	a := w.guests[0]
	if got := w.raise(a, give(40)); !got.Committed {
		t.Fatalf("aborted: %s %s", got.Abort, got.Detail)
	}
	if got := w.number(a, "coupons"); got != 40 {
		t.Errorf("coupons: %d, want 40", got)
	}
	if got := w.raise(a, give(61)); got.Abort != "no_rights" || !strings.Contains(got.Detail, "holds 60") {
		t.Errorf("the 101st coupon: %+v", got)
	}
	a.disk.Crash(0)
	w.open(a)
	if got := w.raise(a, give(60)); !got.Committed {
		t.Errorf("after a restart: %s %s", got.Abort, got.Detail)
	}
	if got := w.raise(a, give(1)); got.Abort != "no_rights" || !strings.Contains(got.Detail, "before the bound is reached") {
		t.Errorf("the 101st coupon: %+v", got)
	}
}

func stock(event string, args ...value.Value) node.RaiseRequest {
	return node.RaiseRequest{Event: event, Args: append([]value.Value{value.String("tea")}, args...)}
}

func TestIncMakesRightsAboveALowerBound(t *testing.T) {
	w := newWorld(t, coupons, 1)
	a := w.guests[0]
	for _, q := range []node.RaiseRequest{stock("deliver", value.Int(2)), stock("sell", value.Int(4))} {
		if got := w.raise(a, q); !got.Committed {
			t.Fatalf("aborted: %s %s", got.Abort, got.Detail)
		}
	}
	if got := w.raise(a, stock("sell_twice")); got.Abort != "no_rights" || !strings.Contains(got.Detail, `takes 2 rights of stock["tea"], and this node holds 1`) {
		t.Errorf("below the bound: %+v", got)
	}
	if got := w.number(a, "stock", value.String("tea")); got != -2 {
		t.Errorf("stock: %d, want -2", got)
	}
}

func TestWhoIsShortAsksItsNeighbours(t *testing.T) {
	w := newWorld(t, coupons, 3)
	w.linkAll()
	w.run(causal.Second)
	for i := range 10 {
		if got := w.raise(w.guests[i%3], give(10)); !got.Committed {
			t.Fatalf("%d: %s %s", i, got.Abort, got.Detail)
		}
	}
	for _, g := range w.guests {
		if got := w.raise(g, give(1)); got.Abort != "no_rights" {
			t.Errorf("the 101st: %+v", got)
		}
		if got := w.number(g, "coupons"); got != 100 {
			t.Errorf("coupons: %d, want 100", got)
		}
	}
}

func TestOfflineARunSpendsWhatItsNodeHolds(t *testing.T) {
	w := newWorld(t, coupons, 2)
	w.linkAll()
	w.run(causal.Second)
	b := w.guests[1]
	w.raise(b, give(1))
	w.cut(b)
	before, sold := w.now, int64(1)
	for range 100 {
		if got := w.raise(b, give(1)); got.Committed {
			sold++
		} else if got.Abort != "no_rights" || !strings.Contains(got.Detail, "none of them can be reached") {
			t.Fatalf("offline: %+v", got)
		}
		if got := w.raise(w.guests[0], give(1)); got.Committed {
			sold++
		}
	}
	if w.now != before || sold != 100 {
		t.Errorf("%d were given out, and it took %d ns", sold, w.now-before)
	}
	w.linkAll()
	w.run(2 * causal.Second)
	if got := w.number(b, "coupons"); got != sold {
		t.Errorf("coupons: %d, want %d", got, sold)
	}
}

func TestWhatARetiredNodeHeldComesBack(t *testing.T) {
	w := newWorld(t, coupons, 2)
	w.linkAll()
	w.run(causal.Second)
	a, b := w.guests[0], w.guests[1]
	if got := w.raise(b, give(10)); !got.Committed {
		t.Fatalf("%s %s", got.Abort, got.Detail)
	}
	w.run(2 * causal.Second)
	w.cut(b)
	if got := w.raise(a, give(90)); got.Abort != "no_rights" || !strings.Contains(got.Detail, "other nodes hold") {
		t.Fatalf("while the other holds some: %+v", got)
	}
	a.last++
	a.Retire(w.now, a.last, b.id())
	w.await(a)
	w.run(100 * causal.Millisecond)
	if got := w.raise(a, give(90)); !got.Committed {
		t.Errorf("after it is retired: %s %s", got.Abort, got.Detail)
	}
	if got := w.raise(b, give(1)); !got.Committed {
		t.Fatalf("without a lease nobody tells it: %s %s", got.Abort, got.Detail)
	}
	w.linkAll()
	w.run(3 * causal.Second)
	if got := w.number(a, "coupons"); got != 100 {
		t.Errorf("coupons: %d, want 100", got)
	}
}
