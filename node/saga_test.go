package node_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/entity/saga"
	"github.com/martinelli-lang/martinelli/flow"
	"github.com/martinelli-lang/martinelli/node"
	"github.com/martinelli-lang/martinelli/value"
)

// orders is a shop that takes stock, money and an order's status through one
// saga. Who raised it counts, in its else, what came to nothing.
const orders = `
database :stock,   counter,     :by => :sku
database :shipped, counter,     :by => :sku
database :orders,  lww<symbol>, :by => :order_id
database :asked,   gset<id>, :replicated => true
database :told,    gcounter, :by => :order_id, :replicated => true
import :charge, (id, int) -> bool, :from => "go:pay.Charge", :idempotent => true
import :refund, (id) -> bool,      :from => "go:pay.Refund", :idempotent => true

on_deliver do |sku: id, qty: nat| stock[:sku].inc(qty) end
on_pay do |order_id: id, sku: id, qty: nat|
  asked.add(order_id)
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
      if not charge(order_id, qty * 12)
        abort :declined
      end
    undo
      refund(order_id)
      orders[:order_id].set(:refunded)
    end
    step do
      if order_id == "late"
        abort :late
      end
      shipped[:sku].inc(qty)
      orders[:order_id].set(:shipped)
    end
  else |why|
    told[:order_id].inc(1)
    notify(order_id, why)
  end
end
`

// bank is what the shop's payment service knows: who was charged, by order. It
// fails now and then, before it has done anything or after.
type bank struct {
	paid  map[string]int64
	calls int
	fails int    // every so many calls, in turn before and after; 0: never
	down  string // the function that always fails
}

func (b *bank) funcs() map[string]flow.Func {
	if b.paid == nil {
		b.paid = map[string]int64{}
	}
	call := func(name string, f func(order string, args []value.Value) bool) flow.Func {
		return func(args []value.Value) (value.Value, error) {
			if b.calls++; name == b.down {
				return value.Nil, errors.New("the bank is closed")
			}
			isBad := b.fails > 0 && b.calls%b.fails == 0
			if isBad && b.calls/b.fails%2 == 0 {
				return value.Nil, errors.New("the line is busy")
			}
			ok := f(args[0].AsString(), args)
			if isBad {
				return value.Nil, errors.New("the line went dead")
			}
			return value.Bool(ok), nil
		}
	}
	return map[string]flow.Func{
		"pay.Charge": call("charge", func(order string, args []value.Value) bool {
			if order == "poor" {
				return false
			}
			b.paid[order] = args[1].AsInt()
			return true
		}),
		"pay.Refund": call("refund", func(order string, _ []value.Value) bool {
			delete(b.paid, order)
			return true
		}),
	}
}

// ordering opens a home and another node of the orders, with 10 teas in stock.
func ordering(t *testing.T, b *bank, planted node.Planted) (w *world, home, away *guest) {
	t.Helper()
	w = &world{t: t, now: epoch}
	w.addAs(compiled(t, orders), 2, func(c *node.Config) {
		c.Funcs, c.Planted = b.funcs(), planted
		c.Limits.FinalAfter, c.Limits.SagaSteps = -1, 1
	})
	w.linkAll()
	w.run(causal.Second)
	home, away = w.guests[0], w.guests[1]
	if a := w.raise(home, node.RaiseRequest{Event: "deliver", Args: []value.Value{text("tea"), value.Int(10)}}); !a.Committed {
		t.Fatalf("%+v", a)
	}
	return w, home, away
}

func paying(order string, qty int64) node.RaiseRequest {
	return node.RaiseRequest{Event: "pay", Args: []value.Value{text(order), text("tea"), value.Int(qty)}}
}

// ends says what came of the shop: its books, and how often who raised each
// order was told that it came to nothing.
func (w *world) ends(home, away *guest, b *bank) string {
	w.t.Helper()
	var s strings.Builder
	fmt.Fprintf(&s, "stock %d shipped %d", w.number(home, "stock", text("tea")), w.number(home, "shipped", text("tea")))
	for _, order := range []string{"good", "poor", "late", "many"} {
		r := w.read(home, "orders", text(order)).Reading
		fmt.Fprintf(&s, "; %s %v paid %d told %d", order, r.Value.AsString(), b.paid[order], w.number(away, "told", text(order)))
	}
	return s.String()
}

const wellEnded = "stock 8 shipped 2; good shipped paid 24 told 0; poor cancelled paid 0 told 1; late cancelled paid 0 told 1; many  paid 0 told 1"

// buyAll raises the four orders: one that is well, one that can't be paid, one
// that aborts after it was paid, and one for which there is too little.
func (w *world) buyAll(g *guest) {
	for _, order := range []string{"good", "poor", "late"} {
		g.last++
		g.Raise(w.now, g.last, paying(order, 2))
	}
	g.last++
	g.Raise(w.now, g.last, paying("many", 20))
}

func TestSagasOfOrders(t *testing.T) {
	b := &bank{}
	w, home, away := ordering(t, b, node.Planted{})
	for _, c := range []struct {
		order string
		qty   int64
		abort string
	}{{"good", 2, ""}, {"poor", 2, "declined"}, {"late", 2, "late"}, {"many", 20, "sold_out"}} {
		a := w.raise(away, paying(c.order, c.qty))
		if a.Abort != c.abort || a.Committed != (c.abort == "") {
			t.Errorf("%s: %+v", c.order, a)
		}
	}
	w.run(causal.Second)
	if got := w.ends(home, away, b); got != wellEnded {
		t.Errorf("%s, want %s", got, wellEnded)
	}
	if n := len(away.notices); n != 3 {
		t.Errorf("%d notices, want 3", n)
	}
	calls := b.calls
	if a := w.raise(away, paying("good", 5)); !a.Committed || !a.Duplicate {
		t.Errorf("the same key again: %+v", a)
	}
	if a := w.raise(home, paying("late", 2)); a.Abort != "late" || a.Committed {
		t.Errorf("the same key again, at home: %+v", a)
	}
	if b.calls != calls || b.paid["good"] != 24 {
		t.Error("the same key again did something")
	}
	if s := home.Status().Sagas; s.UnderWay != 0 || s.Ended != 4 {
		t.Errorf("status %+v", s)
	}
	for _, it := range away.Outbox() {
		if it.Open {
			t.Errorf("open: %+v", it)
		}
	}
}

// TestASagaBeginsOffline: what stands before the saga is a commit of its own,
// and the saga begins with it; its outcome comes when there is a link.
func TestASagaBeginsOffline(t *testing.T) {
	b := &bank{}
	w, home, away := ordering(t, b, node.Planted{})
	w.cut(away)
	a := w.raise(away, paying("poor", 1))
	if !a.Pending || a.Item == "" {
		t.Fatalf("offline: %+v", a)
	}
	if list := away.Outbox(); len(list) != 1 || !list[0].Open || !list[0].Saga || list[0].Event != "pay" || list[0].Key.AsString() != "poor" {
		t.Fatalf("the outbox is %+v", list)
	}
	away.disk.Crash(0)
	w.open(away)
	w.linkAll()
	w.run(5 * causal.Second)
	if list := away.Outbox(); len(list) != 1 || list[0].Open || list[0].Abort != "declined" || list[0].Name != a.Item {
		t.Errorf("its outcome is %+v", list)
	}
	if n := w.number(away, "told", text("poor")); n != 1 {
		t.Errorf("the else ran %d times", n)
	}
	if n := w.number(home, "stock", text("tea")); n != 10 {
		t.Errorf("the stock is %d", n)
	}
}

// kills is one story of the orders in which a node is killed at one write.
type kills struct {
	victim int
	write  int
	fate   fate
}

func (k kills) play(t *testing.T, planted node.Planted, fails int) (end string, happened bool) {
	b := &bank{fails: fails}
	w, home, away := ordering(t, b, planted)
	writes := 0
	w.fate = func(g *guest) fate {
		if g != w.guests[k.victim] {
			return lives
		}
		if writes++; writes != k.write {
			return lives
		}
		happened = true
		return k.fate
	}
	w.buyAll(away)
	w.run(40 * causal.Second)
	w.fate = nil
	w.run(20 * causal.Second)
	end = w.ends(home, away, b)
	for _, g := range w.guests {
		if s := g.Status(); s.Sagas.UnderWay > 0 {
			end += "; something is under way"
		}
		for _, it := range g.Outbox() {
			if it.Open {
				end += "; open: " + it.Name
			}
		}
	}
	return end, happened
}

// TestKilledAtEveryWrite: the home, or who raised the orders, is killed at each
// write to its store, before it is durable or after; each order ends shipped or
// wholly undone, and nobody pays or is told twice.
func TestKilledAtEveryWrite(t *testing.T) {
	plays := 0
	for victim := range 2 {
		for _, fate := range []fate{diesBefore, diesAfter} {
			for write := 1; ; write++ {
				k := kills{victim, write, fate}
				end, happened := k.play(t, node.Planted{}, 0)
				if !happened {
					break
				}
				plays++
				if isLost := victim == 1 && fate == diesBefore && write == 1; end != wellEnded && !isLost {
					t.Errorf("%+v: %s, want %s", k, end, wellEnded)
				}
			}
		}
	}
	t.Logf("%d plays", plays)
}

// TestKilledWhileTheLineIsBad: likewise where functions fail, before they did
// anything or after: they are called again, and count once by their order.
func TestKilledWhileTheLineIsBad(t *testing.T) {
	for write := 1; ; write++ {
		k := kills{0, write, diesAfter}
		end, happened := k.play(t, node.Planted{}, 3)
		if !happened {
			break
		}
		if end != wellEnded {
			t.Errorf("%+v: %s, want %s", k, end, wellEnded)
		}
	}
}

// TestPlantedSagaMistakesAreSeen: the tests above would see a record that is not
// in its step's commit, steps undone in the wrong order, and an else that leaves
// its item.
func TestPlantedSagaMistakesAreSeen(t *testing.T) {
	for _, c := range []struct {
		what    string
		planted node.Planted
	}{
		{"the record is not in the step's commit", node.Planted{PartsSagas: true}},
		{"what was done first is undone first", node.Planted{Sagas: saga.Planted{UndoesForward: true}}},
		{"the else leaves its item", node.Planted{ElsesTwice: true}},
	} {
		seen, plays := 0, 0
		for victim := range 2 {
			for write := 1; ; write++ {
				end, happened := kills{victim, write, diesAfter}.play(t, c.planted, 0)
				if !happened {
					break
				}
				if plays++; end != wellEnded {
					seen++
				}
			}
		}
		t.Logf("%s: seen by %d of %d plays", c.what, seen, plays)
		if seen == 0 {
			t.Errorf("%s, and no play sees it", c.what)
		}
	}
}

// TestUndoesAreTriedForEver: an undo that fails is tried again until it does
// not, and shown; a step that fails eight times gives its saga up.
func TestUndoesAreTriedForEver(t *testing.T) {
	b := &bank{}
	w, home, away := ordering(t, b, node.Planted{})
	b.down = "refund"
	if a := w.raise(away, paying("late", 2)); !a.Pending {
		t.Fatalf("%+v", a)
	}
	w.run(3600 * causal.Second)
	s := home.Status().Sagas
	if s.UnderWay != 1 || s.Undoing != 1 || s.Retrying != 1 || len(s.List) != 1 || s.List[0].Tries < 10 || !strings.Contains(s.List[0].Said, "the bank is closed") {
		t.Fatalf("status %+v", s)
	}
	w.restart(home)
	if again := home.Status().Sagas; again.List[0] != s.List[0] {
		t.Errorf("after a restart %+v, want %+v", again.List[0], s.List[0])
	}
	b.down = ""
	w.run(700 * causal.Second)
	if n := w.number(away, "told", text("late")); n != 1 || home.Status().Sagas.UnderWay != 0 {
		t.Errorf("told %d, status %+v", n, home.Status().Sagas)
	}
	b.down = "charge"
	if a := w.raise(away, paying("good", 2)); !a.Pending {
		t.Fatalf("%+v", a)
	}
	w.run(300 * causal.Second)
	list := away.Outbox()
	if last := list[len(list)-1]; last.Abort != saga.AbortImport || !strings.Contains(last.Detail, "8 tries failed") {
		t.Errorf("a step that never works: %+v", last)
	}
	if n := w.number(home, "stock", text("tea")); n != 10 {
		t.Errorf("the stock is %d", n)
	}
}

// TestHomeOfAnotherProgram: a home whose program lacks the saga aborts it with
// :upgrade; one that comes to lack it lets it rest.
func TestHomeOfAnotherProgram(t *testing.T) {
	b := &bank{}
	w, home, away := ordering(t, b, node.Planted{})
	other := compiled(t, strings.Replace(orders, "qty * 12", "qty * 13", 1))
	mine := home.cfg.Program
	w.cut(home)
	home.cfg.Program = other
	w.open(home)
	w.linkAll()
	if a := w.raise(away, paying("good", 2)); a.Abort != flow.AbortUpgrade {
		t.Errorf("a home of another program: %+v", a)
	}
	if n := w.number(away, "told", text("good")); n != 1 {
		t.Errorf("told %d", n)
	}
	home.cfg.Program = mine
	b.down = "charge"
	w.restart(home)
	w.raise(away, paying("many", 3))
	home.cfg.Program = other
	w.restart(home)
	w.run(100 * causal.Second)
	if s := home.Status().Sagas; s.Resting != 1 || s.UnderWay != 1 {
		t.Errorf("status %+v", s)
	}
	home.cfg.Program, b.down = mine, ""
	w.restart(home)
	w.run(100 * causal.Second)
	if got := b.paid["many"]; got != 36 || home.Status().Sagas.UnderWay != 0 {
		t.Errorf("with its program again: paid %d, %+v", got, home.Status().Sagas)
	}
}
