package sim

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/flow"
	"github.com/martinelli-lang/martinelli/node"
	"github.com/martinelli-lang/martinelli/plan"
	"github.com/martinelli-lang/martinelli/sim/fault"
	"github.com/martinelli-lang/martinelli/sim/load"
	"github.com/martinelli-lang/martinelli/value"
)

// selling takes stock, money and an order's status through one saga. What
// stands before it and its else both count, at whoever raised it.
const selling = `
database :stock,   counter,     :by => :sku
database :shipped, counter,     :by => :sku
database :orders,  lww<symbol>, :by => :order_id
database :asked,   gcounter, :by => :order_id, :replicated => true
database :told,    gcounter, :by => :order_id, :replicated => true
allow :write, asked do |me| true end
allow :write, told do |me| true end
import :charge, (id, int) -> bool, :from => "go:pay.Charge", :idempotent => true
import :refund, (id) -> bool,      :from => "go:pay.Refund", :idempotent => true

on_deliver do |sku: id, qty: nat| stock[:sku].inc(qty) end
on_pay do |order_id: id, sku: id, qty: nat, is_late: bool|
  asked[:order_id].inc(1)
  atomic :saga, :key => order_id do
    step do
      if stock[:sku] < qty
        abort :sold_out
      end
      stock[:sku].dec(qty)
      orders[:order_id].set(:paying)
    undo
      stock[:sku].inc(qty)
      orders[:order_id].set(:cancelled)
    end
    step do
      if not charge(order_id, qty)
        abort :declined
      end
    undo
      refund(order_id)
      orders[:order_id].set(:refunded)
    end
    step do
      if is_late
        abort :late
      end
      shipped[:sku].inc(qty)
      orders[:order_id].set(:shipped)
    end
  else |why|
    told[:order_id].inc(1)
  end
end
`

// bank is a payment service, which knows each order once. While it is bad, one
// call in three fails, before it has done anything or after.
type bank struct {
	paid  map[string]int64
	calls int
	isBad bool
}

func (b *bank) funcs() map[string]flow.Func {
	serve := func(f func(order string, args []value.Value) bool) flow.Func {
		return func(args []value.Value) (value.Value, error) {
			b.calls++
			if b.isBad && b.calls%6 == 0 {
				return value.Nil, errors.New("the line is busy")
			}
			ok := f(args[0].AsString(), args)
			if b.isBad && b.calls%6 == 3 {
				return value.Nil, errors.New("the line went dead")
			}
			return value.Bool(ok), nil
		}
	}
	return map[string]flow.Func{
		"pay.Charge": serve(func(order string, args []value.Value) bool {
			if strings.HasPrefix(order, "poor") {
				return false
			}
			b.paid[order] = args[1].AsInt()
			return true
		}),
		"pay.Refund": serve(func(order string, _ []value.Value) bool {
			delete(b.paid, order)
			return true
		}),
	}
}

const (
	teas   = 60
	buyers = 24
)

// sellingTo is a history of a shop whose orders are raised anywhere, some of
// them twice.
func sellingTo(p *plan.Program, b *bank, seed uint64) Config {
	r := die(seed, "orders")
	pay := func(i int) load.Event {
		kind := []string{"good", "poor", "good", "late"}[i%4]
		return load.Event{Name: "pay", Args: []value.Value{
			value.String(fmt.Sprint(kind, i)), value.String("tea"), value.Int(int64(1 + i%7)), value.Bool(kind == "late"),
		}}
	}
	cfg := Config{
		Name: "selling", Program: p, Funcs: b.funcs(), Seed: seed, Faults: fault.All, Span: 10 * causal.Second,
		Roles: []Role{{"server", 2}, {"client", 1}},
		Setup: []load.Event{{Name: "deliver", Args: []value.Value{value.String("tea"), value.Int(teas)}}},
	}
	for i := range buyers {
		cfg.Load = append(cfg.Load, pay(i))
		if r.IntN(4) == 0 {
			cfg.Load = append(cfg.Load, pay(i))
		}
	}
	return cfg
}

// playShop plays a history and returns what is wrong with the shop's books at its end.
func playShop(t *testing.T, p *plan.Program, seed uint64, planted node.Planted) (wrong []string, story string) {
	t.Helper()
	var told bytes.Buffer
	b := &bank{paid: map[string]int64{}, isBad: true}
	cfg := sellingTo(p, b, seed)
	cfg.Planted, cfg.Story = planted, &told
	w, err := NewWorld(cfg)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.play(); err != nil {
		t.Fatal(err)
	}
	b.isBad = false
	if !w.Until(settleLimit, w.ended) || !w.Settle(quiet, settleLimit) {
		wrong = append(wrong, w.underWay())
	}
	w.judge()
	if err := w.verdict(); err != nil {
		wrong = append(wrong, err.Error())
	}
	return append(wrong, books(w, b)...), told.String()
}

// ended reports whether no saga is under way and no outcome is awaited.
func (w *World) ended() bool { return w.underWay() == "" }

func (w *World) underWay() string {
	for _, m := range w.machines {
		if !m.Up() {
			continue
		}
		if s := m.node.Status(); s.Sagas.UnderWay > 0 {
			return fmt.Sprintf("sagas are under way: %+v", s.Sagas)
		}
		for _, it := range m.node.(*node.Node).Outbox() {
			if it.Open {
				return fmt.Sprintf("%s waits for %+v", m.name, it)
			}
		}
	}
	return ""
}

// books holds the shop to its promises: an order is shipped and paid, or
// neither; stock is what was delivered and not shipped; and whoever raised an
// order that came to nothing was told so once for each time.
func books(w *World, b *bank) (wrong []string) {
	home := w.machines[0]
	sum := int64(0)
	number := func(name, key string) int64 {
		r, _ := home.Read(name, value.String(key))
		return r.Value.AsInt()
	}
	for i := range buyers {
		order := fmt.Sprint([]string{"good", "poor", "good", "late"}[i%4], i)
		r, _ := home.Read("orders", value.String(order))
		status, qty := r.Value.AsString(), int64(1+i%7)
		asked, told := number("asked", order), number("told", order)
		switch paid := b.paid[order]; {
		case status == "shipped" && paid == qty && told == 0:
			sum += qty
		case (status == "cancelled" || status == "") && paid == 0 && told == asked:
		default:
			wrong = append(wrong, fmt.Sprintf("%s is %q, paid %d of %d, asked %d times and told %d", order, status, paid, qty, asked, told))
		}
	}
	if left, gone := number("stock", "tea"), number("shipped", "tea"); left+gone != teas || gone != sum {
		wrong = append(wrong, fmt.Sprintf("of %d teas %d are left, %d were shipped, and the orders say %d", teas, left, gone, sum))
	}
	return wrong
}

// TestSagasUnderAllFaults: whatever becomes of links, machines, disks and the
// bank, each order ends shipped and paid or wholly undone.
func TestSagasUnderAllFaults(t *testing.T) {
	p := compile(t, "selling.mrt", selling)
	n := seeds(200)
	for seed := range n {
		if wrong, story := playShop(t, p, seed, node.Planted{}); len(wrong) > 0 {
			t.Fatalf("seed %d: %s\n%s", seed, strings.Join(wrong, "; "), story)
		}
	}
	t.Logf("%d histories of %d orders", n, buyers)
}

// TestSagaMistakesAreSeen keeps the test above honest.
func TestSagaMistakesAreSeen(t *testing.T) {
	p := compile(t, "selling.mrt", selling)
	for what, planted := range map[string]node.Planted{
		"the record is not in the step's commit": {PartsSagas: true},
		"the else leaves its item":               {ElsesTwice: true},
	} {
		seen := false
		for seed := uint64(0); seed < 20 && !seen; seed++ {
			wrong, _ := playShop(t, p, seed, planted)
			seen = len(wrong) > 0
		}
		if !seen {
			t.Errorf("%s, and 20 histories do not see it", what)
		}
	}
}
