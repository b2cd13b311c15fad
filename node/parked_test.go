package node_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/flow"
	"github.com/martinelli-lang/martinelli/node"
	"github.com/martinelli-lang/martinelli/value"
)

// paid is purchases whose block has the money taken by a function of the host,
// after it has looked at the stock.
var paid = strings.Replace(`import :charge, (id, int) -> bool, :from => "go:pay"
`+purchases, "    stock[:sku].dec(double - qty)\n", `    if not charge(sku, qty)
      abort :declined
    end
    stock[:sku].dec(double - qty)
`, 1)

// purse is who takes the money: once for each ID, however often it is asked.
type purse struct {
	taken map[string]int64
	asked int
	fails bool
}

func newPurse() *purse { return &purse{taken: map[string]int64{}} }

func (p *purse) charge(id string, args []value.Value) (value.Value, error) {
	p.asked++
	if p.fails {
		return value.Nil, errors.New("the line is dead")
	}
	p.taken[id] = args[1].AsInt()
	return value.Bool(args[1].AsInt() != 4), nil
}

// market is one whose functions are called beside the nodes.
func (p *purse) market() market {
	named := map[string]flow.NamedFunc{"pay": p.charge}
	return market{paid, named, func(c *node.Config) { c.Calls, c.Funcs = true, flow.Unnamed(nil, named) }}
}

// serve makes the calls that wait at a node.
func (p *purse) serve(w *world, g *guest) {
	w.makeCalls(g, "")
	w.run(causal.Second)
}

func newPaidTill(t *testing.T, p *purse) (w *world, home, away *guest) {
	t.Helper()
	w = &world{t: t, now: epoch, named: p.market().named}
	w.addAs(compiled(t, paid), 2, p.market().configure)
	w.linkAll()
	if a := w.raise(w.guests[0], raising("deliver", tea, value.Int(9))); !a.Committed {
		t.Fatalf("the delivery: %+v", a)
	}
	return w, w.guests[0], w.guests[1]
}

// ask raises an event and returns its ticket: nobody waits for it.
func (w *world) ask(g *guest, q node.RaiseRequest) node.Ticket {
	g.last++
	g.Raise(w.now, g.last, q)
	w.run(100 * causal.Millisecond)
	return g.last
}

// TestABlockWaitsForAFunction: others run meanwhile, those of the same raiser
// too, and what it does is judged by what is there when the function has answered.
func TestABlockWaitsForAFunction(t *testing.T) {
	p := newPurse()
	w, home, away := newPaidTill(t, p)
	for i, g := range []*guest{home, away} {
		first := w.ask(g, buy(3))
		if a := w.raise(g, raising("grab", tea, value.Int(3))); !a.Committed {
			t.Fatalf("a block beside one that waits: %+v", a)
		}
		if a, isThere := g.answers[first]; isThere || p.asked != i || len(home.calls) != 1 {
			t.Fatalf("before the function answers: %+v, %d calls", a, len(home.calls))
		}
		p.serve(w, home)
		if a := g.answers[first]; a.Committed != (i == 0) || i == 1 && a.Abort != "sold_out" {
			t.Errorf("purchase %d: %+v", i, a)
		}
		if i == 0 {
			w.raise(home, raising("deliver", tea, value.Int(2))) // of 5 one purchase is made, and of 2 none
		}
	}
	if n := w.number(away, "stock", tea); n != 2 {
		t.Errorf("%d are left", n)
	}
	if f := function(home, "pay"); f.Waiting != 0 || f.Calls != 2 || home.Status().Parked != 0 {
		t.Errorf("the status is %+v, %d blocks wait", f, home.Status().Parked)
	}
}

// TestABlockWhoseFunctionFails aborts with its else, and the next one does not.
func TestABlockWhoseFunctionFails(t *testing.T) {
	p := newPurse()
	w, home, away := newPaidTill(t, p)
	for i, g := range []*guest{home, away, home, away} {
		p.fails = i < 2
		ticket := w.ask(g, buy(1))
		p.serve(w, home)
		if a := g.answers[ticket]; a.Committed == p.fails || p.fails && (a.Abort != flow.AbortImport || !strings.Contains(a.Detail, "the line is dead")) {
			t.Errorf("purchase %d: %+v", i, a)
		}
	}
	if n := w.number(home, "missed", value.String("other")); n != 2 || len(p.taken) != 2 {
		t.Errorf("the else ran %d times, and money was taken %d times", n, len(p.taken))
	}
}

// TestAFunctionThatHangs keeps the blocks that need it, up to a bound, and
// nothing else; who asks hears that it is pending, and the status says where.
func TestAFunctionThatHangs(t *testing.T) {
	p := newPurse()
	w, home, away := newPaidTill(t, p)
	home.cfg.Limits.ParkedMax = 3
	home.disk.Crash(0)
	w.cut(home)
	w.open(home)
	w.linkAll()
	var tickets []node.Ticket
	for range 5 {
		tickets = append(tickets, w.ask(away, buy(1)))
	}
	w.run(15 * causal.Second)
	if n := home.Status().Parked; n != 3 {
		t.Errorf("%d blocks wait", n)
	}
	for _, ticket := range tickets {
		if a := away.answers[ticket]; !a.Pending || !a.Serial {
			t.Errorf("who waits hears %+v", a)
		}
	}
	if a := w.raise(away, raising("grab", tea, value.Int(1))); !a.Committed {
		t.Errorf("a block that needs no function: %+v", a)
	}
	for range 8 {
		p.serve(w, home)
	}
	if n := w.number(home, "stock", tea); n != 3 || len(p.taken) != 5 || home.Status().Parked != 0 {
		t.Errorf("%d are left, %d were paid, %d wait", n, len(p.taken), home.Status().Parked)
	}
}

// TestKilledAtEveryStepOfACall kills the home, the raiser, or one after the
// other, before the steps of a purchase whose function takes money: it is taken
// once, under one ID, whoever is killed.
func TestKilledAtEveryStepOfACall(t *testing.T) {
	kill := func(raiser int, kills map[int]int, qty int64) (steps int) {
		p := newPurse()
		m := p.market()
		home, w, a, steps := m.purchase(t, raiser, kills, qty, node.Planted{})
		wrong := unfair(w, home, a, qty)
		if n := int64(len(p.taken)); wrong == "" && (a.Committed && n != 1 || n > 1) {
			wrong = "money was taken under more than one ID"
		}
		if wrong != "" {
			t.Fatalf("raised at %d for %d, killed %v: %s; money was taken %v", raiser, qty, kills, wrong, p.taken)
		}
		return steps
	}
	for _, raiser := range []int{0, 1} {
		for _, qty := range []int64{2, 7} {
			for victim := range raiser + 1 {
				for at, steps := 1, 2; at < steps; at++ {
					steps = kill(raiser, map[int]int{at: victim}, qty)
				}
				for at, steps := 1, 2; at < steps && raiser == 1; at += 2 * stride() {
					for apart := 1; apart < 24; apart += 2 * stride() {
						steps = kill(raiser, map[int]int{at: victim, at + apart: 1 - victim}, qty)
					}
				}
			}
		}
	}
}

// TestABlockAsksForRights: what escrow keeps and others hold the rights of, a
// block at the home asks them for, wherever it was raised; and it waits no
// longer than any run where nobody gives.
func TestABlockAsksForRights(t *testing.T) {
	w := newWorld(t, `
database :seats, counter, :replicated => true
database :sold, gset<string>
invariant :enough, :keep => :escrow do
  seats >= 0
end
on_open do |n: nat| seats.inc(n) end
on_book do |who: string, n: nat|
  atomic :serial do
    seats.dec(n)
    sold.add(who)
  end
end`, 2)
	home, away := w.guests[0], w.guests[1]
	w.linkAll()
	w.raise(away, raising("open", value.Int(12))) // all rights are away's
	w.run(causal.Second)
	book := func(g *guest, who string, n int64, want string) {
		t.Helper()
		began := w.now
		if a := w.raise(g, raising("book", value.String(who), value.Int(n))); a.Abort != want || a.Committed != (want == "") || w.now > began+4*causal.Second {
			t.Errorf("%s books %d: %+v, after %d ms", who, n, a, (w.now-began)/causal.Millisecond)
		}
	}
	book(home, "ann", 3, "")
	book(away, "ben", 4, "")
	book(away, "cem", 6, flow.AbortRights) // together they hold 5
	w.cut(away)
	book(home, "dan", 5, flow.AbortRights)
	w.linkAll()
	book(home, "eve", 5, "")
	if n := w.number(away, "seats"); n != 0 || home.Status().Parked != 0 {
		t.Errorf("%d seats are left, %d blocks wait", n, home.Status().Parked)
	}
}
