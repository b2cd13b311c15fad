package martinelli_test

import (
	"errors"
	"sync"
	"testing"

	"github.com/martinelli-lang/martinelli"
	"github.com/martinelli-lang/martinelli/value"
)

// till is a payment service that knows each order once, however often it is
// told, and that the poor can't pay.
type till struct {
	mu   sync.Mutex
	paid map[string]int64
}

func (s *till) charge(args []value.Value) (value.Value, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if args[0].AsString() == "poor" {
		return value.Bool(false), nil
	}
	s.paid[args[0].AsString()] = args[1].AsInt()
	return value.Bool(true), nil
}

func (s *till) refund(args []value.Value) (value.Value, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.paid, args[0].AsString())
	return value.Bool(true), nil
}

// TestOrdersAndStock runs the shop of orders and stock: serial blocks sell what
// is there, and a saga takes the money of a Go function, or takes all back.
func TestOrdersAndStock(t *testing.T) {
	ctx := t.Context()
	s := &till{paid: map[string]int64{}}
	dir := t.TempDir()
	open := func() *martinelli.Replica {
		r, err := martinelli.Open(ctx, "testdata/orders.mrt", martinelli.Dir(dir), martinelli.Listen("127.0.0.1:0"),
			martinelli.Func("pay.Charge", s.charge), martinelli.Func("pay.Refund", s.refund))
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	shop := open()
	order := func(id string, qty int) map[string]any {
		return map[string]any{"order_id": id, "sku": "tea", "qty": qty}
	}
	raise := func(event string, args map[string]any, why string) {
		t.Helper()
		err := shop.Raise(ctx, event, args)
		var aborted *martinelli.Aborted
		if errors.As(err, &aborted) && aborted.Why == why || err == nil && why == "" {
			return
		}
		t.Errorf("%s %v: %v, want %q", event, args, err, why)
	}
	raise("deliver", map[string]any{"sku": "tea", "qty": 5}, "")
	raise("purchase", order("rich", 2), "")
	raise("purchase", order("poor", 2), "")
	raise("purchase", order("late", 2), "sold_out")
	raise("pay", order("rich", 2), "")
	raise("pay", order("poor", 2), "declined")
	check := func() {
		t.Helper()
		var stock int
		var rich, poor string
		for _, err := range []error{
			shop.Read(ctx, "stock", &stock, "tea"), shop.Read(ctx, "orders.status", &rich, "rich"), shop.Read(ctx, "orders.status", &poor, "poor"),
		} {
			if err != nil {
				t.Fatal(err)
			}
		}
		if stock != 3 || rich != "shipped" || poor != "cancelled" || s.paid["rich"] != 24 || len(s.paid) != 1 {
			t.Errorf("stock %d, rich %s, poor %s, paid %v", stock, rich, poor, s.paid)
		}
	}
	check()
	if err := shop.Close(); err != nil {
		t.Fatal(err)
	}
	shop = open()
	defer shop.Close()
	raise("pay", order("rich", 2), "")
	raise("pay", order("poor", 2), "declined")
	check()
}
